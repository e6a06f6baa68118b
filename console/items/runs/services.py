"""What can be done to a run of any kind while its job sends the items: stop it, let it carry on, pause it, end it."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from console.items import counts
from console.items.runs import result_writer
from console.items.runs.models import Run, RunItem
from console.items.runs.result_writer import ItemResult
from console.jobs import parts
from console.jobs import services as jobs
from console.jobs.models import Operation

PART = 100
"""So many items are one part of the job and one entry in the audit, and the most items of one call (FACTS 2.9)."""
STOPPED_BEFORE = "Stopped before its turn."


def stop(*, user: Person, run: Run) -> bool:
    """Nothing further is sent once the items in hand are finished; False where nothing is under way."""
    with transaction.atomic():
        own = type(run)._default_manager.filter(pk=run.pk, person=user, state__in=(run.MOVING, run.PAUSED))
        # The job's row first, as its worker does.
        is_asked = jobs.ask_to_stop(kind=run.JOB, subject=str(run.pk)) and bool(own.update(message=run.STOPPING))
        transaction.set_rollback(not is_asked)
    run.refresh_from_db()
    return is_asked


def carry_on(*, user: Person, run: Run, **values: Any) -> bool:
    """Lets a paused run go on, with these values; False where it isn't paused, or is being stopped."""
    with transaction.atomic():
        own = type(run)._default_manager.filter(pk=run.pk, person=user, state=run.PAUSED)
        # Its next pause is news once more.
        values |= {"state": run.MOVING, "message": "", "failures": 0, "notified_state": ""}
        is_going_on = jobs.carry_on(kind=run.JOB, subject=str(run.pk)) and bool(own.update(**values))
        # Its worker is about to put the job down: the request counts once that has been done.
        transaction.set_rollback(not is_going_on)
    run.refresh_from_db()
    return is_going_on


def pause(run: Run, message: str) -> None:
    moving = type(run)._default_manager.filter(pk=run.pk, state=run.MOVING)
    moving.update(state=run.PAUSED, message=message[:500])


def end(run: Run, *, reason: str = "") -> None:
    """Nothing of it is sent any more; `reason` is why the rest was not.

    What may have been sent by a worker that is gone stays unknown; the audit looks it up.
    """
    with transaction.atomic():
        under_way = type(run)._default_manager.filter(pk=run.pk, state__in=run.UNDER_WAY)
        state = run.STOPPED if reason else run.ENDED
        if not under_way.update(state=state, message=reason[:500], finished_at=timezone.now()):
            return
        leave_unsent(run, STOPPED_BEFORE if reason == parts.STOPPED else reason or run.UNSENT)
        unknown = ItemResult(RunItem.UNKNOWN, result_writer.CUT_OFF)
        sending = run.run_items.filter(outcome=RunItem.SENDING)
        result_writer.write_all(type(run), run.pk, sending, unknown, only=[RunItem.SENDING])
    counts.forget(project=str(run.project))


def leave_unsent(run: Run, message: str) -> None:
    """Marks what was planned and not sent as not sent, with the reason."""
    unsent = run.run_items.filter(act_id__isnull=False, outcome=RunItem.NONE)
    not_sent = ItemResult(run.run_items.model.NOT_SENT, message)
    result_writer.write_all(type(run), run.pk, unsent, not_sent, only=[RunItem.NONE])


def enqueue(run: Run, **about: Any) -> Operation:
    """The job that sends the items of the run."""
    payload = {"about": run.project_name, "project": str(run.project)}
    return jobs.enqueue(kind=run.JOB, subject=str(run.pk), person=run.person, payload=payload, **about)


def add_parts(kind: type[RunItem], operation: Operation, keys: Sequence[int], **values: Any) -> None:
    """Each hundred of the items, by their keys, becomes a part of the job, whose id is that of its act.

    `values` are further columns that start again with the part.
    """
    portions = [keys[first : first + PART] for first in range(0, len(keys), PART)]
    payloads = ({"items": len(portion)} for portion in portions)
    for part, portion in zip(parts.add(operation, payloads), portions, strict=True):
        items = kind._default_manager.filter(pk__in=portion)
        items.update(act_id=part.pk, outcome=RunItem.NONE, message="", **values)
