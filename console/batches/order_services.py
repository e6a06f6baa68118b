"""Changing the order: checked, compared with a fresh read, recorded, and sent as one call."""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import connections
from accounts.models import Person
from console.audit import record, unresolved
from console.audit.models import DONE, Entry
from console.audit.unresolved import Unresolved
from console.batches import concurrency, selectors
from console.batches.models import OrderSnapshot, stored
from console.batches.order import BadOrder, Order, Place, entries_to_send, numbered, restored
from console.batches.order_diff import Change, Move, difference
from console.batches.three_way_merge import merged
from console.duplicate_submissions import Submission
from console.projects import selectors as projects
from console.upstream.response_models import Priority

SALT = "batches.order"
VENDOR = "cloudfactory"
ORDERS_READ = 10


class NothingToSave(Exception):
    """The order is already the one that was asked for, down to the numbers."""


class OrderChanged(Exception):
    """Somebody else changed the order since the page was opened: three orders to choose from."""

    def __init__(self, *, base: Order, yours: Order, theirs: Order) -> None:
        super().__init__("The order was changed meanwhile.")
        self.base, self.yours, self.theirs = base, yours, theirs
        # What was made meanwhile goes to the end of yours: an order without it could not be saved any more.
        here = set(yours.ids)
        if newcomers := [batch_id for batch_id in theirs.ids if batch_id not in here]:
            self.yours = _fresh((*yours.ids, *newcomers), theirs)
        open_base = [batch_id for batch_id in base.ids if batch_id not in theirs.finished]
        self.merged = _fresh(theirs.rearranged(merged(open_base, self.yours.open_ids, theirs.open_ids)), theirs)


@dataclass(frozen=True)
class Press:
    """Who pressed which button on which page, and the one-time id that makes it count once."""

    user: Person
    project: uuid.UUID
    act_id: uuid.UUID
    request: HttpRequest | None = None
    note: str = ""

    def submission(self, action: str) -> Submission:
        """Asked before reading, and again where the order has changed: the first submission can have changed it."""
        return Submission(self.user, action, self.act_id)


@dataclass(frozen=True)
class Held:
    """What CloudFactory held when the order was read, and the newest row of the audit just before."""

    entries: Mapping[int, Priority]
    names: Mapping[int, str]
    since: int


@dataclass(frozen=True)
class PageOrder:
    """The order a page was opened with, and when that was."""

    order: Order
    opened_at: datetime


def seal_base(project: uuid.UUID, order: Order) -> str:
    """The order a page starts from, signed: what comes back unsigned or from another project is refused."""
    places = [[place.batch_id, place.number, int(place.finished)] for place in order.places]
    return signing.dumps([str(project), places, time.time()], salt=SALT, compress=True)


