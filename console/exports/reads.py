"""Reads that several people share: one call to the vendor, however many look.

An answer is kept for a moment under vendor, space and thing, without signed links. Whoever reads it from there must
have read that space with their own key in the last five minutes, so that a key without the right shows nothing.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache

from accounts.models import Person

T = TypeVar("T")

OWN_READ_LASTS = 300
LAST_LASTS = 600
TURN = 20
PATIENCE = 3.0


def shared(*, user: Person, space: str, thing: str, fetch: Callable[[], T], seconds: float | None = None) -> T:
    """The kept answer, or a fresh one; while one person asks, the others wait for their answer."""
    name = _name(space, thing)
    keep = settings.SHARED_READ_SECONDS if seconds is None else seconds
    kept: tuple[T] | None = _kept_or_turn(name) if cache.get(_own(space, user)) else None
    if kept is not None:
        return kept[0]
    try:
        found = fetch()
        cache.set(name, (found,), keep)
        cache.set(f"{name}:last", (found,), LAST_LASTS)
    finally:
        cache.delete(f"{name}:turn")
    may_share(user=user, space=space)
    return found


def may_share(*, user: Person, space: str) -> None:
    """This person's own key has just read the space, so what others read of it is theirs, too, for a while."""
    cache.set(_own(space, user), True, OWN_READ_LASTS)


def last(*, user: Person, space: str, thing: str) -> Any:
    """What was found when the vendor last answered, however old; None for whoever has not read the space lately."""
    kept = cache.get(f"{_name(space, thing)}:last") if cache.get(_own(space, user)) else None
    return kept[0] if kept else None


def forget(*, space: str, thing: str) -> None:
    """After a change of our own the next look must be fresh."""
    cache.delete(_name(space, thing))


def _name(space: str, thing: str) -> str:
    return f"cf:{space}:{thing}"


def _own(space: str, user: Person) -> str:
    return f"cf:{space}:read-by:{user.pk}"


def _kept_or_turn(name: str) -> Any:
    """A kept answer; None when it is this caller's turn to ask. Whose turn it is may be slow: then the last answer."""
    end = time.monotonic() + PATIENCE
    while (kept := cache.get(name)) is None:
        if cache.add(f"{name}:turn", True, TURN):
            # Whoever had the turn may have answered between our look and now.
            if (kept := cache.get(name)) is not None:
                cache.delete(f"{name}:turn")
            return kept
        if time.monotonic() > end:
            return cache.get(f"{name}:last")
        time.sleep(0.05)
    return kept
