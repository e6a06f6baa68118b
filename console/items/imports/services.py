"""Creating many work items (P15): the plan is stored with a row for each, and a job creates them, each once.

create_import(user=user, project=project, import_id=import_id, source=Import.Source.CSV, ..., rows=rows)
start(user=user, import_=import_)
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.audit.models import Entry
from console.common.errors import ConsoleError
from console.files.selectors import is_any_in_uploads
from console.items import counts
from console.items.imports import reconcile, result_writer
from console.items.imports.result_writer import Result
from console.items.models import Import, ImportRow
from console.jobs import parts
from console.jobs import services as jobs
from console.jobs.models import Operation
from console.projects import selectors as projects

KIND = "items.import"
PART = 100
"""So many items are one entry in the audit."""
ROWS_A_STATEMENT = 500
State, Outcome = Import.State, ImportRow.Outcome
UNDER_WAY = (State.CREATING, State.PAUSED)
FINAL = (State.STOPPED, State.ENDED)
LASTS = timedelta(days=180)
DEFAULT_BATCH = "Default"
"""Where CloudFactory puts an item without a batch (FACTS 2.9)."""
FORM_TAKEN = "This form can no longer be used. Open it again. Nothing was created."
NOT_CREATED = "It was not created."
ROLE_CHANGED = "Your role can’t create work items any more."
STOPPED = "Stopped before its turn."
STOPPING = "Stopping after the items that are being created now."


class NotStarted(ConsoleError):
    """Nothing was stored or created; `message` says why."""


@dataclass(frozen=True)
class NewRow:
    """A row of a plan.

    `fields` are those of `upstream.types.NewWorkItem`, as JSON values, without `batch_id` and without our id. With
    `errors` (`[column, message]` of each) the row is invalid and never sent. `outcome` PRESENT says that the batch
    holds the item already, `item` is its id.
    """

    number: int
    name: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    batch_id: int | None = None
    console_id: uuid.UUID = field(default_factory=uuid.uuid4)
    errors: Sequence[Sequence[str]] = ()
    cells: Sequence[str] = ()
    outcome: str = ""
    message: str = ""
    item: uuid.UUID | None = None


def create_import(
    *,
    user: Person,
    project: uuid.UUID,
    import_id: uuid.UUID,
    source: str,
    source_name: str = "",
    source_key: str = "",
    rows: Iterable[NewRow] = (),
    batch_id: int | None = None,
    batch_name: str = "",
    plan: Mapping[str, Any] | None = None,
    state: str = State.READY,
    space: str = "",
    project_name: str = "",
) -> Import:
    """Stores a plan with its rows in one transaction. A duplicate finds the first plan.

    `space` and `project_name` are the project's, where they are known; else they are read.

    Raises NotStarted where the id belongs to somebody else, to other acts, or to an import into another project.
    """
    if earlier := Import.objects.filter(pk=import_id).first():
        return _own(earlier, user, project)
    if record.is_group(import_id):
        raise NotStarted(FORM_TAKEN)
    new = Import(
        pk=import_id,
        person=user,
        space=space or projects.space_of(user=user, project=project).id,
        project=project,
        project_name=(project_name or _name_of(user, project, source))[:300],
        source=source,
        source_name=source_name[:300],
        source_key=source_key[:300],
        batch_id=batch_id,
        batch_name=batch_name[:300],
        plan=dict(plan or {}),
        state=state,
        read_at=timezone.now() if state == State.READY else None,
    )
    try:
        with transaction.atomic():
            new.save(force_insert=True)
            add_rows(new, rows)
    except IntegrityError:
        return _own(Import.objects.get(pk=import_id), user, project)
    return new


def add_rows(import_: Import, rows: Iterable[NewRow]) -> None:
    """Adds rows to a plan, a few hundred at a time, and counts those to be created.

    A row whose id belongs to an item that another import created is already there.
    """
    with transaction.atomic():
        remaining = iter(rows)
        while some := list(islice(remaining, ROWS_A_STATEMENT)):
            ImportRow.objects.bulk_create(_with_known(import_, some))
        planned = import_.rows.filter(outcome=Outcome.NONE).count()
        Import.objects.filter(pk=import_.pk).update(planned_count=planned)
    import_.planned_count = planned


def start(*, user: Person, import_: Import) -> bool:
    """Creates the items of the plan as a job.

    False where it was started or read again since `import_` was loaded, or holds nothing to create.
    """
    now = timezone.now()
    import_.project_name = import_.project_name or projects.read_heading(user=user, project=import_.project)[:300]
    with transaction.atomic():
        ready = Import.objects.filter(pk=import_.pk, person=user, state=State.READY, read_at=import_.read_at)
        known = {"project_name": import_.project_name, "message": "", "failures": 0}
        is_taken = bool(ready.update(state=State.CREATING, started_at=now, **known))
        is_started = is_taken and _enqueue(import_, import_.rows.filter(outcome=Outcome.NONE)) > 0
        transaction.set_rollback(not is_started)
    import_.refresh_from_db()
    return is_started


def stop(*, user: Person, import_: Import) -> bool:
    """Nothing further is created once the items in hand are finished; False where nothing is under way."""
    with transaction.atomic():
        mine = Import.objects.filter(pk=import_.pk, person=user, state__in=UNDER_WAY)
        # The job's row first, as its worker does.
        is_asked = jobs.ask_to_stop(kind=KIND, subject=str(import_.pk)) and bool(mine.update(message=STOPPING))
        transaction.set_rollback(not is_asked)
    import_.refresh_from_db()
    return is_asked


def carry_on(*, user: Person, import_: Import) -> bool:
    """Lets a paused one go on; False where it isn't paused, or is being stopped."""
    with transaction.atomic():
        mine = Import.objects.filter(pk=import_.pk, person=user, state=State.PAUSED)
        # Its next pause is news once more.
        going_on = {"state": State.CREATING, "message": "", "failures": 0, "notified_state": ""}
        is_going_on = jobs.carry_on(kind=KIND, subject=str(import_.pk)) and bool(mine.update(**going_on))
        # Its worker is about to put the job down: the press counts once that has been done.
        transaction.set_rollback(not is_going_on)
    import_.refresh_from_db()
    return is_going_on


