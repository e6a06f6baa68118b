"""A document of JSON, read from left to right: what is not asked for is skipped.

Small values go through the decoder of the standard library, all others are walked over by their brackets, so that
memory stays flat however large, deep or odd a skipped value is. Skipped values can hold what JSON does not allow:
`NaN`, `Infinity`, `undefined`, numbers of thousands of digits.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

TOO_MUCH: Final = object()
"""Stands for a value that has more values inside than were asked for."""
# A value longer than this (in characters) is not decoded but walked over.
MOST_DECODED = 1024**2
# Of a field that is wanted whole, however long its entry is.
MOST_HELD = 8 * 1024**2
MOST_DEPTH = 10_000
# Of a field that is wanted whole.
MOST_DEPTH_HELD = 100
LONGEST_NUMBER = 400
# Objects in an array of one entry, of which a field is wanted.
MOST_INNER = 100_000
# Each costs a call of Python.
MOST_MISFITS = 10_000

# Characters that are read on at least: each value that a piece cuts in two is tried twice.
PIECE = 256 * 1024
_SPACE = re.compile(r"[ \t\n\r\ufeff]*+")
_END = re.compile(r"[ \t\n\r\ufeff\0\x1a]*+")
_CUT_END = re.compile(rf"{_END.pattern}\ufffd?")
"""The same, and what half a character became."""
_SCALAR = re.compile(r"""[^\s\0,:\[\]{}"]*+""")
_IN_TEXT = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_NAME = re.compile(r'"([^"\\]*+)"[ \t\n\r]*+:')
_PLAIN = r"""[^\[\]{}"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+\""""
_FLAT = rf"{_PLAIN}|\[(?:{_PLAIN})*+\]|\{{(?:{_PLAIN})*+\}}"
_NO_MARK = re.compile(rf"(?:{_FLAT})*+", re.DOTALL)
"""All up to a mark that has to be looked at: whole texts, and arrays and objects with no other inside, have not."""
_ENTRY = rf"\{{(?:{_FLAT}|\[(?:{_FLAT})*+\])*+\}}[ \t\n\r]*+,[ \t\n\r]*+"
_ENTRY_ALONE, _ENTRIES = re.compile(_ENTRY, re.DOTALL), re.compile(rf"(?:{_ENTRY})*+", re.DOTALL)
"""Objects that nest no deeper than those of COCO do."""
_OPENINGS, _CLOSINGS = re.compile(r"[\[{]++"), re.compile(r"[\]}]++")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CLOSING = {"{": "}", "[": "]"}
_TO_CLOSE = str.maketrans(_CLOSING)
_CONSTANTS = {"true": True, "false": False, "null": None}


class InvalidDocument(Exception):
    """It stops being JSON; `why` continues a sentence that begins with the document's name."""

    def __init__(self, why: str = "is not valid JSON") -> None:
        super().__init__(why)
        self.why = why


class Limit(NamedTuple):
    """How many values an array or an object can have inside."""

    in_array: int
    in_object: int

    def of(self, value: Any) -> Any:
        """The value, TOO_MUCH where it is over the limit."""
        is_over = isinstance(value, list | dict) and len(value) > (
            self.in_array if isinstance(value, list) else self.in_object
        )
        return TOO_MUCH if is_over else value


