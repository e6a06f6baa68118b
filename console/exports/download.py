"""Handing the file over: recorded first, fetched afresh, streamed through so that the signed link never leaves."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.audit.download_recorder import RecordedStream
from console.common.errors import ConsoleError
from console.common.file_names import attachment, file_name
from console.exports.models import ExportRequest
from console.exports.slot import ACTIVE
from console.upstream import download_ranges as ranges
from console.upstream.downloads import Download, checked_link
from console.upstream.errors import LinkExpired, NotFound, Unreadable
from console.upstream.response_models import Export

# How every zip begins.
ZIP = b"PK"


class NotReady(ConsoleError):
    """There is no file: the export still runs, failed, or its link is gone. Says which."""

    def __init__(self, message: str, name: str, *, runs: bool = False) -> None:
        super().__init__(message)
        self.name, self.runs = name, runs


class FileGone(ConsoleError):
    """The store refuses the link although CloudFactory gave it for this download, or has no file behind it."""

    EXPIRED = "The link to the file has expired, and CloudFactory gave no new one."
    DELETED = "The file is no longer in CloudFactory's file store."

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


def open_download(*, user: Person, export_id: str, request: HttpRequest) -> HttpResponseBase:
    """The file of an export, or of a part of it where a browser resumes.

    Raises NotReady, NoSuchPart, FileGone, and every error of vendor and store; each ends the audit's entry.
    """
    space = connections.space(user)
    # Another's export is called what CloudFactory says, once it has said it to this person's key.
    export_request = ExportRequest.objects.filter(export_id=export_id, person=user).first()
    byte_range = ranges.read_range(request.headers.get("Range", ""), request.headers.get("If-Range"), export_id)
    act = record.audited_call(
        actor=user,
        action="export.download",
        thing_kind="export",
        thing_id=export_id,
        thing_name=export_request.name if export_request else export_id,
        vendor="cloudfactory",
        request=request,
        detail={"space": space.id, **({"from": byte_range} if byte_range and ranges.is_rest(byte_range) else {})},
        key=connections.key_fingerprint(user, "cloudfactory"),
    )
    with act:
        export = _read_export(user, space.id, export_id)
        act.name_thing(export.name or export_id)
        link = _link(export)
        if settings.EXPORT_DOWNLOAD == "redirect":
            checked_link(link, settings.TRUSTED_LOCAL_ORIGINS)
            act.done(detail={"redirected": True})
            # Not by Django's own redirect, which rewrites what it takes for mistakes and refuses long links.
            return HttpResponse(status=302, headers={"Location": link})
        with _no_file(export):
            version = request.headers.get("If-Range")
            download = ranges.open_part(connections.storage(), link, byte_range, version=version, name=export_id)
        _demand_file(download, byte_range)
        # The outcome is written when the last byte has gone, or when the browser goes away before.
        act.detach()
    return _streamed(act, download, export, request.META.get("gunicorn.socket"))


def head_response(*, user: Person, export_id: str) -> StreamingHttpResponse:
    """What HEAD asks: the headers that GET would have. Nothing is taken, so nothing is recorded."""
    export = _read_export(user, connections.space(user).id, export_id)
    link = _link(export)
    with _no_file(export):
        measured = connections.storage().measure(link)
    # Not an HttpResponse, which would be given the length of its own empty body.
    response = StreamingHttpResponse((), content_type="application/zip")
    return _headed(response, export, measured.total, ranges.tag(export.id, measured.total, measured.headers))


def _read_export(user: Person, space: str, export_id: str) -> Export:
    """Asked for at every download, because links age (FACTS 4, 17)."""
    return connections.cloudfactory(user).get_export(space, export_id)


def _link(export: Export) -> str:
    if export.status in ACTIVE:
        raise NotReady("The export is still being made.", export.name or "", runs=True)
    if export.status != "COMPLETED" or not export.download_url:
        raise NotReady(export.error or "CloudFactory gives no link to the file.", export.name or "")
    return export.download_url


@contextmanager
def _no_file(export: Export) -> Iterator[None]:
    """Turns what the store says about a missing file into the error that the page about this export shows."""
    name = export.name or ""
    try:
        yield
    except LinkExpired as error:
        raise FileGone(FileGone.EXPIRED, name) from error
    except NotFound as error:
        raise FileGone(FileGone.DELETED, name) from error


def _demand_file(download: Download, byte_range: str | None) -> None:
    """Nothing, a page of HTML, or another part than the one asked for must not be saved as somebody's file."""
    part = download.part
    is_asked_for = part is None or (byte_range is not None and ranges.answers(part, byte_range))
    is_from_start = part is None or part.first == 0
    is_zip = bool(download.start) and ZIP.startswith(download.start[: len(ZIP)])
    if not is_asked_for or (is_from_start and not is_zip):
        download.close()
        raise Unreadable("The file store sent something else than the file.", vendor="storage", changes=False)


def _streamed(
    act: record.audited_call, download: Download, export: Export, connection: socket.socket | None
) -> StreamingHttpResponse:
    tag = ranges.tag(export.id, download.total, download.headers)
    version = tag.strip('"').removeprefix(f"{export.id}-")
    handover = RecordedStream(act, download, version, connection)
    response = StreamingHttpResponse(handover, status=download.status, content_type="application/zip")
    # What a proxy in front has taken is not yet downloaded.
    response["X-Accel-Buffering"] = "no"
    if download.part:
        response["Content-Range"] = str(download.part)
    return _headed(response, export, download.length, tag)


def _headed(response: StreamingHttpResponse, export: Export, length: int | None, tag: str) -> StreamingHttpResponse:
    response["Content-Disposition"] = attachment(file_name(export.name or export.id))
    response["Accept-Ranges"], response["ETag"] = "bytes", tag
    if length is not None:
        response["Content-Length"] = str(length)
    return response
