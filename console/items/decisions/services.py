"""Deciding on one work item: a signal that waits REVIEW_GRACE seconds, can be taken back, and is sent once (P19)."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.models import Person
from console.audit import reconciliation, record, sentences
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.common.formatting import moment
from console.items import counts, signals
from console.items.bulk.active_signals import BulkUnderWay, read_under_way
from console.items.models import Decision, ReviewRun
from console.items.selectors import VENDOR, get_item, item_name
from console.items.sent_signals import SentSignal, read_sent_signals
from console.items.signals import Remarks, SignalChoice
from console.items.statuses import status_named
from console.jobs import services as jobs
from console.projects import selectors as projects
from console.upstream.errors import Conflict, UpstreamError

KIND = "items.decide"
State = Decision.State
# A decision that is sent within a request is looked after by a job once no request can be at work on it any more.
RESCUE = 90.0
MOST_MESSAGE = 500
NO_REMARKS = Remarks()
UNFINISHED = (State.WAITING, State.SENDING, State.UNKNOWN)


class AlreadyDecided(Exception):
    """An earlier decision of this person on this item is pending, or its result is unknown."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(f"Already decided: {decision}")


class InBulkSignal(Exception):
    """A bulk signal of this person on the item is running, or its result is unknown."""

    def __init__(self, under_way: BulkUnderWay) -> None:
        self.under_way = under_way
        super().__init__(f"In a bulk signal: {under_way.bulk}")


def decide(
    *,
    user: Person,
    project: uuid.UUID,
    item: uuid.UUID,
    choice: SignalChoice,
    act_id: uuid.UUID,
    run: ReviewRun | None = None,
    remarks: Remarks = NO_REMARKS,
) -> Decision:
    """Keeps the decision for REVIEW_GRACE seconds; then a worker sends it. A duplicate finds the first.

    Raises AlreadyDecided, InBulkSignal, record.IdTaken, and what reading the item raises: nothing is sent then.
    """
    new = _build_decision(user, project, item, choice, act_id, run, remarks)
    return _save(new, grace=settings.REVIEW_GRACE)[0]


def decide_at_once(
    *,
    user: Person,
    project: uuid.UUID,
    item: uuid.UUID,
    choice: SignalChoice,
    act_id: uuid.UUID,
    request: HttpRequest,
    run: ReviewRun | None = None,
    remarks: Remarks = NO_REMARKS,
) -> Decision:
    """Sends the decision within this request, for people without script, who confirmed it. Raises as `decide`."""
    new = _build_decision(user, project, item, choice, act_id, run, remarks)
    new.state = State.SENDING
    decision, is_new = _save(new, rescue=RESCUE)
    if not is_new:
        return decision
    try:
        return send(decision, request=request)
    except record.NotRecorded as error:
        _finish(decision, State.FAILED, message=error.message)
        raise
    finally:
        # If the result could not be saved, its job looks it up.
        if decision.state != State.SENDING:
            jobs.cancel(kind=KIND, subject=str(decision.pk), message="It was sent at once.")


def take_back(*, user: Person, decision: Decision) -> bool:
    """Whether it was taken back and is never sent; False if a worker or an earlier request was faster."""
    mine = Decision.objects.filter(pk=decision.pk, person=user, state=State.WAITING)
    with transaction.atomic():
        updated = mine.update(state=State.TAKEN_BACK, finished_at=timezone.now())
        if updated:
            jobs.cancel(kind=KIND, subject=str(decision.pk), message="It was taken back.")
    decision.refresh_from_db()
    return bool(updated)


def claim(decision: Decision) -> bool:
    """Takes a waiting decision to be sent; from here on it can't be taken back."""
    updated = Decision.objects.filter(pk=decision.pk, state=State.WAITING).update(state=State.SENDING)
    decision.refresh_from_db()
    return bool(updated)


def send(decision: Decision, *, request: HttpRequest | None = None) -> Decision:
    """Sends a claimed decision, once, and saves its result with the status that was read afterwards.

    Raises NotRecorded: nothing was sent then.
    """
    try:
        after = _call(decision, request)
    except record.AlreadyActed as earlier:
        return follow(decision, earlier.entry)
    except record.IdTaken as error:
        return _finish(decision, State.FAILED, message=error.message)
    except (ConnectionMissing, UpstreamError) as error:
        message = error.lasting_message if isinstance(error, UpstreamError) else error.message
        return _finish(decision, State.UNKNOWN if error.outcome == UNKNOWN else State.FAILED, message=message)
    return _finish(decision, State.SENT, status_after=after)


def lock_person(person: Person) -> None:
    """Of two simultaneous signals of a person to the same item, the second sees the first."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def entry_of(decision: Decision) -> Entry | None:
    """The audit's entry of the decision; None before it started, and if the id belongs to another act."""
    mine = Entry.objects.filter(pk=decision.pk, action=decision.action, thing_id=str(decision.item))
    return mine.first()


def follow(decision: Decision, entry: Entry) -> Decision:
    """Copies the result from the audit's entry."""
    result = entry.result
    if entry.outcome == DONE:
        return _finish(decision, State.SENT, status_after=str(result.get("status_after") or ""))
    message = str(result.get("error") or "")
    if entry.outcome == FAILED:
        return _finish(decision, State.FAILED, message=message or "CloudFactory did not take it.")
    return _finish(decision, State.UNKNOWN, message=message)


