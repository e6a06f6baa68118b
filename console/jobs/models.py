"""Work that outlives a request. A row is the truth about it; only the holder of its lease runs it."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    PAUSED = "paused", "Paused"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# Nothing is put off for longer; the longest wait is an hour.
FARTHEST = timedelta(hours=2)
IDLE = (State.WAITING, State.PAUSED)
UNFINISHED = (State.WAITING, State.RUNNING, State.PAUSED)


class OperationQuerySet(models.QuerySet["Operation"]):
    def unfinished(self) -> "OperationQuerySet":
        return self.filter(state__in=UNFINISHED)

    def due(self, now: datetime) -> "OperationQuerySet":
        """Waiting and its time has come, or running under a lease that expired: its worker died.

        Moments beyond FARTHEST were written by a clock that was wrong: nothing waits until that one's time comes.
        """
        beyond = now + FARTHEST
        waiting = Q(state=State.WAITING) & (Q(due_at__lte=now) | Q(due_at__gt=beyond))
        longest_lease = beyond + timedelta(seconds=settings.JOBS_LEASE)
        abandoned = Q(state=State.RUNNING) & (Q(lease_until__lt=now) | Q(lease_until__gt=longest_lease))
        return self.filter(waiting | abandoned).order_by("due_at")

    def claim(self, pk: uuid.UUID, lease: timedelta, *, worker: str = "") -> "Operation | None":
        """Takes the row for one worker with a single guarded UPDATE, which also counts the attempt."""
        now, lease_id = timezone.now(), uuid.uuid4()
        is_claimed = (
            self.due(now)
            .filter(pk=pk)
            .update(
                state=State.RUNNING,
                worker=worker,
                lease_id=lease_id,
                lease_until=now + lease,
                attempts=F("attempts") + 1,
            )
        )
        return self.select_related("person").get(pk=pk) if is_claimed else None


class Operation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    # What it is about, so that the same thing is not queued twice: an export's id, a project's id.
    subject = models.CharField(max_length=200)
    # On whose behalf, with whose key. None: the console's own housekeeping.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    message = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    # Which worker holds it: one that starts again takes back at once what it held before.
    worker = models.CharField(max_length=200, blank=True)
    lease_id = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    # The person asked it to stop: no further part is begun.
    stop_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = OperationQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["kind", "subject"], name="jobs_of_subject"),
            models.Index(fields=["finished_at"], name="jobs_by_end"),
            models.Index(fields=["person", "-created_at"], name="jobs_of_person"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(state__in=UNFINISHED),
                name="one_unfinished_operation_per_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def about(self) -> str:
        """What it is about, in words; the subject is an id."""
        return str(self.payload.get("about", ""))

    @property
    def is_stopping(self) -> bool:
        return self.stop_asked_at is not None and self.state in UNFINISHED

    def renew(self, lease: timedelta) -> bool:
        """Keeps the row for this worker; false when it was cancelled or another worker has it now."""
        return self._mine().update(lease_until=timezone.now() + lease) == 1

    def postpone(self, seconds: float, message: str, *, counts: bool) -> None:
        """Puts the row back for later. A look that found nothing to do yet does not count as an attempt."""
        now = timezone.now()
        # A job that was asked to stop does not wait until its time comes.
        due = Case(When(stop_asked_at=None, then=Value(now + timedelta(seconds=seconds))), default=Value(now))
        attempts = self.attempts if counts else max(0, self.attempts - 1)
        self._mine().update(state=State.WAITING, due_at=due, message=message[:500], attempts=attempts, lease_id=None)

    def pause(self, message: str) -> bool:
        """Nothing is done until somebody lets it carry on. False where it does not pause: it was asked to stop."""
        asleep = self._mine().filter(stop_asked_at=None)
        if asleep.update(state=State.PAUSED, message=message[:500], lease_id=None):
            return True
        self.postpone(0, message, counts=False)
        return False

    def finish(self, state: State, message: str) -> bool:
        """Ends the row and its parts; false where somebody else holds it by now."""
        with transaction.atomic():
            is_ended = self._mine().update(
                state=state, message=message[:500], finished_at=timezone.now(), lease_id=None
            )
            if is_ended:
                self.state = state
                Part.objects.filter(operation=self.pk).end(message)
        return is_ended == 1

    def _mine(self) -> "models.QuerySet[Operation]":
        return Operation.objects.filter(pk=self.pk, state=State.RUNNING, lease_id=self.lease_id)


class PartQuerySet(models.QuerySet["Part"]):
    def unfinished(self) -> "PartQuerySet":
        return self.filter(state__in=UNFINISHED_PARTS).order_by("number")

    def end(self, message: str) -> None:
        """Ends what is left of a job: a part that was running is unknown, the others were not started."""
        is_ended = {"message": message[:500], "finished_at": timezone.now()}
        self.filter(state=Part.State.RUNNING).update(state=Part.State.UNKNOWN, is_given_up=True, **is_ended)
        self.filter(state=Part.State.WAITING).update(state=Part.State.LEFT_OUT, **is_ended)


class Part(models.Model):
    """One of the steps a long job is made of: one call that changes something, or one page that is read."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"  # Surely not done.
        UNKNOWN = "unknown", "Unknown"  # Sent, outcome unknown.
        LEFT_OUT = "left out", "Left out"  # Stopped before its turn came.

    # Also the one-time id of what it writes upstream: tried again, it is the same act.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operation = models.ForeignKey(Operation, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_id = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    # It failed or killed its worker three times, or lost its person: it is not retried.
    is_given_up = models.BooleanField(default=False)
    message = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = PartQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "number"], name="one_part_per_number")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "state", "number"], name="parts_by_state")
        ]

    def __str__(self) -> str:
        return f"Part {self.number} of {self.operation_id}"

    def under_lease(self) -> PartQuerySet:
        """This row while it is still the worker's that claimed it: what every write of its result goes through."""
        mine: PartQuerySet = Part.objects.filter(pk=self.pk, state=Part.State.RUNNING, lease_id=self.lease_id)
        return mine


UNFINISHED_PARTS = (Part.State.WAITING, Part.State.RUNNING)
