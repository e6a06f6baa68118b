"""The job that starts a queued export with its person's own key, when the export slot is free."""

from django.urls import reverse
from django.utils import timezone

from accounts.connections import ConnectionMissing
from console.audit import record
from console.audit.models import UNKNOWN, Entry
from console.exports import export_queue, services, slot
from console.exports.export_queue import FIRST_LOOK, KIND
from console.exports.models import ExportRequest
from console.jobs import handlers
from console.jobs.handlers import Abandoned, Done, Result, Retry
from console.jobs.models import Operation
from console.upstream.errors import RateLimited, Refused, UpstreamError

LONGEST_LOOK = 30.0
LATER = 20.0
NO_ANSWER = "It was sent without a clear answer. Whether it was started is being checked."


def register() -> None:
    handlers.register(KIND, start_when_free, title="Start a queued export", on_abandon=_abandon, address=_address)
    handlers.every_minute(services.recover)


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


def _start(export_request: ExportRequest) -> Result:
    # From here on the request may have been sent: after a crash it is looked up, not sent again.
    if not ExportRequest.objects.filter(pk=export_request.pk, state=ExportRequest.State.QUEUED).update(
        state=ExportRequest.State.SENDING
    ):
        return Done("It was taken off the queue.")
    try:
        services.send(export_request, otherwise=ExportRequest.State.QUEUED)
    except services.SlotBusy:
        return Retry(FIRST_LOOK, "Somebody else was faster; it waits on.")
    except (ConnectionMissing, UpstreamError, record.NotRecorded) as error:
        return Done(NO_ANSWER) if error.outcome == UNKNOWN else _retry_or_abandon(error)
    return Done("Started.")


def _after_a_crash(export_request: ExportRequest) -> Result:
    """The worker died somewhere between the entry and the answer, or no clear answer came."""
    if not Entry.objects.filter(pk=export_request.act_id).exists():
        # Never sent: it goes on under the same id, so that a worker who only seemed dead cannot make a second one.
        ExportRequest.objects.filter(pk=export_request.pk, export_id="").update(state=ExportRequest.State.QUEUED)
        return Retry(FIRST_LOOK, "It was not sent; it waits on.")
    export_request = services.follow_audit(export_request)
    if export_request.state == ExportRequest.State.QUEUED:
        return Retry(FIRST_LOOK, "It was not started; it waits on.")
    if export_request.state == ExportRequest.State.SENDING:
        return Done(NO_ANSWER)
    return Done("Found done by looking." if export_request.export_id else export_request.message)


def _retry_or_abandon(error: ConnectionMissing | UpstreamError | record.NotRecorded) -> Result:
    """A vendor that is down or busy is waited for; a key that is missing or refused will not mend by waiting."""
    if isinstance(error, (ConnectionMissing, Refused)) and not isinstance(error, RateLimited):
        return Abandoned(error.message)
    return Retry(max(LATER, error.retry_in or 0), error.message)


def _delay(export_request: ExportRequest) -> float:
    """The longer it has waited, the less a few seconds matter: a slot that is stuck is not asked about all day."""
    seconds_waiting = max(0, (timezone.now() - export_request.created_at).total_seconds())
    return min(LONGEST_LOOK, FIRST_LOOK + seconds_waiting / 60)


def _abandon(operation: Operation, message: str) -> None:
    """Takes it off the queue, so that it does not block the others, and notifies its person."""
    export_request = ExportRequest.objects.select_related("person").filter(pk=operation.subject).first()
    if export_request is None:
        return
    export_queue.leave_queue(export_request, reason=message)
    dropped = ExportRequest.objects.filter(pk=export_request.pk, state=ExportRequest.State.DROPPED, ended_at=None)
    dropped.update(ended_at=timezone.now(), end_status="DROPPED")


def _address(operation: Operation) -> str:
    return reverse("exports:request", args=[operation.subject])
