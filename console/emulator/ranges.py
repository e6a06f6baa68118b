"""Files over HTTP with everything a browser or a resuming download asks for: HEAD, Range, If-Range, ETag."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.emulator.wire import Answer, Request

PIECE = 64 * 1024


@dataclass(frozen=True)
class Blob:
    size: int
    etag: str
    content_type: str
    read: Callable[[int, int], Iterator[bytes]]


def file_blob(path: Path, content_type: str, etag: str = "") -> Blob:
    file_stat = path.stat()
    mark = etag or f'"{file_stat.st_mtime_ns:x}-{file_stat.st_size:x}"'
    return Blob(file_stat.st_size, mark, content_type, lambda start, end: _read(path, start, end))


def bytes_blob(content: bytes, content_type: str, etag: str) -> Blob:
    return Blob(len(content), etag, content_type, lambda start, end: iter((content[start:end],)))


def serve(request: Request, blob: Blob, headers: Mapping[str, str]) -> Answer:
    common = {"Content-Type": blob.content_type, "ETag": blob.etag, "Accept-Ranges": "bytes", **headers}
    if blob.etag in request.headers.get("If-None-Match", ""):
        return Answer(304, headers=common)
    byte_range = _range(request, blob)
    if byte_range is None:
        return Answer(200, headers=common, stream=blob.read(0, blob.size), length=blob.size)
    start, end = byte_range
    if start >= end:
        return Answer(416, headers={**common, "Content-Range": f"bytes */{blob.size}"})
    part = {**common, "Content-Range": f"bytes {start}-{end - 1}/{blob.size}"}
    return Answer(206, headers=part, stream=blob.read(start, end), length=end - start)


def _range(request: Request, blob: Blob) -> tuple[int, int] | None:
    """One range as (start, end); None for the whole. Lists of ranges may be answered with the whole."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", request.headers.get("Range", "").strip())
    if match is None or not (match[1] or match[2]):
        return None
    if request.headers.get("If-Range", blob.etag) != blob.etag:
        return None
    if not match[1]:
        return max(blob.size - int(match[2]), 0), blob.size if int(match[2]) else 0
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        return None
    return start, min(int(match[2]) + 1, blob.size) if match[2] else blob.size


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (piece := file.read(min(PIECE, end - start))):
            start += len(piece)
            yield piece
