"""How a vendor does, in one word, from what the calls of all processes left in the shared cache."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from django.core.cache import cache

from console.upstream.circuit_breaker import VendorHealth

SLOW_AFTER = 3.0
"""Seconds of a call from which people notice."""
NOTED_FOR = 600
NOTED_EVERY = 5.0

State = Literal["working", "slow", "refusing", "unknown"]


@dataclass(frozen=True)
class VendorState:
    state: State
    remaining: int | None = None
    limit: int | None = None
    reset_at: datetime | None = None
    last_ok: datetime | None = None


def health(vendor: str, fingerprint: str = "") -> VendorHealth:
    """The breaker all processes share, and the rate limit of one key."""
    return VendorHealth(vendor, cache, who=fingerprint)


def note_answer(vendor: str, seconds: float) -> None:
    """Notes a good answer and how long it took; writing to a shared cache is not free, so only every few seconds."""
    now, slow = time.time(), seconds >= SLOW_AFTER
    noted_at, noted_slow = cache.get(_key(vendor)) or (0.0, slow)
    if slow != noted_slow or now - noted_at >= NOTED_EVERY:
        cache.set(_key(vendor), (now, slow), NOTED_FOR)


def read_state(vendor: str, fingerprint: str = "") -> VendorState:
    current = health(vendor, fingerprint)
    last_ok, slow = cache.get(_key(vendor)) or (None, False)
    limits = current.limits()
    return VendorState(
        state=_word(current, last_ok, slow),
        remaining=limits.remaining if limits else None,
        limit=limits.limit if limits else None,
        reset_at=_moment(limits.reset) if limits else None,
        last_ok=_moment(last_ok),
    )


def _word(current: VendorHealth, last_ok: float | None, slow: bool) -> State:
    if current.resting():
        return "refusing"
    if current.failures() or slow:
        return "slow"
    return "working" if last_ok else "unknown"


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _key(vendor: str) -> str:
    return f"vendor-answered:{vendor}"
