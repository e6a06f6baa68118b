"""All files of a list as one zip, written as they come: on no disk, a chunk in memory at a time, each file recorded.

A file that breaks off in the middle stands in no directory of the zip, and the list inside says why. The entries of
`deflate` blocks without compression end by themselves, so that a reader without a directory can follow them as well.
"""

import io
import socket
import uuid
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.models import Person
from accounts.rights import Right
from console.audit import csv_export, record
from console.common.delivery import has_arrived
from console.common.errors import ConsoleError
from console.common.file_names import attachment, file_name
from console.files import path_checks
from console.files.download import NoFile, file_act, no_file
from console.files.file_names import UniqueNames
from console.files.models import PathList
from console.files.original_names import read_names
from console.upstream.download_errors import VENDOR as STORE
from console.upstream.downloads import Download
from console.upstream.errors import LinkExpired, NotFound, OtherRefusal, UpstreamError

LIST_NAME = "original names.csv"
COLUMNS = ("Number", "Path", "Original name", "Name in this zip", "Bytes", "Result")
SIGNED_AT_ONCE = 50
"""Links age while the files before them are sent."""
ON_THE_WAY = 8 * 2**20
"""So many bytes can be in buffers between us and the browser: only what was sent before them has surely left."""
LARGEST_SMALL = 2**30
"""The sizes of larger files are written with 64 bits, which some readers don't know."""
INCLUDED = "included"
NO_FILES = "None of these files could be found when they were checked."
CUT_OFF = "The connection closed before the zip was complete."


@dataclass
class _Row:
    number: int
    path: str
    original: str
    name: str = ""
    size: int | None = None
    result: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        size = "" if self.size is None else str(self.size)
        return str(self.number), self.path, self.original, self.name, size, self.result


@dataclass(frozen=True)
class _SentFile:
    """A file that was written, and how long the zip was then."""

    act: record.audited_call
    row: _Row
    end: int


class _RightLost(ConsoleError):
    """The person's role was changed, or they were disabled, while the zip was sent."""

    message = "Your role can’t download files any more."


class _Sink(io.RawIOBase):
    """What was written to the zip and not yet taken. It can't be sought, as a response can't."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        data = bytes(piece)  # type: ignore[call-overload]
        self._pieces.append(data)
        self.length += len(data)
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def stream_zip(*, user: Person, path_list: PathList, request: HttpRequest) -> StreamingHttpResponse:
    """The zip. Later problems are named in it.

    Raises NoFile where no file can be in it, NotRecorded, and what P2 raises for the first files.
    """
    zip_stream = _ZipStream(user, path_list, request)
    zip_stream.sign_first()
    response = describe_zip(path_list)
    response.streaming_content = _StartedStream(iter(zip_stream))
    response["X-Accel-Buffering"] = "no"
    return response


def describe_zip(path_list: PathList) -> StreamingHttpResponse:
    """The answer around the files; with none of them it is what HEAD gets."""
    response = StreamingHttpResponse((), content_type="application/zip")
    name = f"{path_list.space_name or 'Space'} files {path_list.created_at:%Y-%m-%d}"
    response["Content-Disposition"] = attachment(file_name(name, ".zip"))
    return response


class _StartedStream:
    """Pieces whose first one is there already, so that what goes wrong before it is an error page and no zip."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._first = next(pieces, b"")

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        return first or next(self._pieces)

    def close(self) -> None:
        """The browser has everything, or went away; the server says this in both cases."""
        self._pieces.close()


