"""Creating the rows of one part, a few at a time: claimed, sent, and written down, each of them once.

A row is claimed before its call: while it is SENDING, CREATED or UNKNOWN no other row of the same id can be, of
whatever import. A worker that finds a claimed row looks its item up and never sends it.
"""

import time
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import connections
from accounts.rights import Right
from console.common.parsing import read_uuid
from console.items.console_ids import OTHER_ITEM, create_once
from console.items.imports.results import RowResult
from console.items.imports.services import ROLE_CHANGED
from console.items.item_fields import new_work_item
from console.items.models import Import, ImportRow
from console.items.runs import jobs as run_jobs
from console.items.runs import result_writer
from console.items.runs.jobs import MOST_FAILURES
from console.jobs import parts
from console.jobs import services as jobs
from console.jobs.models import Operation, Part
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import (
    Forbidden,
    HeldBack,
    KeyRejected,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    UpstreamError,
)
from console.upstream.response_models import WorkItem

Outcome = ImportRow.Outcome
AT_ONCE = 4
# After so many seconds the entry in the audit is ended, and the rest of the part becomes a part of its own.
MOST_SECONDS = 20.0
MOST_WAITS, LONGEST_WAIT_HERE = 5, 3.0

Answer = WorkItem | UpstreamError


@dataclass(frozen=True)
class Creating:
    """One part in the hands of this worker."""

    operation: Operation
    part: Part
    import_run: Import
    platform: CloudFactory
    # Of a slice by the rows' keys, where they are signed and so not kept with the rows.
    links: Mapping[int, str] = field(default_factory=dict)

    def rows(self, *outcomes: str) -> list[ImportRow]:
        return list(ImportRow.objects.filter(act_id=self.part.pk, outcome__in=outcomes))

    def write(self, results: dict[int, RowResult], *only: str) -> None:
        result_writer.write(Import, self.import_run.pk, results, only=only, act=self.part.pk)


@dataclass
class Course:
    """How far a part is. `problem` or `stop_reason` is why it ends before all of its rows were sent."""

    failures: int
    remaining: list[ImportRow]
    began: float = field(default_factory=time.monotonic)
    problem: UpstreamError | None = None
    stop_reason: str = ""
    results: dict[int, RowResult] = field(default_factory=dict)
    waits: int = 0
    not_found: int = 0
    # How often each item was named by an answer.
    named: Counter[uuid.UUID] = field(default_factory=Counter)

    @property
    def goes_on(self) -> bool:
        is_over = time.monotonic() - self.began > MOST_SECONDS
        return bool(self.remaining) and not (self.problem or self.stop_reason or is_over)


def create_rows(job: Creating, rows: Sequence[ImportRow]) -> Course:
    """Sends the rows, until all were sent or something speaks against going on. One commit for each few of them.

    The last results are still to be written: whoever ends the entry does that with it. Raises parts.TakenOver.
    """
    course = Course(job.import_run.failures, list(rows))
    while course.goes_on:
        claimed = _claim_next(job, course)
        if not claimed:
            continue
        # In threads: they must not touch the database.
        answers = connections.gather([partial(_create, job, row) for row in claimed])
        course.results = _results_of(job, course, claimed, answers)
        _judge(course, answers)
        if wait := _short_wait(course):
            _wait_here(job, course, claimed, wait)
    return course


def _results_of(
    job: Creating, course: Course, rows: Sequence[ImportRow], answers: Sequence[Answer]
) -> dict[int, RowResult]:
    """An answer that names another row's item says nothing of this one: then the batch is read for it."""
    results = {row.pk: result_of(answer) for row, answer in zip(rows, answers, strict=True)}
    items = [result.item for result in results.values() if result.item]
    course.named.update(items)
    of_earlier = set(job.import_run.rows.filter(item__in=items).values_list("item", flat=True))
    for row in rows:
        item = results[row.pk].item
        if item and (item in of_earlier or course.named[item] > 1):
            results[row.pk] = RowResult(Outcome.UNKNOWN, OTHER_ITEM)
    return results


def result_of(answer: Answer) -> RowResult:
    """What an answer says of its row; NONE where it surely wasn't created and can be sent again."""
    if isinstance(answer, WorkItem):
        return RowResult(Outcome.CREATED, item=read_uuid(answer.id))
    if isinstance(answer, NotSent | RateLimited):
        return RowResult(Outcome.NONE)
    if isinstance(answer, Refused):
        return RowResult(Outcome.REFUSED, run_jobs.message_of(answer))
    return RowResult(Outcome.UNKNOWN, answer.lasting_message)


