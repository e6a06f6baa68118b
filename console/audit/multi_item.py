"""Acts on many things at once: how many things one entry was about, and what became of how many of them.

The opening's detail has `items`, a number, and can have `ids` (of the work items) and `planned` (the things of all
parts of the act, those included that were not sent). An outcome's detail can have `items_done`, `items_refused` and
`items_unknown`; without them all of them ended as the entry did. With them, `items` says of how many the entry came to
be: the others were not sent under it. One with `sent_again` says that those of its `items`
are on their way once more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, GroupLine

FIGURES = ("items_done", "items_refused", "items_unknown")


@dataclass(frozen=True)
class PartCounts:
    """Of one part, under the names of the fields of `GroupLine`."""

    open_parts: int
    unknown_parts: int
    items: int
    items_done: int
    items_failed: int
    items_unknown: int
    parts: int = 1


def counts_of(opening: Entry, outcomes: Iterable[Entry]) -> PartCounts:
    """`outcomes` are those of the opening, the oldest first."""
    items, outcome = number(opening.detail, "items") if "items" in opening.detail else 1, OPEN
    figures = _none_known(items)
    for row in (opening, *outcomes):
        outcome = row.recorded_outcome
        if row.detail.get("sent_again"):
            items = number(row.detail, "items") or items
            figures = _none_known(items)
        elif has_figures(row.detail):
            items = number(row.detail, "items") or items
            figures = {name: number(row.detail, name) for name in FIGURES}
        else:
            figures = _resolved(figures, outcome)
    return PartCounts(
        open_parts=int(outcome == OPEN),
        unknown_parts=int(outcome == UNKNOWN),
        items=items,
        items_done=figures["items_done"],
        items_failed=figures["items_refused"],
        items_unknown=figures["items_unknown"] if outcome != OPEN else 0,
    )


def share_of(opening: Entry, outcomes: Iterable[Entry]) -> PartCounts:
    """What the part adds to the figures of its group: things that an earlier part tried are counted once."""
    counts, again = counts_of(opening, outcomes), number(opening.detail, "items_again")
    return replace(counts, items=counts.items - again, items_failed=counts.items_failed - again)


def detail_of(counts: PartCounts | GroupLine, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The detail with the figures that the sentence uses."""
    figures = zip(FIGURES, (counts.items_done, counts.items_failed, counts.items_unknown), strict=True)
    return {**detail, "items": counts.items, **dict(figures)}


def changes_between(before: PartCounts | None, now: PartCounts) -> dict[str, int]:
    """By how much the figures of the group change."""
    earlier = asdict(before) if before else {}
    return {name: value - earlier.get(name, 0) for name, value in asdict(now).items()}


def is_partly_done(detail: Mapping[str, Any]) -> bool:
    """Of a detail with the figures of the whole act, or of one part."""
    everything = max(number(detail, "items"), number(detail, "planned"))
    return 0 < number(detail, "items_done") < everything


def number(detail: Mapping[str, Any], name: str) -> int:
    value = detail.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def has_figures(detail: Mapping[str, Any]) -> bool:
    return any(name in detail for name in FIGURES)


def _none_known(items: int) -> dict[str, int]:
    return {"items_done": 0, "items_refused": 0, "items_unknown": items}


def _resolved(figures: Mapping[str, int], outcome: str) -> dict[str, int]:
    """What was unknown ended like this."""
    unknown = figures["items_unknown"]
    if outcome == DONE:
        return {**figures, "items_done": figures["items_done"] + unknown, "items_unknown": 0}
    if outcome == FAILED:
        return {**figures, "items_refused": figures["items_refused"] + unknown, "items_unknown": 0}
    return dict(figures)
