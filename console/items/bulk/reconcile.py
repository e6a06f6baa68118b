"""Finding out, by reading alone, which items of a part a bulk signal reached whose answer was lost."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from accounts import connections
from console.audit import reconciliation
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.items import counts
from console.items.bulk import result_writer, results
from console.items.bulk.results import Result, Sent
from console.items.models import BulkItem, BulkSignal
from console.items.selectors import NOT_ANSWERED, VENDOR, ItemsById, read_by_ids
from console.items.sent_signals import SentSignal, read_sent_signals
from console.items.signals import SignalChoice, choice_of
from console.jobs import parts
from console.upstream.errors import Unreadable

Outcome = BulkItem.Outcome
OPEN_OUTCOMES = (Outcome.SENDING, Outcome.UNKNOWN)
CLOSED = "Closed by a person, with a note in the audit."


def is_of_bulk(entry: Entry) -> bool:
    return entry.group is not None and entry.thing_kind == "project"


def sent(
    items: Sequence[BulkItem],
    choice: SignalChoice,
    read: ItemsById | None,
    *,
    at: datetime,
    without_word: Collection[uuid.UUID] | None = None,
) -> Iterator[tuple[BulkItem, Sent]]:
    """Each item as it was sent at that moment and as it is now; `read` is None where nothing could be read.

    Only of those `without_word` it matters what other acts can have done.
    """
    others = read_sent_signals([item.item for item in items if without_word is None or item.item in without_word])
    for item in items:
        expected = choice.leads_to.get(item.status_before)
        yield (
            item,
            Sent(
                before=item.status_before,
                expected=expected,
                at=at,
                updated_before=item.updated_before,
                after=read.items.get(str(item.item)) if read else None,
                is_perhaps_of_another=_is_perhaps_of_another(item, expected, others.get(item.item, [])),
            ),
        )


def find_signals(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Reads those items of the part whose outcome nobody knows, and keeps what that proves of each.

    The act is done once all of them are known. "Not found" is said while one is as it was before.
    """
    parts.check_not_in_hand(entry.pk)
    bulk = BulkSignal.objects.filter(pk=entry.group).first() if entry.group else None
    choice = choice_of(entry.action, entry.detail.get("signal"), entry.detail.get("outcome"))
    if bulk is None or choice is None or entry.actor is None:
        return "unsure", {}
    items = list(BulkItem.objects.filter(act_id=entry.pk, outcome__in=OPEN_OUTCOMES))
    if items:
        platform = connections.cloudfactory(entry.actor)
        read = read_by_ids(platform, project=bulk.project, ids=[str(item.item) for item in items])
        found = {
            item.pk: results.judge(one, None, unclear=item.message or results.NOT_NAMED)
            for item, one in sent(items, choice, read, at=entry.at)
        }
        result_writer.write(bulk.pk, found, only=OPEN_OUTCOMES)
        _mark_not_done(entry)
        counts.forget(project=str(bulk.project))
        if any(result.is_as_before for result in found.values()):
            return "not found", {}
        if not read.is_whole:
            raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    return _finding(entry)


def follow(entry: Entry) -> None:
    """The items follow what a person said about their act, and what its checks found."""
    if entry.outcome == UNKNOWN:
        _mark_not_done(entry)
    elif entry.group is not None and entry.outcome in (DONE, FAILED):
        outcome = Outcome.DONE if entry.outcome == DONE else Outcome.REFUSED
        rest = BulkItem.objects.filter(act_id=entry.pk, outcome__in=OPEN_OUTCOMES).values_list("pk", flat=True)
        if rest:
            result_writer.write(entry.group, dict.fromkeys(rest, Result(outcome, CLOSED)), only=OPEN_OUTCOMES)


def _finding(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Of an act whose items are all known, how it ended."""
    found = result_writer.count_part(entry.pk)
    if not found.total or found.unknown:
        return "unsure", {}
    return "done" if found.done else "not sent", found.detail


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
