"""What workers do for imports: each part is created once, under one entry in the audit.

The entry is committed before the first call of its part. A worker that finds an entry other than "surely not done"
looks up what may have been sent; what was surely not sent follows in a new part. An item whose answer was lost is sent
again only once three checks over AUDIT_SETTLE_SPAN did not find it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.rights import Right
from console.audit import entries, reconciliation, record
from console.audit.models import FAILED, Entry
from console.items import counts
from console.items.imports import part_creation, reconcile, results, services, slice_links
from console.items.imports.part_creation import Course, Creating
from console.items.imports.results import RowResult
from console.items.models import Import, ImportRow
from console.items.runs import jobs as run_jobs
from console.items.runs import result_writer
from console.items.runs import services as run_services
from console.items.runs.jobs import FIRST_WAIT, MOST_FAILURES, NOTHING_SENT
from console.items.runs.result_writer import PartTally
from console.items.selectors import VENDOR
from console.jobs import handlers, parts
from console.jobs.handlers import Done, Paused, Retry
from console.jobs.models import Operation, Part
from console.jobs.parts import Busy, Halt, Hold, PartDone, PartResult
from console.upstream.errors import ACCESS_REFUSALS, HeldBack, RateLimited, UpstreamError

State, Outcome, Source = Import.State, ImportRow.Outcome, Import.Source
OTHERS_WAIT, CHECK_WAIT = 5.0, 5.0
# So long an item is waited for that another import may have created, and one whose answer was lost is checked.
PATIENCE = timedelta(minutes=20)
OTHERS = "Waiting for another import that is creating the same items."
OTHER_UNKNOWN = "Not created: another import may have created it, and nobody knows yet whether it did."
CHECKING = "Checking items whose answer was lost, before they are sent again."


def register() -> None:
    run_jobs.register(
        Import,
        create,
        title="Create many work items",
        stop=lambda import_run: run_services.stop(user=import_run.person, run=import_run),
        carry_on=lambda import_run: run_services.carry_on(user=import_run.person, run=import_run),
    )
    handlers.every_night(services.delete_old)


def create(operation: Operation) -> handlers.Result:
    """Creates what is left of an import. Its state says whether that can be done now."""
    import_run = run_jobs.find_run(Import, operation)
    if import_run is None:
        return Done("Its plan was deleted.")
    if import_run.state == State.PAUSED and operation.stop_asked_at is None:
        return Paused(import_run.message)
    if import_run.state not in Import.UNDER_WAY:
        return Done("Nothing was left to do.")
    result = parts.run(operation, partial(_create_part, import_run))
    return run_jobs.follow(operation, import_run, result, check=partial(_send_missing, operation, import_run))


def _send_missing(operation: Operation, import_run: Import) -> Retry | None:
    """Has rows that were surely not created sent again, under a new entry.

    None where nothing is left that checks can find out, or where the job was asked to stop.
    """
    if operation.stop_asked_at is not None:
        return None
    unknown = import_run.rows.filter(outcome__in=ImportRow.OPEN_OUTCOMES, act_id__isnull=False)
    acts = [act for act in unknown.order_by().values_list("act_id", flat=True).distinct() if act]
    is_checking = False
    for entry in Entry.objects.select_related("actor").prefetch_related("outcomes").filter(pk__in=acts):
        if reconcile.is_proven(entry) and services.send_again(operation, import_run, entry):
            reconcile.reconcile_known(entry)
            return Retry(0.0, CHECKING)
        is_checking = is_checking or reconciliation.state(entry).status in ("under way", "checking")
    progressed = import_run.progressed_at or import_run.started_at or import_run.created_at
    is_over = timezone.now() - progressed > PATIENCE + timedelta(seconds=settings.AUDIT_SETTLE_SPAN)
    if not is_checking or is_over:
        return None
    run_jobs.note(import_run, message=CHECKING)
    return Retry(CHECK_WAIT, CHECKING)


def _create_part(first: Import, operation: Operation, part: Part) -> PartResult:
    """Each part reads the person and the import anew: their role, their key and its state can have changed."""
    import_run = Import.objects.select_related("person").get(pk=first.pk)
    entry = Entry.objects.prefetch_related("outcomes").filter(pk=part.pk).first()
    try:
        job = Creating(operation, part, import_run, connections.cloudfactory(import_run.person))
    except ConnectionMissing as error:
        return Halt(error.message)
    if entry is not None and entry.outcome != FAILED:
        return _look_up(job, entry)
    if not import_run.person.can(Right.CHANGE):
        return Halt(services.ROLE_CHANGED)
    to_send = _leave_out_held(job)
    try:
        job = replace(job, links=slice_links.read_links(import_run, to_send))
    except ConnectionMissing as error:
        return Halt(error.message)
    except UpstreamError as error:
        return _wait_for_links(job, error)
    to_send = _leave_out_without_link(job, to_send)
    if not to_send:
        return _after_held(job)
    try:
        return _send(job, to_send, again=entry is not None)
    except record.AlreadyActed:
        # A worker whose lease ran out was faster; what it leaves behind is looked up.
        return Busy(FIRST_WAIT, NOTHING_SENT)
    except record.IdTaken as error:
        return Halt(error.message)
    except record.NotRecorded as error:
        return Busy(FIRST_WAIT, error.message)


def _leave_out_held(job: Creating) -> list[ImportRow]:
    """The rows that can be sent. What another import created is there already; what one is creating is waited for."""
    to_send = job.rows(Outcome.NONE)
    holders = part_creation.find_holders(to_send)
    if not holders:
        return to_send
    by_row: dict[int, RowResult] = {}
    for row in to_send:
        holder = holders.get(row.console_id)
        if holder is not None and holder.outcome == Outcome.CREATED:
            by_row[row.pk] = RowResult(Outcome.PRESENT, "It was created already.", item=holder.item)
        elif holder is not None and holder.sent_at and timezone.now() - holder.sent_at > PATIENCE:
            by_row[row.pk] = RowResult(Outcome.NOT_CREATED, OTHER_UNKNOWN)
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(by_row, Outcome.NONE)
    return [row for row in to_send if row.console_id not in holders]


def _leave_out_without_link(job: Creating, to_send: Sequence[ImportRow]) -> list[ImportRow]:
    """The rows that can be sent. What the slice doesn't hold any more is not created."""
    missing = {row.pk for row in to_send if slice_links.needs_link(row) and row.pk not in job.links}
    if missing:
        with transaction.atomic():
            parts.keep(job.operation)
            job.write(dict.fromkeys(missing, RowResult(Outcome.NOT_CREATED, slice_links.CHANGED)), Outcome.NONE)
    return [row for row in to_send if row.pk not in missing]


