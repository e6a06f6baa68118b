"""The queue before the export slot: first come, first served."""

from django.db import transaction
from django.http import HttpRequest

from console.audit import record
from console.exports.models import ExportRequest
from console.jobs import selectors
from console.jobs import services as jobs

KIND = "exports.start"
FIRST_LOOK = 5.0


def add_to_queue(export_request: ExportRequest, *, request: HttpRequest | None = None) -> None:
    """Records that it waits, and lets it wait. A duplicate finds the first. Within the request's own transaction."""
    if is_waiting(export_request):
        return
    _record("export.queue", export_request, request=request)
    jobs.enqueue(
        kind=KIND,
        subject=str(export_request.pk),
        person=export_request.person,
        payload={"about": export_request.name},
        delay=FIRST_LOOK,
    )


def leave_queue(export_request: ExportRequest, *, request: HttpRequest | None = None, reason: str = "") -> bool:
    """Takes a request off the queue while it still waits."""
    message = (reason or "Taken off the queue.")[:500]
    with transaction.atomic():
        count = ExportRequest.objects.filter(pk=export_request.pk, state=ExportRequest.State.QUEUED).update(
            state=ExportRequest.State.DROPPED, message=message
        )
        if count:
            jobs.cancel(kind=KIND, subject=str(export_request.pk), message=message)
            _record("export.unqueue", export_request, request=request, reason=reason)
    return bool(count)


def is_waiting(export_request: ExportRequest) -> bool:
    """Whether its job is unfinished: then only the worker changes its state."""
    return selectors.is_unfinished(kind=KIND, subject=str(export_request.pk))


def _record(action: str, export_request: ExportRequest, *, request: HttpRequest | None, reason: str = "") -> None:
    record.event(
        actor=None if reason else export_request.person,
        action=action,
        thing_kind="export",
        thing_id="",
        thing_name=export_request.name,
        vendor="cloudfactory",
        request=request,
        detail={**export_request.detail(), **({"reason": reason} if reason else {})},
    )
