"""Files behind signed links: pictures, COCO files, export archives (FACTS 2.5, 2.7).

A signed link is a key in itself. It is fetched without ours, from public addresses only (or exactly
the origins the settings trust), it is never logged, and no error quotes it. There is no limit on the
whole, a large archive can take its time; silence ends it.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from console.common import deadline
from console.common.parsing import NotJson, read_int
from console.upstream import errors
from console.upstream.bodies import CHUNK, PACKINGS, arriving, chunks
from console.upstream.deadline import Call
from console.upstream.download_errors import VENDOR, error_of
from console.upstream.network_errors import READING_FAULTS, broken, fault
from console.upstream.transport import LEAST_SECONDS, LIMITS, WIRE_FAULTS, CallLimits, open_link

_RANGE = re.compile(r"bytes=[0-9, -]{1,200}")
_PART = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/(?:([0-9]{1,18})|\*)")
MOST_LINK = 16_384
"""More characters than any server reads of an address."""
DEFAULT_PORTS = {"https": 443, "http": 80}
# The name of an upload's framing, which some stores keep although the bytes they hold are the file's own.
_FRAMED = "aws-chunked"
_FRAME = re.compile(rb"[0-9a-fA-F]{1,7}(;|\r)")
_STORED_PACKINGS = frozenset({*PACKINGS, _FRAMED})
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}
_WORTH_REPEATING = (errors.Broken, errors.RateLimited, errors.ServerFailed)
# Enough to see that a page of HTML or nothing came; few enough for a slow store to send at once.
_START = 8


@dataclass(frozen=True)
class FilePart:
    """The place of some bytes in a file: the first, the last, and how many the file has, if that was said."""

    first: int
    last: int
    total: int | None

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"bytes {self.first}-{self.last}/{'*' if self.total is None else self.total}"


@dataclass(frozen=True)
class Measured:
    """How many bytes a file has, if the store tells, and the headers it sends along (lower case)."""

    total: int | None
    headers: Mapping[str, str]


def read_part(text: str) -> FilePart | None:
    """What a Content-Range says, if that can be."""
    match = _PART.fullmatch(text)
    if match is None:
        return None
    part = FilePart(int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
    return part if part.first <= part.last and (part.total is None or part.last < part.total) else None


class Download:
    """An opened file: `status` (200 or 206), `headers` (lower case), and its bytes in chunks, once.

    `part` is the answer to a Range, None for the whole file; `length` how many bytes were promised, `total` how many
    the whole file has, where that was said; `start` the first bytes, read before anything is said about the file.
    Iterating raises Broken, TimedOut or Unreadable when the file ends early, falls silent or passes `limit`.
    """

    def __init__(self, response: Any, call: Call, limit: int | None, silence: float) -> None:
        self._response = response
        self._call = call
        self._limit = limit
        self._silence = silence
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self.content_type = self.headers.get("content-type")
        self.part = read_part(self.headers.get("content-range", "")) if self.status == 206 else None
        self._packing = self.headers.get("content-encoding", "").strip().lower()
        self._is_plain = self._packing in {"", "identity", _FRAMED}
        # A length beside chunks is none, says HTTP.
        is_counted = self._is_plain and "transfer-encoding" not in self.headers
        promised = read_int(self.headers.get("content-length")) if is_counted else None
        self._fits = self.part is None or promised in (None, self.part.length)
        self.length = self.part.length if self.part else promised
        self.total = self.part.total if self.part else promised
        self.start = b""

    def __iter__(self) -> Iterator[bytes]:
        length = 0
        with self:
            for chunk in self._chunks():
                length += len(chunk)
                if self._limit is not None and length > self._limit:
                    raise _too_large()
                if self.length is not None and length > self.length:
                    raise _unreadable("it is longer than it should be")
                yield chunk
        if self.length is not None and length < self.length:
            raise broken(VENDOR, changes=False)

    def open(self) -> None:
        """Reads the first bytes, so that a store that sends none is an error before we answer anybody."""
        if self._packing not in _STORED_PACKINGS:
            raise _unreadable(f"it is packed as {self._packing[:40]!r}, which we did not ask for")
        # A part of packed bytes cannot be unpacked, and one that contradicts itself cannot be put in its place.
        if self.status == 206 and not (self.part and self._is_plain and self._fits):
            raise _unreadable("it is a part of the file, and does not say clearly which")
        self.start = next(self._guarded(chunks(self._response.raw, _START, _STORED_PACKINGS)), b"")
        if self._packing == _FRAMED and _FRAME.match(self.start):
            raise _unreadable("it is cut into pieces we did not ask for")

    def close(self) -> None:
        self._response.close()

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _chunks(self) -> Iterator[bytes]:
        if self.start:
            yield self.start
            yield from self._guarded(arriving(self._response.raw, CHUNK, _STORED_PACKINGS))

    def _guarded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        # The fault is raised outside the handler: its cause would quote the link.
        try:
            yield from pieces
            return
        except NotJson:
            failed: errors.UpstreamError = _unreadable()
        except READING_FAULTS as error:
            failed = _fault(error, self._call, self._silence)
        raise failed


def fetch(url: str, *, limit: int, origins: Collection[str] = ()) -> bytes:
    """The whole file, `limit` bytes at most. `origins` are those trusted although local or http.

    Raises Invalid for a link that must not be followed, LinkExpired (FACTS 2.7), NotFound, PointedElsewhere,
    and everything a call can end with.
    """
    with stream(url, limit=limit, origins=origins) as download:
        if download.length is not None and download.length > limit:
            raise _too_large()
        return b"".join(download)


def stream(
    url: str,
    *,
    range_header: str | None = None,
    limit: int | None = None,
    origins: Collection[str] = (),
    limits: CallLimits = LIMITS,
) -> Download:
    """The file as it comes; close it, or use it as a context. `range_header` is passed on as it is.

    A store that is busy is asked again after the pause it names, as long as the request has time for it. Raises what
    `fetch` raises, LinkExpired, RangeRefused, RateLimited when it stays busy, and OutOfTime.
    """
    link = _Link(url, checked_link(url, origins), limits)
    headers = _HEADERS | _range(range_header)
    until, turn = time.monotonic() + _seconds_left(limits), 1
    while True:
        try:
            return _open(link, headers, limit, until)
        except _WORTH_REPEATING as error:
            wait = _wait(error, turn, until, limits)
            if wait is None:
                raise
        time.sleep(wait)
        turn += 1


def measure(url: str, *, origins: Collection[str] = (), limits: CallLimits = LIMITS) -> Measured:
    """The size of a file without the file. Raises what `stream` raises.

    Most links are signed for GET alone (FACTS 2.7), so where HEAD brings no size the first byte is asked for.
    """
    link = _Link(url, checked_link(url, origins), limits)
    if measured := _measured_by_head(link, time.monotonic() + _seconds_left(limits)):
        return measured
    try:
        with stream(url, range_header="bytes=0-0", origins=origins, limits=limits) as download:
            return Measured(download.total, download.headers)
    except errors.RangeRefused as error:
        if error.total != 0:
            raise
    return Measured(0, {})


@dataclass(frozen=True)
class _Link:
    url: str
    trusted: bool
    limits: CallLimits


def _open(link: _Link, headers: Mapping[str, str], limit: int | None, until: float) -> Download:
    # The file itself can take as long as it likes; its headers and first bytes cannot.
    with _call(link, until) as call:
        answer = _ask(link, call, "GET", headers)
        if answer.status_code not in (200, 206):
            raise error_of(answer)
        download = Download(answer, call, limit, link.limits.silence)
        try:
            download.open()
            if download.part and "Range" not in headers:
                raise _unreadable("it is a part of the file, which we did not ask for")
        except errors.UpstreamError:
            download.close()
            raise
    return download


def _measured_by_head(link: _Link, until: float) -> Measured | None:
    try:
        with _call(link, until) as call:
            answer = _ask(link, call, "HEAD", _HEADERS)
            answer.close()
    except errors.UpstreamError:
        return None
    download = Download(answer, call, None, link.limits.silence)
    return Measured(download.length, download.headers) if download.status == 200 and download.length else None


def _call(link: _Link, until: float) -> Call:
    return Call(max(LEAST_SECONDS, until - time.monotonic()), target=_split(link.url)[1])


def _ask(link: _Link, call: Call, method: str, headers: Mapping[str, str]) -> Any:
    """The answer with its body unread, or the error that the wire's means."""
    limits = replace(link.limits, connect=min(link.limits.connect, call.seconds or link.limits.connect))
    try:
        return open_link(_split(link.url)[0], trusted=link.trusted, headers=headers, limits=limits, method=method)
    except WIRE_FAULTS as error:
        failed = _fault(error, call, limits.silence)
    raise failed


