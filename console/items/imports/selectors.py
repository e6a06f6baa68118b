"""Finding imports."""

import uuid

from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.urls import reverse

from accounts import connections
from accounts.models import Person
from console.items.imports.services import UNDER_WAY
from console.items.models import Import, ImportRow

PLANNING = (Import.State.READING, Import.State.NOT_READ, Import.State.READY)
"""The states in which nothing was created yet."""
RECENT = 10


def find_import(*, user: Person, project: uuid.UUID, import_id: uuid.UUID) -> Import:
    """Whoever works in its space can look at it. Raises Http404."""
    spaces = [space.id for space in connections.spaces(user)]
    found = Import.objects.select_related("person").filter(pk=import_id, project=project, space__in=spaces).first()
    if found is None:
        raise Http404
    return found


def find_own_import(*, user: Person, project: uuid.UUID, import_id: uuid.UUID) -> Import:
    """Only the person who made it can start it, stop it or retry it. Raises Http404."""
    found = find_import(user=user, project=project, import_id=import_id)
    if found.person_id != user.pk:
        raise Http404
    return found


def list_imports(*, user: Person, project: uuid.UUID) -> list[Import]:
    """One's own recent imports into the project, the newest first."""
    mine = Import.objects.filter(person=user, project=project)
    return list(mine.order_by("-created_at")[:RECENT])


def find_under_way(*, user: Person, project: uuid.UUID, batch_id: int | None = None) -> list[Import]:
    """One's own in this project that create items now or are paused, the oldest first; of a batch those into it."""
    mine = Import.objects.filter(person=user, project=project, state__in=UNDER_WAY)
    if batch_id is not None:
        # Of these few imports alone: all rows of all imports would take long.
        into = ImportRow.objects.filter(import_run=OuterRef("pk"), batch_id=batch_id, act_id__isnull=False)
        mine = mine.filter(Q(batch_id=batch_id) | Q(Exists(into), batch_id=None))
    return list(mine.select_related("person").order_by("created_at"))


def find_paused(*, user: Person) -> list[Import]:
    """One's own that go on only when the person says so, the newest first."""
    return list(Import.objects.filter(person=user, state=Import.State.PAUSED).select_related("person"))


def address_of(user: Person, import_id: uuid.UUID) -> str:
    """Its page; "" where it was deleted, and for whoever doesn't work in its space."""
    spaces = [space.id for space in connections.spaces(user)]
    project = Import.objects.filter(pk=import_id, space__in=spaces).values_list("project", flat=True).first()
    return reverse("items:import_detail", args=[project, import_id]) if project else ""