def _wait_for_links(job: Creating, error: UpstreamError) -> PartResult:
    """Avala gave no links: nothing was sent, and without its key or the slice nothing will be."""
    if isinstance(error, ACCESS_REFUSALS):
        return Halt(error.lasting_message)
    failures = job.import_run.failures if isinstance(error, RateLimited | HeldBack) else job.import_run.failures + 1
    run_jobs.note(job.import_run, failures=failures, message=error.lasting_message)
    if failures >= MOST_FAILURES:
        return Hold(error.lasting_message)
    return run_jobs.wait(error, failures)


def _after_held(job: Creating) -> PartResult:
    if job.rows(Outcome.NONE):
        run_jobs.note(job.import_run, message=OTHERS)
        return Busy(OTHERS_WAIT, OTHERS)
    return run_jobs.part_done(result_writer.count_part(ImportRow, job.part.pk))


def _send(job: Creating, to_send: Sequence[ImportRow], *, again: bool) -> PartResult:
    with _act(job, to_send, again=again) as act:
        try:
            return _end(job, act, part_creation.create_rows(job, to_send))
        except parts.TakenOver:
            # The worker that has the part now looks it up.
            act.detach()
            raise


def _end(job: Creating, act: record.audited_call, course: Course) -> PartResult:
    """Ends the entry with what is known of its rows. What was not sent is a part of its own, if the job goes on."""
    error = course.problem
    ends_job = bool(course.stop_reason) or isinstance(error, ACCESS_REFUSALS)
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(course.results, Outcome.SENDING)
        tally = result_writer.count_part(ImportRow, job.part.pk)
        run_jobs.note(job.import_run, failures=course.failures, message=error.lasting_message if error else "")
        if tally.total and not ends_job:
            _move_rest(job)
        _end_act(act, tally, error, course.stop_reason or OTHERS)
    if tally.done_count:
        counts.forget(project=str(job.import_run.project))
    if isinstance(error, ACCESS_REFUSALS):
        return Halt(error.lasting_message)
    if course.stop_reason == services.ROLE_CHANGED:
        return Halt(course.stop_reason)
    part_done = run_jobs.part_done(tally) if tally.total else None
    if error is not None and course.failures >= MOST_FAILURES and _is_more_to_send(job):
        return Hold(error.lasting_message, part_done)
    if part_done is not None or course.stop_reason:
        return part_done or PartDone(message=course.stop_reason)
    # Without an error another import was faster with all of its rows.
    return run_jobs.wait(error, course.failures) if error is not None else Busy(OTHERS_WAIT, OTHERS)


