"""How a vendor is doing: a breaker, a budget for repeats, and the last rate limits seen.

The breaker is shared by processes through a `HealthStore`, whose four methods Django's cache has as they
are; without one, memory serves. The budget is counted per process on purpose: if every process keeps
its repeats to a fifth of its own calls, all of them together do too, and no call has to write.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

FAILURES_IN_A_ROW = 5
REST = 30.0
PROBE = 20.0
"""Seconds one probe may take before another is allowed; a little more than a whole call."""

KEEP_SECONDS = 600
"""Seconds after which an old failure is no longer one in a row."""

BUDGET_SHARE = 0.2
BUDGET_START = 5.0
BUDGET_MOST = 20.0

LIMITS_KEPT = 120
LIMITS_EVERY = 2.0


class Health(Protocol):
    """What the transport asks and tells."""

    def seconds_until_allowed(self) -> float:
        """Seconds until a call makes sense; 0.0 means now."""

    def record(self, ok: bool) -> None:
        """Whether the vendor answered sensibly; a refusal such as 401, 403, 404 or 429 is sensible."""

    def may_retry(self) -> bool:
        """Whether a read may be sent once more; takes from the budget when it may."""

    def seen_limits(self, remaining: int | None, limit: int | None, reset: float | None) -> None:
        """The rate-limit headers of an answer; `reset` is Unix time."""


class HealthStore(Protocol):
    """The part of Django's cache interface that the breaker needs."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def set(self, key: str, value: Any, timeout: float | None = None) -> Any: ...
    def add(self, key: str, value: Any, timeout: float | None = None) -> bool: ...
    def delete(self, key: str) -> Any: ...


@dataclass(frozen=True)
class RateLimits:
    """What the vendor last said about its rate limit."""

    remaining: int | None
    limit: int | None
    reset: float | None
    seen_at: float


class VendorHealth:
    """Breaker, budget and limits of one vendor. `who` (a key's fingerprint) keeps people's limits apart."""

    def __init__(
        self, vendor: str, store: HealthStore | None = None, *, who: str = "", now: Callable[[], float] = time.time
    ) -> None:
        self._store: HealthStore = store if store is not None else MemoryStore(now)
        self._now = now
        self._budget = _budget_of(vendor) if store is not None else Budget()
        self._state_key = f"upstream.{vendor}.state"
        self._probe_key = f"upstream.{vendor}.probe"
        self._failures = 0
        self._limits_key = f"upstream.{vendor}.limits.{who}"

    def seconds_until_allowed(self) -> float:
        """0.0, or how long to rest; after the rest exactly one caller gets 0.0 as the probe."""
        self._failures, until = self._state()
        if until:
            rest = until - self._now()
            if rest > 0:
                return rest
            if not self._store.add(self._probe_key, True, PROBE):
                return 1.0
        self._budget.count_call()
        return 0.0

    def record(self, ok: bool) -> None:
        # A success looks no further than `seconds_until_allowed` did: the usual call costs one read of the store.
        if not ok:
            self._failed(self._state()[0] + 1)
        elif self._failures:
            self._failures = 0
            self._store.delete(self._state_key)
            self._store.delete(self._probe_key)

    def may_retry(self) -> bool:
        return self._budget.take()

    def seen_limits(self, remaining: int | None, limit: int | None, reset: float | None) -> None:
        """Kept for the vendor status; written every other second at most, a shared store is not free."""
        now, limits = self._now(), self.limits()
        if limits is None or now - limits.seen_at >= LIMITS_EVERY:
            self._store.set(self._limits_key, (remaining, limit, reset, now), LIMITS_KEPT)

    def limits(self) -> RateLimits | None:
        """The last limits seen in the last two minutes."""
        limits = self._store.get(self._limits_key)
        return RateLimits(*limits) if limits else None

    def failures(self) -> int:
        """How many calls in a row failed, up to now."""
        return self._state()[0]

    def resting(self) -> float:
        """Seconds the breaker will still hold calls back; unlike `seconds_until_allowed` this claims no probe."""
        return max(0.0, self._state()[1] - self._now())

    def _state(self) -> tuple[int, float]:
        """Failures in a row, and the Unix time until which to rest (0.0 = no rest)."""
        failures, until = self._store.get(self._state_key) or (0, 0.0)
        return int(failures), float(until)

    def _failed(self, failures: int) -> None:
        # Read and written in two steps: a lost count only delays the breaker by one call.
        self._failures = failures
        rests = failures >= FAILURES_IN_A_ROW
        self._store.set(self._state_key, (failures, self._now() + REST if rests else 0.0), KEEP_SECONDS)
        if rests:
            self._store.delete(self._probe_key)


class Budget:
    """Repeats are at most a fifth of all calls, plus a few to start with."""

    def __init__(self) -> None:
        self._left = BUDGET_START
        self._lock = threading.Lock()

    def count_call(self) -> None:
        with self._lock:
            self._left = min(BUDGET_MOST, self._left + BUDGET_SHARE)

    def take(self) -> bool:
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


class MemoryStore:
    """A store for one process: the default, and enough for tests."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._values: dict[str, tuple[Any, float | None]] = {}
        self._lock = threading.Lock()
        self._now = now

    def get(self, key: str, default: Any = None) -> Any:
        with self._lock:
            value, until = self._values.get(key, (default, None))
            return value if until is None or until > self._now() else default

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        with self._lock:
            self._values[key] = (value, None if timeout is None else self._now() + timeout)

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        with self._lock:
            _, until = self._values.get(key, (None, 0.0))
            if until is None or until > self._now():
                return False
            self._values[key] = (value, None if timeout is None else self._now() + timeout)
            return True

    def delete(self, key: str) -> None:
        with self._lock:
            self._values.pop(key, None)


# One budget a vendor and process, however many health objects are made for its people.
_budgets: dict[str, Budget] = {}
_budgets_lock = threading.Lock()


def _budget_of(vendor: str) -> Budget:
    with _budgets_lock:
        return _budgets.setdefault(vendor, Budget())
