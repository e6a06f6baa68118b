"""Starting, queueing and deleting exports: each sent once, each recorded before it is sent."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console import second_press
from console.audit import record, selectors, unresolved
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.audit.unresolved import Unresolved
from console.common import coalescing
from console.exports import export_queue, monitor, slot
from console.exports.item_counts import Counts
from console.exports.models import LINK_LASTS, Plan
from console.exports.selection import Choice
from console.upstream.errors import Conflict, NotFound, NotSent, RateLimited, UpstreamError
from console.upstream.pagination import collect
from console.upstream.response_models import Export, Page

ONE_DAY = timedelta(days=1)
WITHOUT_FILE = ("FAILED", "DROPPED")
LISTED = 20
HOLDING_LOOKED_AT, HOLDING_SHOWN = 200, 5
SORTS = ("createdAt", "name")


@dataclass(frozen=True)
class Wish:
    """What a valid form says."""

    id: uuid.UUID
    name: str
    choice: Choice
    names: Mapping[str, Sequence[str]]
    counts: Counts | None = None


class LaneBusy(Exception):
    """CloudFactory runs another export of the space: nothing was started."""

    outcome = FAILED
    message = "Another export of the space was running."

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(self.message)
        self.status, self.reference = conflict.status, conflict.reference


def _busy() -> LaneBusy:
    """As the first press met it, for the second."""
    return LaneBusy(Conflict(LaneBusy.message, status=409))


def start(*, user: Person, wish: Wish, request: HttpRequest | None = None) -> Plan:
    """Starts an export now. A second press of the same form gets the first one's plan, or the error it got.

    Raises LaneBusy where the space's lane is taken, and every error of the vendor.
    """
    once: dict[str, Any] = {"act_id": wish.id, "user": user, "action": "export.create", "also": {"LaneBusy": _busy}}
    # Before anything is written: without the audit nothing is sent, and then no plan must say that something was.
    second_press.find(act_id=wish.id, user=user, action="export.create")
    plan = _plan(user, wish, Plan.State.SENDING)
    if plan.state in (Plan.State.SENDING, Plan.State.DROPPED) and second_press.was_done(**once):
        return brought_up_to_date(plan)
    if plan.state != Plan.State.SENDING:
        return plan
    plan = send(plan, request=request)
    if not plan.export_id and second_press.was_done(**once):
        return brought_up_to_date(plan)
    return plan


def enqueue(*, user: Person, wish: Wish, request: HttpRequest | None = None) -> Plan:
    """Starts it when the lane is free, with this person's own key. Plan, audit row and job exist together or not."""
    with transaction.atomic():
        plan = _plan(user, wish, Plan.State.QUEUED)
        if plan.state == Plan.State.QUEUED:
            export_queue.add(plan, request=request)
    return plan


def send(plan: Plan, *, request: HttpRequest | None = None, otherwise: Plan.State = Plan.State.DROPPED) -> Plan:
    """The one call that starts an export, under the plan's one-time id. Held up, the plan becomes `otherwise`."""
    try:
        with record.audited_call(
            actor=plan.person,
            action="export.create",
            thing_kind="export",
            thing_name=plan.name,
            vendor="cloudfactory",
            request=request,
            act_id=plan.act_id,
            detail=plan.detail(),
            key=connections.key_fingerprint(plan.person, "cloudfactory"),
        ) as act:
            made = _create_in_lane(plan, str(act.id))
            act.done(thing_id=made.id, thing_name=plan.name)
    except record.AlreadyActed as first:
        return brought_up_to_date(plan, first.entry)
    except LaneBusy:
        slot.changed(plan.space)
        not_started(plan, "Another export was running.", otherwise)
        raise
    except (UpstreamError, connections.ConnectionMissing, record.NotRecorded) as error:
        if error.outcome == FAILED:
            passing = isinstance(error, (NotSent, RateLimited, record.NotRecorded))
            not_started(plan, error.message, otherwise if passing else Plan.State.DROPPED)
        raise
    return attached(plan, made.id)


