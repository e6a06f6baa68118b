"""The handover note: what happened between two moments, sorted for the colleague who takes over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from console.audit import actions
from console.audit.actions import LEFT_OUT
from console.audit.forms import Range
from console.audit.models import DONE, FAILED, Entry, EntryQuerySet
from console.audit.sanitize import name_of
from console.audit.selectors import EntryLine, group_lines, utc, with_downloads
from console.common.formatting import moment, show_controls

MOST = 2000
CUT = f"This note is incomplete: it holds the first {MOST:,} entries. Choose a shorter time for the rest."
COLUMNS = ("Section", "When (UTC)", "What happened", "Times", "Since then", "Note", "Work by")
EXPORTED, QUEUED = "export.create", "export.queue"
WENT_WRONG, NOT_KNOWN, OTHER = "Failed", "Unresolved", "Other"
# Sections that no line of this table names stand before these three.
SECTIONS = (
    "Exports created",
    "Exports queued and deleted",
    "Downloads",
    "Order changes",
    "Work items sent back",
    "Work items",
    "Slices and batches",
    "Files",
    "People and keys",
)


@dataclass(frozen=True)
class NoteLine:
    """A sentence and how often it happened, at the time of the first, with the notes of all."""

    line: EntryLine
    times: int = 1
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        often = f" ({self.times} times)" if self.times > 1 else ""
        failure = f". {self.line.failure}" if self.line.failure else ""
        return f"{self.line.text}{often}{failure}"

    @property
    def noted(self) -> str:
        """Its notes in quotation marks, or ""."""
        return ", ".join(f"“{note}”" for note in self.notes)


@dataclass(frozen=True)
class Section:
    title: str
    lines: list[NoteLine]


@dataclass(frozen=True)
class Note:
    """`who` is the one person whose work it covers; "" where it covers everyone's."""

    who: str
    since: datetime
    until: datetime
    sections: list[Section]
    is_cut: bool

    @property
    def covers(self) -> str:
        return self.who or "everyone"

    @property
    def title(self) -> str:
        return f"Handover note: work by {self.covers}"

    @property
    def nothing(self) -> str:
        """Instead of sentences, where there are none."""
        return f"No work by {self.who or 'anyone'} was recorded in this time."

    @property
    def text(self) -> str:
        """The note for a mail or a chat: words only, no ids."""
        head = f"{self.title}\n{moment(self.since)} to {moment(self.until)}"
        body = [_as_text(section) for section in self.sections] or [self.nothing]
        return "\n\n".join([head, *([CUT] if self.is_cut else []), *body])

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The note as a table, under COLUMNS."""
        for section in self.sections:
            for note_line in section.lines:
                one = note_line.line
                yield (
                    section.title,
                    utc(one.at),
                    one.text,
                    str(note_line.times),
                    one.failure,
                    note_line.noted,
                    self.covers,
                )
        for sentence in (CUT if self.is_cut else "", "" if self.sections else self.nothing):
            if sentence:
                yield "", "", sentence, "", "", "", self.covers


def note(reader: Any, period: Range) -> Note:
    """What the reader can see of that time; an open end is now."""
    rows = _entries(reader, period).prefetch_related("outcomes").order_by("sequence")
    lines = group_lines(rows[: MOST + 1])
    shown_lines = _without_queued(with_downloads(lines[:MOST]))
    who = "" if reader.can("audit.all") else name_of(reader)
    until = period.until or timezone.now()
    return Note(who, period.since or until, until, list(_sections(shown_lines)), len(lines) > MOST)


def _entries(reader: Any, period: Range) -> EntryQuerySet:
    return (
        Entry.objects.grouped()
        .visible_to(reader)
        .exclude(action__in=actions.in_section(LEFT_OUT))
        .within(period.since, period.until)
    )


def _without_queued(lines: list[EntryLine]) -> list[EntryLine]:
    """An export that waited and was then made is one export: that it waited is left out."""
    created = {_author_and_name(one) for one in lines if one.entry.action == EXPORTED and one.outcome == DONE}
    return [one for one in lines if one.entry.action != QUEUED or _author_and_name(one) not in created]


def _author_and_name(one: EntryLine) -> tuple[object, str]:
    return one.entry.actor_id, one.entry.thing_name


def _sections(lines: list[EntryLine]) -> Iterator[Section]:
    titles = dict.fromkeys([*SECTIONS, *(_title(one) for one in lines)])
    last = [OTHER, WENT_WRONG, NOT_KNOWN]
    for title in [*(title for title in titles if title not in last), *last]:
        if equal_lines := _count_equal(one for one in lines if _title(one) == title):
            yield Section(title, equal_lines)


def _title(one: EntryLine) -> str:
    if one.outcome == FAILED or one.failure:
        return WENT_WRONG
    if one.outcome != DONE:
        return NOT_KNOWN
    return actions.section_of(one.entry.action) or OTHER


def _count_equal(lines: Iterable[EntryLine]) -> list[NoteLine]:
    """The same sentence twice is said once, with how often."""
    by_sentence: dict[tuple[str, str], NoteLine] = {}
    for one in lines:
        so_far = by_sentence.get((one.text, one.failure), NoteLine(one, 0))
        notes = dict.fromkeys([*so_far.notes, *one.notes])
        by_sentence[one.text, one.failure] = NoteLine(so_far.line, so_far.times + 1, tuple(notes))
    return list(by_sentence.values())


def _as_text(section: Section) -> str:
    return "\n".join([section.title, *(_sentence(line) for line in section.lines)])


def _sentence(line: NoteLine) -> str:
    text = line.text.removesuffix(".")
    noted = f". Note: {line.noted}" if line.noted else line.text[len(text) :]
    return show_controls(f"- {moment(line.line.at)}: {text}{noted}")
