"""Finding a run of one kind."""

import uuid
from typing import TypeVar

from django.db.models import QuerySet
from django.http import Http404

from accounts import connections
from accounts.models import Person
from console.items.runs.models import Run

R = TypeVar("R", bound=Run)


def find_run(kind: type[R], *, user: Person, project: uuid.UUID, run_id: uuid.UUID) -> R:
    """Everybody who works in its space can view it. Raises Http404."""
    runs = kind._default_manager.select_related(*kind.RELATED)
    run = runs.filter(pk=run_id, project=project, space__in=_spaces(user)).first()
    if run is None:
        raise Http404
    return run


def find_own_run(kind: type[R], *, user: Person, project: uuid.UUID, run_id: uuid.UUID) -> R:
    """Only the person who planned it can send it, stop it, retry it or undo it. Raises Http404."""
    run = find_run(kind, user=user, project=project, run_id=run_id)
    if run.person_id != user.pk:
        raise Http404
    return run


def find_under_way(kind: type[R], *, user: Person, project: uuid.UUID) -> "QuerySet[R]":
    """One's own in this project that wait, are being sent or are paused, the oldest first."""
    own = kind._default_manager.filter(person=user, project=project, state__in=kind.UNDER_WAY)
    return own.select_related("person").order_by("created_at")


def find_paused(kind: type[R], *, user: Person) -> "QuerySet[R]":
    """One's own that go on only when the person says so, the newest first."""
    return kind._default_manager.filter(person=user, state=kind.PAUSED).select_related("person")


def address_of(kind: type[Run], user: Person, run_id: uuid.UUID) -> str:
    """Its page; "" where it was deleted, and for everybody who doesn't work in its space."""
    run = kind._default_manager.filter(pk=run_id, space__in=_spaces(user)).only("project").first()
    return run.get_absolute_url() if run else ""


def _spaces(user: Person) -> list[str]:
    return [space.id for space in connections.spaces(user)]
