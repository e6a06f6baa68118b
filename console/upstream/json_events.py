"""A JSON file as a stream of events, in the memory of one chunk.

The C backend of ijson is asked for by name, because its others are twenty times slower.

Files come from many writers, so what JSON does not have is turned into text first: `NaN`, `Infinity`, numbers beyond
double precision and whole numbers beyond 64 bits. Whoever expects a number then meets a text, in its place.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import ijson
from ijson.backends import yajl2_c

from console.common.parsing import INT64, MOST_DEPTH, NotJson

Event = tuple[str, Any]

TOO_MUCH: Final = object()
"""Stands for a value that has more values inside than were asked for."""

_SMALLEST_HEAD = 4
"""Bytes that show an encoding."""
_PIECE = 512 * 1024
"""Bytes that the parser gets at once. A text that goes over several pieces is read again with each of them."""
MOST_VALUES = 12_000_000
"""Of a whole file: about six seconds of processor."""
MOST_SANITIZED = 1_500_000
"""Texts, numbers and escapes of a whole file that are looked at one by one: about three seconds of processor."""
MOST_TEXT = 8 * 1024**2
"""Bytes of one text, about: more than the runs of any mask that is drawn."""
_LONGEST_NUMBER = 400
_PADDING = b" \t\r\n\0\x1a"
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_NUMBERS = (b"0" * 19, b"e000", b"e+000")
"""In text whose digits are all written 0: numbers that might not fit."""
_WORDS = (b"NaN", b"Infinity", b"\\ud", b"\\uD")
_TEXT_OR_WORD = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|-?(?:NaN|Infinity)\b', re.DOTALL)
_TEXT_WORD_OR_NUMBER = re.compile(_TEXT_OR_WORD.pattern + rb"|-?[0-9][-+.0-9eE]*+", re.DOTALL)
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_PAIR_OR_ESCAPE = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]..|\\.", re.DOTALL)
_LONE = re.compile(rb"\\u[dD]...", re.DOTALL)


def read_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of ijson's `basic_parse`, numbers as int or float. Raises NotJson where it stops being JSON."""
    source = ijson.from_iter(piece for piece in _sanitized(_in_utf_8(chunks)) if piece)
    try:
        yield from yajl2_c.basic_parse(source, use_float=True)
    except ijson.IncompleteJSONError as error:
        raise NotJson("cut short" if "premature EOF" in str(error) else "not JSON") from None
    except (ijson.JSONError, UnicodeError):
        raise NotJson("not JSON") from None


def read_fields(events: Iterator[Event], limits: Mapping[str, int]) -> tuple[dict[str, Any], list[str]]:
    """The fields in `limits` of the object that has just begun, and the names of those that are given twice.

    `limits` says how many values each can have inside, beyond which it is TOO_MUCH. Of two the last counts.
    """
    fields: dict[str, Any] = {}
    repeated: list[str] = []
    for event, name in events:
        if event == "end_map":
            break
        event, value = next(events)
        if name not in limits:
            skip(events, event)
            continue
        if name in fields:
            repeated.append(name)
        fields[name] = _Builder(events, limits[name]).value(event, value)
    return fields, repeated


def skip(events: Iterator[Event], event: str) -> None:
    """Passes over the rest of the value that began with this event."""
    depth = _DEEPER.get(event, 0)
    if not depth:
        return
    for event, _ in events:
        if event in _DEEPER:
            depth += _DEEPER[event]
            if not depth:
                return
            if depth > MOST_DEPTH:
                raise NotJson("nested too deeply")


_DEEPER: Final = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}


class _Builder:
    """One value of Python from its events, with at most so many values inside."""

    def __init__(self, events: Iterator[Event], most: int) -> None:
        self._events, self._left, self._depth = events, most, 0

    def value(self, event: str, value: Any) -> Any:
        if event not in _DEEPER:
            return value
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise NotJson("nested too deeply")
        built = self._list() if event == "start_array" else self._object()
        self._depth -= 1
        return built

    def _list(self) -> Any:
        values: list[Any] = []
        for event, value in self._events:
            if event == "number":
                values.append(value)
            elif event == "end_array":
                self._left -= len(values)
                return values
            else:
                values.append(self.value(event, value))
            if len(values) > self._left or values[-1] is TOO_MUCH:
                skip(self._events, "start_array")
                return TOO_MUCH
        return values

    def _object(self) -> Any:
        fields: dict[str, Any] = {}
        for event, name in self._events:
            if event == "end_map":
                self._left -= len(fields)
                return fields
            fields[name] = self.value(*next(self._events))
            if len(fields) > self._left or fields[name] is TOO_MUCH:
                skip(self._events, "start_map")
                return TOO_MUCH
        return fields


