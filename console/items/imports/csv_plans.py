"""Making the plan of a CSV: its lines against the project's batches, stored with what is wrong with each."""

import uuid

from accounts.models import Person
from console.batches import selectors as batches
from console.items.imports import services
from console.items.imports.csv_file import CsvTable
from console.items.imports.csv_rows import BATCH, BatchNames, CsvColumns, plan_rows
from console.items.models import Import

NO_DEFAULT = "This project doesn’t have the batch for lines that name none. Nothing was created."


def create_plan(
    *,
    user: Person,
    project: uuid.UUID,
    import_id: uuid.UUID,
    table: CsvTable,
    columns: CsvColumns,
    source_name: str,
    default_batch: int | None = None,
) -> Import:
    """Nothing is asked but the project's batches. The same form with the same lines finds the first plan.

    Lines that name no batch go into `default_batch`. Raises services.NotStarted, and every error of CloudFactory.
    """
    batch_names = BatchNames((one.id, one.name) for one in batches.read_batches(user=user, project=project))
    if default_batch is not None and default_batch not in batch_names.names:
        raise services.NotStarted(NO_DEFAULT)
    plan = plan_rows(table, columns, batch_names, default_batch)
    # The one batch of all lines, where none can name its own.
    only = default_batch if BATCH not in columns.fields else None
    return services.create_import(
        user=user,
        project=project,
        import_id=_free_id(user, project, import_id, (table.digest, default_batch)),
        source=Import.Source.CSV,
        source_name=source_name,
        source_key=table.digest,
        batch_id=only,
        batch_name=batch_names.names[only] if only is not None else "",
        rows=plan.rows,
        plan=plan.plan,
    )


def find_earlier(import_run: Import) -> list[Import]:
    """Imports of the same lines into the same project, also of other people, the newest first."""
    if import_run.source != Import.Source.CSV or not import_run.source_key:
        return []
    same = Import.objects.filter(
        project=import_run.project,
        space=import_run.space,
        source=import_run.source,
        source_key=import_run.source_key,
        started_at__isnull=False,
    )
    return list(same.exclude(pk=import_run.pk).select_related("person").order_by("-started_at")[:3])


def _free_id(user: Person, project: uuid.UUID, import_id: uuid.UUID, about: tuple[str, int | None]) -> uuid.UUID:
    """Another id for other lines: a browser may show an old form again."""
    earlier = Import.objects.filter(pk=import_id, person=user, project=project).first()
    is_free = earlier is None or (earlier.source_key, earlier.plan.get("default_batch")) == about
    return import_id if is_free else uuid.uuid4()