def _seconds_left(limits: CallLimits) -> float:
    remaining = deadline.remaining()
    if remaining is not None and remaining < LEAST_SECONDS:
        raise errors.OutOfTime("The file store was not asked: the time for this page was used up.", vendor=VENDOR)
    return limits.total if remaining is None else min(limits.total, remaining)


def _wait(error: errors.UpstreamError, turn: int, until: float, limits: CallLimits) -> float | None:
    """Seconds until the store is asked again; None if it should not be."""
    if isinstance(error, errors.Broken):
        # A first connection that breaks had most likely rested in the pool and was just being closed.
        return 0.0 if turn == 1 else None
    if turn >= limits.calls or error.status not in (429, 503):
        return None
    pause = limits.pause * 2 ** (turn - 1) * random.uniform(0.5, 1.5)  # noqa: S311 (keeps callers apart, hides nothing)
    wait = pause + (error.retry_in or 0.0)
    return wait if time.monotonic() + wait < until - LEAST_SECONDS else None


def _split(url: str) -> tuple[str, str]:
    """The link's origin, and what is asked for there: everything behind the origin but a fragment, untouched."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    target = url.partition("#")[0][len(origin) :]
    return f"{origin}/", target if target.startswith("/") else f"/{target}"


def _range(range_text: str | None) -> dict[str, str]:
    # A Range that is none may be ignored, says HTTP; so may one that could break the request.
    return {"Range": range_text} if range_text and _RANGE.fullmatch(range_text) else {}


def checked_link(url: str, origins: Collection[str] = ()) -> bool:
    """Whether the link is of a trusted origin; Invalid if it is neither that nor plain https."""
    if len(url) > MOST_LINK:
        raise _bad_link()
    try:
        parts = urlsplit(url)
        origin, named = origin_of(url), parts.username is None and parts.password is None
    except ValueError:
        raise _bad_link() from None
    clean = all("!" <= character <= "~" for character in url) and "\\" not in url
    if not (parts.hostname and named and clean):
        raise _bad_link()
    trusted = origin in {origin_of(trusted) for trusted in origins}
    if parts.scheme != "https" and not trusted:
        raise _bad_link()
    return trusted


def origin_of(url: str) -> tuple[str, str, int | None]:
    """To be compared: with the port that is meant where none is named. Raises ValueError for what is no address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port


def _bad_link() -> errors.Invalid:
    return errors.Invalid("This link to a file cannot be followed.", vendor=VENDOR)


def _fault(error: Exception, call: Call, silence: float) -> errors.UpstreamError:
    return fault(error, call, vendor=VENDOR, silence=silence, changes=False)


def _unreadable(why: str = "") -> errors.Unreadable:
    text = f"The file store's answer could not be read{f': {why}' if why else ''}."
    return errors.Unreadable(text, vendor=VENDOR, changes=False)


def _too_large() -> errors.Unreadable:
    return errors.Unreadable("The file is larger than expected.", vendor=VENDOR, changes=False)
