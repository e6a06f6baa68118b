"""A list as it last came, for when Avala does not answer: bound to the key that read it, and without any link."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.slices.listing import Wanted
from console.upstream.errors import NotSent, RateLimited, Unknown, UpstreamError
from console.upstream.types import Page, Slice

LASTS = 60 * 60
MOST_ITEMS = 5_000
"""Recipes that name more items than this are not kept: a cache is no place for megabytes."""


@dataclass(frozen=True)
class Kept:
    page: Page[Slice]
    at: datetime


def keep(user: Person, wanted: Wanted, page: Page[Slice]) -> None:
    named = sum(len(part.item_uids) for one in page.items for part in (*one.sub_slices, *(one.source_data or ())))
    if named <= MOST_ITEMS:
        # Fields nobody described may hold links too.
        bare = tuple(replace(one, featured_urls=(), extra={}) for one in page.items)
        cache.set(_key(user, wanted), Kept(replace(page, items=bare), timezone.now()), LASTS)


def instead_of(user: Person, wanted: Wanted, error: UpstreamError) -> Kept | None:
    """What can be shown in place of an answer. A refusal is an answer: what may not be seen any more is not shown."""
    silent = isinstance(error, NotSent | Unknown | RateLimited)
    found = cache.get(_key(user, wanted)) if silent else None
    refused = cache.get(_refusals(user))
    return found if isinstance(found, Kept) and not (refused and refused >= found.at) else None


def refused(user: Person) -> None:
    """From now on this key may see less, nobody knows of what: nothing it read before comes back."""
    cache.set(_refusals(user), timezone.now(), LASTS)


def _refusals(user: Person) -> str:
    return f"slices-refused-{connections.key_fingerprint(user, 'avala')}"


def _key(user: Person, wanted: Wanted) -> str:
    # The search is ours and looks at the page that came.
    asked = hashlib.sha256(replace(wanted, search="").query().encode()).hexdigest()
    return f"slices-list-{connections.key_fingerprint(user, 'avala')}-{asked}"
