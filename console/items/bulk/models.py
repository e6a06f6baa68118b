"""Which work items a person chose, and what one signal to many of them was planned to be and became."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from console.items.runs.models import Run, RunItem, waits_for_news


class Selection(models.Model):
    """The work items of one project that a person chose: ticked ones, or all that match a filter."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    space = models.CharField(max_length=36)
    project = models.UUIDField()
    # All that match: the filter as the table's address has it, and no ticked items.
    is_all_matching = models.BooleanField(default=False)
    query = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "project"], name="one_selection_per_project")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["updated_at"], name="selections_by_age")]

    def __str__(self) -> str:
        return f"Selection in {self.project}"


class SelectedItem(models.Model):
    """One ticked work item, with the status the person saw when they ticked it."""

    selection = models.ForeignKey(Selection, models.CASCADE, related_name="items")
    item = models.UUIDField()
    status = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["selection", "item"], name="item_selected_once")
        ]

    def __str__(self) -> str:
        return str(self.item)


class BulkSignal(Run):
    """One signal to many work items: first a plan, then what was sent and what became of it."""

    class State(models.TextChoices):
        READING = "reading", "Reading"  # The items are being read for the plan.
        NOT_READ = "not read", "Not read"  # The plan could not be made; `message` says why.
        READY = "ready", "Ready"  # A plan that can be sent.
        WAITING = "waiting", "Waiting"  # Can be taken back until `due_at`.
        SENDING = "sending", "Sending"
        PAUSED = "paused", "Paused"  # Somebody has to let it carry on.
        TAKEN_BACK = "taken back", "Taken back"  # Never sent.
        STOPPED = "stopped", "Stopped"  # The rest was not sent: the person stopped it, or nothing more could be sent.
        ENDED = "ended", "Ended"

    class Purpose(models.TextChoices):
        FIRST = "first", "First"
        RETRY = "retry", "Retry"
        UNDO = "undo", "Undo"

    PLAN_JOB = "items.plan"
    JOB = "items.bulk"
    PAGE = "items:bulk"
    STOPPING = "Stopping after the items that are being sent now."
    UNSENT = "It was not sent."
    MOVING = State.SENDING
    UNDER_WAY = (State.WAITING, State.SENDING, State.PAUSED)
    RELATED = ("person", "origin")

    # `bulk.actions.BulkAction.value`.
    action = models.CharField(max_length=20)
    purpose = models.CharField(max_length=5, choices=Purpose.choices, default=Purpose.FIRST)
    # The signal whose items it retries or undoes.
    origin = models.ForeignKey("self", models.SET_NULL, null=True, related_name="sequels")
    is_all_matching = models.BooleanField(default=False)
    query = models.TextField(blank=True)
    # The list it was started from, as the table's address has it.
    list_query = models.TextField(blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    assignee = models.CharField(max_length=254, blank=True)
    note = models.CharField(max_length=4000, blank=True)
    includes_unlikely = models.BooleanField(default=False)
    # Pressed; the plan was older than a minute and is read again first.
    is_pressed = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    # When the grace of approvals and of items sent back ends.
    due_at = models.DateTimeField(null=True)
    # The last call got nowhere: the next part is sent only once its items could be read.
    needs_read = models.BooleanField(default=False)
    done_count = models.PositiveIntegerField(default=0)
    not_sent_count = models.PositiveIntegerField(default=0)

    class Meta(Run.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "project", "-created_at"], name="bulk_signals_of_person"),
            models.Index(fields=["project", "state"], name="bulk_signals_by_state"),
            models.Index(fields=["created_at"], name="bulk_signals_by_age"),
            waits_for_news("bulk_signals_with_news"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.planned_count} items"

    @property
    def run_items(self) -> "models.QuerySet[BulkItem]":
        return self.items.all()

    @classmethod
    def not_read(cls, message: str) -> dict[str, Any]:
        return {**super().not_read(message), "is_pressed": False}

    @classmethod
    def news(cls) -> Q:
        """Also one that was pressed and, read once more, has changed or could not be read."""
        return super().news() | Q(state__in=(cls.State.READY, cls.State.NOT_READ), is_pressed=True)

    @classmethod
    def awaited(cls) -> Q:
        return super().awaited() | Q(state=cls.State.READING, is_pressed=True)


class BulkItem(RunItem):
    """One work item of a bulk signal: what it was, whether it is sent, and what it is."""

    class Kind(models.TextChoices):
        UNREAD = "unread", "Unread"
        LIKELY = "likely", "Likely"  # Its status suits the signal.
        UNLIKELY = "unlikely", "Unlikely"
        CHANGED = "changed", "Changed"  # Its status differs from the one the person saw.
        GONE = "gone", "Gone"  # The project has no such item.
        HELD = "held", "Held"  # Something else on it waits or is being sent.

    class Outcome(models.TextChoices):
        NONE = "", "Not sent yet"
        SENDING = "sending", "Sending"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"  # Surely not done; `message` has the vendor's words.
        UNKNOWN = "unknown", "Unknown"
        NOT_SENT = "not sent", "Not sent"  # Stopped before its turn, or left out.

    COUNTS: ClassVar[Mapping[str, str]] = {
        Outcome.DONE: "done_count",
        Outcome.REFUSED: "refused_count",
        Outcome.UNKNOWN: "unknown_count",
        Outcome.NOT_SENT: "not_sent_count",
    }
    DONE = Outcome.DONE
    NOT_SENT = Outcome.NOT_SENT
    AUDIT_ID = "item"
    FILTERS: ClassVar[Mapping[str, Q]] = {
        "done": Q(outcome=Outcome.DONE),
        "refused": Q(outcome=Outcome.REFUSED),
        "unknown": Q(outcome=Outcome.UNKNOWN),
        "not-sent": Q(outcome=Outcome.NOT_SENT, act_id__isnull=False),
        "waiting": Q(outcome__in=(Outcome.NONE, Outcome.SENDING), act_id__isnull=False),
        "left-out": Q(outcome__in=(Outcome.NONE, Outcome.NOT_SENT), act_id__isnull=True),
    }

    bulk = models.ForeignKey(BulkSignal, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    item = models.UUIDField()
    # What the person saw before the plan, and what the plan read.
    status_seen = models.CharField(max_length=40, blank=True)
    status_before = models.CharField(max_length=40, blank=True)
    updated_before = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.UNREAD)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.NONE, blank=True)
    status_after = models.CharField(max_length=40, blank=True)
    # Unknown, but found as before so often that it counts as not done and can be sent again.
    is_not_done = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["bulk", "item"], name="item_once_in_bulk_signal")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["bulk", "position"], name="bulk_items_in_order"),
            models.Index(fields=["bulk", "kind", "position"], name="bulk_items_by_kind"),
            models.Index(fields=["bulk", "outcome", "position"], name="bulk_items_by_outcome"),
            models.Index(fields=["item", "outcome"], name="bulk_items_of_item"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.item)
