"""What the console remembers about exports: what was asked for here, and what a file held. The rest lives upstream."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from console.common.model_fields import VendorIdField
from console.exports.coco_document import NO_CLASS
from console.exports.selection import ExportSelection

LINK_LASTS = timedelta(days=7)


class ExportRequest(models.Model):
    """An export somebody asked for here: what it shall hold, and the vendor's id once there is one."""

    class State(models.TextChoices):
        SENDING = "sending"  # Pressed; how the call ended stands in the audit under `act_id`.
        QUEUED = "queued"  # Waits for the slot.
        STARTED = "started"  # The vendor has it, `export_id` says as what.
        DROPPED = "dropped"  # Taken off the queue, or surely not started.

    # The one-time id of the form it came from, so that ten presses make one request.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The id of the next or latest attempt in the audit; a new one only after a surely failed attempt.
    act_id = models.UUIDField(default=uuid.uuid4, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="export_requests")
    space = models.CharField(max_length=36)
    name = models.CharField(max_length=255)
    selection_data = models.JSONField(default=dict)
    # The names of the chosen projects and batches as they were then, for sentences.
    names = models.JSONField(default=dict)
    items = models.PositiveIntegerField(null=True)
    items_at_least = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENDING)
    message = models.CharField(max_length=500, blank=True)
    export_id = VendorIdField(max_length=36, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    # When the console saw it end: the vendor does not say (FACTS 2.7).
    ended_at = models.DateTimeField(null=True)
    end_status = models.CharField(max_length=40, blank=True)
    notified_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["export_id"], condition=~Q(export_id=""), name="one_request_per_export")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["space", "state", "created_at"], name="exports_of_space"),
            models.Index(fields=["person", "-created_at"], name="exports_of_person"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def selection(self) -> ExportSelection:
        return ExportSelection.from_json(self.selection_data)

    @property
    def sentence(self) -> str:
        return self.selection.sentence(self.names)

    @property
    def headline(self) -> str:
        """The sentence where it stands alone. A name it may begin with stays as it is written."""
        sentence = self.sentence
        return sentence if self.selection.batches else sentence[0].upper() + sentence[1:]

    @property
    def link_ends(self) -> datetime | None:
        return self.ended_at + LINK_LASTS if self.ended_at and self.end_status == "COMPLETED" else None

    def is_shown_at(self, path: str) -> bool:
        """Whether the page at this path shows this export, so that no notification is needed there."""
        pages = [reverse("exports:request", args=[self.pk])]
        pages += [reverse("exports:detail", args=[self.export_id])] if self.export_id else []
        return path in pages

    def detail(self) -> dict[str, Any]:
        """What the audit says about its contents."""
        names = {
            "projects": self.names.get("projects"),
            "batches": self.names.get("batches"),
            "choice": self.selection_data,
        }
        return {**names, "items": self.items, "items_at_least": self.items_at_least, "space": self.space}


class Receipt(models.Model):
    """What the file of an export held, read once after it was ready."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CHECKED = "checked"
        NOT_CHECKED = "not"

    export_id = VendorIdField(primary_key=True, max_length=36)
    space = models.CharField(max_length=36)
    # The same choice as of another export makes the two comparable.
    selection_key = models.CharField(max_length=64, blank=True, db_index=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    message = models.CharField(max_length=300, blank=True)
    size = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    images = models.PositiveIntegerField(null=True)
    annotations = models.PositiveIntegerField(null=True)
    # The largest classes by name, and what belongs to no class; `class_count` is how many classes there are in all.
    classes = models.JSONField(default=dict)
    class_count = models.PositiveIntegerField(null=True)
    documents = models.PositiveIntegerField(null=True)
    # What was passed over, and what makes a figure mean something else than a reader may think.
    details = models.JSONField(default=dict)
    without_annotations = models.PositiveIntegerField(null=True)
    # Of those without annotations: checked with nothing there, and not done yet, as far as the items could be matched.
    finished_empty = models.PositiveIntegerField(null=True)
    unfinished = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.export_id)

    @property
    def has_all_classes(self) -> bool:
        """Whether every class of the file is in `classes`."""
        return self.class_count == self.kept_classes

    @property
    def kept_classes(self) -> int:
        """How many classes are in `classes`."""
        return len(self.classes) - (NO_CLASS in self.classes)

    @property
    def unmatched(self) -> int:
        """Of those without annotations, how many could not be matched to a work item."""
        return (self.without_annotations or 0) - (self.finished_empty or 0) - (self.unfinished or 0)
