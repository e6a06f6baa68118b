"""Sending one part of a bulk signal: its items are read if that is too old, sent once, and read again.

The part's entry in the audit is committed before its call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import connections
from console.audit import entries, record
from console.items import counts
from console.items.bulk import reconcile, results
from console.items.bulk.actions import BulkAction
from console.items.bulk.results import BulkResult
from console.items.bulk.selectors import is_recent
from console.items.models import BulkItem, BulkSignal
from console.items.runs import jobs as run_jobs
from console.items.runs import result_writer
from console.items.runs.jobs import FIRST_WAIT, MOST_FAILURES, NOTHING_SENT
from console.items.runs.result_writer import ItemResult
from console.items.selectors import VENDOR, ItemsById, read_by_ids
from console.items.statuses import status_named
from console.jobs import parts
from console.jobs import services as jobs
from console.jobs.models import Operation, Part
from console.jobs.parts import Busy, Halt, Hold, PartResult
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

Outcome = BulkItem.Outcome
MISSING = "Not sent: the project has no such item any more."
UNREAD = "Not sent: it could not be read again before."


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

    def write(self, results: Mapping[int, ItemResult], *only: str) -> None:
        result_writer.write(BulkSignal, self.bulk.pk, results, only=only)


def send_items(job: Sending, items: Sequence[BulkItem], *, again: bool) -> PartResult:
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


def read_if_old(job: Sending) -> PartResult | None:
    """Reads what was read more than SIGNAL_PLAN_FRESH seconds ago; what has changed or is gone is not sent."""
    items = job.items(Outcome.NONE)
    is_fresh = all(is_recent(item.read_at, settings.SIGNAL_PLAN_FRESH) for item in items)
    if not items or (is_fresh and not job.bulk.needs_read):
        return None
    at = timezone.now()
    try:
        current = read_by_ids(job.platform, project=job.bulk.project, ids=_ids(items))
    except ACCESS_REFUSALS as error:
        return halt(job.operation, job.part, job.bulk, error.lasting_message)
    except UpstreamError as error:
        return _wait(job, error)
    with transaction.atomic():
        parts.keep(job.operation)
        left_out = {item.pk: result for item in items if (result := _why_not(item, current))}
        job.write(left_out, Outcome.NONE)
        for item in items:
            if item.pk not in left_out:
                item.read_at, item.updated_before = at, current.items[str(item.item)].updated_at
        unchanged = [item for item in items if item.pk not in left_out]
        BulkItem.objects.bulk_update(unchanged, ["read_at", "updated_before"])
        run_jobs.note(job.bulk, message="", needs_read=False)
    return None


def halt(operation: Operation, part: Part, bulk: BulkSignal, message: str) -> PartResult:
    """Nothing more is sent. A part that can have been sent is left to the audit."""
    unsent = BulkItem.objects.filter(act_id=part.pk, outcome=Outcome.NONE)
    with transaction.atomic():
        parts.keep(operation)
        not_sent = ItemResult(Outcome.NOT_SENT, message)
        result_writer.write_all(BulkSignal, bulk.pk, unsent, not_sent, only=[Outcome.NONE])
    return Halt(message)


def read_items(job: Sending, items: Sequence[BulkItem]) -> ItemsById | None:
    """The items as they are now, None where CloudFactory could not be read."""
    try:
        return read_by_ids(job.platform, project=job.bulk.project, ids=_ids(items))
    except UpstreamError:
        return None


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
    """Reads the items again, and stores what became of each together with the audit's outcome."""
    if timezone.now() - at > jobs.lease() / 4:
        parts.keep(job.operation)
    current = read_items(job, items)
    answers = {result.work_item_id: result for result in answer}
    unanswered = [item.item for item in items if str(item.item) not in answers and not isinstance(error, Refused)]
    by_item: dict[int, ItemResult] = {}
    for item, sent_item in reconcile.compare_items(items, job.action.choice, current, at=at, unanswered=unanswered):
        if isinstance(error, Refused):
            by_item[item.pk] = results.refuse(sent_item, run_jobs.message_of(error))
        else:
            unclear = error.lasting_message if error else results.NOT_NAMED
            by_item[item.pk] = results.judge(sent_item, answers.get(str(item.item)), unclear=unclear)
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(by_item, Outcome.SENDING)
        run_jobs.note(job.bulk, message="", failures=failures, needs_read=current is None)
        tally = result_writer.count_part(BulkItem, job.part.pk)
        run_jobs.end_act(act, tally, error, unclear=results.NOT_NAMED)
    counts.forget(project=str(job.bulk.project))
    part_done = run_jobs.part_done(tally)
    is_last = not job.operation.parts.filter(state=Part.State.WAITING).exists()
    if error is None or failures < MOST_FAILURES or is_last:
        return part_done
    return Hold(error.lasting_message, part_done)


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
    refused = ItemResult(Outcome.REFUSED, run_jobs.message_of(error))
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(dict.fromkeys([item.pk for item in items], refused), Outcome.SENDING)
        run_jobs.end_act(act, result_writer.count_part(BulkItem, job.part.pk), error, unclear=results.NOT_NAMED)
    return Halt(error.lasting_message)


def _wait(job: Sending, error: UpstreamError) -> PartResult:
    """Until CloudFactory takes the part. One that can't be reached five times in a row waits for a person."""
    message = error.lasting_message
    if isinstance(error, RateLimited | HeldBack):
        run_jobs.note(job.bulk, message=message, needs_read=job.bulk.needs_read or isinstance(error, HeldBack))
        return run_jobs.wait(error, job.bulk.failures)
    failures = job.bulk.failures + 1
    run_jobs.note(job.bulk, message=message, failures=failures, needs_read=True)
    return Hold(message) if failures >= MOST_FAILURES else run_jobs.wait(error, failures)


def _why_not(item: BulkItem, current: ItemsById) -> BulkResult | None:
    now = current.items.get(str(item.item))
    if now is None:
        return BulkResult(Outcome.NOT_SENT, MISSING if current.is_whole else UNREAD)
    status = (now.status or "")[:40]
    if status == item.status_before:
        return None
    before, after = status_named(item.status_before).word, status_named(status).word
    return BulkResult(Outcome.NOT_SENT, f"It changed before it was sent: from “{before}” to “{after}”.", status)


def _ids(items: Sequence[BulkItem]) -> list[str]:
    return [str(item.item) for item in items]


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
