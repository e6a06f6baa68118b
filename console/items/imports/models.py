"""Many work items to create: where they come from, and what became of each."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Import(models.Model):
    """The lines of a CSV, uploaded files or the items of a slice: first a plan, then the work items of batches."""

    class Source(models.TextChoices):
        CSV = "csv", "CSV"
        FILES = "files", "Files"
        SLICE = "slice", "Slice"

    class State(models.TextChoices):
        READING = "reading", "Reading"  # The slice and the batch are being read for the plan.
        NOT_READ = "not read", "Failed"  # The plan could not be made; `message` says why.
        READY = "ready", "Ready"  # A plan that can be started.
        CREATING = "creating", "Creating"
        PAUSED = "paused", "Paused"  # Somebody has to let it carry on.
        STOPPED = "stopped", "Stopped"  # The rest was not created; `message` says why.
        ENDED = "ended", "Finished"

    # The one-time id of the form, and the group of its entries in the audit.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="imports")
    space = models.CharField(max_length=36)
    project = models.UUIDField()
    project_name = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=5, choices=Source.choices)
    # The name of the CSV, of the space of the files, or of the slice.
    source_name = models.CharField(max_length=300, blank=True)
    # Digest of the CSV, id of the upload, or `owner/slug` of the slice.
    source_key = models.CharField(max_length=300, blank=True)
    # The one batch of all items, None where each line names its own (or the batch `Default`).
    batch_id = models.BigIntegerField(null=True)
    batch_name = models.CharField(max_length=300, blank=True)
    # What the plan says besides its rows: warnings, figures.
    plan = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Calls in a row that CloudFactory failed at.
    failures = models.PositiveSmallIntegerField(default=0)
    # Figures of the progress, kept so that watching is one row to read. `planned_count` are the rows to be created.
    planned_count = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    present_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    unknown_count = models.PositiveIntegerField(default=0)
    not_created_count = models.PositiveIntegerField(default=0)
    # When the last rows were finished, and the seconds per item of the last few.
    progressed_at = models.DateTimeField(null=True)
    paces = models.JSONField(default=list)
    # The state that the person was told of: that it ended, paused or waits for them.
    told_state = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "project", "-created_at"], name="imports_of_person"),
            models.Index(fields=["project", "source", "source_key"], name="imports_by_source"),
            models.Index(fields=["source", "source_key"], name="imports_of_source"),
            models.Index(fields=["state"], name="imports_by_state"),
            models.Index(fields=["created_at"], name="imports_by_age"),
            # Every page asks whether its person waits for one.
            models.Index(fields=["person"], condition=~Q(told_state=F("state")), name="imports_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.source_name}"

    @property
    def counted(self) -> int:
        """How many of the planned rows have an outcome."""
        done = self.created_count + self.present_count
        return done + self.refused_count + self.unknown_count + self.not_created_count

    @property
    def is_moving(self) -> bool:
        return self.state == self.State.CREATING


class ImportRow(models.Model):
    """One work item to create, or a line of a CSV that can't be one."""

    class Outcome(models.TextChoices):
        NONE = "", "Not created yet"
        INVALID = "invalid", "Invalid"  # `errors` say why; never sent.
        SENDING = "sending", "Sending"
        CREATED = "created", "Created"
        PRESENT = "present", "Already there"  # The batch holds it already, from an earlier import.
        REFUSED = "refused", "Refused"  # Surely not created; `message` has the vendor's words.
        UNKNOWN = "unknown", "Unknown"
        NOT_CREATED = "not created", "Not created"  # Stopped before its turn, or left out.

    # In which states a row holds its `console_id`: nobody else's row of the same id is sent meanwhile.
    HOLDING: ClassVar[tuple[str, ...]] = (Outcome.SENDING, Outcome.CREATED, Outcome.UNKNOWN)

    import_run = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    # The line of the spreadsheet, else the place in the list of files or items; 1 is the first.
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=300, blank=True)
    # Our id in the item's `metadata`, by which the item is found again: new for a line of a CSV, and always the same
    # for the same file or slice item in the same batch.
    console_id = models.UUIDField(default=uuid.uuid4)
    batch_id = models.BigIntegerField(null=True)
    # The fields of `upstream.types.NewWorkItem`, without `batch_id` and without our id.
    fields = models.JSONField(default=dict)
    # `[column, message]` of each problem, and the cells of the line as they were typed (CSV alone).
    errors = models.JSONField(default=list)
    cells = models.JSONField(default=list)
    outcome = models.CharField(max_length=11, choices=Outcome.choices, default=Outcome.NONE, blank=True)
    message = models.CharField(max_length=500, blank=True)
    item = models.UUIDField(null=True)
    # The entry in the audit it was sent under, which is also the id of its part.
    act_id = models.UUIDField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    # Reads of the batch, after it was sent without a clear answer, that did not find it.
    misses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["import_run", "number"], name="row_once_in_import"),
            models.UniqueConstraint(
                fields=["console_id"],
                condition=Q(outcome__in=["sending", "created", "unknown"]),
                name="one_item_for_console_id",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["import_run", "outcome", "number"], name="import_rows_by_outcome"),
            models.Index(fields=["console_id"], name="import_rows_by_console_id"),
        ]

    def __str__(self) -> str:
        return self.name or f"Line {self.number}"
