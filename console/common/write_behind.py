"""Notes of ordinary use that no page waits for: kept in the cache, written to the database by the worker.

A page that only reads must work while the database takes no writes. A cache that is lost takes the notes of about the
last minute along, so this is for what is nice to know, never for what an act depends on.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, OperationalError

log = logging.getLogger(__name__)

KEEP_SECONDS = 7 * 24 * 60 * 60
MOST = 2_000

Fields = dict[str, Any]
Persist = Callable[[str, Fields], None]

_persisters: dict[str, Persist] = {}
# Between processes the last one to write wins; what is lost then is noted again by the next call.
_lock = threading.Lock()


def register(kind: str, persist: Persist) -> None:
    """`persist(key, fields)` writes one note to the database; it must do no harm when run twice."""
    _persisters[kind] = persist


def note(kind: str, key: str, fields: Mapping[str, Any]) -> None:
    """Adds to what is noted under the key."""
    with _lock:
        pending = _pending(kind)
        pending[key] = {**pending.pop(key, {}), **fields}
        cache.set(_name(kind), dict(list(pending.items())[-MOST:]), KEEP_SECONDS)


def pending(kind: str, key: str) -> Fields:
    """What is noted and not written yet."""
    return _pending(kind).get(key, {})


def all_pending(kind: str) -> dict[str, Fields]:
    return _pending(kind)


def forget(kind: str, key: str) -> None:
    with _lock:
        pending = _pending(kind)
        if pending.pop(key, None) is not None:
            cache.set(_name(kind), pending, KEEP_SECONDS)


def flush() -> None:
    """Writes every note; what the database does not take stays for the next time."""
    for kind, persist in _persisters.items():
        for key, fields in _pending(kind).items():
            try:
                persist(key, fields)
            except (OperationalError, InterfaceError) as error:
                log.warning("Notes of use were not written (%s); they are kept for later.", type(error).__name__)
                return
            except DatabaseError:
                log.exception("A note of use does not fit the database and is dropped.")
            _forget_written(kind, key, fields)


def _forget_written(kind: str, key: str, fields: Fields) -> None:
    """Takes off what was written, unless more was noted meanwhile."""
    with _lock:
        pending = _pending(kind)
        if pending.get(key) == fields:
            del pending[key]
            cache.set(_name(kind), pending, KEEP_SECONDS)


def _pending(kind: str) -> dict[str, Fields]:
    return cache.get(_name(kind)) or {}


def _name(kind: str) -> str:
    return f"write-behind:{kind}"
