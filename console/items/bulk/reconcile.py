"""Finding out, by reading alone, which items of a part a bulk signal reached whose answer was lost."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from accounts import connections
from console.audit import reconciliation
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.items import counts
from console.items.bulk import results
from console.items.bulk.results import BulkResult, SentItem
from console.items.models import BulkItem, BulkSignal
from console.items.runs import result_writer
from console.items.selectors import NOT_ANSWERED, VENDOR, ItemsById, read_by_ids
from console.items.sent_signals import SentSignal, read_sent_signals
from console.items.signals import SignalChoice, choice_of
from console.jobs import parts
from console.upstream.errors import Unreadable

Outcome = BulkItem.Outcome
BY_HAND = "Closed by a person, with a note in the audit."


def is_of_bulk(entry: Entry) -> bool:
    return entry.group is not None and entry.thing_kind == "project"


def compare_items(
    items: Sequence[BulkItem],
    choice: SignalChoice,
    current: ItemsById | None,
    *,
    at: datetime,
    unanswered: Collection[uuid.UUID] | None = None,
) -> Iterator[tuple[BulkItem, SentItem]]:
    """Each item as it was sent at that moment and as it is now; `current` is None where nothing could be read.

    Only for those `unanswered` it matters what other acts can have done.
    """
    others = read_sent_signals([item.item for item in items if unanswered is None or item.item in unanswered])
    for item in items:
        expected = choice.leads_to.get(item.status_before)
        yield (
            item,
            SentItem(
                before=item.status_before,
                expected=expected,
                at=at,
                updated_before=item.updated_before,
                after=current.items.get(str(item.item)) if current else None,
                is_perhaps_of_another=_is_perhaps_of_another(item, expected, others.get(item.item, [])),
            ),
        )


def find_signals(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Reads those items of the part whose outcome is unknown, and stores what that proves of each.

    The act is done once all of them are known. "Not found" is said while one is as it was before.
    """
    parts.check_not_in_hand(entry.pk)
    bulk = BulkSignal.objects.filter(pk=entry.group).first() if entry.group else None
    choice = choice_of(entry.action, entry.detail.get("signal"), entry.detail.get("outcome"))
    if bulk is None or choice is None or entry.actor is None:
        return "unsure", {}
    items = list(BulkItem.objects.filter(act_id=entry.pk, outcome__in=BulkItem.OPEN_OUTCOMES))
    if items:
        platform = connections.cloudfactory(entry.actor)
        current = read_by_ids(platform, project=bulk.project, ids=[str(item.item) for item in items])
        by_item = {
            item.pk: results.judge(sent_item, None, unclear=item.message or results.NOT_NAMED)
            for item, sent_item in compare_items(items, choice, current, at=entry.at)
        }
        result_writer.write(BulkSignal, bulk.pk, by_item, only=BulkItem.OPEN_OUTCOMES)
        _mark_not_done(entry)
        counts.forget(project=str(bulk.project))
        if any(result.is_miss for result in by_item.values()):
            return "not found", {}
        if not current.is_whole:
            raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    return _finding(entry)


def follow(entry: Entry) -> None:
    """The items follow what a person said about their act, and what its checks found."""
    if entry.outcome == UNKNOWN:
        _mark_not_done(entry)
    elif entry.group is not None and entry.outcome in (DONE, FAILED):
        outcome = Outcome.DONE if entry.outcome == DONE else Outcome.REFUSED
        rest = BulkItem.objects.filter(act_id=entry.pk, outcome__in=BulkItem.OPEN_OUTCOMES)
        result = BulkResult(outcome, BY_HAND)
        result_writer.write_all(BulkSignal, entry.group, rest, result, only=BulkItem.OPEN_OUTCOMES)


def _finding(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Of an act whose items are all known, how it ended."""
    tally = result_writer.count_part(BulkItem, entry.pk)
    if not tally.total or tally.unknown_count:
        return "unsure", {}
    return "done" if tally.done_count else "not sent", tally.detail


def _mark_not_done(entry: Entry) -> None:
    """Three reads over ten minutes that found an item as before count as "not done", as for a single decision."""
    if not entry.result.get("not_found"):
        return
    as_before = BulkItem.objects.filter(
        act_id=entry.pk, outcome=Outcome.UNKNOWN, misses__gte=reconciliation.LEAST_MISSES
    )
    as_before.update(is_not_done=True)


def _is_perhaps_of_another(item: BulkItem, status: str | None, signals: Sequence[SentSignal]) -> bool:
    """Whether another act can have led to this status since the plan read the item."""
    for signal in signals:
        if signal.entry.pk == item.act_id or signal.outcome == FAILED or signal.choice is None:
            continue
        ended_at = signal.entry.ended_at
        is_later = ended_at is None or item.read_at is None or ended_at >= item.read_at
        if is_later and status in signal.choice.leads_to.values():
            return True
    return False
