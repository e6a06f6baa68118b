"""Independent calls side by side, a few at once, within the request's time budget."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

AT_ONCE = 6


def gather(calls: Sequence[Callable[[], T]], *, errors: type[E], at_once: int = AT_ONCE) -> list[T | E]:
    """Each call's value, or its error where it is one of `errors`, in order; any other error is raised at the end.

    The calls run in threads that share the caller's budget and log id. They must not touch the database: a thread
    would open a connection of its own, outside the caller's transaction.
    """

    def outcome(call: Callable[[], T]) -> T | E:
        try:
            return call()
        except errors as error:
            return error

    if len(calls) < 2:
        return [outcome(call) for call in calls]
    with ThreadPoolExecutor(min(len(calls), at_once)) as pool:
        futures = [pool.submit(copy_context().run, outcome, call) for call in calls]
    return [future.result() for future in futures]
