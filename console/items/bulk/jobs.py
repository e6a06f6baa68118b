"""What workers do for bulk signals: they send each part once, read its items again, and keep what became of them.

A part's entry in the audit is committed before its call. A worker that finds an entry other than "surely not done"
looks the items up by reading and never sends them again.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.rights import Right
from console.audit import entries, record
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.items import counts
from console.items.bulk import job_hooks, reconcile, result_writer, results, services
from console.items.bulk.actions import BulkAction, action_of
from console.items.bulk.result_writer import Tally
from console.items.bulk.results import Result
from console.items.bulk.selectors import is_recent
from console.items.models import BulkItem, BulkSignal
from console.items.selectors import VENDOR, ItemsById, read_by_ids
from console.items.statuses import status_named
from console.jobs import handlers, parts
from console.jobs import services as jobs
from console.jobs.handlers import Done, Paused, Retry
from console.jobs.models import FARTHEST, Operation, Part
from console.jobs.parts import Busy, Halt, Hold, PartDone, PartResult
from console.jobs.queues import Queue
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import (
    ACCESS_REFUSALS,
    HeldBack,
    NotSent,
    RateLimited,
    Refused,
    UpstreamError,
)
from console.upstream.response_models import SignalItem, SignalResult

State, Outcome = BulkSignal.State, BulkItem.Outcome
MOST_FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = 5.0, 600.0
ROLE_CHANGED = "Your role can’t signal work items any more."
MISSING = "Not sent: the project has no such item any more."
UNREAD = "Not sent: it could not be read again before."
CUT_OFF = "The console stopped before an answer came."
NOTHING_SENT = "Nothing was sent: another worker has this part."


@dataclass(frozen=True)
class Sending:
    """One part in the hands of this worker."""

    operation: Operation
    part: Part
    bulk: BulkSignal
    action: BulkAction
    platform: CloudFactory

    def items(self, *outcomes: str) -> list[BulkItem]:
        return list(BulkItem.objects.filter(act_id=self.part.pk, outcome__in=outcomes))

    def write(self, found: Mapping[int, Result], *only: str) -> None:
        result_writer.write(self.bulk.pk, found, only=only)


def register() -> None:
    handlers.register(
        services.KIND,
        send,
        title="Send a signal to many work items",
        on_abandon=_give_up,
        queue=Queue.BULK,
        address=job_hooks.address,
        stop=job_hooks.stop,
        carry_on=job_hooks.carry_on,
    )
    handlers.every_minute(end_left_over)


def send(operation: Operation) -> handlers.Result:
    """Sends what is left of a bulk signal. Its state says whether that can be done now."""
    bulk = _bulk_of(operation)
    if bulk is None:
        return Done("Its plan was deleted.")
    if bulk.state == State.WAITING:
        left = bulk.due_at - timezone.now() if bulk.due_at else timedelta()
        # As with the job itself, nothing waits for a moment that a wrong clock wrote.
        if timedelta() < left <= FARTHEST:
            return Retry(left.total_seconds())
        services.begin(bulk)
    if bulk.state == State.PAUSED and operation.stop_asked_at is None:
        return Paused(bulk.message)
    if bulk.state not in (State.SENDING, State.PAUSED):
        return Done("Nothing was left to do.")
    return _follow(operation, bulk, parts.run(operation, partial(_send_part, bulk)))


def end_left_over() -> None:
    """Ends what no job is left for, because a process was killed just after its job was given up."""
    for bulk in BulkSignal.objects.filter(state__in=services.UNDER_WAY):
        of_bulk = Operation.objects.filter(kind=services.KIND, subject=str(bulk.pk)).order_by("-created_at")
        if not of_bulk.unfinished().exists():
            words = of_bulk.values_list("words", flat=True).first()
            services.end(bulk, reason=words or services.NOT_SENT)


def _follow(operation: Operation, bulk: BulkSignal, result: handlers.Result) -> handlers.Result:
    """The signal's own row follows its job, as long as this worker has it."""
    if not operation.renew(jobs.lease()):
        return result
    unfinished = operation.parts.filter(state__in=(Part.State.WAITING, Part.State.RUNNING)).exists()
    if isinstance(result, Paused):
        services.pause(bulk, result.message)
    elif isinstance(result, Done) and not unfinished:
        services.end(bulk, reason=parts.why_left_out(operation, result.message))
    return result


def _give_up(operation: Operation, words: str) -> None:
    bulk = _bulk_of(operation)
    if bulk is not None:
        services.end(bulk, reason=words)


