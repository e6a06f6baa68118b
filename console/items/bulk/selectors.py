"""Finding a bulk signal."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.items.bulk.results import SKEW
from console.items.models import BulkItem, BulkSignal

PLANNING = (BulkSignal.State.READING, BulkSignal.State.NOT_READ, BulkSignal.State.READY)
"""The states in which nothing was sent yet, and everything can still be planned anew."""


def find_bulk(*, user: Person, project: uuid.UUID, bulk_id: uuid.UUID) -> BulkSignal:
    """Whoever works in its space can look at it. Raises Http404."""
    spaces = [space.id for space in connections.spaces(user)]
    bulk = (
        BulkSignal.objects.select_related("person", "origin")
        .filter(pk=bulk_id, project=project, space__in=spaces)
        .first()
    )
    if bulk is None:
        raise Http404
    return bulk


def find_own_bulk(*, user: Person, project: uuid.UUID, bulk_id: uuid.UUID) -> BulkSignal:
    """Only the person who started it can send it, stop it or undo it. Raises Http404."""
    bulk = find_bulk(user=user, project=project, bulk_id=bulk_id)
    if bulk.person_id != user.pk:
        raise Http404
    return bulk


def find_under_way(*, user: Person, project: uuid.UUID) -> list[BulkSignal]:
    """One's own in this project that wait, are being sent or are paused, the oldest first."""
    states = (BulkSignal.State.WAITING, BulkSignal.State.SENDING, BulkSignal.State.PAUSED)
    mine = BulkSignal.objects.filter(person=user, project=project, state__in=states)
    return list(mine.select_related("person").order_by("created_at"))


def find_paused(*, user: Person) -> list[BulkSignal]:
    """One's own that go on only when the person says so, the newest first."""
    mine = BulkSignal.objects.filter(person=user, state=BulkSignal.State.PAUSED)
    return list(mine.select_related("person"))


def to_be_sent(bulk: BulkSignal) -> "QuerySet[BulkItem]":
    """The items of its plan that are sent: the likely ones, and the unlikely ones where the person wanted them too."""
    kinds = [BulkItem.Kind.LIKELY, *([BulkItem.Kind.UNLIKELY] if bulk.includes_unlikely else [])]
    return bulk.items.filter(kind__in=kinds)


def is_recent(read_at: datetime | None, seconds: float) -> bool:
    """Whether it was read within so many seconds. A moment to come was written by a clock that was wrong."""
    if read_at is None:
        return False
    age = timezone.now() - read_at
    return -SKEW <= age <= timedelta(seconds=seconds)


def count_plan(bulk: BulkSignal) -> dict[tuple[str, str], int]:
    """How many of its items have each kind and status."""
    groups = bulk.items.order_by().values_list("kind", "status_before").annotate(count=Count("pk"))
    return {(kind, status): count for kind, status, count in groups}


def address_of(user: Person, bulk_id: uuid.UUID) -> str:
    """Its page; "" where it was deleted, and for whoever doesn't work in its space."""
    spaces = [space.id for space in connections.spaces(user)]
    project = BulkSignal.objects.filter(pk=bulk_id, space__in=spaces).values_list("project", flat=True).first()
    return reverse("items:bulk", args=[project, bulk_id]) if project else ""