def retry(*, user: Person, import_: Import) -> bool:
    """Creates what was surely not created, under the same ids; False where nothing is left to retry.

    Also while its worker has not put its job down: what is added to that job would not be done.
    """
    with transaction.atomic():
        mine = Import.objects.filter(pk=import_.pk, person=user, state__in=FINAL)
        again = {"state": State.CREATING, "message": "", "failures": 0, "finished_at": None, "notified_state": ""}
        is_taken = bool(mine.update(**again, progressed_at=timezone.now(), paces=[]))
        is_free = is_taken and not jobs.is_unfinished(kind=KIND, subject=str(import_.pk))
        # What was refused comes last, in parts of its own: if that ends the job again, the others are there.
        rest = find_retryable(import_)
        some = [rest.filter(outcome=outcome) for outcome in (Outcome.NOT_CREATED, Outcome.REFUSED)]
        is_started = is_free and _enqueue(import_, *some) > 0
        transaction.set_rollback(not is_started)
    import_.refresh_from_db()
    return is_started


def find_retryable(import_: Import) -> "QuerySet[ImportRow]":
    """Rows that were planned and surely not created: refused ones, and those that were never sent."""
    return import_.rows.filter(outcome__in=(Outcome.REFUSED, Outcome.NOT_CREATED), act_id__isnull=False)


def pause(import_: Import, message: str) -> None:
    Import.objects.filter(pk=import_.pk, state=State.CREATING).update(state=State.PAUSED, message=message[:500])


def end(import_: Import, *, reason: str = "") -> None:
    """Nothing of it is sent any more; `reason` is why the rest was not.

    What may have been sent by a worker that is gone stays unknown; the audit looks it up.
    """
    with transaction.atomic():
        state = State.STOPPED if reason else State.ENDED
        under_way = Import.objects.filter(pk=import_.pk, state__in=UNDER_WAY)
        if not under_way.update(state=state, message=reason[:500], finished_at=timezone.now()):
            return
        words = STOPPED if reason == parts.STOPPED else reason or NOT_CREATED
        unsent = import_.rows.filter(act_id__isnull=False, outcome=Outcome.NONE)
        result_writer.write_all(import_.pk, _keys(unsent), Result(Outcome.NOT_CREATED, words), only=[Outcome.NONE])
        sending = import_.rows.filter(outcome=Outcome.SENDING)
        result_writer.write_all(
            import_.pk, _keys(sending), Result(Outcome.UNKNOWN, result_writer.CUT_OFF), only=[Outcome.SENDING]
        )
    counts.forget(project=str(import_.project))


