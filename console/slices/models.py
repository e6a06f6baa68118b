"""What the console itself must remember about slices: the drafts of the builder. Slices live at Avala."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """A slice being put together, kept as one types. `data` is read and written by `builder/drafts.py` only."""

    class State(models.TextChoices):
        EDITING = "editing"
        SENT = "sent"  # Claimed by a press; how it ended stands in the audit under `act_id`.
        CREATED = "created"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="slice_drafts")
    data = models.JSONField(default=dict)
    # The one-time id of the next press. It belongs to the draft, so two tabs of it cannot send twice.
    act_id = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.EDITING)
    # What came of the last press where it was surely not done: sentences and field messages, for the page.
    failure = models.JSONField(null=True)
    source = models.CharField(max_length=600, blank=True)
    owner_name = models.CharField(max_length=255, blank=True)
    slug = models.CharField(max_length=255, blank=True)
    # Counts the changes, so that an untouched draft can be recognized and used again.
    changes = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-updated_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "state", "-updated_at"], name="draft_of_person")
        ]

    def __str__(self) -> str:
        return str(self.data.get("name") or "A slice without a name")
