"""Telling the person who started an import that it ended or waits for them, wherever in the console they are."""

from django.db.models import F, QuerySet

from accounts.models import Person
from console.items.models import Import

State = Import.State
_HAS_NEWS = (State.PAUSED, State.STOPPED, State.ENDED)


def take_news(*, user: Person) -> list[Import]:
    """Those whose state the person was not told of yet; each is told once."""
    return [import_ for import_ in _untold(user).filter(state__in=_HAS_NEWS) if _mark_told(import_)]


def awaits_news(user: Person) -> bool:
    """Whether the person waits for one: only then their pages ask for news."""
    return awaited_by(user).exists()


def awaited_by(user: Person) -> "QuerySet[Import]":
    """Those whose next state the person was not told of yet."""
    return _untold(user).filter(state__in=(State.CREATING, *_HAS_NEWS))


def _untold(user: Person) -> "QuerySet[Import]":
    return Import.objects.filter(person=user).exclude(notified_state=F("state")).select_related("person")


def _mark_told(import_: Import) -> bool:
    """Of two tabs that ask at the same time one is told."""
    untold = Import.objects.filter(pk=import_.pk, state=import_.state).exclude(notified_state=import_.state)
    return bool(untold.update(notified_state=import_.state))
