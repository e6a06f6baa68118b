"""Queueing, stopping and retrying jobs. `handlers.py` has the kinds of jobs, `worker.py` does them."""

import logging
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Person
from console.jobs import handlers, process, queues
from console.jobs.handlers import abandon
from console.jobs.models import IDLE, Operation, OperationQuerySet, Part, State

log = logging.getLogger(__name__)

NEVER_FINISHED = "It was tried three times and never finished."
# The queue's own faults. The row is committed by then, and the sweep finds it within a minute.
QUEUE_FAULTS = (OSError, sqlite3.Error, psycopg.Error, redis.RedisError)


def was_disabled(person: Person) -> str:
    return f"{person} was disabled."


def is_ending() -> bool:
    """Whether this worker was asked to stop: a job in parts is put back after the running part."""
    return process.is_ending()


def lease() -> timedelta:
    return timedelta(seconds=settings.JOBS_LEASE)


def enqueue(
    *, kind: str, subject: str, person: Person | None, payload: Mapping[str, Any] | None = None, delay: float = 0
) -> Operation:
    """Commits the row and wakes a worker. The same kind of work for the same subject waits only once."""
    due = timezone.now() + timedelta(seconds=delay)
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                kind=kind, subject=subject, person=person, payload=dict(payload or {}), due_at=due
            )
    except IntegrityError:
        return Operation.objects.unfinished().get(kind=kind, subject=subject)
    transaction.on_commit(lambda: wake(operation, delay))
    return operation


def cancel(*, kind: str, subject: str, message: str) -> bool:
    """Takes back what has not begun. What is running cannot be taken back: its call may be on the way."""
    operation = Operation.objects.filter(kind=kind, subject=subject, state__in=IDLE).first()
    return operation is not None and _cancel(operation, message)


def _cancel(operation: Operation, message: str) -> bool:
    idle = Operation.objects.filter(pk=operation.pk, state__in=IDLE)
    with transaction.atomic():
        if not idle.update(state=State.CANCELLED, message=message[:500], finished_at=timezone.now()):
            return False
        operation.parts.end(message)
    return True


def ask_to_stop(*, kind: str, subject: str) -> bool:
    """No further part of it is begun; the part in hand is finished. False where nothing of it is unfinished."""
    unfinished = Operation.objects.unfinished().filter(kind=kind, subject=subject)
    if not unfinished.update(stop_asked_at=Coalesce("stop_asked_at", Value(timezone.now()))):
        return False
    _go_on(unfinished)
    return True


def carry_on(*, kind: str, subject: str) -> bool:
    """Lets a paused operation go on now, and one that waits for its turn; False where there is none, or where somebody
    asked it to stop."""
    return _go_on(Operation.objects.unfinished().filter(kind=kind, subject=subject, stop_asked_at=None))


def _go_on(operations: OperationQuerySet) -> bool:
    operation = operations.filter(state__in=IDLE).first()
    if operation is None:
        return False
    idle = operations.filter(pk=operation.pk, state__in=IDLE)
    if not idle.update(state=State.WAITING, due_at=timezone.now()):
        return False
    transaction.on_commit(lambda: wake(operation, 0))
    return True


def stop_parts(operation: Operation) -> bool:
    """What `handlers.register(stop=)` takes for a job in parts that needs nothing else to stop."""
    return ask_to_stop(kind=operation.kind, subject=operation.subject)


def stop_own(*, user: Person, operation: Operation) -> bool:
    """False where nothing of it is under way any more, or where it can't be stopped."""
    stop = handlers.stop_control(operation)
    return _is_own(user, operation) and stop is not None and stop(operation)


def carry_on_own(*, user: Person, operation: Operation) -> bool:
    """False where it isn't paused any more."""
    let_carry_on = handlers.carry_on_control(operation)
    return _is_own(user, operation) and let_carry_on is not None and let_carry_on(operation)


def _is_own(user: Person, operation: Operation) -> bool:
    return operation.person_id == user.pk


def drop_of(person: Person) -> None:
    """A person was disabled: what waits on their behalf goes at once. What runs hears of it at its next step."""
    message = was_disabled(person)
    for operation in Operation.objects.filter(person=person, state__in=IDLE):
        if _cancel(operation, message):
            operation.state = State.CANCELLED
            abandon(operation, message)


def retry(*, operation: Operation) -> bool:
    """A failed operation gets its attempts again, and so do its parts that were not done, under their ids.

    False where it has not failed any more, or the same work has been queued again since.
    """
    try:
        with transaction.atomic():
            if not _take_again(operation):
                return False
    except IntegrityError:
        return False
    transaction.on_commit(lambda: wake(operation, 0))
    return True


def _take_again(operation: Operation) -> bool:
    failed = Operation.objects.filter(pk=operation.pk, state=State.FAILED)
    again = {"state": State.WAITING, "attempts": 0, "due_at": timezone.now()}
    if not failed.update(**again, finished_at=None, stop_asked_at=None):
        return False
    again_part = {"attempts": 0, "finished_at": None, "is_given_up": False, "message": ""}
    # What was begun is in hand once more: it can have been done.
    operation.parts.filter(is_given_up=True).update(state=Part.State.RUNNING, **again_part)
    not_done = operation.parts.filter(state__in=(Part.State.FAILED, Part.State.LEFT_OUT))
    not_done.update(state=Part.State.WAITING, **again_part)
    return True


def wake(operation: Operation, delay: float) -> None:
    """Tells the workers of its queue that a row waits."""
    perform, pk = queues.TASKS[handlers.queue_of(operation.kind)], str(operation.pk)
    try:
        perform.schedule(args=(pk,), delay=delay) if delay else perform(pk)
    except QUEUE_FAULTS as error:
        log.warning("The queue could not be reached, the sweep will find the row: %s", error)


def queues_answer() -> bool:
    """Whether the queues that wake the workers can be read."""
    try:
        for huey in queues.HUEYS.values():
            huey.storage.queue_size()
    except QUEUE_FAULTS as error:
        log.warning("The queue can't be read: %s", error)
        return False
    return True
