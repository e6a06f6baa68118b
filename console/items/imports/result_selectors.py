"""Reading what became of an import: its rows by outcome, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import Person
from console.audit import unresolved
from console.audit.models import Entry
from console.items.models import Import, ImportRow

ROWS = 100
Outcome = ImportRow.Outcome
# Which rows each filter of the result shows, in the order of its tabs. Left out: the plan did not send them.
_PLANNED = Q(act_id__isnull=False)
FILTERS: Mapping[str, Q] = {
    "created": Q(outcome=Outcome.CREATED),
    "present": Q(outcome=Outcome.PRESENT),
    "refused": Q(outcome=Outcome.REFUSED),
    "unknown": Q(outcome=Outcome.UNKNOWN),
    "not-created": Q(outcome=Outcome.NOT_CREATED) & _PLANNED,
    "waiting": Q(outcome__in=(Outcome.NONE, Outcome.SENDING)) & _PLANNED,
    "left-out": Q(outcome=Outcome.INVALID),
}


@dataclass(frozen=True)
class ImportPage:
    rows: list[ImportRow]
    number: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * ROWS + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def has_next(self) -> bool:
        return self.last < self.total


def read_filter(text: str) -> str:
    """The filter that the address names; "" for all rows."""
    return text if text in FILTERS else ""


def filter_rows(import_: Import, chosen: str) -> "QuerySet[ImportRow]":
    return import_.rows.filter(FILTERS[chosen]) if chosen else import_.rows.all()


def count_rows(import_: Import) -> dict[str, int]:
    """How many rows each filter has; "" counts all of them."""
    counted = {name: Count("pk", filter=rows) for name, rows in FILTERS.items()}
    found: dict[str, int] = import_.rows.order_by().aggregate(everything=Count("pk"), **counted)
    return {"": found.pop("everything"), **found}


def read_page(import_: Import, chosen: str, number: int, total: int) -> ImportPage:
    """A page of a hundred; one past the end is the last page."""
    number = min(max(number, 1), max(1, -(-total // ROWS)))
    start = (number - 1) * ROWS
    return ImportPage(list(filter_rows(import_, chosen)[start : start + ROWS]), number, total)


def count_batches(import_: Import) -> dict[int | None, int]:
    """How many items it created in each batch."""
    created = import_.rows.filter(outcome=Outcome.CREATED).order_by()
    return dict(created.values_list("batch_id").annotate(count=Count("pk")))


def read_unresolved(import_: Import, *, user: Person, back: str) -> list[unresolved.Unresolved]:
    """One strip for all parts of it whose outcome is unknown, as far as the person can see them."""
    acts = import_.rows.filter(outcome=Outcome.UNKNOWN, act_id__isnull=False).order_by()
    ids = [act for act in acts.values_list("act_id", flat=True).distinct() if act]
    if not ids:
        return []
    entries = Entry.objects.unreconciled().visible_to(user).filter(pk__in=ids).order_by("sequence")
    return unresolved.of_entries(entries.prefetch_related("outcomes"), back=back)
