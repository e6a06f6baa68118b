"""Reading the jobs, for their pages."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import Person
from console.jobs.handlers import bulk_kinds
from console.jobs.models import UNFINISHED_PARTS, Operation, OperationQuerySet, Part, State
from console.jobs.queues import Queue

# The sweep runs every minute: what has been due for longer tells that no worker runs.
OVERDUE = timedelta(minutes=3)


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


def is_unfinished(*, kind: str, subject: str) -> bool:
    return Operation.objects.unfinished().filter(kind=kind, subject=subject).exists()


def _overdue() -> list[Queue]:
    """The queues whose work has been due for so long that no worker can be running for them."""
    due = Operation.objects.due(timezone.now() - OVERDUE)
    # A waiting row behind one that runs waits for its turn.
    running = Operation.objects.filter(state=State.RUNNING, lease_until__gte=timezone.now())
    return [queue for queue in Queue if of_queues(due, [queue]).exists() and not of_queues(running, [queue]).exists()]


def _without_worker(queue: Queue) -> str:
    return (
        f"Jobs of the {queue} queue have been due for more than three minutes. "
        f"Start a worker with: manage.py run_huey --queue {queue}"
    )


def of_queues(operations: OperationQuerySet, queues: Sequence[Queue]) -> OperationQuerySet:
    """Those of the queues. A kind that is not registered counts as quick."""
    if len(queues) == len(Queue):
        return operations
    is_bulk = Q(kind__in=bulk_kinds())
    return operations.filter(is_bulk if Queue.BULK in queues else ~is_bulk)
