"""A valid zip of any size up to 4 GiB that is never held in memory or on disk: every byte follows from its place.

One stored entry, a JSON document of a COCO shape whose filler strings carry their own number, so that a download that
was resumed at the wrong byte cannot come out right.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

NAME = b"annotations.json"
HEAD = b'{"info":{"description":"synthetic"},"images":[],"annotations":[],"categories":[],"filler":[\n'
TAIL = b'""]}'
BLOCK = 64 * 1024
_STAMP = b'"%016d'
_REST = (b"0123456789abcdef" * (BLOCK // 16))[: BLOCK - 17 - 3] + b'",\n'
_OVERHEAD = 30 + len(NAME) + 46 + len(NAME) + 22


@dataclass(frozen=True)
class BigZip:
    size: int

    @property
    def content_size(self) -> int:
        return self.size - _OVERHEAD

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, in pieces of at most one block."""
        head, tail = _local_header(self.content_size), _directory(self.content_size)
        body = len(head) + self.content_size
        if start < len(head):
            yield head[start:end]
        place = max(start, len(head))
        while place < min(end, body):
            piece = _piece(self.content_size, place - len(head), min(end, body) - len(head))
            yield piece
            place += len(piece)
        if end > body:
            yield tail[max(start - body, 0) : end - body]


def _piece(content_size: int, start: int, end: int) -> bytes:
    """Content from `start` to the end of its block, or to `end` if that comes first."""
    number = start // BLOCK
    block = _block(content_size, number)
    return block[start - number * BLOCK : end - number * BLOCK]


def _block(content_size: int, number: int) -> bytes:
    """Sizes are whole KiB, so that the last block always has room for the tail."""
    last = (content_size - 1) // BLOCK
    if number == last:
        size = content_size - last * BLOCK
        opening = HEAD if number == 0 else b""
        return opening + b" " * (size - len(opening) - len(TAIL)) + TAIL
    if number == 0:
        return HEAD + b" " * (BLOCK - len(HEAD))
    return _STAMP % number + _REST


@lru_cache(maxsize=16)
def _checksum(content_size: int) -> int:
    checksum = 0
    for number in range((content_size - 1) // BLOCK + 1):
        checksum = zlib.crc32(_block(content_size, number), checksum)
    return checksum


def _local_header(size: int) -> bytes:
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0x21, _checksum(size), size, size, len(NAME), 0) + NAME


def _directory(size: int) -> bytes:
    checksum = _checksum(size)
    entry = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 20, 20, 0, 0, 0, 0x21, checksum, size, size, len(NAME), 0, 0, 0, 0, 0, 0),
    )
    start = 30 + len(NAME) + size
    return entry + NAME + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) + len(NAME), start, 0)