def brought_up_to_date(plan: Plan, entry: Entry | None = None) -> Plan:
    """A plan follows what the audit knows of its latest attempt."""
    plan.refresh_from_db()
    if plan.state != Plan.State.SENDING:
        return plan
    entry = entry or Entry.objects.filter(pk=plan.act_id).first()
    if entry is None:
        if plan.created_at < timezone.now() - record.grace() and not export_queue.waits(plan):
            not_started(plan, "It was not started.")
    elif entry.outcome == DONE and entry.result_id:
        return attached(plan, entry.result_id)
    elif entry.outcome == DONE:
        not_started(plan, "It was closed in the audit with a note. If it was started, it stands in the list.")
    elif entry.outcome == FAILED:
        not_started(plan, "It was not started.", Plan.State.QUEUED if export_queue.waits(plan) else Plan.State.DROPPED)
    return plan


def is_unknown(plan: Plan) -> bool:
    """Sent, and nobody knows what became of it."""
    if plan.state != Plan.State.SENDING:
        return False
    entry = Entry.objects.filter(pk=plan.act_id).first()
    cut_off = timezone.now() - record.grace()
    return entry is not None and (entry.outcome == UNKNOWN or entry.at < cut_off)


def unresolved_act(plan: Plan) -> Unresolved | None:
    """Its latest attempt, as long as nobody knows what became of that."""
    entry = Entry.objects.select_related("actor").filter(pk=plan.act_id).first() if is_unknown(plan) else None
    return unresolved.of_entry(entry, back=reverse("exports:plan", args=[plan.pk])) if entry else None


def attached(plan: Plan, export_id: str) -> Plan:
    """The vendor has it: from now on somebody watches until it ends."""
    with transaction.atomic():
        taken = Plan.objects.filter(pk=plan.pk, export_id="")
        taken.update(export_id=export_id, state=Plan.State.STARTED, started_at=timezone.now(), words="")
        plan.refresh_from_db()
        monitor.begin(plan)
    slot.changed(plan.space)
    return plan


def not_started(plan: Plan, words: str, state: Plan.State = Plan.State.DROPPED) -> None:
    """Surely not done. The next attempt has an id of its own."""
    Plan.objects.filter(pk=plan.pk, export_id="").update(state=state, words=words[:500], act_id=uuid.uuid4())
    plan.refresh_from_db()


def recover() -> None:
    """What a killed process left between two steps, found by the sweep: each plan follows its entry in the audit."""
    cut_off = timezone.now() - record.grace()
    for plan in Plan.objects.select_related("person").filter(state=Plan.State.SENDING, created_at__lt=cut_off):
        brought_up_to_date(plan)


def delete(*, user: Person, export_id: str, act_id: uuid.UUID, request: HttpRequest | None = None) -> None:
    """Deletes an export and its file for everyone; of a running one this is also how it is cancelled.

    A second press of the same button gets the first result. Raises every error of the vendor.
    """
    once: dict[str, Any] = {"act_id": act_id, "user": user, "action": "export.delete"}
    if second_press.was_done(**once):
        return
    space = connections.space(user)
    try:
        name = monitor.look(user=user, export_id=export_id).name
    except NotFound:
        # It may be gone by the first press.
        if second_press.was_done(**once):
            return
        raise
    try:
        with record.audited_call(
            actor=user,
            action="export.delete",
            thing_kind="export",
            thing_id=export_id,
            thing_name=name or export_id,
            vendor="cloudfactory",
            request=request,
            act_id=act_id,
            detail={"space": space.id},
            key=connections.key_fingerprint(user, "cloudfactory"),
        ) as act:
            connections.cloudfactory(user).delete_export(space.id, export_id, request_id=str(act.id))
    except record.AlreadyActed as first:
        second_press.result(first.entry)
    finally:
        slot.changed(space.id)
        monitor.shared(space.id, export_id).forget()
    monitor.gone(export_id)


def not_taken_home(*, user: Person) -> list[tuple[Plan, str]]:
    """This person's exports that are ready and not downloaded while the link lives, and how much of each they have.

    The oldest first.
    """
    lives = timezone.now() - LINK_LASTS
    ready = list(Plan.objects.filter(person=user, end_status="COMPLETED", ended_at__gte=lives).order_by("ended_at"))
    taken = selectors.downloads_of([plan.export_id for plan in ready])
    shares = [(plan, taken[plan.export_id].of(user.pk) if plan.export_id in taken else None) for plan in ready]
    return [(plan, share.partial if share else "") for plan, share in shares if not (share and share.has_file)]


