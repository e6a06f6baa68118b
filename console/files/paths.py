"""Paths of files as people paste them: one a line, relative to the space or as `s3://<bucket>/spaces/<space>/…`."""

import re
from dataclasses import dataclass

from console.common.parsing import clean
from console.upstream.storage_paths import PathRefused, path_in_space

MOST_PATHS = 1_000
MOST_TEXT = 2_000_000
MOST_ERRORS = 1_000
LONGEST_QUOTED = 200

# As editors count lines; the other line ends of Unicode are control characters inside a path.
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANKS = " \t\ufeff"


@dataclass(frozen=True)
class LineError:
    """`line` is counted from 1, blank lines included; `text` is what stands there, cut where it is long."""

    line: int
    text: str
    message: str


@dataclass(frozen=True)
class PastedPaths:
    """`paths` are relative to the space, different from one another and in the order they were pasted."""

    paths: tuple[str, ...] = ()
    duplicates: int = 0
    errors: tuple[LineError, ...] = ()
    """The first `MOST_ERRORS` of the lines that are no path of the space."""
    error_count: int = 0
    problem: str = ""
    """A sentence about the whole; there are no `paths` then."""


def read_paths(space: str, text: str) -> PastedPaths:
    """The paths in a text, up to `MOST_PATHS` different ones. Blank lines are skipped. Never raises."""
    if len(text) > MOST_TEXT:
        return PastedPaths(problem=f"This text is too long. Paste up to {MOST_PATHS:,} paths at once.")
    paths: dict[str, None] = {}
    pasted, error_count = 0, 0
    errors: list[LineError] = []
    for number, raw in enumerate(_LINE_END.split(text), start=1):
        if not (line := raw.strip(_BLANKS)):
            continue
        try:
            paths[path_in_space(space, line)] = None
            pasted += 1
        except PathRefused as refused:
            error_count += 1
            if len(errors) < MOST_ERRORS:
                errors.append(LineError(number, clean(line[:LONGEST_QUOTED]), str(refused)))
    if problem := _problem(len(paths), error_count):
        return PastedPaths(problem=problem, errors=tuple(errors), error_count=error_count)
    return PastedPaths(tuple(paths), pasted - len(paths), tuple(errors), error_count)


def _problem(paths: int, error_count: int) -> str:
    if paths > MOST_PATHS:
        return f"These are {paths:,} different paths. Paste up to {MOST_PATHS:,} at once."
    if paths:
        return ""
    return "None of these lines is a path in this space." if error_count else "Paste at least one path."
