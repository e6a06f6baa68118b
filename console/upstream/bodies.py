"""Bytes in and out: what is sent as JSON, and how much of an answer is read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from console.common.parsing import NotJson
from console.upstream.errors import Invalid
from console.upstream.network_errors import READING_FAULTS

CHUNK = 65_536
# Seconds that bytes of a file wait for more to come.
LONGEST_HELD = 0.5
PACKINGS = {"", "identity", "gzip", "x-gzip"}


def encoded(body: Any, vendor: str) -> bytes:
    """The body as JSON in UTF-8; NaN, lone surrogates and endless nesting are refused here, not by the vendor."""
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        pass
    raise Invalid("This cannot be sent: it holds a character or a number that JSON does not know.", vendor=vendor)


def query(params: Iterable[tuple[str, str]], vendor: str) -> str:
    """`?name=value&…`, or nothing for no parameters."""
    try:
        text = urlencode(list(params), quote_via=quote)
        return f"?{text}" if text else ""
    except UnicodeEncodeError:
        pass
    raise Invalid("This cannot be sent: it holds half a character.", vendor=vendor)


def chunks(raw: Any, size: int = CHUNK, packings: Collection[str] = PACKINGS) -> Iterator[bytes]:
    """The unpacked body. A bomb can be stopped while it unpacks: no step yields more than one chunk."""
    _demand_packing(raw, packings)
    while piece := _piece(raw.read, size):
        yield piece


def arriving(raw: Any, size: int, packings: Collection[str]) -> Iterator[bytes]:
    """The same, but of what drips no byte waits for long until a chunk is full."""
    _demand_packing(raw, packings)
    is_over = False
    while not is_over:
        body, until = bytearray(), time.monotonic() + LONGEST_HELD
        while len(body) < size and not is_over and not (body and time.monotonic() > until):
            piece = _piece(raw.read1, size - len(body))
            body += piece
            is_over = not piece
        if body:
            yield bytes(body)


def _demand_packing(raw: Any, packings: Collection[str]) -> None:
    if raw.headers.get("content-encoding", "").strip().lower() not in packings:
        raise NotJson("packed in a way that was not asked for")


def _piece(read: Callable[..., bytes], size: int) -> bytes:
    try:
        piece = read(size, decode_content=True)
    except ValueError:  # urllib3 takes a length such as -5 for a length
        raise NotJson("cut into pieces that cannot be put together") from None
    return piece


def read_all(raw: Any, most: int) -> bytes:
    """The whole unpacked body, or NotJson if it is larger than `most`."""
    body = bytearray()
    for chunk in chunks(raw):
        body += chunk
        if len(body) > most:
            raise NotJson("too large")
    return bytes(body)


def read_some(raw: Any, most: int) -> bytes:
    """The body where the status has said it all already: as much as there is, or nothing, but never an error."""
    with suppress(*READING_FAULTS, NotJson):
        return read_all(raw, most)
    return b""
