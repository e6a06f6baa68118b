"""Which signals about work items this console sent: decisions on one item, and bulk signals that it was part of."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.items import signals
from console.items.models import BulkItem
from console.items.signals import SignalChoice

AT_ONCE = 500
"""So many ids go into one statement."""

_OUTCOMES: dict[str, str] = {
    BulkItem.Outcome.DONE: DONE,
    BulkItem.Outcome.REFUSED: FAILED,
    BulkItem.Outcome.NOT_SENT: FAILED,
}


@dataclass(frozen=True)
class SentSignal:
    """`outcome` is that of this item: one entry of a bulk signal can be done for some of its items only."""

    entry: Entry
    outcome: str

    @property
    def choice(self) -> SignalChoice | None:
        """The signal that this act sent to CloudFactory."""
        return signals.choice_of(self.entry.action, self.entry.detail.get("signal"), self.entry.detail.get("outcome"))


def in_portions(items: Collection[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    """The ids in portions that fit into one statement."""
    all_items = list(items)
    return (all_items[start : start + AT_ONCE] for start in range(0, len(all_items), AT_ONCE))


def read_sent_signals(items: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[SentSignal]]:
    """The signals sent to each of these items by any user, newest first; items without signals are left out."""
    signals: dict[uuid.UUID, list[SentSignal]] = {}
    for ids in in_portions(items):
        for item, signal in [*_single(ids), *_bulk(ids)]:
            signals.setdefault(item, []).append(signal)
    return {
        item: sorted(item_signals, key=lambda signal: signal.entry.sequence, reverse=True)
        for item, item_signals in signals.items()
    }


def _single(ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, SentSignal]]:
    about = Entry.objects.lines().filter(thing_kind="item", thing_id__in=[str(item) for item in ids])
    entries = about.filter(action__in=signals.ACTIONS).prefetch_related("outcomes")
    return [(uuid.UUID(entry.thing_id), SentSignal(entry, entry.outcome)) for entry in entries]


def _bulk(ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, SentSignal]]:
    """An item that waits for its turn has no entry so far."""
    rows = list(BulkItem.objects.filter(item__in=ids, act_id__isnull=False).values_list("item", "act_id", "outcome"))
    acts = {act for _, act, _ in rows}
    entries = Entry.objects.prefetch_related("outcomes").in_bulk(acts)
    return [
        (item, SentSignal(entries[act], _OUTCOMES.get(outcome, UNKNOWN)))
        for item, act, outcome in rows
        if act in entries
    ]