def find_holders(rows: Collection[ImportRow]) -> dict[uuid.UUID, ImportRow]:
    """By our id the rows that hold one of these rows' ids, mostly of another import."""
    ids = [row.console_id for row in rows]
    holders = ImportRow.objects.filter(console_id__in=ids, outcome__in=ImportRow.HOLDING)
    return {row.console_id: row for row in holders}


def _claim_next(job: Creating, course: Course) -> list[ImportRow]:
    """Marks the next few rows as being sent, and writes down what became of those before."""
    # After a failure one call at a time finds out whether CloudFactory is back.
    number = 1 if course.failures else AT_ONCE
    some, course.remaining = course.remaining[:number], course.remaining[number:]
    with transaction.atomic():
        parts.keep(job.operation)
        course.stop_reason = _why_stopped(job)
        claimed = [] if course.stop_reason else _claim(some)
        job.write(course.results, Outcome.SENDING)
        course.results = {}
    return claimed


def _claim(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Those that are this worker's to send. Always in the order of their ids: two imports can't wait for each other."""
    claimed = []
    for row in sorted(rows, key=lambda row: row.console_id):
        try:
            with transaction.atomic():
                open_one = ImportRow.objects.filter(pk=row.pk, outcome=Outcome.NONE)
                if open_one.update(outcome=Outcome.SENDING, sent_at=timezone.now(), message=""):
                    claimed.append(row)
        except IntegrityError:
            # Another import holds it, or has created it: the next part of this one finds out.
            continue
    return sorted(claimed, key=lambda row: row.number)


def _why_stopped(job: Creating) -> str:
    """Why nothing more is sent: the person asked for it, was disabled, or has another role since."""
    job.operation.refresh_from_db(fields=["stop_asked_at", "person"])
    person = job.operation.person
    if job.operation.stop_asked_at is not None or person is None:
        return parts.STOPPED
    if not person.is_active:
        return jobs.was_disabled(person)
    return "" if person.can(Right.CHANGE) else ROLE_CHANGED


def _create(job: Creating, row: ImportRow) -> WorkItem:
    link = job.links.get(row.pk)
    fields = {**row.fields, "asset_url": link} if link else row.fields
    new = new_work_item(fields, batch_id=row.batch_id, console_id=row.console_id)
    # The same id for the same item, also when it is sent again: then it was surely not created.
    return create_once(job.platform, job.import_run.project, new, request_id=str(row.console_id))


def _judge(course: Course, answers: Sequence[Answer]) -> None:
    """Whether the part goes on after these answers."""
    errors = [answer for answer in answers if isinstance(answer, UpstreamError)]
    failures = [error for error in errors if not isinstance(error, Refused | HeldBack)]
    course.failures = 0 if len(answers) > len(errors) or not failures else course.failures + len(failures)
    for kinds in ((KeyRejected, Forbidden), (NotSent, RateLimited)):
        course.problem = course.problem or next((error for error in errors if isinstance(error, kinds)), None)
    # One can be about what a single row names; several in a row are about the project.
    missing = [error for error in errors if isinstance(error, NotFound)]
    course.not_found = course.not_found + len(missing) if len(missing) == len(answers) else 0
    if course.problem is None and course.not_found >= MOST_FAILURES:
        course.problem = missing[0]
    if course.problem is None and course.failures >= MOST_FAILURES:
        course.problem = failures[0]


def _short_wait(course: Course) -> float:
    """The seconds that CloudFactory asked for, where waiting for them here is quicker than to end the part."""
    is_rate_limited = isinstance(course.problem, RateLimited) and course.waits < MOST_WAITS
    seconds = (course.problem.retry_in or 1.0) if is_rate_limited and course.problem else 0.0
    return seconds if seconds <= LONGEST_WAIT_HERE else 0.0


def _wait_here(job: Creating, course: Course, claimed: Sequence[ImportRow], seconds: float) -> None:
    """Puts back what was surely not created, and sends it once more after the wait."""
    with transaction.atomic():
        parts.keep(job.operation)
        job.write(course.results, Outcome.SENDING)
    put_back = [row for row in claimed if course.results[row.pk].outcome == Outcome.NONE]
    course.remaining, course.results = [*put_back, *course.remaining], {}
    course.problem, course.waits = None, course.waits + 1
    time.sleep(seconds)
