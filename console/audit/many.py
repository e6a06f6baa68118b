"""Acts on many things at once: how many things one entry was about, and what became of how many of them.

The opening's detail has `items`, a number, and may have `ids` (of the work items) and `planned` (the things of all
parts of the act, those included that were not sent). An outcome's detail may have `done`, `refused` and `unknown`;
without them all of them ended as the entry did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, GroupLine

FIGURES = ("done", "refused", "unknown")


@dataclass(frozen=True)
class Counts:
    """Of one part, under the names of the fields of `GroupLine`."""

    open_parts: int
    unknown_parts: int
    items: int
    items_done: int
    items_failed: int
    items_unknown: int
    parts: int = 1


def counts_of(opening: Entry, outcomes: Iterable[Entry]) -> Counts:
    """`outcomes` are those of the opening, the oldest first."""
    items, outcome = number(opening.detail, "items") if "items" in opening.detail else 1, OPEN
    figures = {"done": 0, "refused": 0, "unknown": items}
    for row in (opening, *outcomes):
        outcome = row.recorded_outcome
        figures = _figures(row.detail) if has_figures(row.detail) else _resolved(figures, outcome)
    return Counts(
        open_parts=int(outcome == OPEN),
        unknown_parts=int(outcome == UNKNOWN),
        items=items,
        items_done=figures["done"],
        items_failed=figures["refused"],
        items_unknown=figures["unknown"] if outcome != OPEN else 0,
    )


def detail_of(found: Counts | GroupLine, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The detail with the figures that the sentence uses."""
    figures = {"done": found.items_done, "refused": found.items_failed, "unknown": found.items_unknown}
    return {**detail, "items": found.items, **figures}


def changes_between(before: Counts | None, now: Counts) -> dict[str, int]:
    """By how much the figures of the group change."""
    earlier = asdict(before) if before else {}
    return {name: value - earlier.get(name, 0) for name, value in asdict(now).items()}


def is_partly_done(detail: Mapping[str, Any]) -> bool:
    """Of a detail with the figures of the whole act, or of one part."""
    everything = max(number(detail, "items"), number(detail, "planned"))
    return has_figures(detail) and number(detail, "done") < everything


def number(detail: Mapping[str, Any], name: str) -> int:
    value = detail.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def has_figures(detail: Mapping[str, Any]) -> bool:
    return any(name in detail for name in FIGURES)


def _figures(detail: Mapping[str, Any]) -> dict[str, int]:
    return {name: number(detail, name) for name in FIGURES}


def _resolved(figures: Mapping[str, int], outcome: str) -> dict[str, int]:
    """What was unknown ended like this."""
    unknown = figures["unknown"]
    if outcome == DONE:
        return {**figures, "done": figures["done"] + unknown, "unknown": 0}
    if outcome == FAILED:
        return {**figures, "refused": figures["refused"] + unknown, "unknown": 0}
    return dict(figures)
