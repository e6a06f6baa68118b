"""One member of a zip: where it lies, and its unpacked bytes in chunks. Nothing is written to disk."""

import bz2
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

CHUNK = 256 * 1024

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_IS_ENCRYPTED, _IS_STRONG = 0x1, 0x40
_AES = 99

METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    14: "LZMA",
    16: "CMPSC",
    18: "TERSE",
    19: "LZ77",
    20: "Zstandard",
    93: "Zstandard",
    94: "MP3",
    95: "XZ",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
}


class UnreadableMember(Exception):
    """One member cannot be unpacked; `why` continues a sentence that begins with its name."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a zip: its name with `/` between folders, and where and how its bytes are packed."""

    name: str
    offset: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int
    is_folder: bool
    is_link: bool


def unpack(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The member's bytes in chunks; UnreadableMember for one that is encrypted, packed in an unknown way or damaged."""
    if member.flags & (_IS_ENCRYPTED | _IS_STRONG) or member.method == _AES:
        raise UnreadableMember("is encrypted")
    if member.is_link:
        raise UnreadableMember("is a link to another file")
    if member.method not in _UNPACKERS:
        name = METHODS.get(member.method, f"method {member.method}")
        raise UnreadableMember(f"is compressed with {name}, which the console can't read")
    crc = size = 0
    for chunk in _UNPACKERS[member.method](_packed(file, member)):
        size += len(chunk)
        if size > member.size:
            raise UnreadableMember("is damaged: it is longer than the zip says")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if size < member.size:
        raise UnreadableMember("is damaged: it is shorter than the zip says")
    if crc != member.crc:
        raise UnreadableMember("is damaged: its checksum is wrong")


def _packed(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The bytes as they are in the file."""
    # Places of 64 bits can lie further away than a file can be sought.
    file.seek(min(member.offset, file.seek(0, 2)))
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
        raise UnreadableMember("is damaged: it is not where the zip says")
    fields = _LOCAL.unpack(head)
    at, rest = member.offset + _LOCAL.size + fields[9] + fields[10], member.packed
    while rest:
        file.seek(at)
        chunk = file.read(min(CHUNK, rest))
        if not chunk:
            raise UnreadableMember("is damaged: it is cut off")
        at, rest = at + len(chunk), rest - len(chunk)
        yield chunk


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            while chunk and not unpacker.eof:
                yield unpacker.decompress(chunk, CHUNK)
                chunk = unpacker.unconsumed_tail
        while not unpacker.eof:
            rest = unpacker.decompress(b"", CHUNK)
            if not rest:
                raise UnreadableMember("is damaged: it is cut off")
            yield rest
    except zlib.error:
        raise UnreadableMember("is damaged") from None


def _bunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = bz2.BZ2Decompressor()
    try:
        for chunk in chunks:
            while not unpacker.eof:
                yield unpacker.decompress(chunk, CHUNK)
                if unpacker.needs_input:
                    break
                chunk = b""
    except (OSError, ValueError):
        raise UnreadableMember("is damaged") from None


_UNPACKERS: dict[int, Callable[[Iterator[bytes]], Iterator[bytes]]] = {0: iter, 8: _inflated, 12: _bunzipped}
