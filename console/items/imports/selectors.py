"""Finding imports."""

import uuid

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import Person
from console.items.models import Import, ImportRow
from console.items.runs import selectors as runs

RECENT = 10


def list_imports(*, user: Person, project: uuid.UUID) -> list[Import]:
    """One's own recent imports into the project, the newest first."""
    own = Import.objects.filter(person=user, project=project)
    return list(own.order_by("-created_at")[:RECENT])


def find_under_way(*, user: Person, project: uuid.UUID, batch_id: int | None = None) -> list[Import]:
    """One's own in this project that create items now or are paused, the oldest first; of a batch those into it."""
    own = runs.find_under_way(Import, user=user, project=project)
    if batch_id is not None:
        # Of these few imports alone: all rows of all imports would take long.
        into = ImportRow.objects.filter(import_run=OuterRef("pk"), batch_id=batch_id, act_id__isnull=False)
        own = own.filter(Q(batch_id=batch_id) | Q(Exists(into), batch_id=None))
    return list(own)


def count_batches(import_run: Import) -> dict[int | None, int]:
    """How many items it created in each batch."""
    created = import_run.rows.filter(outcome=ImportRow.Outcome.CREATED).order_by()
    return dict(created.values_list("batch_id").annotate(count=Count("pk")))
