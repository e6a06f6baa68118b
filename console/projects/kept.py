"""What CloudFactory last said, for when it does not answer: bound to the key that read it, and without any link."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.upstream.errors import NotSent, RateLimited, Unknown, UpstreamError

LASTS = 60 * 60


@dataclass(frozen=True)
class Kept:
    found: Any
    at: datetime


def keep(user: Person, what: str, found: Any) -> None:
    """To be called with rows whose fields that nobody described are taken out: they may hold links."""
    cache.set(_key(user, what), Kept(found, timezone.now()), LASTS)


def instead_of(user: Person, what: str, error: UpstreamError) -> Kept | None:
    """What can be shown in place of an answer. A refusal is an answer: what may not be seen any more is not shown."""
    silent = isinstance(error, NotSent | Unknown | RateLimited)
    found = cache.get(_key(user, what)) if silent else None
    return found if isinstance(found, Kept) else None


def _key(user: Person, what: str) -> str:
    # Outside text never becomes a cache key.
    asked = hashlib.sha256(what.encode()).hexdigest()
    return f"cloudfactory-kept-{connections.key_fingerprint(user, 'cloudfactory')}-{asked}"
