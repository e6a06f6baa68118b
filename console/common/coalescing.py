"""One call to a vendor for many readers.

An answer is shared for some seconds under vendor, space and thing, without signed links. A reader of it must
have read that space with their own key in the last five minutes, so that a key without the right shows nothing.
While one reader asks, the others wait for the answer, at most until their own request's time is used up.
"""

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.cache import cache

from console.common import cache_versions, deadline

T = TypeVar("T")
F = TypeVar("F")

OWN_READ_LASTS = 300
LAST_LASTS = 600
LOCK_LASTS = 20
"""Longer than a whole call takes, so that only a killed reader's lock expires."""
LONGEST_WAIT = 15.0
"""Seconds a reader without a budget, a job, waits for another one's answer."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.2


@dataclass(frozen=True)
class SharedAnswer:
    """What readers share. `reader` is the cache scope of a person's key."""

    vendor: str
    space: str
    thing: str

    def read(
        self,
        fetch: Callable[[], T],
        *,
        reader: str,
        seconds: float,
        refusals: tuple[type[Exception], ...] = (),
    ) -> T:
        """The shared answer, or a fresh one, which is shared for so many seconds.

        A reader who has not read the space recently asks alone. One of `refusals` ends what this reader sees of others'
        answers until their own key reads the space again.
        """
        owner, key, shared = uuid.uuid4().hex, self._key, None
        if cache.get(_reader_key(self.vendor, self.space, reader)):
            key, shared = self._wait_for_answer(owner)
        if shared is not None:
            value: T = shared[0]
            return value
        try:
            value = fetch()
            self._store(key, value, seconds)
        except refusals:
            cache.delete(_reader_key(self.vendor, self.space, reader))
            raise
        finally:
            _release(key, owner)
        note_own_read(self.vendor, self.space, reader)
        return value

    def read_anew(
        self,
        fetch: Callable[[], F],
        *,
        reader: str,
        seconds: float,
        part: Callable[[F], T],
        refusals: tuple[type[Exception], ...] = (),
    ) -> F:
        """A fresh answer that holds more than is shared of it: `part` of it is, for so many seconds."""
        key = self._key
        try:
            value = fetch()
        except refusals:
            cache.delete(_reader_key(self.vendor, self.space, reader))
            raise
        self._store(key, part(value), seconds)
        note_own_read(self.vendor, self.space, reader)
        return value

    def last(self, *, reader: str) -> Any:
        """The last answer of ten minutes; None for a reader whose key has not read the space recently."""
        may_see = cache.get(_reader_key(self.vendor, self.space, reader))
        value = cache.get(f"{self._name}-last") if may_see else None
        return value[0] if value else None

    def forget(self) -> None:
        """After a change the next read is fresh; an answer that is on its way still is never shared as current."""
        cache_versions.renew(self._name)

    @property
    def _name(self) -> str:
        parts = "\n".join((self.vendor, self.space, self.thing))
        return f"shared-{hashlib.sha256(parts.encode()).hexdigest()}"

    @property
    def _key(self) -> str:
        return f"{self._name}-{cache_versions.current(self._name)}"

    def _store(self, key: str, value: Any, seconds: float) -> None:
        cache.set(key, (value,), seconds)
        if key == self._key:
            cache.set(f"{self._name}-last", (value,), LAST_LASTS)

    def _wait_for_answer(self, owner: str) -> tuple[str, Any]:
        """The key of now and what is shared there: None once this reader has to ask."""
        remaining = deadline.remaining()
        end = time.monotonic() + (LONGEST_WAIT if remaining is None else min(remaining, LONGEST_WAIT))
        pause = FIRST_PAUSE
        while (shared := cache.get(key := self._key)) is None and time.monotonic() < end:
            if cache.add(_lock_key(key), owner, LOCK_LASTS):
                # The holder of the lock can have answered since the check above.
                if (shared := cache.get(key)) is not None:
                    _release(key, owner)
                break
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return key, shared


def note_own_read(vendor: str, space: str, reader: str) -> None:
    """This reader's own key has just read the space, so what others read of it is theirs, too, for five minutes."""
    cache.set(_reader_key(vendor, space, reader), True, OWN_READ_LASTS)


def _release(key: str, owner: str) -> None:
    if cache.get(_lock_key(key)) == owner:
        cache.delete(_lock_key(key))


def _lock_key(key: str) -> str:
    return f"{key}-lock"


def _reader_key(vendor: str, space: str, reader: str) -> str:
    parts = "\n".join((vendor, space, reader))
    return f"reader-{hashlib.sha256(parts.encode()).hexdigest()}"