def _in_utf_8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8, without a byte order mark. From where it is no UTF-8 on, it is read as Windows-1252."""
    decoder: codecs.IncrementalDecoder | None = None
    head = b""
    for chunk in chunks:
        if decoder is None:
            head += chunk
            if len(head) < _SMALLEST_HEAD:
                continue
            encoding = json.detect_encoding(head)
            decoder = codecs.getincrementaldecoder(encoding)("strict" if encoding.startswith("utf-8") else "replace")
            chunk = head
        try:
            yield decoder.decode(chunk).encode()
        except UnicodeDecodeError:
            unfinished = decoder.getstate()[0]
            decoder = codecs.getincrementaldecoder("cp1252")("replace")
            yield decoder.decode(unfinished + chunk).encode()
    if decoder is None:
        yield head


def _sanitized(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same text without what ijson refuses, in pieces that end with a comma, so that no number is cut in two."""
    held, is_inside, looked_at, text_length = b"", False, 0, 0
    for piece in _joined(pieces):
        held += piece
        cut = held.rfind(b",") + 1
        if not cut and len(held) > _PIECE:
            # A very long text, which must not be cut between a backslash and what it belongs to.
            cut = len(held) - (len(held) - len(held.rstrip(b"\\"))) % 2
        ready, held = held[:cut], held[cut:]
        sanitized, tokens = _sanitize(ready, is_inside)
        looked_at += tokens
        if looked_at > MOST_SANITIZED:
            raise NotJson("too many values")
        yield sanitized
        quotes = _count_quotes(ready)
        text_length = text_length + len(ready) if is_inside and not quotes else 0
        if text_length > MOST_TEXT:
            raise NotJson("a text is too long")
        is_inside ^= quotes % 2 == 1
    yield _sanitize(held.rstrip(_PADDING), is_inside)[0]


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    length = values = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length < _PIECE:
            continue
        joined = b"".join(waiting)
        values += sum(map(joined.count, (b",", b"[", b"{")))
        if values > MOST_VALUES:
            raise NotJson("too many values")
        yield joined
        waiting, length = [], 0
    yield b"".join(waiting)


def _sanitize(piece: bytes, is_inside: bool) -> tuple[bytes, int]:
    """With everything that ijson refuses turned into texts, and how many tokens and escapes were looked at for that.

    `is_inside` where the piece begins within a text.
    """
    zeroed = piece.translate(_DIGITS_AS_ZERO)
    if any(sign in zeroed for sign in _LONG_NUMBERS):
        tokens = _TEXT_WORD_OR_NUMBER
    elif any(word in piece for word in _WORDS):
        tokens = _TEXT_OR_WORD
    else:
        return piece, 0
    sanitized, count = tokens.subn(_sanitize_token, b'"' + piece if is_inside else piece)
    return sanitized[1:] if is_inside else sanitized, count + piece.count(b"\\")


def _count_quotes(piece: bytes) -> int:
    """Those that begin or end a text."""
    return (_ESCAPE.sub(b"", piece) if b"\\" in piece else piece).count(b'"')


def _sanitize_token(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if token.startswith(b'"'):
        return _PAIR_OR_ESCAPE.sub(_sanitize_escape, token)
    return token if _is_number(token) else b'"' + token[:_LONGEST_NUMBER] + b'"'


def _sanitize_escape(found: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if _LONE.fullmatch(found[0]) else found[0]


def _is_number(token: bytes) -> bool:
    """Whether it is a number that fits, or one that is misspelled, which the parser refuses."""
    if len(token) > _LONGEST_NUMBER:
        return False
    try:
        value = float(token)
    except ValueError:
        return True
    if not math.isfinite(value):
        return False
    return not token.lstrip(b"-").isdigit() or int(token) in INT64
