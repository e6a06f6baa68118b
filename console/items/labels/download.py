"""The label file of one work item as a download: recorded, requested again, and streamed without its signed link."""

import uuid
from pathlib import PurePosixPath

from django.http import HttpRequest, StreamingHttpResponse

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.audit.download_recorder import RecordedStream
from console.common.errors import ConsoleError
from console.common.file_names import attachment, file_name
from console.items.labels.files import find_annotation, open_file, sign_file
from console.items.selectors import VENDOR, get_item, item_name
from console.items.statuses import status_named
from console.upstream.downloads import Download
from console.upstream.errors import LinkExpired, NotFound, Unreadable
from console.upstream.response_models import Annotation, WorkItem

JSON = "application/json"
# How a JSON object begins: an HTML page must not be saved as a label file.
BEGINNINGS = (b"{", b"[")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NoLabelFile(ConsoleError):
    """There is nothing to download. `is_expected`: the item is not done yet, so a file can still come."""

    def __init__(self, message: str, name: str, *, is_expected: bool = False) -> None:
        super().__init__(message)
        self.name, self.is_expected = name, is_expected


def stream_labels(*, user: Person, project: uuid.UUID, item: uuid.UUID, request: HttpRequest) -> StreamingHttpResponse:
    """The file as an attachment. Raises NoLabelFile and every error of vendor and store; each ends the entry."""
    act = record.audited_call(
        actor=user,
        action="item.download",
        thing_kind="item",
        thing_id=item,
        thing_name=str(item),
        vendor=VENDOR,
        request=request,
        detail={"project_id": str(project)},
        key=connections.key_fingerprint(user, VENDOR),
    )
    with act:
        work_item = get_item(user=user, project=project, item=item)
        act.name_thing(item_name(work_item))
        download = _open(user, project, work_item)
        # The outcome is written when the last byte has gone, or when the browser goes away before.
        act.detach()
    stream = RecordedStream(act, download, "", request.META.get("gunicorn.socket"))
    response = StreamingHttpResponse(stream, content_type=JSON)
    # What a proxy in front has taken is not yet downloaded.
    response["X-Accel-Buffering"] = "no"
    return _with_headers(response, work_item, download.length)


def describe_labels(*, user: Person, project: uuid.UUID, item: uuid.UUID) -> StreamingHttpResponse:
    """What HEAD asks: the headers that GET would have. Nothing is taken, so nothing is recorded."""
    work_item = get_item(user=user, project=project, item=item)
    annotation = _annotation(user, project, work_item)
    try:
        measured = connections.storage().measure(sign_file(user=user, project=project, annotation=annotation))
    except (LinkExpired, NotFound, Unreadable) as error:
        raise NoLabelFile(error.message, item_name(work_item)) from error
    return _with_headers(StreamingHttpResponse((), content_type=JSON), work_item, measured.total)


def _open(user: Person, project: uuid.UUID, item: WorkItem) -> Download:
    annotation = _annotation(user, project, item)
    try:
        download = open_file(user=user, project=project, annotation=annotation)
    except (LinkExpired, NotFound, Unreadable) as error:
        raise NoLabelFile(error.message, item_name(item)) from error
    if not download.start.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(BEGINNINGS):
        download.close()
        raise NoLabelFile("The file store sent something else than a label file.", item_name(item))
    return download


def _annotation(user: Person, project: uuid.UUID, item: WorkItem) -> Annotation:
    """The annotation that names a file. Raises NoLabelFile where there is none."""
    annotation = find_annotation(user=user, project=project, item=uuid.UUID(item.id))
    if annotation is None or not annotation.coco_results_url:
        is_expected = status_named(item.status).is_unfinished or annotation is None
        words = (
            "There are no labels for this item yet." if is_expected else "CloudFactory has no label file for this item."
        )
        raise NoLabelFile(words, item_name(item), is_expected=is_expected)
    return annotation


def _with_headers(response: StreamingHttpResponse, item: WorkItem, length: int | None) -> StreamingHttpResponse:
    name = file_name(f"{PurePosixPath(item_name(item)).stem} labels", ".json")
    response["Content-Disposition"] = attachment(name)
    if length is not None:
        response["Content-Length"] = str(length)
    return response