def _bulk_of(operation: Operation) -> BulkSignal | None:
    return BulkSignal.objects.select_related("person").filter(pk=operation.subject).first()


def _send_part(first: BulkSignal, operation: Operation, part: Part) -> PartResult:
    """Each part reads the person and the signal anew: their role, their key and its state can have changed."""
    bulk = BulkSignal.objects.select_related("person").get(pk=first.pk)
    action = action_of(bulk.action)
    entry = Entry.objects.prefetch_related("outcomes").filter(pk=part.pk).first()
    try:
        job = Sending(operation, part, bulk, action, connections.cloudfactory(bulk.person))
    except ConnectionMissing as error:
        return _halt(operation, part, bulk, error.message)
    if entry is not None and entry.outcome != FAILED:
        return _look_up(job, entry)
    if not bulk.person.can(Right.SIGNAL):
        return _halt(operation, part, bulk, ROLE_CHANGED)
    if problem := _read_if_old(job):
        return problem
    items = job.items(Outcome.NONE)
    if not items:
        return _done(result_writer.count_part(part.pk))
    try:
        return _send(job, items, again=entry is not None)
    except record.AlreadyActed:
        # A worker whose lease ran out was faster; what it leaves behind is looked up.
        return Busy(FIRST_WAIT, NOTHING_SENT)
    except record.IdTaken as error:
        return _halt(operation, part, bulk, error.message)
    except record.NotRecorded as error:
        return Busy(FIRST_WAIT, error.message)


def _send(job: Sending, items: Sequence[BulkItem], *, again: bool) -> PartResult:
    with _act(job, items, again=again) as act:
        try:
            if _mark_sending(job, items):
                return _call(job, items, act)
            act.failed(detail={"error": NOTHING_SENT})
            return Busy(FIRST_WAIT, NOTHING_SENT)
        except parts.TakenOver:
            # The worker that has the part now looks it up.
            act.detach()
            raise


def _mark_sending(job: Sending, items: Sequence[BulkItem]) -> bool:
    """The last thing before the call; False where somebody else has an item in hand. Raises TakenOver."""
    with transaction.atomic():
        parts.keep(job.operation)
        waiting = BulkItem.objects.filter(pk__in=[item.pk for item in items], outcome=Outcome.NONE)
        is_marked = waiting.update(outcome=Outcome.SENDING) == len(items)
        transaction.set_rollback(not is_marked)
    return is_marked


def _call(job: Sending, items: Sequence[BulkItem], act: record.audited_call) -> PartResult:
    at = timezone.now()
    try:
        answer = _signal(job, items, act)
    except (NotSent, RateLimited) as error:
        return _put_back(job, items, act, error)
    except ACCESS_REFUSALS as error:
        return _refused_for_good(job, items, act, error)
    except UpstreamError as error:
        refused = isinstance(error, Refused)
        return _judge(job, items, act, at, error=error, failures=0 if refused else job.bulk.failures + 1)
    return _judge(job, items, act, at, answer=answer)


def _signal(job: Sending, items: Sequence[BulkItem], act: record.audited_call) -> tuple[SignalResult, ...]:
    choice, bulk = job.action.choice, job.bulk
    remarks: dict[str, Any] = {
        "assignee": bulk.assignee or None,
        "feedback": _feedback(bulk) or None,
        "reason": bulk.reason or None,
    }
    return job.platform.send_signals(
        str(bulk.project),
        signal=choice.signal,
        outcome=choice.outcome,
        task_type=choice.task_type,
        items=[SignalItem(str(item.item), **remarks) for item in items],
        request_id=str(act.id),
    )


def _judge(
    job: Sending,
    items: Sequence[BulkItem],
    act: record.audited_call,
    at: Any,
    *,
    answer: Sequence[SignalResult] = (),
    error: UpstreamError | None = None,
    failures: int = 0,
) -> PartResult:
    """Reads the items again, and keeps what became of each together with the audit's outcome."""
    if timezone.now() - at > jobs.lease() / 4:
        parts.keep(job.operation)
    read = _read(job, items)
    said = {result.work_item_id: result for result in answer}
    without_word = [item.item for item in items if str(item.item) not in said and not isinstance(error, Refused)]
    found: dict[int, Result] = {}
    for item, sent in reconcile.sent(items, job.action.choice, read, at=at, without_word=without_word):
        if isinstance(error, Refused):
            found[item.pk] = results.refuse(sent, _words(error))
        else:
            unclear = error.lasting_message if error else results.NOT_NAMED
            found[item.pk] = results.judge(sent, said.get(str(item.item)), unclear=unclear)
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(found, Outcome.SENDING)
        _note(job, failures=failures, needs_read=read is None)
        tally = result_writer.count_part(job.part.pk)
        _end_act(act, tally, error)
    counts.forget(project=str(job.bulk.project))
    done = _done(tally)
    is_last = not job.operation.parts.filter(state=Part.State.WAITING).exists()
    if error is None or failures < MOST_FAILURES or is_last:
        return done
    return Hold(error.lasting_message, done)


