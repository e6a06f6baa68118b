"""What the console keeps of files: the ledger of each upload, and lists of paths that somebody asked for."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Upload(models.Model):
    """Files that a person uploads into a space, from one page of their browser."""

    # The one-time id of the page, and the group of its entries in the audit.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    space = models.CharField(max_length=36)
    space_name = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "space", "-created_at"], name="uploads_of_person"),
            models.Index(fields=["updated_at"], name="uploads_by_age"),
        ]

    def __str__(self) -> str:
        return f"Upload into {self.space_name or self.space}"


class UploadFile(models.Model):
    """One file of an upload. P1 gives it a `path` without its name, so both are kept here."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Uploading"  # Its link was handed to the browser.
        SAVED = "saved", "Saved"
        FAILED = "failed", "Failed"  # Surely not saved; `message` says why.
        UNKNOWN = "unknown", "Unknown"  # The browser got no clear answer; looked up by P2 and a HEAD.

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="files")
    position = models.PositiveIntegerField()
    folder = models.CharField(max_length=1000, blank=True)
    name = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    # The browser's `lastModified`, milliseconds since 1970.
    modified = models.BigIntegerField()
    content_type = models.CharField(max_length=200)
    # A digest of folder, name, size and `modified`: the same file again is the same row.
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Where P1 put it, relative to the space: what a work item uses as its `assetUrl`. At most 1,024 bytes.
    path = models.CharField(max_length=1024, blank=True)
    # The entry in the audit under which its link was asked for.
    act_id = models.UUIDField(null=True, db_index=True)
    message = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["upload", "digest"], name="file_once_in_upload")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["upload", "position"], name="upload_files_in_order"),
            models.Index(fields=["upload", "state", "position"], name="upload_files_by_state"),
            models.Index(fields=["digest"], name="upload_files_by_digest"),
            models.Index(fields=["path"], name="upload_files_by_path"),
            models.Index(
                fields=["updated_at"],
                condition=models.Q(state__in=("sending", "unknown")),
                name="upload_files_under_way",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PathList(models.Model):
    """Paths of a space that a person pasted, and what was found at each when it was last checked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    space = models.CharField(max_length=36)
    space_name = models.CharField(max_length=300, blank=True)
    # In the order they were pasted, relative to the space, without duplicates.
    paths = models.JSONField(default=list)
    duplicates = models.PositiveIntegerField(default=0)
    # `{"line", "text", "message"}` of lines that are no path of the space; `error_count` counts those left out too.
    errors = models.JSONField(default=list)
    error_count = models.PositiveIntegerField(default=0)
    # `[state, size, message]` for each of `paths`; empty before the first check. No link is ever stored.
    found = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    # Why the last check ended early.
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "-created_at"], name="path_lists_of_person"),
            models.Index(fields=["created_at"], name="path_lists_by_age"),
        ]

    def __str__(self) -> str:
        return f"{len(self.paths)} paths"
