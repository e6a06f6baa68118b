"""Long jobs in parts: each part is claimed, done and recorded by itself, and the job can stop or pause between two.

    def send(operation: Operation) -> Result:
        return parts.run(operation, send_part)

    def send_part(operation: Operation, part: Part) -> PartResult: ...

A part that was begun and not finished, because its worker was killed, is handed to the function again with its
`attempts` counted: a part that writes upstream finds its earlier act under `part.id` and looks it up.
What else the part changes in the database belongs into `PartDone.record`: it is committed with the part's end, once.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from console.common.redaction import hide
from console.jobs import services
from console.jobs.handlers import Done, Paused, Result, Retry
from console.jobs.models import Operation, OperationQuerySet, Part, State

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
MOST_MESSAGE = 500
FIRST_WAIT = 5.0
# After so many seconds another job of the queue has its turn.
TURN = 20.0
TAKEN_OVER = "Another worker does it."
STOPPED = "Stopped."


@dataclass(frozen=True)
class PartDone:
    """Finished; `state` says how: DONE, FAILED (surely not done) or UNKNOWN. `result` is stored with the part.

    `record` is called within the transaction that ends the part, and only if the part is still this worker's.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    state: str = Part.State.DONE
    message: str = ""
    record: Callable[[], None] | None = None


@dataclass(frozen=True)
class Busy:
    """The vendor asked to wait, or can't be reached: the same part once more later. No attempt is spent."""

    seconds: float
    message: str = ""


@dataclass(frozen=True)
class Halt:
    """The part was surely not done, and no other part would be: the rest is left out."""

    message: str
    record: Callable[[], None] | None = None


@dataclass(frozen=True)
class Hold:
    """The job pauses until somebody lets it carry on. `part` says what became of the part in hand.

    Without `part` the same part is next once more, and no attempt is spent.
    """

    message: str
    part: PartDone | None = None


PartResult = PartDone | Busy | Halt | Hold
Do = Callable[[Operation, Part], PartResult]


class InHand(Exception):
    """A worker has the part in hand: what it does is not to be judged by somebody else."""


class TakenOver(Exception):
    """The lease ran out, and another worker has the job: nothing it says is this worker's to record."""


def add(operation: Operation, payloads: Iterable[Mapping[str, Any]]) -> list[Part]:
    """Adds parts behind those that are there; each payload is stored as what the part sends."""
    last = operation.parts.aggregate(last=Max("number"))["last"] or 0
    new = [
        Part(operation=operation, number=last + place, payload=dict(payload))
        for place, payload in enumerate(payloads, start=1)
    ]
    return Part.objects.bulk_create(new)


def run(operation: Operation, do: Do, *, most: int | None = None) -> Result:
    """Does the parts in order, until all are finished, one asks to wait, or somebody stops the job.

    Others get a turn after TURN seconds, with `most` also after so many parts. A part in hand of a killed worker is
    finished also when a stop was asked for; only those that were not begun are left out.
    """
    finished, began = 0, time.monotonic()
    try:
        while True:
            reason = _reason_to_stop(operation)
            if reason:
                leave_out_rest(operation)
            part = operation.parts.unfinished().first()
            if part is None:
                return Done(reason)
            if not _claim(operation, part):
                continue
            result = _do(operation, part, do)
            if result is not None:
                return result
            finished += 1
            is_turn_over = finished == most or time.monotonic() - began > TURN or services.is_ending()
            if is_turn_over and operation.parts.unfinished().exists():
                return Retry(0)
    except TakenOver:
        return Done(TAKEN_OVER)


def keep(operation: Operation) -> None:
    """Renews the lease in the middle of a part that takes long. Raises TakenOver."""
    if not operation.renew(services.lease()):
        raise TakenOver


def check_not_in_hand(part_id: uuid.UUID) -> None:
    """Raises InHand while a living worker does this part."""
    part = Part.objects.select_related("operation").filter(pk=part_id, state=Part.State.RUNNING).first()
    if part is None or part.operation.state != State.RUNNING:
        return
    if part.operation.lease_until is not None and part.operation.lease_until > timezone.now():
        raise InHand(f"Part {part.number} is being sent.")


def why_left_out(operation: Operation, message: str) -> str:
    """Why not all parts were done, "" where all were; `message` is that of the job.

    A worker that was killed at the end didn't keep its message.
    """
    if message and message != STOPPED:
        return message
    if not operation.parts.filter(state=Part.State.LEFT_OUT).exists():
        return ""
    failed_part = operation.parts.filter(state=Part.State.FAILED, result={}).order_by("-number").first()
    return message or (failed_part.message if failed_part else STOPPED)


