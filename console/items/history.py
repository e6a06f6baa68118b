"""The history of one work item: its entries in the audit, and the item's own result in each bulk signal."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from console.audit.selectors import EntryLine
from console.items.models import BulkItem
from console.items.statuses import status_named

Outcome = BulkItem.Outcome
_TONES = {Outcome.DONE: "good", Outcome.REFUSED: "bad", Outcome.NOT_SENT: "bad"}


@dataclass(frozen=True)
class HistoryLine:
    """A line of the audit; `part` is the item's own row, where the line is about many items."""

    line: EntryLine
    part: BulkItem | None = None

    @property
    def tone(self) -> str:
        return _TONES.get(Outcome(self.part.outcome), "warn") if self.part else self.line.tone

    @property
    def words(self) -> str:
        """The item's own result; "" for a line that is about this item only."""
        if self.part is None:
            return ""
        if self.part.outcome == Outcome.DONE:
            return f"This item: “{status_named(self.part.status_after).word}” afterwards."
        if self.part.outcome == Outcome.REFUSED:
            return f"This item was refused. {self.part.message}".strip()
        if self.part.outcome == Outcome.NOT_SENT:
            return f"Not sent for this item. {self.part.message}".strip()
        if self.part.outcome == Outcome.UNKNOWN:
            return "We don’t know whether it was done for this item."
        return "Under way."

    @property
    def url(self) -> str:
        """The page of the bulk signal, which others than its person can see too."""
        return reverse("items:bulk", args=[self.part.bulk.project, self.part.bulk_id]) if self.part else ""


def history_of(item: uuid.UUID, lines: Sequence[EntryLine]) -> list[HistoryLine]:
    """The audit's lines about the item with its own outcomes: one statement."""
    groups = {line.entry.group for line in lines if line.entry.group}
    rows = BulkItem.objects.filter(item=item, bulk__in=groups).select_related("bulk") if groups else ()
    parts = {row.bulk_id: row for row in rows}
    return [HistoryLine(line, parts.get(line.entry.group) if line.entry.group else None) for line in lines]
