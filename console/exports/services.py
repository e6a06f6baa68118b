"""Starting, queueing and deleting exports: each sent once, each recorded before it is sent."""

import uuid

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.audit import record, unresolved
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.audit.unresolved import Unresolved
from console.common.errors import ConsoleError
from console.duplicate_submissions import Submission, wait_for_result
from console.exports import export_queue, monitor, slot
from console.exports.models import ExportRequest
from console.upstream.errors import Conflict, NotFound, NotSent, RateLimited, UpstreamError
from console.upstream.response_models import Export


class SlotBusy(ConsoleError):
    """CloudFactory runs another export of the space: nothing was started."""

    message = "Another export of the space was running."

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(status=conflict.status, reference=conflict.reference)


def _slot_busy() -> SlotBusy:
    """As the first submission met it, for the duplicate."""
    return SlotBusy(Conflict(SlotBusy.message, status=409))


# Entries of versions before have the second name.
SLOT_BUSY = {"SlotBusy": _slot_busy, "LaneBusy": _slot_busy}


def start(*, export_request: ExportRequest, request: HttpRequest | None = None) -> ExportRequest:
    """Starts an export now, for its person. A duplicate gets the request of the first submission, or its error.

    Raises SlotBusy where the space's slot is in use, and every error of the vendor.
    """
    submission = Submission(export_request.person, "export.create", export_request.pk, SLOT_BUSY)
    # Before anything is written: without the audit nothing is sent, and then no request must say that something was.
    submission.find_first()
    export_request = _save_or_find(export_request, ExportRequest.State.SENDING)
    is_undecided = export_request.state in (ExportRequest.State.SENDING, ExportRequest.State.DROPPED)
    if is_undecided and submission.was_done():
        return follow_audit(export_request)
    if export_request.state != ExportRequest.State.SENDING:
        return export_request
    export_request = send(export_request, request=request)
    if not export_request.export_id and submission.was_done():
        return follow_audit(export_request)
    return export_request


def enqueue(*, export_request: ExportRequest, request: HttpRequest | None = None) -> ExportRequest:
    """Starts it when the slot is free, with this person's own key. Request, audit row and job exist together or not."""
    with transaction.atomic():
        export_request = _save_or_find(export_request, ExportRequest.State.QUEUED)
        if export_request.state == ExportRequest.State.QUEUED:
            export_queue.add_to_queue(export_request, request=request)
    return export_request


def send(
    export_request: ExportRequest,
    *,
    request: HttpRequest | None = None,
    otherwise: ExportRequest.State = ExportRequest.State.DROPPED,
) -> ExportRequest:
    """The one call that starts an export, under the request's one-time id. Held up, the request becomes `otherwise`."""
    try:
        with record.audited_call(
            actor=export_request.person,
            action="export.create",
            thing_kind="export",
            thing_name=export_request.name,
            vendor="cloudfactory",
            request=request,
            act_id=export_request.act_id,
            detail=export_request.detail(),
            key=connections.key_fingerprint(export_request.person, "cloudfactory"),
        ) as act:
            export = _create_in_slot(export_request, str(act.id))
            act.done(thing_id=export.id, thing_name=export_request.name)
    except record.AlreadyActed as first:
        return follow_audit(export_request, first.entry)
    except SlotBusy:
        slot.forget_newest(export_request.space)
        mark_not_started(export_request, "Another export was running.", otherwise)
        raise
    except (UpstreamError, connections.ConnectionMissing, record.NotRecorded) as error:
        if error.outcome == FAILED:
            passing = isinstance(error, (NotSent, RateLimited, record.NotRecorded))
            mark_not_started(export_request, error.message, otherwise if passing else ExportRequest.State.DROPPED)
        raise
    return mark_started(export_request, export.id)


def follow_audit(export_request: ExportRequest, entry: Entry | None = None) -> ExportRequest:
    """A request follows what the audit knows of its latest attempt."""
    export_request.refresh_from_db()
    if export_request.state != ExportRequest.State.SENDING:
        return export_request
    entry = entry or Entry.objects.filter(pk=export_request.act_id).first()
    if entry is None:
        if export_request.created_at < timezone.now() - record.grace() and not export_queue.is_waiting(export_request):
            mark_not_started(export_request, "It was not started.")
    elif entry.outcome == DONE and entry.result_id:
        return mark_started(export_request, entry.result_id)
    elif entry.outcome == DONE:
        mark_not_started(
            export_request, "It was closed in the audit with a note. If it was started, it stands in the list."
        )
    elif entry.outcome == FAILED:
        mark_not_started(
            export_request,
            "It was not started.",
            ExportRequest.State.QUEUED if export_queue.is_waiting(export_request) else ExportRequest.State.DROPPED,
        )
    return export_request


