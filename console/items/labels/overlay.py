"""The labels of one picture, ready to draw and to list: classes, shapes as SVG path data, and words beside them.

Coordinates are those of the COCO image, whose size is the drawing's `viewBox`; the browser stretches the drawing over
the picture, so that sizes which disagree are scaled. Paths are to be filled with the rule `nonzero`, SVG's default.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from console.common.formatting import plural, show_controls
from console.items.labels.formatting import place_words, score_words, size_words
from console.items.labels.outlines import polygon_path
from console.items.labels.paths import Drawing, LabelRenderer, extent_of, keypoint_places, label_extent
from console.items.labels.styles import Anchors, choose_styles
from console.upstream.coco import CocoDocument
from console.upstream.coco_categories import CocoCategory
from console.upstream.coco_labels import CocoLabel

Kind = Literal["box", "outline", "mask", "crowd", "keypoints", "other"]

STYLES = 12
"""The number of styles (colour, pattern and line together); further classes share them."""

ROWS = 100
"""The most labels in one table; further tables are collapsed."""

UNNAMED = "Unnamed class"
NO_SIZE = "The label file doesn't give the size of the picture, so the labels can be out of place."


@dataclass(frozen=True)
class LabelClass:
    """`number` counts from 1 in this picture; `style` is 1..STYLES and the same for the same name in every picture."""

    number: int
    name: str
    count: int
    style: int

    # Used for each of its shapes and rows.
    @cached_property
    def visible_name(self) -> str:
        return show_controls(self.name)


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
    """One label. `path` is SVG path data, "" where there is nothing but dots, or nothing at all.

    `reason` says in sentences what could not be read or drawn; with a path, that is what could be, often its box.
    """

    number: int
    label_class: LabelClass
    kind: Kind
    kind_word: str
    path: str
    dots: tuple[Dot, ...] = ()
    skeleton: str = ""
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
        return not self.dots and not self.skeleton

    @property
    def is_framed(self) -> bool:
        """Whether its path is no area of its own but the box around its keypoints."""
        return self.kind == "keypoints"

    @property
    def is_crowd(self) -> bool:
        return self.kind == "crowd"

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
        """Gives patterns the same size in pictures of any size, shown about 800 pixels large."""
        return f"{1.5 * max(self.width, self.height, 1) / 800:.4g}"

    @property
    def styles(self) -> list[int]:
        return sorted({one.style for one in self.classes})

    @property
    def drawn_classes(self) -> list[DrawnClass]:
        """What is drawn, class by class in the order of the classes."""
        shapes: dict[int, list[Shape]] = defaultdict(list)
        for shape in self.shapes:
            if shape.is_drawn:
                shapes[shape.label_class.number].append(shape)
        return [DrawnClass(one, tuple(shapes[one.number])) for one in self.classes if shapes[one.number]]

    @property
    def tables(self) -> list[LabelTable]:
        return [LabelTable(self.shapes[at : at + ROWS]) for at in range(0, len(self.shapes), ROWS)]

    # Used for each of the tables.
    @cached_property
    def has_scores(self) -> bool:
        return any(shape.score_words for shape in self.shapes)


def build_overlay(document: CocoDocument) -> Overlay:
    """Each label of the document as a shape, in the file's order; those that can't be drawn have a reason."""
    width, height, notes = _frame(document)
    categories = {category.id: category for category in document.categories}
    classes = _classes(document)
    renderer, anchors = LabelRenderer(width, height), Anchors(width, height)
    shapes: list[Shape] = []
    for number, label in enumerate(document.labels, 1):
        drawing = renderer.render(label)
        category = categories.get(label.category_id)
        places = keypoint_places(label)
        extent = drawing.extent or (extent_of(places) if places else None)
        shapes.append(
            Shape(
                number=number,
                label_class=classes[label.category_id],
                kind=_kind(drawing, label),
                kind_word=_kind_word(drawing, label),
                path=drawing.path,
                dots=_dots(label, category),
                skeleton=_skeleton_path(label, category),
                anchor=anchors.place(extent) if extent else None,
                place_words=place_words(extent, width, height),
                size_words=size_words(extent),
                score_words=score_words(label.score),
                reason=" ".join((*label.problems, *drawing.problems)),
            )
        )
    in_order = sorted(set(classes.values()), key=lambda label_class: label_class.number)
    return Overlay(width, height, tuple(in_order), tuple(shapes), (*document.notes, *notes, *renderer.notes()))


def _frame(document: CocoDocument) -> tuple[float, float, tuple[str, ...]]:
    """The picture's size by the file, or a guess by its labels with a sentence that says so."""
    if document.image.width and document.image.height:
        return document.image.width, document.image.height, ()
    for label in document.labels:
        if label.mask:
            return label.mask.width, label.mask.height, (NO_SIZE,)
    extents = [extent for label in document.labels if (extent := label_extent(label))]
    right, bottom = (max((extent[side] for extent in extents), default=1.0) for side in (2, 3))
    return max(right, 1.0), max(bottom, 1.0), (NO_SIZE,) if document.labels else ()


