"""Reading the orders that were saved here: our own database alone."""

import uuid

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Person
from console.audit import record, unresolved
from console.audit.models import DONE, Entry
from console.audit.unresolved import Unresolved
from console.batches.models import OrderSnapshot
from console.batches.order_diff import Move, OrderChange, difference

MOST_MOVES_READ = 10


def list_snapshots(*, project: uuid.UUID) -> QuerySet[OrderSnapshot]:
    """The saved orders of a project, the latest first."""
    return OrderSnapshot.objects.filter(project=str(project))


def get_snapshot(*, project: uuid.UUID, number: int) -> OrderSnapshot:
    if number >= 2**63:
        raise Http404("No such order.")
    return get_object_or_404(OrderSnapshot, pk=number, project=str(project))


def get_done_snapshot(*, project: uuid.UUID, number: int) -> OrderSnapshot:
    """One that surely took place: an order that never was cannot be taken back or restored."""
    snapshot = get_snapshot(project=project, number=number)
    entry = Entry.objects.filter(pk=snapshot.entry).first()
    if entry is None or entry.outcome != DONE:
        raise Http404("This order was not saved.")
    return snapshot


def last_saved(*, project: uuid.UUID) -> OrderSnapshot | None:
    """The latest change that surely took place. Orders are long, so only one is read."""
    for number, entry_id in list_snapshots(project=project).values_list("pk", "entry")[:20]:
        if (entry := Entry.objects.filter(pk=entry_id).first()) and entry.outcome == DONE:
            return OrderSnapshot.objects.get(pk=number)
    return None


def moves_of(*, project: uuid.UUID, batch_id: int, user: Person | None = None) -> dict[uuid.UUID, Move]:
    """Where a batch was moved in the latest `MOST_MOVES_READ` changes of the order, by the id of the audit's entry.

    With `user`, only that person's own. Batches that were only shifted by others' moves are not in it.
    """
    snapshots = list_snapshots(project=project)
    moves: dict[uuid.UUID, Move] = {}
    for snapshot in (snapshots.filter(person=user) if user else snapshots)[:MOST_MOVES_READ]:
        if snapshot.order_before.ranks.get(batch_id) != snapshot.order_after.ranks.get(batch_id):
            by_batch = {move.batch_id: move for move in change_of(snapshot).moves}
            if batch_id in by_batch:
                moves[snapshot.entry] = by_batch[batch_id]
    return moves


def is_from_outside(snapshot: OrderSnapshot, older: OrderSnapshot | None) -> bool:
    """Whether a save started from an order that neither the save before it knew: the first one here, or one that was
    changed outside this console since."""
    orders = (older.order_after, older.order_before) if older else ()
    return not any(order.agrees_with(snapshot.order_before) for order in orders)


def change_of(snapshot: OrderSnapshot) -> OrderChange:
    return difference(snapshot.order_before, snapshot.order_after, snapshot.names)


def unresolved_saves(*, project: uuid.UUID) -> list[Unresolved]:
    """Saves of this project whose outcome is unknown, of any person."""
    entries = record.open_or_unknown().checked(thing_kind="project", thing_id=str(project))
    saves = entries.filter(action__startswith="order.").select_related("actor").prefetch_related("outcomes")
    return [unresolved.of_entry(entry) for entry in saves]
