"""The last good answer of a vendor, for the time in which the vendor does not answer.

`scope` names whose key read it. A refusal takes away everything that was read in its scope: the key can see less
now, and what is unknown. Answers are stored without links and without undocumented fields, which can hold links.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.cache import cache
from django.utils import timezone

from console.common import cache_versions

T = TypeVar("T")

LASTS = 60 * 60


@dataclass(frozen=True)
class LastAnswer:
    """What was read, and when."""

    value: Any
    at: datetime


def read(
    fetch: Callable[[], T],
    *,
    scope: str,
    thing: str,
    keep: Callable[[T], Any],
    refusals: tuple[type[Exception], ...],
) -> T:
    """What `fetch` returns. `keep` makes what is stored, or None for nothing. One of `refusals` empties the scope."""
    key = _key(scope, thing)
    try:
        value = fetch()
    except refusals:
        drop(scope)
        raise
    bare = keep(value)
    if bare is not None:
        cache.set(key, LastAnswer(bare, timezone.now()), LASTS)
    return value


def last(*, scope: str, thing: str) -> LastAnswer | None:
    """The last good answer of the past hour, unless the scope was refused something since."""
    value = cache.get(_key(scope, thing))
    return value if isinstance(value, LastAnswer) else None


def drop(scope: str) -> None:
    """Nothing that was read in this scope before comes back."""
    cache_versions.renew(scope)


def _key(scope: str, thing: str) -> str:
    digest = hashlib.sha256(thing.encode()).hexdigest()
    return f"last-{cache_versions.versioned(scope)}-{digest}"
