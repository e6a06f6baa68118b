"""Waiting for what happens elsewhere: in a thread, in another process, on the way to a browser."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 60


def until(true: Callable[[], Any]) -> Any:
    """What `true` says as soon as it says something."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)
    return found


@contextmanager
def held(page: Any, address: str) -> Iterator[None]:
    """What the page asks for at `address` comes only when this is left, as on a slow line."""
    waiting: list[Any] = []
    page.route(address, lambda route: waiting.append(route))
    yield
    for route in waiting:
        route.continue_()
    page.unroute(address)
