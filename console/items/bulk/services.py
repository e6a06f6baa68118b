"""Sending one signal to many work items (P14), a hundred at a time, each of them once.

Each hundred is a part of a job, and the part's id is the one-time id of its act in the audit: `jobs.py` does the parts.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Person
from console.items import counts
from console.items.bulk import result_writer
from console.items.bulk.actions import BulkAction, action_of
from console.items.bulk.results import Result
from console.items.bulk.selectors import to_be_sent
from console.items.models import BulkItem, BulkSignal
from console.items.statuses import status_named
from console.jobs import parts
from console.jobs import services as jobs
from console.jobs.models import Part

KIND = "items.bulk"
PART = 100
"""The most items of one call (FACTS 2.9)."""
State, Kind, Outcome = BulkSignal.State, BulkItem.Kind, BulkItem.Outcome
UNDER_WAY = (State.WAITING, State.SENDING, State.PAUSED)
NOT_READ = "Left out: it could not be read."
LEFT_OUT = {
    Kind.CHANGED: "Left out: it changed while you looked.",
    Kind.GONE: "Left out: the project has no such item.",
    Kind.HELD: "Left out: something else on it is under way.",
}
TAKEN_BACK = "Taken back before it was sent."
NOT_SENT = "It was not sent."
STOPPED = "Stopped before its turn."
STOPPING = "Stopping after the items that are being sent now."


def start(bulk: BulkSignal) -> None:
    """Sends the items of the plan as a job, or lets them wait REVIEW_GRACE seconds first.

    Of two presses the second does nothing. What the plan leaves out is marked as not sent, with the reason.
    """
    action = action_of(bulk.action)
    grace = settings.REVIEW_GRACE if action.waits else 0
    with transaction.atomic():
        if not _take(bulk, action, grace):
            return
        payload = {"about": bulk.project_name, "project": str(bulk.project)}
        operation = jobs.enqueue(kind=KIND, subject=str(bulk.pk), person=bulk.person, payload=payload, delay=grace)
        keys = list(to_be_sent(bulk).order_by("position").values_list("pk", flat=True))
        portions = [keys[first : first + PART] for first in range(0, len(keys), PART)]
        for part, portion in zip(parts.add(operation, map(_payload, portions)), portions, strict=True):
            BulkItem.objects.filter(pk__in=portion).update(act_id=part.pk, outcome=Outcome.NONE, message="")
        _leave_out_others(bulk)
        BulkSignal.objects.filter(pk=bulk.pk).update(planned_count=len(keys))
    bulk.refresh_from_db()


def take_back(*, user: Person, bulk: BulkSignal) -> bool:
    """Whether it was taken back and is never sent; False where it is being sent already, or was before."""
    with transaction.atomic():
        mine = BulkSignal.objects.filter(pk=bulk.pk, person=user, state=State.WAITING)
        taken = mine.update(state=State.TAKEN_BACK, message=TAKEN_BACK, finished_at=timezone.now())
        if taken:
            jobs.cancel(kind=KIND, subject=str(bulk.pk), words="It was taken back.")
            Part.objects.filter(operation__kind=KIND, operation__subject=str(bulk.pk)).update(
                state=Part.State.LEFT_OUT, finished_at=timezone.now()
            )
            _leave_unsent(bulk, TAKEN_BACK)
    bulk.refresh_from_db()
    return bool(taken)


def stop(*, user: Person, bulk: BulkSignal) -> bool:
    """Nothing further is sent once the part on its way is finished; False where nothing is under way."""
    if take_back(user=user, bulk=bulk):
        return True
    with transaction.atomic():
        mine = BulkSignal.objects.filter(pk=bulk.pk, person=user, state__in=(State.SENDING, State.PAUSED))
        # The job's row first, as its worker does.
        is_asked = jobs.ask_to_stop(kind=KIND, subject=str(bulk.pk)) and bool(mine.update(message=STOPPING))
        transaction.set_rollback(not is_asked)
    bulk.refresh_from_db()
    return is_asked


def carry_on(*, user: Person, bulk: BulkSignal) -> bool:
    """Lets a paused one go on; False where it isn't paused, or is being stopped."""
    with transaction.atomic():
        mine = BulkSignal.objects.filter(pk=bulk.pk, person=user, state=State.PAUSED)
        # Its next pause is news once more.
        going_on = {"state": State.SENDING, "message": "", "failures": 0, "needs_read": True, "notified_state": ""}
        is_going_on = jobs.carry_on(kind=KIND, subject=str(bulk.pk)) and bool(mine.update(**going_on))
        # Its worker is about to put the job down: the press counts once that has been done.
        transaction.set_rollback(not is_going_on)
    bulk.refresh_from_db()
    return is_going_on