def _move_rest(job: Creating) -> None:
    """Rows that were not sent, or that another import holds."""
    run_services.add_parts(ImportRow, job.operation, [row.pk for row in job.rows(Outcome.NONE)], **services.UNSENT)


def _is_more_to_send(job: Creating) -> bool:
    return job.import_run.rows.filter(outcome=Outcome.NONE, act_id__isnull=False).exists()


def _end_act(act: record.audited_call, tally: PartTally, error: UpstreamError | None, otherwise: str) -> None:
    """`otherwise` says why nothing was sent without an error."""
    if tally.total:
        run_jobs.end_act(act, tally, error, unclear=results.NO_ANSWER)
    elif error is not None:
        act.failed(**entries.of_error(error))
    else:
        act.failed(detail={"error": otherwise})


def _look_up(job: Creating, entry: Entry) -> PartResult:
    """A part that an earlier worker can have sent: its batch is read for what it claimed, and the rest follows."""
    claimed = job.rows(*ImportRow.OPEN_OUTCOMES)
    try:
        by_row = reconcile.look_for(job.platform, job.import_run, claimed) if claimed else {}
    except UpstreamError:
        by_row = {row.pk: RowResult(Outcome.UNKNOWN, result_writer.CUT_OFF) for row in claimed}
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(by_row, *ImportRow.OPEN_OUTCOMES)
        _move_rest(job)
        tally = result_writer.count_part(ImportRow, job.part.pk)
        run_jobs.reconcile_entry(entry, tally)
    counts.forget(project=str(job.import_run.project))
    return run_jobs.part_done(tally)


def _act(job: Creating, to_send: Sequence[ImportRow], *, again: bool) -> record.audited_call:
    import_run = job.import_run
    is_slice = import_run.source == Source.SLICE
    return record.audited_call(
        actor=import_run.person,
        action="slice.send" if is_slice else "item.create",
        thing_kind="slice" if is_slice else "project",
        thing_id=import_run.source_key if is_slice else str(import_run.project),
        thing_name=import_run.source_name if is_slice else import_run.project_name,
        vendor=VENDOR,
        act_id=job.part.pk,
        group=import_run.pk,
        again=again,
        key=connections.key_fingerprint(import_run.person, VENDOR),
        detail={
            "project_id": str(import_run.project),
            "project_name": import_run.project_name,
            "space": import_run.space,
            "source": import_run.source,
            "source_name": import_run.source_name,
            "batch": _batch_words(import_run),
            "items": len(to_send),
            "planned": import_run.planned_count,
        },
    )


def _batch_words(import_run: Import) -> str:
    """The name of the one batch, else how many there are."""
    if import_run.batch_id is not None:
        return services.batch_name(import_run, import_run.batch_id)
    planned = import_run.rows.filter(act_id__isnull=False).order_by()
    ids: list[int | None] = list(planned.values_list("batch_id", flat=True).distinct())
    return services.batch_name(import_run, ids[0]) if len(ids) == 1 else f"{len(ids)} batches"
