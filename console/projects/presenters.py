"""Projects, their figures and what waits in them, as the pages show them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.common.formatting import data_kind
from console.items.counts import Count
from console.upstream.response_models import Project

ARCHIVED = re.compile(r"^archived\b|^archive$|[\[(]archived?[\])]", re.IGNORECASE)
"""“Archive”, “Archived: …”, “[archive] …”, “… (archived)”; not “Archive photos”, which somebody may be working on."""


@dataclass(frozen=True)
class ProjectRow:
    """A project in the list, with what this person did with it."""

    project: Project
    pinned: bool
    last_used: datetime | None

    @property
    def name(self) -> str:
        return self.project.name or "Unnamed project"

    @property
    def kinds(self) -> str:
        return kinds_in_words(self.project)

    @property
    def is_archived(self) -> bool:
        """Whether its name says so: CloudFactory has no such field (FACTS 2.8)."""
        return bool(ARCHIVED.search(self.name))

    @property
    def search_text(self) -> str:
        return f"{self.project.name or ''} {self.project.description or ''}".casefold()


@dataclass(frozen=True)
class Figures:
    """What is going on in a project, as far as a few calls can tell; `in_review` is None where no answer came."""

    open: int
    finished: int
    batches_at_least: bool
    items: int
    completed: int
    in_review: Count | None

    @property
    def batches(self) -> int:
        return self.open + self.finished

    @property
    def words(self) -> str:
        """The numbers beside the bar."""
        return f"{self.completed:,} of {self.items:,}"


@dataclass(frozen=True)
class ProjectReviews:
    """Items of a project that wait for the client's review, at least so many where a page does not hold them all."""

    row: ProjectRow
    count: Count


@dataclass(frozen=True)
class Reviews:
    """`partly`: the space has more projects than the `queried` ones, of which `unread` gave no answer."""

    projects: tuple[ProjectReviews, ...]
    partly: bool
    queried: int = 0
    unread: int = 0
    is_late: bool = False
    """Whether those unread did not answer in time, instead of failing."""

    @property
    def total(self) -> Count:
        return sum((one.count for one in self.projects), Count(0, self.partly or bool(self.unread)))

    @property
    def unread_words(self) -> str:
        why = "didn’t answer in time" if self.is_late else "couldn’t be read"
        return f"{self.unread} of {self.queried} projects {why}."


def filter_rows(rows: Sequence[ProjectRow], search: str) -> list[ProjectRow]:
    """The rows whose name or description contains every word of the search."""
    words = search.casefold().split()
    return [row for row in rows if all(word in row.search_text for word in words)]


def kinds_in_words(project: Project) -> str:
    return ", ".join(data_kind(kind) for kind in project.data_types)
