"""The labels of one work item as its page shows them: drawn, or one of three faces that say why there are none."""

import re
from dataclasses import dataclass
from typing import Literal

from console import error_pages
from console.common import value_rows
from console.items.console_ids import without_console_id
from console.items.detail_presenters import JsonValue, filled
from console.items.labels.overlay import Overlay, build_overlay
from console.items.labels.selectors import ItemLabels
from console.items.statuses import Status
from console.upstream.errors import UpstreamError
from console.upstream.response_models import Annotation

# Metadata that the part shows by itself, or that names our own file.
_NAMED = frozenset({"label_count", "coco_results_url"})
_ENUM = re.compile(r"[A-Z]+(_[A-Z]+)*")

FaceKind = Literal["labels", "empty", "undone", "failed"]


@dataclass(frozen=True)
class Face:
    """The state of an item's labels, for pages that cannot show any."""

    kind: FaceKind
    title: str
    text: str
    icon: str
    reference: str = ""
    """The vendor's own number for the request that failed."""
    is_about_key: bool = False

    @property
    def is_labels(self) -> bool:
        return self.kind == "labels"

    @property
    def can_retry(self) -> bool:
        return self.kind == "failed"


@dataclass(frozen=True)
class LabelsPart:
    """The labels of an item as they are shown: `overlay` is None on every face but that of labels."""

    face: Face
    overlay: Overlay | None
    annotation: Annotation | None

    @property
    def reviewer(self) -> str:
        """`CONSENSUS_REVIEW` as "Consensus review"; free text (FACTS 4, row 18) as it came."""
        text = (self.annotation.ground_truth_reviewer if self.annotation else "") or ""
        return text.replace("_", " ").capitalize() if _ENUM.fullmatch(text) else text

    @property
    def label_count(self) -> str:
        count = self.annotation.metadata.get("label_count") if self.annotation else None
        return "" if count is None else value_rows.text_of(count)

    @property
    def inference(self) -> JsonValue:
        return JsonValue(self.annotation.inference if self.annotation else None)

    @property
    def fields(self) -> list[tuple[str, JsonValue]]:
        """What came as JSON, with its title."""
        annotation = self.annotation or Annotation()
        public_metadata = without_console_id(annotation.metadata)
        metadata = {name: value for name, value in public_metadata.items() if name not in _NAMED}
        fields = [
            ("Inference", self.inference),
            ("Metadata of the labels", JsonValue(metadata)),
            ("Other fields of the labels", JsonValue(annotation.extra)),
        ]
        return filled(fields)


LABELS = Face("labels", "Labels", "", "tags")
EMPTY = Face("empty", "Checked, nothing there", "The label file holds no labels for this item.", "circle-check")
NO_FILE = "CloudFactory names no label file for this item, although its status is “{}”."


def present_labels(labels: ItemLabels, status: Status) -> LabelsPart:
    """The face that fits what was read and the item's status."""
    overlay = build_overlay(labels.document) if labels.document else None
    if overlay is not None and overlay.shapes:
        return LabelsPart(LABELS, overlay, labels.annotation)
    return LabelsPart(_face(labels, status, overlay), None, labels.annotation)


def _face(labels: ItemLabels, status: Status, overlay: Overlay | None) -> Face:
    if labels.problem is not None:
        return _failed(labels.problem)
    if overlay is not None and overlay.notes:
        # The file is not empty, so the picture can't be called empty.
        return Face("failed", "No labels found", " ".join((EMPTY.text, *overlay.notes)), "cloud-off")
    if labels.annotation is None or status.value in _WITHOUT_LABELS:
        return _undone(status)
    return EMPTY if overlay else Face("failed", "No label file", NO_FILE.format(status.word), "cloud-off")


def _failed(problem: UpstreamError) -> Face:
    title = "The labels could not be loaded"
    is_about_key = bool(error_pages.key_label(problem))
    return Face("failed", title, problem.message, "cloud-off", problem.reference or "", is_about_key)


_WITHOUT_LABELS = {
    "NEW": "Nobody has started on this item.",
    "IN_PROGRESS": "Somebody is working on this item. Labels appear when the work is finished.",
    "CANCELED": "This item was canceled before it had labels.",
    "FAILED": "The work on this item failed, so there are no labels.",
}


_UNDONE_TITLES = {"CANCELED": "Not done: canceled", "FAILED": "Not done: failed"}


def _undone(status: Status) -> Face:
    text = _WITHOUT_LABELS.get(status.value, "CloudFactory has no labels for this item yet.")
    title = _UNDONE_TITLES.get(status.value, "Not done yet")
    return Face("undone", title, text, "circle-dashed")
