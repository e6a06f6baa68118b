"""The labels of a COCO file as typed values; what cannot be read of a label becomes a sentence on it."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.upstream.coco_categories import are_near, are_numbers, read_id
from console.upstream.json_reader import TOO_MUCH, Limit
from console.upstream.rle import BadMask, Mask, count_runs, read_mask

MOST_POINTS = 400_000
"""In the outlines of one file."""
MOST_RUNS = 1_000_000
"""In the masks of one file."""
MOST_KEYPOINTS = 50_000
"""Of the labels of one file."""
SMALL: Final = Limit(2_000, 2_000)
"""For any field but the outline."""
FIELDS: Final = (
    "id",
    "image_id",
    "category_id",
    "bbox",
    "segmentation",
    "keypoints",
    "iscrowd",
    "score",
    "rotation",
    "attributes",
)
Box = tuple[float, float, float, float]
"""Left, top, width, height."""


@dataclass(frozen=True)
class CocoKeypoint:
    """`visibility`: 2 seen, 1 labelled but hidden, 0 not labelled."""

    x: float
    y: float
    visibility: int


@dataclass(frozen=True)
class CocoLabel:
    """`rotation` turns the box about its middle, in degrees, clockwise. `problems` are sentences about this label."""

    image_id: str
    category_id: str
    box: Box | None = None
    rotation: float = 0.0
    polygons: tuple[Sequence[float], ...] = ()
    """x, y, x, y …"""
    mask: Mask | None = None
    has_outline: bool = False
    """Whether the file gives polygons or a mask, readable or not."""
    keypoints: tuple[CocoKeypoint, ...] = ()
    is_crowd: bool = False
    score: float | None = None
    problems: tuple[str, ...] = ()


class LabelReader:
    """Reads the labels of one file, whose points and runs it counts."""

    def __init__(self) -> None:
        self._points_left, self._runs_left, self._keypoints_left = MOST_POINTS, MOST_RUNS, MOST_KEYPOINTS
        self._too_detailed = self._without_keypoints = 0

    @property
    def outline_limit(self) -> Limit:
        """Beyond it an outline has more points or runs than are left, however they are put."""
        return Limit(2 * self._points_left, self._runs_left + SMALL.in_object)

    @property
    def is_full(self) -> bool:
        """Whether an outline was too large for what is left, so that others will be."""
        return self._too_detailed > 0

    def read(self, entry: dict[str, Any], repeated: Collection[str] = ()) -> CocoLabel:
        problems = [f"Its “{name}” is given twice; the last one counts." for name in repeated]
        box = _box(entry.get("bbox"), problems)
        outline = entry.get("segmentation")
        return CocoLabel(
            image_id=read_id(entry.get("image_id")),
            category_id=read_id(entry.get("category_id")),
            box=box,
            rotation=_rotation(entry, problems),
            polygons=() if isinstance(outline, dict) else self._polygons(outline, problems),
            mask=self._mask(outline, problems) if isinstance(outline, dict) else None,
            has_outline=outline not in (None, []),
            keypoints=self._keypoints(entry.get("keypoints"), problems),
            is_crowd=_is_crowd(entry.get("iscrowd"), problems),
            score=_score(entry.get("score"), problems),
            problems=tuple(dict.fromkeys(problems)),
        )

    def notes(self) -> Iterator[str]:
        """Sentences about the file, to be asked for at its end."""
        if self._too_detailed:
            yield (
                f"The file has more than {MOST_POINTS:,} points or {MOST_RUNS:,} mask runs. The outlines beyond that "
                f"aren't drawn: {self._too_detailed:,} in total."
            )
        if self._without_keypoints:
            yield (
                f"The file has more than {MOST_KEYPOINTS:,} keypoints. "
                f"Labels without theirs: {self._without_keypoints:,}."
            )

    def _polygons(self, value: Any, problems: list[str]) -> tuple[Sequence[float], ...]:
        if value is None or value == []:
            return ()
        if value is TOO_MUCH:
            self._too_detailed += 1
            problems.append(_TOO_DETAILED)
            return ()
        if not isinstance(value, list):
            problems.append("Its outline is in no form that COCO knows.")
            return ()
        parts = value if isinstance(value[0], list) else [value]
        polygons = tuple(polygon for part in parts if (polygon := _polygon(part, problems)))
        points = sum(map(len, polygons)) // 2
        if points > self._points_left:
            return self._polygons(TOO_MUCH, problems)
        self._points_left -= points
        return polygons

    def _mask(self, value: dict[str, Any], problems: list[str]) -> Mask | None:
        size, counts = value.get("size"), value.get("counts")
        # Those that turn out unreadable count as well: reading them is what takes the time.
        runs = count_runs(counts)
        if counts is TOO_MUCH or runs > self._runs_left:
            self._too_detailed += 1
            problems.append(_TOO_DETAILED)
            return None
        self._runs_left -= runs
        try:
            mask = read_mask(size, counts)
        except BadMask as bad:
            problems.append(str(bad))
            return None
        if mask.is_short:
            problems.append("Its mask ends early; the rest is taken as empty.")
        return mask

    def _keypoints(self, value: Any, problems: list[str]) -> tuple[CocoKeypoint, ...]:
        keypoints = _keypoints(value, problems)
        if len(keypoints) > self._keypoints_left:
            self._without_keypoints += 1
            problems.append("Its keypoints aren't drawn, because the file has too many.")
            return ()
        self._keypoints_left -= len(keypoints)
        return keypoints


_TOO_DETAILED: Final = "Its outline has too many points to be drawn."


def _polygon(part: Any, problems: list[str]) -> Sequence[float]:
    """A part of an outline; empty if it cannot be drawn."""
    if not isinstance(part, list) or not are_numbers(part):
        problems.append("A part of its outline isn't a list of numbers.")
    elif len(part) % 2:
        problems.append("A part of its outline has an odd number of coordinates.")
    elif len(part) < 6:
        problems.append("A part of its outline has fewer than three points.")
    elif not are_near(part):
        problems.append("A part of its outline lies too far outside the picture.")
    else:
        return array("d", part)
    return ()


def _box(value: Any, problems: list[str]) -> Box | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list) or len(value) != 4 or not are_numbers(value):
        problems.append("Its box isn't four numbers.")
    elif not are_near(value):
        problems.append("Its box lies too far outside the picture.")
    elif value[2] < 0 or value[3] < 0:
        problems.append("Its box has a negative size.")
    elif not value[2] and not value[3]:
        problems.append("Its box has no size.")
    else:
        left, top, width, height = value
        return left, top, width, height
    return None


def _rotation(entry: dict[str, Any], problems: list[str]) -> float:
    """Degrees. CVAT writes them among the `attributes`."""
    attributes = entry.get("attributes")
    value = entry.get("rotation", attributes.get("rotation") if isinstance(attributes, dict) else None)
    if value is None:
        if attributes is TOO_MUCH:
            problems.append("It has too many attributes, so the angle of its box isn't known.")
        return 0.0
    if not are_numbers([value]):
        problems.append("The angle of its box isn't a number.")
        return 0.0
    return float(value) % 360


def _keypoints(value: Any, problems: list[str]) -> tuple[CocoKeypoint, ...]:
    if value is None or value == []:
        return ()
    if value is TOO_MUCH:
        problems.append("It has too many keypoints to be drawn.")
    elif not isinstance(value, list) or not are_numbers(value):
        problems.append("Its keypoints aren't numbers.")
    elif len(value) % 3 or not set(value[2::3]) <= {0, 1, 2}:
        problems.append("Its keypoints aren't in threes: across, down, visibility.")
    elif not are_near(value):
        problems.append("Its keypoints lie too far outside the picture.")
    else:
        return tuple(
            CocoKeypoint(*point) for point in zip(value[0::3], value[1::3], map(int, value[2::3]), strict=True)
        )
    return ()


def _score(value: Any, problems: list[str]) -> float | None:
    if value is None:
        return None
    if not are_numbers([value]):
        problems.append("Its score isn't a number.")
        return None
    return float(value)


def _is_crowd(value: Any, problems: list[str]) -> bool:
    if value not in (None, 0, 1, "0", "1"):
        problems.append("Its crowd flag is neither 0 nor 1.")
    return value in (1, "1")
