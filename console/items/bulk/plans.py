"""Plans of signals to many work items: made from what a person selected, read again, and sent when they press."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.common.errors import ConsoleError
from console.items.bulk import services as sending
from console.items.bulk.actions import BulkAction
from console.items.bulk.conflicts import find_conflicts, is_signaled_since
from console.items.bulk.selectors import is_recent, to_be_sent
from console.items.decisions import services as decisions
from console.items.models import BulkItem, BulkSignal, Selection
from console.items.runs import plan_reading
from console.projects import selectors as projects

State, Kind, Purpose = BulkSignal.State, BulkItem.Kind, BulkSignal.Purpose
MOST_ITEMS = 10_000
"""So many work items can get one signal."""
ROWS_A_STATEMENT = 500
LASTS = timedelta(days=180)
UNDO_LASTS = timedelta(hours=1)
"""After the end of what is undone."""

NOTHING_SELECTED = "No work items are selected, so there is nothing to plan."
FORM_TAKEN = "This form can no longer be used. Open the table again. Nothing was planned or sent."
TOO_MANY = f"A signal can go to up to {MOST_ITEMS:,} work items. Select fewer."
NOT_READY = "This plan can’t be sent any more: {state}. Nothing was sent now."
EXPIRED = "This plan has expired, so nothing was sent. Make it again, then send it."
OTHER_VERSION = "This plan was made again since you opened it, so nothing was sent. Check it once more."
UNDO_OVER = "The hour in which this could be undone is over. Nothing was sent."
NOTHING_TO_SEND = "This plan holds no work item that would be sent. Nothing was sent."


class NotPlanned(ConsoleError):
    """Nothing was planned or sent; `message` says why."""


class PlanNotSent(NotPlanned):
    """The plan stays as it is; nothing was sent by this press."""


def create_plan(
    *, user: Person, project: uuid.UUID, action: BulkAction, bulk_id: uuid.UUID, list_query: str
) -> BulkSignal:
    """A plan for what the person selected in the project; a job reads it. A duplicate finds the first plan.

    Raises NotPlanned, also where the id belongs to something else.
    """
    selection = Selection.objects.filter(person=user, project=project).first()
    new = _build(user, project, action, bulk_id, list_query)
    if selection is not None and selection.is_all_matching:
        new.is_all_matching, new.query = True, selection.query
        return _save(new, ())
    ticked = selection.items.values_list("item", "status")[: MOST_ITEMS + 1] if selection else ()
    statuses = dict(ticked)
    if not statuses and not BulkSignal.objects.filter(pk=bulk_id).exists():
        raise NotPlanned(NOTHING_SELECTED)
    return _save(new, [BulkItem(item=item, status_seen=status) for item, status in statuses.items()])


def create_sequel(
    *,
    user: Person,
    origin: BulkSignal,
    purpose: str,
    action: BulkAction,
    bulk_id: uuid.UUID,
    items: Iterable[BulkItem],
    list_query: str,
) -> BulkSignal:
    """A plan that retries or undoes items of another signal, which were last seen as they were after it.

    A retry takes over what was typed. Raises NotPlanned.
    """
    new = _build(user, origin.project, action, bulk_id, list_query)
    new.purpose, new.origin = purpose, origin
    if purpose == Purpose.RETRY:
        new.reason, new.assignee, new.note = origin.reason, origin.assignee, origin.note
    rows = [BulkItem(item=one.item, name=one.name, status_seen=one.status_after or one.status_before) for one in items]
    if not rows and not BulkSignal.objects.filter(pk=bulk_id).exists():
        raise NotPlanned(NOTHING_SELECTED)
    return _save(new, rows)


def read_again(
    *, user: Person, bulk: BulkSignal, fields: Mapping[str, Any] | None = None, takes_changed: bool = False
) -> bool:
    """Has a plan that was not sent read once more; False where it was sent, or is being read. Raises PlanNotSent.

    `fields` are those of the form, stored until then. With `takes_changed` the items that changed are meant as they
    are; a retry and an undo mean only what the earlier signal left behind.
    """
    if is_undo_over(bulk):
        raise PlanNotSent(UNDO_OVER)
    own = BulkSignal.objects.filter(pk=bulk.pk, person=user, state__in=(State.READY, State.NOT_READ))
    with transaction.atomic():
        is_taken = own.update(state=State.READING, is_pressed=False, message="", **(fields or {})) == 1
        if is_taken and bulk.is_all_matching and bulk.read_at is None:
            bulk.items.all().delete()
        if is_taken and takes_changed and bulk.purpose == Purpose.FIRST:
            bulk.items.filter(kind=Kind.CHANGED).update(status_seen=F("status_before"))
        if is_taken:
            _enqueue(bulk)
    bulk.refresh_from_db()
    return is_taken


def press(
    *,
    user: Person,
    bulk: BulkSignal,
    version: str,
    reason: str = "",
    assignee: str = "",
    note: str = "",
    includes_unlikely: bool = False,
) -> BulkSignal:
    """Sends the plan, or has it read again first where that was done more than SIGNAL_PLAN_FRESH seconds ago, or where
    something else on one of its items is under way, or was sent by the person since.

    `version` is that of the plan the person saw. A duplicate changes nothing. Raises PlanNotSent.
    """
    with transaction.atomic():
        decisions.lock_person(user)
        locked = BulkSignal.objects.select_for_update().get(pk=bulk.pk, person=user)
        _check(locked, version)
        locked.reason, locked.assignee, locked.note = reason, assignee, note
        locked.includes_unlikely = includes_unlikely
        locked.planned_count = to_be_sent(locked).count()
        if not locked.planned_count:
            raise PlanNotSent(NOTHING_TO_SEND)
        columns = ["reason", "assignee", "note", "includes_unlikely", "planned_count"]
        if is_fresh(locked) and not _is_any_signaled(locked):
            locked.save(update_fields=columns)
            sending.start(locked)
        else:
            locked.state, locked.is_pressed = State.READING, True
            locked.save(update_fields=[*columns, "state", "is_pressed"])
            _enqueue(locked, pressed_version=fingerprint(locked))
    bulk.refresh_from_db()
    return bulk


def fingerprint(bulk: BulkSignal) -> str:
    """The same for two readings after which the same items would be sent."""
    positions = to_be_sent(bulk).order_by("position").values_list("position", flat=True)
    return hashlib.sha256(",".join(map(str, positions)).encode()).hexdigest()


def is_expired(bulk: BulkSignal) -> bool:
    """One that was read by a clock ahead of this one is not: it is only read again before it is sent."""
    lifetime = timedelta(seconds=settings.SIGNAL_PLAN_LIFETIME)
    return bulk.read_at is None or timezone.now() - bulk.read_at > lifetime


def is_undo_over(bulk: BulkSignal) -> bool:
    """Of the plan of an undo whether its hour is over. One that was made within it keeps its lifetime."""
    if bulk.purpose != Purpose.UNDO or bulk.origin is None or bulk.origin.finished_at is None:
        return False
    lifetime = timedelta(seconds=settings.SIGNAL_PLAN_LIFETIME)
    return timezone.now() > bulk.origin.finished_at + UNDO_LASTS + lifetime


def is_fresh(bulk: BulkSignal) -> bool:
    return is_recent(bulk.read_at, settings.SIGNAL_PLAN_FRESH)


def delete_old() -> None:
    """Deletes signals of more than 180 days that are not under way, with their items; the audit stays."""
    old = BulkSignal.objects.filter(created_at__lt=timezone.now() - LASTS)
    old.exclude(state__in=BulkSignal.UNDER_WAY).delete()


def _check(bulk: BulkSignal, version: str) -> None:
    if bulk.state != State.READY:
        raise PlanNotSent(NOT_READY.format(state=State(bulk.state).label.lower()))
    if is_undo_over(bulk):
        raise PlanNotSent(UNDO_OVER)
    if is_expired(bulk):
        raise PlanNotSent(EXPIRED)
    if version != bulk.plan_version:
        raise PlanNotSent(OTHER_VERSION)


def _is_any_signaled(bulk: BulkSignal) -> bool:
    """Whether something else on one of its items is under way, or was sent by the person since it was read."""
    read_times = dict(to_be_sent(bulk).values_list("item", "read_at"))
    since = min((at for at in read_times.values() if at), default=bulk.created_at)
    if find_conflicts(user=bulk.person, project=bulk.project, ids=read_times):
        return True
    return is_signaled_since(user=bulk.person, project=bulk.project, ids=read_times, since=since)


def _build(user: Person, project: uuid.UUID, action: BulkAction, bulk_id: uuid.UUID, list_query: str) -> BulkSignal:
    return BulkSignal(
        pk=bulk_id,
        person=user,
        space=projects.space_of(user=user, project=project).id,
        project=project,
        project_name=projects.read_heading(user=user, project=project)[:300],
        action=action.value,
        list_query=list_query,
    )


def _save(new: BulkSignal, items: Iterable[BulkItem]) -> BulkSignal:
    """Stores the plan with its items and has it read. Raises NotPlanned for too many, and for an id that is taken."""
    rows = list(items)
    if len(rows) > MOST_ITEMS:
        raise NotPlanned(TOO_MANY)
    for position, row in enumerate(rows, start=1):
        row.bulk, row.position = new, position
    if record.is_group(new.pk) and not BulkSignal.objects.filter(pk=new.pk).exists():
        raise NotPlanned(FORM_TAKEN)
    try:
        with transaction.atomic():
            new.save(force_insert=True)
            BulkItem.objects.bulk_create(rows, batch_size=ROWS_A_STATEMENT)
            _enqueue(new)
    except IntegrityError:
        return _earlier(new, rows)
    return new


def _earlier(new: BulkSignal, rows: Sequence[BulkItem]) -> BulkSignal:
    """The plan that the first press made; a plan of its own where the page came from a browser's memory."""
    earlier = BulkSignal.objects.filter(pk=new.pk, person=new.person, project=new.project).first()
    if earlier is None:
        raise NotPlanned(FORM_TAKEN)
    if _about(earlier) == _about(new) and (new.is_all_matching or _items(earlier) == {row.item for row in rows}):
        return earlier
    new.pk = uuid.uuid4()
    return _save(new, rows)


def _about(bulk: BulkSignal) -> tuple[object, ...]:
    return bulk.action, bulk.purpose, bulk.origin_id, bulk.is_all_matching, bulk.query


def _items(bulk: BulkSignal) -> set[uuid.UUID]:
    return set(bulk.items.values_list("item", flat=True))


def _enqueue(bulk: BulkSignal, *, pressed_version: str = "") -> None:
    bulk.items.exclude(message="", read_at=None).update(message="", read_at=None)
    plan_reading.enqueue(bulk, about=bulk.project_name, pressed=pressed_version)
