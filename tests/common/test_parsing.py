"""The readers of outside text: one rule each, and never anything but a value or None."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.common.parsing import (
    MOST_PAGE,
    MOST_VALUES,
    NotJson,
    read_cursor,
    read_int,
    read_json,
    read_page_number,
    read_segment,
    read_uuid,
    text_fault,
)

anything = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789abcdefABCDEF-{}:urnid ²٣_+.\n\x00\ud800", max_size=60),
    st.none(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=20),
    st.lists(st.integers(), max_size=3),
)


@settings(deadline=None, max_examples=200)
@given(anything)
def test_every_reader_takes_anything_without_an_error(value: object) -> None:
    assert read_uuid(value) is None or str(read_uuid(value)) == str(value).lower()
    assert read_int(value) is None or read_int(value) == int(str(value))
    assert 1 <= read_page_number(value) <= MOST_PAGE
    assert read_cursor(value) in (None, value)
    assert read_segment(value) in (None, value)


@settings(deadline=None, max_examples=100)
@given(st.uuids())
def test_a_uuid_is_read_in_any_case_and_in_no_other_spelling(value: uuid.UUID) -> None:
    assert read_uuid(str(value)) == read_uuid(str(value).upper()) == read_uuid(value) == value
    for spelling in (value.hex, f"{{{value}}}", f"urn:uuid:{value}", f" {value}", f"{value}\n", f"{value}0"):
        assert read_uuid(spelling) is None


@settings(deadline=None, max_examples=100)
@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_read_within_its_bounds_only(value: int) -> None:
    assert read_int(str(value), -(2**63)) == value
    assert read_int(str(value)) == (value if value >= 0 else None)
    assert read_int(str(value), value + 1, 2**63) is None


@pytest.mark.parametrize("text", ["", "²", "٣", "1_0", "+1", " 1", "1\n", "1.0", "1e3", "0x1", "9" * 5000, "--1", "-"])
def test_digits_that_are_no_number_are_refused(text: str) -> None:
    assert read_int(text, -(2**63)) is None
    assert read_page_number(text) == 1


@pytest.mark.parametrize("text", ["", ".", "..", "%2e%2e", "%252e", "a/b", "a%2Fb", "a%252fb", "a\\b", "a\nb", "\x00"])
def test_a_text_that_leads_elsewhere_is_no_segment(text: str) -> None:
    assert read_segment(text) is None
    assert read_segment("a" * 256) is None
    assert read_segment("a.b c+ü@x?y#z") == "a.b c+ü@x?y#z"


@pytest.mark.parametrize(
    "text", ["\u200b", "\u200b\u200d\ufeff", "\u202e", " \u00a0\u2003", "\u3164", "\u2800", "\u00ad"]
)
def test_a_name_of_which_nothing_can_be_seen_is_refused(text: str) -> None:
    assert text_fault(text)
    assert text_fault(text, lines=True)
    assert not text_fault(f"{text}a")


@pytest.mark.parametrize("character", ["\r", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ud800", "\t"])
def test_a_name_holds_no_control_character(character: str) -> None:
    assert text_fault(f"a{character}b")


def test_a_note_can_have_lines_but_no_other_control_character() -> None:
    assert not text_fault("one\r\ntwo\tthree\n", lines=True)
    assert text_fault("one\x00two", lines=True)
    assert text_fault("one\x1btwo", lines=True)


def test_names_of_all_scripts_and_signs_are_fine() -> None:
    for name in ("Q3", "été", "日本", "👩‍👩‍👧", "ผู้", "נ", "-", "7", "\U0001fae8", ""):
        assert not text_fault(name)


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\u0000"', r'{"\udfff": 1}', '"\ud800"'])
def test_typed_json_with_half_a_character_is_refused_instead_of_changed(text: str) -> None:
    with pytest.raises(NotJson):
        read_json(text, exact=True)
    assert "\ufffd" in str(read_json(text))


@pytest.mark.parametrize("value", ["1", "[]", "{}", '"\\ud800"'])
def test_more_values_than_a_page_could_use_are_no_answer(value: str) -> None:
    with pytest.raises(NotJson, match="too many values"):
        read_json("[" + ",".join([value] * (MOST_VALUES + 1)) + "]")

    assert len(read_json("[" + ",".join(["1"] * (MOST_VALUES - 1)) + "]")) == MOST_VALUES - 1
