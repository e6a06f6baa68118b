"""Cells of a downloaded CSV that no spreadsheet takes for a formula, and back again.

Unlike `audit.csv_export.safe_cell` this can be undone, whatever the cell: where an apostrophe stands already, one
more is put in front.
"""

import re

from console.audit.csv_export import BLANK, SIGNS

# A cell begins at its start and, for whatever splits there, behind a semicolon, a tab and the end of a line. Takes a
# whole run of blanks whatever follows, so that it never goes back.
_BEGINNING = re.compile(f"(\\A[;{BLANK}]*|[;{BLANK}]+)('*)([{SIGNS}]?)")
_TAB_FIRST = re.compile("'* *[\t\r]")
_GUARDED_TAB_FIRST = re.compile("'+ *[\t\r]")


def with_guard(text: str) -> str:
    guarded = _BEGINNING.sub(_guard, text)
    return f"'{guarded}" if _TAB_FIRST.match(guarded) else guarded


def without_guard(text: str) -> str:
    """What `with_guard` was given."""
    if "'" not in text:
        return text
    plain = text[1:] if _GUARDED_TAB_FIRST.match(text) else text
    return _BEGINNING.sub(_unguard, plain)


def is_guarded(text: str) -> bool:
    """Whether an apostrophe stands where `with_guard` puts one."""
    return without_guard(text) != text


def _guard(match: re.Match[str]) -> str:
    before, quotes, sign = match.groups()
    return f"{before}'{quotes}{sign}" if sign and _begins_cell(match) else match[0]


def _unguard(match: re.Match[str]) -> str:
    before, quotes, sign = match.groups()
    return f"{before}{quotes[1:]}{sign}" if sign and quotes and _begins_cell(match) else match[0]


def _begins_cell(match: re.Match[str]) -> bool:
    return match.start() == 0 or any(separator in match[1] for separator in ";\t\r\n")
