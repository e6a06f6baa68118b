"""Telling the person who started a bulk signal that it ended or paused, wherever in the console they are."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Person
from console.items.models import BulkSignal

State = BulkSignal.State
_HAS_NEWS = Q(state__in=(State.PAUSED, State.STOPPED, State.ENDED))
_UNDER_WAY = Q(state__in=(State.WAITING, State.SENDING))
# Pressed, and its plan is read once more before it is sent.
_PRESSED = Q(state=State.READING, is_pressed=True)


def take_news(*, user: Person) -> list[BulkSignal]:
    """Those of which the person was not told yet; each is told once."""
    untold = _untold(user).filter(_HAS_NEWS)
    return [
        bulk for bulk in untold if BulkSignal.objects.filter(pk=bulk.pk, told_at=None).update(told_at=timezone.now())
    ]


def awaits_news(user: Person) -> bool:
    """Whether the person waits for one: only then their pages ask for news."""
    return _untold(user).filter(_HAS_NEWS | _UNDER_WAY | _PRESSED).exists()


def expect_news(bulk: BulkSignal) -> None:
    """It carries on, so its end is news once more."""
    BulkSignal.objects.filter(pk=bulk.pk).update(told_at=None)


def _untold(user: Person) -> "QuerySet[BulkSignal]":
    return BulkSignal.objects.filter(person=user, told_at=None).select_related("person")
