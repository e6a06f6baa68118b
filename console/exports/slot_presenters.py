"""The export slot as the pages show it: one state at a time, told in one sentence (`exports/_slot_sentence.html`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person
from console.exports.models import ExportRequest
from console.exports.slot import Lane


class State(StrEnum):
    FREE = "free"
    MINE = "mine"
    """An export of this person runs."""
    OTHERS = "others"
    QUEUED = "queued"
    """An export of this person is in the queue."""
    NEXT = "next"
    """None runs; the first in the queue is another person's and starts in a moment."""
    UNKNOWN = "unknown"


LABELS: Mapping[State, tuple[str, str]] = {
    State.FREE: ("Free", "good"),
    State.MINE: ("In use", "info"),
    State.OTHERS: ("In use", "info"),
    State.QUEUED: ("Queued", "info"),
    State.NEXT: ("In use", "info"),
    State.UNKNOWN: ("Unknown", "quiet"),
}


@dataclass(frozen=True)
class Slot:
    """`export_request` is the queued export whose page this is; `is_refused`: CloudFactory just refused a start."""

    lane: Lane
    user: Person
    export_request: ExportRequest | None = None
    is_refused: bool = False

    @property
    def state(self) -> State:
        lane = self.lane
        if (
            self.export_request is None
            and lane.export_request is not None
            and lane.export_request.person_id == self.user.pk
        ):
            return State.MINE
        if self.own is not None:
            return State.QUEUED
        if lane.active is not None:
            return State.OTHERS
        if lane.waiting:
            return State.NEXT
        return State.FREE if lane.is_known and not self.is_refused else State.UNKNOWN

    @property
    def own(self) -> ExportRequest | None:
        """This person's first export in the queue."""
        return self.export_request or next(
            (export_request for export_request in self.lane.waiting if export_request.person_id == self.user.pk), None
        )

    @property
    def position(self) -> int:
        """Of `own` in the queue, from 1; 0 where the others in it are not known."""
        ids = [export_request.pk for export_request in self.lane.waiting]
        return ids.index(self.own.pk) + 1 if self.lane.is_known and self.own is not None and self.own.pk in ids else 0

    @property
    def label(self) -> str:
        return LABELS[self.state][0]

    @property
    def tone(self) -> str:
        return LABELS[self.state][1]

    @property
    def is_busy(self) -> bool:
        """Whether a new export would have to wait, so that the queue is offered."""
        return self.is_refused or self.lane.active is not None or bool(self.lane.waiting)

    @property
    def is_stale(self) -> bool:
        """Whether CloudFactory gave no new answer and this is its last one."""
        return self.lane.is_known and self.lane.error is not None

    @property
    def is_watched(self) -> bool:
        """Whether the page asks again: it can change without anybody on this page."""
        return self.is_busy or self.lane.error is not None or not self.lane.is_known
