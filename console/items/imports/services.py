"""Creating many work items (P15): the plan is stored with a row for each, and a job creates them, each once.

create_import(user=user, project=project, import_id=import_id, source=Import.Source.CSV, ..., rows=rows)
start(user=user, import_run=import_run)
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
from console.items.imports import reconcile, results
from console.items.models import Import, ImportRow
from console.items.runs import services as runs
from console.jobs import parts, selectors
from console.jobs.models import Operation
from console.projects import selectors as projects

ROWS_A_STATEMENT = 500
State, Outcome = Import.State, ImportRow.Outcome
LASTS = timedelta(days=180)
DEFAULT_BATCH = "Default"
"""Where CloudFactory puts an item without a batch (FACTS 2.9)."""
FORM_TAKEN = "This form can no longer be used. Open it again. Nothing was created."
UNSENT: Mapping[str, Any] = {"sent_at": None, "misses": 0}
"""The columns of a row that is sent again."""
ROLE_CHANGED = "Your role can’t create work items any more."


class NotStarted(ConsoleError):
    """Nothing was stored or created; `message` says why."""


@dataclass(frozen=True)
class NewRow:
    """A row of a plan.

    `fields` are those of `upstream.response_models.NewWorkItem`, as JSON values, without `batch_id` and our id. With
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


def add_rows(import_run: Import, rows: Iterable[NewRow]) -> None:
    """Adds rows to a plan, a few hundred at a time, and counts those to be created.

    A row whose id belongs to an item that another import created is already there.
    """
    with transaction.atomic():
        remaining = iter(rows)
        while some := list(islice(remaining, ROWS_A_STATEMENT)):
            ImportRow.objects.bulk_create(_with_created(import_run, some))
        planned = import_run.rows.filter(outcome=Outcome.NONE).count()
        Import.objects.filter(pk=import_run.pk).update(planned_count=planned)
    import_run.planned_count = planned


def start(*, user: Person, import_run: Import) -> bool:
    """Creates the items of the plan as a job.

    False where it was started or read again since `import_run` was loaded, or holds nothing to create.
    """
    now = timezone.now()
    if not import_run.project_name:
        import_run.project_name = projects.read_heading(user=user, project=import_run.project)[:300]
    with transaction.atomic():
        ready = Import.objects.filter(pk=import_run.pk, person=user, state=State.READY, read_at=import_run.read_at)
        values = {"project_name": import_run.project_name, "message": "", "failures": 0}
        is_taken = bool(ready.update(state=State.CREATING, started_at=now, **values))
        is_started = is_taken and _enqueue(import_run, import_run.rows.filter(outcome=Outcome.NONE)) > 0
        transaction.set_rollback(not is_started)
    import_run.refresh_from_db()
    return is_started


def retry(*, user: Person, import_run: Import) -> bool:
    """Creates what was surely not created, under the same ids; False where nothing is left to retry.

    Also while its worker has not put its job down: what is added to that job would not be done.
    """
    with transaction.atomic():
        mine = Import.objects.filter(pk=import_run.pk, person=user, state__in=Import.FINAL)
        again = {"state": State.CREATING, "message": "", "failures": 0, "finished_at": None, "notified_state": ""}
        is_taken = bool(mine.update(**again, progressed_at=timezone.now(), paces=[]))
        is_free = is_taken and not selectors.is_unfinished(kind=Import.JOB, subject=str(import_run.pk))
        # What was refused comes last, in parts of its own: if that ends the job again, the others are there.
        rest = find_retryable(import_run)
        some = [rest.filter(outcome=outcome) for outcome in (Outcome.NOT_CREATED, Outcome.REFUSED)]
        is_started = is_free and _enqueue(import_run, *some) > 0
        transaction.set_rollback(not is_started)
    import_run.refresh_from_db()
    return is_started


def find_retryable(import_run: Import) -> "QuerySet[ImportRow]":
    """Rows that were planned and surely not created: refused ones, and those that were never sent."""
    return import_run.rows.filter(outcome__in=(Outcome.REFUSED, Outcome.NOT_CREATED), act_id__isnull=False)


def send_again(operation: Operation, import_run: Import, entry: Entry) -> int:
    """Adds those rows of an entry to the job that were surely not created, as parts of their own; returns how many.

    Whoever writes down what became of rows holds the row of the import, and so does this: what a check finds meanwhile
    is not sent again. Raises parts.TakenOver.
    """
    with transaction.atomic():
        parts.keep(operation)
        Import.objects.select_for_update().get(pk=import_run.pk)
        keys = _keys(reconcile.find_missing(entry))
        runs.add_parts(ImportRow, operation, keys, **UNSENT)
        results.count_rows(import_run.pk)
    return len(keys)


def batch_name(import_run: Import, batch_id: int | None) -> str:
    """What one of its batches is called: as it was chosen, or as the plan read it."""
    if batch_id == import_run.batch_id and import_run.batch_name:
        return import_run.batch_name
    if batch_id is None:
        return DEFAULT_BATCH
    return str(import_run.plan.get("batches", {}).get(str(batch_id)) or f"Batch {batch_id}")


def delete_old() -> None:
    """Deletes imports of more than 180 days that are not under way, with their rows; the audit stays.

    Those of files stay as long as some upload names one of the files, of which an item could be created once more.
    """
    old = Import.objects.filter(created_at__lt=timezone.now() - LASTS).exclude(state__in=Import.UNDER_WAY)
    old.exclude(source=Import.Source.FILES).delete()
    for import_run in old.filter(source=Import.Source.FILES):
        if not is_any_in_uploads(import_run.rows.values_list("fields__asset_url", flat=True)):
            import_run.delete()


def _enqueue(import_run: Import, *portions: "QuerySet[ImportRow]") -> int:
    """How many rows the job creates, one portion after the other."""
    keys = [portion for rows in portions if (portion := _keys(rows))]
    if keys:
        operation = runs.enqueue(import_run)
        for portion in keys:
            runs.add_parts(ImportRow, operation, portion, **UNSENT)
        results.count_rows(import_run.pk)
    return sum(map(len, keys))


def _own(earlier: Import, user: Person, project: uuid.UUID) -> Import:
    if earlier.person_id != user.pk or earlier.project != project:
        raise NotStarted(FORM_TAKEN)
    return earlier


def _with_created(import_run: Import, rows: Collection[NewRow]) -> list[ImportRow]:
    created: dict[uuid.UUID, uuid.UUID | None] = {}
    if import_run.source != Import.Source.CSV:
        ids = [row.console_id for row in rows]
        holders = ImportRow.objects.filter(console_id__in=ids, outcome=Outcome.CREATED)
        created = dict(holders.values_list("console_id", "item"))
    return [_build(import_run, row, created) for row in rows]


def _build(import_run: Import, row: NewRow, created: Mapping[uuid.UUID, uuid.UUID | None]) -> ImportRow:
    outcome, item = row.outcome, row.item
    if row.errors:
        outcome = Outcome.INVALID
    elif not outcome and row.console_id in created:
        outcome, item = Outcome.PRESENT, created[row.console_id]
    return ImportRow(
        import_run=import_run,
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
