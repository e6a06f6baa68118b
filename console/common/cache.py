"""The cache of all processes, which keeps working in the memory of each when its store does not.

Entries are pickles signed together with their name: write access to the store is enough to delete
what is kept, but neither to run code here nor to move one entry to the place of another.
"""

import hashlib
import hmac
import logging
import pickle
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from console.common import cache_stores
from console.common.cache_stores import STORE_ERRORS, CacheStore, LocalStore, RedisStore, SqliteStore

log = logging.getLogger(__name__)

REDIS = {"rediscache": "redis", "redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
PREFIX = "console"
# Count it up where stored values change their shape: what an older release stored is then never read.
LAYOUT = 2
PAUSE = 5.0
"""Seconds for which a store that failed is left alone."""
MOST_CHANGES = 10_000
SIGNATURE = 32
WARN_EVERY = 60.0

R = TypeVar("R")


@dataclass(frozen=True)
class Availability:
    """Whether the store answers this process; `since` is Unix time."""

    available: bool
    since: float | None = None


def configuration(url: str, *, limits: Sequence[str] = ()) -> dict[str, Any]:
    """What Django reads as `CACHES["default"]`; `limits` are the beginnings of keys that must hold without a store too.

    Raises ValueError with a sentence for an address that is no cache.
    """
    scheme, _, place = url.partition("://")
    if scheme == "dbcache":
        raise ValueError("CACHE_URL no longer takes dbcache://: write sqlite:///var/cache.sqlite3, or leave it out.")
    if scheme == "sqlite" and len(place) > 1 and place.startswith("/"):
        location = url
    elif scheme in REDIS and _is_one_server(place):
        location = f"{REDIS[scheme]}://{place}"
    else:
        raise ValueError("CACHE_URL looks like sqlite:///var/cache.sqlite3 or redis://host:6379/1.")
    return {
        "BACKEND": "console.common.cache.SharedCache",
        "LOCATION": location,
        "KEY_PREFIX": PREFIX,
        "VERSION": LAYOUT,
        "OPTIONS": {"limits": list(limits)},
    }


def state() -> Availability:
    """What is known of the store without asking it."""
    return _default().shared.state


def probe() -> Availability:
    """Asks the store at once, whatever is known of it; takes half a second or so at most."""
    return _default().shared.probe()


class SharedCache(BaseCache):
    """Django's cache over one store. No error of the store reaches a page."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.shared = _shared(location, tuple(params.get("OPTIONS", {}).get("limits", ())))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        name = self.make_and_validate_key(key, version=version)
        return self._values([name]).get(name, default)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        names = {self.make_and_validate_key(key, version=version): key for key in keys}
        return {names[name]: value for name, value in self._values(list(names)).items()} if names else {}

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self.set_many({key: value}, timeout, version)

    def set_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        expires = self.get_backend_timeout(timeout)
        names = {self.make_and_validate_key(key, version=version): value for key, value in data.items()}
        if expires is not None and expires <= time.time():
            self.shared.delete(list(names))
        elif names:
            self.shared.write({name: pack(name, value) for name, value in names.items()}, expires)
        return []

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, expires = self.make_and_validate_key(key, version=version), self.get_backend_timeout(timeout)
        if expires is not None and expires <= time.time():
            return False
        return self.shared.add(name, pack(name, value), expires)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        missing = object()
        value = self.get(key, missing, version)
        if value is missing:
            return False
        self.set(key, value, timeout, version)
        return True

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self.shared.delete([self.make_and_validate_key(key, version=version)]))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        if names := [self.make_and_validate_key(key, version=version) for key in keys]:
            self.shared.delete(names)

    def clear(self) -> None:
        self.shared.clear()

    def _values(self, names: list[str]) -> dict[str, Any]:
        values = {}
        for name, value in self.shared.read(names).items():
            try:
                values[name] = unpack(name, value)
            except ValueError:
                _warn()
        return values


class Shared:
    """A store and the memory used while it is unavailable; one a process and address, used by all threads.

    What this process changes while the store is gone is written to the store when it is back, so that neither a limit
    nor a deletion is lost. Limits are kept in memory all along: they must hold from the first moment without a store.
    """

    def __init__(self, store: CacheStore, limits: tuple[str, ...]) -> None:
        self._store = store
        self._memory = LocalStore()
        self._limits = limits
        self._lock = threading.Lock()
        self._down_since: float | None = None
        self._ask_again = 0.0
        self._was_locked = False
        self._changed: dict[str, None] = {}

    @property
    def state(self) -> Availability:
        return Availability(self._down_since is None, self._down_since)

    def probe(self) -> Availability:
        self._ask_again = 0.0
        self.write({f"{PREFIX}:probe": b"1"}, time.time() + 60)
        return self.state

    def read(self, names: list[str]) -> dict[str, bytes]:
        return self._do(lambda store: store.read(names))

    def write(self, entries: Mapping[str, bytes], expires: float | None) -> None:
        self._do(lambda store: store.write(entries, expires), changes=list(entries))
        if limits := {name: value for name, value in entries.items() if self._is_limit(name)}:
            self._memory.write(limits, expires)

    def add(self, name: str, value: bytes, expires: float | None) -> bool:
        added = self._do(lambda store: store.add(name, value, expires), changes=[name])
        if added and self._is_limit(name):
            self._memory.write({name: value}, expires)
        return added

    def delete(self, names: list[str]) -> int:
        deleted = self._do(lambda store: store.delete(names), changes=names)
        self._memory.delete(names)
        return deleted

    def clear(self) -> None:
        self._do(lambda store: store.clear(), changes=[])
        self._memory.clear()

    def _is_limit(self, name: str) -> bool:
        return name.split(":", 2)[-1].startswith(self._limits)

    def _do(self, act: Callable[[CacheStore], R], *, changes: Sequence[str] = ()) -> R:
        if self._may_ask():
            try:
                self._write_changes()
                result = act(self._store)
            except STORE_ERRORS as error:
                self._failed(error)
            else:
                self._was_locked = False
                self._came_back()
                return result
        self._note(changes)
        return act(self._memory)

    def _may_ask(self) -> bool:
        """Always while the store is up; after a failure once in a while, and then one thread alone."""
        if self._down_since is None:
            return True
        with self._lock:
            if time.monotonic() < self._ask_again:
                return False
            self._ask_again = time.monotonic() + PAUSE
            return True

    def _failed(self, error: Exception) -> None:
        """A lock that was waited for once in vain is no reason yet to leave the store alone."""
        if cache_stores.is_locked(error) and not self._was_locked:
            self._was_locked = True
            return
        with self._lock:
            self._ask_again = time.monotonic() + PAUSE
            if self._down_since is not None:
                return
            self._down_since = time.time()
        log.error("The cache is unavailable (%s); limits apply per process until it is back.", type(error).__name__)

    def _came_back(self) -> None:
        if self._down_since is None:
            return
        with self._lock:
            if self._down_since is None or self._changed:
                # Another thread changed something meanwhile: the next one to ask writes that first.
                self._ask_again = 0.0
                return
            seconds, self._down_since = time.time() - self._down_since, None
        self._forget_all_but_limits(self._memory.names())
        log.warning("The cache is available again after %d s.", seconds)

    def _note(self, changes: Sequence[str]) -> None:
        with self._lock:
            self._changed |= dict.fromkeys(changes)
            while len(self._changed) > MOST_CHANGES:
                del self._changed[next(iter(self._changed))]

    def _write_changes(self) -> None:
        with self._lock:
            changed, self._changed = list(self._changed), {}
        if not changed:
            return
        try:
            limits = self._memory.read(changed)
            for name, value in limits.items():
                self._store.write({name: value}, self._memory.expires(name))
            deleted = [name for name in changed if name not in limits]
            for start in range(0, len(deleted), 500):
                self._store.delete(deleted[start : start + 500])
        except STORE_ERRORS:
            self._note(changed)
            raise
        self._forget_all_but_limits(changed)

    def _forget_all_but_limits(self, names: Sequence[str]) -> None:
        """What others change from now on is seen in the store alone; limits stay, as they do while it is up."""
        self._memory.delete([name for name in names if not self._is_limit(name)])


def pack(name: str, value: Any) -> bytes:
    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _signature(name, content) + content


def unpack(name: str, packed: bytes) -> Any:
    """Raises ValueError for what is not signed by us for this name, or is of another version."""
    signature, content = packed[:SIGNATURE], packed[SIGNATURE:]
    if not hmac.compare_digest(signature, _signature(name, content)):
        raise ValueError("This entry is not signed by us.")
    try:
        return pickle.loads(content)  # noqa: S301 -- we signed it
    except Exception as error:
        raise ValueError("This entry was written by another version.") from error


def _signature(name: str, content: bytes) -> bytes:
    key = hmac.digest(settings.SECRET_KEY.encode(), b"console.common.cache", "sha256")
    return hmac.digest(key, hashlib.sha256(name.encode()).digest() + content, "sha256")


def _is_one_server(place: str) -> bool:
    try:
        parts = urlsplit(f"redis://{place}")
        return bool(parts.hostname) and "," not in parts.netloc and parts.port != 0
    except ValueError:
        return False


# One a process and address: Django makes a cache object for each thread.
_stores: dict[str, Shared] = {}
_stores_lock = threading.Lock()


def _shared(location: str, limits: tuple[str, ...]) -> Shared:
    with _stores_lock:
        if location not in _stores:
            is_file = location.startswith("sqlite:///")
            path = Path(location.removeprefix("sqlite:///"))
            store = SqliteStore(path) if is_file else RedisStore(location, f"{PREFIX}:")
            _stores[location] = Shared(store, limits)
        return _stores[location]


def _default() -> SharedCache:
    return cast(SharedCache, caches["default"])


_warned_at = -WARN_EVERY


def _warn() -> None:
    """At most once a minute: a store full of such entries must not fill the log."""
    global _warned_at
    if time.monotonic() - _warned_at >= WARN_EVERY:
        _warned_at = time.monotonic()
        log.warning("An entry of the cache was not used: it is not signed by this console, or of another version.")
