"""Undoing a bulk signal by one inverse signal, for an hour, where that restores the former status (DECISIONS, Signals).

Undone are only items whose status is still what this signal made: its plan reads them again before anything is sent.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.audit.models import FAILED
from console.common.formatting import moment, plural
from console.items.bulk import plans
from console.items.bulk.actions import BulkAction, action_named
from console.items.models import BulkItem, BulkSignal
from console.items.sent_signals import SentSignal, read_sent_signals

State, Outcome, Purpose = BulkSignal.State, BulkItem.Outcome, BulkSignal.Purpose
ENDED_STATES = (State.ENDED, State.STOPPED)
FINAL = (*ENDED_STATES, State.TAKEN_BACK)
NOTHING_SENT = "Nothing was sent."


@dataclass(frozen=True)
class UndoOffer:
    """What can be undone of a bulk signal that has ended, and why the rest can't."""

    bulk: BulkSignal
    inverse: BulkAction | None
    count: int
    """Items that this signal moved and the inverse one would move back, as far as the console knows."""
    undone: int
    """Those that it has moved back already."""
    without_way_back: int
    ends_at: datetime
    is_over: bool

    @property
    def is_offered(self) -> bool:
        return self.count > 0 and not self.is_over

    @property
    def label(self) -> str:
        verb = self.inverse.verb.lower() if self.inverse else ""
        return f"Undo: {verb} {plural(self.count, 'item')}"

    @property
    def text(self) -> str:
        """Beside the button, or in its place; "" where nothing was done that could be undone."""
        if self.is_over and self.count:
            return f"{self._undone} It could be undone until {moment(self.ends_at)}.".strip()
        sentences = [
            self._undone,
            self._left_out,
            f"It can be undone until {moment(self.ends_at)}." if self.count else "",
        ]
        return " ".join(filter(None, sentences))

    @property
    def url(self) -> str:
        return reverse("items:bulk_undo", args=[self.bulk.project, self.bulk.pk])

    @property
    def _undone(self) -> str:
        return f"{plural(self.undone, 'item was', 'items were')} undone." if self.undone else ""

    @property
    def _left_out(self) -> str:
        if not self.without_way_back:
            return ""
        items = plural(self.without_way_back, "item")
        return f"{items} can’t be undone: no signal leads back to the status before."


def read_offer(bulk: BulkSignal) -> UndoOffer | None:
    """None while it is under way, and where it did nothing."""
    if bulk.state not in ENDED_STATES or bulk.finished_at is None:
        return None
    action = action_named(bulk.action)
    done_items = bulk.items.filter(outcome=Outcome.DONE)
    can_be_undone = _moved(action)
    figures = done_items.aggregate(all=Count("pk"), undoable=Count("pk", filter=can_be_undone))
    undone = BulkItem.objects.filter(bulk__origin=bulk, bulk__purpose=Purpose.UNDO, outcome=Outcome.DONE)
    undone_count = undone.values("item").distinct().count()
    ends_at = bulk.finished_at + plans.UNDO_LASTS
    return UndoOffer(
        bulk=bulk,
        inverse=action_named(action.undone_by) if action else None,
        count=max(0, figures["undoable"] - undone_count),
        undone=undone_count,
        without_way_back=figures["all"] - figures["undoable"],
        ends_at=ends_at,
        is_over=timezone.now() > ends_at,
    )


def plan_undo(*, user: Person, bulk: BulkSignal) -> BulkSignal:
    """The plan of the inverse signal. A second press, also in another tab, finds the first one's plan.

    raises plans.NotPlanned, and what naming the project raises.
    """
    undos = bulk.sequels.filter(purpose=Purpose.UNDO)
    # Counted before they are looked through: of two presses at once both count the same, or one finds the other's plan.
    number = undos.count()
    if unfinished := undos.exclude(state__in=FINAL).first():
        return unfinished
    offer = read_offer(bulk)
    if offer is None:
        raise plans.NotPlanned(f"Only what has ended can be undone. {NOTHING_SENT}")
    if offer.inverse is None or not offer.is_offered:
        raise plans.NotPlanned(f"{offer.text or 'There is nothing to undo.'} {NOTHING_SENT}")
    items = list(_still_ours(bulk))
    if not items:
        raise plans.NotPlanned(f"Every item was signaled again since, so there is nothing to undo. {NOTHING_SENT}")
    return plans.create_sequel(
        user=user,
        origin=bulk,
        purpose=Purpose.UNDO,
        action=offer.inverse,
        bulk_id=uuid.uuid5(bulk.pk, f"undo {number}"),
        items=items,
        list_query=bulk.list_query,
    )


def find_undoable(bulk: BulkSignal) -> "QuerySet[BulkItem]":
    """The items that it moved, where its inverse moves them back."""
    return bulk.items.filter(_moved(action_named(bulk.action)), outcome=Outcome.DONE)


def _moved(action: BulkAction | None) -> Q:
    """From a status that the inverse signal restores to the one that should follow."""
    if action is None or not action.undone_from:
        return Q(pk__in=())
    ways = ((before, action.choice.leads_to[before]) for before in sorted(action.undone_from))
    return reduce(or_, (Q(status_before=before, status_after=after) for before, after in ways))


def _still_ours(bulk: BulkSignal) -> Iterator[BulkItem]:
    """Without those about which this console sent another signal since: their status is that one's doing."""
    items = list(find_undoable(bulk))
    signals = read_sent_signals([one.item for one in items])
    return (one for one in items if not _is_signaled_since(one, signals.get(one.item, [])))


def _is_signaled_since(item: BulkItem, signals: list[SentSignal]) -> bool:
    """`sent` has the newest first."""
    for signal in signals:
        if signal.entry.pk == item.act_id:
            return False
        if signal.outcome != FAILED:
            return True
    return False
