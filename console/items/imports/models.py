"""Many work items to create: where they come from, and what became of each."""

import uuid
from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from console.items.runs.models import Run, RunItem, waits_for_news


class Import(Run):
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

    PLAN_JOB = "items.import_read"
    JOB = "items.import"
    PAGE = "items:import_detail"
    STOPPING = "Stopping after the items that are being created now."
    UNSENT = "It was not created."
    MOVING = State.CREATING
    UNDER_WAY = (State.CREATING, State.PAUSED)

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
    created_count = models.PositiveIntegerField(default=0)
    present_count = models.PositiveIntegerField(default=0)
    not_created_count = models.PositiveIntegerField(default=0)

    class Meta(Run.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "project", "-created_at"], name="imports_of_person"),
            models.Index(fields=["project", "source", "source_key"], name="imports_by_source"),
            models.Index(fields=["source", "source_key"], name="imports_of_source"),
            models.Index(fields=["state"], name="imports_by_state"),
            models.Index(fields=["created_at"], name="imports_by_age"),
            waits_for_news("imports_with_news"),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.source_name}"

    @property
    def run_items(self) -> "models.QuerySet[ImportRow]":
        return self.rows.all()


class ImportRow(RunItem):
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

    COUNTS: ClassVar[Mapping[str, str]] = {
        Outcome.CREATED: "created_count",
        Outcome.PRESENT: "present_count",
        Outcome.REFUSED: "refused_count",
        Outcome.UNKNOWN: "unknown_count",
        Outcome.NOT_CREATED: "not_created_count",
    }
    DONE = Outcome.CREATED
    NOT_SENT = Outcome.NOT_CREATED
    AUDIT_ID = "console_id"
    AUDIT_COUNTS_ITEMS = True
    FILTERS: ClassVar[Mapping[str, Q]] = {
        "created": Q(outcome=Outcome.CREATED),
        "present": Q(outcome=Outcome.PRESENT),
        "refused": Q(outcome=Outcome.REFUSED),
        "unknown": Q(outcome=Outcome.UNKNOWN),
        "not-created": Q(outcome=Outcome.NOT_CREATED, act_id__isnull=False),
        "waiting": Q(outcome__in=(Outcome.NONE, Outcome.SENDING), act_id__isnull=False),
        "left-out": Q(outcome=Outcome.INVALID),
    }
    # In which states a row holds its `console_id`: no other row of the same id is sent meanwhile.
    HOLDING: ClassVar[tuple[str, ...]] = (Outcome.SENDING, Outcome.CREATED, Outcome.UNKNOWN)

    import_run = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    # The line of the spreadsheet, else the place in the list of files or items; 1 is the first.
    number = models.PositiveIntegerField()
    # Our id in the item's `metadata`, by which the item is found again: new for a line of a CSV, and always the same
    # for the same file or slice item in the same batch.
    console_id = models.UUIDField(default=uuid.uuid4)
    batch_id = models.BigIntegerField(null=True)
    # The fields of `upstream.response_models.NewWorkItem`, without `batch_id` and without our id.
    fields = models.JSONField(default=dict)
    # `[column, message]` of each problem, and the cells of the line as they were typed (CSV alone).
    errors = models.JSONField(default=list)
    cells = models.JSONField(default=list)
    outcome = models.CharField(max_length=11, choices=Outcome.choices, default=Outcome.NONE, blank=True)
    item = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)

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
