"""Telling the person who started a bulk signal that it ended or waits for them, wherever in the console they are."""

from django.db.models import F, Q, QuerySet

from accounts.models import Person
from console.items.models import BulkSignal

State = BulkSignal.State
# Also one that was pressed and, read once more, has changed or could not be read.
_HAS_NEWS = Q(state__in=(State.PAUSED, State.STOPPED, State.ENDED)) | Q(
    state__in=(State.READY, State.NOT_READ), is_pressed=True
)
_UNDER_WAY = Q(state__in=(State.WAITING, State.SENDING)) | Q(state=State.READING, is_pressed=True)


def take_news(*, user: Person) -> list[BulkSignal]:
    """Those whose state the person was not told of yet; each is told once."""
    return [bulk for bulk in _untold(user).filter(_HAS_NEWS) if _mark_told(bulk)]


def awaits_news(user: Person) -> bool:
    """Whether the person waits for one: only then their pages ask for news."""
    return awaited_by(user).exists()


def awaited_by(user: Person) -> "QuerySet[BulkSignal]":
    """Those whose next state the person was not told of yet."""
    return _untold(user).filter(_HAS_NEWS | _UNDER_WAY)


def _untold(user: Person) -> "QuerySet[BulkSignal]":
    return BulkSignal.objects.filter(person=user).exclude(notified_state=F("state")).select_related("person")


def _mark_told(bulk: BulkSignal) -> bool:
    """Of two tabs that ask at the same time one is told."""
    untold = BulkSignal.objects.filter(pk=bulk.pk, state=bulk.state).exclude(notified_state=bulk.state)
    return bool(untold.update(notified_state=bulk.state))
