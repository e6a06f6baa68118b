"""Queueing work, doing it, and finding what a dead worker left behind. `handlers.py` has the kinds of work."""

import logging
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Person
from console.common.redaction import hide
from console.jobs import handlers, process
from console.jobs.handlers import EVERY_MINUTE, EVERY_NIGHT, HANDLERS, Abandoned, Paused, Retry, bulk_kinds, long_kinds
from console.jobs.models import IDLE, UNFINISHED_PARTS, Operation, OperationQuerySet, Part, State
from console.jobs.queues import Queue

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
FIRST_WAIT = 5.0
NEVER_FINISHED = "It was tried three times and never finished."
KEPT = timedelta(days=30)
# The sweep runs every minute: what has been due for longer tells that no worker runs.
OVERDUE = timedelta(minutes=3)
# The queue's own faults. The row is committed by then, and the sweep finds it within a minute.
QUEUE_FAULTS = (OSError, sqlite3.Error, psycopg.Error, redis.RedisError)


def clean_up() -> None:
    """What the apps do every night."""
    _call_all(EVERY_NIGHT)


def was_disabled(person: Person) -> str:
    return f"{person} was disabled."


def is_ending() -> bool:
    """Whether this worker was told to end: a job in parts is put back after the part in hand."""
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


def cancel(*, kind: str, subject: str, words: str) -> bool:
    """Takes back what has not begun. What is running cannot be taken back: its call may be on the way."""
    operation = Operation.objects.filter(kind=kind, subject=subject, state__in=IDLE).first()
    return operation is not None and _cancel(operation, words)


def _cancel(operation: Operation, words: str) -> bool:
    idle = Operation.objects.filter(pk=operation.pk, state__in=IDLE)
    with transaction.atomic():
        if not idle.update(state=State.CANCELLED, words=words[:500], finished_at=timezone.now()):
            return False
        operation.parts.end(words)
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
    words = was_disabled(person)
    for operation in Operation.objects.filter(person=person, state__in=IDLE):
        if _cancel(operation, words):
            operation.state = State.CANCELLED
            _give_up(operation, words)


def is_unfinished(*, kind: str, subject: str) -> bool:
    return Operation.objects.unfinished().filter(kind=kind, subject=subject).exists()


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
    from console.jobs import tasks

    perform, pk = tasks.PERFORM[handlers.queue_of(operation.kind)], str(operation.pk)
    try:
        perform.schedule(args=(pk,), delay=delay) if delay else perform(pk)
    except QUEUE_FAULTS as error:
        log.warning("The queue could not be reached, the sweep will find the row: %s", error)


def queues_answer() -> bool:
    """Whether the queues that wake the workers can be read."""
    from console.jobs import tasks

    try:
        for huey in tasks.HUEYS.values():
            huey.storage.queue_size()
    except QUEUE_FAULTS as error:
        log.warning("The queue can't be read: %s", error)
        return False
    return True


def perform(pk: uuid.UUID) -> None:
    """Does one operation if its time has come and no other worker has it."""
    operation = _claim(pk)
    if operation is None:
        return
    if operation.person is not None and not operation.person.is_active:
        _end(operation, State.CANCELLED, was_disabled(operation.person))
    elif operation.attempts > MOST_ATTEMPTS:
        _end(operation, State.FAILED, operation.words or NEVER_FINISHED)
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


def _end(operation: Operation, state: State, words: str) -> None:
    # Whoever holds the row by now may be at work on it.
    if operation.finish(state, words):
        _give_up(operation, words)


def _give_up(operation: Operation, words: str) -> None:
    handler = HANDLERS.get(operation.kind)
    if handler and handler.on_abandon:
        handler.on_abandon(operation, words)


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


def _finish(operation: Operation, words: str) -> None:
    """A job whose handler has ended it is failed all the same if the console gave a part up: it can be tried again."""
    abandoned = operation.parts.filter(is_given_up=True).first()
    if abandoned is None:
        operation.finish(State.DONE, words)
    else:
        operation.finish(State.FAILED, abandoned.message)


