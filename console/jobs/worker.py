"""Doing the jobs: one that is due, one that failed again after a wait, and with each sweep all that no message woke."""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.utils import timezone

from console.common.redaction import hide
from console.jobs import process
from console.jobs.handlers import EVERY_MINUTE, EVERY_NIGHT, HANDLERS, Abandoned, Paused, Retry, abandon, long_kinds
from console.jobs.models import Operation, State
from console.jobs.queues import Queue
from console.jobs.selectors import of_queues
from console.jobs.services import NEVER_FINISHED, lease, wake, was_disabled

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
FIRST_WAIT = 5.0
RETENTION = timedelta(days=30)


def perform(pk: uuid.UUID) -> None:
    """Does one operation if its time has come and no other worker has it."""
    operation = _claim(pk)
    if operation is None:
        return
    if operation.person is not None and not operation.person.is_active:
        _end(operation, State.CANCELLED, was_disabled(operation.person))
    elif operation.attempts > MOST_ATTEMPTS:
        _end(operation, State.FAILED, operation.message or NEVER_FINISHED)
    else:
        _do(operation)
    if operation.kind in long_kinds():
        _wake_next_long()


def _claim(pk: uuid.UUID) -> Operation | None:
    worker, here = process.name(), process.host()
    if not Operation.objects.filter(pk=pk, kind__in=long_kinds()).exists():
        return Operation.objects.claim(pk, lease(), worker=worker)
    with process.alone("long"):
        running = Operation.objects.filter(kind__in=long_kinds(), state=State.RUNNING, lease_until__gte=timezone.now())
        if running.filter(worker__startswith=here).exclude(pk=pk).count() >= max(1, process.workers() - 1):
            return None
        return Operation.objects.claim(pk, lease(), worker=worker)


def _wake_next_long() -> None:
    """One that was due while as many ran as are allowed."""
    due = Operation.objects.due(timezone.now()).filter(kind__in=long_kinds()).first()
    if due is not None:
        wake(due, 0)


def _end(operation: Operation, state: State, message: str) -> None:
    # Another worker can hold the row by now and work on it.
    if operation.finish(state, message):
        abandon(operation, message)


def _do(operation: Operation) -> None:
    try:
        result = HANDLERS[operation.kind].run(operation)
    # Whatever a job dies of must end up on the administrators' page, and must not end the worker.
    except Exception as error:
        log.exception("Operation %s failed", operation.pk)
        _failed(operation, hide(str(error)) or type(error).__name__)
        return
    if isinstance(result, Retry):
        operation.postpone(result.seconds, result.message, counts=False)
        wake(operation, result.seconds)
    elif isinstance(result, Abandoned):
        _end(operation, State.FAILED, result.message)
    elif isinstance(result, Paused):
        if not operation.pause(result.message):
            wake(operation, 0)
    else:
        _finish(operation, result.message)


def _finish(operation: Operation, message: str) -> None:
    """A job whose handler has ended it still counts as failed if the console gave a part up: it can be tried again."""
    abandoned = operation.parts.filter(is_given_up=True).first()
    if abandoned is None:
        operation.finish(State.DONE, message)
    else:
        operation.finish(State.FAILED, abandoned.message)


def _failed(operation: Operation, message: str) -> None:
    if operation.attempts >= MOST_ATTEMPTS:
        _end(operation, State.FAILED, message)
        return
    wait = FIRST_WAIT * 4 ** (operation.attempts - 1)
    operation.postpone(wait, message, counts=True)
    wake(operation, wait)


def sweep(*queues: Queue) -> int:
    """Does everything of these queues (of all, if none is named) that is due and that no message woke: after a crash, a
    lost queue, a restart. Returns how much that was."""
    queues = queues or tuple(Queue)
    process.take_back()
    if Queue.QUICK in queues:
        _look()
    due = list(of_queues(Operation.objects.due(timezone.now()), queues).values_list("pk", flat=True)[:500])
    for pk in due:
        perform(pk)
    return len(due)


def _look() -> None:
    """What the apps do every minute, and the rows that finished long ago deleted."""
    _call_all(EVERY_MINUTE)
    Operation.objects.filter(finished_at__lt=timezone.now() - RETENTION).delete()


def _call_all(functions: Sequence[Callable[[], None]]) -> None:
    for function in functions:
        try:
            function()
        except Exception:  # One app's trouble must not keep the others' work waiting.
            log.exception("A part of the periodic work failed")


def clean_up() -> None:
    """What the apps do every night."""
    _call_all(EVERY_NIGHT)
