"""Exports as the pages show them: words instead of enums, who and when, and how long the link still lives."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from console.audit import selectors
from console.common import polling
from console.common.parsing import read_int
from console.exports import form_addresses, monitor, slot
from console.exports.download import FileGone
from console.exports.models import LINK_LASTS, ExportRequest, Receipt
from console.upstream.errors import UpstreamError
from console.upstream.response_models import Export

ENDING_SOON = timedelta(hours=24)
OUTSIDE = "Started outside the console"


@dataclass(frozen=True)
class ExportState:
    text: str
    tone: str
    active: bool = False


STATES = {
    "PENDING": ExportState("Pending", "info", active=True),
    "IN_PROGRESS": ExportState("Being made", "info", active=True),
    "COMPLETED": ExportState("Ready", "good"),
    "FAILED": ExportState("Failed", "bad"),
}
# The vendor goes on calling it finished; that its file cannot be had any more is known from trying.
EXPIRED = ExportState("Expired", "quiet")
FORMATS = {"COCO_JSON": "COCO"}
CONTENTS = {"ANNOTATION": "labels", "INFERENCE": "predictions", "ASSET_METADATA": "facts about the files"}
FILTERS = {"mine": "Mine", "ready": "Ready", "ending": "Ending soon", "failed": "Failed"}


@dataclass(frozen=True)
class ExportRow:
    export: Export
    export_request: ExportRequest | None
    receipt: Receipt | None
    downloads: str = ""
    expired: bool = False
    """Whether no link that works was given when somebody last wanted the file."""

    @property
    def name(self) -> str:
        return self.export.name or "Export without a name"

    @property
    def state(self) -> ExportState:
        """An undocumented value is shown as it came."""
        status = self.export.status or ""
        if self.is_ready and self.expired:
            return EXPIRED
        return STATES.get(status) or ExportState(status or "State not given", "quiet")

    @property
    def is_ready(self) -> bool:
        return self.export.status == "COMPLETED"

    @property
    def has_file(self) -> bool:
        return self.is_ready and not self.expired

    @property
    def format(self) -> str:
        return FORMATS.get(self.export.format or "", self.export.format or "")

    @property
    def holds(self) -> str:
        return CONTENTS.get(self.export.content or "", self.export.content or "")

    @property
    def contents(self) -> str:
        return self.export_request.headline if self.export_request else OUTSIDE

    @property
    def query(self) -> str:
        """The address part that makes the same choice again, where it is known."""
        return form_addresses.selection_query(self.export_request) if self.export_request else ""

    @property
    def by(self) -> str:
        return str(self.export_request.person) if self.export_request else (self.export.created_by or "Not told")

    @property
    def took(self) -> timedelta | None:
        """At most: until the console saw it end, because the vendor does not say when it did."""
        if self.export_request is None or self.export_request.ended_at is None or self.export.created_at is None:
            return None
        return max(self.export_request.ended_at - self.export.created_at, timedelta())

    @property
    def elapsed(self) -> timedelta | None:
        created = self.export.created_at
        return timezone.now() - created if created and self.state.active else None

    @property
    def link_ends(self) -> datetime | None:
        """Seven days from its end, or from its creation where the console did not see the end: early, never late."""
        if not self.has_file:
            return None
        since = (self.export_request.ended_at if self.export_request else None) or self.export.created_at
        return since + LINK_LASTS if since else None

    @property
    def link_ended(self) -> bool:
        return self.link_ends is not None and self.link_ends < timezone.now()

    @property
    def ends_soon(self) -> bool:
        return self.link_ends is not None and not self.link_ended and self.link_ends - timezone.now() < ENDING_SOON


def rows(exports: Iterable[Export]) -> list[ExportRow]:
    """With what the console knows about each: four queries however many there are."""
    listed = list(exports)
    ids = [export.id for export in listed if export.id]
    export_requests = map(monitor.with_end, ExportRequest.objects.select_related("person").filter(export_id__in=ids))
    planned = {export_request.export_id: export_request for export_request in export_requests}
    receipts = Receipt.objects.defer("classes", "details").in_bulk(ids)
    downloads = {export_id: of_export.sentence for export_id, of_export in selectors.downloads_of(ids).items()}
    expired = selectors.not_handed_over(ids, {FileGone.EXPIRED, FileGone.DELETED})
    return [
        ExportRow(
            export,
            planned.get(key := export.id),
            receipts.get(key),
            downloads.get(key, ""),
            key in expired,
        )
        for export in listed
    ]


def row(export: Export) -> ExportRow:
    return rows([export])[0]


def filter_rows(rows: Sequence[ExportRow], name: str, user_pk: object) -> list[ExportRow]:
    """The rows a filter asks for."""
    tests: dict[str, Callable[[ExportRow], bool]] = {
        "mine": lambda row: row.export_request is not None and row.export_request.person_id == user_pk,
        "ready": lambda row: row.has_file and not row.link_ended,
        "ending": lambda row: row.ends_soon,
        "failed": lambda row: row.export.status == "FAILED",
    }
    return [row for row in rows if tests[name](row)]


def sort_rows(rows: Sequence[ExportRow], sort: str, order: str) -> list[ExportRow]:
    """As the vendor would sort them; they come newest first."""
    listed = sorted(rows, key=lambda row: row.name.casefold()) if sort == "name" else list(reversed(rows))
    return listed if order == "ASC" else listed[::-1]


def usual_duration(space: str) -> timedelta | None:
    """How long the space's exports took recently, for "yours usually take 2 min"."""
    finished = ExportRequest.objects.filter(
        space=space, end_status="COMPLETED", started_at__isnull=False, ended_at__isnull=False
    )
    ends = finished.order_by("-ended_at").values_list("started_at", "ended_at")[:9]
    took = sorted(end - start for start, end in ends if start and end)
    return took[len(took) // 2] if len(took) >= 2 else None


def is_active(export: Export) -> bool:
    return export.status in slot.ACTIVE


def next_look(look: str | None, error: UpstreamError | None) -> dict[str, Any]:
    """When the page asks next: later each time, and not before the vendor wants to be asked again."""
    turn = read_look(look)
    delay = polling.EXPORT.delay(turn)
    if delay is not None and error is not None:
        delay = max(delay, math.ceil(error.retry_in or 0))
    return {"look": turn + 1, "delay": delay, "error": error}


def read_look(text: str | None) -> int:
    return min(read_int(text) or 0, 10_000)
