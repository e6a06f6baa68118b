"""What became of one row of an import, and the figures of an import counted from its rows."""

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from console.items.models import Import, ImportRow
from console.items.runs.result_writer import ItemResult

NO_ANSWER = "No clear answer came."
FOUND_BY_READING = "No clear answer came. Reading the batch showed that it was created."


@dataclass(frozen=True)
class RowResult(ItemResult):
    """`is_miss`: the batch was read, and does not hold it."""

    item: uuid.UUID | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {**super().values, **({"item": self.item} if self.item else {})}


def count_rows(import_id: uuid.UUID) -> None:
    """Counts the rows of the import's parts again."""
    planned = ImportRow.objects.filter(import_run=import_id, act_id__isnull=False).order_by()
    counts = Counter(dict(planned.values_list("outcome").annotate(number=Count("pk"))))
    figures = {name: counts[outcome] for outcome, name in ImportRow.COUNTS.items()}
    Import.objects.filter(pk=import_id).update(**figures, planned_count=counts.total())
