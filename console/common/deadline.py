"""One time budget per request, shared by every call it makes to a vendor.

The budget bounds calls, not the transfer of a file: it ends when the view has returned. A write may move the end once
more, because its entry is recorded by then and slow reads before it must not starve it. Jobs run without a budget.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WRITE_SECONDS = 10.0
"""A write finds at least this much time, so a request with a write ends this much later at most."""


class _Budget:
    """Threads that work for one request share this object, as copies of its context hold the same reference."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.latest_end = self.end + WRITE_SECONDS


_current: ContextVar[_Budget | None] = ContextVar("request_budget", default=None)


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Within it, all calls together have so many seconds."""
    token = _current.set(_Budget(seconds))
    try:
        yield
    finally:
        _current.reset(token)


def remaining() -> float | None:
    """Seconds that are left, 0.0 when the time is used up; None where there is no budget."""
    budget = _current.get()
    return None if budget is None else max(0.0, budget.end - time.monotonic())


def extend_for_write() -> None:
    """Moves the end so that a write finds `WRITE_SECONDS`; however often, never past the one extension."""
    budget = _current.get()
    if budget is not None:
        end = time.monotonic() + WRITE_SECONDS
        budget.end = max(budget.end, min(end, budget.latest_end))
