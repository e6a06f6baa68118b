"""Monitors an export until it ends, by the pages that show it and by a job."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.models import Person
from console.common import polling, write_behind
from console.common.coalescing import SharedAnswer
from console.exports import receipts, slot
from console.exports.models import ExportRequest
from console.jobs import handlers
from console.jobs import services as jobs
from console.jobs.handlers import Abandoned, Done, Result, Retry
from console.jobs.models import Operation
from console.upstream.errors import ACCESS_REFUSALS, NotFound, NotSent, RateLimited, Refused, Unknown, UpstreamError
from console.upstream.response_models import Export

KIND = "exports.watch"
ENDED_NOTE = "export-ended"
LONGEST = 24 * 60 * 60
DELETED = "DELETED"


def register() -> None:
    handlers.register(KIND, check_export, title="Watch an export until it ends", on_abandon=_abandon, address=_address)
    write_behind.register(ENDED_NOTE, _persist)


def start_monitoring(export_request: ExportRequest) -> None:
    about, delay = {"about": export_request.name}, settings.EXPORT_FIRST_LOOK
    jobs.enqueue(kind=KIND, subject=export_request.export_id, person=export_request.person, payload=about, delay=delay)


def read_state(*, user: Person, export_id: str) -> Export:
    """An export's state, from a read that everybody who watches it shares.

    A page that finds it ended or deleted only notes that; the worker writes it down.
    """
    space = connections.space(user).id
    try:
        export = _read(user, space, export_id)
    except NotFound:
        if _is_gone(user, export_id):
            _note_end(space, export_id, DELETED)
        raise
    if export.status not in slot.ACTIVE and ExportRequest.objects.filter(export_id=export_id, ended_at=None).exists():
        _note_end(space, export_id, export.status or "")
    return export


def read_state_or_last(*, user: Person, export_id: str) -> tuple[Export | None, UpstreamError | None]:
    """The state, or the last one and why there is no new one. NotFound is raised where the person never saw it."""
    # Read first: a refusal takes away what the key read before.
    last = last_known_state(user=user, export_id=export_id)
    try:
        return read_state(user=user, export_id=export_id), None
    except NotFound as error:
        if last is None and not ExportRequest.objects.filter(export_id=export_id, person=user).exists():
            raise
        return last, error
    except UpstreamError as error:
        if not error.is_silence:
            raise
        return last, error


def noted_end(export_request: ExportRequest) -> str:
    """The status a page has seen it end with and the worker has not written down yet, or nothing."""
    return str(write_behind.pending(ENDED_NOTE, export_request.export_id).get("status", ""))


def with_end(export_request: ExportRequest) -> ExportRequest:
    """The request with the end that a page has seen and the worker has not written down yet."""
    if noted := write_behind.pending(ENDED_NOTE, export_request.export_id):
        export_request.ended_at, export_request.end_status = export_request.ended_at or noted["at"], noted["status"]
    return export_request


def last_known_state(*, user: Person, export_id: str) -> Export | None:
    """As it was when CloudFactory last answered, for the time in which it does not."""
    export: Export | None = shared_state(connections.space(user).id, export_id).last(
        reader=connections.cache_scope(user, "cloudfactory")
    )
    return export


def shared_state(space: str, export_id: str) -> SharedAnswer:
    """The state of an export, which everybody who watches it shares."""
    return SharedAnswer("cloudfactory", space, f"export:{export_id}")


def mark_deleted(export_id: str, at: datetime | None = None) -> None:
    """Ends it as deleted, here or elsewhere: it is offered no more."""
    export_requests = ExportRequest.objects.filter(export_id=export_id)
    seen_at = at or write_behind.pending(ENDED_NOTE, export_id).get("at")
    export_requests.filter(ended_at=None).update(ended_at=seen_at or timezone.now())
    export_requests.update(end_status=DELETED)
    write_behind.forget(ENDED_NOTE, export_id)


def mark_ended(space: str, export_id: str, status: str, at: datetime | None = None) -> None:
    """The first to see the end writes it down, frees the slot's picture, and has the file read.

    A page can have seen it before and noted when.
    """
    seen_at = at or write_behind.pending(ENDED_NOTE, export_id).get("at")
    with transaction.atomic():
        first = ExportRequest.objects.filter(export_id=export_id, ended_at=None).update(
            ended_at=seen_at or timezone.now(), end_status=status[:40]
        )
        if first and status == "COMPLETED":
            receipts.request_receipt(ExportRequest.objects.select_related("person").get(export_id=export_id))
    if first:
        slot.forget_newest(space)


def check_export(operation: Operation) -> Result:
    """The job: reads the state with the key of the person who started the export."""
    export_request = ExportRequest.objects.select_related("person").get(export_id=operation.subject)
    if export_request.ended_at:
        return Done("It has ended.")
    age = (timezone.now() - (export_request.started_at or export_request.created_at)).total_seconds()
    if age > LONGEST:
        return Abandoned("It ran for more than a day; nobody watches it any more.")
    try:
        export = _read(export_request.person, export_request.space, export_request.export_id)
    except NotFound:
        if _is_gone(export_request.person, export_request.export_id):
            mark_deleted(export_request.export_id)
        return Done("It was deleted.")
    except (Unknown, NotSent, RateLimited) as error:
        # Its person still waits for a notification, so an hour without CloudFactory must not end the job.
        return Retry(max(polling.EXPORT.delays[-1], error.retry_in or 0), error.message)
    except (Refused, ConnectionMissing) as error:
        return Abandoned(error.message)
    if export.status in slot.ACTIVE:
        return Retry(polling.EXPORT.seconds(int(age // 10)), "It runs.")
    mark_ended(export_request.space, export_request.export_id, export.status or "")
    return Done("It has ended.")


def _address(operation: Operation) -> str:
    return reverse("exports:detail", args=[operation.subject])


def _abandon(operation: Operation, message: str) -> None:
    """Ends the polls for a notification that will not come."""
    ExportRequest.objects.filter(export_id=operation.subject, notified_at=None).update(notified_at=timezone.now())


def _read(user: Person, space: str, export_id: str) -> Export:
    def fetch() -> Export:
        return replace(connections.cloudfactory(user).get_export(space, export_id), download_url=None)

    return shared_state(space, export_id).read(
        fetch,
        reader=connections.cache_scope(user, "cloudfactory"),
        seconds=settings.SHARED_READ_SECONDS,
        refusals=ACCESS_REFUSALS,
    )


def _is_gone(user: Person, export_id: str) -> bool:
    """A key that cannot read the space gets the same answer: only that of the person who started the export counts."""
    return ExportRequest.objects.filter(export_id=export_id, person=user).exists()


def _note_end(space: str, export_id: str, status: str) -> None:
    """The first look that saw it gives the time."""
    noted = write_behind.pending(ENDED_NOTE, export_id)
    if noted.get("status") != status:
        write_behind.note(
            ENDED_NOTE, export_id, {"space": space, "status": status, "at": noted.get("at", timezone.now())}
        )
        slot.forget_newest(space)


def _persist(export_id: str, fields: dict[str, Any]) -> None:
    if fields["status"] == DELETED:
        mark_deleted(export_id, fields["at"])
    else:
        mark_ended(fields["space"], export_id, fields["status"], fields["at"])
