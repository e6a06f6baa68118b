"""A part of a file, as browsers and tools resume it: which is asked for, and whether the store sent that one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Protocol

from console.common.errors import ConsoleError
from console.upstream.downloads import Download, FilePart, Measured
from console.upstream.errors import RangeRefused

# One range, as browsers resume; anything else may be answered with the whole file, says HTTP.
_RANGE = re.compile(r"bytes=([0-9]{1,18})?-([0-9]{1,18})?")


class FileStore(Protocol):
    def stream(self, url: str, *, range_header: str | None = None) -> Download: ...

    def measure(self, url: str) -> Measured: ...


class NoSuchPart(ConsoleError):
    """The part that was asked for lies behind the end of the file, which has `total` bytes if that is known."""

    message = "The part that was asked for is not in the file."

    def __init__(self, total: int | None) -> None:
        super().__init__()
        self.total = total


def read_range(text: str, first_part: str | None, name: str) -> str | None:
    """The header Range if it asks for one part, and if `first_part`, the header If-Range, is of the file `name`."""
    range_text = text.strip().lower()
    first, last = _ends(range_text)
    is_range = last is not None if first is None else last is None or last >= first
    is_of_this = first_part is None or first_part.startswith(f'"{name}')
    return range_text if is_range and is_of_this else None


def is_rest(range_text: str) -> bool:
    """Whether a range leaves out the beginning; one that counts from the end may be the whole file."""
    return bool(_ends(range_text)[0])


def answers(part: FilePart, range_text: str) -> bool:
    """Whether it is the part that was asked for, or the beginning of that."""
    first, last = _ends(range_text)
    if first is not None:
        return part.first == first and (last is None or part.last <= last)
    # Counted from the end.
    return part.total is None or part.first == max(0, part.total - (last or 0))


def tag(name: str, total: int | None, headers: Mapping[str, str]) -> str:
    """Tells a file's bytes, as far as the store tells them: by its own tag, and by how many there are."""
    version_text = f"{headers.get('etag') or headers.get('last-modified')} {total}"
    return f'"{name}-{hashlib.sha256(version_text.encode()).hexdigest()[:16]}"'


def open_part(storage: FileStore, link: str, range_text: str | None, *, version: str | None, name: str) -> Download:
    """The file or the part of it; the whole where the store has another `version` now: half of each would be none.

    Raises NoSuchPart and what `Store.stream` raises.
    """
    try:
        download = storage.stream(link, range_header=range_text)
    except RangeRefused as error:
        if range_text is None:
            raise
        measured = storage.measure(link) if version or error.total is None else Measured(error.total, {})
        if version in {None, tag(name, measured.total, measured.headers)}:
            raise NoSuchPart(measured.total) from error
        return storage.stream(link)
    if download.part and version not in {None, tag(name, download.total, download.headers)}:
        download.close()
        return storage.stream(link)
    return download


def _ends(range_text: str) -> tuple[int | None, int | None]:
    match = _RANGE.fullmatch(range_text)
    first, last = (match[1], match[2]) if match else (None, None)
    return (int(first) if first else None), (int(last) if last else None)
