"""Columns that hold what a vendor once sent."""

from __future__ import annotations

from typing import Any

from django.db import models

from console.common.parsing import read_uuid


class VendorIdField(models.CharField):  # type: ignore[type-arg]
    """A vendor's UUID as text, empty while there is none.

    A value that is no UUID, left by an older version or written by hand, is read as empty.
    """

    def from_db_value(self, value: Any, *args: Any) -> str:
        uuid = read_uuid(value)
        return str(uuid) if uuid else ""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs
