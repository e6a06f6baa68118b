"""The outline of one label as SVG path data: its polygons or its mask, else its box."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Literal

from console.items.labels.outlines import TooDetailed, polygon_path, ring_path, trace_mask
from console.upstream.coco_labels import CocoLabel
from console.upstream.rle import Mask

MOST_CORNERS = 400_000
"""In the masks of one picture."""

Extent = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Drawing:
    """What there is to draw; `path` is "" and `extent` None if that is nothing. `problems` are sentences."""

    form: Literal["polygons", "mask", "box", "nothing"]
    path: str = ""
    extent: Extent | None = None
    problems: tuple[str, ...] = ()


NOTHING = Drawing("nothing")


class LabelRenderer:
    """Draws the labels of one picture of this size in pixels, and counts the corners of their masks."""

    def __init__(self, width: float, height: float) -> None:
        self._size = (width, height)
        self._corners_left = MOST_CORNERS
        self._too_detailed = 0

    def render(self, label: CocoLabel) -> Drawing:
        """A label whose outline cannot be drawn as its box."""
        outline = self._outline(label)
        if outline.path:
            return outline
        box = _box(label)
        if label.has_outline:
            instead = "Its box is drawn instead." if box.path else "It has no box to draw instead."
            return Drawing(box.form, box.path, box.extent, (*outline.problems, instead))
        if box.path or label.problems or any(point.visibility for point in label.keypoints):
            return box
        why = "None of its keypoints is in the picture." if label.keypoints else "It has neither a box nor an outline."
        return Drawing("nothing", problems=(why,))

    def notes(self) -> Iterator[str]:
        """Sentences about the whole picture, complete after its last label."""
        if self._too_detailed:
            yield f"The masks have more than {MOST_CORNERS:,} corners. Masks that aren't drawn: {self._too_detailed:,}."

    def _outline(self, label: CocoLabel) -> Drawing:
        if label.mask:
            return self._mask(label.mask)
        if not label.polygons:
            return NOTHING
        extent = extent_of(label.polygons)
        if extent[:2] == extent[2:]:
            return Drawing("nothing", problems=("Its outline has no size.",))
        return Drawing("polygons", polygon_path(label.polygons), extent)

    def _mask(self, mask: Mask) -> Drawing:
        if (mask.width, mask.height) != self._size:
            width, height = self._size
            size = f"{mask.width:,} × {mask.height:,}"
            why = f"Its mask is {size} pixels, but the picture {width:,.7g} × {height:,.7g}."
            return Drawing("nothing", problems=(why,))
        try:
            rings = trace_mask(mask, most=self._corners_left)
        except TooDetailed:
            self._too_detailed += 1
            return Drawing("nothing", problems=("Its mask has too many corners to be drawn.",))
        if not rings:
            return Drawing("nothing", problems=("Its mask is empty.",))
        self._corners_left -= sum(map(len, rings))
        return Drawing(
            "mask", ring_path(rings), extent_of([[side for corner in ring for side in corner] for ring in rings])
        )


def extent_of(parts: Sequence[Sequence[float]]) -> Extent:
    """What `x, y, x, y …` lists cover together."""
    across, down = ([value for part in parts for value in part[axis::2]] for axis in (0, 1))
    return min(across), min(down), max(across), max(down)


def label_extent(label: CocoLabel) -> Extent | None:
    """What its polygons, its box and its keypoints cover together; None if it has none of them."""
    parts = [*label.polygons, *_box_corners(label), *keypoint_places(label)]
    return extent_of(parts) if parts else None


def keypoint_places(label: CocoLabel) -> list[tuple[float, float]]:
    """Across and down of those keypoints that are drawn."""
    return [(point.x, point.y) for point in label.keypoints if point.visibility]


def _box(label: CocoLabel) -> Drawing:
    corners = _box_corners(label)
    return Drawing("box", polygon_path(corners), extent_of(corners)) if corners else NOTHING


def _box_corners(label: CocoLabel) -> list[list[float]]:
    """The box as a list of one polygon; an empty list without a box."""
    if label.box is None:
        return []
    left, top, width, height = label.box
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    if label.rotation:
        corners = _rotate(corners, (left + width / 2, top + height / 2), label.rotation)
    return [[side for corner in corners for side in corner]]


def _rotate(
    corners: Sequence[tuple[float, float]], middle: tuple[float, float], degrees: float
) -> list[tuple[float, float]]:
    """Clockwise, as the page's axes point right and down."""
    angle = radians(degrees)
    across, down = middle
    return [
        (
            across + (x - across) * cos(angle) - (y - down) * sin(angle),
            down + (x - across) * sin(angle) + (y - down) * cos(angle),
        )
        for x, y in corners
    ]
