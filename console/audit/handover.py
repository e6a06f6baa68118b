"""The handover note: what happened between two moments, sorted for the colleague who takes over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from console.audit.actions import in_group
from console.audit.models import DONE, FAILED, Entry, EntryQuerySet
from console.audit.reading import EXPORTED, Line, line, with_downloads

MOST = 2000
QUEUED = "export.queue"
DOWNLOADS = ("export.download", "item.download", "file.download")

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Exports made", (EXPORTED,)),
    ("Exports queued and deleted", (QUEUED, "export.unqueue", "export.delete")),
    ("Downloaded", DOWNLOADS),
    ("Orders changed", tuple(in_group("order"))),
    ("Sent back", ("item.send_back",)),
    ("Work items", ("item.signal", "item.approve", "item.create", "item.labels")),
    ("Slices and batches", (*in_group("slices"), *in_group("batches"))),
    ("Files", ("file.upload",)),
    ("People and keys", (*in_group("people"), *in_group("keys"))),
)
WENT_WRONG, NOT_KNOWN, OTHER = "Failed", "Unresolved", "Other"
# Comings, goings and the reading of the audit itself are no work to hand over.
LEFT_OUT = (*in_group("sessions"), *in_group("audit"), "export.receipt")
PLACED = frozenset({*LEFT_OUT, *(name for _, names in SECTIONS for name in names)})


@dataclass(frozen=True)
class Told:
    """A sentence and how often it happened, at the time of the first."""

    line: Line
    times: int = 1

    @property
    def text(self) -> str:
        often = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.line.text}{often}{f'. {self.line.failure}' if self.line.failure else ''}"


@dataclass(frozen=True)
class Section:
    title: str
    told: list[Told]


@dataclass(frozen=True)
class Note:
    since: datetime
    until: datetime
    sections: list[Section]
    is_cut: bool

    @property
    def text(self) -> str:
        """The note for a mail or a chat: words only, no ids."""
        head = f"Handover note, {_moment(self.since)} to {_moment(self.until)}"
        body = [_as_text(section) for section in self.sections] or ["Nothing happened."]
        return "\n\n".join([head, *body])


def entries(reader: object, since: datetime, until: datetime) -> EntryQuerySet:
    found = Entry.objects.visible_to(reader).lines().exclude(action__in=LEFT_OUT)
    return found.within(since, until)


def note(reader: object, since: datetime, until: datetime) -> Note:
    rows = entries(reader, since, until).prefetch_related("outcomes").order_by("sequence")
    lines = [line(row) for row in rows[: MOST + 1]]
    told = _without_queued(with_downloads(lines[:MOST]))
    return Note(since, until, list(_sections(told)), len(lines) > MOST)


def _without_queued(lines: list[Line]) -> list[Line]:
    """An export that waited and was then made is one export: that it waited is left out."""
    made = {_whose(one) for one in lines if one.entry.action == EXPORTED and one.outcome == DONE}
    return [one for one in lines if one.entry.action != QUEUED or _whose(one) not in made]


def _whose(one: Line) -> tuple[object, str]:
    return one.entry.actor_id, one.entry.thing_name


def _sections(lines: list[Line]) -> Iterator[Section]:
    titles = [*(title for title, _ in SECTIONS), OTHER, WENT_WRONG, NOT_KNOWN]
    for title in titles:
        if mine := _counted(one for one in lines if _title(one) == title):
            yield Section(title, mine)


def _title(one: Line) -> str:
    if one.outcome == FAILED or one.failure:
        return WENT_WRONG
    if one.outcome != DONE:
        return NOT_KNOWN
    return next((title for title, names in SECTIONS if one.entry.action in names), OTHER)


def _counted(lines: Iterable[Line]) -> list[Told]:
    """The same sentence twice is said once, with how often."""
    seen: dict[str, Told] = {}
    for one in lines:
        before = seen.get(one.text)
        seen[one.text] = Told(before.line, before.times + 1) if before else Told(one)
    return list(seen.values())


def _as_text(section: Section) -> str:
    return "\n".join([section.title, *(f"- {_moment(told.line.at)}: {told.text}" for told in section.told)])


def _moment(value: datetime) -> str:
    local = timezone.localtime(value)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"
