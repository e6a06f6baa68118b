"""What the pages of an order show: the board, its history, and the orders to choose from."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from accounts.http_types import SignedIn
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.batches import order_selectors, page_context, presenters, selectors
from console.batches.forms import sign_page_order
from console.batches.models import OrderSnapshot
from console.batches.order import Order
from console.batches.order_diff import difference
from console.batches.order_services import OrderConflict
from console.upstream.errors import UpstreamError

# Preloaded together, because each imports the next.
SCRIPTS = (
    "reorder",
    *(f"reorder-{name}" for name in ("words", "drag", "draft", "find", "keys", "select")),
    "announce",
    "range-selection",
    "unsaved",
)

HISTORY_PAGE = 30

VERBS = {"order.undo": "Took a change back", "order.restore": "Restored an earlier order"}
STATES = {
    DONE: ("good", ""),
    FAILED: ("bad", "This was not saved."),
    UNKNOWN: ("warn", "We don't know whether this was saved."),
    OPEN: ("warn", "This is being saved, or the console was stopped meanwhile."),
}


def board_page(
    request: SignedIn, project: uuid.UUID, board: selectors.Board, base: Order | None = None
) -> dict[str, Any]:
    rows = presenters.build_rows(board, base)
    last = order_selectors.last_saved(project=project)
    return page_header(request, project) | {
        "rows": rows,
        "total": len(rows),
        "open": sum(row.rank is not None for row in rows),
        "finished": sum(row.finished for row in rows),
        "folded": presenters.can_fold(rows) and request.GET.get("finished") != "show",
        "can_fold": presenters.can_fold(rows),
        "ties": len(board.order.tied),
        "unordered": board.order.unordered,
        "settled": board.order.is_resolved,
        "base": sign_page_order(project, board.order),
        "act_id": uuid.uuid4(),
        "undo_id": uuid.uuid4(),
        "high_first": settings.PRIORITY_HIGH_FIRST,
        "last": last,
        "last_change": order_selectors.change_of(last) if last else None,
        "may_undo": bool(last and last.order_after.agrees_with(board.order)),
        "unclear": order_selectors.unresolved_saves(project=project),
        "note": "",
        "scripts": [static(f"js/{name}.js") for name in SCRIPTS],
    }


def page_header(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    context = page_context.about(request, project)
    crumbs = [*context["crumbs"], ("Batches", context["index_url"])]
    return context | {"order_url": reverse("batches:order", args=[project]), "crumbs": crumbs}


def build_lines(snapshots: Sequence[OrderSnapshot], older: OrderSnapshot | None) -> list[dict[str, Any]]:
    """The lines of some saved orders, the latest first; `older` is the one before them."""
    entries = Entry.objects.filter(pk__in=[one.entry for one in snapshots]).prefetch_related("outcomes")
    outcomes = {entry.pk: entry.outcome for entry in entries}
    pairs = zip(snapshots, [*snapshots, older][1:], strict=True)
    return [build_line(one, outcomes.get(one.entry, UNKNOWN)) | _outside_order(one, before) for one, before in pairs]


def _outside_order(snapshot: OrderSnapshot, older: OrderSnapshot | None) -> dict[str, Any]:
    """The order a save started from, where the history has no other line for it."""
    if not order_selectors.is_from_outside(snapshot, older):
        return {}
    names = snapshot.names
    return {
        "outside": True,
        "outside_change": difference(older.order_after, snapshot.order_before, names) if older else None,
    }


def build_line(snapshot: OrderSnapshot, outcome: str) -> dict[str, Any]:
    """A saved order as the history shows it."""
    tone, state = STATES[outcome]
    return {
        "snapshot": snapshot,
        "change": order_selectors.change_of(snapshot),
        "outcome": outcome,
        "tone": tone,
        "state": state,
        "verb": VERBS.get(snapshot.action, ""),
    }


def restore_context(
    request: SignedIn, project: uuid.UUID, order: Order, names: dict[int, str], restore_url: str
) -> dict[str, Any]:
    """What restoring an order would change now, and the order it starts from; the batches can be an hour old."""
    try:
        now = selectors.read_board(user=request.user, project=project, age=selectors.HOUR).order
    except UpstreamError as problem:
        return {"problem": problem}
    after = selectors.restored_order(order, now)
    return {
        "may_restore": after != now,
        "restore_url": restore_url,
        "restoring": difference(now, after, names),
        "base": sign_page_order(project, now),
        "act_id": uuid.uuid4(),
    }


def build_choices(changed: OrderConflict, names: dict[int, str]) -> list[dict[str, Any]]:
    merged = "Theirs, with the batches you moved put where you put them."
    return [
        _build_choice("yours", "Yours", "The order you made.", changed, changed.yours, names),
        _build_choice("theirs", "Theirs", "The order as it is now.", changed, changed.theirs, names),
        _build_choice("merged", "Merged", merged, changed, changed.merged, names),
    ]


def _build_choice(
    slug: str, title: str, text: str, changed: OrderConflict, order: Order, names: dict[int, str]
) -> dict[str, Any]:
    return {
        "slug": slug,
        "title": title,
        "text": text,
        "ids": ",".join(str(batch_id) for batch_id in order.ids),
        "lines": presenters.compare_orders(changed.theirs, order, names),
        "change": difference(changed.theirs, order, names),
        "is_theirs": slug == "theirs",
        "same_as_theirs": order.ids == changed.theirs.ids,
        "act_id": uuid.uuid4(),
    }
