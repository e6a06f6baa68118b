"""One work item as its page shows it: facts in words."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from django.urls import reverse
from django.utils import timezone

from console.common import value_rows
from console.common.formatting import show_controls, untrusted_url
from console.items.console_ids import without_console_id
from console.items.provenance import Provenance, provenance_of
from console.items.selectors import asset_file_name, item_name
from console.items.statuses import Status, status_named
from console.upstream.response_models import WorkItem

MOST_RAW = 20_000
MOST_FILE_NAME = 1_000
PICTURE_ENDINGS = frozenset({"avif", "bmp", "gif", "jfif", "jpe", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"})


@dataclass(frozen=True)
class JsonValue:
    """A value from outside of any kind: a table where it is an object, else a line of text."""

    value: Any

    @property
    def is_empty(self) -> bool:
        return self.value is None or self.value in ({}, [], "")

    @property
    def rows(self) -> list[tuple[str, str]]:
        return value_rows.rows_of(self.value) if isinstance(self.value, Mapping) else []

    @property
    def text(self) -> str:
        return value_rows.text_of(self.value)

    @property
    def raw(self) -> str:
        """The JSON as it came, indented; cut after `MOST_RAW` characters."""
        lines = "\n".join(show_controls(line) for line in self._json[:MOST_RAW].split("\n"))
        return f"{lines}…" if self.cut_words else lines

    @property
    def cut_words(self) -> str:
        return f"Only the first {MOST_RAW:,} characters are shown." if len(self._json) > MOST_RAW else ""

    @cached_property
    def _json(self) -> str:
        return json.dumps(self.value, ensure_ascii=False, indent=2, default=str)


def filled(fields: Iterable[tuple[str, JsonValue]]) -> list[tuple[str, JsonValue]]:
    """Those that hold something."""
    return [(title, field) for title, field in fields if not field.is_empty]


@dataclass(frozen=True)
class ItemFacts:
    """What CloudFactory returns for an item. `batch_name` is "" if it is not cached."""

    item: WorkItem
    project: uuid.UUID
    batch_name: str = ""

    @property
    def name(self) -> str:
        return item_name(self.item)

    @property
    def status(self) -> Status:
        return status_named(self.item.status)

    @property
    def batch_words(self) -> str:
        if self.item.batch_id is None:
            return "not given"
        return self.batch_name or f"Batch {self.item.batch_id}"

    @property
    def batch_url(self) -> str:
        batch = self.item.batch_id
        return reverse("batches:detail", args=[self.project, batch]) if batch is not None else ""

    @property
    def due_at(self) -> datetime | None:
        return self.item.due_at

    @property
    def is_overdue(self) -> bool:
        return self.status.is_unfinished and self.due_at is not None and self.due_at < timezone.now()

    @property
    def results_link(self) -> str:
        return untrusted_url(self.item.results_url)

    @property
    def metadata(self) -> JsonValue:
        return JsonValue(without_console_id(self.item.metadata))

    @property
    def fields(self) -> list[tuple[str, JsonValue]]:
        """JSON values with their titles, also of fields that are not documented or not of the documented type."""
        return filled([("Metadata", self.metadata), ("Other fields", JsonValue(self.item.extra))])

    @property
    def is_picture(self) -> bool:
        """Whether a browser can probably show the asset: its type or its ending is that of an image."""
        kind = (self.item.asset_type or "").casefold()
        ending = PurePosixPath((self.item.asset_url or "").split("?")[0]).suffix.lstrip(".").casefold()
        return kind == "image" or (not self.is_video and (not ending or ending in PICTURE_ENDINGS))

    @property
    def labels_url(self) -> str:
        """The address of the labels, with what the page already has, so that it isn't requested again."""
        file = asset_file_name(self.item)[:MOST_FILE_NAME]
        parameters = {"status": self.item.status, "file": file, "drawn": "" if self.is_picture else "no"}
        query = {name: value for name, value in parameters.items() if value}
        return reverse("items:labels", args=[self.project, self.item.id], query=query or None)

    @property
    def origin(self) -> Provenance | None:
        """The slice it came from."""
        return provenance_of(self.item.metadata)

    @property
    def is_video(self) -> bool:
        return (self.item.asset_type or "").casefold() == "video"

    @property
    def kind_words(self) -> str:
        return "a video" if self.is_video else "not a picture"

    @property
    def kind_word(self) -> str:
        return "video" if self.is_video else "file"
