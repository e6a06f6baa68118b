"""Waiting for what happens elsewhere: in a thread, in another process."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 60


def until(true: Callable[[], Any]) -> Any:
    """What `true` says as soon as it says something."""
    end = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)
    return found