def open_base(project: uuid.UUID, sealed: str) -> PageOrder:
    """What `seal_base` signed, opened once for a request; BadOrder for anything else."""
    try:
        of_project, places, opened_at = signing.loads(sealed, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise BadOrder("This page's order was changed on the way. Open the page again.") from None
    if of_project != str(project):
        raise BadOrder("This order belongs to another project. Open the page again.")
    # A page opened before finished batches were marked sends pairs.
    order = Order(tuple(Place(batch_id, number, any(finished)) for batch_id, number, *finished in places))
    return PageOrder(order, datetime.fromtimestamp(opened_at, UTC))


def save_order(press: Press, *, base: Order, proposed: Sequence[int], names: Mapping[int, str]) -> OrderSnapshot:
    """Saves an order that was checked against the page's, if nobody changed it meanwhile."""
    submission = press.submission("order.save")
    submission.refuse_duplicate()
    since = concurrency.now()
    entries = selectors.read_entries(user=press.user, project=press.project)
    theirs = selectors.order_of(entries, base.ids, base.finished)
    yours = _fresh(proposed, base)
    if theirs.ids != base.ids:
        submission.refuse_duplicate()
        raise OrderChanged(base=base, yours=yours, theirs=theirs)
    if theirs.ids == yours.ids and theirs.is_resolved:
        raise NothingToSave
    return _send(press, "order.save", before=theirs, after=yours, held=Held(entries, names, since))


def undo_order(press: Press, snapshot: OrderSnapshot) -> OrderSnapshot:
    """Puts back what was there before a save, unless somebody changed the order since."""
    submission = press.submission("order.undo")
    submission.refuse_duplicate()
    since = concurrency.now()
    board = selectors.read_board(user=press.user, project=press.project)
    yours = restored_now(snapshot.order_before, board.order)
    if not still_holds(snapshot.order_after, board.order):
        submission.refuse_duplicate()
        raise OrderChanged(base=snapshot.order_after, yours=yours, theirs=board.order)
    held = Held(board.entries, board.names, since)
    return _send(press, "order.undo", before=board.order, after=yours, held=held)


def restore_order(press: Press, order: Order, *, base: Order) -> OrderSnapshot:
    """Makes an earlier order the order again, unless somebody changed the one the page was opened on.

    What it replaces is kept in the history like every other.
    """
    submission = press.submission("order.restore")
    submission.refuse_duplicate()
    since = concurrency.now()
    board = selectors.read_board(user=press.user, project=press.project)
    wanted = restored_now(order, board.order)
    if not still_holds(base, board.order) or wanted == board.order:
        submission.refuse_duplicate()
    if not still_holds(base, board.order):
        raise OrderChanged(base=base, yours=wanted, theirs=board.order)
    if wanted == board.order:
        raise NothingToSave
    held = Held(board.entries, board.names, since)
    return _send(press, "order.restore", before=board.order, after=wanted, held=held)


def restored_now(order: Order, current: Order) -> Order:
    """An earlier order for the batches there are now."""
    high_first = settings.PRIORITY_HIGH_FIRST
    return restored(order, current.ids, high_first=high_first, finished=current.finished)


def history(*, project: uuid.UUID) -> QuerySet[OrderSnapshot]:
    """The saved orders of a project, the latest first."""
    return OrderSnapshot.objects.filter(project=str(project))


def moves_of(*, project: uuid.UUID, batch_id: int, user: Person | None = None) -> dict[uuid.UUID, Move]:
    """Where a batch was moved in the latest `ORDERS_READ` changes of the order, by the id of the audit's entry.

    With `user`, only that person's own. Batches that were only shifted by others' moves are not in it.
    """
    saved = history(project=project)
    found: dict[uuid.UUID, Move] = {}
    for snapshot in (saved.filter(person=user) if user else saved)[:ORDERS_READ]:
        if snapshot.order_before.ranks.get(batch_id) != snapshot.order_after.ranks.get(batch_id):
            moves = {move.batch_id: move for move in change_of(snapshot).moves}
            if batch_id in moves:
                found[snapshot.entry] = moves[batch_id]
    return found


def last_saved(*, project: uuid.UUID) -> OrderSnapshot | None:
    """The latest change that surely took place. Orders are long, so only the one that is wanted is read."""
    for number, entry_id in history(project=project).values_list("pk", "entry")[:20]:
        if (entry := Entry.objects.filter(pk=entry_id).first()) and entry.outcome == DONE:
            return OrderSnapshot.objects.get(pk=number)
    return None


def is_from_outside(snapshot: OrderSnapshot, older: OrderSnapshot | None) -> bool:
    """Whether a save started from an order that neither the save before it knew: the first one here, or one that was
    changed outside this console since."""
    known = (older.order_after, older.order_before) if older else ()
    return not any(still_holds(order, snapshot.order_before) for order in known)


def change_of(snapshot: OrderSnapshot) -> Change:
    return difference(snapshot.order_before, snapshot.order_after, snapshot.names)


def unclear(*, project: uuid.UUID) -> list[Unresolved]:
    """Saves of this project whose outcome is unknown, whoever sent them."""
    waiting = record.open_or_unknown().checked(thing_kind="project", thing_id=str(project))
    saves = waiting.filter(action__startswith="order.").select_related("actor").prefetch_related("outcomes")
    return [unresolved.of_entry(entry) for entry in saves]


def _fresh(batch_ids: Sequence[int], like: Order) -> Order:
    """An order with fresh numbers; the batches that are finished in another one are finished in it."""
    return numbered(batch_ids, high_first=settings.PRIORITY_HIGH_FIRST, finished=like.finished)


def _send(press: Press, action: str, *, before: Order, after: Order, held: Held) -> OrderSnapshot:
    project = str(press.project)
    known = {batch_id: held.names.get(batch_id, "") for batch_id in after.ids}
    with record.audited_call(
        actor=press.user,
        action=action,
        thing_kind="project",
        thing_id=project,
        thing_name=projects.name_of(user=press.user, project=press.project),
        vendor=VENDOR,
        request=press.request,
        act_id=press.act_id,
        note=press.note,
        key=connections.key_fingerprint(press.user, VENDOR),
        detail={"summary": difference(before, after, known).text, "batches_sent": len(after.places)},
    ) as act:
        concurrency.refuse_if_overtaken(press.project, act.id, held.since)
        snapshot = OrderSnapshot.objects.create(
            project=project,
            entry=act.id,
            action=action,
            person=press.user,
            person_name=str(press.user),
            note=press.note,
            before=stored(before, known),
            after=stored(after, known),
        )
        sent = entries_to_send(after, held.entries)
        connections.cloudfactory(press.user).save_priorities(project, sent, request_id=str(act.id))
    return snapshot


def still_holds(expected: Order, current: Order) -> bool:
    """Whether the batches both know stand as they were left; new ones at the end do no harm."""
    both = set(expected.ids) & set(current.ids)
    return [one for one in expected.ids if one in both] == [one for one in current.ids if one in both]