class Reader:
    """Where the reading is. Every method begins at a value (or a name) and ends behind it.

    `most_names`: so many names of objects that are walked over are read, because each takes some microseconds.
    """

    def __init__(self, chunks: Iterator[bytes], *, most_names: int | None = None) -> None:
        self._names_left = most_names
        self._chunks, self._decoder = chunks, _Decoder()
        self._text, self._at, self._is_all = "", 0, False
        self._is_odd = False
        self._held: _HeldText | None = None

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def names(self) -> Iterator[str]:
        """Each name in an object; the caller reads or steps over the value before asking for the next."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            self._count_name()
            yield self._name()
            if not self._goes_on("}"):
                return

    def entries(self) -> Iterator[None]:
        """Once for each entry of an array; the caller reads or steps over it before asking for the next."""
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if not self._goes_on("]"):
                return

    def rows(self, names: Collection[str]) -> Iterator[dict[str, Any] | None]:
        """Of each object in an array at least the wanted fields, None for an entry that is no object.

        Scalars are as they are, an array of objects has the wanted fields of each.
        """
        whole = self._decoded(_DECODE)
        if isinstance(whole, list):
            yield from (row if isinstance(row, dict) else None for row in whole)
            return
        for _ in self.entries():
            yield self._row(names)

    def fields(self, limits: Mapping[str, Limit], *, is_walked: bool = False) -> tuple[dict[str, Any], Collection[str]]:
        """The fields in `limits` of an object, as they are, and the names of those that are given twice.

        A field over its limit is TOO_MUCH. Of two the last counts.
        `is_walked`: looks at one field after another, which is slower for small fields but skips those over a limit.
        """
        whole = None if is_walked else self._decoded(_DECODE_FIELDS)
        if not isinstance(whole, dict):
            return self._limited_fields(limits)
        repeated = whole.repeated if isinstance(whole, _Repeated) else ()
        fields = {name: limit.of(whole[name]) for name, limit in limits.items() if name in whole}
        return fields, repeated & limits.keys() if repeated else ()

    def value(self, limit: Limit) -> Any:
        """A value of any kind, TOO_MUCH where it is over the limit.

        A number that JSON does not have, or with more than LONGEST_NUMBER digits, is NaN.
        """
        if self.peek() == '"':
            return self._short_text()
        start = self._text[self._at : self._at + 1]
        if start not in _CLOSING:
            text = self._scalar_text()
            return _NAN if len(text) >= LONGEST_NUMBER else _strictly(text)
        value_text = self._held_text(limit.in_array if start == "[" else limit.in_object)
        return TOO_MUCH if value_text is None else _strictly(value_text)

    def skip(self) -> None:
        """Steps over one value of any kind, size and depth."""
        if self.peek() not in ('"', *_CLOSING):
            self._scalar_text()
            return
        most_depth = MOST_DEPTH_HELD if self._held else MOST_DEPTH
        if self._text[self._at] == '"':
            self._skip_text()
            return
        closing = ""
        while True:
            if openings := _OPENINGS.match(self._text, self._at):
                closing = openings[0].translate(_TO_CLOSE)[::-1] + closing
                self._at = openings.end()
            elif closings := _CLOSINGS.match(self._text, self._at, self._at + len(closing)):
                if not closing.startswith(closings[0]):
                    self._fail()
                closing = closing[len(closings[0]) :]
                self._at = closings.end()
            elif self._text[self._at : self._at + 1] == '"':
                self._skip_text()
            else:
                self._fail()
            if not closing:
                return
            if len(closing) > most_depth:
                raise InvalidDocument("is nested too deeply")
            self._find_mark()

    def skip_entries(self) -> int:
        """Steps over this entry of an array and all behind it, to the array's end. How many that were."""
        count = 0
        while True:
            if run := _ENTRIES.match(self._text, self._at):
                count += len(_ENTRY_ALONE.findall(self._text, self._at, run.end()))
                self._at = run.end()
            self.skip()
            count += 1
            if not self._goes_on("]"):
                return count

    def finish(self) -> None:
        """Demands that nothing follows but white space and what tools pad with."""
        if not self._is_all_padding(_END):
            raise InvalidDocument(
                "holds JSON lines, which are not counted" if self.peek() in "{[" else "is not valid JSON"
            )

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at) if self.peek() == '"' else self._fail()
        if match:
            self._at = match.end()
            return match[1]
        name = self._short_text()
        self._take(":")
        return name

    def _count_name(self) -> None:
        if self._names_left is not None:
            self._names_left -= 1
            if self._names_left < 0:
                raise InvalidDocument("has too many values")

    def _goes_on(self, closing: str) -> bool:
        following = self.peek()
        if following not in (",", closing) or not following:
            self._fail()
        self._at += 1
        if following == "," and self.peek() == closing:
            self._fail()
        return following == ","

    def _row(self, names: Collection[str]) -> dict[str, Any] | None:
        if self.peek() != "{":
            self.skip()
            return None
        row = self._decoded(_DECODE)
        return row if isinstance(row, dict) else self._walked_fields(names)

    def _decoded(self, decode: _Decode) -> Any:
        """The value as the decoder reads it; None if it is too large or too odd, and has to be walked over."""
        while not self._is_odd:
            try:
                value, self._at = decode(self._text, self._at)
                return value
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(self._text) - 20 or error.msg.startswith("Unterminated string")
                if not is_cut:
                    # One is rarely alone: the rest of the document is walked over at once.
                    self._is_odd = True
                elif len(self._text) - self._at > MOST_DECODED or not self._more():
                    break
            except (RecursionError, ValueError):
                break
        return None

    def _walked_fields(self, names: Collection[str], *, is_inner: bool = False) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name in self.names():
            if name not in names:
                self.skip()
            elif self.peek() == "[" and not is_inner:
                fields[name] = self._inner_fields(names)
            else:
                fields[name] = self._scalar()
        return fields

    def _inner_fields(self, names: Collection[str]) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = []
        for _ in self.entries():
            if self.peek() == "{":
                objects.append(self._walked_fields(names, is_inner=True))
            else:
                self.skip()
            if len(objects) > MOST_INNER:
                raise InvalidDocument("holds an entry with too many parts")
        return objects

    def _limited_fields(self, limits: Mapping[str, Limit]) -> tuple[dict[str, Any], Collection[str]]:
        fields: dict[str, Any] = {}
        repeated: set[str] = set()
        for name in self.names():
            if name not in limits:
                self.skip()
                continue
            if name in fields:
                repeated.add(name)
            fields[name] = self.value(limits[name])
        return fields, repeated

    def _held_text(self, most: int) -> str | None:
        """An array or object as it is written, stepped over; None if it is too long or has too many values inside."""
        buffer = self._held = _HeldText(most, self._at)
        self.skip()
        buffer.take(self._text, self._at)
        self._held = None
        return buffer.text()

    def _scalar(self) -> Any:
        """A text, number or word as its value; None for an object, an array, and what JSON does not have."""
        start = self.peek()
        if start in _CLOSING:
            self.skip()
            return None
        return self._short_text() if start == '"' else _scalar(self._scalar_text())

    def _short_text(self) -> str:
        """A text; of one that is too long, its beginning."""
        begin, end = self._at, self._text_end()
        while self._text[end : end + 1] != '"':
            if len(self._text) - begin > MOST_DECODED or not self._more():
                beginning = self._text[self._at + 1 : self._at + 1001]
                self._skip_text()
                return beginning
            begin, end = self._at, self._text_end()
        self._at = end + 1
        try:
            return str(json.loads(self._text[begin : end + 1], strict=False))
        except ValueError:
            return self._fail()

    def _find_mark(self) -> None:
        """Goes to the next bracket or quotation mark that stands for itself, or to the end."""
        while True:
            match = _NO_MARK.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._more():
                return

    def _text_end(self) -> int:
        """Where the text that begins here ends, as far as it has been read."""
        match = _IN_TEXT.match(self._text, self._at + 1)
        return match.end() if match else len(self._text)

    def _skip_text(self) -> None:
        self._at += 1
        while True:
            match = _IN_TEXT.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._text[self._at : self._at + 1] == '"':
                self._at += 1
                return
            if not self._more():
                self._fail()

    def _scalar_text(self) -> str:
        """A number or a word, as it is written; of one that is too long, its beginning."""
        digits = ""
        while True:
            match = _SCALAR.match(self._text, self._at)
            end = match.end() if match else self._at
            digits += self._text[self._at : min(end, self._at + LONGEST_NUMBER)]
            self._at = end
            if end < len(self._text) or not self._more():
                break
            digits = digits[:LONGEST_NUMBER]
        return digits if digits else self._fail()

    def _take(self, character: str) -> None:
        if self.peek() != character:
            self._fail()
        self._at += 1

    def _more(self) -> bool:
        """Reads on, as much again as there is; what has been read is let go. Whether there was more."""
        if self._held:
            self._held.take(self._text, self._at)
        self._text, self._at = self._text[self._at :], 0
        added: list[str] = []
        missing = max(PIECE, len(self._text))
        while missing > 0 and not self._is_all:
            chunk = next(self._chunks, None)
            self._is_all = chunk is None
            added.append(self._decoder.decode(chunk or b"", final=chunk is None))
            missing -= len(added[-1])
        self._text += "".join(added)
        return any(added)

    def _fail(self) -> NoReturn:
        raise InvalidDocument("is cut off" if self._is_all_padding(_CUT_END) else "is not valid JSON")

    def _is_all_padding(self, padding: re.Pattern[str]) -> bool:
        """Goes on to what is no padding; whether that is the end."""
        while True:
            match = padding.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return False
            if not self._more():
                return True


