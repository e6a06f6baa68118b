"""The pictures and classes of a COCO file as typed values, with notes on what is cut or left out of a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from typing import Any

from console.common.parsing import INT64, clean

MOST_BONES = 200
"""Lines in the skeleton of one class."""
LONGEST_NAME = 200
LONGEST_PATH = 1_000
"""Characters of a picture's file name, of which the last ones count."""
LARGEST_SIDE = 10_000_000
"""Pixels."""


@dataclass(frozen=True)
class CocoImage:
    """`file_name` can be a path."""

    id: str = ""
    file_name: str = ""
    width: float | None = None
    height: float | None = None

    @property
    def short_name(self) -> str:
        name = self.file_name
        return name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME:]}"


@dataclass(frozen=True)
class CocoCategory:
    """`skeleton` joins keypoints by their number, from 1.

    `problems` name in the plural what is cut or left out, so that a note can count the classes: `Skeletons that …: 3.`
    """

    id: str
    name: str
    keypoint_names: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    problems: tuple[str, ...] = ()


def read_image(entry: dict[str, Any]) -> CocoImage:
    name = entry.get("file_name")
    width, height = (_side(entry.get(side)) for side in ("width", "height"))
    return CocoImage(
        read_id(entry.get("id")), clean(name[-LONGEST_PATH:]).strip() if isinstance(name, str) else "", width, height
    )


def read_category(entry: dict[str, Any]) -> CocoCategory:
    """Its keypoints and its skeleton as far as they can be read."""
    problems: list[str] = []
    return CocoCategory(
        read_id(entry.get("id")),
        _name(entry.get("name"), "Class names", problems),
        _keypoint_names(entry.get("keypoints"), problems),
        tuple(_bones(entry.get("skeleton"), problems)),
        tuple(dict.fromkeys(problems)),
    )


def read_id(value: Any) -> str:
    """The same text for `7`, `7.0` and `"7"`; empty for what is no id."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return clean(str(value)[:LONGEST_NAME])


def are_numbers(values: Sequence[Any]) -> bool:
    """Whether each is a number that can be reckoned with: not NaN, not infinite, no integer beyond 64 bits."""
    # By their exact types, because True counts as a number in Python.
    if not set(map(type, values)) <= {int, float}:
        return False
    return are_near(values) or all(one in INT64 if isinstance(one, int) else isfinite(one) for one in values)


def are_near(values: Sequence[float]) -> bool:
    """Whether numbers of any kind are in reach of a picture: none of them NaN or further out than LARGEST_SIDE."""
    try:
        # Ten times as fast as the line below, and true of all but the longest outlines.
        return hypot(*values) <= LARGEST_SIDE or all(-LARGEST_SIDE <= one <= LARGEST_SIDE for one in values)
    except OverflowError:
        return False


def _side(value: Any) -> float | None:
    return value if are_numbers([value]) and 0 < value <= LARGEST_SIDE else None


def _name(value: Any, what: str, problems: list[str]) -> str:
    if not isinstance(value, str):
        if value is not None:
            problems.append(f"{what} that aren't text")
        return ""
    if len(value) <= LONGEST_NAME:
        return clean(value).strip()
    problems.append(f"{what} cut after {LONGEST_NAME} characters")
    return clean(f"{value[:LONGEST_NAME]}…").strip()


def _keypoint_names(names: Any, problems: list[str]) -> tuple[str, ...]:
    if isinstance(names, list):
        return tuple(_name(name, "Keypoint names", problems) for name in names)
    if names is not None:
        problems.append("Lists of keypoint names that can't be read")
    return ()


def _bones(pairs: Any, problems: list[str]) -> Iterator[tuple[int, int]]:
    """Each pair once, whichever of the two comes first."""
    if not isinstance(pairs, list):
        if pairs is not None:
            problems.append("Skeletons that can't be read")
        return
    seen_bones: set[frozenset[int]] = set()
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or set(map(type, pair)) != {int}:
            problems.append("Skeletons with lines that can't be read")
        elif len(seen_bones) == MOST_BONES:
            problems.append(f"Skeletons of which only {MOST_BONES} lines are drawn")
            return
        elif pair[0] != pair[1] and frozenset(pair) not in seen_bones:
            seen_bones.add(frozenset(pair))
            yield pair[0], pair[1]
