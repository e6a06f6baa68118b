"""The one reader of JSON that came from outside.

`json` alone would take NaN, keep the last of two equal keys, build numbers of any length and leave
with ValueError or RecursionError, whichever comes first. Here every fault is one `NotJson`.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MOST_DEPTH = 100
INT64 = range(-(2**63), 2**63)

# A lone surrogate cannot be written to a page or a database, NUL not to PostgreSQL.
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
# Strings go first, so that brackets inside them are not counted.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class NotJson(ValueError):
    """The bytes are not JSON that can be believed. The text says why, without quoting them."""


def read_json(body: bytes) -> Any:
    """The value in the body: UTF-8, no NaN, no key twice, depth 100 at most, integers of 64 bits."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    _check_depth(text)
    try:
        return _DECODER.decode(text)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("not JSON") from None


def clean(text: str) -> str:
    """The text with NUL and lone surrogates shown as U+FFFD."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def _check_depth(text: str) -> None:
    # Checked before decoding: the decoder would recurse first and complain later.
    depth = 0
    for match in _BRACKETS.finditer(text):
        found = match[0]
        if found in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                raise NotJson("nested too deeply")
        elif found in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {clean(name): _value(value) for name, value in pairs}
    if len(found) != len(pairs):
        raise NotJson("a key stands twice in one object")
    return found


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_value(entry) for entry in value]
    return value


def _int(digits: str) -> int:
    # The length first: converting a number of many digits is slow, and past 4,300 an error.
    if len(digits) > 20 or int(digits) not in INT64:
        raise NotJson("a number is too large")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise NotJson("a number is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise NotJson("NaN or Infinity is not JSON")


class _Decoder(json.JSONDecoder):
    def decode(self, s: str, *args: Any) -> Any:
        return _value(super().decode(s, *args))


_DECODER = _Decoder(object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_no_constant)
