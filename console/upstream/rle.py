"""Masks as COCO writes them: run lengths, column by column, beginning with what is empty.

There are two spellings of the same runs: a list of whole numbers, and a text in which each run after the third is the
difference to the last but one, in groups of five bits (`cocodataset/cocoapi: common/maskApi.c: rleFrString`). Nothing
of a mask's size is ever allocated, so that a mask of 60,000 × 60,000 pixels costs no more than its runs.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

MOST_SIDE = 65_535
"""Pixels."""

_GROUPS = 7
"""Five bits each; the longest run of the largest mask has 32."""
_GOING_ON = bytes(range(80, 112))
"""Groups after which the same run goes on."""


class BadMask(ValueError):
    """The mask cannot be drawn; the text is a sentence that says why."""


@dataclass(frozen=True)
class Mask:
    """`runs` alternate between empty and filled pixels; they end with the mask or, if `is_short`, before."""

    height: int
    width: int
    runs: Sequence[int]
    is_short: bool = False


def count_runs(counts: Any) -> int:
    """How many runs `counts` holds in either spelling, without reading them; none if it is in no spelling."""
    if isinstance(counts, str | bytes):
        return len(_in_bytes(counts).translate(None, _GOING_ON))
    return len(counts) if isinstance(counts, list) else 0


def read_mask(size: Any, counts: Any) -> Mask:
    """The mask of a COCO `segmentation` with its `size` (height, width) and `counts` in either spelling.

    Takes a third of a second for a million runs; `count_runs` tells beforehand. Raises BadMask.
    """
    height, width = _read_size(size)
    runs = _decoded(counts) if isinstance(counts, str | bytes) else _listed(counts)
    total = sum(runs)
    if total > height * width:
        raise BadMask("Its mask has more pixels than its size allows.")
    return Mask(height, width, array("I", runs), is_short=total < height * width)


def filled_spans(mask: Mask) -> list[tuple[int, int]]:
    """First pixel and the one after the last of each filled run, counted down the columns; touching runs are one."""
    spans: list[tuple[int, int]] = []
    ends = list(accumulate(mask.runs))
    for start, end in zip(ends[0::2], ends[1::2], strict=False):
        if start == end:
            continue
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _read_size(size: Any) -> tuple[int, int]:
    if not isinstance(size, list) or len(size) != 2:
        raise BadMask("Its mask has no size.")
    height, width = (_whole(side) for side in size)
    if height is None or width is None or height < 1 or width < 1:
        raise BadMask("The size of its mask can't be read.")
    if height > MOST_SIDE or width > MOST_SIDE:
        raise BadMask(f"Its mask is larger than {MOST_SIDE:,} pixels on one side.")
    return height, width


def _listed(counts: Any) -> list[int]:
    if not isinstance(counts, list):
        raise BadMask("Its mask has no runs that can be read.")
    runs = [_whole(count) for count in counts]
    numbers = [run for run in runs if run is not None]
    if len(numbers) < len(runs):
        raise BadMask("Its mask has a run that isn't a whole number.")
    return _checked(numbers)


def _decoded(counts: str | bytes) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for byte in _in_bytes(counts):
        group = byte - 48
        if not 0 <= group < 64 or shift >= 5 * _GROUPS:
            raise BadMask("Its mask is in no spelling that COCO knows.")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise BadMask("Its mask is cut short.")
    return _checked(runs)


def _checked(runs: list[int]) -> list[int]:
    if runs and min(runs) < 0:
        raise BadMask("Its mask has a negative run.")
    if runs and max(runs) > MOST_SIDE * MOST_SIDE:
        raise BadMask("Its mask has more pixels than its size allows.")
    return runs


def _in_bytes(counts: str | bytes) -> bytes:
    return counts if isinstance(counts, bytes) else counts.encode("utf-8", "replace")


def _whole(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
