"""What the batches add to the page of their project."""

import uuid
from typing import Any

from accounts.models import Person
from console.batches import order_services, services
from console.projects import page_parts
from console.upstream.errors import KeyRejected, UpstreamError


def register() -> None:
    page_parts.register(last_order)
    page_parts.register_figures(next_batches)


def last_order(user: Person, project: uuid.UUID) -> dict[str, Any]:
    snapshot = order_services.last_saved(project=project)
    return {"last": snapshot, "change": order_services.change_of(snapshot) if snapshot else None}


def next_batches(user: Person, project: uuid.UUID) -> dict[str, Any]:
    """The batches worked on next; where they cannot be read, the figures are shown without them."""
    try:
        return {"next_up": services.next_up(user=user, project=project)}
    except KeyRejected:
        raise
    except UpstreamError as problem:
        return {"next_problem": problem}
