"""The audit as CSV: of exactly what is shown, all times in UTC, and harmless in a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from django.utils import timezone

from console.audit.selectors import EntryLine, utc

# What begins so is taken for a formula: https://owasp.org/www-community/attacks/CSV_Injection. With semicolons as
# separators, and in whatever splits at tabs and line ends, a cell begins behind each of those as well. Spreadsheets
# ignore blanks and invisible characters of every kind, and read the wide and small forms of the signs like the plain.
BLANK = (
    "\\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
# Takes a whole run of blanks whatever follows: one that gave it up would begin again at each of them.
BEGINNING = re.compile(f"(\\A[;{BLANK}]*|[;{BLANK}]+)([{SIGNS}]?)")
COLUMNS = (
    "When (UTC)",
    "Person",
    "E-mail",
    "What happened",
    "Since then",
    "Outcome",
    "Ended (UTC)",
    "Note",
    "Thing",
    "Thing's name",
    "Thing's id",
    "Action",
    "Where",
    "IP address",
    "Vendor",
    "Vendor's reference",
    "Request id",
    "Key fingerprint",
    "Entry",
    "Part of act",
)


def rows(lines: Iterable[EntryLine]) -> Iterator[str]:
    """One row for each line, read as they are written, so that a long audit needs no more memory than a short one."""
    return table(COLUMNS, _in_utc(lines))


def table(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> Iterator[str]:
    """The mark in front is for spreadsheets."""
    writer = csv.writer(_Passed())
    yield "\ufeff" + writer.writerow(columns)
    for row in cells:
        yield writer.writerow([safe_cell(cell) for cell in row])


def _in_utc(lines: Iterable[EntryLine]) -> Iterator[tuple[str, ...]]:
    """The cells of each line. Moments in sentences are worded as the lines are read, so that happens in UTC, too."""
    remaining = iter(lines)
    while True:
        # Not around the yield: the caller keeps its own time zone.
        with timezone.override(UTC):
            line = next(remaining, None)
            cells = _cells(line) if line else ()
        if not cells:
            return
        yield cells


def safe_cell(text: str) -> str:
    """The text, with an apostrophe in front of whatever a spreadsheet would take for a formula."""
    return BEGINNING.sub(_as_text, text)


def _as_text(match: re.Match[str]) -> str:
    before, sign = match.groups()
    begins_cell = match.start() == 0 or any(separator in before for separator in ";\t\r\n")
    if begins_cell and sign:
        return f"{before}'{sign}"
    return f"'{before}" if match.start() == 0 and before.lstrip(" ")[:1] in ("\t", "\r") else match[0]


def _cells(line: EntryLine) -> tuple[str, ...]:
    entry, newest = line.entry, line.entry.newest_outcome
    return (
        utc(entry.at),
        entry.actor_name,
        entry.actor_email,
        line.text,
        line.after,
        line.state,
        utc(newest.at) if newest else "",
        line.note,
        entry.thing_kind,
        line.summary.thing_name,
        line.summary.thing_id,
        entry.action,
        line.place,
        entry.address,
        entry.vendor,
        (newest.vendor_reference if newest else "") or entry.vendor_reference,
        entry.request_id,
        entry.key_fingerprint,
        str(entry.pk),
        str(entry.group or ""),
    )


class _Passed:
    """A file that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line
