"""Waiting for the lane: first come, first served, each with their own key, started by the worker."""

from django.http import HttpRequest

from console.audit import record, settling
from console.audit.models import DONE, Entry
from console.exports import lane
from console.exports.models import Plan
from console.jobs import services as jobs
from console.jobs.models import Operation
from console.jobs.services import Abandoned, Again, Done, Result

KIND = "exports.start"
LOOK = 5.0
LATER = 20.0


def register() -> None:
    jobs.register(KIND, start_when_free, cancelled=_disabled)


def add(plan: Plan, *, request: HttpRequest | None = None) -> None:
    """Records that it waits, then lets it wait. A second press finds the first."""
    if jobs.is_unfinished(kind=KIND, subject=str(plan.pk)):
        return
    _tell("export.queue", plan, request=request)
    jobs.enqueue(kind=KIND, subject=str(plan.pk), person=plan.person, delay=LOOK)


def leave(plan: Plan, *, request: HttpRequest | None = None, reason: str = "") -> bool:
    """Takes a plan off the queue while it still waits."""
    left = Plan.objects.filter(pk=plan.pk, state=Plan.State.QUEUED).update(
        state=Plan.State.DROPPED, words=reason or "Taken off the queue."
    )
    if left:
        jobs.cancel(kind=KIND, subject=str(plan.pk), words=reason or "Taken off the queue.")
        _tell("export.unqueue", plan, request=request, reason=reason)
    return bool(left)


def start_when_free(operation: Operation) -> Result:
    """The job: looks at the lane with the person's own key, and starts the plan when it is its turn."""
    from console.exports import services

    plan = Plan.objects.select_related("person").get(pk=operation.subject)
    if plan.state == Plan.State.SENDING:
        return _after_a_crash(plan)
    if plan.state != Plan.State.QUEUED:
        return Done(plan.words or "Nothing was left to do.")
    now = lane.of(user=plan.person)
    if now.waiting and now.waiting[0].pk != plan.pk:
        return Again(LATER, f"“{now.waiting[0].name}” is before it.")
    if not now.is_free:
        return Again(LOOK, f"{now.by} uses the lane.")
    # From here on the plan may have been sent: after a crash it is looked up, not sent again.
    if not Plan.objects.filter(pk=plan.pk, state=Plan.State.QUEUED).update(state=Plan.State.SENDING):
        return Done("It was taken off the queue.")
    try:
        services.send(plan)
    except services.LaneBusy:
        return _back_in_line(plan)
    return Done("Started.")


def _back_in_line(plan: Plan) -> Result:
    """Somebody was faster: it keeps its place and waits on."""
    Plan.objects.filter(pk=plan.pk, export_id="").update(state=Plan.State.QUEUED, ended_at=None, words="")
    return Again(LOOK, "Somebody else was faster; it waits on.")


def _after_a_crash(plan: Plan) -> Result:
    """The worker died somewhere between the entry and the answer: found out by reading alone."""
    from console.exports import services

    entry = Entry.objects.filter(pk=plan.act_id).first()
    if entry is None:
        return _back_in_line(plan)
    if entry.outcome != DONE:
        look = settling.look(entry)
        entry.refresh_from_db()
        if not look.settled:
            return (
                Again(LATER, "It was sent without a clear answer; looking for it.")
                if look.finding == "not done"
                else Abandoned("It was sent without a clear answer, and reading did not tell what became of it.")
            )
    plan = services.brought_up_to_date(plan, entry)
    return Done("Found done after a restart.") if plan.export_id else _back_in_line(plan)


def _disabled(operation: Operation, words: str) -> None:
    plan = Plan.objects.select_related("person").filter(pk=operation.subject).first()
    if plan is not None:
        leave(plan, reason=words)


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