def _failed(operation: Operation, words: str) -> None:
    if operation.attempts >= MOST_ATTEMPTS:
        _end(operation, State.FAILED, words)
        return
    wait = FIRST_WAIT * 4 ** (operation.attempts - 1)
    operation.postpone(wait, words, counts=True)
    wake(operation, wait)


def sweep(*queues: Queue) -> int:
    """Does everything of these queues (of all, if none is named) that is due and that no message woke: after a crash, a
    lost queue, a restart. Returns how much that was."""
    queues = queues or tuple(Queue)
    process.take_back()
    if Queue.QUICK in queues:
        _look()
    due = list(_of(Operation.objects.due(timezone.now()), queues).values_list("pk", flat=True)[:500])
    for pk in due:
        perform(pk)
    return len(due)


def _look() -> None:
    """What the apps do every minute, and the rows that finished long ago deleted."""
    _call_all(EVERY_MINUTE)
    Operation.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()


def _call_all(functions: Sequence[Callable[[], None]]) -> None:
    for function in functions:
        try:
            function()
        except Exception:  # One app's trouble must not keep the others' work waiting.
            log.exception("A part of the periodic work failed")


def _of(operations: OperationQuerySet, queues: Sequence[Queue]) -> OperationQuerySet:
    """Those of the queues. A kind that nobody registered counts as quick."""
    if len(queues) == len(Queue):
        return operations
    is_bulk = Q(kind__in=bulk_kinds())
    return operations.filter(is_bulk if Queue.BULK in queues else ~is_bulk)


def overview() -> dict[str, Any]:
    """What the administrators' page shows."""
    rows = Operation.objects.select_related("person")
    return {
        "overdue": [_without_worker(queue) for queue in _overdue()],
        "running": list(rows.filter(state=State.RUNNING).order_by("created_at")[:100]),
        "paused": list(rows.filter(state=State.PAUSED).order_by("due_at")[:100]),
        "waiting": list(rows.filter(state=State.WAITING).order_by("due_at")[:100]),
        "failed": list(rows.filter(state=State.FAILED).order_by("-finished_at")[:100]),
        "finished": list(rows.filter(state__in=[State.DONE, State.CANCELLED]).order_by("-finished_at")[:50]),
    }


def own_unfinished(*, user: Person) -> list[Operation]:
    """The jobs that this person started: first what waits for them, then what is in parts; the newest first."""
    own = Operation.objects.unfinished().filter(person=user)
    has_parts = Exists(Part.objects.filter(operation=OuterRef("pk")))
    in_order = own.annotate(waits_for_them=Q(state=State.PAUSED), has_parts=has_parts)
    return list(in_order.order_by("-waits_for_them", "-has_parts", "-created_at")[:100])


def own_finished(*, user: Person) -> list[Operation]:
    """Those of the last thirty days, the newest first."""
    own = Operation.objects.filter(person=user, finished_at__isnull=False)
    return list(own.order_by("-created_at")[:50])


def count_parts(operations: Sequence[Operation]) -> dict[uuid.UUID, tuple[int, int]]:
    """How many parts have ended, and how many there are, of those that have any."""
    has_ended = ~Q(state__in=UNFINISHED_PARTS)
    by_operation = Part.objects.filter(operation__in=operations).order_by().values("operation")
    counts = by_operation.annotate(ended=Count("pk", filter=has_ended), total=Count("pk"))
    return {row["operation"]: (row["ended"], row["total"]) for row in counts}


def _overdue() -> list[Queue]:
    """The queues whose work has been due for so long that no worker can be running for them."""
    due = Operation.objects.due(timezone.now() - OVERDUE)
    # A waiting row behind one that runs waits for its turn.
    running = Operation.objects.filter(state=State.RUNNING, lease_until__gte=timezone.now())
    return [queue for queue in Queue if _of(due, [queue]).exists() and not _of(running, [queue]).exists()]


def _without_worker(queue: Queue) -> str:
    return (
        f"Jobs of the {queue} queue have been due for more than three minutes. "
        f"Start a worker with: manage.py run_huey --queue {queue}"
    )
