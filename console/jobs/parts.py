"""Long jobs in parts: each part is claimed, done and recorded by itself, and the job can stop or pause between two.

    def send(operation: Operation) -> Result:
        return parts.run(operation, send_part)

    def send_part(operation: Operation, part: Part) -> PartResult: ...

A part that was begun and not finished, because its worker was killed, is handed to the function again with its
`attempts` counted: whoever writes upstream finds its earlier act under `part.id` and looks it up instead of sending it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Person
from console.common.redaction import hide
from console.jobs import services
from console.jobs.models import Operation, Part, State
from console.jobs.services import Again, Done, Paused, Result

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
MOST_MESSAGE = 500
FIRST_WAIT = 5.0
NEVER_FINISHED = "It was tried three times and never finished."
TAKEN_OVER = "Another worker does it."
STOPPED = "Stopped."


@dataclass(frozen=True)
class PartDone:
    """Finished; `state` says how: DONE, FAILED (surely not done) or UNKNOWN. `came` is stored with the part."""

    came: Mapping[str, Any] = field(default_factory=dict)
    state: str = Part.State.DONE
    message: str = ""


@dataclass(frozen=True)
class Busy:
    """The vendor asked to wait, or can't be reached: the same part once more later. No attempt is spent."""

    seconds: float
    message: str = ""


@dataclass(frozen=True)
class Halt:
    """The part was surely not done, and no other part would be: the rest is left out."""

    message: str


@dataclass(frozen=True)
class Hold:
    """The job pauses until somebody lets it carry on. `part` says what became of the part in hand.

    Without `part` the same part is next once more, and no attempt is spent.
    """

    message: str
    part: PartDone | None = None


PartResult = PartDone | Busy | Halt | Hold
Do = Callable[[Operation, Part], PartResult]


class TakenOver(Exception):
    """The lease ran out, and another worker has the job: nothing it says is this worker's to record."""


def add(operation: Operation, payloads: Iterable[Mapping[str, Any]]) -> list[Part]:
    """Adds parts behind those that are there; each payload is stored as what the part sends."""
    last = operation.parts.aggregate(last=Max("number"))["last"] or 0
    new = [
        Part(operation=operation, number=last + place, sent=dict(payload))
        for place, payload in enumerate(payloads, start=1)
    ]
    return Part.objects.bulk_create(new)


def run(operation: Operation, do: Do, *, most: int | None = None) -> Result:
    """Does the parts in order, until all are finished, one asks to wait, or somebody stops the job.

    With `most` it lets others have a turn after so many parts. A part in hand of a killed worker is finished also when
    a stop was asked for; only those that were not begun are left out.
    """
    # Parts count their own attempts.
    Operation.objects.filter(pk=operation.pk, lease_id=operation.lease_id).update(attempts=0)
    operation.attempts = 0
    finished = 0
    try:
        while True:
            if reason := _reason_to_stop(operation):
                leave_out_rest(operation)
            part = _claim_next(operation)
            if part is None:
                return Done(reason)
            result = _do(operation, part, do)
            if result is not None:
                return result
            finished += 1
            if most is not None and finished >= most and _unfinished(operation).exists():
                return Again(0)
    except TakenOver:
        return Done(TAKEN_OVER)


def keep(operation: Operation) -> None:
    """Renews the lease in the middle of a part that takes long. Raises TakenOver."""
    if not operation.renew(services.lease()):
        raise TakenOver


def leave_out_rest(operation: Operation) -> int:
    """Marks what was not begun as left out; returns how many parts that is."""
    waiting = operation.parts.filter(_is_mine(operation), state=Part.State.WAITING)
    return waiting.update(state=Part.State.LEFT_OUT, finished_at=timezone.now())


def _reason_to_stop(operation: Operation) -> str:
    """Also the check, before each part, that the job is still this worker's. Raises TakenOver."""
    keep(operation)
    operation.refresh_from_db(fields=["stop_asked_at"])
    if operation.stop_asked_at is not None:
        return STOPPED
    person = operation.person
    if person is not None and not Person.objects.filter(pk=person.pk, is_active=True).exists():
        return f"{person} was disabled."
    return ""


def _claim_next(operation: Operation) -> Part | None:
    part = _unfinished(operation).first()
    if part is None:
        return None
    changes = {"state": Part.State.RUNNING, "lease_id": operation.lease_id, "attempts": F("attempts") + 1}
    mine = Part.objects.filter(_is_mine(operation), pk=part.pk)
    if not mine.update(**changes, started_at=part.started_at or timezone.now()):
        raise TakenOver
    part.refresh_from_db()
    return part


def _do(operation: Operation, part: Part, do: Do) -> Result | None:
    """Does one part and records what came; None: the next one."""
    if part.attempts > MOST_ATTEMPTS:
        _finish(part, PartDone(state=Part.State.UNKNOWN, message=part.message or NEVER_FINISHED))
        return None
    try:
        result = do(operation, part)
    except TakenOver:
        raise
    # Whatever a part dies of is recorded with it, and must not end the parts behind it.
    except Exception as error:
        log.exception("Part %s of %s failed", part.number, operation.pk)
        return _failed(part, hide(str(error)) or type(error).__name__)
    if isinstance(result, PartDone):
        _finish(part, result)
        return None
    if isinstance(result, Busy):
        _put_back(part, result.message)
        return Again(result.seconds, result.message)
    if isinstance(result, Halt):
        _finish(part, PartDone(state=Part.State.FAILED, message=result.message))
        leave_out_rest(operation)
        return Done(result.message)
    if result.part is None:
        _put_back(part, result.message)
    else:
        _finish(part, result.part)
    return Paused(result.message)


def _failed(part: Part, message: str) -> Result | None:
    if part.attempts >= MOST_ATTEMPTS:
        _finish(part, PartDone(state=Part.State.FAILED, message=message))
        return None
    _held(part).update(state=Part.State.WAITING, message=message[:MOST_MESSAGE])
    return Again(FIRST_WAIT * 4 ** (part.attempts - 1), message)


def _finish(part: Part, result: PartDone) -> None:
    ended = {"state": result.state, "came": dict(result.came), "message": result.message[:MOST_MESSAGE]}
    if not _held(part).update(**ended, finished_at=timezone.now()):
        raise TakenOver


def _put_back(part: Part, message: str) -> None:
    waiting = {"state": Part.State.WAITING, "message": message[:MOST_MESSAGE]}
    if not _held(part).update(**waiting, attempts=F("attempts") - 1):
        raise TakenOver


def _unfinished(operation: Operation) -> "QuerySet[Part]":
    """A part in hand of a killed worker comes first, by its number."""
    return operation.parts.filter(state__in=(Part.State.WAITING, Part.State.RUNNING)).order_by("number")


def _held(part: Part) -> "QuerySet[Part]":
    return Part.objects.filter(pk=part.pk, state=Part.State.RUNNING, lease_id=part.lease_id)


def _is_mine(operation: Operation) -> Q:
    mine = Operation.objects.filter(pk=OuterRef("operation"), state=State.RUNNING, lease_id=operation.lease_id)
    return Q(Exists(mine))
