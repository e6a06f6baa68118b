"""Reading what became of a bulk signal: its items by outcome, a page at a time, and the requests without an answer."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import Person
from console.audit import unresolved
from console.audit.models import Entry
from console.items.models import BulkItem, BulkSignal

ROWS = 100
CHUNK = 1000
Outcome = BulkItem.Outcome

# Which rows each filter of the result shows, in the order of its tabs. Left out: the plan did not send them.
_PLANNED = Q(act_id__isnull=False)
FILTERS: Mapping[str, Q] = {
    "done": Q(outcome=Outcome.DONE),
    "refused": Q(outcome=Outcome.REFUSED),
    "unknown": Q(outcome=Outcome.UNKNOWN),
    "not-sent": Q(outcome=Outcome.NOT_SENT) & _PLANNED,
    "waiting": Q(outcome__in=(Outcome.NONE, Outcome.SENDING)) & _PLANNED,
    "left-out": Q(outcome__in=(Outcome.NONE, Outcome.NOT_SENT)) & ~_PLANNED,
}


@dataclass(frozen=True)
class ResultPage:
    items: list[BulkItem]
    number: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * ROWS + 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1

    @property
    def has_next(self) -> bool:
        return self.last < self.total


def read_filter(text: str) -> str:
    """The filter that the address names; "" for all items."""
    return text if text in FILTERS else ""


def filter_items(bulk: BulkSignal, chosen: str) -> "QuerySet[BulkItem]":
    return bulk.items.filter(FILTERS[chosen]) if chosen else bulk.items.all()


def count_items(bulk: BulkSignal) -> dict[str, int]:
    """How many items each filter has; "" counts all of them."""
    counted = {name: Count("pk", filter=rows) for name, rows in FILTERS.items()}
    found: dict[str, int] = bulk.items.order_by().aggregate(everything=Count("pk"), **counted)
    return {"": found.pop("everything"), **found}


def read_page(bulk: BulkSignal, chosen: str, number: int, total: int) -> ResultPage:
    """A page of a hundred; one past the end is the last page."""
    last = max(1, -(-total // ROWS))
    number = min(max(number, 1), last)
    start = (number - 1) * ROWS
    return ResultPage(list(filter_items(bulk, chosen)[start : start + ROWS]), number, total)


def read_statuses(bulk: BulkSignal, chosen: str) -> dict[uuid.UUID, str]:
    """The items of one outcome with the status of each that was read last; none without an outcome."""
    rows = filter_items(bulk, chosen).values_list("item", "status_before", "status_after") if chosen else ()
    return {item: after or before for item, before, after in rows}


def stream_items(bulk: BulkSignal, chosen: str) -> Iterator[BulkItem]:
    """In their order, a thousand at a time, so that many items need no more memory than few."""
    position = 0
    while rows := list(filter_items(bulk, chosen).filter(position__gt=position)[:CHUNK]):
        yield from rows
        position = rows[-1].position


def read_unresolved(bulk: BulkSignal, *, user: Person, back: str) -> list[unresolved.Unresolved]:
    """One strip for all parts of it whose outcome is unknown, as far as the person can see them."""
    acts = bulk.items.filter(outcome=Outcome.UNKNOWN, act_id__isnull=False).order_by()
    ids = [act for act in acts.values_list("act_id", flat=True).distinct() if act]
    if not ids:
        return []
    entries = Entry.objects.unreconciled().visible_to(user).filter(pk__in=ids).order_by("sequence")
    return unresolved.of_entries(entries.prefetch_related("outcomes"), back=back)
