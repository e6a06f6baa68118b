"""What will be in this file? Items by status for a choice, counted within a stated number of calls.

The export call has no filter by status, so this is the only guard against exporting what is not finished.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.common.formatting import join_with_and, plural
from console.exports import form_options
from console.exports.selection import ExportSelection
from console.items import counts as item_counts
from console.items.counts import Count, ItemQuery, ItemWalk
from console.items.statuses import COMPLETED, Status, status_named
from console.upstream.response_models import WorkItem

VENDOR = "cloudfactory"
REMEMBERED = 15 * 60

# Finished first, then what is closest to it.
ORDER = ("COMPLETED", "CLIENT_REVIEW", "IN_PROGRESS", "NEW", "FAILED", "CANCELED")


class StatusFigure(NamedTuple):
    status: Status
    figure: str


@dataclass
class ExportCounts:
    by_status: Counter[str] = field(default_factory=Counter)
    by_batch: dict[int, Counter[str]] = field(default_factory=dict)
    complete: bool = True
    projects: int = 0
    unread: int = 0
    """So many of the projects gave no answer, or not all of it."""

    @property
    def total(self) -> int:
        return self.by_status.total()

    @property
    def total_text(self) -> str:
        """`412`, or `1,000+` where counting stopped: never a false exact figure."""
        return str(Count(self.total, not self.complete))

    @property
    def items_text(self) -> str:
        """`412 items`, or `1,000+ items`."""
        return plural(self.total, "item") if self.complete else f"{self.total_text} items"

    @property
    def rows(self) -> list[StatusFigure]:
        """Completed ones first."""
        listed = [status for status in ORDER if self.by_status[status]]
        other = sorted(set(self.by_status) - set(ORDER))
        return [StatusFigure(status_named(status), self._figure(status)) for status in [*listed, *other]]

    @property
    def is_nothing(self) -> bool:
        """Surely, not only as far as was counted."""
        return self.complete and not self.total

    @property
    def unfinished(self) -> int:
        return self.total - self.by_status[COMPLETED.value]

    @property
    def warning(self) -> str:
        """`Not completed: 37 waiting for review and 12 not started. They will be in the file.`"""
        rows = [row for row in self.rows if row.status is not COMPLETED]
        if not rows:
            return ""
        counts = join_with_and([f"{row.figure} {row.status.in_sentence}" for row in rows])
        return f"Not completed: {counts}. They will be in the file."

    def unfinished_in(self, batch: int) -> int:
        counts = self.by_batch.get(batch, Counter())
        return counts.total() - counts[COMPLETED.value]

    def add(self, item: WorkItem) -> None:
        status = item.status or ""
        self.by_status[status] += 1
        if item.batch_id is not None:
            self.by_batch.setdefault(item.batch_id, Counter())[status] += 1

    def _figure(self, status: str) -> str:
        return str(Count(self.by_status[status], not self.complete))


def count_items(*, user: Person, selection: ExportSelection) -> ExportCounts:
    """At most ten calls, spread over the projects in turn; what is left uncounted makes every figure "at least".

    A project that does not answer takes no other along; where none does, its error is raised.
    """
    counts, walks = ExportCounts(), _walks(user, selection)
    for walk in walks:
        for item in walk.items:
            counts.add(item)
    problems = [walk.problem for walk in walks if walk.problem is not None]
    if problems and (len(problems) == len(walks) and not counts.total):
        raise problems[0]
    counts.complete = all(walk.is_complete for walk in walks)
    counts.projects, counts.unread = len(walks), len(problems)
    cache.set(_name(user, selection), counts, REMEMBERED)
    return counts


def last_count(*, user: Person, selection: ExportSelection) -> ExportCounts | None:
    """The last count of this choice, for the sentence in the audit; starting an export does not count again."""
    counts: ExportCounts | None = cache.get(_name(user, selection))
    return counts


def read_items(*, user: Person, selection: ExportSelection) -> tuple[list[WorkItem], bool]:
    """The work items of a choice, as many as ten calls give, and whether these are all; an error where one failed."""
    walks = _walks(user, selection)
    for walk in walks:
        if walk.problem is not None:
            raise walk.problem
    return [item for walk in walks for item in walk.items], all(walk.is_complete for walk in walks)


def _name(user: Person, selection: ExportSelection) -> str:
    return f"export-count:{connections.cache_scope(user, VENDOR)}:{selection.key}"


def _walks(user: Person, selection: ExportSelection) -> list[ItemWalk]:
    filters = {"batch_ids": selection.batches, **selection.dates}
    queries = [ItemQuery(project, filters) for project in _projects(user, selection)]
    return item_counts.read_lists(connections.cloudfactory(user), queries)


def _projects(user: Person, selection: ExportSelection) -> list[str]:
    if selection.projects:
        return list(selection.projects)
    return [project.id for project in form_options.read_projects(user=user)]
