"""The audit as CSV: of exactly what is shown, and harmless in a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo

from console.audit.reading import Line

# What begins so is taken for a formula: https://owasp.org/www-community/attacks/CSV_Injection. With semicolons as
# separators, and in whatever splits at tabs and line ends, a cell begins behind each of those as well.
RISKY = re.compile(r"(^|[;\t\r\n])( *)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\t\r])")
COLUMNS = (
    "When (UTC)",
    "When",
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
    "Address",
    "Vendor",
    "Vendor's reference",
    "Request id",
    "Key fingerprint",
    "Entry",
)


def rows(lines: Iterable[Line], zone: tzinfo) -> Iterator[str]:
    """Line by line, so that a long audit needs no more memory than a short one. The mark is for spreadsheets."""
    writer = csv.writer(_Passed())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for line in lines:
        yield writer.writerow([safe_cell(cell) for cell in _cells(line, zone)])


def safe_cell(text: str) -> str:
    return RISKY.sub(r"\1\2'", text)


def _cells(line: Line, zone: tzinfo) -> tuple[str, ...]:
    entry, newest = line.entry, line.entry.newest_outcome
    return (
        f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
        entry.actor_name,
        entry.actor_email,
        line.text,
        line.after,
        line.state,
        f"{newest.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if newest else "",
        "; ".join(filter(None, [entry.note, newest.note if newest else ""])),
        entry.thing_kind,
        line.told.thing_name,
        line.told.thing_id,
        entry.action,
        line.place,
        entry.address,
        entry.vendor,
        (newest.vendor_reference if newest else "") or entry.vendor_reference,
        entry.request_id,
        entry.key_fingerprint,
        str(entry.pk),
    )


class _Passed:
    """A file that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line
