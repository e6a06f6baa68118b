"""Writing down what became of the items of a bulk signal, together with its figures."""

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
from console.items.bulk.results import Result
from console.items.models import BulkItem, BulkSignal
from console.items.runs import progress

Outcome = BulkItem.Outcome
FIGURES = {
    Outcome.DONE: "done_count",
    Outcome.REFUSED: "refused_count",
    Outcome.UNKNOWN: "unknown_count",
    Outcome.NOT_SENT: "not_sent_count",
}


def write(bulk_id: uuid.UUID, results: Mapping[int, Result], *, only: Collection[str]) -> None:
    """Stores the results, by the items' keys, of those whose outcome so far is one of `only`.

    The writer holds the row of the signal, so the figures always add up.
    """
    with transaction.atomic():
        bulk = BulkSignal.objects.select_for_update().get(pk=bulk_id)
        open_ones = bulk.items.filter(pk__in=results, outcome__in=only)
        before = dict(open_ones.values_list("pk", "outcome"))
        alike: dict[Result, list[int]] = defaultdict(list)
        for pk in before:
            alike[results[pk]].append(pk)
        for result, keys in alike.items():
            _store(result, keys)
        changes = Counter(results[pk].outcome for pk in before)
        changes.subtract(Counter(before.values()))
        finished = sum(changes[outcome] for outcome in FIGURES)
        figures: dict[str, Any] = {name: F(name) + changes[outcome] for outcome, name in FIGURES.items()}
        if finished > 0 and bulk.state == BulkSignal.State.SENDING:
            figures |= progress.measure(bulk, items=finished, now=timezone.now())
        BulkSignal.objects.filter(pk=bulk_id).update(**figures)


@dataclass(frozen=True)
class Tally:
    """How many items of a part have each outcome; those that were not sent are no part of its act."""

    done: int
    refused: int
    unknown: int
    refusals: Sequence[Mapping[str, Any]]

    @property
    def total(self) -> int:
        return self.done + self.refused + self.unknown

    @property
    def outcome(self) -> EntryOutcome:
        """How the audit's entry of the part ends."""
        if self.unknown:
            return UNKNOWN
        return DONE if self.done else FAILED

    @property
    def figures(self) -> dict[str, int]:
        return {"items_done": self.done, "items_refused": self.refused, "items_unknown": self.unknown}

    @property
    def detail(self) -> dict[str, Any]:
        """What the audit keeps of the part."""
        return {**self.figures, "refusals": self.refusals}


def count_part(act_id: uuid.UUID) -> Tally:
    of_part = BulkItem.objects.filter(act_id=act_id).order_by()
    counts = Counter(dict(of_part.values_list("outcome").annotate(number=Count("pk"))))
    refused: dict[str, list[str]] = defaultdict(list)
    if counts[Outcome.REFUSED]:
        for item, message in of_part.filter(outcome=Outcome.REFUSED).values_list("item", "message"):
            refused[message].append(str(item))
    return Tally(
        done=counts[Outcome.DONE],
        refused=counts[Outcome.REFUSED],
        unknown=counts[Outcome.UNKNOWN] + counts[Outcome.SENDING],
        refusals=[{"message": message, "ids": ids} for message, ids in refused.items()],
    )


def _store(result: Result, keys: Collection[int]) -> None:
    values: dict[str, Any] = {"outcome": result.outcome, "message": result.message}
    if result.status_after:
        values["status_after"] = result.status_after
    if result.outcome != Outcome.UNKNOWN:
        values["is_not_done"] = False
    if result.is_as_before:
        values["misses"] = F("misses") + 1
    BulkItem.objects.filter(pk__in=keys).update(**values)
