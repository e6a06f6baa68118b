"""The database as something that can fail: which errors say so, how long locks are waited for, whether it takes writes.

Two kinds of wait are bounded. `bounded_waits` is for a whole request: after two waits for a lock the third is not
begun. `brief_waits` is for what can be left out, such as a note of when a session was last used.
"""

import contextlib
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)

log = logging.getLogger(__name__)

FAILURES = (DatabaseError, InterfaceError)
# These are about a value, so they are a mistake of the caller's and no failure of the database.
ABOUT_VALUES = (IntegrityError, DataError, NotSupportedError)
BRIEF_MILLISECONDS = 100
MOST_WAITS = 2
LEAST_FREE_BYTES = 1024 * 1024
FAILED_AT = "database-failed-at"
FAILURE_SHOWN_SECONDS = 120


def is_failure(error: BaseException | None) -> bool:
    """Whether the database itself failed: locked, full, read-only, unreachable, or a table is missing."""
    return isinstance(error, FAILURES) and not isinstance(error, ABOUT_VALUES)


def note_failure() -> None:
    """Remembers for two minutes, for the banner of administrators, that the database refused something."""
    cache.set(FAILED_AT, time.time(), FAILURE_SHOWN_SECONDS)


def has_failed_recently() -> bool:
    """Whether the database refused something in the last two minutes."""
    return cache.get(FAILED_AT) is not None


def lock_milliseconds() -> int:
    """How long one statement waits for a lock that somebody else holds."""
    return int(settings.DATABASE_LOCK_SECONDS * 1000)


@contextlib.contextmanager
def brief_waits(milliseconds: int = BRIEF_MILLISECONDS) -> Iterator[None]:
    """Within the block a lock held elsewhere is waited for only this long."""
    _wait_at_most(milliseconds)
    try:
        yield
    finally:
        with contextlib.suppress(*FAILURES):
            _wait_at_most(lock_milliseconds())


@contextlib.contextmanager
def bounded_waits() -> Iterator[None]:
    """Within the block no statement waits for a lock any more once two have waited in vain."""
    bound = _Bound()
    with connection.execute_wrapper(bound):
        try:
            yield
        finally:
            if bound.is_spent and connection.connection is not None:
                with contextlib.suppress(*FAILURES):
                    _wait_at_most(lock_milliseconds())


def write_problem() -> str:
    """One sentence about why nothing can be written, or "". Tries it inside a transaction that is rolled back.

    Anybody can read it, so it names no server and no path; the log does.
    """
    if (folder := _sqlite_folder()) and _free_bytes(folder) < LEAST_FREE_BYTES:
        return "The disk that holds the database is full."
    try:
        with brief_waits(), transaction.atomic():
            _write_and_undo()
    except FAILURES as error:
        log.warning("The database can't be written to: %s", error)
        return "The database can't be written to: it is locked, full or read-only."
    return ""


def read_problem() -> str:
    """One sentence about why nothing can be read, or ""."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except FAILURES as error:
        log.warning("The database can't be read: %s", error)
        return "The database can't be read."
    return ""


class _Bound:
    """Counts the waits that came to nothing. Django calls it around every statement, BEGIN included."""

    def __init__(self) -> None:
        self.waits = 0

    @property
    def is_spent(self) -> bool:
        return self.waits >= MOST_WAITS

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.is_spent and not connection.needs_rollback:
            _wait_at_most(BRIEF_MILLISECONDS)
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if is_lock_timeout(error):
                self.waits += 1
            raise


def is_lock_timeout(error: OperationalError) -> bool:
    """Whether a lock held elsewhere was waited for in vain."""
    cause = error.__cause__
    return getattr(cause, "sqlite_errorname", "").startswith("SQLITE_BUSY") or getattr(cause, "sqlstate", "") == "55P03"


def _wait_at_most(milliseconds: int) -> None:
    """On the driver's own connection, because Django's cursor would call the wrapper above again."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection.connection.cursor()
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {int(milliseconds)}")
        else:
            cursor.execute(f"SET lock_timeout = {int(milliseconds)}")
        cursor.close()


def _write_and_undo() -> None:
    """A row that does not fit into one page, so that a full database file has no room for it."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    Session.objects.create(pk=uuid.uuid4().hex, session_data="." * 8192, expire_date=timezone.now())
    transaction.set_rollback(True)


def _sqlite_folder() -> Path | None:
    name = str(connection.settings_dict["NAME"])
    return Path(name).parent if connection.vendor == "sqlite" and Path(name).is_absolute() else None


def _free_bytes(folder: Path) -> int:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize
