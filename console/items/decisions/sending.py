"""Sending a decision once (P19), with its audit entry, and copying the result from there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.http import HttpRequest
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from console.audit import record, sentences
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.common.formatting import moment
from console.items import counts
from console.items.models import Decision
from console.items.selectors import VENDOR, get_item
from console.items.sent_signals import SentSignal, read_sent_signals
from console.items.statuses import status_named
from console.upstream.errors import Conflict, UpstreamError

State = Decision.State
MOST_MESSAGE = 500


def send(decision: Decision, *, request: HttpRequest | None = None) -> Decision:
    """Sends a claimed decision, once, and saves its result with the status that was read afterwards.

    Raises NotRecorded: nothing was sent then.
    """
    try:
        after = _call(decision, request)
    except record.AlreadyActed as earlier:
        return follow(decision, earlier.entry)
    except record.IdTaken as error:
        return finish(decision, State.FAILED, message=error.message)
    except (ConnectionMissing, UpstreamError) as error:
        message = error.lasting_message if isinstance(error, UpstreamError) else error.message
        return finish(decision, State.UNKNOWN if error.outcome == UNKNOWN else State.FAILED, message=message)
    return finish(decision, State.SENT, status_after=after)


def follow(decision: Decision, entry: Entry) -> Decision:
    """Copies the result from the audit's entry."""
    result = entry.result
    if entry.outcome == DONE:
        return finish(decision, State.SENT, status_after=str(result.get("status_after") or ""))
    message = str(result.get("error") or "")
    if entry.outcome == FAILED:
        return finish(decision, State.FAILED, message=message or "CloudFactory did not take it.")
    return finish(decision, State.UNKNOWN, message=message)


def give_up(decision: Decision, message: str) -> None:
    """It will not be sent: its person was disabled, or its job failed permanently."""
    entry = entry_of(decision)
    if entry is not None:
        follow(decision, entry)
        return
    Decision.objects.filter(pk=decision.pk, state=State.WAITING).update(state=State.SENDING)
    finish(decision, State.FAILED, message=f"Not sent. {message}")


def entry_of(decision: Decision) -> Entry | None:
    """The audit's entry of the decision; None before it started, and if the id belongs to another act."""
    mine = Entry.objects.filter(pk=decision.pk, action=decision.action, thing_id=str(decision.item))
    return mine.first()


def other_signals(decision: Decision) -> list[SentSignal]:
    """All other signals to the decision's item, by any user, also bulk signals; newest first."""
    signals = read_sent_signals([decision.item]).get(decision.item, [])
    return [signal for signal in signals if signal.entry.pk != decision.pk]


def change_of(decision: Decision, status_after: str) -> dict[str, str]:
    """What the audit shows of a status that was read afterwards; nothing where it could not be read."""
    if not status_after:
        return {}
    words = {"before": status_named(decision.status_before).word, "after": status_named(status_after).word}
    return {**words, "status_after": status_after}


def finish(decision: Decision, state: str, *, message: str = "", status_after: str = "") -> Decision:
    """Saves the result; "unknown" never replaces what a check found in the meantime."""
    before = [State.SENDING] if state == State.UNKNOWN else [State.SENDING, State.UNKNOWN]
    Decision.objects.filter(pk=decision.pk, state__in=before).update(
        state=state, message=message[:MOST_MESSAGE], status_after=status_after, finished_at=timezone.now()
    )
    counts.forget(project=str(decision.project))
    decision.refresh_from_db()
    return decision


def _call(decision: Decision, request: HttpRequest | None) -> str:
    """P19, then P16: the status that was read, "" where it could not be read."""
    with _act(decision, request) as act, _conflict_explained(decision):
        connections.cloudfactory(decision.person).signal(
            str(decision.project),
            str(decision.item),
            signal=decision.signal,
            task_type=decision.task_type,
            outcome=decision.outcome,
            assignee=decision.assignee or None,
            feedback=decision.feedback,
            reason=decision.reason or None,
            request_id=str(act.id),
        )
        after = _read_status(decision)
        act.done(detail=change_of(decision, after))
    return after


def _act(decision: Decision, request: HttpRequest | None) -> record.audited_call:
    return record.audited_call(
        actor=decision.person,
        action=decision.action,
        thing_kind="item",
        thing_id=str(decision.item),
        thing_name=decision.item_name,
        vendor=VENDOR,
        request=request,
        act_id=decision.pk,
        key=connections.key_fingerprint(decision.person, VENDOR),
        detail={
            "project_id": str(decision.project),
            "space": decision.space,
            "signal": decision.signal,
            "outcome": decision.outcome,
            "task_type": decision.task_type,
            "reason": decision.reason,
            "assignee": decision.assignee,
            "feedback": decision.feedback,
        },
    )


@contextmanager
def _conflict_explained(decision: Decision) -> Iterator[None]:
    """Adds the item's current status, and which colleague was faster if the audit knows, for page and audit."""
    try:
        yield
    except Conflict as refusal:
        refusal.message = _conflict_message(decision, refusal)[:MOST_MESSAGE]
        raise


def _conflict_message(decision: Decision, refusal: Conflict) -> str:
    status = _read_status(decision)
    if not status:
        return f"CloudFactory refused this: {refusal.vendor_text or 'the item has another status by now.'}"
    colleague = _faster_colleague(decision, status)
    return f"CloudFactory refused this: the item is “{status_named(status).word}” now.{colleague}"


def _faster_colleague(decision: Decision, status: str) -> str:
    """A sentence about the colleague whose act led to the item's status, "" where the audit knows of none."""
    others = [signal for signal in other_signals(decision) if signal.entry.actor_id != decision.person_id]
    for signal in others[:20]:
        if signal.outcome != DONE:
            continue
        if signal.choice is None or status not in signal.choice.leads_to.values():
            return ""
        entry = signal.entry
        sentence = sentences.plain(sentences.EntrySummary.whole(entry, DONE))
        return f" {sentence}, {moment(entry.ended_at or entry.at)}."
    return ""


def _read_status(decision: Decision) -> str:
    with suppress(UpstreamError, ConnectionMissing):
        work_item = get_item(user=decision.person, project=decision.project, item=decision.item)
        return (work_item.status or "")[:40]
    return ""
