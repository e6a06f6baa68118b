"""What was done to batches in this console, out of the audit."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from django.urls import reverse

from accounts.models import Person
from accounts.rights import Right
from console.audit import unresolved
from console.audit.models import DONE, Entry
from console.audit.selectors import EntryLine
from console.audit.sentences import EntrySummary
from console.audit.unresolved import Unresolved
from console.batches.order_diff import Move

MOST_LINES = 30


def list_history(*, user: Person, batch_id: int, moves: Mapping[uuid.UUID, Move]) -> list[EntryLine]:
    """What was done to a batch here, the latest first: one's own acts, or all for those who can see them.

    `moves` are the changes of the order that moved it (`order_selectors.moves_of`).
    """
    about = Entry.objects.about("batch", str(batch_id)).values_list("pk", flat=True)
    entries = Entry.objects.filter(pk__in={*about, *moves})
    if not user.can(Right.AUDIT_ALL):
        entries = entries.filter(actor=user)
    latest = entries.prefetch_related("outcomes").order_by("-sequence")[:MOST_LINES]
    return [_line(entry, moves.get(entry.pk)) for entry in latest]


def list_creators() -> dict[str, str]:
    """From the vendor's ids of users to names, as far as the batches created here tell them."""
    creations = Entry.objects.filter(action="batch.create", kind=Entry.Kind.OUTCOME, recorded_outcome=DONE)
    names: dict[str, str] = {}
    for entry in creations.select_related("opens").order_by("-sequence")[:500]:
        vendor_id = entry.detail.get("created_by")
        if vendor_id and entry.opens:
            names.setdefault(str(vendor_id), entry.opens.actor_name)
    return names


def unresolved_creates(*, user: Person, project: uuid.UUID) -> list[Unresolved]:
    """New batches of this person whose creation has an unknown outcome."""
    back = reverse("batches:index", args=[project])
    acts = unresolved.of_thing(user, "batch", "", back=back)
    return [act for act in acts if act.entry.detail.get("project_id") == str(project)]


def _line(entry: Entry, move: Move | None) -> EntryLine:
    line = EntryLine(entry, EntrySummary.whole(entry, entry.outcome))
    if move is None or move.text in line.text:
        return line
    return replace(line, after=f"This batch: {move.text}.")
