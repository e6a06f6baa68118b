"""What will be in this file? Items by status for a choice, counted within a stated number of calls.

The export call has no filter by status, so this is the only guard against exporting what is not finished.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.exports import offered
from console.exports.choice import Choice
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import KeyRejected, NextPageUnclear, UpstreamError
from console.upstream.types import Page, WorkItem
from console.words import number

VENDOR = "cloudfactory"
CALLS = 10
PAGE = 100
REMEMBERED = 15 * 60

WORDS = {
    "COMPLETED": "finished",
    "CLIENT_REVIEW": "waiting for your review",
    "IN_PROGRESS": "being worked on",
    "NEW": "not started",
    "FAILED": "failed",
    "CANCELED": "cancelled",
}


# One each, so that the shape alone tells them apart.
ICONS = {
    "COMPLETED": "circle-check",
    "CLIENT_REVIEW": "eye",
    "IN_PROGRESS": "circle-dot",
    "NEW": "circle-dashed",
    "FAILED": "circle-x",
    "CANCELED": "ban",
}


class Row(NamedTuple):
    word: str
    figure: str
    status: str

    @property
    def icon(self) -> str:
        return ICONS.get(self.status, "circle-question-mark")


@dataclass
class Counts:
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
    def said(self) -> str:
        """`412`, or `1,000+` where counting stopped: never a false exact figure."""
        return f"{number(self.total)}{'' if self.complete else '+'}"

    @property
    def rows(self) -> list[Row]:
        """The finished first."""
        known = [status for status in WORDS if self.by_status[status]]
        other = sorted(set(self.by_status) - set(WORDS))
        return [Row(WORDS.get(status, status), self._figure(status), status) for status in [*known, *other]]

    @property
    def is_nothing(self) -> bool:
        """Surely, not only as far as was counted."""
        return self.complete and not self.total

    @property
    def unfinished(self) -> int:
        return self.total - self.by_status["COMPLETED"]

    @property
    def warning(self) -> str:
        """`37 are waiting for your review and 12 not started; they will be in the file.`"""
        said = [f"{figure} {word}" for word, figure, status in self.rows if status != "COMPLETED"]
        if not said:
            return ""
        listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
        return f"Not finished: {listed}. They will be in the file."

    def unfinished_in(self, batch: int) -> int:
        counts = self.by_batch.get(batch, Counter())
        return counts.total() - counts["COMPLETED"]

    def add(self, item: WorkItem) -> None:
        status = item.status or "unknown"
        self.by_status[status] += 1
        if item.batch_id is not None:
            self.by_batch.setdefault(item.batch_id, Counter())[status] += 1

    def _figure(self, status: str) -> str:
        return f"{number(self.by_status[status])}{'' if self.complete else '+'}"


def count(*, user: Person, choice: Choice) -> Counts:
    """At most ten calls, spread over the projects in turn; what is left uncounted makes every figure "at least".

    A project that does not answer takes no other along; where none does, its error is raised.
    """
    counts, walks = Counts(), _walks(user, choice)
    for item in _items(walks):
        counts.add(item)
    problems = [walk.problem for walk in walks if walk.problem is not None]
    if problems and (len(problems) == len(walks) and not counts.total):
        raise problems[0]
    counts.complete = all(walk.ended for walk in walks)
    counts.projects, counts.unread = len(walks), len(problems)
    cache.set(_name(user, choice), counts, REMEMBERED)
    return counts


def remembered(*, user: Person, choice: Choice) -> Counts | None:
    """The last count of this choice, for the sentence in the audit; starting an export does not count again."""
    found: Counts | None = cache.get(_name(user, choice))
    return found


def items(*, user: Person, choice: Choice) -> tuple[list[WorkItem], bool]:
    """The work items of a choice, as many as ten calls give, and whether these are all; an error where one failed."""
    walks = _walks(user, choice)
    found = _items(walks)
    for walk in walks:
        if walk.problem is not None:
            raise walk.problem
    return found, all(walk.ended for walk in walks)


def _name(user: Person, choice: Choice) -> str:
    return f"export-count:{connections.cache_scope(user, VENDOR)}:{choice.key}"


def _walks(user: Person, choice: Choice) -> "list[_Walk]":
    platform = connections.cloudfactory(user)
    return [_Walk(platform, project, choice) for project in _projects(user, choice)]


def _items(walks: "list[_Walk]") -> list[WorkItem]:
    """A page of each project in its turn, side by side, so that one large project does not use up all calls."""
    found: list[WorkItem] = []
    calls, waiting = CALLS, walks
    while waiting and calls:
        turn, later = waiting[:calls], waiting[calls:]
        calls -= len(turn)
        for walk, page in zip(turn, connections.gather([walk.fetch for walk in turn]), strict=True):
            found += walk.take(page)
        waiting = [*later, *(walk for walk in turn if walk.goes_on)]
    return found


def _projects(user: Person, choice: Choice) -> list[str]:
    if choice.projects:
        return list(choice.projects)
    return [project.id for project in offered.projects(user=user)]


class _Walk:
    """The pages of one project; it knows without another call whether more would follow."""

    def __init__(self, platform: CloudFactory, project: str, choice: Choice) -> None:
        self.platform, self.project, self.choice = platform, project, choice
        self.cursor: str | None = None
        self.ended = False
        self.problem: UpstreamError | None = None

    @property
    def goes_on(self) -> bool:
        return not self.ended and self.problem is None

    def fetch(self) -> Page[WorkItem]:
        return self.platform.list_work_items(
            self.project,
            cursor=self.cursor,
            direction="NEXT" if self.cursor else None,
            limit=PAGE,
            batch_ids=self.choice.batches,
            **self.choice.dates,
        )

    def take(self, page: Page[WorkItem] | UpstreamError) -> tuple[WorkItem, ...]:
        """The items of an answer; a failed one ends this walk alone. KeyRejected is raised: it has to be mended."""
        if isinstance(page, KeyRejected):
            raise page
        if isinstance(page, UpstreamError):
            self.problem = page
            return ()
        self.cursor, self.ended = page.next, page.is_last
        if page.unclear:
            self.problem = NextPageUnclear(page.unclear, changes=False)
        return page.items
