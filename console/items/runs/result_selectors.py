"""Reading what became of a run: its items by outcome, a page at a time, and the requests without an answer."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import Person
from console.audit import unresolved
from console.audit.models import Entry
from console.items.runs.models import Run, RunItem

PAGE = 100


@dataclass(frozen=True)
class ResultPage:
    items: "list[Any]"
    number: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1

    @property
    def has_next(self) -> bool:
        return self.last < self.total


def read_filter(run: Run, text: str) -> str:
    """The filter that the address names; "" for all items."""
    return text if text in _item_kind(run).FILTERS else ""


def filter_items(run: Run, name: str) -> "QuerySet[Any]":
    return run.run_items.filter(_item_kind(run).FILTERS[name]) if name else run.run_items


def count_items(run: Run) -> dict[str, int]:
    """How many items each filter has; "" counts all of them."""
    by_filter = {name: Count("pk", filter=items) for name, items in _item_kind(run).FILTERS.items()}
    counts: dict[str, int] = run.run_items.order_by().aggregate(everything=Count("pk"), **by_filter)
    return {"": counts.pop("everything"), **counts}


def read_page(run: Run, name: str, number: int, total: int) -> ResultPage:
    """A page of a hundred; one past the end is the last page."""
    number = min(max(number, 1), max(1, -(-total // PAGE)))
    start = (number - 1) * PAGE
    return ResultPage(list(filter_items(run, name)[start : start + PAGE]), number, total)


def read_unresolved(run: Run, *, user: Person) -> list[unresolved.Unresolved]:
    """One strip for all parts of it whose outcome is unknown, as far as the person can see them."""
    acts = run.run_items.filter(outcome=RunItem.UNKNOWN, act_id__isnull=False).order_by()
    ids = [act for act in acts.values_list("act_id", flat=True).distinct() if act]
    if not ids:
        return []
    entries = Entry.objects.unreconciled().visible_to(user).filter(pk__in=ids).order_by("sequence")
    return unresolved.of_entries(entries.prefetch_related("outcomes"), back=run.get_absolute_url())


def _item_kind(run: Run) -> type[RunItem]:
    kind: type[RunItem] = run.run_items.model
    return kind
