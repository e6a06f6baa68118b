"""How a work item was created: our id in its metadata leads to the row of its import or to its entry in the audit.

Metadata can be written by anyone with a key, so a row or an entry counts only for its own project.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts import connections
from accounts.models import Person
from console.audit.models import FAILED, Entry
from console.common.formatting import number
from console.items.console_ids import console_id_of
from console.items.create_services import ACTION
from console.items.models import Import, ImportRow
from console.upstream.response_models import WorkItem

CREATED = (ImportRow.Outcome.CREATED, ImportRow.Outcome.SENDING, ImportRow.Outcome.UNKNOWN)


@dataclass(frozen=True)
class ImportPlace:
    """The import that created an item, and the line or item of it."""

    words: str
    address: str


@dataclass(frozen=True)
class LabelsSent:
    """Labels that were sent along when the item was created."""

    person: Person | None
    count: int
    at: datetime | None


def read_import_place(*, user: Person, project: uuid.UUID, item: WorkItem) -> ImportPlace | None:
    """None for an item that no import created, and for people outside the import's space."""
    row = _row_of(project, item, but=("fields", "cells", "errors"))
    if row is None or row.import_run.space not in {space.id for space in connections.spaces(user)}:
        return None
    return ImportPlace(_words(row), reverse("items:import_detail", args=[project, row.import_run_id]))


def read_labels_sent(*, project: uuid.UUID, item: WorkItem) -> LabelsSent | None:
    row = _row_of(project, item, but=("cells", "errors"))
    if row is not None:
        labels = row.fields.get("labels")
        return LabelsSent(row.import_run.person, len(labels), row.sent_at) if labels else None
    console_id = console_id_of(item)
    entry = Entry.objects.filter(pk=console_id, action=ACTION).select_related("actor").first() if console_id else None
    if entry is None or entry.detail.get("project_id") != str(project) or entry.outcome == FAILED:
        return None
    count = entry.detail.get("labels")
    return LabelsSent(entry.actor, count, entry.at) if count else None


def _row_of(project: uuid.UUID, item: WorkItem, *, but: tuple[str, ...]) -> ImportRow | None:
    console_id = console_id_of(item)
    if console_id is None:
        return None
    rows = ImportRow.objects.filter(console_id=console_id, import_run__project=project, outcome__in=CREATED)
    heavy = (*but, "import_run__plan", "import_run__paces")
    return rows.select_related("import_run__person").defer(*heavy).first()


def _words(row: ImportRow) -> str:
    name, place = row.import_run.source_name, number(row.number)
    if row.import_run.source == Import.Source.FILES:
        return row.name
    return f"{'line' if row.import_run.source == Import.Source.CSV else 'item'} {place} of {name}"
