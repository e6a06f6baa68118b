"""The results of a bulk signal as a CSV file: recorded first, harmless in a spreadsheet, all times in UTC."""

from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.text import slugify

from accounts.models import Person
from console.audit import csv_export, record
from console.audit.selectors import utc
from console.common.file_names import attachment
from console.common.formatting import plural
from console.items.bulk.result_presenters import SignalResultRow, action_of
from console.items.models import BulkItem, BulkSignal
from console.items.runs.result_selectors import filter_items

COLUMNS = (
    "Work item",
    "File",
    "Status before",
    "Asked for",
    "Status now",
    "Outcome",
    "Message",
    "Read before (UTC)",
    "Audit entry",
)
CHUNK = 1000


def stream_results(*, user: Person, bulk: BulkSignal, filter_name: str, request: HttpRequest) -> StreamingHttpResponse:
    """The file with the items of one outcome, or with all. Raises record.NotRecorded: then nothing leaves."""
    rows = filter_items(bulk, filter_name).count()
    verb = action_of(bulk).verb
    record.event(
        actor=user,
        action="item.results",
        thing_kind="project",
        thing_id=bulk.project,
        thing_name=bulk.project_name,
        request=request,
        detail={
            "summary": f"{verb}, {plural(rows, 'row')}",
            "rows": rows,
            "bulk": str(bulk.pk),
            "outcome": filter_name,
        },
    )
    return describe_results(bulk, csv_export.table(COLUMNS, _cells(bulk, filter_name)))


def describe_results(bulk: BulkSignal, rows: Iterator[str]) -> StreamingHttpResponse:
    """The answer around the rows; with none of them it is what HEAD gets."""
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"{slugify(action_of(bulk).verb)}-{bulk.created_at:%Y-%m-%d}-results.csv"
    response["Content-Disposition"] = attachment(name)
    return response


def _cells(bulk: BulkSignal, filter_name: str) -> Iterator[tuple[str, ...]]:
    action = action_of(bulk)
    for item in _stream_items(bulk, filter_name):
        row = SignalResultRow(item, action)
        yield (
            str(item.item),
            item.name,
            row.before.word,
            row.expected,
            row.after.word if row.after else "",
            row.mark.word,
            row.message,
            utc(item.read_at) if item.read_at else "",
            str(item.act_id or ""),
        )


def _stream_items(bulk: BulkSignal, filter_name: str) -> Iterator[BulkItem]:
    """In their order, a thousand at a time, so that many items need no more memory than few."""
    position = 0
    while rows := list(filter_items(bulk, filter_name).filter(position__gt=position)[:CHUNK]):
        yield from rows
        position = rows[-1].position
