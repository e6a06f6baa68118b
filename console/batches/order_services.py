"""Changing the order: checked, compared with a fresh read, recorded, and sent as one call."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts import connections
from accounts.http_types import SignedIn
from accounts.models import Person
from console.audit import record
from console.batches import concurrency, selectors
from console.batches.forms import BadOrder, OrderForm, PageOrder
from console.batches.models import OrderSnapshot, snapshot_rows
from console.batches.order import Order, entries_to_send, number_afresh
from console.batches.order_diff import difference
from console.batches.three_way_merge import merge_orders
from console.duplicate_submissions import Submission
from console.projects import selectors as projects
from console.upstream.response_models import Priority

VENDOR = "cloudfactory"
NO_ID = "Something of this page was lost on the way. Open it again."


class NothingToSave(Exception):
    """The order is already the one that was asked for, down to the numbers."""


class OrderConflict(Exception):
    """Somebody else changed the order since the page was opened: three orders to choose from."""

    def __init__(self, *, base: Order, yours: Order, theirs: Order) -> None:
        super().__init__("The order was changed meanwhile.")
        self.base, self.yours, self.theirs = base, yours, theirs
        # Batches created meanwhile go to the end of yours: an order without them could not be saved any more.
        here = set(yours.ids)
        if newcomers := [batch_id for batch_id in theirs.ids if batch_id not in here]:
            self.yours = _number_afresh((*yours.ids, *newcomers), theirs)
        open_base = [batch_id for batch_id in base.ids if batch_id not in theirs.finished]
        merged_ids = theirs.rearranged(merge_orders(open_base, self.yours.open_ids, theirs.open_ids))
        self.merged = _number_afresh(merged_ids, theirs)


@dataclass(frozen=True)
class OrderCommand:
    """A change of an order that a person asked for. `act_id` makes it count once."""

    request: SignedIn
    project: uuid.UUID
    act_id: uuid.UUID | None
    base: PageOrder | None = None
    """The order that the page showed; a save has it in its form."""
    form: OrderForm | None = None
    """What a save sends along; undoing and restoring send none."""

    @property
    def user(self) -> Person:
        return self.request.user

    @property
    def page_order(self) -> PageOrder:
        """The order that the page was opened with; BadOrder where it was lost."""
        base = self.form.page_order if self.form else self.base
        if base is None:
            raise BadOrder(NO_ID)
        return base

    def submission(self, action: str) -> Submission:
        """Checked before reading, and again where the order has changed: the first submission can have changed it."""
        if self.act_id is None:
            raise BadOrder(NO_ID)
        return Submission(self.user, action, self.act_id)


@dataclass(frozen=True)
class VendorOrder:
    """What CloudFactory had when the order was read, and the newest row of the audit just before."""

    order: Order
    entries: Mapping[int, Priority]
    names: Mapping[int, str]
    sequence: int


def save_order(command: OrderCommand, *, proposed: Sequence[int]) -> OrderSnapshot:
    """Saves an order that was checked against the page's, unless it was changed meanwhile."""
    base = command.page_order.order
    names = selectors.recent_names(user=command.user, project=command.project)
    submission = command.submission("order.save")
    submission.refuse_duplicate()
    sequence = concurrency.newest_sequence()
    entries = selectors.read_entries(user=command.user, project=command.project)
    theirs = selectors.order_of(entries, base.ids, base.finished)
    yours = _number_afresh(proposed, base)
    if theirs.ids != base.ids:
        submission.refuse_duplicate()
        raise OrderConflict(base=base, yours=yours, theirs=theirs)
    if theirs.ids == yours.ids and theirs.is_resolved:
        raise NothingToSave
    return _send(command, "order.save", yours, VendorOrder(theirs, entries, names, sequence))


def undo_order(command: OrderCommand, *, snapshot: OrderSnapshot) -> OrderSnapshot:
    """Puts back what was there before a save, unless somebody changed the order since."""
    submission = command.submission("order.undo")
    submission.refuse_duplicate()
    current = _read_current(command)
    yours = selectors.restored_order(snapshot.order_before, current.order)
    if not snapshot.order_after.agrees_with(current.order):
        submission.refuse_duplicate()
        raise OrderConflict(base=snapshot.order_after, yours=yours, theirs=current.order)
    return _send(command, "order.undo", yours, current)


def restore_order(command: OrderCommand, *, order: Order) -> OrderSnapshot:
    """Makes an earlier order the order again, unless somebody changed the one the page was opened on.

    What it replaces is kept in the history like every other.
    """
    base = command.page_order.order
    submission = command.submission("order.restore")
    submission.refuse_duplicate()
    current = _read_current(command)
    yours = selectors.restored_order(order, current.order)
    is_same_base, is_no_change = base.agrees_with(current.order), yours == current.order
    if not is_same_base or is_no_change:
        submission.refuse_duplicate()
    if not is_same_base:
        raise OrderConflict(base=base, yours=yours, theirs=current.order)
    if is_no_change:
        raise NothingToSave
    return _send(command, "order.restore", yours, current)


def _read_current(command: OrderCommand) -> VendorOrder:
    sequence = concurrency.newest_sequence()
    board = selectors.read_board(user=command.user, project=command.project)
    return VendorOrder(board.order, board.entries, board.names, sequence)


def _number_afresh(batch_ids: Sequence[int], like: Order) -> Order:
    """An order with fresh numbers; the batches that are finished in another one are finished in it."""
    return number_afresh(batch_ids, high_first=settings.PRIORITY_HIGH_FIRST, finished=like.finished)


def _send(command: OrderCommand, action: str, order: Order, current: VendorOrder) -> OrderSnapshot:
    project, user, note = str(command.project), command.user, command.form.note if command.form else ""
    names = {batch_id: current.names.get(batch_id, "") for batch_id in order.ids}
    with record.audited_call(
        actor=user,
        action=action,
        thing_kind="project",
        thing_id=project,
        thing_name=projects.name_of(user=user, project=command.project),
        vendor=VENDOR,
        request=command.request,
        act_id=command.act_id,
        note=note,
        key=connections.key_fingerprint(user, VENDOR),
        detail={"summary": difference(current.order, order, names).text, "batches_sent": len(order.places)},
    ) as act:
        concurrency.refuse_if_overtaken(command.project, act.id, current.sequence)
        snapshot = OrderSnapshot.objects.create(
            project=project,
            entry=act.id,
            action=action,
            person=user,
            person_name=str(user),
            note=note,
            before=snapshot_rows(current.order, names),
            after=snapshot_rows(order, names),
        )
        entries = entries_to_send(order, current.entries)
        connections.cloudfactory(user).save_priorities(project, entries, request_id=str(act.id))
    return snapshot
