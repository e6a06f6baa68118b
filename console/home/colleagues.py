"""What colleagues changed here since the person last looked: a line for each project, from our own database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.audit import selectors
from console.audit.models import DONE
from console.audit.selectors import EntryLine
from console.common.formatting import plural
from console.exports import selectors as exports
from console.projects import selectors as projects

ACTIONS = (
    "order.save",
    "order.undo",
    "order.restore",
    "batch.create",
    "batch.rename",
    "batch.metadata",
    "export.delete",
)
MOST_LINES = 30
"""So many of each action are read, the newest first: the page's cost does not grow with the audit."""
RECENT = timedelta(days=3)


@dataclass(frozen=True)
class ProjectChange:
    """The newest change of a project, how many others there were, and the page that shows it."""

    line: EntryLine
    others: int
    address: str

    @property
    def note(self) -> str:
        if not self.others:
            return ""
        return f"{plural(self.others, 'more change')} in this project since you last opened it."


def list_changes(*, user: Person) -> list[ProjectChange]:
    """Done by others in the last three days, in projects this person uses and did not open since; newest first.

    Without a key there is no space, so nothing was used.
    """
    try:
        last_opened = projects.last_opened(user=user)
    except connections.ConnectionMissing:
        return []
    mine = exports.ids_started_since(user=user, since=timezone.now() - RECENT)
    by_project: dict[str, list[EntryLine]] = {}
    for line in selectors.newest(ACTIONS, each=MOST_LINES):
        if (subject := _subject(line, user, last_opened, mine)) is not None:
            by_project.setdefault(subject, []).append(line)
    return [ProjectChange(lines[0], len(lines) - 1, _address(subject)) for subject, lines in by_project.items()]


def _subject(line: EntryLine, user: Person, last_opened: Mapping[str, datetime | None], mine: set[str]) -> str | None:
    """The project that was changed, or "export …"; None where the change is no news for this person."""
    entry = line.entry
    if entry.actor_id == user.pk or line.outcome != DONE or entry.at < timezone.now() - RECENT:
        return None
    if entry.action == "export.delete":
        return f"export {entry.thing_id}" if entry.thing_id in mine else None
    project = entry.thing_id if entry.thing_kind == "project" else str(entry.detail.get("project_id", ""))
    if project not in last_opened:
        return None
    opened_at = last_opened[project]
    return project if opened_at is None or entry.at > opened_at else None


def _address(subject: str) -> str:
    if subject.startswith("export "):
        return reverse("exports:index")
    return reverse("batches:index", args=[subject])