@dataclass
class _HeldText:
    """The text of one value as it is stepped over, while it is short enough to be decoded."""

    most_values: int
    begin: int
    """Where in the reader's text that begins which has not been taken yet."""
    _pieces: list[str] = field(default_factory=list)
    _length: int = 0
    _values: int = 0

    def take(self, text: str, end: int) -> None:
        piece, self.begin = text[self.begin : end], 0
        self._length += len(piece)
        self._values += piece.count(",")
        if self._is_short():
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def text(self) -> str | None:
        return "".join(self._pieces) if self._is_short() else None

    def _is_short(self) -> bool:
        return self._length <= MOST_HELD and self._values <= self.most_values


class _Repeated(dict[str, Any]):
    """An object in which some names came more than once: of their values the last."""

    repeated: frozenset[str] = frozenset()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    members = _Repeated(fields)
    members.repeated = frozenset(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return members


def _short_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else _NAN


_NAN = float("nan")
_Decode = Callable[[str, int], tuple[Any, int]]
_DECODE: _Decode = json.JSONDecoder(strict=False).raw_decode
_DECODE_FIELDS: _Decode = json.JSONDecoder(strict=False, object_pairs_hook=_object).raw_decode
_DECODE_LONG_NUMBERS: _Decode = json.JSONDecoder(strict=False, parse_int=_short_int).raw_decode


def _strictly(text: str) -> Any:
    """The value that this text is and nothing else."""
    try:
        value, end = _DECODE(text, 0)
    except json.JSONDecodeError:
        raise InvalidDocument from None
    except RecursionError:
        raise InvalidDocument("is nested too deeply") from None
    except ValueError:
        # An integer of more digits than Python converts.
        value, end = _DECODE_LONG_NUMBERS(text, 0)
    if end != len(text):
        raise InvalidDocument
    return value


class _Decoder:
    """Bytes to text in the encoding that the first of them show.

    What does not fit it becomes U+FFFD, but what is not UTF-8 the letters of old Windows and Latin-1: names that differ
    only in these would be one. Beyond MOST_MISFITS the rest of the document is read in these letters, or refused.
    """

    def __init__(self) -> None:
        self._start = b""
        self._decode: Callable[[bytes, bool], str] | None = None
        self._misfits = 0

    def decode(self, chunk: bytes, *, final: bool) -> str:
        if self._decode is None:
            self._start += chunk
            if len(self._start) < 4 and not final:
                return ""
            encoding = json.detect_encoding(self._start) if self._start else "utf-8"
            self._decode = self._in_utf_8 if encoding.startswith("utf-8") else self._in_wide(encoding)
            chunk, self._start = self._start, b""
        return self._decode(chunk, final)

    def _in_utf_8(self, chunk: bytes, final: bool) -> str:
        chunk = self._start + chunk
        if self._misfits > MOST_MISFITS:
            self._start = b""
            return chunk.decode("cp1252", "replace")
        try:
            text, used = codecs.utf_8_decode(chunk, "strict", final)
        except UnicodeDecodeError:
            escaped, used = codecs.utf_8_decode(chunk, "surrogateescape", final)
            text, count = _MISFITS.subn(_in_letters_of_windows, escaped)
            self._misfits += count
        self._start = chunk[used:]
        return text

    def _in_wide(self, encoding: str) -> Callable[[bytes, bool], str]:
        decoder = codecs.getincrementaldecoder(encoding)("replace")

        def decode(chunk: bytes, final: bool) -> str:
            text = decoder.decode(chunk, final)
            self._misfits += text.count("\ufffd")
            if self._misfits > MOST_MISFITS:
                raise InvalidDocument
            return text

        return decode


_MISFITS = re.compile("[\udc80-\udcff]+")


def _in_letters_of_windows(match: re.Match[str]) -> str:
    return match[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _scalar(text: str) -> Any:
    """The value of a number or word; None for one that JSON does not have."""
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > LONGEST_NUMBER:
        return _CONSTANTS.get(text)
    return float(text) if match[1] or match[2] else int(text)
