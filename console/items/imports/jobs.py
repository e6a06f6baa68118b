"""What workers do for imports: each part is created once, under one entry in the audit.

The entry is committed before the first call of its part. A worker that finds an entry other than "surely not done"
looks up what may have been sent; what was surely not sent follows in a new part. An item whose answer was lost is sent
again only once three checks over AUDIT_SETTLE_SPAN did not find it.
"""

from collections.abc import Sequence
from contextlib import suppress
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
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.items import counts
from console.items.imports import job_hooks, part_creation, reconcile, result_writer, services, slice_links
from console.items.imports.part_creation import MOST_FAILURES, Course, Creating
from console.items.imports.result_writer import Result, Tally
from console.items.models import Import, ImportRow
from console.items.selectors import VENDOR
from console.jobs import handlers, parts
from console.jobs import services as jobs
from console.jobs.handlers import Done, Paused, Retry
from console.jobs.models import Operation, Part
from console.jobs.parts import Busy, Halt, Hold, PartDone, PartResult
from console.jobs.queues import Queue
from console.upstream.errors import ACCESS_REFUSALS, HeldBack, RateLimited, UpstreamError

State, Outcome, Source = Import.State, ImportRow.Outcome, Import.Source
FIRST_WAIT, LONGEST_WAIT, OTHERS_WAIT, CHECK_WAIT = 5.0, 600.0, 5.0, 5.0
# So long an item is waited for that another import may have created, and one whose answer was lost is checked.
PATIENCE = timedelta(minutes=20)
NOTHING_SENT = "Nothing was sent: another worker has this part."
OTHERS = "Waiting for another import that is creating the same items."
OTHER_UNKNOWN = "Not created: another import may have created it, and nobody knows yet whether it did."
CHECKING = "Checking items whose answer was lost, before they are sent again."


def register() -> None:
    handlers.register(
        services.KIND,
        create,
        title="Create many work items",
        on_abandon=_give_up,
        queue=Queue.BULK,
        address=job_hooks.address,
        stop=job_hooks.stop,
        carry_on=job_hooks.carry_on,
    )
    handlers.every_minute(end_left_over)
    handlers.every_night(services.delete_old)


def create(operation: Operation) -> handlers.Result:
    """Creates what is left of an import. Its state says whether that can be done now."""
    import_ = _import_of(operation)
    if import_ is None:
        return Done("Its plan was deleted.")
    if import_.state == State.PAUSED and operation.stop_asked_at is None:
        return Paused(import_.message)
    if import_.state not in services.UNDER_WAY:
        return Done("Nothing was left to do.")
    return _follow(operation, import_, parts.run(operation, partial(_create_part, import_)))


def end_left_over() -> None:
    """Ends what no job is left for, because a process was killed just after its job was given up."""
    for import_ in Import.objects.filter(state__in=services.UNDER_WAY):
        of_import = Operation.objects.filter(kind=services.KIND, subject=str(import_.pk)).order_by("-created_at")
        if not of_import.unfinished().exists():
            words = of_import.values_list("words", flat=True).first()
            services.end(import_, reason=words or services.NOT_CREATED)


def _follow(operation: Operation, import_: Import, result: handlers.Result) -> handlers.Result:
    """The import's own row follows its job, as long as this worker has it."""
    if not operation.renew(jobs.lease()):
        return result
    unfinished = operation.parts.filter(state__in=(Part.State.WAITING, Part.State.RUNNING)).exists()
    if isinstance(result, Paused):
        services.pause(import_, result.message)
    elif isinstance(result, Done) and not unfinished:
        reason = parts.why_left_out(operation, result.message)
        is_stopped = operation.stop_asked_at is not None
        if not reason and not is_stopped and (wait := _send_missing(operation, import_)) is not None:
            return Retry(wait, CHECKING)
        services.end(import_, reason=reason)
    return result


def _send_missing(operation: Operation, import_: Import) -> float | None:
    """Has rows that were surely not created sent again, under a new entry.

    Seconds until the next look; None where nothing is left that checks can find out.
    """
    unknown = import_.rows.filter(outcome__in=result_writer.OPEN_OUTCOMES, act_id__isnull=False)
    acts = [act for act in unknown.order_by().values_list("act_id", flat=True).distinct() if act]
    is_checking = False
    for entry in Entry.objects.select_related("actor").prefetch_related("outcomes").filter(pk__in=acts):
        if reconcile.is_proven(entry) and services.send_again(operation, import_, entry):
            reconcile.reconcile_known(entry)
            return 0.0
        is_checking = is_checking or reconciliation.state(entry).status in ("under way", "checking")
    progressed = import_.progressed_at or import_.started_at or import_.created_at
    is_over = timezone.now() - progressed > PATIENCE + timedelta(seconds=settings.AUDIT_SETTLE_SPAN)
    if not is_checking or is_over:
        return None
    _note(import_, message=CHECKING)
    return CHECK_WAIT