class _ZipStream:
    def __init__(self, user: Person, path_list: PathList, request: HttpRequest) -> None:
        self.user, self.path_list, self.request = user, path_list, request
        self.connection: socket.socket | None = request.META.get("gunicorn.socket")
        self.group = uuid.uuid4()
        originals = read_names(space=path_list.space, paths=path_list.paths)
        paths = enumerate(path_list.paths, start=1)
        self.rows = [_Row(number, path, originals.get(path, path.rpartition("/")[2])) for number, path in paths]
        self.links: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.stopped = ""
        self.names = UniqueNames(LIST_NAME)
        self.sink = _Sink()
        self.on_the_way: deque[_SentFile] = deque()

    def sign_first(self) -> None:
        self._mark_missing()
        if not (first := self._waiting(0)):
            raise NoFile(NO_FILES)
        self._sign(first)

    def __iter__(self) -> Generator[bytes, None, None]:
        try:
            with ZipFile(self.sink, "w", ZIP_DEFLATED, compresslevel=0) as archive:
                for place, row in enumerate(self.rows):
                    yield from self._add(archive, place, row)
                archive.writestr(
                    _entry(LIST_NAME), "".join(csv_export.table(COLUMNS, (row.cells for row in self.rows)))
                )
            yield self.sink.take()
            if self.connection is None or has_arrived(self.connection):
                self._record_sent(self.sink.length)
        finally:
            for sent_file in self.on_the_way:
                sent_file.act.done(detail=_facts(sent_file.row.size or 0, sent_file.row.size, CUT_OFF))

    def _mark_missing(self) -> None:
        """Files that were missing at the last check are not asked for again; the list in the zip says so."""
        for row, check in zip(self.rows, path_checks.read_checks(self.path_list), strict=True):
            if check.state in (path_checks.State.MISSING, path_checks.State.NO_RIGHT):
                row.result = f"not included: {check.message or 'there is no file at this path.'}"

    def _waiting(self, place: int) -> list[_Row]:
        return [row for row in self.rows[place:] if not row.result][:SIGNED_AT_ONCE]

    def _sign(self, rows: Sequence[_Row]) -> None:
        """Fresh links for these. Raises what P2 raises."""
        paths = [row.path for row in rows]
        self.links, refused = path_checks.sign_paths(user=self.user, space=self.path_list.space, paths=paths)
        self.refused = {path: check.message for path, check in refused.items()}

    def _add(self, archive: ZipFile, place: int, row: _Row) -> Iterator[bytes]:
        row.result = row.result or self.stopped
        if row.result:
            return
        act = file_act(user=self.user, path_list=self.path_list, path=row.path, request=self.request, group=self.group)
        try:
            self._check_right()
            with act:
                download = self._open(place, row)
                act.detach()
        except (UpstreamError, ConnectionMissing, NoFile, _RightLost, record.NotRecorded) as error:
            if isinstance(error, record.NotRecorded) and not self.sink.length:
                raise
            row.result = f"not included: {error.message}"
            # Without links or entries no further file can be read.
            is_about_this = isinstance(error, NoFile) or (isinstance(error, UpstreamError) and error.vendor == STORE)
            self.stopped = "" if is_about_this else row.result
            return
        yield from self._copy(archive, row, act, download)

    def _check_right(self) -> None:
        """Before each file: fifty of them, signed together, can take hours."""
        user = Person.objects.filter(pk=self.user.pk, is_active=True).first()
        if user is None or not user.can(Right.DOWNLOAD):
            raise _RightLost

    def _open(self, place: int, row: _Row) -> Download:
        """The file's first bytes; where its link is too old by now, with new links from here on."""
        was_signed = row.path in self.links or row.path in self.refused
        if not was_signed:
            self._sign(self._waiting(place))
        try:
            return self._stream(row)
        except (LinkExpired, NotFound, OtherRefusal) as error:
            if not was_signed or not isinstance(error, LinkExpired):
                raise no_file(error) from error
        self._sign(self._waiting(place))
        try:
            return self._stream(row)
        except (LinkExpired, NotFound, OtherRefusal) as error:
            raise no_file(error) from error

    def _stream(self, row: _Row) -> Download:
        if row.path not in self.links:
            raise NoFile(self.refused[row.path])
        return connections.storage().stream(self.links[row.path])

    def _copy(self, archive: ZipFile, row: _Row, act: record.audited_call, download: Download) -> Iterator[bytes]:
        row.name, row.size = self.names.add(row.original), 0
        entry, failure, is_over = _entry(row.name), CUT_OFF, False
        is_large = download.length is None or download.length >= LARGEST_SMALL
        try:
            with archive.open(entry, "w", force_zip64=is_large) as file:
                for chunk in download:
                    file.write(chunk)
                    row.size += len(chunk)
                    yield self.sink.take()
                    self._record_sent(self.sink.length - ON_THE_WAY)
            is_over = True
        except UpstreamError as error:
            failure = error.message
        finally:
            download.close()
            if not is_over:
                self._end_early(act, row, download.length, failure)
        if is_over:
            row.result = INCLUDED
            self.on_the_way.append(_SentFile(act, row, self.sink.length))
            return
        # Its bytes stay in the zip, but no reader takes a part for the file.
        archive.filelist.remove(entry)
        del archive.NameToInfo[entry.filename]

    def _end_early(self, act: record.audited_call, row: _Row, total: int | None, failure: str) -> None:
        sent_bytes, row.size = row.size or 0, total
        row.result, row.name = f"not included: {failure}", ""
        if sent_bytes:
            act.done(detail=_facts(sent_bytes, total, failure))
        else:
            act.failed(detail={"error": failure})

    def _record_sent(self, length: int) -> None:
        while self.on_the_way and self.on_the_way[0].end <= length:
            sent_file = self.on_the_way.popleft()
            sent_file.act.done(detail=_facts(sent_file.row.size or 0, sent_file.row.size))


def _facts(size: int, total: int | None, failure: str = "") -> dict[str, object]:
    facts: dict[str, object] = {"bytes": size, "first": 0}
    facts |= {} if total is None else {"of": total}
    # Among the files of the zip, one that broke off is none that was downloaded.
    cut_off = {"interrupted": True, "error": failure, "items_done": 0, "items_refused": 1}
    return facts | (cut_off if failure else {})


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, timezone.localtime().timetuple()[:6])
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
    # Python 3.13 made it public; before, an entry without one is written at the default level.
    entry._compresslevel = 0  # type: ignore[attr-defined]
    return entry
