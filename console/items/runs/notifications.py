"""Notifying the person who started a run that it ended or waits for them, wherever in the console they are."""

from collections.abc import Sequence

from django.db.models import F, QuerySet

from accounts.models import Person
from console.items.models import BulkSignal, Import
from console.items.runs.models import Run

KINDS: Sequence[type[Run]] = (BulkSignal, Import)


def take_news(*, user: Person) -> list[Run]:
    """Runs of whose state the person was not notified yet; each is returned once, also to two tabs at the same time."""
    news = [run for kind in KINDS for run in _not_notified(kind, user).filter(kind.news())]
    return [run for run in news if _mark_notified(run)]


def awaits_news(user: Person) -> bool:
    """Whether the person waits for a run: only then their pages ask for news."""
    return any(runs.exists() for runs in awaited_by(user))


def awaited_by(user: Person) -> "list[QuerySet[Run]]":
    """Runs of whose next state the person was not notified yet, by kind."""
    return [_not_notified(kind, user).filter(kind.news() | kind.awaited()) for kind in KINDS]


def _not_notified(kind: type[Run], user: Person) -> "QuerySet[Run]":
    return kind._default_manager.filter(person=user).exclude(notified_state=F("state")).select_related("person")


def _mark_notified(run: Run) -> bool:
    runs = type(run)._default_manager.filter(pk=run.pk, state=run.state).exclude(notified_state=run.state)
    return bool(runs.update(notified_state=run.state))
