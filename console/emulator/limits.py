"""Avala's rate limit: so many requests a minute a key, and bursts of so many a second (FACTS 1.1)."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

KEYLESS_A_MINUTE = 30
BURST_A_SECOND = 20
UNLIMITED = 1_000_000


@dataclass
class _Window:
    ends: float = 0.0
    used: int = 0
    lately: deque[float] = field(default_factory=deque)


@dataclass(frozen=True)
class Allowance:
    allowed: bool
    limit: int
    remaining: int
    reset: float
    retry_after: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset)),
        }


class RateLimiter:
    def __init__(self, rate: int, clock: Callable[[], float] = time.time) -> None:
        self.rate = rate
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def spend(self, key: str | None) -> Allowance:
        now = self._clock()
        if not self.rate:
            return Allowance(True, UNLIMITED, UNLIMITED, now + 60)
        with self._lock:
            window = self._windows.setdefault(key or "", _Window())
            return self._spend(window, now, self.rate if key else min(KEYLESS_A_MINUTE, self.rate))

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()

    def _spend(self, window: _Window, now: float, limit: int) -> Allowance:
        if now >= window.ends:
            window.ends, window.used = now + 60, 0
        while window.lately and window.lately[0] <= now - 1:
            window.lately.popleft()
        if window.used >= limit:
            return Allowance(False, limit, 0, window.ends, max(1, math.ceil(window.ends - now)))
        if len(window.lately) >= max(BURST_A_SECOND, self.rate // 5):
            return Allowance(False, limit, limit - window.used, window.ends, 1)
        window.used += 1
        window.lately.append(now)
        return Allowance(True, limit, limit - window.used, window.ends)