def begin(bulk: BulkSignal) -> bool:
    """Whether a waiting one is sent from now on: then it can't be taken back any more."""
    taken = BulkSignal.objects.filter(pk=bulk.pk, state=State.WAITING).update(
        state=State.SENDING, started_at=timezone.now()
    )
    bulk.refresh_from_db()
    return bool(taken)


def pause(bulk: BulkSignal, message: str) -> None:
    BulkSignal.objects.filter(pk=bulk.pk, state=State.SENDING).update(state=State.PAUSED, message=message[:500])


def end(bulk: BulkSignal, *, reason: str = "") -> None:
    """Nothing of it is sent any more; `reason` is why the rest was not.

    What may have been sent by a worker that is gone stays unknown; the audit looks it up.
    """
    with transaction.atomic():
        state = State.STOPPED if reason else State.ENDED
        under_way = BulkSignal.objects.filter(pk=bulk.pk, state__in=UNDER_WAY)
        if not under_way.update(state=state, message=reason[:500], finished_at=timezone.now()):
            return
        _leave_unsent(bulk, STOPPED if reason == parts.STOPPED else reason or NOT_SENT)
        sending = bulk.items.filter(outcome=Outcome.SENDING)
        unknown = Result(Outcome.UNKNOWN, "The console stopped before an answer came.")
        result_writer.write(bulk.pk, dict.fromkeys(_keys(sending), unknown), only=[Outcome.SENDING])
    counts.forget(project=str(bulk.project))


def _take(bulk: BulkSignal, action: BulkAction, grace: float) -> bool:
    """One guarded UPDATE, so that of two presses one sends."""
    now = timezone.now()
    values = (
        {"state": State.WAITING, "due_at": now + timedelta(seconds=grace)}
        if action.waits
        else {"state": State.SENDING, "started_at": now}
    )
    ready = BulkSignal.objects.filter(pk=bulk.pk, state__in=(State.READY, State.READING))
    return bool(ready.update(**values, message="", failures=0, needs_read=False))


def _payload(portion: Sequence[int]) -> dict[str, int]:
    return {"items": len(portion)}


def _leave_out_others(bulk: BulkSignal) -> None:
    others = bulk.items.filter(act_id=None)
    unlikely = others.filter(kind=Kind.UNLIKELY).order_by()
    for status in unlikely.values_list("status_before", flat=True).distinct():
        words = f"Left out: its status was “{status_named(status).word}”."
        unlikely.filter(status_before=status, message="").update(message=words)
    for kind, words in LEFT_OUT.items():
        others.filter(kind=kind, message="").update(message=words)
    others.filter(message="").update(message=NOT_READ)
    others.update(outcome=Outcome.NOT_SENT)


def _leave_unsent(bulk: BulkSignal, message: str) -> None:
    unsent = bulk.items.filter(act_id__isnull=False, outcome=Outcome.NONE)
    result = Result(Outcome.NOT_SENT, message[:500])
    result_writer.write(bulk.pk, dict.fromkeys(_keys(unsent), result), only=[Outcome.NONE])


def _keys(items: "QuerySet[BulkItem]") -> list[int]:
    return list(items.values_list("pk", flat=True))