def _end_act(act: record.audited_call, tally: Tally, error: UpstreamError | None) -> None:
    detail: dict[str, Any] = {}
    if error is not None and tally.outcome != DONE:
        detail = entries.of_error(error)["detail"]
    elif tally.outcome == FAILED:
        detail = {"error": tally.refusals[0]["message"]}
    elif tally.outcome == UNKNOWN:
        detail = {"error": results.NOT_NAMED}
    end = {DONE: act.done, FAILED: act.failed, UNKNOWN: act.unknown}[tally.outcome]
    end(detail={**detail, **tally.detail}, reference=error.reference if error else None)


def _put_back(
    job: Sending, items: Sequence[BulkItem], act: record.audited_call, error: NotSent | RateLimited
) -> PartResult:
    """Surely nothing was done: the same part again, under its one entry, once CloudFactory takes it."""
    with transaction.atomic():
        parts.keep(job.operation)
        BulkItem.objects.filter(pk__in=[item.pk for item in items], outcome=Outcome.SENDING).update(
            outcome=Outcome.NONE
        )
        act.failed(**entries.of_error(error))
    return _wait(job, error)


def _refused_for_good(
    job: Sending, items: Sequence[BulkItem], act: record.audited_call, error: UpstreamError
) -> PartResult:
    """The key, its rights or the project is gone: no other part would do better."""
    refused = Result(Outcome.REFUSED, _words(error))
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(dict.fromkeys([item.pk for item in items], refused), Outcome.SENDING)
        said = entries.of_error(error)
        act.failed(
            detail={**said["detail"], **result_writer.count_part(job.part.pk).detail}, reference=said["reference"]
        )
    return Halt(error.lasting_message)


def _wait(job: Sending, error: UpstreamError) -> PartResult:
    """Until CloudFactory takes the part. One that can't be reached five times in a row waits for a person."""
    message = error.lasting_message
    if isinstance(error, RateLimited | HeldBack):
        _note(job, message=message, needs_read=job.bulk.needs_read or isinstance(error, HeldBack))
        return Busy(min(error.retry_in or FIRST_WAIT, LONGEST_WAIT), message)
    failures = job.bulk.failures + 1
    _note(job, message=message, failures=failures, needs_read=True)
    if failures >= MOST_FAILURES:
        return Hold(message)
    return Busy(FIRST_WAIT * 2 ** (failures - 1), message)


def _read_if_old(job: Sending) -> PartResult | None:
    """Reads what was read more than SIGNAL_PLAN_FRESH seconds ago; what has changed or is gone is not sent."""
    items = job.items(Outcome.NONE)
    is_fresh = all(is_recent(item.read_at, settings.SIGNAL_PLAN_FRESH) for item in items)
    if not items or (is_fresh and not job.bulk.needs_read):
        return None
    at = timezone.now()
    try:
        read = read_by_ids(job.platform, project=job.bulk.project, ids=_ids(items))
    except ACCESS_REFUSALS as error:
        return _halt(job.operation, job.part, job.bulk, error.lasting_message)
    except UpstreamError as error:
        return _wait(job, error)
    with transaction.atomic():
        parts.keep(job.operation)
        left_out = {item.pk: result for item in items if (result := _why_not(item, read))}
        job.write(left_out, Outcome.NONE)
        for item in items:
            if item.pk not in left_out:
                item.read_at, item.updated_before = at, read.items[str(item.item)].updated_at
        kept = [item for item in items if item.pk not in left_out]
        BulkItem.objects.bulk_update(kept, ["read_at", "updated_before"])
        _note(job, needs_read=False)
    return None


def _why_not(item: BulkItem, read: ItemsById) -> Result | None:
    now = read.items.get(str(item.item))
    if now is None:
        return Result(Outcome.NOT_SENT, MISSING if read.is_whole else UNREAD)
    status = (now.status or "")[:40]
    if status == item.status_before:
        return None
    before, after = status_named(item.status_before).word, status_named(status).word
    return Result(Outcome.NOT_SENT, f"It changed before it was sent: from “{before}” to “{after}”.", status)


