"""What the jobs of all kinds of runs share: how the run follows its job, and how a part's entry in the audit ends."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from django.urls import reverse

from console.audit import entries, record
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.items.runs import services
from console.items.runs.models import Run
from console.items.runs.result_writer import CUT_OFF, PartTally
from console.jobs import handlers, parts
from console.jobs import services as jobs
from console.jobs.handlers import Done, Paused
from console.jobs.models import Operation, Part
from console.jobs.parts import Busy, PartDone
from console.jobs.queues import Queue
from console.upstream.errors import HeldBack, RateLimited, UpstreamError

MOST_FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = 5.0, 600.0
NOTHING_SENT = "Nothing was sent: another worker has this part."

R = TypeVar("R", bound=Run)


def register(
    kind: type[R],
    handler: Callable[[Operation], handlers.Result],
    *,
    title: str,
    stop: Callable[[R], bool],
    carry_on: Callable[[R], bool],
) -> None:
    """The job that sends the items of such runs. `stop` and `carry_on` are for its row on the person's own jobs."""

    def abandon(operation: Operation, message: str) -> None:
        if run := find_run(kind, operation):
            services.end(run, reason=message)

    def stop_run(operation: Operation) -> bool:
        run = find_run(kind, operation)
        return run is not None and stop(run)

    def carry_on_run(operation: Operation) -> bool:
        run = find_run(kind, operation)
        return run is not None and carry_on(run)

    handlers.register(
        kind.JOB,
        handler,
        title=title,
        on_abandon=abandon,
        queue=Queue.BULK,
        address=lambda operation: address_of(kind, operation),
        stop=stop_run,
        carry_on=carry_on_run,
    )
    handlers.every_minute(partial(end_left_over, kind))


def find_run(kind: type[R], operation: Operation) -> R | None:
    """None where it was deleted."""
    return kind._default_manager.select_related("person").filter(pk=operation.subject).first()


def address_of(kind: type[Run], operation: Operation) -> str:
    """Its page, of the job's row alone."""
    project = operation.payload.get("project")
    return reverse(kind.PAGE, args=[project, operation.subject]) if project else ""


def end_left_over(kind: type[Run]) -> None:
    """Ends what no job is left for, because a process was killed just after its job was abandoned."""
    for run in kind._default_manager.filter(state__in=kind.UNDER_WAY):
        operations = Operation.objects.filter(kind=kind.JOB, subject=str(run.pk)).order_by("-created_at")
        if not operations.unfinished().exists():
            message = operations.values_list("message", flat=True).first()
            services.end(run, reason=message or run.UNSENT)


def follow(
    operation: Operation,
    run: Run,
    result: handlers.Result,
    *,
    check: Callable[[], handlers.Result | None] = lambda: None,
) -> handlers.Result:
    """The run's own row follows its job, as long as this worker has it.

    `check` can return another result for a job whose parts were all done.
    """
    if not operation.renew(jobs.lease()):
        return result
    unfinished = operation.parts.filter(state__in=(Part.State.WAITING, Part.State.RUNNING)).exists()
    if isinstance(result, Paused):
        services.pause(run, result.message)
    elif isinstance(result, Done) and not unfinished:
        reason = parts.why_left_out(operation, result.message)
        if not reason and (other := check()) is not None:
            return other
        services.end(run, reason=reason)
    return result


def note(run: Run, *, message: str, **values: Any) -> None:
    """Stores what the next part has to know. A stop that was asked for keeps its own message."""
    values["message"] = message[:500]
    changes = {name: value for name, value in values.items() if getattr(run, name) != value}
    for name, value in changes.items():
        setattr(run, name, value)
    moving = type(run)._default_manager.filter(pk=run.pk, state=run.MOVING)
    if "message" in changes:
        moving.exclude(message=run.STOPPING).update(message=changes.pop("message"))
    if changes:
        moving.update(**changes)


def wait(error: UpstreamError, failures: int) -> Busy:
    """Until CloudFactory takes the part: as long as it asks for, else longer after each failure in a row."""
    if isinstance(error, RateLimited | HeldBack):
        return Busy(min(error.retry_in or FIRST_WAIT, LONGEST_WAIT), error.lasting_message)
    return Busy(FIRST_WAIT * 2 ** max(0, failures - 1), error.lasting_message)


def message_of(error: UpstreamError) -> str:
    """What is said of an item that was refused."""
    return (error.vendor_text or error.lasting_message)[:500]


def part_done(tally: PartTally) -> PartDone:
    if not tally.total:
        return PartDone(result=tally.figures, message="None of its items was sent.")
    states = {DONE: Part.State.DONE, FAILED: Part.State.FAILED, UNKNOWN: Part.State.UNKNOWN}
    return PartDone(result=tally.figures, state=states[tally.outcome])


def end_act(act: record.audited_call, tally: PartTally, error: UpstreamError | None, *, unclear: str) -> None:
    """Ends the entry of a part of which something was sent; `unclear` is said of a lost answer without an error."""
    about = entries.of_error(error) if error is not None else {"detail": {}, "reference": None}
    detail: dict[str, Any] = about["detail"] if tally.outcome != DONE else {}
    if not detail and tally.outcome == FAILED:
        detail = {"error": tally.refusals[0]["message"]}
    elif not detail and tally.outcome == UNKNOWN:
        detail = {"error": unclear}
    end = {DONE: act.done, FAILED: act.failed, UNKNOWN: act.unknown}[tally.outcome]
    end(detail={**detail, **tally.detail}, reference=about["reference"])


def reconcile_entry(entry: Entry, tally: PartTally) -> None:
    """Ends the entry of a part that an earlier worker can have sent, once its items were looked up."""
    is_unknown = tally.outcome == UNKNOWN
    if entry.outcome not in (OPEN, UNKNOWN) or (is_unknown and entry.result.get("cut_off")):
        return
    about = {"error": CUT_OFF, "cut_off": True} if is_unknown else {"found": "after a restart"}
    # The audit's own check can be faster: it has read the same items.
    with suppress(record.AlreadyReconciled):
        record.reconcile(entry, tally.outcome, {**about, **tally.detail})