def add_parts(operation: Operation, rows: Sequence[int]) -> None:
    """Each hundred of the rows, by their keys, becomes a part of the job, whose id is that of its act."""
    portions = [rows[first : first + PART] for first in range(0, len(rows), PART)]
    payloads = ({"items": len(portion)} for portion in portions)
    for part, portion in zip(parts.add(operation, payloads), portions, strict=True):
        ImportRow.objects.filter(pk__in=portion).update(
            act_id=part.pk, outcome=Outcome.NONE, message="", sent_at=None, misses=0
        )


def send_again(operation: Operation, import_: Import, entry: Entry) -> int:
    """Adds those rows of an entry to the job that were surely not created, as parts of their own; returns how many.

    Whoever writes down what became of rows holds the row of the import, and so does this: what a check finds meanwhile
    is not sent again. Raises parts.TakenOver.
    """
    with transaction.atomic():
        parts.keep(operation)
        Import.objects.select_for_update().get(pk=import_.pk)
        keys = _keys(reconcile.find_missing(entry))
        add_parts(operation, keys)
        result_writer.count(import_.pk)
    return len(keys)


def batch_name(import_: Import, batch_id: int | None) -> str:
    """What one of its batches is called: as it was chosen, or as the plan read it."""
    if batch_id == import_.batch_id and import_.batch_name:
        return import_.batch_name
    if batch_id is None:
        return DEFAULT_BATCH
    return str(import_.plan.get("batches", {}).get(str(batch_id)) or f"Batch {batch_id}")


def delete_old() -> None:
    """Deletes imports of more than 180 days that are not under way, with their rows; the audit stays.

    Those of files stay as long as some upload names one of the files, of which an item could be created once more.
    """
    old = Import.objects.filter(created_at__lt=timezone.now() - LASTS).exclude(state__in=UNDER_WAY)
    old.exclude(source=Import.Source.FILES).delete()
    for import_ in old.filter(source=Import.Source.FILES):
        if not is_any_in_uploads(import_.rows.values_list("fields__asset_url", flat=True)):
            import_.delete()


def _enqueue(import_: Import, *portions: "QuerySet[ImportRow]") -> int:
    """How many rows the job creates, one portion after the other."""
    keys = [found for rows in portions if (found := _keys(rows))]
    if keys:
        payload = {"about": import_.project_name, "project": str(import_.project)}
        operation = jobs.enqueue(kind=KIND, subject=str(import_.pk), person=import_.person, payload=payload)
        for portion in keys:
            add_parts(operation, portion)
        result_writer.count(import_.pk)
    return sum(map(len, keys))


def _own(earlier: Import, user: Person, project: uuid.UUID) -> Import:
    if earlier.person_id != user.pk or earlier.project != project:
        raise NotStarted(FORM_TAKEN)
    return earlier


def _with_known(import_: Import, rows: Collection[NewRow]) -> list[ImportRow]:
    known: dict[uuid.UUID, uuid.UUID | None] = {}
    if import_.source != Import.Source.CSV:
        held = ImportRow.objects.filter(console_id__in=[row.console_id for row in rows], outcome=Outcome.CREATED)
        known = dict(held.values_list("console_id", "item"))
    return [_build(import_, row, known) for row in rows]


def _build(import_: Import, row: NewRow, known: Mapping[uuid.UUID, uuid.UUID | None]) -> ImportRow:
    outcome, item = row.outcome, row.item
    if row.errors:
        outcome = Outcome.INVALID
    elif not outcome and row.console_id in known:
        outcome, item = Outcome.PRESENT, known[row.console_id]
    return ImportRow(
        import_run=import_,
        number=row.number,
        name=row.name[:300],
        console_id=row.console_id,
        batch_id=row.batch_id,
        fields=dict(row.fields),
        errors=[list(error) for error in row.errors],
        cells=list(row.cells),
        outcome=outcome,
        message=row.message[:500],
        item=item,
    )


def _keys(rows: "QuerySet[ImportRow]") -> list[int]:
    return list(rows.order_by("number").values_list("pk", flat=True))


def _name_of(user: Person, project: uuid.UUID, source: str) -> str:
    """The project's name; for a CSV, whose plan asks for nothing but batches, only if it is remembered."""
    if source == Import.Source.CSV:
        return projects.remembered_name(user=user, project=project)
    return projects.read_heading(user=user, project=project)
