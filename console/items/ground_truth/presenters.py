"""Ground-truth labels as their pages show them: drawn, counted, and as the JSON that is sent."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.models import Person
from accounts.rights import Right
from console.common.formatting import plural, show_controls
from console.items.creation_selectors import LabelsSent
from console.items.detail_presenters import JsonValue
from console.items.labels.overlay import NO_SIZE, UNNAMED, Overlay, build_overlay
from console.items.models import LabelInsert
from console.upstream.coco import read_coco
from console.upstream.errors import Unreadable

MOST_DRAWN = 10_000
MOST_CLASSES = 12
MOST_NAME = 60
CLASS_FIELDS = ("category", "category_name", "class", "class_name", "label", "name")
"""Fields that can hold an object's class; the first that is text counts."""
DRAWN_FIELDS = ("bbox", "segmentation", "keypoints", "iscrowd", "score", "rotation", "attributes")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class LabelPreview:
    """`overlay` has the first `MOST_DRAWN` labels, None where they can't be read as COCO's shapes at all."""

    labels: Sequence[Json]
    overlay: Overlay | None
    has_size: bool
    """Whether the size of the picture that they were made for is given."""
    notes: tuple[str, ...] = ()

    @property
    def is_fitted(self) -> bool:
        """Whether the drawing takes its size from the picture as it is shown, because the labels don't say it."""
        return not self.has_size

    @property
    def count_words(self) -> str:
        return plural(len(self.labels), "label")

    @property
    def class_words(self) -> str:
        """`coin 8, ruler 4`."""
        counts = Counter(class_of(label) or UNNAMED for label in self.labels)
        class_counts = [f"{shortened(name)} {count:,}" for name, count in counts.most_common(MOST_CLASSES)]
        more = len(counts) - len(class_counts)
        return ", ".join(class_counts) + (f" and {plural(more, 'more class', 'more classes')}" if more else "")

    @property
    def undrawn_words(self) -> str:
        """What can't be drawn, though it is sent; "" if all can be drawn."""
        shapes = self.overlay.shapes if self.overlay else ()
        listed_count = min(len(self.labels), MOST_DRAWN)
        undrawn = listed_count - sum(shape.is_drawn for shape in shapes)
        words = []
        if undrawn == len(self.labels):
            words.append("None of them can be drawn. They are still sent.")
        elif undrawn:
            words.append(f"{undrawn:,} of them can’t be drawn. They are still sent.")
        if len(self.labels) > listed_count:
            words.append(f"Only the first {listed_count:,} are drawn and listed. All {len(self.labels):,} are sent.")
        return " ".join(words)

    @property
    def json(self) -> JsonValue:
        return JsonValue(list(self.labels))

    @property
    def first(self) -> JsonValue:
        return JsonValue(self.labels[0])


@dataclass(frozen=True)
class EarlierInsert:
    """Labels that were sent to the item before; `is_with_item`: along with it, when it was created."""

    who: str
    words: str
    at: datetime | None
    is_unknown: bool = False
    is_with_item: bool = False


def build_preview(
    labels: Sequence[Json], *, width: float | None = None, height: float | None = None, notes: Sequence[str] = ()
) -> LabelPreview:
    try:
        document = read_coco([_coco(labels[:MOST_DRAWN], width, height)])
    except Unreadable:
        return LabelPreview(labels, None, has_size=False, notes=tuple(notes))
    has_size = bool(document.image.width and document.image.height)
    overlay = build_overlay(document)
    about_labels = tuple(note for note in overlay.notes if note != NO_SIZE)
    return LabelPreview(labels, replace(overlay, notes=about_labels), has_size, tuple(notes))


def class_of(label: Json) -> str:
    """The name of its class; "" where none is given in a field that we know."""
    for field in CLASS_FIELDS:
        value = label.get(field)
        if isinstance(value, Mapping):
            value = value.get("name")
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def shortened(name: str) -> str:
    return show_controls(name if len(name) <= MOST_NAME else f"{name[:MOST_NAME]}…")


def present_earlier(inserts: Sequence[LabelInsert], user: Person) -> list[EarlierInsert]:
    return [
        EarlierInsert(
            _who(insert.person, user),
            plural(insert.label_count, "label"),
            insert.sent_at,
            is_unknown=insert.state != LabelInsert.State.SENT,
        )
        for insert in inserts
    ]


def present_with_item(labels: LabelsSent, user: Person) -> EarlierInsert:
    return EarlierInsert(_who(labels.person, user), plural(labels.count, "label"), labels.at, is_with_item=True)


def _who(person: Person | None, user: Person) -> str:
    if person == user:
        return "You"
    return person.name if person and user.can(Right.AUDIT_ALL) else "A colleague"


def _coco(labels: Sequence[Json], width: float | None, height: float | None) -> bytes:
    """What can be drawn of the labels, as a COCO file of one picture."""
    categories: dict[str, dict[str, Any]] = {}
    annotations = []
    for label in labels:
        category = {
            "name": class_of(label),
            "keypoints": label.get("keypoint_names"),
            "skeleton": label.get("skeleton"),
        }
        key = json.dumps(category)
        category["id"] = categories.setdefault(key, {**category, "id": len(categories) + 1})["id"]
        geometry = {field: label[field] for field in DRAWN_FIELDS if field in label}
        annotations.append({"image_id": 1, "category_id": category["id"], **geometry})
    image = {"id": 1, "width": width, "height": height}
    document = {"images": [image], "categories": list(categories.values()), "annotations": annotations}
    return json.dumps(document).encode()
