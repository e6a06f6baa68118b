"""Ground-truth labels as a person gives them: a list of objects, or a COCO file that is turned into one.

Nobody has published what is in such an object (FACTS 4, row 9), so those of a list are sent as they are. Each
annotation of a COCO file is sent as an object of its own that needs no file around it:

    {"category": "coin", "bbox": [10, 10, 20, 20], "segmentation": [[…]], …}

with all fields of the annotation but its ids, which mean nothing outside the file; `category` is the name of its class,
and where it has keypoints, `keypoint_names` and `skeleton` are those of the class.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from console.common.formatting import plural
from console.common.parsing import NotJson, read_json
from console.upstream.coco_categories import CocoImage, read_id, read_image

MOST_BYTES: Final = 10 * 1024**2
"""Of what is given, and of what is sent."""
MOST_VALUES: Final = 2_000_000
IDS: Final = frozenset({"id", "image_id", "category_id"})
COCO_HINT: Final = "Give a list of objects, such as [{…}, {…}], or a COCO file."
_MOST_NAMES = 3

_WHY_NOT: Final = {
    "not UTF-8": "This is not text in UTF-8. Save the file as UTF-8 and choose it again.",
    "NaN or Infinity is not JSON": "This is not valid JSON: it has no NaN or Infinity. Write a number or null.",
    "a key appears twice in one object": "An object has two fields of the same name. Remove one of them.",
    "it holds too many values": f"It holds more than {MOST_VALUES:,} values.",
    "a number is too large": "It holds a number that is too large.",
    "a text holds a character that cannot be stored": "A text in it holds half a character or NUL. Remove them.",
}
_TOO_DEEP = "It is nested more than 100 levels deep."


class BadLabels(ValueError):
    """What was given can't be sent as labels; the text is a sentence for people."""


@dataclass(frozen=True)
class LabelInput:
    """`labels` are the objects that are sent. `width` and `height` are the picture's, where a COCO file gives them."""

    labels: list[dict[str, Any]]
    is_coco: bool = False
    width: float | None = None
    height: float | None = None
    notes: tuple[str, ...] = ()
    """Sentences about what is left out, or odd."""

    @cached_property
    def text(self) -> str:
        """The list as it is sent."""
        return json.dumps(self.labels, ensure_ascii=False, separators=(",", ":"))


def read_labels(source: str | bytes, *, file_name: str = "", picture: str = "") -> LabelInput:
    """The labels in a text or a file. Raises BadLabels.

    Of a COCO file with several pictures those of `picture` are taken, where that is "" of the item's own `file_name`.
    """
    _check_size(source)
    if not source.strip():
        raise BadLabels("Paste labels, or choose a file.")
    value = _parse(source)
    if isinstance(value, dict) and isinstance(value.get("annotations"), list):
        label_input = _Coco(value).labels_of(picture=picture, file_name=file_name)
    else:
        label_input = LabelInput(_objects(value))
    if len(label_input.text.encode()) > MOST_BYTES:
        raise BadLabels("As it would be sent, this is larger than 10 MiB. Send fewer labels at a time.")
    return label_input


def read_objects(source: str | bytes) -> list[dict[str, Any]]:
    """A list of label objects, as it is sent; raises BadLabels, also for a COCO file."""
    _check_size(source)
    return _objects(_parse(source))


def fault_of(error: NotJson) -> str:
    """The error as a sentence, with line and column if they are known."""
    if error.line is not None:
        return f"Line {error.line:,}, column {error.column:,}: this is not valid JSON."
    return _WHY_NOT.get(str(error), _TOO_DEEP if "nested" in str(error) else "This is not valid JSON.")


def _check_size(source: str | bytes) -> None:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise BadLabels(f"This is {size / 1024**2:,.1f} MiB. Labels can be 10 MiB at most.")


def _parse(source: str | bytes) -> Any:
    try:
        return read_json(source, exact=True, most_values=MOST_VALUES)
    except NotJson as error:
        raise BadLabels(fault_of(error)) from None


def _objects(value: Any) -> list[dict[str, Any]]:
    """Those of a list, or of the list that an object holds as its only field `labels`, which is P17's whole body."""
    if isinstance(value, dict) and set(value) == {"labels"}:
        value = value["labels"]
    if not isinstance(value, list):
        raise BadLabels(f"This is {_kind(value)}. {COCO_HINT}")
    if not value:
        raise BadLabels("The list is empty: there is no label in it.")
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, dict):
            raise BadLabels(f"Entry {number:,} of the list is {_kind(entry)}. Each label has to be an object.")
    return value


def _kind(value: Any) -> str:
    kinds: dict[object, str] = {dict: "one object", list: "a list", str: "a text", int: "a number", float: "a number"}
    return kinds.get(type(value), json.dumps(value))


