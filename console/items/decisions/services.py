"""Deciding on one work item: a signal that waits REVIEW_GRACE seconds, can be taken back, and is sent once (P19)."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation, record
from console.audit.models import Entry
from console.items import signals
from console.items.bulk.active_signals import BulkUnderWay, read_under_way
from console.items.decisions.sending import entry_of, finish, send
from console.items.models import Decision, ReviewRun
from console.items.selectors import get_item, item_name
from console.items.signals import Remarks, SignalChoice
from console.jobs import services as jobs
from console.projects import selectors as projects

KIND = "items.decide"
State = Decision.State
# Seconds after which no request can be sending a decision any more, so that its job can check it.
RESCUE = 90.0
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
        finish(decision, State.FAILED, message=error.message)
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


def lock_person(person: Person) -> None:
    """Of two simultaneous signals of a person to the same item, the second sees the first."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def label_of(decision: Decision) -> str:
    """The decision in the words of its button."""
    choice = signals.choice_of(decision.action, decision.signal, decision.outcome)
    return choice.label if choice else decision.signal


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
