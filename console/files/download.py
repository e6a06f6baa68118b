"""One file of a list: recorded first, signed afresh, and streamed through so that its link never leaves."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.audit.download_recorder import RecordedStream
from console.common.errors import ConsoleError
from console.common.file_names import attachment
from console.files.file_names import saved_name
from console.files.models import PathList
from console.files.original_names import read_names
from console.upstream import download_ranges as ranges
from console.upstream.downloads import Download, checked_link
from console.upstream.errors import LinkExpired, NotFound, OtherRefusal, Unreadable

VENDOR = "cloudfactory"
# The browser saves it, whatever it is.
CONTENT_TYPE = "application/octet-stream"
NO_LINK = "CloudFactory gave no link to this file."
REFUSED = "The file store refuses access to this file. Some stores answer so where there is no such file."


class NoFile(ConsoleError):
    """There is no file at the path, or none for this person."""


def file_act(
    *,
    user: Person,
    path_list: PathList,
    path: str,
    request: HttpRequest,
    range_header: str | None = None,
    group: uuid.UUID | None = None,
) -> record.audited_call:
    """The entry of one download; those of one zip have the same group."""
    return record.audited_call(
        actor=user,
        action="file.download",
        thing_kind="file",
        thing_id=f"{path_list.space}/{path}",
        thing_name=path,
        vendor=VENDOR,
        request=request,
        group=group,
        detail={
            "space": path_list.space,
            **({"from": range_header} if range_header and ranges.is_rest(range_header) else {}),
        },
        key=connections.key_fingerprint(user, VENDOR),
    )


def sign_file(*, user: Person, path_list: PathList, path: str) -> str:
    """A fresh link; it is stored nowhere. Raises NoFile where CloudFactory gives none."""
    links = connections.cloudfactory(user).download_links(path_list.space, [path])
    if not links:
        raise NoFile(NO_LINK)
    return links[0].signed_url


def stream_file(*, user: Person, path_list: PathList, number: int, request: HttpRequest) -> HttpResponseBase:
    """The file, or the part of it that is asked for.

    Raises NoFile, NoSuchPart, and every error of vendor and store; each ends the entry.
    """
    path, name = path_list.paths[number - 1], f"{path_list.pk}-{number}"
    first_part = request.headers.get("If-Range")
    range_header = ranges.read_range(request.headers.get("Range", ""), first_part, name)
    with file_act(user=user, path_list=path_list, path=path, request=request, range_header=range_header) as act:
        link = sign_file(user=user, path_list=path_list, path=path)
        if settings.EXPORT_DOWNLOAD == "redirect":
            checked_link(link, settings.TRUSTED_LOCAL_ORIGINS)
            act.done(detail={"redirected": True})
            return HttpResponse(status=302, headers={"Location": link})
        download = _open(link, range_header, first_part, name)
        # The outcome is written when the last byte has gone, or when the browser goes away before.
        act.detach()
    tag = ranges.tag(name, download.total, download.headers)
    version = tag.strip('"').removeprefix(f"{name}-")
    stream = RecordedStream(act, download, version, request.META.get("gunicorn.socket"))
    response = StreamingHttpResponse(stream, status=download.status, content_type=CONTENT_TYPE)
    # What a proxy in front has taken is not yet downloaded.
    response["X-Accel-Buffering"] = "no"
    if download.part:
        response["Content-Range"] = str(download.part)
    return _with_headers(response, path_list, path, download.length, tag)


def describe_file(*, user: Person, path_list: PathList, number: int) -> StreamingHttpResponse:
    """What HEAD asks: the headers that GET would have. Nothing is taken, so nothing is recorded."""
    path, name = path_list.paths[number - 1], f"{path_list.pk}-{number}"
    try:
        measured = connections.storage().measure(sign_file(user=user, path_list=path_list, path=path))
    except (LinkExpired, NotFound, OtherRefusal) as error:
        raise no_file(error) from error
    response = StreamingHttpResponse((), content_type=CONTENT_TYPE)
    return _with_headers(response, path_list, path, measured.total, ranges.tag(name, measured.total, measured.headers))


def _open(link: str, range_header: str | None, version: str | None, name: str) -> Download:
    try:
        download = ranges.open_part(connections.storage(), link, range_header, version=version, name=name)
    except (LinkExpired, NotFound, OtherRefusal) as error:
        raise no_file(error) from error
    if download.part and not (range_header and ranges.answers(download.part, range_header)):
        download.close()
        raise Unreadable("The file store sent another part than the one asked for.", vendor="storage", changes=False)
    return download


def no_file(error: LinkExpired | NotFound | OtherRefusal) -> NoFile:
    """The link is a moment old, so it is not its age."""
    return NoFile("There is no file at this path." if isinstance(error, NotFound) else REFUSED)


def _with_headers(
    response: StreamingHttpResponse, path_list: PathList, path: str, length: int | None, tag: str
) -> StreamingHttpResponse:
    original = read_names(space=path_list.space, paths=[path]).get(path)
    response["Content-Disposition"] = attachment(saved_name(original or path))
    response["Accept-Ranges"], response["ETag"] = "bytes", tag
    if length is not None:
        response["Content-Length"] = str(length)
    return response
