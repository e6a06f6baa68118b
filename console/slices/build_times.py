"""How long slices take: when one was first seen being built, and how long the last ones of this person took."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.core.cache import cache
from django.utils import timezone

from accounts.models import Person
from console.slices import provenance
from console.slices.selectors import is_uid
from console.upstream.response_models import Slice

REMEMBERED = 24 * 60 * 60
DURATIONS_KEPT = 30 * 24 * 60 * 60
DURATIONS = 9
ENOUGH = 2
CLOSE = timedelta(seconds=45)


@dataclass(frozen=True)
class Watch:
    """Since when a slice is being built. Not exact: since when this console knows of it."""

    since: datetime
    exact: bool

    @property
    def elapsed(self) -> timedelta:
        return max(timezone.now() - self.since, timedelta())


def building(*, user: Person, avala_slice: Slice) -> Watch:
    """Called for every slice that is being built; returns since when, and remembers it."""
    watch = _known_start(avala_slice) or _first_seen(user, avala_slice)
    if is_uid(avala_slice.uid):
        cache.set(_key(user, avala_slice), (watch.since, watch.exact, timezone.now()), REMEMBERED)
    return watch


def record_build_time(*, user: Person, avala_slice: Slice) -> None:
    """Called when a slice is ready: its duration counts if its start is known and it was read shortly before."""
    if not is_uid(avala_slice.uid) or not (cached := cache.get(_key(user, avala_slice))):
        return
    cache.delete(_key(user, avala_slice))
    since, exact, last_seen = cached
    if exact and timezone.now() - last_seen <= CLOSE:
        took = [*cache.get(_durations(user), []), (timezone.now() - since).total_seconds()]
        cache.set(_durations(user), took[-DURATIONS:], DURATIONS_KEPT)


def usual(*, user: Person) -> timedelta | None:
    """What this person's slices usually take; None with too little to go by."""
    took = cache.get(_durations(user), [])
    return timedelta(seconds=median(took)) if len(took) >= ENOUGH else None


def _known_start(avala_slice: Slice) -> Watch | None:
    """Avala gives no times (FACTS 1.4), unless a server does; the audit knows when somebody here pressed Create."""
    if avala_slice.created_at is not None:
        return Watch(avala_slice.created_at, exact=True)
    origin = provenance.origins_of([avala_slice]).get(provenance.thing_id(avala_slice))
    return Watch(origin.at, exact=True) if origin else None


def _first_seen(user: Person, avala_slice: Slice) -> Watch:
    cached = cache.get(_key(user, avala_slice)) if is_uid(avala_slice.uid) else None
    return Watch(cached[0] if cached else timezone.now(), exact=False)


def _key(user: Person, avala_slice: Slice) -> str:
    return f"slices-watch-{user.pk}-{avala_slice.uid}"


def _durations(user: Person) -> str:
    return f"slices-took-{user.pk}"