def _give_up(operation: Operation, words: str) -> None:
    import_ = _import_of(operation)
    if import_ is not None:
        services.end(import_, reason=words)


def _import_of(operation: Operation) -> Import | None:
    return Import.objects.select_related("person").filter(pk=operation.subject).first()


def _create_part(first: Import, operation: Operation, part: Part) -> PartResult:
    """Each part reads the person and the import anew: their role, their key and its state can have changed."""
    import_ = Import.objects.select_related("person").get(pk=first.pk)
    entry = Entry.objects.prefetch_related("outcomes").filter(pk=part.pk).first()
    try:
        job = Creating(operation, part, import_, connections.cloudfactory(import_.person))
    except ConnectionMissing as error:
        return Halt(error.message)
    if entry is not None and entry.outcome != FAILED:
        return _look_up(job, entry)
    if not import_.person.can(Right.CHANGE):
        return Halt(services.ROLE_CHANGED)
    to_send = _leave_out_held(job)
    try:
        job = replace(job, links=slice_links.read_links(import_, to_send))
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
    held = part_creation.held_elsewhere(to_send)
    if not held:
        return to_send
    results: dict[int, Result] = {}
    for row in to_send:
        holder = held.get(row.console_id)
        if holder is not None and holder.outcome == Outcome.CREATED:
            results[row.pk] = part_creation.present(holder)
        elif holder is not None and holder.sent_at and timezone.now() - holder.sent_at > PATIENCE:
            results[row.pk] = Result(Outcome.NOT_CREATED, OTHER_UNKNOWN)
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(results, Outcome.NONE)
    return [row for row in to_send if row.console_id not in held]


def _leave_out_without_link(job: Creating, to_send: Sequence[ImportRow]) -> list[ImportRow]:
    """The rows that can be sent. What the slice doesn't hold any more is not created."""
    missing = {row.pk for row in to_send if slice_links.needs_link(row) and row.pk not in job.links}
    if missing:
        with transaction.atomic():
            parts.keep(job.operation)
            job.write(dict.fromkeys(missing, Result(Outcome.NOT_CREATED, slice_links.CHANGED)), Outcome.NONE)
    return [row for row in to_send if row.pk not in missing]


def _wait_for_links(job: Creating, error: UpstreamError) -> PartResult:
    """Avala gave no links: nothing was sent, and without its key or the slice nothing will be."""
    if isinstance(error, ACCESS_REFUSALS):
        return Halt(error.lasting_message)
    failures = job.import_.failures if isinstance(error, RateLimited | HeldBack) else job.import_.failures + 1
    _note(job.import_, failures=failures, message=error.lasting_message)
    if failures >= MOST_FAILURES:
        return Hold(error.lasting_message)
    return _wait(error, failures)


def _after_held(job: Creating) -> PartResult:
    if job.rows(Outcome.NONE):
        _note(job.import_, message=OTHERS)
        return Busy(OTHERS_WAIT, OTHERS)
    return _done(result_writer.count_part(job.part.pk))


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
    ends_job = bool(course.stopped) or isinstance(error, ACCESS_REFUSALS)
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(course.results, Outcome.SENDING)
        tally = result_writer.count_part(job.part.pk)
        _note(job.import_, failures=course.failures, message=error.lasting_message if error else "")
        if tally.total and not ends_job:
            _move_rest(job)
        _end_act(act, tally, error, course.stopped or OTHERS)
    if tally.created:
        counts.forget(project=str(job.import_.project))
    if isinstance(error, ACCESS_REFUSALS):
        return Halt(error.lasting_message)
    if course.stopped == services.ROLE_CHANGED:
        return Halt(course.stopped)
    done = _done(tally) if tally.total else None
    if error is not None and course.failures >= MOST_FAILURES and _is_more_to_send(job):
        return Hold(error.lasting_message, done)
    if done is not None or course.stopped:
        return done or PartDone(message=course.stopped)
    return _wait(error, course.failures)


def _move_rest(job: Creating) -> None:
    """Rows that were not sent, or that another import holds."""
    services.add_parts(job.operation, [row.pk for row in job.rows(Outcome.NONE)])


def _is_more_to_send(job: Creating) -> bool:
    return job.import_.rows.filter(outcome=Outcome.NONE, act_id__isnull=False).exists()


