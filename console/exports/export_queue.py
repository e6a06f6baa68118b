"""Waiting for the slot: first come, first served, each with their own key, started by the worker."""

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.connections import ConnectionMissing
from console.audit import record
from console.audit.models import UNKNOWN, Entry
from console.exports import slot
from console.exports.models import ExportRequest
from console.jobs import handlers, selectors
from console.jobs import services as jobs
from console.jobs.handlers import Abandoned, Done, Result, Retry
from console.jobs.models import Operation
from console.upstream.errors import RateLimited, Refused, UpstreamError

KIND = "exports.start"
LOOK = 5.0
LONGEST_LOOK = 30.0
LATER = 20.0
NO_ANSWER = "It was sent without a clear answer. Whether it was started is being checked."


def register() -> None:
    from console.exports import services

    handlers.register(KIND, start_when_free, title="Start a queued export", on_abandon=_abandon, address=_address)
    handlers.every_minute(services.recover)


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
        delay=LOOK,
    )


def leave_queue(export_request: ExportRequest, *, request: HttpRequest | None = None, reason: str = "") -> bool:
    """Takes a request off the queue while it still waits."""
    words = (reason or "Taken off the queue.")[:500]
    with transaction.atomic():
        left = ExportRequest.objects.filter(pk=export_request.pk, state=ExportRequest.State.QUEUED).update(
            state=ExportRequest.State.DROPPED, message=words
        )
        if left:
            jobs.cancel(kind=KIND, subject=str(export_request.pk), words=words)
            _record("export.unqueue", export_request, request=request, reason=reason)
    return bool(left)


def is_waiting(export_request: ExportRequest) -> bool:
    """Whether the worker has it in hand: then nobody else decides what becomes of it."""
    return selectors.is_unfinished(kind=KIND, subject=str(export_request.pk))


def start_when_free(operation: Operation) -> Result:
    """The job: looks at the slot with the person's own key, and starts the request when it is its turn."""
    export_request = ExportRequest.objects.select_related("person").get(pk=operation.subject)
    if export_request.state == ExportRequest.State.SENDING:
        return _after_a_crash(export_request)
    if export_request.state != ExportRequest.State.QUEUED:
        return Done(export_request.message or "Nothing was left to do.")
    try:
        now = slot.read_usage(user=export_request.person, space=export_request.space)
    except (ConnectionMissing, UpstreamError) as error:
        return _retry_or_abandon(error)
    if now.waiting and now.waiting[0].pk != export_request.pk:
        return Retry(_delay(export_request), f"“{now.waiting[0].name}” is before it.")
    if not now.is_free:
        return Retry(_delay(export_request), f"An export of {now.by} is running.")
    return _start(export_request)


def _delay(export_request: ExportRequest) -> float:
    """The longer it has waited, the less a few seconds matter: a slot that is stuck is not asked about all day."""
    waited = max(0, (timezone.now() - export_request.created_at).total_seconds())
    return min(LONGEST_LOOK, LOOK + waited / 60)


def _start(export_request: ExportRequest) -> Result:
    from console.exports import services

    # From here on the request may have been sent: after a crash it is looked up, not sent again.
    if not ExportRequest.objects.filter(pk=export_request.pk, state=ExportRequest.State.QUEUED).update(
        state=ExportRequest.State.SENDING
    ):
        return Done("It was taken off the queue.")
    try:
        services.send(export_request, otherwise=ExportRequest.State.QUEUED)
    except services.SlotBusy:
        return Retry(LOOK, "Somebody else was faster; it waits on.")
    except (ConnectionMissing, UpstreamError, record.NotRecorded) as error:
        return Done(NO_ANSWER) if error.outcome == UNKNOWN else _retry_or_abandon(error)
    return Done("Started.")


def _retry_or_abandon(error: ConnectionMissing | UpstreamError | record.NotRecorded) -> Result:
    """A vendor that is down or busy is waited for; a key that is missing or refused will not mend by waiting."""
    if isinstance(error, (ConnectionMissing, Refused)) and not isinstance(error, RateLimited):
        return Abandoned(error.message)
    return Retry(max(LATER, error.retry_in or 0), error.message)


def _after_a_crash(export_request: ExportRequest) -> Result:
    """The worker died somewhere between the entry and the answer, or no clear answer came."""
    from console.exports import services

    if not Entry.objects.filter(pk=export_request.act_id).exists():
        # Never sent: it goes on under the same id, so that a worker who only seemed dead cannot make a second one.
        ExportRequest.objects.filter(pk=export_request.pk, export_id="").update(state=ExportRequest.State.QUEUED)
        return Retry(LOOK, "It was not sent; it waits on.")
    export_request = services.follow_audit(export_request)
    if export_request.state == ExportRequest.State.QUEUED:
        return Retry(LOOK, "It was not started; it waits on.")
    if export_request.state == ExportRequest.State.SENDING:
        return Done(NO_ANSWER)
    return Done("Found done by looking." if export_request.export_id else export_request.message)


def _address(operation: Operation) -> str:
    return reverse("exports:plan", args=[operation.subject])


def _abandon(operation: Operation, words: str) -> None:
    """Nobody will start it any more, so it must not stand before the others."""
    export_request = ExportRequest.objects.select_related("person").filter(pk=operation.subject).first()
    if export_request is None:
        return
    leave_queue(export_request, reason=words)
    # Its person hears of it wherever they are, as of one that ended.
    dropped = ExportRequest.objects.filter(pk=export_request.pk, state=ExportRequest.State.DROPPED, ended_at=None)
    dropped.update(ended_at=timezone.now(), end_status="DROPPED")


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
