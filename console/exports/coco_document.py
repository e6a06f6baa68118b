"""One document of COCO: its images, its annotations by class, and which of its images have any.

Only lists count. Two spellings of one id (`7`, `"7"` and `7.0`) are one id. What the document does not tell is
counted apart, never guessed: annotations of no class, of no listed image, images that share an id.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from console.common.parsing import clean, is_visible
from console.upstream.json_reader import InvalidDocument, Reader

Id = int | str

# Longer ids and names are compared by a digest.
LONGEST = 100
LONGEST_FILE_NAME = 300
NO_CLASS = "no class"

_WHOLE = re.compile(r"-?[1-9][0-9]{0,19}|0")
# Of the rows of a section at least one has one of these, or it is of another format with sections of the same names.
_LIKE_COCO: Final = {
    "images": frozenset({"id", "file_name", "coco_url"}),
    "annotations": frozenset({"image_id", "category_id", "segments_info"}),
}
# Where images of other formats keep their annotations.
_INSIDE: Final = frozenset({"annotations", "labels", "objects", "regions"})
_IMAGE: Final = _LIKE_COCO["images"] | _INSIDE
_ANNOTATION: Final = _LIKE_COCO["annotations"]
_CATEGORY: Final = frozenset({"id", "name"})


class NotCoco(Exception):
    """It is JSON, but no COCO document; `why` continues a sentence that begins with its name."""

    def __init__(self, why: str = "is not COCO") -> None:
        super().__init__(why)
        self.why = why


@dataclass
class Document:
    """What one document holds. Annotations of a panoptic document are the segments of its images."""

    images: dict[Id, str] = field(default_factory=dict)
    """File names by id."""
    loose: list[str] = field(default_factory=list)
    """File names of images without an id, or with one that another image has."""
    doubled: set[Id] = field(default_factory=set)
    """Ids that several images have."""
    annotated: Counter[Id] = field(default_factory=Counter)
    """Annotations by the id of their image, which need not be listed."""
    nowhere: int = 0
    """Annotations that name no image."""
    used: Counter[Id | None] = field(default_factory=Counter)
    """Annotations by the id of their class."""
    names: dict[Id, str] = field(default_factory=dict)
    """Names of classes by id."""
    ambiguous: set[Id] = field(default_factory=set)
    """Ids that several classes have."""
    annotations: int = 0
    segments: int = 0
    """Of the annotations, how many are segments of a panoptic document."""
    unlike: set[str] = field(default_factory=set)
    """Sections that have entries, none of them like those of COCO so far."""
    has_inside: bool = False
    """Whether an image has annotations within itself, which are not counted."""

    def forget_classes(self) -> None:
        """They are counted elsewhere."""
        self.used.clear()
        self.names.clear()
        self.ambiguous.clear()

    def count_strays(self) -> int:
        """Annotations that name an image that is not listed."""
        return sum(count for image, count in self.annotated.items() if image not in self.images)

    def listed(self) -> Iterator[tuple[str, bool]]:
        """Each image by its file name (or `#` and its id), and whether annotations refer to it."""
        for image, name in self.images.items():
            yield name or f"#{image}", image in self.annotated
        for name in self.loose:
            yield name, False

    def is_clear(self) -> bool:
        """Whether each annotation belongs to one image for certain, or to none that is listed."""
        has_nameless = len(self.loose) > len(self.doubled)
        has_strays = bool(self.nowhere or self.count_strays())
        return not any(image in self.annotated for image in self.doubled) and not (has_nameless and has_strays)

    def classes(self) -> Iterator[tuple[str, int]]:
        """Annotations by the name of their class, once; a name may come more than once. Lets go of what it gives."""
        while self.used:
            category, count = self.used.popitem()
            yield self._class_name(category), count

    def _class_name(self, category: Id | None) -> str:
        if category is None:
            return NO_CLASS
        name = self.names.get(category, "")
        if name and category not in self.ambiguous:
            return f"{name} (class {category})" if name == NO_CLASS else name
        return f"class {category}, {'several names' if name else 'no name'}"


def read_document(chunks: Iterator[bytes], check: Callable[[Document], None]) -> Document:
    """A document of COCO out of its bytes, in any encoding of Unicode. `check` sees it grow and can raise.

    NotJson and NotCoco say why it is none.
    """
    reader, document = Reader(chunks), Document()
    _demand_object(reader)
    sections: set[str] = set()
    for name in reader.names():
        if name not in _SECTIONS:
            reader.skip()
            continue
        if name in sections:
            raise NotCoco(f"lists its {name} twice")
        sections.add(name)
        _read_section(reader, document, name, check)
    reader.finish()
    if not sections & {"images", "annotations"} or document.unlike:
        raise NotCoco
    if document.has_inside and not document.annotations:
        raise NotCoco
    return document


def read_id(value: Any) -> Id | None:
    """An id in one spelling, whichever of `7`, `"7"` and `7.0` was used; None for what cannot be one."""
    if isinstance(value, bool) or value is None or value == "":
        return None
    if isinstance(value, int):
        return value if -(10**20) < value < 10**20 else _short(str(value), LONGEST)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e20 else _fraction(value)
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else _short(clean(value), LONGEST)
    return None


def read_name(value: Any) -> str:
    """A class's name as it is shown; empty for none, and for one of which nothing can be seen."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "" if (number := read_id(value)) is None else str(number)
    name = _short(clean(value), LONGEST) if isinstance(value, str) else ""
    is_plain = name.isascii() and name.isprintable() and not name.isspace()
    return name if is_plain or is_visible(name) else ""


