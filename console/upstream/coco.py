"""The COCO file of one work item, read from left to right: one picture, its classes, its labels.

COCO (https://cocodataset.org/#format-data) is written by many tools and checked by none. Nothing in the file is
believed: each field of an odd kind becomes a sentence on its label, each bound a sentence on the file, and the rest
stands. The bounds keep a file of 50 MiB within two to three seconds of processor and some 100 MB of memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from console.common.parsing import NotJson
from console.upstream import errors
from console.upstream.coco_categories import CocoCategory, CocoImage, read_category, read_image
from console.upstream.coco_labels import CocoLabel, LabelReader
from console.upstream.json_events import Event, read_events, read_fields, skip

MOST_BYTES = 50 * 1024**2
MOST_IMAGES = 1_000
MOST_CATEGORIES = 1_000
MOST_LABELS = 10_000
MOST_VALUES = 1_000_000
"""In the `segmentation` of one label."""
MOST_SMALL_VALUES = 2_000
"""In any other field."""
VENDOR = "cloudfactory"

_SECTIONS: Final[dict[str, dict[str, int]]] = {
    "images": dict.fromkeys(("id", "file_name", "width", "height"), MOST_SMALL_VALUES),
    "categories": dict.fromkeys(("id", "name", "keypoints", "skeleton"), MOST_SMALL_VALUES),
    "annotations": dict.fromkeys(
        ("id", "image_id", "category_id", "bbox", "keypoints", "iscrowd", "score", "rotation", "attributes"),
        MOST_SMALL_VALUES,
    )
    | {"segmentation": MOST_VALUES},
}
"""The lists that are read, the fields of their entries, and how many values each can have."""
_WHY_NOT_JSON: Final = {
    "cut short": "is cut short",
    "nested too deeply": "is nested too deeply",
    "too many values": "has too many values",
    "a text is too long": "has a text that is too long",
}


@dataclass(frozen=True)
class CocoDocument:
    """`image` is the picture that the labels belong to; `notes` are sentences about what was left out or odd."""

    image: CocoImage
    categories: tuple[CocoCategory, ...]
    labels: tuple[CocoLabel, ...]
    notes: tuple[str, ...] = ()


def read_coco(chunks: Iterable[bytes], *, file_name: str = "") -> CocoDocument:
    """The labels of one picture: of the one called `file_name` where the file describes several.

    Raises Unreadable, with a sentence for people, for a file that is no COCO file, is cut short or over `MOST_BYTES`.
    What `chunks` raises goes through.
    """
    try:
        return _Sections(read_events(_bounded(chunks))).document(file_name)
    except NotJson as error:
        raise _unreadable(_WHY_NOT_JSON.get(str(error), "is not valid JSON")) from None


class _Sections:
    """The lists of a COCO file, in whatever order they come."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._images: list[CocoImage] = []
        self._categories: list[CocoCategory] = []
        self._labels: list[CocoLabel] = []
        self._reader = LabelReader()
        self._left_out = Counter[str]()

    def document(self, file_name: str) -> CocoDocument:
        if not self._read():
            raise _unreadable("has no list of annotations, so it isn't a COCO file")
        image, labels, notes = self._choose(file_name)
        notes += [*self._notes(), *self._class_notes(labels)]
        return CocoDocument(image, tuple(self._categories), tuple(labels), tuple(notes))

    def _read(self) -> bool:
        """To the end of the file. Whether it has a list of annotations."""
        has_labels = False
        event, _ = next(self._events)
        is_object = event == "start_map"
        for event, name in self._events:
            if not is_object or event == "end_map":
                # What follows is passed over, so that a file which is cut short is found out.
                is_object = False
                continue
            event, _ = next(self._events)
            if name == "annotations" and event in ("start_array", "null"):
                has_labels = True
            if name in _SECTIONS and event == "start_array":
                self._read_section(name)
            else:
                skip(self._events, event)
        return has_labels

    def _read_section(self, name: str) -> None:
        add, most = {
            "images": (self._add_image, MOST_IMAGES),
            "categories": (self._add_category, MOST_CATEGORIES),
            "annotations": (self._add_label, MOST_LABELS),
        }[name]
        count = 0
        for event, _ in self._events:
            if event == "end_array":
                return
            count += 1
            if event != "start_map":
                self._left_out["odd"] += 1
            elif count > most:
                self._left_out[name] += 1
            else:
                add(*read_fields(self._events, _SECTIONS[name]))
                continue
            skip(self._events, event)

    def _add_image(self, entry: dict[str, Any], _: list[str]) -> None:
        self._images.append(read_image(entry))

    def _add_category(self, entry: dict[str, Any], _: list[str]) -> None:
        # Without an id it would be the class of each label that names none.
        if (category := read_category(entry)).id:
            self._categories.append(category)

    def _add_label(self, entry: dict[str, Any], repeated: list[str]) -> None:
        self._labels.append(self._reader.read(entry, repeated))

    def _choose(self, file_name: str) -> tuple[CocoImage, list[CocoLabel], list[str]]:
        """One picture, its labels and those of no picture in the file, and what has to be said about that."""
        notes: list[str] = []
        used = {label.image_id for label in self._labels}
        named = [image for image in self._images if file_name and image.file_name.rpartition("/")[2] == file_name]
        labelled = [image for image in self._images if image.id in used]
        image = next(iter((*named, *labelled, *self._images)), CocoImage())
        others = {other.id for other in self._images} - {image.id}
        labels = [label for label in self._labels if label.image_id not in others]
        if len(self._images) > 1:
            shown = f"“{image.short_name}”" if image.file_name else "one without a name"
            notes.append(f"The label file describes {len(self._images):,} pictures; these are the labels of {shown}.")
        if left_out := len(self._labels) - len(labels):
            notes.append(f"Labels of other pictures are left out: {left_out:,}.")
        if image.id and (strays := sum(label.image_id not in ("", image.id) for label in labels)):
            notes.append(f"Labels that name a picture the file doesn't describe: {strays:,}. They are drawn too.")
        return image, labels, notes

    def _notes(self) -> Iterator[str]:
        for name, words, most in (
            ("annotations", "labels", MOST_LABELS),
            ("categories", "classes", MOST_CATEGORIES),
            ("images", "pictures", MOST_IMAGES),
        ):
            if count := self._left_out[name]:
                yield f"Only the first {most:,} {words} of the file are read. Left out: {count:,}."
        if count := self._left_out["odd"]:
            yield f"Entries of the file that can't be read: {count:,}."
        yield from self._reader.notes()

    def _class_notes(self, labels: list[CocoLabel]) -> Iterator[str]:
        """About the classes of these labels only: others are not shown."""
        used = {label.category_id for label in labels} - {""}
        names: dict[str, set[str]] = {}
        for category in self._categories:
            names.setdefault(category.id, set()).add(category.name)
        if count := sum(len(names.get(one, ())) > 1 for one in used):
            yield f"Ids that several classes share, of which the last one counts: {count:,}."
        shown = {category.id: category for category in self._categories if category.id in used}
        problems = Counter(problem for category in shown.values() for problem in category.problems)
        yield from (f"{problem}: {count:,}." for problem, count in problems.items())


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    left = MOST_BYTES
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise _unreadable(f"is larger than {MOST_BYTES // 1024**2} MiB")
        yield chunk


def _unreadable(why: str) -> errors.Unreadable:
    return errors.Unreadable(f"The label file {why}.", vendor=VENDOR, changes=False)
