"""A document of JSON, read from left to right by whoever asks: what is not asked for is stepped over.

Small values go through the decoder of the standard library, all others are walked over by their brackets, so that
memory stays flat however large, deep or odd a value is that nobody needs. That also allows there what JSON does not:
`NaN`, `Infinity`, `undefined`, numbers of thousands of digits.
"""

import codecs
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NoReturn

# A value longer than this (in characters) is not decoded but walked over.
MOST_DECODED = 1024**2
MOST_DEPTH = 10_000
LONGEST_NUMBER = 400
# Objects in an array of one entry, of which a field is wanted.
MOST_INNER = 100_000

_SPACE = re.compile(r"[ \t\n\r\ufeff]*+")
_END = re.compile(r"[ \t\n\r\ufeff\0\x1a]*+")
_SCALAR = re.compile(r"""[^\s\0,:\[\]{}"]*+""")
_IN_TEXT = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_PLAIN = re.compile(r'[^\[\]{}"]*+')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CLOSING = {"{": "}", "[": "]"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_DECODE = json.JSONDecoder(strict=False).raw_decode


class NotJson(Exception):
    """It stops being JSON; `why` continues a sentence that begins with the document's name."""

    def __init__(self, why: str = "is not valid JSON") -> None:
        super().__init__(why)
        self.why = why


class Reader:
    """Where the reading is. Every method begins at a value (or a name) and ends behind it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._decoder = chunks, _Decoder()
        self._text, self._at, self._is_all = "", 0, False
        self._is_odd = False

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
            if self.peek() != '"':
                self._fail()
            name = self._short_text()
            self._take(":")
            yield name
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

    def rows(self, wanted: Collection[str]) -> Iterator[dict[str, Any] | None]:
        """Of each object in an array at least the wanted fields, None for an entry that is no object.

        Scalars are as they are, an array of objects has the wanted fields of each.
        """
        whole = self._decoded()
        if isinstance(whole, list):
            yield from (row if isinstance(row, dict) else None for row in whole)
            return
        for _ in self.entries():
            yield self._row(wanted)

    def skip(self) -> None:
        """Steps over one value of any kind, size and depth."""
        if self.peek() not in ('"', *_CLOSING):
            self._scalar_text()
            return
        closing: list[str] = []
        while True:
            mark = self._next_mark()
            if mark == '"':
                self._skip_text()
            elif mark in _CLOSING:
                closing.append(_CLOSING[mark])
                self._at += 1
            elif closing and mark == closing[-1]:
                closing.pop()
                self._at += 1
            else:
                self._fail()
            if not closing:
                return
            if len(closing) > MOST_DEPTH:
                raise NotJson("is nested too deeply")

    def finish(self) -> None:
        """Demands that nothing follows but white space and what tools pad with."""
        while True:
            match = _END.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                raise NotJson("holds JSON lines, which are not counted" if self.peek() in "{[" else "is not valid JSON")
            if not self._more():
                return

    def _goes_on(self, closing: str) -> bool:
        following = self.peek()
        if following not in (",", closing) or not following:
            self._fail()
        self._at += 1
        if following == "," and self.peek() == closing:
            self._fail()
        return following == ","

    def _row(self, wanted: Collection[str]) -> dict[str, Any] | None:
        if self.peek() != "{":
            self.skip()
            return None
        row = self._decoded()
        return row if isinstance(row, dict) else self._walked_fields(wanted)

    def _decoded(self) -> Any:
        """The value as the decoder reads it; None if it is too large or too odd, and has to be walked over."""
        while not self._is_odd:
            try:
                value, self._at = _DECODE(self._text, self._at)
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

    def _walked_fields(self, wanted: Collection[str], *, is_inner: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self.names():
            if name not in wanted:
                self.skip()
            elif self.peek() == "[" and not is_inner:
                found[name] = self._inner_fields(wanted)
            else:
                found[name] = self._scalar()
        return found

    def _inner_fields(self, wanted: Collection[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in self.entries():
            if self.peek() == "{":
                found.append(self._walked_fields(wanted, is_inner=True))
            else:
                self.skip()
            if len(found) > MOST_INNER:
                raise NotJson("holds an entry with too many parts")
        return found

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

    def _next_mark(self) -> str:
        """The next bracket or quotation mark; empty at the end."""
        while True:
            match = _PLAIN.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

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
        found = ""
        while True:
            match = _SCALAR.match(self._text, self._at)
            end = match.end() if match else self._at
            found += self._text[self._at : min(end, self._at + LONGEST_NUMBER)]
            self._at = end
            if end < len(self._text) or not self._more():
                break
            found = found[:LONGEST_NUMBER]
        return found if found else self._fail()

    def _take(self, character: str) -> None:
        if self.peek() != character:
            self._fail()
        self._at += 1

    def _more(self) -> bool:
        """Reads on; what has been read is let go. Whether there was more."""
        added = ""
        while not added and not self._is_all:
            chunk = next(self._chunks, None)
            self._is_all = chunk is None
            added = self._decoder.decode(chunk or b"", final=chunk is None)
        self._text, self._at = self._text[self._at :] + added, 0
        return bool(added)

    def _fail(self) -> NoReturn:
        is_cut = self._at >= len(self._text) and not self._more()
        raise NotJson("is cut off" if is_cut else "is not valid JSON")


class _Decoder:
    """Bytes to text in the encoding that the first of them show.

    What does not fit it becomes U+FFFD, but what is not UTF-8 the letters of old Windows and Latin-1: names that differ
    only in these would be one.
    """

    def __init__(self) -> None:
        self._start = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def decode(self, chunk: bytes, *, final: bool) -> str:
        if self._decoder is None:
            self._start += chunk
            if len(self._start) < 4 and not final:
                return ""
            chunk = self._start
            encoding = json.detect_encoding(chunk) if chunk else "utf-8"
            self._decoder = codecs.getincrementaldecoder(encoding)(
                _NOT_UTF_8 if encoding.startswith("utf-8") else "replace"
            )
        return self._decoder.decode(chunk, final)


def _in_letters_of_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_NOT_UTF_8 = "console.letters_of_windows"
codecs.register_error(_NOT_UTF_8, _in_letters_of_windows)


def _scalar(text: str) -> Any:
    """The value of a number or word; None for one that JSON does not have."""
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > LONGEST_NUMBER:
        return _CONSTANTS.get(text)
    return float(text) if match[1] or match[2] else int(text)
