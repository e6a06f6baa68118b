"""The labels of one picture, ready to draw and to list: classes, shapes as SVG path data, and words beside them.

Coordinates are those of the COCO image, whose size is the drawing's `viewBox`; the browser stretches the drawing over
the picture, so that sizes which disagree are scaled.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["box", "outline", "mask", "crowd", "keypoints", "other"]

STYLES = 12
"""So many looks (colour, pattern and line together) there are; classes beyond that share them."""


@dataclass(frozen=True)
class LabelClass:
    """`number` counts from 1 in this picture; `style` is 1..STYLES and the same for the same name in every picture."""

    number: int
    name: str
    count: int
    style: int


@dataclass(frozen=True)
class Dot:
    """A keypoint: `is_hollow` where it is labelled but hidden (COCO visibility 1)."""

    x: float
    y: float
    name: str
    is_hollow: bool


@dataclass(frozen=True)
class Shape:
    """One label. `path` is SVG path data, "" where nothing can be drawn; `reason` then says why, in a sentence."""

    number: int
    label_class: LabelClass
    kind: Kind
    kind_word: str
    path: str
    dots: tuple[Dot, ...] = ()
    bones: str = ""
    """SVG path data of the skeleton's lines."""
    anchor: tuple[float, float] | None = None
    """Where its name is written."""
    place_words: str = ""
    size_words: str = ""
    score_words: str = ""
    reason: str = ""

    @property
    def is_drawn(self) -> bool:
        return bool(self.path or self.dots)


@dataclass(frozen=True)
class Overlay:
    """`notes` are sentences about the whole file, such as what was left out."""

    width: float
    height: float
    classes: tuple[LabelClass, ...]
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...] = ()
