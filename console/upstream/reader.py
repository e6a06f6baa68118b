"""The one reader of JSON that came from outside.

`json` alone would take NaN, keep the last of two equal keys, build numbers of any length and leave
with ValueError or RecursionError, whichever comes first. Here every fault is one `NotJson`.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MOST_DEPTH = 100
MOST_DIGITS = 400
INT64 = range(-(2**63), 2**63)

# A lone surrogate cannot be written to a page or a database, NUL not to PostgreSQL. Both can only come
# as escapes: the bytes are UTF-8, and the decoder refuses bare control characters.
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_UNSAFE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")


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
        value = _DECODER.decode(text)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("not JSON") from None
    return _cleaned(value) if _UNSAFE_ESCAPE.search(text) else value


def clean(text: str) -> str:
    """The text with NUL and lone surrogates shown as U+FFFD."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


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
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("a key stands twice in one object")
    return found


def _cleaned(value: Any) -> Any:
    # The depth is known to be at most MOST_DEPTH here.
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    if isinstance(value, dict):
        return _object([(clean(name), _cleaned(entry)) for name, entry in value.items()])
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
