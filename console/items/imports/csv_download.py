"""CSV files to download: a template, and the lines that were not imported, ready to be corrected."""

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from accounts.models import Person
from console.audit import csv_export, record
from console.common.file_names import attachment, file_name
from console.common.formatting import plural
from console.items.imports.csv_cells import with_guard
from console.items.imports.csv_file import key_of
from console.items.imports.csv_rows import COLUMN_NAMES, PROBLEM
from console.items.models import Import, ImportRow

Outcome = ImportRow.Outcome
NOT_IMPORTED = (Outcome.INVALID, Outcome.REFUSED, Outcome.NOT_CREATED)
CHUNK = 500
EXAMPLES: Sequence[dict[str, str]] = (
    {
        "asset_url": "https://images.example.com/harbour/0001.jpg",
        "asset_type": "image",
        "due_in_seconds": "86400",
        "difficulty": "40",
        "metadata": '{"camera": "front"}',
        "metadata.site": "Lisbon",
    },
    {"asset_id": "12345", "asset_type": "video", "results_url": "https://example.com/results/12345"},
)


def template() -> StreamingHttpResponse:
    """All columns with two lines that show how they are filled in."""
    columns = [*COLUMN_NAMES, "metadata.site"]
    rows = ([example.get(column, "") for column in columns] for example in EXAMPLES)
    return _answer("work-items-template.csv", csv_export.table(columns, rows))


def refused(*, user: Person, import_run: Import, request: HttpRequest) -> StreamingHttpResponse:
    """The lines that were surely not created, as they were typed, with a column that says why.

    Raises record.NotRecorded: then nothing leaves.
    """
    count = _not_imported(import_run).count()
    if request.method != "HEAD":
        record.event(
            actor=user,
            action="item.lines",
            thing_kind="project",
            thing_id=import_run.project,
            thing_name=import_run.project_name,
            request=request,
            detail={"summary": plural(count, "line"), "rows": count, "import": str(import_run.pk)},
        )
    stem = import_run.source_name.rpartition(".")[0] or import_run.source_name
    return _answer(file_name(f"{stem}-not-imported", ".csv"), _lines(import_run))


def _lines(import_run: Import) -> Iterator[str]:
    columns = [str(column) for column in import_run.plan.get("columns", ())]
    places = [place for place, column in enumerate(columns) if key_of(column) != PROBLEM]
    header = [with_guard(columns[place]) for place in places]
    return csv_export.table([*header, PROBLEM], _rows(import_run, len(columns), places))


def _rows(import_run: Import, width: int, places: Sequence[int]) -> Iterator[list[str]]:
    """Their cells, those beyond the last column too, behind the problem."""
    for row in _stream(import_run):
        cells = [with_guard(str(cell)) for cell in row.cells]
        own = [cells[place] if place < len(cells) else "" for place in places]
        yield [*own, with_guard(_problem(row)), *cells[width:]]


def _problem(row: ImportRow) -> str:
    problems = [f"{column}: {message}" if column else str(message) for column, message in row.errors]
    return " ".join(problems) or row.message or ImportRow.Outcome(row.outcome).label


def _not_imported(import_run: Import) -> "QuerySet[ImportRow]":
    return import_run.rows.filter(outcome__in=NOT_IMPORTED)


def _stream(import_run: Import) -> Iterator[ImportRow]:
    place = 0
    while rows := list(_not_imported(import_run).filter(number__gt=place)[:CHUNK]):
        yield from rows
        place = rows[-1].number


def _answer(name: str, rows: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = attachment(name)
    return response
