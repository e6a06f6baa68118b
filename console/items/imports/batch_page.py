"""What imports add to the page of their batch."""

import uuid
from typing import Any

from accounts.models import Person
from accounts.rights import Right
from console.batches import page_parts
from console.items.run_selectors import find_running_imports


def register() -> None:
    page_parts.register(_running)


def _running(user: Person, project: uuid.UUID, batch_id: int) -> dict[str, Any]:
    """Those that create work items in it, for a person who can create some."""
    if not user.can(Right.CHANGE):
        return {}
    return {"running": find_running_imports(user=user, project=project, batch_id=batch_id)}
