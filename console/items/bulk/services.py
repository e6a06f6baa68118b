"""Sending one signal to many work items (P14), a hundred at a time, each of them once.

Each hundred is a part of a job, and the part's id is the one-time id of its act in the audit: `jobs.py` does the parts.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from console.items.bulk.actions import BulkAction, action_of
from console.items.bulk.selectors import to_be_sent
from console.items.models import BulkItem, BulkSignal
from console.items.runs import services as runs
from console.items.statuses import status_named
from console.jobs import services as jobs
from console.jobs.models import Part

State, Kind, Outcome = BulkSignal.State, BulkItem.Kind, BulkItem.Outcome
NOT_READ = "Left out: it could not be read."
LEFT_OUT = {
    Kind.CHANGED: "Left out: it changed while you looked.",
    Kind.GONE: "Left out: the project has no such item.",
    Kind.HELD: "Left out: something else on it is under way.",
}
TAKEN_BACK = "Taken back before it was sent."


def start(bulk: BulkSignal) -> None:
    """Sends the items of the plan as a job, or lets them wait REVIEW_GRACE seconds first.

    The second of two requests does nothing. What the plan leaves out is marked as not sent, with the reason.
    """
    action = action_of(bulk.action)
    grace = settings.REVIEW_GRACE if action.waits else 0
    with transaction.atomic():
        if not _claim(bulk, action, grace):
            return
        keys = list(to_be_sent(bulk).order_by("position").values_list("pk", flat=True))
        runs.add_parts(BulkItem, runs.enqueue(bulk, delay=grace), keys)
        _leave_out_others(bulk)
        BulkSignal.objects.filter(pk=bulk.pk).update(planned_count=len(keys))
    bulk.refresh_from_db()


def take_back(*, user: Person, bulk: BulkSignal) -> bool:
    """Whether it was taken back and is never sent; False where it is being sent already, or was before."""
    with transaction.atomic():
        mine = BulkSignal.objects.filter(pk=bulk.pk, person=user, state=State.WAITING)
        is_taken_back = bool(mine.update(state=State.TAKEN_BACK, message=TAKEN_BACK, finished_at=timezone.now()))
        if is_taken_back:
            jobs.cancel(kind=bulk.JOB, subject=str(bulk.pk), message="It was taken back.")
            Part.objects.filter(operation__kind=bulk.JOB, operation__subject=str(bulk.pk)).update(
                state=Part.State.LEFT_OUT, finished_at=timezone.now()
            )
            runs.leave_unsent(bulk, TAKEN_BACK)
    bulk.refresh_from_db()
    return is_taken_back


def stop(*, user: Person, bulk: BulkSignal) -> bool:
    """Nothing further is sent once the part on its way is finished; False where nothing is under way."""
    return take_back(user=user, bulk=bulk) or runs.stop(user=user, run=bulk)


def carry_on(*, user: Person, bulk: BulkSignal) -> bool:
    """Lets a paused one go on; False where it isn't paused, or is being stopped."""
    return runs.carry_on(user=user, run=bulk, needs_read=True)


def begin(bulk: BulkSignal) -> bool:
    """Whether a waiting one is sent from now on: then it can't be taken back any more."""
    waiting = BulkSignal.objects.filter(pk=bulk.pk, state=State.WAITING)
    is_begun = bool(waiting.update(state=State.SENDING, started_at=timezone.now()))
    bulk.refresh_from_db()
    return is_begun


def _claim(bulk: BulkSignal, action: BulkAction, grace: float) -> bool:
    """One guarded UPDATE, so that of two requests one sends."""
    now = timezone.now()
    values = (
        {"state": State.WAITING, "due_at": now + timedelta(seconds=grace)}
        if action.waits
        else {"state": State.SENDING, "started_at": now}
    )
    ready = BulkSignal.objects.filter(pk=bulk.pk, state__in=(State.READY, State.READING))
    return bool(ready.update(**values, message="", failures=0, needs_read=False))


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