def _fraction(value: float) -> Id | None:
    return str(value) if abs(value) < float("inf") else None


def _short(text: str, longest: int) -> str:
    """A text that is too long, cut, with a digest so that it stays another than one of the same beginning."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 10]}… {hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"


def _demand_object(reader: Reader) -> None:
    start = reader.peek()
    if start == "{":
        return
    if not start:
        raise NotCoco("is empty")
    if start != "[":
        raise InvalidDocument
    first = next(reader.rows({"image_id", "score"}), None) or {}
    if "image_id" in first and "annotations" not in first:
        raise NotCoco("is a list of results without images")
    raise NotCoco("is a list, not a COCO document")


def _read_section(reader: Reader, document: Document, name: str, check: Callable[[Document], None]) -> None:
    field_names, add = _SECTIONS[name]
    start, is_needed = reader.peek(), name != "categories"
    if start != "[":
        # Tools write null for "none".
        if is_needed and start != "n":
            raise NotCoco
        reader.skip()
        return
    like, is_like = _LIKE_COCO.get(name, field_names), False
    for row in reader.rows(field_names):
        if row is not None:
            is_like = is_like or not like.isdisjoint(row)
            document.unlike.discard(name) if is_like else document.unlike.add(name)
            add(document, row)
            check(document)
        elif is_needed:
            raise NotCoco


def _add_image(document: Document, row: dict[str, Any]) -> None:
    path = row.get("file_name") or row.get("coco_url")
    name = _short(clean(path), LONGEST_FILE_NAME) if isinstance(path, str) else ""
    image = read_id(row.get("id"))
    document.has_inside |= any(_holds_objects(row.get(name)) for name in _INSIDE)
    if image is None:
        document.loose.append(name)
    elif document.images.setdefault(image, name) != name:
        document.doubled.add(image)
        document.loose.append(name)


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _add_annotation(document: Document, row: dict[str, Any]) -> None:
    image, segments = read_id(row.get("image_id")), row.get("segments_info")
    count = 1
    if isinstance(segments, list) and "category_id" not in row:
        document.used.update(_category_of(segment) for segment in segments)
        count = len(segments)
        document.segments += count
    else:
        document.used[read_id(row.get("category_id"))] += 1
    document.annotations += count
    if image is None:
        document.nowhere += count
    elif count:
        document.annotated[image] += count


def _category_of(segment: Any) -> Id | None:
    return read_id(segment.get("category_id")) if isinstance(segment, dict) else None


def _add_category(document: Document, row: dict[str, Any]) -> None:
    category, name = read_id(row.get("id")), read_name(row.get("name"))
    if category is not None and document.names.setdefault(category, name) != name:
        document.ambiguous.add(category)


_SECTIONS: dict[str, tuple[frozenset[str], Callable[[Document, dict[str, Any]], None]]] = {
    "images": (_IMAGE, _add_image),
    "annotations": (_ANNOTATION, _add_annotation),
    "categories": (_CATEGORY, _add_category),
}
