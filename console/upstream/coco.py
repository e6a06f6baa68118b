"""The COCO file of one work item, read from left to right: one picture, its classes, its labels.

COCO (https://cocodataset.org/#format-data) is written by many tools and checked by none. Nothing in the file is
believed: each field of an odd kind becomes a sentence on its label, each bound a sentence on the file, and the rest
stands. What is beyond the bounds is stepped over, unread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from console.upstream import errors
from console.upstream.coco_categories import CocoCategory, CocoImage, read_category, read_image
from console.upstream.coco_labels import FIELDS, SMALL, CocoLabel, LabelReader
from console.upstream.json_reader import InvalidDocument, Reader

MOST_BYTES = 50 * 1024**2
MOST_IMAGES = 1_000
MOST_CATEGORIES = 1_000
MOST_LABELS = 10_000
MOST_BRACKETS = 3_000_000
"""Of a whole file, those in texts counted too: each can cost a call of Python."""
MOST_NAMES = 1_000_000
"""Of fields in labels that are too large to be read at once."""
VENDOR = "cloudfactory"

_FIELDS: Final = {
    "images": ("id", "file_name", "width", "height"),
    "categories": ("id", "name", "keypoints", "skeleton"),
    "annotations": FIELDS,
}
"""The lists that are read, and the fields of their entries."""
_WHY_NOT_JSON: Final = {
    "is cut off": "is cut short",
    "holds JSON lines, which are not counted": "is not valid JSON",
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
        return _Sections(Reader(_bounded(chunks), most_names=MOST_NAMES)).document(file_name)
    except InvalidDocument as error:
        raise _unreadable(_WHY_NOT_JSON.get(error.why, error.why)) from None


class _Sections:
    """The lists of a COCO file, in whatever order they come."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._images: list[CocoImage] = []
        self._categories: list[CocoCategory] = []
        self._labels: list[CocoLabel] = []
        self._label_reader = LabelReader()
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
        start = self._reader.peek()
        if start == "[":
            self._reader.skip()
        elif start != "{":
            self._reader.value(SMALL)
        else:
            for name in self._reader.names():
                start = self._reader.peek()
                has_labels = has_labels or (name == "annotations" and start in ("[", "n"))
                if name in _FIELDS and start == "[":
                    self._read_section(name)
                else:
                    self._reader.skip()
        self._reader.finish()
        return has_labels

    def _read_section(self, name: str) -> None:
        add, most = {
            "images": (self._add_image, MOST_IMAGES),
            "categories": (self._add_category, MOST_CATEGORIES),
            "annotations": (self._add_label, MOST_LABELS),
        }[name]
        for count, _ in enumerate(self._reader.entries(), 1):
            if count > most:
                self._left_out[name] += self._reader.skip_entries()
                return
            if self._reader.peek() != "{":
                self._left_out["odd"] += 1
                self._reader.skip()
                continue
            limits = dict.fromkeys(_FIELDS[name], SMALL)
            if name == "annotations":
                limits["segmentation"] = self._label_reader.outline_limit
            add(*self._reader.fields(limits, is_walked=self._label_reader.is_full))

    def _add_image(self, entry: dict[str, Any], _: Collection[str]) -> None:
        self._images.append(read_image(entry))

    def _add_category(self, entry: dict[str, Any], _: Collection[str]) -> None:
        # Without an id it would be the class of each label that names none.
        if (category := read_category(entry)).id:
            self._categories.append(category)

    def _add_label(self, entry: dict[str, Any], repeated: Collection[str]) -> None:
        self._labels.append(self._label_reader.read(entry, repeated))

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
            label_text = f"“{image.short_name}”" if image.file_name else "one without a name"
            notes.append(
                f"The label file describes {len(self._images):,} pictures; these are the labels of {label_text}."
            )
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
        yield from self._label_reader.notes()

    def _class_notes(self, labels: list[CocoLabel]) -> Iterator[str]:
        """About the classes of these labels only: others are not shown."""
        used = {label.category_id for label in labels} - {""}
        names: dict[str, set[str]] = {}
        for category in self._categories:
            names.setdefault(category.id, set()).add(category.name)
        if count := sum(len(names.get(one, ())) > 1 for one in used):
            yield f"Ids that several classes share, of which the last one counts: {count:,}."
        used_categories = {category.id: category for category in self._categories if category.id in used}
        problems = Counter(problem for category in used_categories.values() for problem in category.problems)
        yield from (f"{problem}: {count:,}." for problem, count in problems.items())


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = brackets = 0
    for chunk in chunks:
        size += len(chunk)
        brackets += chunk.count(b"[") + chunk.count(b"{")
        if size > MOST_BYTES:
            raise _unreadable(f"is larger than {MOST_BYTES // 1024**2} MiB")
        if brackets > MOST_BRACKETS:
            raise _unreadable("has too many values")
        yield chunk


def _unreadable(why: str) -> errors.Unreadable:
    return errors.Unreadable(f"The label file {why}.", vendor=VENDOR, changes=False)