def leave_out_rest(operation: Operation) -> int:
    """Marks what was not begun as left out; returns how many parts that is."""
    waiting = operation.parts.filter(_is_of(_held_operation(operation)), state=Part.State.WAITING)
    return waiting.update(state=Part.State.LEFT_OUT, finished_at=timezone.now())


def _reason_to_stop(operation: Operation) -> str:
    """Also the check, before each part, that the job is still this worker's. Raises TakenOver."""
    keep(operation)
    operation.refresh_from_db(fields=["stop_asked_at", "person"])
    if operation.stop_asked_at is not None:
        return STOPPED
    if operation.person is not None and not operation.person.is_active:
        reason = services.was_disabled(operation.person)
        # Their key looks nothing up any more.
        in_hand = operation.parts.filter(_is_of(_held_operation(operation)), state=Part.State.RUNNING)
        in_hand.update(state=Part.State.UNKNOWN, message=reason, finished_at=timezone.now())
        return reason
    return ""


def _claim(operation: Operation, part: Part) -> bool:
    """False where, since it was looked for, a stop was asked for, its person was disabled, or the lease ran out."""
    rows = _held_operation(operation)
    if part.state == Part.State.WAITING:
        is_person_active = Q(person=None) | Q(person__is_active=True)
        rows = rows.filter(is_person_active, stop_asked_at=None)
    changes = {"state": Part.State.RUNNING, "lease_id": operation.lease_id, "attempts": F("attempts") + 1}
    mine = Part.objects.filter(_is_of(rows), pk=part.pk, state=part.state)
    if not mine.update(**changes, started_at=part.started_at or timezone.now()):
        return False
    part.refresh_from_db()
    # From here on the part counts the attempts.
    _held_operation(operation).update(attempts=0)
    operation.attempts = 0
    return True


def _do(operation: Operation, part: Part, do: Do) -> Result | None:
    """Does one part and records its result; None: the next one."""
    if part.attempts > MOST_ATTEMPTS:
        _give_up(part, part.message or services.NEVER_FINISHED)
        return None
    try:
        result = do(operation, part)
        if isinstance(result, PartDone):
            _finish(part, result)
            return None
        return _leave(operation, part, result)
    except TakenOver:
        raise
    # Whatever a part dies of is recorded with it, and must not end the parts behind it.
    except Exception as error:
        log.exception("Part %s of %s failed", part.number, operation.pk)
        return _failed(part, hide(str(error)) or type(error).__name__)


def _leave(operation: Operation, part: Part, result: Busy | Halt | Hold) -> Result:
    if isinstance(result, Busy):
        _put_back(part, result.message)
        return Retry(result.seconds, result.message)
    if isinstance(result, Halt):
        _finish(part, PartDone(state=Part.State.FAILED, message=result.message, record=result.record))
        leave_out_rest(operation)
        return Done(result.message)
    if result.part is None:
        _put_back(part, result.message)
    else:
        _finish(part, result.part)
    return Paused(result.message)


def _failed(part: Part, message: str) -> Result | None:
    if part.attempts >= MOST_ATTEMPTS:
        _give_up(part, message)
        return None
    if not part.under_lease().update(state=Part.State.WAITING, message=message[:MOST_MESSAGE]):
        raise TakenOver
    return Retry(FIRST_WAIT * 4 ** (part.attempts - 1), message)


def _give_up(part: Part, message: str) -> None:
    """Whether what it sent was done is looked up by the code that sent it."""
    changes = {"state": Part.State.UNKNOWN, "is_given_up": True, "message": message[:MOST_MESSAGE]}
    if not part.under_lease().update(**changes, finished_at=timezone.now()):
        raise TakenOver


def _finish(part: Part, result: PartDone) -> None:
    changes = {"state": result.state, "result": dict(result.result), "message": result.message[:MOST_MESSAGE]}
    with transaction.atomic():
        if not part.under_lease().update(**changes, finished_at=timezone.now()):
            raise TakenOver
        if result.record is not None:
            result.record()


def _put_back(part: Part, message: str) -> None:
    waiting = {"state": Part.State.WAITING, "message": message[:MOST_MESSAGE]}
    if not part.under_lease().update(**waiting, attempts=F("attempts") - 1):
        raise TakenOver


def _held_operation(operation: Operation) -> OperationQuerySet:
    return Operation.objects.filter(pk=operation.pk, state=State.RUNNING, lease_id=operation.lease_id)


def _is_of(operations: OperationQuerySet) -> Q:
    """For one statement that changes parts only while their operation is among these."""
    return Q(Exists(operations.filter(pk=OuterRef("operation"))))
