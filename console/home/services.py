"""What the home page gathers: what waits for the person, what they worked on, and what happened lately."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db import DatabaseError, connection

from accounts import connections
from accounts.models import Person
from console.audit.models import Entry
from console.slices.models import Draft
from console.upstream.types import Slice

RECENT = 6
SLICES = 4
INTRODUCTIONS = (
    ("avala", "Avala", "slices and datasets"),
    ("cloudfactory", "CloudFactory", "projects, batches and exports"),
)


@dataclass(frozen=True)
class Vendor:
    """One of the two services as the home page introduces it."""

    slug: str
    name: str
    unlocks: str
    connected: bool
    place: str


def vendors(*, user: Person) -> list[Vendor]:
    """Both services, whether this person has connected a key to each, and where it works now."""
    current = {place.vendor: place.name or place.value for place in connections.places(user) if place.is_current}
    return [
        Vendor(slug, name, unlocks, bool(connections.key_fingerprint(user, slug)), current.get(slug, ""))
        for slug, name, unlocks in INTRODUCTIONS
    ]


def drafts(*, user: Person) -> list[Draft]:
    """Slices this person began and has not created, the latest first."""
    return list(Draft.objects.open_for(user)[:3])


def recent(*, user: Person) -> list[Entry]:
    """The person's own latest acts; auditors see everybody's."""
    entries = Entry.objects.visible_to(user).openings().order_by("-sequence")
    return list(entries[:RECENT])


def latest_slices(*, user: Person) -> tuple[Slice, ...]:
    """The first few slices of the person's Avala owner: one upstream call."""
    owner = connections.owner(user)
    return connections.avala(user).list_slices(owner, limit=SLICES).items


def is_ready() -> dict[str, bool]:
    """Whether the console can do its work: the database and the cache answer."""
    return {"database": _database_answers(), "cache": _cache_answers()}


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.set("readyz", "yes", 5)
    except (DatabaseError, OSError):
        return False
    return cache.get("readyz") == "yes"