def _end_act(act: record.audited_call, tally: Tally, error: UpstreamError | None, otherwise: str) -> None:
    """`otherwise` says why nothing was sent without an error."""
    said = entries.of_error(error) if error is not None else {"detail": {}, "reference": None}
    if not tally.total:
        detail = said["detail"] or {"error": otherwise}
        act.failed(detail=detail, reference=said["reference"])
        return
    detail = dict(said["detail"]) if tally.outcome != DONE else {}
    if not detail and tally.outcome == FAILED:
        detail = {"error": tally.refusals[0]["message"]}
    elif not detail and tally.outcome == UNKNOWN:
        detail = {"error": result_writer.LOST}
    end = {DONE: act.done, FAILED: act.failed, UNKNOWN: act.unknown}[tally.outcome]
    end(detail={**detail, **tally.detail}, reference=said["reference"])


def _wait(error: UpstreamError | None, failures: int) -> PartResult:
    """Until CloudFactory takes the part. Without an error another import was faster with all of its rows."""
    if error is None:
        return Busy(OTHERS_WAIT, OTHERS)
    message = error.lasting_message
    if isinstance(error, RateLimited | HeldBack):
        return Busy(min(error.retry_in or FIRST_WAIT, LONGEST_WAIT), message)
    return Busy(FIRST_WAIT * 2 ** max(0, failures - 1), message)


def _look_up(job: Creating, entry: Entry) -> PartResult:
    """A part that an earlier worker can have sent: its batch is read for what it claimed, and the rest follows."""
    claimed = job.rows(*result_writer.OPEN_OUTCOMES)
    try:
        results = reconcile.look_for(job.platform, job.import_, claimed) if claimed else {}
    except UpstreamError:
        results = {row.pk: Result(Outcome.UNKNOWN, result_writer.CUT_OFF) for row in claimed}
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(results, *result_writer.OPEN_OUTCOMES)
        _move_rest(job)
        tally = result_writer.count_part(job.part.pk)
        _reconcile(entry, tally)
    counts.forget(project=str(job.import_.project))
    return _done(tally)


def _reconcile(entry: Entry, tally: Tally) -> None:
    is_unknown = tally.outcome == UNKNOWN
    if entry.outcome not in (OPEN, UNKNOWN) or (is_unknown and entry.result.get("cut_off")):
        return
    said = {"error": result_writer.CUT_OFF, "cut_off": True} if is_unknown else {"found": "after a restart"}
    # The audit's own check can be faster: it has read the same batch.
    with suppress(record.AlreadyReconciled):
        record.reconcile(entry, tally.outcome, {**said, **tally.detail})


def _done(tally: Tally) -> PartDone:
    if not tally.total:
        return PartDone(came=tally.figures, message="None of its items was sent.")
    states = {DONE: Part.State.DONE, FAILED: Part.State.FAILED, UNKNOWN: Part.State.UNKNOWN}
    return PartDone(came=tally.figures, state=states[tally.outcome])


def _note(import_: Import, *, message: str, failures: int | None = None) -> None:
    """What the next part has to know. A stop that was asked for keeps its own message."""
    mine = Import.objects.filter(pk=import_.pk, state=State.CREATING)
    if import_.message != message:
        mine.exclude(message=services.STOPPING).update(message=message[:500])
        import_.message = message
    if failures is not None and import_.failures != failures:
        mine.update(failures=failures)
        import_.failures = failures


def _act(job: Creating, to_send: Sequence[ImportRow], *, again: bool) -> record.audited_call:
    import_ = job.import_
    is_slice = import_.source == Source.SLICE
    return record.audited_call(
        actor=import_.person,
        action="slice.send" if is_slice else "item.create",
        thing_kind="slice" if is_slice else "project",
        thing_id=import_.source_key if is_slice else str(import_.project),
        thing_name=import_.source_name if is_slice else import_.project_name,
        vendor=VENDOR,
        act_id=job.part.pk,
        group=import_.pk,
        again=again,
        key=connections.key_fingerprint(import_.person, VENDOR),
        detail={
            "project_id": str(import_.project),
            "project_name": import_.project_name,
            "space": import_.space,
            "source": import_.source,
            "source_name": import_.source_name,
            "batch": _batch_words(import_),
            "items": len(to_send),
            "planned": import_.planned_count,
        },
    )


def _batch_words(import_: Import) -> str:
    """The name of the one batch, else how many there are."""
    if import_.batch_id is not None:
        return services.batch_name(import_, import_.batch_id)
    planned = import_.rows.filter(act_id__isnull=False).order_by()
    ids: list[int | None] = list(planned.values_list("batch_id", flat=True).distinct())
    return services.batch_name(import_, ids[0]) if len(ids) == 1 else f"{len(ids)} batches"
