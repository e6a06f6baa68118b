"""What the console keeps of work items: decisions, review runs, and how people list them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from console.items.bulk.models import BulkItem, BulkSignal, SelectedItem, Selection
from console.items.imports.models import Import, ImportRow

__all__ = (
    "BulkItem",
    "BulkSignal",
    "Decision",
    "IdList",
    "Import",
    "ImportRow",
    "LabelInsert",
    "ReviewRun",
    "SelectedItem",
    "Selection",
    "TableColumns",
)


class ReviewRun(models.Model):
    """One person's way through the items of a filter, so that a reload resumes and the end can be summed up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="review_runs")
    space = models.CharField(max_length=36)
    project = models.UUIDField()
    # The filter of its items, and the list it was started from, each as the table's address has it.
    query = models.TextField(blank=True)
    list_query = models.TextField(blank=True)
    # `{"id", "name", "status"}` of each, in the order of the list, as they were when they were read.
    items = models.JSONField(default=list)
    skipped = models.JSONField(default=list)
    # Where the list continues after `items`.
    next_cursor = models.CharField(max_length=4000, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="review_runs_by_age")]

    def __str__(self) -> str:
        return f"Review of {len(self.items)} items"


class Decision(models.Model):
    """A signal to one work item, which waits REVIEW_GRACE seconds before it is sent, and its result."""

    class State(models.TextChoices):
        WAITING = "waiting"  # Can be taken back until `due_at`.
        SENDING = "sending"  # Can't be taken back: the call is on the way, or its worker was killed.
        SENT = "sent"
        FAILED = "failed"  # Certainly not done; `message` says why.
        UNKNOWN = "unknown"  # Sent without a clear answer; looked up under `id` in the audit.
        TAKEN_BACK = "taken back"  # Never sent.

    # The one-time id of the form, and the id of the entry in the audit.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="decisions")
    run = models.ForeignKey(ReviewRun, models.SET_NULL, null=True, related_name="decisions")
    space = models.CharField(max_length=36)
    project = models.UUIDField()
    item = models.UUIDField()
    item_name = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=40)
    signal = models.CharField(max_length=20)
    task_type = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20)
    assignee = models.CharField(max_length=254, blank=True)
    feedback = models.JSONField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
    status_before = models.CharField(max_length=40, blank=True)
    status_after = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["project", "item", "person"],
                condition=Q(state__in=["waiting", "sending"]),
                name="one_decision_under_way",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "item", "-created_at"], name="decisions_of_item"),
            models.Index(fields=["person", "-created_at"], name="decisions_of_person"),
            models.Index(fields=["person", "project", "state"], name="decisions_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.signal} {self.item_name}"


class IdList(models.Model):
    """Pasted ids of work items, too many for an address, which has their `key` instead."""

    # A digest of the space and the ids: pasting them again adds nothing.
    key = models.CharField(primary_key=True, max_length=32)
    space = models.CharField(max_length=36)
    ids = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["space", "-created_at"], name="id_lists_of_space"),
            models.Index(fields=["created_at"], name="id_lists_by_age"),
        ]

    def __str__(self) -> str:
        return f"{len(self.ids)} ids"


class TableColumns(models.Model):
    """The columns of the table of work items that a person chose."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    columns = models.JSONField(default=list)

    def __str__(self) -> str:
        return ", ".join(self.columns)


class LabelInsert(models.Model):
    """Ground-truth labels that a person checked for one work item, before and after they were sent (P17)."""

    class State(models.TextChoices):
        CHECKED = "checked", "Checked"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"  # It can't be read back: a person closes it with a note.

    # The one-time id of the form, and the id of the entry in the audit.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    space = models.CharField(max_length=36)
    project = models.UUIDField()
    item = models.UUIDField()
    # What was typed or in the file, and the JSON that is sent (a JSON field would not keep it as it is); both emptied
    # once it was sent.
    typed = models.TextField(blank=True)
    picture = models.CharField(max_length=1000, blank=True)
    labels = models.TextField(blank=True)
    # Of `labels`: what is sent has to be what the person saw.
    digest = models.CharField(max_length=64)
    # The size of the picture and sentences about what is left out, as a COCO file has them.
    width = models.FloatField(null=True)
    height = models.FloatField(null=True)
    notes = models.JSONField(default=list)
    label_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKED)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "item", "-created_at"], name="label_inserts_of_item"),
            models.Index(fields=["created_at"], name="label_inserts_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.label_count} labels"
