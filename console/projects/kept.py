"""What CloudFactory last said, for when it does not answer: bound to the key that read it, and without any link."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.upstream.errors import Forbidden, KeyRejected, NotFound, NotSent, RateLimited, Unknown, UpstreamError

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
    refused = cache.get(_refusals(user))
    return found if isinstance(found, Kept) and not (refused and refused >= found.at) else None


@contextmanager
def noting_refusals(user: Person) -> Iterator[None]:
    """Around a read: a key that is refused may see less, nobody knows of what, so nothing it read before comes back."""
    try:
        yield
    except (Forbidden, KeyRejected, NotFound):
        cache.set(_refusals(user), timezone.now(), LASTS)
        raise


def _refusals(user: Person) -> str:
    return f"cloudfactory-refused-{connections.key_fingerprint(user, 'cloudfactory')}"


def _key(user: Person, what: str) -> str:
    # Outside text never becomes a cache key.
    asked = hashlib.sha256(what.encode()).hexdigest()
    return f"cloudfactory-kept-{connections.key_fingerprint(user, 'cloudfactory')}-{asked}"
