"""What workers do for bulk signals: they send each part once, read its items again, and keep what became of them.

A part's entry in the audit is committed before its call. A worker that finds an entry other than "surely not done"
looks the items up by reading and never sends them again.
"""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.rights import Right
from console.audit import record
from console.audit.models import FAILED, Entry
from console.items import counts
from console.items.bulk import part_sending, reconcile, results, services
from console.items.bulk.actions import action_of
from console.items.bulk.part_sending import Sending
from console.items.models import BulkItem, BulkSignal
from console.items.runs import jobs as run_jobs
from console.items.runs import result_writer
from console.items.runs.jobs import FIRST_WAIT, NOTHING_SENT
from console.jobs import handlers, parts
from console.jobs.handlers import Done, Paused, Retry
from console.jobs.models import FARTHEST, Operation, Part
from console.jobs.parts import Busy, PartResult

State, Outcome = BulkSignal.State, BulkItem.Outcome
ROLE_CHANGED = "Your role can’t signal work items any more."


def register() -> None:
    run_jobs.register(
        BulkSignal,
        send,
        title="Send a signal to many work items",
        stop=lambda bulk: services.stop(user=bulk.person, bulk=bulk),
        carry_on=lambda bulk: services.carry_on(user=bulk.person, bulk=bulk),
    )


def send(operation: Operation) -> handlers.Result:
    """Sends what is left of a bulk signal. Its state says whether that can be done now."""
    bulk = run_jobs.find_run(BulkSignal, operation)
    if bulk is None:
        return Done("Its plan was deleted.")
    if bulk.state == State.WAITING:
        remaining = bulk.due_at - timezone.now() if bulk.due_at else timedelta()
        # As with the job itself, nothing waits for a moment that a wrong clock wrote.
        if timedelta() < remaining <= FARTHEST:
            return Retry(remaining.total_seconds())
        services.begin(bulk)
    if bulk.state == State.PAUSED and operation.stop_asked_at is None:
        return Paused(bulk.message)
    if bulk.state not in (State.SENDING, State.PAUSED):
        return Done("Nothing was left to do.")
    return run_jobs.follow(operation, bulk, parts.run(operation, partial(_send_part, bulk)))


def _send_part(first: BulkSignal, operation: Operation, part: Part) -> PartResult:
    """Each part reads the person and the signal anew: their role, their key and its state can have changed."""
    bulk = BulkSignal.objects.select_related("person").get(pk=first.pk)
    action = action_of(bulk.action)
    entry = Entry.objects.prefetch_related("outcomes").filter(pk=part.pk).first()
    try:
        job = Sending(operation, part, bulk, action, connections.cloudfactory(bulk.person))
    except ConnectionMissing as error:
        return part_sending.halt(operation, part, bulk, error.message)
    if entry is not None and entry.outcome != FAILED:
        return _look_up(job, entry)
    if not bulk.person.can(Right.SIGNAL):
        return part_sending.halt(operation, part, bulk, ROLE_CHANGED)
    if problem := part_sending.read_if_old(job):
        return problem
    items = job.items(Outcome.NONE)
    if not items:
        return run_jobs.part_done(result_writer.count_part(BulkItem, part.pk))
    try:
        return part_sending.send_items(job, items, again=entry is not None)
    except record.AlreadyActed:
        # A worker whose lease ran out was faster; what it leaves behind is looked up.
        return Busy(FIRST_WAIT, NOTHING_SENT)
    except record.IdTaken as error:
        return part_sending.halt(operation, part, bulk, error.message)
    except record.NotRecorded as error:
        return Busy(FIRST_WAIT, error.message)


def _look_up(job: Sending, entry: Entry) -> PartResult:
    """A part that an earlier worker can have sent: its items are read, and nothing is sent again."""
    items = job.items(Outcome.NONE, Outcome.SENDING, Outcome.UNKNOWN)
    current = part_sending.read_items(job, items) if items else None
    by_item = {
        item.pk: results.judge(sent_item, None, unclear=result_writer.CUT_OFF)
        for item, sent_item in reconcile.compare_items(items, job.action.choice, current, at=entry.at)
    }
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(by_item, Outcome.NONE, Outcome.SENDING, Outcome.UNKNOWN)
        run_jobs.note(job.bulk, message="", needs_read=bool(items) and current is None)
        tally = result_writer.count_part(BulkItem, job.part.pk)
        run_jobs.reconcile_entry(entry, tally)
    counts.forget(project=str(job.bulk.project))
    return run_jobs.part_done(tally)
