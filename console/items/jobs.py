"""What workers do for work items: they send each decision once its seconds are over, and delete what is old."""

from django.urls import reverse

from accounts.rights import Right
from console.audit import record
from console.items import id_lists
from console.items.bulk import jobs as bulk_jobs
from console.items.bulk import plan_reader, selection
from console.items.decisions import sending
from console.items.decisions import services as decisions
from console.items.ground_truth import services as ground_truth
from console.items.imports import jobs as import_jobs
from console.items.imports import slice_reader
from console.items.models import Decision
from console.items.review import services as review_services
from console.jobs import handlers
from console.jobs.handlers import Done, Result, Retry
from console.jobs.models import Operation

State = Decision.State
NOT_RECORDED_WAIT = 5.0
ROLE_CHANGED = "Your role can't decide on work items any more."


def register() -> None:
    handlers.register(
        decisions.KIND, send_decision, title="Send a decision on a work item", on_abandon=_give_up, address=_address
    )
    plan_reader.register()
    bulk_jobs.register()
    import_jobs.register()
    slice_reader.register()
    handlers.every_night(ground_truth.delete_old_inserts)
    handlers.every_night(id_lists.delete_old_lists)
    handlers.every_night(selection.delete_old_selections)
    handlers.every_night(review_services.delete_old_runs)


def send_decision(operation: Operation) -> Result:
    decision = _decision_of(operation)
    if decision is None:
        return Done("Its decision was deleted.")
    if decision.state == State.WAITING and not decisions.claim(decision):
        return Done("It was taken back.")
    if decision.state != State.SENDING:
        return Done("Nothing was left to do.")
    # After a crash the entry says whether it can have been sent: then it is looked up, not sent again.
    if entry := sending.entry_of(decision):
        return _result(sending.follow(decision, entry))
    if not decision.person.can(Right.SIGNAL):
        sending.give_up(decision, ROLE_CHANGED)
        return Done(ROLE_CHANGED)
    try:
        return _result(sending.send(decision))
    except record.NotRecorded as error:
        return Retry(NOT_RECORDED_WAIT, error.message)


def _result(decision: Decision) -> Result:
    """The result on the administrators' page. A refusal is not a failure of the job."""
    if decision.state == State.UNKNOWN:
        return Done("It was sent without a clear answer. Whether it was done is being checked.")
    return Done(decision.message or "Sent.")


def _address(operation: Operation) -> str:
    project, item = operation.payload.get("project"), operation.payload.get("item")
    return reverse("items:detail", args=[project, item]) if project and item else ""


def _give_up(operation: Operation, message: str) -> None:
    if decision := _decision_of(operation):
        sending.give_up(decision, message)


def _decision_of(operation: Operation) -> Decision | None:
    return Decision.objects.select_related("person").filter(pk=operation.subject).first()
