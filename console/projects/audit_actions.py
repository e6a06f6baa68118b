"""How the audit links what is done to projects."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from console.audit import registry


def register() -> None:
    registry.register_place("projects", "Projects")
    registry.register_thing("project", _address)


def _address(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("batches:index", args=[thing_id])
