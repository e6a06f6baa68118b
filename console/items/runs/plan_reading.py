"""The job that reads what the plan of a run is about: the plan and its job end together."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import transaction

from console.items.runs.jobs import address_of
from console.items.runs.models import Run
from console.jobs import handlers, parts
from console.jobs import services as jobs
from console.jobs.handlers import Done, Result
from console.jobs.models import Operation, Part
from console.jobs.models import State as JobState

PARTS_A_TURN = 10
"""Then others of the queue have their turn."""
MOST_PAGES = 1_000
"""Of each list that is read."""
WAIT = 5.0
INTERRUPTED = "Reading was interrupted."

R = TypeVar("R", bound=Run)


def register(kind: type[Run], handler: Callable[[Operation], Result], *, title: str) -> None:
    def abandon(operation: Operation, message: str) -> None:
        mark_not_read(kind, operation.subject, message=message)

    handlers.register(
        kind.PLAN_JOB,
        handler,
        title=title,
        on_abandon=abandon,
        address=lambda operation: address_of(kind, operation),
        stop=jobs.stop_parts,
    )
    handlers.every_minute(partial(free_left_over, kind))


def enqueue(run: Run, *, about: str, **payload: Any) -> None:
    payload |= {"about": about, "project": str(run.project)}
    jobs.enqueue(kind=run.PLAN_JOB, subject=str(run.pk), person=run.person, payload=payload)


def find_run(kind: type[R], operation: Operation) -> R | None:
    """None where it was deleted, or has been read."""
    reading = kind._default_manager.select_related("person").filter(pk=operation.subject, state=kind.READING)
    return reading.first()


def mark_not_read(kind: type[Run], *run_ids: uuid.UUID | str, message: str = "") -> None:
    reading = kind._default_manager.filter(pk__in=run_ids, state=kind.READING)
    reading.update(**kind.not_read(message[:500] or INTERRUPTED))


def free_left_over(kind: type[Run]) -> None:
    """A plan whose job no worker does any more can be read again."""
    reading = set(kind._default_manager.filter(state=kind.READING).values_list("pk", flat=True))
    if reading:
        unfinished = Operation.objects.unfinished().filter(kind=kind.PLAN_JOB)
        with_job = {uuid.UUID(subject) for subject in unfinished.values_list("subject", flat=True)}
        mark_not_read(kind, *(reading - with_job))


def end_reading(
    operation: Operation,
    run: R,
    message: str,
    *,
    finish: Callable[[R], None],
    fail: Callable[[R, str], None] = lambda run, message: None,
    lock: Callable[[], None] = lambda: None,
) -> Result:
    """Ends the job and the reading together, so that a plan can be read again as soon as it says so.

    `finish` makes the plan of what was read; `fail` hears that it could not be read; `lock` is called before the row
    of the run is locked.
    """
    unread = operation.parts.exclude(state=Part.State.DONE).order_by("number").first()
    problem = "" if unread is None else unread.message or message or INTERRUPTED
    with transaction.atomic():
        if not operation.finish(JobState.DONE, problem or message):
            return Done(parts.TAKEN_OVER)
        lock()
        reading = type(run)._default_manager.select_for_update().filter(pk=run.pk, state=run.READING)
        locked = reading.first()
        if locked is None:
            return Done(message)
        if unread is None:
            finish(locked)
        else:
            fail(locked, problem)
            mark_not_read(type(run), run.pk, message=problem)
    return Done(problem or message)
