"""Optimistic concurrency: two saves of one order at the same moment both read it unchanged, and the second would
silently replace the first.

CloudFactory has no way to save only what is still as it was read, so the audit's chain decides: its rows come one
after the other, each is written before its call, and a save that finds another one in between sends nothing. The
order that a colleague saved before that is compared in `order_services.save_order`.
"""

import uuid
from datetime import timedelta

from django.utils import timezone

from console.audit.models import OPEN, Entry
from console.common.errors import ConsoleError

UNDER_WAY = timedelta(seconds=30)
"""Every call ends sooner than this. An older save without an end was cut off, and blocks no other."""


class Overtaken(ConsoleError):
    """Nothing was sent."""

    status = 409
    message = "This order is being saved by somebody else at this very moment. Save again to see both orders."


def newest_sequence() -> int:
    """Called before the order is read: what is recorded later can have changed what was read."""
    return Entry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0


def refuse_if_overtaken(project: uuid.UUID, act_id: uuid.UUID, since: int) -> None:
    """Called when one's own row is written, before sending."""
    mine = Entry.objects.values_list("sequence", flat=True).get(pk=act_id)
    saves = Entry.objects.filter(
        thing_kind="project", thing_id=str(project), action__startswith="order.", sequence__lt=mine
    )
    recent = saves.filter(kind=Entry.Kind.OPENING, at__gt=timezone.now() - UNDER_WAY)
    if saves.filter(sequence__gt=since).exists() or recent.standing(OPEN).exists():
        raise Overtaken
