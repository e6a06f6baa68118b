"""Reading goes on where the audit cannot be read: its table is gone, or may not be read.

Inside `left_out` every question to the audit finds nothing, so that the other pages can be shown, with a banner that
says so. Pages of the audit itself are never shown like that: they would say that nothing happened.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from console.common import database

_left_out: ContextVar[bool] = ContextVar("audit_left_out", default=False)


@contextlib.contextmanager
def left_out() -> Iterator[None]:
    """Within the block the audit is not asked."""
    token = _left_out.set(True)
    try:
        yield
    finally:
        _left_out.reset(token)


def is_left_out() -> bool:
    return _left_out.get()


def is_about_audit(error: BaseException | None) -> bool:
    """Whether the database failed because of a table of the audit; both databases name the table."""
    return database.is_failure(error) and not is_left_out() and "audit_" in str(error).partition("\n")[0]