def _classes(document: CocoDocument) -> dict[str, LabelClass]:
    """The classes that labels use, by the id of their category. Categories of one name are one class."""
    names = {category.id: category.name for category in document.categories if category.name}
    used = {label.category_id: names.get(label.category_id, UNNAMED) for label in document.labels}
    counts = Counter(used[label.category_id] for label in document.labels)
    distinct_names = dict.fromkeys(names.values())
    order = [name for name in {**distinct_names, UNNAMED: None} if name in counts]
    # All names of the file are used while there are enough styles, so that a class has the same one in each picture.
    # Unnamed classes come last.
    sharing = sorted(distinct_names if len(distinct_names) <= STYLES else counts.keys() & distinct_names)
    styles = choose_styles(dict.fromkeys((*sharing, UNNAMED)), STYLES)
    classes = {name: LabelClass(number, name, counts[name], styles[name]) for number, name in enumerate(order, 1)}
    return {category: classes[name] for category, name in used.items()}


def _kind(drawing: Drawing, label: CocoLabel) -> Kind:
    if label.is_crowd and drawing.path:
        return "crowd"
    if _points(label) and drawing.form in ("box", "nothing"):
        return "keypoints"
    kinds: dict[str, Kind] = {"polygons": "outline", "mask": "mask", "box": "box", "nothing": "other"}
    return kinds[drawing.form]


def _kind_word(drawing: Drawing, label: CocoLabel) -> str:
    parts = len(label.polygons)
    words = {
        "polygons": f"Outline in {parts} parts" if parts > 1 else "Outline",
        "mask": "Mask",
        "box": "Turned box" if label.rotation else "Box",
        "nothing": "" if _points(label) else "Not drawn",
    }
    word = "Crowd" if label.is_crowd and drawing.path else words[drawing.form]
    points = plural(_points(label), "keypoint") if _points(label) else ""
    return ", ".join(filter(None, (word, points)))


def _points(label: CocoLabel) -> int:
    """How many of its keypoints are in the picture."""
    return sum(1 for point in label.keypoints if point.visibility)


def _dots(label: CocoLabel, category: CocoCategory | None) -> tuple[Dot, ...]:
    names = dict(enumerate(category.keypoint_names if category else (), 1))
    return tuple(
        Dot(point.x, point.y, names.get(number) or f"Point {number}", point.visibility == 1)
        for number, point in enumerate(label.keypoints, 1)
        if point.visibility
    )


def _skeleton_path(label: CocoLabel, category: CocoCategory | None) -> str:
    """Between keypoints that are both drawn."""
    points = dict(enumerate(label.keypoints, 1))
    pairs = category.skeleton if category else ()
    joined = [(points[one], points[other]) for one, other in pairs if one in points and other in points]
    lines = [(one.x, one.y, other.x, other.y) for one, other in joined if one.visibility and other.visibility]
    return polygon_path(lines, is_closed=False)
