"""How far a bulk signal or an import is, in words, and how much time is left at the pace that was measured.

The pace is the middle of the last few parts, so that one standstill (a killed worker, a pause) does not stretch it.
"""

from collections.abc import Sequence
from datetime import datetime
from statistics import median_low
from typing import Any

from django.utils import timezone

from console.common.formatting import duration, number, plural
from console.items.runs.models import Run

MOST_PACES = 5
FEWEST_PACES = 2
LONGEST_LEFT = 12 * 60 * 60
# After so much longer than the last part should have taken, nothing is estimated.
PATIENCE = 30.0
PART = 100


def measure(run: Run, *, items: int, now: datetime) -> dict[str, Any]:
    """What to store on the row, together with its counts, when a part of so many items is finished."""
    before = run.progressed_at or run.started_at
    if before is None or items < 1:
        return {"progressed_at": now}
    pace = max(0.0, (now - before).total_seconds()) / items
    return {"progressed_at": now, "paces": [*run.paces, pace][-MOST_PACES:]}


def finished_count(run: Run) -> int:
    """How many of the planned items have an outcome; never more than were planned."""
    return min(run.outcome_count, run.planned_count)


def seconds_left(run: Run, now: datetime) -> float | None:
    """None while there is no pace, and where the last part takes so long that its pace tells nothing."""
    remaining = run.planned_count - finished_count(run)
    if not run.is_moving or run.progressed_at is None or remaining < 1:
        return None
    pace = _pace(run.paces)
    since = max(0.0, (now - run.progressed_at).total_seconds())
    if pace is None or since > pace * PART + PATIENCE:
        return None
    remaining_seconds = max(pace * remaining - since, 0.0)
    return remaining_seconds if remaining_seconds <= LONGEST_LEFT else None


def in_words(run: Run, now: datetime | None = None) -> str:
    """`2,300 of 5,000, 12 refused, about 40 s left`."""
    words = [f"{number(finished_count(run))} of {number(run.planned_count)}"]
    for count, word in ((run.refused_count, "refused"), (run.unknown_count, "unknown")):
        words += [f"{number(count)} {word}"] if count else []
    remaining_seconds = seconds_left(run, now or timezone.now())
    return ", ".join([*words, *([_left_in_words(remaining_seconds)] if remaining_seconds is not None else [])])


def place_in_words(first: int, last: int, total: int) -> str:
    """`101 to 200 of 250 items`, and of a list that fits on one page its number alone."""
    items = plural(total, "item")
    return items if last - first + 1 == total else f"{number(first)} to {number(last)} of {items}"


def _pace(paces: Sequence[object]) -> float | None:
    """Seconds per item."""
    usable = [float(pace) for pace in paces if isinstance(pace, int | float) and pace >= 0]
    return median_low(usable) if len(usable) >= FEWEST_PACES else None


def _left_in_words(seconds: float) -> str:
    if seconds < 10:
        return "a few seconds left"
    # In steps, so that the figure does not jump about.
    step = 10 if seconds < 60 else 60 if seconds < 3600 else 3600
    return f"about {duration(-(-seconds // step) * step)} left"