def started_by(*, user: Person, since: datetime) -> set[str]:
    """The ids of this person's exports whose files can have been there since then."""
    plans = Plan.objects.filter(person=user, created_at__gte=since - LINK_LASTS).exclude(export_id="")
    return set(plans.values_list("export_id", flat=True))


def failed_lately(*, user: Person) -> list[Plan]:
    """This person's exports of the last day that ended without a file, and were not asked for again since."""
    lately = Plan.objects.filter(person=user, created_at__gte=timezone.now() - LINK_LASTS).order_by("created_at")
    newest = {plan.wanted.key: plan for plan in lately}
    day_ago = timezone.now() - ONE_DAY
    return [
        plan
        for plan in newest.values()
        if plan.end_status in WITHOUT_FILE and plan.ended_at is not None and plan.ended_at > day_ago
    ]


def listed(
    *, user: Person, cursor: str | None, direction: str | None, sort: str, order: str
) -> Callable[[], Page[Export]]:
    """What reads one page of the space's exports: one call, and no database."""
    space, platform = connections.space(user).id, connections.cloudfactory(user)
    reader = connections.cache_scope(user, "cloudfactory")

    def read() -> Page[Export]:
        page = platform.list_exports(
            space, cursor=cursor, direction=direction, limit=LISTED, sort_by=sort, sort_order=order
        )
        coalescing.note_own_read("cloudfactory", space, reader)
        return page

    return read


def newest(*, user: Person, most: int = 5) -> Callable[[], tuple[list[Export], bool]]:
    """What reads the newest exports for a filter the vendor does not have, and whether these were all."""
    space, client = connections.space(user), connections.cloudfactory(user)

    def read() -> tuple[list[Export], bool]:
        found = collect(
            lambda cursor: client.list_exports(
                space.id, cursor=cursor, direction="NEXT" if cursor else None, limit=100
            ),
            most=most,
        )
        return list(found.items), found.is_complete

    return read


def holding(*, user: Person, project: str, batch: int | None = None) -> list[Plan]:
    """The newest exports started here that hold something of a project, or of one batch. The vendor is not asked."""
    here = Plan.objects.filter(space=connections.space(user).id, state=Plan.State.STARTED).select_related("person")
    started = here.exclude(end_status=monitor.DELETED)
    return [plan for plan in started[:HOLDING_LOOKED_AT] if plan.wanted.covers(project, batch)][:HOLDING_SHOWN]


def _create_in_lane(plan: Plan, request_id: str) -> Export:
    """A conflict can only be about the lane (FACTS 2.3), and is told so, in the audit as well."""
    try:
        return _create(plan, request_id)
    except Conflict as conflict:
        raise LaneBusy(conflict) from conflict


def _create(plan: Plan, request_id: str) -> Export:
    wanted = plan.wanted
    return connections.cloudfactory(plan.person).create_export(
        plan.space,
        name=plan.name,
        project_ids=list(wanted.projects) or None,
        batch_ids=list(wanted.batches) or None,
        request_id=request_id,
        **wanted.dates,
    )


def _plan(user: Person, wish: Wish, state: Plan.State) -> Plan:
    """The plan of this form: made by the first press, found by every other. Another person's id makes none."""
    counts = wish.counts
    try:
        with transaction.atomic():
            return Plan.objects.create(
                id=wish.id,
                act_id=wish.id,
                person=user,
                space=connections.space(user).id,
                name=wish.name,
                choice=wish.choice.to_json(),
                names={name: list(listed) for name, listed in wish.names.items()},
                items=counts.total if counts else None,
                items_at_least=bool(counts and not counts.complete),
                state=state,
            )
    except IntegrityError:
        found = Plan.objects.select_related("person").filter(pk=wish.id, person=user).first()
        if found is None:
            raise record.IdTaken from None
        return found
