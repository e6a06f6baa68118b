"""The members of a zip by its central directory, in a file that can be sought.

The standard library's reader gives up the whole zip for one odd member (a name that is not UTF-8, a damaged extra
field, a newer version) and takes the whole directory into memory; a reader of streams cannot know where a stored member
of unknown length ends. This one reads the directory entry by entry and leaves what it cannot unpack to the caller, by
name. Nothing is written to disk, and names are only text.
"""

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from console.exports.zip_members import CHUNK, Member

# Signatures of end records that are tried; a file can be full of them.
MOST_ENDS = 1_000
MOST_DIRECTORY = 64 * 1024**2

_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_END_SIGNATURE: Final = b"PK\x05\x06"
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_IS_UTF_8 = 0x800
_IS_DIRECTORY = 0x10
# Systems that write a file's mode of Unix: Unix itself, and macOS.
_UNIX = (3, 19)


class NotAZip(Exception):
    """The file has no end record of a zip, or one that contradicts itself; `why` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Directory:
    """Where the list of members lies, and how many bytes stand before and behind the zip in its file."""

    start: int
    length: int
    count: int
    before: int
    behind: int


def find_directory(file: BinaryIO) -> Directory:
    """The central directory of the last zip in the file. NotAZip with a sentence where there is none."""
    size = file.seek(0, 2)
    for position in islice(_ends(file, size), MOST_ENDS):
        directory = _directory(file, size, position)
        if directory is not None:
            return directory
    raise NotAZip(_what_it_is(file))


def read_members(file: BinaryIO, directory: Directory) -> Iterator[Member]:
    """Every member the directory lists. NotAZip where the directory ends too early."""
    at, end, count = directory.start, directory.start + directory.length, 0
    window, base = b"", at
    # The window moves while the longest possible entry can pass its end, unless it holds all the rest.
    while at < end:
        if at + _ENTRY.size + 3 * _FULL_16 > base + len(window) < end:
            file.seek(at)
            window, base = file.read(min(CHUNK * 2, end - at)), at
        member, length = _member(window, at - base, directory.before)
        if member is None:
            break
        count += 1
        at += length
        yield member
    # The count has 16 bits where a tool writes no zip64 record.
    if at > end or (count - directory.count) & _FULL_16:
        raise NotAZip("the zip's list of files is damaged")


def _ends(file: BinaryIO, size: int) -> Iterator[int]:
    """Where end records can be, the last first: anything can stand behind a zip."""
    end, after = size, b""
    while end:
        start = max(0, end - CHUNK)
        file.seek(start)
        window = file.read(end - start) + after
        at = window.rfind(_END_SIGNATURE)
        while at >= 0:
            yield start + at
            at = window.rfind(_END_SIGNATURE, 0, at)
        end, after = start, window[: len(_END_SIGNATURE) - 1]


def _directory(file: BinaryIO, size: int, position: int) -> Directory | None:
    """What an end record says, if a directory really lies there."""
    if position + _END.size > size:
        return None
    file.seek(position)
    _, disk, first_disk, here, count, length, offset, comment = _END.unpack(file.read(_END.size))
    ends = position + _END.size + comment
    if ends > size:
        # A comment that was cut off, and perhaps more than the comment.
        return None
    wide = _wide(file, position)
    if wide is not None:
        disk, first_disk, here, count, length, offset, position = wide
    if disk not in (0, _FULL_16) or first_disk not in (0, _FULL_16) or here != count:
        raise NotAZip("the file is one part of a zip in several parts")
    if length > MOST_DIRECTORY:
        raise NotAZip("the zip's list of files is too long")
    begins = position - length
    if begins < 0 or not _is_entry(file, begins, length):
        begins = offset
        if length and not (begins + length <= position and _is_entry(file, begins, length)):
            return None
    if not _is_outermost(file, max(0, begins - offset)):
        return None
    return Directory(begins, length, count, max(0, begins - offset), size - ends)


def _is_outermost(file: BinaryIO, before: int) -> bool:
    """A zip stored whole within another archive, or within a zip that was cut off, is not what the file holds.

    One zip behind another is.
    """
    file.seek(0)
    start = file.read(512) if before else b""
    if _archive(start):
        return False
    if not start.startswith(b"PK\x03\x04"):
        return True
    file.seek(max(0, before - _END.size))
    return file.read(_END.size).startswith(_END_SIGNATURE)


def _is_entry(file: BinaryIO, at: int, length: int) -> bool:
    file.seek(at)
    return not length or file.read(4) == b"PK\x01\x02"


def _wide(file: BinaryIO, position: int) -> tuple[int, int, int, int, int, int, int] | None:
    """The end record of a zip64, in 64 bits: disk, first disk, entries here and in all, length, offset, place."""
    if position < _LOCATOR.size:
        return None
    file.seek(position - _LOCATOR.size)
    signature, _, offset, disks = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return None
    if disks > 1:
        raise NotAZip("the file is one part of a zip in several parts")
    # Its offset counts from the beginning of the zip, which is not always that of the file.
    for place in (offset, position - _LOCATOR.size - _END_64.size):
        if not 0 <= place <= position - _LOCATOR.size - _END_64.size:
            continue
        file.seek(place)
        record = _END_64.unpack(file.read(_END_64.size))
        if record[0] == b"PK\x06\x06":
            return (*record[4:], place)
    return None


def _member(window: bytes, at: int, before: int) -> tuple[Member | None, int]:
    """The entry at this place, and its length; None where there is none."""
    if at + _ENTRY.size > len(window):
        return None, 0
    fields = _ENTRY.unpack_from(window, at)
    signature, flags, method, crc, packed, size = fields[0], *fields[3:5], *fields[7:10]
    name_length, extra_length, comment_length, outside, offset = *fields[10:13], *fields[15:17]
    names = at + _ENTRY.size
    length = _ENTRY.size + name_length + extra_length + comment_length
    if signature != b"PK\x01\x02" or at + length > len(window):
        return None, 0
    extra = window[names + name_length : names + name_length + extra_length]
    size, packed, offset = _widened(extra, size, packed, offset)
    name = _name(window[names : names + name_length], flags)
    is_folder = name.endswith("/") or (not size and bool(outside & _IS_DIRECTORY))
    is_link = fields[1] >> 8 in _UNIX and stat.S_ISLNK(outside >> 16)
    return Member(name, offset + before, packed, size, crc, method, flags, is_folder, is_link), length


def _widened(extra: bytes, *fields: int) -> Iterator[int]:
    """The three sizes, those of 64 bits out of the extra field where the entry has no room for them."""
    wide, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    at = 0
    for value in fields:
        if value == _FULL_32 and at + 8 <= len(wide):
            yield int.from_bytes(wide[at : at + 8], "little")
            at += 8
        else:
            yield value


def _name(raw: bytes, flags: int) -> str:
    """Many tools write UTF-8 without saying so; what is none is the code page of old."""
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "replace") if flags & _IS_UTF_8 else raw.decode("cp437")
    return name.replace("\\", "/")


def _what_it_is(file: BinaryIO) -> str:
    """A sentence about a file that is not a zip, by its first bytes."""
    file.seek(0)
    start = file.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x07\x08", b"PK00PK\x03\x04")):
        return "the file is not a whole zip: its end is missing"
    text = start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").lower()
    file_kind = _archive(start) or next((kind for signature, kind in _TEXTS if text.startswith(signature)), "")
    if not start:
        return "the file is empty"
    return f"the file is {file_kind}, not a zip" if file_kind else "the file is not a zip"


def _archive(start: bytes) -> str:
    """What else the file holds files in, by its first 512 bytes; empty for anything not known."""
    if start[257:262] == b"ustar":
        return "a tar archive"
    return next((kind for signature, kind in _KINDS if start.startswith(signature)), "")


_KINDS = (
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"%PDF", "a PDF"),
)
_TEXTS = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<", "an XML document"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)
