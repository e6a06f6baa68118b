"""Queueing work, doing it, and finding what a dead worker left behind.

An app registers one function for each kind of work. It gets the Operation and answers `Done`, or `Again` to look once
more later; an exception counts as a failed attempt. It may be called more than once for one row: what it writes
upstream goes through `audit.record` under an id kept with the row, so that a second call finds the first. A second
function may hear that the work was given up, so that nothing waits for it for ever.
"""

import logging
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from console.common.redaction import hide
from console.jobs.models import Operation, State

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
FIRST_WAIT = 5.0
KEPT = timedelta(days=30)
# The sweep runs every minute: what has been due for longer tells that no worker runs.
OVERDUE = timedelta(minutes=3)
# The queue's own faults. The row is committed by then, and the sweep finds it within a minute.
QUEUE_FAULTS = (OSError, sqlite3.Error, psycopg.Error, redis.RedisError)


@dataclass(frozen=True)
class Done:
    words: str = ""


@dataclass(frozen=True)
class Again:
    seconds: float
    words: str = ""


@dataclass(frozen=True)
class Abandoned:
    """It cannot be done and trying again would not help."""

    words: str


Result = Done | Again | Abandoned
Handler = Callable[[Operation], Result]
GivenUp = Callable[[Operation, str], None]
_handlers: dict[str, Handler] = {}
_given_up: dict[str, GivenUp] = {}
_every_minute: list[Callable[[], None]] = []


def register(kind: str, handler: Handler, *, given_up: GivenUp | None = None) -> None:
    """`given_up` hears, with the sentence for it, of work that nobody does any more: it failed, or its person left."""
    _handlers[kind] = handler
    if given_up is not None:
        _given_up[kind] = given_up


def every_minute(look: Callable[[], None]) -> None:
    """`look` runs with each sweep: for what a killed process left behind without any row here."""
    if look not in _every_minute:
        _every_minute.append(look)


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
    transaction.on_commit(lambda: wake(operation.pk, delay))
    return operation


def cancel(*, kind: str, subject: str, words: str) -> bool:
    """Takes back what has not begun. What is running cannot be taken back: its call may be on the way."""
    waiting = Operation.objects.filter(kind=kind, subject=subject, state=State.WAITING)
    return waiting.update(state=State.CANCELLED, words=words, finished_at=timezone.now()) > 0


def drop_of(person: Person) -> None:
    """A person was disabled: what waits on their behalf goes at once. What runs hears of it at its next step."""
    for operation in Operation.objects.filter(person=person, state=State.WAITING):
        words = f"{person} was disabled."
        if cancel(kind=operation.kind, subject=operation.subject, words=words):
            _give_up(operation, words)


def is_unfinished(*, kind: str, subject: str) -> bool:
    return Operation.objects.unfinished().filter(kind=kind, subject=subject).exists()


def retry(*, operation: Operation) -> bool:
    """A failed operation gets its attempts again."""
    failed = Operation.objects.filter(pk=operation.pk, state=State.FAILED)
    if not failed.update(state=State.WAITING, attempts=0, due_at=timezone.now(), finished_at=None):
        return False
    transaction.on_commit(lambda: wake(operation.pk, 0))
    return True


def wake(pk: uuid.UUID, delay: float) -> None:
    """Tells the workers that a row waits."""
    from console.jobs import tasks

    try:
        tasks.perform.schedule(args=(str(pk),), delay=delay) if delay else tasks.perform(str(pk))
    except QUEUE_FAULTS as error:
        log.warning("The queue could not be reached, the sweep will find the row: %s", error)


def queue_answers() -> bool:
    """Whether the queue that wakes the workers can be read."""
    from console.jobs import tasks

    try:
        tasks.perform.huey.storage.queue_size()
    except QUEUE_FAULTS as error:
        log.warning("The queue can't be read: %s", error)
        return False
    return True


def perform(pk: uuid.UUID) -> None:
    """Does one operation if its time has come and no other worker has it."""
    operation = Operation.objects.claim(pk, lease())
    if operation is None:
        return
    if operation.person is not None and not operation.person.is_active:
        _end(operation, State.CANCELLED, f"{operation.person} was disabled.")
    elif operation.attempts > MOST_ATTEMPTS:
        _end(operation, State.FAILED, operation.words or "It was tried three times and never finished.")
    else:
        _do(operation)


def _end(operation: Operation, state: State, words: str) -> None:
    operation.finish(state, words)
    _give_up(operation, words)


def _give_up(operation: Operation, words: str) -> None:
    if operation.kind in _given_up:
        _given_up[operation.kind](operation, words)


def _do(operation: Operation) -> None:
    try:
        result = _handlers[operation.kind](operation)
    # Whatever a job dies of must end up on the administrators' page, and must not end the worker.
    except Exception as error:
        log.exception("Operation %s failed", operation.pk)
        _failed(operation, hide(str(error)) or type(error).__name__)
        return
    if isinstance(result, Again):
        operation.postpone(result.seconds, result.words, counts=False)
        wake(operation.pk, result.seconds)
    elif isinstance(result, Abandoned):
        _end(operation, State.FAILED, result.words)
    else:
        operation.finish(State.DONE, result.words)


def _failed(operation: Operation, words: str) -> None:
    if operation.attempts >= MOST_ATTEMPTS:
        _end(operation, State.FAILED, words)
        return
    wait = FIRST_WAIT * 4 ** (operation.attempts - 1)
    operation.postpone(wait, words, counts=True)
    wake(operation.pk, wait)


def sweep() -> int:
    """Does everything that is due and that no message woke: after a crash, a lost queue, a restart. Says how much."""
    for look in _every_minute:
        try:
            look()
        except Exception:  # One app's trouble must not keep the others' work waiting.
            log.exception("A part of the sweep failed")
    due = list(Operation.objects.due(timezone.now()).values_list("pk", flat=True)[:500])
    for pk in due:
        perform(pk)
    Operation.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()
    return len(due)


def overview() -> dict[str, Any]:
    """What the administrators' page shows."""
    rows = Operation.objects.select_related("person")
    return {
        "overdue": rows.due(timezone.now() - OVERDUE).count(),
        "running": list(rows.filter(state=State.RUNNING).order_by("created_at")[:100]),
        "waiting": list(rows.filter(state=State.WAITING).order_by("due_at")[:100]),
        "failed": list(rows.filter(state=State.FAILED).order_by("-finished_at")[:100]),
        "finished": list(rows.filter(state__in=[State.DONE, State.CANCELLED]).order_by("-finished_at")[:50]),
    }