class _Coco:
    """A COCO file; every part that is sent must be valid COCO."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._images = [read_image(image) for image in _entries(document, "images", "picture")]
        self._annotations = _entries(document, "annotations", "annotation")
        self._categories = {
            read_id(category.get("id")): category for category in _entries(document, "categories", "category")
        }

    def labels_of(self, *, picture: str, file_name: str) -> LabelInput:
        image = self._choose(picture.strip() or file_name, is_chosen=bool(picture.strip()))
        own = [one for one in self._annotations if self._is_of(one, image)]
        if not own:
            raise BadLabels(f"The COCO file has no annotation{f' of “{image.short_name}”' if image.file_name else ''}.")
        labels = [self._label(number, one) for number, one in enumerate(own, 1)]
        notes = tuple(self._notes(image, file_name, len(self._annotations) - len(own)))
        return LabelInput(labels, True, image.width, image.height, notes)

    def _choose(self, name: str, *, is_chosen: bool) -> CocoImage:
        """The picture of this name; the only picture, whatever its name, unless a name was entered."""
        matches = [image for image in self._images if _is_called(image, name)]
        if len(matches) > 1:
            matches = [image for image in matches if image.file_name == name] or matches
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise BadLabels(f"The COCO file has {len(matches):,} pictures called “{name}”. Name one with its folder.")
        if len(self._images) == 1 and not is_chosen:
            return self._images[0]
        if not self._images:
            return self._unnamed()
        raise BadLabels(
            f"The COCO file describes {plural(len(self._images), 'picture')}, none of them called “{name}”. "
            f"Name one of them: {self._names(self._images)}."
        )

    def _unnamed(self) -> CocoImage:
        """The one picture that all annotations belong to, in a file that describes none."""
        used = {read_id(one.get("image_id")) for one in self._annotations}
        if len(used) > 1:
            raise BadLabels("The annotations belong to several pictures, but the COCO file doesn't say which they are.")
        return CocoImage(id=next(iter(used), ""))

    def _is_of(self, annotation: Mapping[str, Any], image: CocoImage) -> bool:
        of = read_id(annotation.get("image_id"))
        return of == image.id or (not of and len(self._images) < 2)

    def _label(self, number: int, annotation: Mapping[str, Any]) -> dict[str, Any]:
        fields = {name: value for name, value in annotation.items() if name not in IDS}
        if (of := annotation.get("category_id")) is None:
            return fields
        category = self._categories.get(read_id(of))
        name = category.get("name") if category else None
        if category is None or not isinstance(name, str) or not name.strip():
            raise BadLabels(f"Annotation {number:,} names the category {of}, which the COCO file gives no name for.")
        pose = {"keypoint_names": category.get("keypoints"), "skeleton": category.get("skeleton")}
        of_class = {field: value for field, value in pose.items() if value and annotation.get("keypoints")}
        return {"category": name} | {**of_class, **{name: one for name, one in fields.items() if name != "category"}}

    def _notes(self, image: CocoImage, file_name: str, left_out: int) -> Iterator[str]:
        title = f"“{image.short_name}”" if image.file_name else "a picture without a name"
        others = [one for one in self._images if one is not image]
        if others:
            yield f"The COCO file describes {len(self._images):,} pictures. Only the labels of {title} are sent."
            yield f"Left out: {self._names(others)}."
        if image.file_name and file_name and not _is_called(image, file_name):
            yield f"The picture is called {title} in the COCO file, but “{file_name}” here. Check that it is the same."
        if left_out:
            yield f"Annotations that belong to no picture of this item, and are not sent: {left_out:,}."

    def _names(self, images: Sequence[CocoImage]) -> str:
        names = [f"“{image.short_name}”" if image.file_name else "one without a name" for image in images]
        more = len(names) - _MOST_NAMES
        return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _entries(document: Mapping[str, Any], field: str, what: str) -> list[dict[str, Any]]:
    value = document.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadLabels(f"The COCO file's “{field}” is {_kind(value)}, not a list.")
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, dict):
            raise BadLabels(f"The COCO file's {what} {number:,} is {_kind(entry)}, not an object.")
    if field != "annotations":
        often = Counter(read_id(entry.get("id")) for entry in value)
        if "" in often:
            raise BadLabels(f"A {what} of the COCO file has no id.")
        if repeated := next((one for one, count in often.items() if count > 1), ""):
            raise BadLabels(f"The COCO file has the {what} id {repeated} twice.")
    return value


def _is_called(image: CocoImage, name: str) -> bool:
    """By its whole path, or by the name alone where `name` is no path."""
    return bool(name) and name in (image.file_name, image.file_name.replace("\\", "/").rpartition("/")[2])
