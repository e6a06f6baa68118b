"""Waiting for the lane: first come, first served, each with their own key, started by the worker."""

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.connections import ConnectionMissing
from console.audit import record
from console.audit.models import UNKNOWN, Entry
from console.exports import slot
from console.exports.models import Plan
from console.jobs import services as jobs
from console.jobs.models import Operation
from console.jobs.services import Abandoned, Done, Result, Retry
from console.upstream.errors import RateLimited, Refused, UpstreamError

KIND = "exports.start"
LOOK = 5.0
LONGEST_LOOK = 30.0
LATER = 20.0
NO_ANSWER = "It was sent without a clear answer. Whether it was started is being checked."


def register() -> None:
    from console.exports import services

    jobs.register(KIND, start_when_free, on_abandon=_dropped, address=_address)
    jobs.every_minute(services.recover)


def add(plan: Plan, *, request: HttpRequest | None = None) -> None:
    """Records that it waits, and lets it wait. A second press finds the first. Within the plan's own transaction."""
    if waits(plan):
        return
    _tell("export.queue", plan, request=request)
    jobs.enqueue(kind=KIND, subject=str(plan.pk), person=plan.person, payload={"about": plan.name}, delay=LOOK)


def leave(plan: Plan, *, request: HttpRequest | None = None, reason: str = "") -> bool:
    """Takes a plan off the queue while it still waits."""
    words = (reason or "Taken off the queue.")[:500]
    with transaction.atomic():
        left = Plan.objects.filter(pk=plan.pk, state=Plan.State.QUEUED).update(state=Plan.State.DROPPED, words=words)
        if left:
            jobs.cancel(kind=KIND, subject=str(plan.pk), words=words)
            _tell("export.unqueue", plan, request=request, reason=reason)
    return bool(left)


def waits(plan: Plan) -> bool:
    """Whether the worker has it in hand: then nobody else decides what becomes of it."""
    return jobs.is_unfinished(kind=KIND, subject=str(plan.pk))


def start_when_free(operation: Operation) -> Result:
    """The job: looks at the lane with the person's own key, and starts the plan when it is its turn."""
    plan = Plan.objects.select_related("person").get(pk=operation.subject)
    if plan.state == Plan.State.SENDING:
        return _after_a_crash(plan)
    if plan.state != Plan.State.QUEUED:
        return Done(plan.words or "Nothing was left to do.")
    try:
        now = slot.of(user=plan.person, space=plan.space)
    except (ConnectionMissing, UpstreamError) as error:
        return _later_or_never(error)
    if now.waiting and now.waiting[0].pk != plan.pk:
        return Retry(_patience(plan), f"“{now.waiting[0].name}” is before it.")
    if not now.is_free:
        return Retry(_patience(plan), f"An export of {now.by} is running.")
    return _start(plan)


def _patience(plan: Plan) -> float:
    """The longer it has waited, the less a few seconds matter: a lane that is stuck is not asked about all day."""
    waited = max(0, (timezone.now() - plan.created_at).total_seconds())
    return min(LONGEST_LOOK, LOOK + waited / 60)


def _start(plan: Plan) -> Result:
    from console.exports import services

    # From here on the plan may have been sent: after a crash it is looked up, not sent again.
    if not Plan.objects.filter(pk=plan.pk, state=Plan.State.QUEUED).update(state=Plan.State.SENDING):
        return Done("It was taken off the queue.")
    try:
        services.send(plan, otherwise=Plan.State.QUEUED)
    except services.LaneBusy:
        return Retry(LOOK, "Somebody else was faster; it waits on.")
    except (ConnectionMissing, UpstreamError, record.NotRecorded) as error:
        return Done(NO_ANSWER) if error.outcome == UNKNOWN else _later_or_never(error)
    return Done("Started.")


def _later_or_never(error: ConnectionMissing | UpstreamError | record.NotRecorded) -> Result:
    """A vendor that is down or busy is waited for; a key that is missing or refused will not mend by waiting."""
    if isinstance(error, (ConnectionMissing, Refused)) and not isinstance(error, RateLimited):
        return Abandoned(error.message)
    return Retry(max(LATER, getattr(error, "retry_in", None) or 0), error.message)


def _after_a_crash(plan: Plan) -> Result:
    """The worker died somewhere between the entry and the answer, or no clear answer came."""
    from console.exports import services

    if not Entry.objects.filter(pk=plan.act_id).exists():
        # Never sent: it goes on under the same id, so that a worker who only seemed dead cannot make a second one.
        Plan.objects.filter(pk=plan.pk, export_id="").update(state=Plan.State.QUEUED)
        return Retry(LOOK, "It was not sent; it waits on.")
    plan = services.brought_up_to_date(plan)
    if plan.state == Plan.State.QUEUED:
        return Retry(LOOK, "It was not started; it waits on.")
    if plan.state == Plan.State.SENDING:
        return Done(NO_ANSWER)
    return Done("Found done by looking." if plan.export_id else plan.words)


def _address(operation: Operation) -> str:
    return reverse("exports:plan", args=[operation.subject])


def _dropped(operation: Operation, words: str) -> None:
    """Nobody will start it any more, so it must not stand before the others."""
    plan = Plan.objects.select_related("person").filter(pk=operation.subject).first()
    if plan is None:
        return
    leave(plan, reason=words)
    # Its person hears of it wherever they are, as of one that ended.
    dropped = Plan.objects.filter(pk=plan.pk, state=Plan.State.DROPPED, ended_at=None)
    dropped.update(ended_at=timezone.now(), end_status="DROPPED")


def _tell(action: str, plan: Plan, *, request: HttpRequest | None, reason: str = "") -> None:
    record.event(
        actor=None if reason else plan.person,
        action=action,
        thing_kind="export",
        thing_id="",
        thing_name=plan.name,
        vendor="cloudfactory",
        request=request,
        detail={**plan.detail(), **({"reason": reason} if reason else {})},
    )
