"""The export slot as the pages show it: one state at a time, in one sentence (`exports/_slot_sentence.html`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person
from console.exports.models import ExportRequest
from console.exports.slot import SlotUsage


class SlotState(StrEnum):
    FREE = "free"
    MINE = "mine"
    """An export of this person runs."""
    OTHERS = "others"
    QUEUED = "queued"
    """An export of this person is in the queue."""
    NEXT = "next"
    """None runs; the first in the queue is another person's and starts in a moment."""
    UNKNOWN = "unknown"


LABELS: Mapping[SlotState, tuple[str, str]] = {
    SlotState.FREE: ("Free", "good"),
    SlotState.MINE: ("In use", "info"),
    SlotState.OTHERS: ("In use", "info"),
    SlotState.QUEUED: ("Queued", "info"),
    SlotState.NEXT: ("In use", "info"),
    SlotState.UNKNOWN: ("Unknown", "quiet"),
}


@dataclass(frozen=True)
class SlotStatus:
    """`export_request` is the queued export whose page this is; `is_refused`: CloudFactory just refused a start."""

    usage: SlotUsage
    user: Person
    export_request: ExportRequest | None = None
    is_refused: bool = False

    @property
    def state(self) -> SlotState:
        usage = self.usage
        if (
            self.export_request is None
            and usage.export_request is not None
            and usage.export_request.person_id == self.user.pk
        ):
            return SlotState.MINE
        if self.own is not None:
            return SlotState.QUEUED
        if usage.active is not None:
            return SlotState.OTHERS
        if usage.waiting:
            return SlotState.NEXT
        return SlotState.FREE if usage.is_known and not self.is_refused else SlotState.UNKNOWN

    @property
    def own(self) -> ExportRequest | None:
        """This person's first export in the queue."""
        return self.export_request or next(
            (export_request for export_request in self.usage.waiting if export_request.person_id == self.user.pk), None
        )

    @property
    def position(self) -> int:
        """Of `own` in the queue, from 1; 0 where the others in it are not known."""
        ids = [export_request.pk for export_request in self.usage.waiting]
        return ids.index(self.own.pk) + 1 if self.usage.is_known and self.own is not None and self.own.pk in ids else 0

    @property
    def label(self) -> str:
        return LABELS[self.state][0]

    @property
    def tone(self) -> str:
        return LABELS[self.state][1]

    @property
    def is_busy(self) -> bool:
        """Whether a new export would have to wait, so that the queue is offered."""
        return self.is_refused or self.usage.active is not None or bool(self.usage.waiting)

    @property
    def is_stale(self) -> bool:
        """Whether CloudFactory gave no new answer and this is its last one."""
        return self.usage.is_known and self.usage.error is not None

    @property
    def is_watched(self) -> bool:
        """Whether the page asks again: it can change without anybody on this page."""
        return self.is_busy or self.usage.error is not None or not self.usage.is_known
