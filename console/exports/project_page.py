"""What the exports add to the page of a project."""

import uuid
from typing import Any

from accounts.models import Person
from console.exports import selectors
from console.projects import page_parts


def register() -> None:
    page_parts.register(exports_of_project)


def exports_of_project(user: Person, project: uuid.UUID) -> dict[str, Any]:
    return {"held": selectors.list_covering(user=user, project=str(project))}
