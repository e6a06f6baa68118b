"""The JSON reader: everything json takes and nothing that hurts (PROMISES 4)."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.common.parsing import NotJson, read_json

plain = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | plain,
    lambda inner: st.lists(inner) | st.dictionaries(plain, inner),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60)
@given(values)
def test_ordinary_json_is_read_as_it_was_written(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:0123456789.eE-\\utfn \x00', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_in_one_way(body: bytes) -> None:
    with suppress(NotJson):
        read_json(body)


@settings(deadline=None, max_examples=60)
@given(values, st.integers(1, 30))
def test_a_cut_object_is_never_a_shorter_one(value: Any, cut: int) -> None:
    body = json.dumps({"results": [value]}).encode()

    with pytest.raises(NotJson):
        read_json(body[:-cut])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"NaN",
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"1" * 500 + b".5]",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"\\u0000": 1, "\\ud800": 2}',
        b"9223372036854775808",
        b"-9223372036854775809",
        b"1" * 5000,
        b"[" * 101 + b"]" * 101,
        b'{"a":' * 101 + b"1" + b"}" * 101,
        b"[" * 100_000,
        b'["\x00"]',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"<html>",
        b"{} {}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_json_that_cannot_be_believed_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(body)


def test_the_limits_themselves_are_within() -> None:
    assert read_json(b"[9223372036854775807, -9223372036854775808]") == [2**63 - 1, -(2**63)]
    assert read_json(b"[" * 100 + b"]" * 100)
    assert read_json(b'["[[[[", "\\"[{", "\\\\"]' * 1) == ["[[[[", '"[{', "\\"]
    assert read_json(b"\xef\xbb\xbf{}") == {}


def test_nul_and_lone_surrogates_become_replacement_characters() -> None:
    body = rb'{"a\u0000": ["\ud800x", {"b": "\uDFFF"}], "ok": "\ud83d\ude00"}'

    assert read_json(body) == {"a\ufffd": ["\ufffdx", {"b": "\ufffd"}], "ok": "\U0001f600"}
