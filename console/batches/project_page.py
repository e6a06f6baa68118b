"""What the batches add to the page of their project."""

import uuid
from typing import Any

from accounts.models import Person
from console.batches import order_selectors, presenters, selectors
from console.projects import page_parts
from console.upstream.errors import KeyRejected, UpstreamError

NEXT_BATCHES = 5


def register() -> None:
    page_parts.register(last_order)
    page_parts.register_figures(next_batches)


def last_order(user: Person, project: uuid.UUID) -> dict[str, Any]:
    snapshot = order_selectors.last_saved(project=project)
    return {"last": snapshot, "change": order_selectors.change_of(snapshot) if snapshot else None}


def next_batches(user: Person, project: uuid.UUID) -> dict[str, Any]:
    """The batches worked on next; where they cannot be read, the figures are shown without them."""
    try:
        return {"next_up": _next_rows(user, project)}
    except KeyRejected:
        raise
    except UpstreamError as problem:
        return {"next_problem": problem}


def _next_rows(user: Person, project: uuid.UUID) -> list[presenters.BatchRow]:
    board = selectors.read_board(user=user, project=project, age=selectors.RECENT)
    return [row for row in presenters.build_rows(board) if not row.finished][:NEXT_BATCHES]
