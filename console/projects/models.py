"""What the console remembers about projects: which ones a person pinned, and which they used last."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class ProjectUse(models.Model):
    """A person's own relation to one project of a space. The project itself lives at CloudFactory."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="project_uses")
    space = models.CharField(max_length=64)
    project = models.CharField(max_length=64)
    pinned = models.BooleanField(default=False)
    last_used = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-last_used"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "space", "project"], name="each_project_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.project} in {self.space}"
