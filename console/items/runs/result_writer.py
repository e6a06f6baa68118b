"""Storing what became of the items of a run together with the run's figures, and counting the items of one part."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from console.audit.entries import Outcome as EntryOutcome
from console.audit.models import DONE, FAILED, UNKNOWN
from console.items.runs import progress
from console.items.runs.models import Run, RunItem

ROWS_A_STATEMENT = 500
CUT_OFF = "The console stopped before an answer came."


@dataclass(frozen=True)
class ItemResult:
    """What became of one item. `is_miss`: it was read after an unclear answer, and was not found done."""

    outcome: str
    message: str = ""
    is_miss: bool = field(default=False, kw_only=True)

    @property
    def values(self) -> dict[str, Any]:
        """The columns to store."""
        misses = {"misses": F("misses") + 1} if self.is_miss else {}
        return {"outcome": self.outcome, "message": self.message[:500], **misses}


def write(
    kind: type[Run],
    run_id: uuid.UUID,
    results: Mapping[int, ItemResult],
    *,
    only: Collection[str],
    act: uuid.UUID | None = None,
) -> None:
    """Stores the results, by the items' keys, of those whose outcome so far is one of `only`.

    With `act` an item is left alone that was sent again meanwhile, under another one. The writer holds the row of the
    run, so the figures always add up.
    """
    with transaction.atomic():
        run = kind._default_manager.select_for_update().get(pk=run_id)
        items, counts = run.run_items, run.run_items.model.COUNTS
        open_items = items.filter(pk__in=results, outcome__in=only)
        before = dict((open_items if act is None else open_items.filter(act_id=act)).values_list("pk", "outcome"))
        alike: dict[ItemResult, list[int]] = defaultdict(list)
        for pk in before:
            alike[results[pk]].append(pk)
        for result, keys in alike.items():
            items.filter(pk__in=keys).update(**result.values)
        changes = Counter(results[pk].outcome for pk in before)
        changes.subtract(Counter(before.values()))
        finished = sum(changes[outcome] for outcome in counts)
        figures: dict[str, Any] = {name: F(name) + changes[outcome] for outcome, name in counts.items()}
        if finished > 0 and run.is_moving:
            figures |= progress.measure(run, items=finished, now=timezone.now())
        kind._default_manager.filter(pk=run_id).update(**figures)


def write_all(
    kind: type[Run],
    run_id: uuid.UUID,
    items: "QuerySet[Any]",
    result: ItemResult,
    *,
    only: Collection[str],
    act: uuid.UUID | None = None,
) -> None:
    """The same result for each of the items, a few hundred at a time."""
    keys = list(items.values_list("pk", flat=True))
    for first in range(0, len(keys), ROWS_A_STATEMENT):
        write(kind, run_id, dict.fromkeys(keys[first : first + ROWS_A_STATEMENT], result), only=only, act=act)


@dataclass(frozen=True)
class PartTally:
    """How many items of a part have each outcome; those that were not sent are no part of its act."""

    done_count: int
    refused_count: int
    unknown_count: int
    refusals: Sequence[Mapping[str, Any]]
    counts_items: bool = False

    @property
    def total(self) -> int:
        return self.done_count + self.refused_count + self.unknown_count

    @property
    def outcome(self) -> EntryOutcome:
        """How the audit's entry of the part ends."""
        if self.unknown_count:
            return UNKNOWN
        return DONE if self.done_count else FAILED

    @property
    def figures(self) -> dict[str, int]:
        return {
            "items_done": self.done_count,
            "items_refused": self.refused_count,
            "items_unknown": self.unknown_count,
        }

    @property
    def detail(self) -> dict[str, Any]:
        """What the audit keeps of the part."""
        total = {"items": self.total} if self.counts_items else {}
        return {**total, **self.figures, "refusals": self.refusals}


def count_part(kind: type[RunItem], act_id: uuid.UUID) -> PartTally:
    items = kind._default_manager.filter(act_id=act_id).order_by()
    counts = Counter(dict(items.values_list("outcome").annotate(number=Count("pk"))))
    refused: dict[str, list[str]] = defaultdict(list)
    if counts[kind.REFUSED]:
        for item, message in items.filter(outcome=kind.REFUSED).values_list(kind.AUDIT_ID, "message"):
            refused[message].append(str(item))
    return PartTally(
        done_count=counts[kind.DONE],
        refused_count=counts[kind.REFUSED],
        unknown_count=counts[kind.UNKNOWN] + counts[kind.SENDING],
        refusals=[{"message": message, "ids": ids} for message, ids in refused.items()],
        counts_items=kind.AUDIT_COUNTS_ITEMS,
    )
