"""Writing down what became of the rows of an import, together with its figures."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from console.audit.entries import Outcome as EntryOutcome
from console.audit.models import DONE, FAILED, UNKNOWN
from console.items.models import Import, ImportRow
from console.items.runs import progress

Outcome = ImportRow.Outcome
CUT_OFF = "The console stopped before an answer came."
LOST = "No clear answer came."
FOUND_BY_READING = "No clear answer came. Reading the batch showed that it was created."
OPEN_OUTCOMES = (Outcome.SENDING, Outcome.UNKNOWN)
FIGURES = {
    Outcome.CREATED: "created_count",
    Outcome.PRESENT: "present_count",
    Outcome.REFUSED: "refused_count",
    Outcome.UNKNOWN: "unknown_count",
    Outcome.NOT_CREATED: "not_created_count",
}


@dataclass(frozen=True)
class Result:
    """What became of one row. `is_missing`: the batch was read, and does not hold it."""

    outcome: str
    message: str = ""
    item: uuid.UUID | None = None
    is_missing: bool = False


def write(
    import_id: uuid.UUID, results: Mapping[int, Result], *, only: Collection[str], act: uuid.UUID | None = None
) -> None:
    """Stores the results, by the rows' keys, of those whose outcome so far is one of `only`.

    With `act` a row is left alone that was sent again meanwhile, under another one. The writer holds the row of the
    import, so the figures always add up.
    """
    with transaction.atomic():
        import_ = Import.objects.select_for_update().get(pk=import_id)
        rows = import_.rows.filter(pk__in=results, outcome__in=only)
        before = dict((rows if act is None else rows.filter(act_id=act)).values_list("pk", "outcome"))
        alike: dict[Result, list[int]] = defaultdict(list)
        for pk in before:
            alike[results[pk]].append(pk)
        for result, keys in alike.items():
            _store(result, keys)
        changes = Counter(results[pk].outcome for pk in before)
        changes.subtract(Counter(before.values()))
        finished = sum(changes[outcome] for outcome in FIGURES)
        figures: dict[str, Any] = {name: F(name) + changes[outcome] for outcome, name in FIGURES.items()}
        if finished > 0 and import_.state == Import.State.CREATING:
            figures |= progress.measure(import_, items=finished, now=timezone.now())
        Import.objects.filter(pk=import_id).update(**figures)


def write_all(
    import_id: uuid.UUID, keys: Sequence[int], result: Result, *, only: Collection[str], act: uuid.UUID | None = None
) -> None:
    """The same result for each of the rows, a few hundred at a time."""
    for first in range(0, len(keys), 500):
        write(import_id, dict.fromkeys(keys[first : first + 500], result), only=only, act=act)


def count(import_id: uuid.UUID) -> None:
    """Counts the rows of the import's parts anew."""
    planned = ImportRow.objects.filter(import_run=import_id, act_id__isnull=False).order_by()
    found = Counter(dict(planned.values_list("outcome").annotate(number=Count("pk"))))
    figures = {name: found[outcome] for outcome, name in FIGURES.items()}
    Import.objects.filter(pk=import_id).update(**figures, planned_count=found.total())


@dataclass(frozen=True)
class Tally:
    """How many rows of a part have each outcome; those that were not sent are no part of its act."""

    created: int
    refused: int
    unknown: int
    refusals: Sequence[Mapping[str, Any]]

    @property
    def total(self) -> int:
        return self.created + self.refused + self.unknown

    @property
    def outcome(self) -> EntryOutcome:
        """How the audit's entry of the part ends."""
        if self.unknown:
            return UNKNOWN
        return DONE if self.created else FAILED

    @property
    def figures(self) -> dict[str, int]:
        return {"items_done": self.created, "items_refused": self.refused, "items_unknown": self.unknown}

    @property
    def detail(self) -> dict[str, Any]:
        """What the audit keeps of the part."""
        return {"items": self.total, **self.figures, "refusals": self.refusals}


def count_part(act_id: uuid.UUID) -> Tally:
    of_part = ImportRow.objects.filter(act_id=act_id).order_by()
    found = Counter(dict(of_part.values_list("outcome").annotate(number=Count("pk"))))
    refused: dict[str, list[str]] = defaultdict(list)
    if found[Outcome.REFUSED]:
        for console_id, message in of_part.filter(outcome=Outcome.REFUSED).values_list("console_id", "message"):
            refused[message].append(str(console_id))
    return Tally(
        created=found[Outcome.CREATED],
        refused=found[Outcome.REFUSED],
        unknown=found[Outcome.UNKNOWN] + found[Outcome.SENDING],
        refusals=[{"message": message, "ids": ids} for message, ids in refused.items()],
    )


def _store(result: Result, keys: Collection[int]) -> None:
    values: dict[str, Any] = {"outcome": result.outcome, "message": result.message[:500]}
    if result.item:
        values["item"] = result.item
    if result.is_missing:
        values["misses"] = F("misses") + 1
    ImportRow.objects.filter(pk__in=keys).update(**values)