def give_up(decision: Decision, message: str) -> None:
    """It will not be sent: its person was disabled, or its job failed permanently."""
    entry = entry_of(decision)
    if entry is not None:
        follow(decision, entry)
        return
    Decision.objects.filter(pk=decision.pk, state=State.WAITING).update(state=State.SENDING)
    _finish(decision, State.FAILED, message=f"Not sent. {message}")


def other_signals(decision: Decision) -> list[SentSignal]:
    """All other signals to the decision's item, by any user, also bulk signals; newest first."""
    signals = read_sent_signals([decision.item]).get(decision.item, [])
    return [signal for signal in signals if signal.entry.pk != decision.pk]


def label_of(decision: Decision) -> str:
    """What was decided, as its button says it."""
    choice = signals.choice_of(decision.action, decision.signal, decision.outcome)
    return choice.label if choice else decision.signal


def change_of(decision: Decision, status_after: str) -> dict[str, str]:
    """What the audit shows of a status that was read afterwards; nothing where it could not be read."""
    if not status_after:
        return {}
    words = {"before": status_named(decision.status_before).word, "after": status_named(status_after).word}
    return {**words, "status_after": status_after}


def is_open(decision: Decision) -> bool:
    """Whether another decision on the item has to wait for this one."""
    if decision.state in (State.WAITING, State.SENDING):
        return True
    if decision.state != State.UNKNOWN:
        return False
    entry = entry_of(decision)
    if entry is None:
        return False
    resolution = reconciliation.state(entry)
    return not resolution.is_resolved and not resolution.can_send_again


def _build_decision(
    user: Person,
    project: uuid.UUID,
    item: uuid.UUID,
    choice: SignalChoice,
    act_id: uuid.UUID,
    run: ReviewRun | None,
    remarks: Remarks,
) -> Decision:
    """The requested decision, unsaved and without the fields that are read from the item."""
    return Decision(
        id=act_id,
        person=user,
        run=run,
        project=project,
        item=item,
        action=choice.action,
        signal=choice.signal,
        outcome=choice.outcome,
        task_type=choice.task_type[:200],
        assignee=remarks.assignee,
        feedback=dict(remarks.feedback) if remarks.feedback else None,
        reason=remarks.reason,
    )


def _save(new: Decision, *, grace: float = 0, rescue: float = 0) -> tuple[Decision, bool]:
    """The decision, saved with the job that sends it `rescue` seconds after its `grace`; and whether it is new."""
    if first := _existing_decision(new):
        return first, False
    item = get_item(user=new.person, project=new.project, item=new.item)
    _check_open(new)
    new.space = projects.space_of(user=new.person, project=new.project).id
    new.item_name, new.status_before = item_name(item)[:300], (item.status or "")[:40]
    new.due_at = timezone.now() + timedelta(seconds=grace)
    try:
        with transaction.atomic():
            lock_person(new.person)
            _check_open(new)
            new.save(force_insert=True)
            about = {"about": f"“{new.item_name}”", "project": str(new.project), "item": str(new.item)}
            delay = grace + rescue
            jobs.enqueue(kind=KIND, subject=str(new.pk), person=new.person, payload=about, delay=delay)
    except IntegrityError:
        # The same form was submitted twice, or another one for this item came first.
        if first := _existing_decision(new):
            return first, False
        _check_open(new)
        # The other one has finished since, so this one can start.
        return _save(new, grace=grace, rescue=rescue)
    return new, True


def _existing_decision(new: Decision) -> Decision | None:
    first = Decision.objects.filter(pk=new.pk).first()
    is_taken = _content(first) != _content(new) if first else Entry.objects.filter(pk=new.pk).exists()
    if is_taken:
        raise record.IdTaken
    return first


def _content(decision: Decision) -> tuple[object, ...]:
    return decision.person_id, decision.project, decision.item, decision.action, decision.signal, decision.outcome


def _check_open(new: Decision) -> None:
    """Raises AlreadyDecided or InBulkSignal where the same person's signal on the item has no outcome yet."""
    mine = Decision.objects.filter(person=new.person, project=new.project, item=new.item)
    # The same form sent twice is not another decision.
    for earlier in mine.filter(state__in=UNFINISHED).exclude(pk=new.pk):
        if is_open(earlier):
            raise AlreadyDecided(earlier)
    under_way = read_under_way(user=new.person, project=new.project, items=[new.item]).get(new.item)
    if under_way is not None and under_way.is_own:
        raise InBulkSignal(under_way)


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


def _finish(decision: Decision, state: str, *, message: str = "", status_after: str = "") -> Decision:
    """Saves the result; "unknown" never replaces what a check found in the meantime."""
    before = [State.SENDING] if state == State.UNKNOWN else [State.SENDING, State.UNKNOWN]
    Decision.objects.filter(pk=decision.pk, state__in=before).update(
        state=state, message=message[:MOST_MESSAGE], status_after=status_after, finished_at=timezone.now()
    )
    counts.forget(project=str(decision.project))
    decision.refresh_from_db()
    return decision
