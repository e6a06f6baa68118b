"""Readers of text from outside: browsers, addresses, cookies, files. `upstream/json_fields` reads vendors by them.

Pure Python, so that `console.upstream` can import it as well. Each reader takes anything at all, has one
rule, bounds the length before it converts, and answers with a typed value or with None; `read_json` raises
`NotJson` and `text_fault` returns a sentence for people.

    read_uuid(text)                 UUID: the plain 36 characters, any case
    read_int(text, least, most)     int: ASCII digits only
    read_page_number(text)          int: from 1; 1 for anything that is not a page number
    read_cursor(text)               str: at most 4,000 characters, no control characters
    read_segment(text)              str: one segment of an address
    read_json(body)                 Any: strict JSON
    text_fault(text)                str: what is wrong with a name or a note; empty if nothing is
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, NoReturn
from urllib.parse import unquote
from uuid import UUID

MOST_DEPTH = 100
MOST_VALUES = 500_000
MOST_DIGITS = 400
MOST_CURSOR = 4_000
MOST_SEGMENT = 255
MOST_PAGE = 100_000
INT64 = range(-(2**63), 2**63)

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIGITS = re.compile(r"-?[0-9]{1,20}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_SEGMENT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\]")

# Blank although Unicode calls them letters or symbols: the fillers of Hangul and Braille.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# A lone surrogate cannot be written to a page or a database, NUL not to PostgreSQL. In bytes both can only
# come as escapes: the bytes are UTF-8, and the decoder refuses bare control characters.
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_UNSAFE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")


def read_uuid(text: object) -> UUID | None:
    """The UUID in its plain spelling of 36 characters, any case; no braces, no `urn:`, no spaces."""
    if isinstance(text, UUID):
        return text
    return UUID(text) if isinstance(text, str) and _UUID.fullmatch(text) else None


def read_int(text: object, least: int = 0, most: int = INT64.stop - 1) -> int | None:
    """The whole number from `least` to `most` written in ASCII digits, 20 at most; a minus too if allowed."""
    if not isinstance(text, str) or not _DIGITS.fullmatch(text):
        return None
    number = int(text)
    return number if least <= number <= most else None


def read_page_number(text: object) -> int:
    """A page number from 1 to `MOST_PAGE`; 1 for anything else, because an address is no form to be corrected."""
    return read_int(text, 1, MOST_PAGE) or 1


def read_cursor(text: object) -> str | None:
    """An opaque place in a list: 1 to `MOST_CURSOR` characters, none of them a control character."""
    if not isinstance(text, str) or not 0 < len(text) <= MOST_CURSOR or _CONTROL.search(text):
        return None
    return text


def read_segment(text: object) -> str | None:
    """A text that can be one segment of an address: 1 to `MOST_SEGMENT` characters, no slash, no way up."""
    if not isinstance(text, str) or not 0 < len(text) <= MOST_SEGMENT:
        return None
    plain = unquote(unquote(text))  # a server that unquotes twice must not find a way up either
    return None if plain in ("", ".", "..") or _NOT_IN_SEGMENT.search(text + plain) else text


def text_fault(text: str, *, lines: bool = False) -> str:
    """A sentence about the first thing wrong with a name (or, with `lines`, a note); empty if it is fine.

    Control characters are refused (line breaks and tabs too unless `lines`), and so is a text of which
    nothing can be seen: spaces, zero-width characters and direction marks only. An empty text is fine.
    """
    if (_CONTROL_BUT_LINES if lines else _CONTROL).search(text):
        return "Remove the line breaks and control characters." if not lines else "Remove the control characters."
    return "Use at least one visible character." if text and not is_visible(text) else ""


def is_visible(text: str) -> bool:
    """Whether at least one character of the text leaves a mark on the page."""
    return any(_leaves_a_mark(character) for character in text)


def _leaves_a_mark(character: str) -> bool:
    category = unicodedata.category(character)
    # Private characters and emoji newer than Python's tables have no category of their own yet.
    is_new = category in ("Co", "Cn") and 0xE000 <= ord(character) < 0xE0000 and not 0xFDD0 <= ord(character) <= 0xFFFF
    return (category[0] in "LNPS" and character not in _BLANK) or is_new


class NotJson(ValueError):
    """The bytes are not JSON that can be believed. The text says why, without quoting them.

    `line` and `column`, counted from 1, say where it stops being JSON, where that is known.
    """

    line: int | None = None
    column: int | None = None


def read_json(body: bytes | str, *, exact: bool = False, most_values: int = MOST_VALUES) -> Any:
    """The value in the body: UTF-8, no NaN, no key twice, depth 100, integers of 64 bits, some `most_values` at most.

    NUL and lone surrogates inside texts become U+FFFD; with `exact`, for what a person typed, they are NotJson.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    _check_values(text, most_values)
    if not exact:
        _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        failed = NotJson("not JSON")
        failed.line, failed.column = error.lineno, error.colno
        raise failed from None
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except ValueError as error:
        raise error if isinstance(error, NotJson) else NotJson("not JSON") from None
    if exact:
        # After decoding: a person wants to know where the JSON is cut, not that its brackets do not match.
        _check_depth(text)
    return _cleaned(value, exact) if _UNSAFE_ESCAPE.search(text) else value


def clean(text: str) -> str:
    """The text with NUL and lone surrogates shown as U+FFFD."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def _check_values(text: str, most: int) -> None:
    # Ten megabytes of tiny values keep the interpreter for seconds, and no deadline can interrupt it. Counting
    # the signs between values takes milliseconds; those inside texts count as well.
    if text.count(",") + text.count("[") + text.count("{") > most:
        raise NotJson("it holds too many values")


def _check_depth(text: str) -> None:
    # Checked before decoding: the decoder would recurse first and complain later. Each round takes the
    # innermost brackets away, all of them at the speed of C.
    outside_strings = "".join(_ESCAPE.sub("", text).split('"')[::2])
    brackets = _NO_BRACKETS.sub("", outside_strings)
    for _ in range(MOST_DEPTH):
        before, brackets = len(brackets), brackets.replace("[]", "").replace("{}", "")
        if len(brackets) == before:
            break
    if brackets:
        raise NotJson("nested too deeply, or cut")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise NotJson("a key appears twice in one object")
    return entries


def _cleaned(value: Any, exact: bool) -> Any:
    # The depth is known to be at most MOST_DEPTH here.
    if isinstance(value, str):
        if exact and _UNSAFE.search(value):
            raise NotJson("a text holds a character that cannot be stored")
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(entry, exact) for entry in value]
    if isinstance(value, dict):
        return _object([(_cleaned(name, exact), _cleaned(entry, exact)) for name, entry in value.items()])
    return value


def _int(digits: str) -> int:
    # The length first: converting a number of many digits is slow, and past 4,300 an error.
    if len(digits) > 20 or int(digits) not in INT64:
        raise NotJson("a number is too large")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits) if len(digits) <= MOST_DIGITS else float("inf")
    if number in (float("inf"), float("-inf")):
        raise NotJson("a number is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise NotJson("NaN or Infinity is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_no_constant)