def is_unknown(export_request: ExportRequest) -> bool:
    """Whether it was sent without a known outcome."""
    if export_request.state != ExportRequest.State.SENDING:
        return False
    entry = Entry.objects.filter(pk=export_request.act_id).first()
    cut_off = timezone.now() - record.grace()
    return entry is not None and (entry.outcome == UNKNOWN or entry.at < cut_off)


def unresolved_act(export_request: ExportRequest) -> Unresolved | None:
    """Its latest attempt, as long as its outcome is unknown."""
    entry = (
        Entry.objects.select_related("actor").filter(pk=export_request.act_id).first()
        if is_unknown(export_request)
        else None
    )
    return unresolved.of_entry(entry, back=reverse("exports:request", args=[export_request.pk])) if entry else None


def mark_started(export_request: ExportRequest, export_id: str) -> ExportRequest:
    """The vendor has it: from now on somebody watches until it ends."""
    with transaction.atomic():
        unstarted = ExportRequest.objects.filter(pk=export_request.pk, export_id="")
        unstarted.update(export_id=export_id, state=ExportRequest.State.STARTED, started_at=timezone.now(), message="")
        export_request.refresh_from_db()
        monitor.start_monitoring(export_request)
    slot.forget_newest(export_request.space)
    return export_request


def mark_not_started(
    export_request: ExportRequest, message: str, state: ExportRequest.State = ExportRequest.State.DROPPED
) -> None:
    """Surely not done. The next attempt has an id of its own."""
    ExportRequest.objects.filter(pk=export_request.pk, export_id="").update(
        state=state, message=message[:500], act_id=uuid.uuid4()
    )
    export_request.refresh_from_db()


def recover() -> None:
    """What a killed process left between two steps, found by the sweep: each request follows its entry in the audit."""
    cut_off = timezone.now() - record.grace()
    for export_request in ExportRequest.objects.select_related("person").filter(
        state=ExportRequest.State.SENDING, created_at__lt=cut_off
    ):
        follow_audit(export_request)


def delete(*, user: Person, export_id: str, act_id: uuid.UUID, request: HttpRequest | None = None) -> None:
    """Deletes an export and its file for everyone; of a running one this is also how it is cancelled.

    A duplicate gets the first result. Raises every error of the vendor.
    """
    submission = Submission(user, "export.delete", act_id)
    if submission.was_done():
        return
    space = connections.space(user)
    try:
        name = monitor.read_state(user=user, export_id=export_id).name
    except NotFound:
        # The first submission can have deleted it.
        if submission.was_done():
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
        wait_for_result(first.entry)
    finally:
        slot.forget_newest(space.id)
        monitor.shared_state(space.id, export_id).forget()
    monitor.mark_deleted(export_id)


def _create_in_slot(export_request: ExportRequest, request_id: str) -> Export:
    """A conflict can only be about the slot (FACTS 2.3); the audit says so as well."""
    try:
        return _create(export_request, request_id)
    except Conflict as conflict:
        raise SlotBusy(conflict) from conflict


def _create(export_request: ExportRequest, request_id: str) -> Export:
    selection = export_request.selection
    return connections.cloudfactory(export_request.person).create_export(
        export_request.space,
        name=export_request.name,
        project_ids=list(selection.projects) or None,
        batch_ids=list(selection.batches) or None,
        request_id=request_id,
        **selection.dates,
    )


def _save_or_find(export_request: ExportRequest, state: ExportRequest.State) -> ExportRequest:
    """The request of this form: saved by the first submission, found by duplicates. Raises IdTaken."""
    export_request.state = state
    try:
        with transaction.atomic():
            export_request.save(force_insert=True)
    except IntegrityError:
        own = ExportRequest.objects.select_related("person").filter(person=export_request.person)
        first = own.filter(pk=export_request.pk).first()
        if first is None:
            raise record.IdTaken from None
        return first
    return export_request
