"""The labels of one picture, ready to draw and to list: classes, shapes as SVG path data, and words beside them.

Coordinates are those of the COCO image, whose size is the drawing's `viewBox`; the browser stretches the drawing over
the picture, so that sizes which disagree are scaled.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

Kind = Literal["box", "outline", "mask", "crowd", "keypoints", "other"]

STYLES = 12
"""So many looks (colour, pattern and line together) there are; classes beyond that share them."""

ROWS = 100
"""So many labels stand in one table; further tables are closed."""


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

    @property
    def path(self) -> str:
        """A line without length: with round ends it is a disc whose size no zoom changes."""
        return f"M{self.x:.7g} {self.y:.7g}h0"


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

    @property
    def is_plain(self) -> bool:
        """Whether one path draws all of it."""
        return not self.dots and not self.bones

    @property
    def element(self) -> str:
        return "path" if self.is_plain else "g"

    @property
    def css_class(self) -> str:
        return "shape is-crowd" if self.kind == "crowd" else "shape"

    @property
    def anchor_words(self) -> str:
        return f"{self.anchor[0]:.7g} {self.anchor[1]:.7g}" if self.anchor else ""


@dataclass(frozen=True)
class DrawnClass:
    """The shapes of one class, which are shown and hidden together."""

    label_class: LabelClass
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class LabelTable:
    """Some rows of the table: at most ROWS."""

    shapes: tuple[Shape, ...]

    @property
    def words(self) -> str:
        return f"Labels {self.shapes[0].number:,} to {self.shapes[-1].number:,}"


@dataclass(frozen=True)
class Overlay:
    """`notes` are sentences about the whole file, such as what was left out."""

    width: float
    height: float
    classes: tuple[LabelClass, ...]
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...] = ()

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width:.7g} {self.height:.7g}"

    @property
    def pattern_scale(self) -> str:
        """Makes patterns look alike in a picture that is shown about 800 pixels large, whatever its own size."""
        return f"{max(self.width, self.height, 1) / 800:.4g}"

    @property
    def looks(self) -> list[int]:
        return sorted({one.style for one in self.classes})

    @property
    def drawn(self) -> list[DrawnClass]:
        """What is drawn, class by class in the order of the classes."""
        shapes: dict[int, list[Shape]] = defaultdict(list)
        for shape in self.shapes:
            if shape.is_drawn:
                shapes[shape.label_class.number].append(shape)
        return [DrawnClass(one, tuple(shapes[one.number])) for one in self.classes if shapes[one.number]]

    @property
    def tables(self) -> list[LabelTable]:
        return [LabelTable(self.shapes[at : at + ROWS]) for at in range(0, len(self.shapes), ROWS)]

    @property
    def has_scores(self) -> bool:
        return any(shape.score_words for shape in self.shapes)