def _look_up(job: Sending, entry: Entry) -> PartResult:
    """A part that an earlier worker can have sent: its items are read, and nothing is sent again."""
    items = job.items(Outcome.NONE, Outcome.SENDING, Outcome.UNKNOWN)
    read = _read(job, items) if items else None
    found = {
        item.pk: results.judge(sent, None, unclear=CUT_OFF)
        for item, sent in reconcile.sent(items, job.action.choice, read, at=entry.at)
    }
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(found, Outcome.NONE, Outcome.SENDING, Outcome.UNKNOWN)
        _note(job, needs_read=bool(items) and read is None)
        tally = result_writer.count_part(job.part.pk)
        _reconcile(entry, tally)
    counts.forget(project=str(job.bulk.project))
    return _done(tally)


def _reconcile(entry: Entry, tally: Tally) -> None:
    is_unknown = tally.outcome == UNKNOWN
    if entry.outcome not in (OPEN, UNKNOWN) or (is_unknown and entry.result.get("cut_off")):
        return
    said = {"error": CUT_OFF, "cut_off": True} if is_unknown else {"found": "after a restart"}
    # The audit's own check can be faster: it has read the same items.
    with suppress(record.AlreadyReconciled):
        record.reconcile(entry, tally.outcome, {**said, **tally.detail})


def _halt(operation: Operation, part: Part, bulk: BulkSignal, message: str) -> PartResult:
    """Nothing more is sent. Of a part that can have been sent nothing is said here: the audit looks it up."""
    unsent = BulkItem.objects.filter(act_id=part.pk, outcome=Outcome.NONE).values_list("pk", flat=True)
    with transaction.atomic():
        parts.keep(operation)
        not_sent = Result(Outcome.NOT_SENT, message[:500])
        result_writer.write(bulk.pk, dict.fromkeys(unsent, not_sent), only=[Outcome.NONE])
    return Halt(message)


def _done(tally: Tally) -> PartDone:
    if not tally.total:
        return PartDone(came=tally.figures, message="None of its items was sent.")
    states = {DONE: Part.State.DONE, FAILED: Part.State.FAILED, UNKNOWN: Part.State.UNKNOWN}
    return PartDone(came=tally.figures, state=states[tally.outcome])


def _read(job: Sending, items: Sequence[BulkItem]) -> ItemsById | None:
    """The items as they are now, None where CloudFactory could not be read."""
    try:
        return read_by_ids(job.platform, project=job.bulk.project, ids=_ids(items))
    except UpstreamError:
        return None


def _note(job: Sending, *, message: str = "", needs_read: bool, failures: int | None = None) -> None:
    """What the next part has to know. A stop that was asked for keeps its own message."""
    known = job.bulk
    failures = known.failures if failures is None else failures
    if (known.message, known.needs_read, known.failures) == (message, needs_read, failures):
        return
    mine = BulkSignal.objects.filter(pk=known.pk, state=State.SENDING)
    mine.exclude(message=services.STOPPING).update(message=message[:500])
    mine.update(needs_read=needs_read, failures=failures)
    known.needs_read, known.failures = needs_read, failures


def _ids(items: Sequence[BulkItem]) -> list[str]:
    return [str(item.item) for item in items]


def _words(error: UpstreamError) -> str:
    return (error.vendor_text or error.lasting_message)[:500]


def _feedback(bulk: BulkSignal) -> dict[str, str]:
    return {"comment": bulk.note} if bulk.note else {}


def _act(job: Sending, items: Sequence[BulkItem], *, again: bool) -> record.audited_call:
    choice, bulk = job.action.choice, job.bulk
    return record.audited_call(
        actor=bulk.person,
        action=choice.action,
        thing_kind="project",
        thing_id=str(bulk.project),
        thing_name=bulk.project_name,
        vendor=VENDOR,
        act_id=job.part.pk,
        group=bulk.pk,
        again=again,
        key=connections.key_fingerprint(bulk.person, VENDOR),
        detail={
            "project_id": str(bulk.project),
            "space": bulk.space,
            "signal": choice.signal,
            "outcome": choice.outcome,
            "task_type": choice.task_type,
            "reason": bulk.reason,
            "assignee": bulk.assignee,
            "feedback": _feedback(bulk),
            "items": len(items),
            "planned": bulk.planned_count,
            "ids": _ids(items),
        },
    )
