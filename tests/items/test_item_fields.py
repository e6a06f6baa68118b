"""The fields of a new work item: each text becomes the value that is sent, or one sentence; nothing else happens."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from console.common.parsing import INT64
from console.items import item_fields as fields
from console.items.console_ids import KEY
from console.items.labels.label_input import MOST_BYTES
from console.upstream import cloudfactory_requests as request_bodies

NAMES = sorted(fields.CLEANERS)


def sentence(clean: Callable[[str], Any], text: str) -> str:
    with pytest.raises(ValidationError) as raised:
        clean(text)
    return str(raised.value.message)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("asset_url", "https://media.example/a.jpg?x=1", "https://media.example/a.jpg?x=1"),
        ("asset_url", " raw/coins/a b.jpg ", "raw/coins/a b.jpg"),
        ("asset_url", "s3://bucket/spaces/one/a.jpg", "s3://bucket/spaces/one/a.jpg"),
        ("asset_url", "写真/é.jpg", "写真/é.jpg"),
        ("asset_id", "0", 0),
        ("asset_id", str(INT64.stop - 1), INT64.stop - 1),
        ("asset_type", "Image", "image"),
        ("asset_type", " video ", "video"),
        ("results_url", "https://results.example/1.json", "https://results.example/1.json"),
        (
            "taxonomy_version_id",
            " 5F0C2C1E-7D3A-4B57-9D2E-0A6D1F6B7C10 ",
            "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10",
        ),
        ("due_in_seconds", "1", 1),
        ("due_in_seconds", "2592000", 2_592_000),
        ("difficulty", "0", 0),
        ("difficulty", "100", 100),
        (
            "metadata",
            '{"site": "Lisbon", "n": 1.5, "list": [null, true]}',
            {"site": "Lisbon", "n": 1.5, "list": [None, True]},
        ),
        ("labels", '[{"label": "coin"}, {}]', [{"label": "coin"}, {}]),
    ],
)
def test_a_good_text_is_the_value_that_is_sent(name: str, text: str, value: Any) -> None:
    assert fields.CLEANERS[name](text) == value


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "ftp://host/a.jpg",
        "http://media.example/a.jpg",
        "https://",
        "https:///a.jpg",
        "https://user:pass@media.example/a.jpg",
        "https://media.example/a b.jpg",
        "https://media.example\\@evil.example/a.jpg",
        "https://[::1/a.jpg",
        "https://media.example:99999/a.jpg",
        "//media.example/a.jpg",
        "/etc/passwd",
        "../other/a.jpg",
        "a/%2e%2e/b.jpg",
        "a//b.jpg",
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3:bucket/a.jpg",
        "s3://key:secret@bucket/a.jpg",
        "a\x00b.jpg",
        "a\nb.jpg",
        "\u200b",
        "https://media.example/" + "a" * 8_000,
        "a" * 5_000,
        "   ",
    ],
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    assert sentence(fields.clean_asset_url, text)


@pytest.mark.parametrize("text", ["raw/a.json", "s3://bucket/a.json", "http://x.example/a.json", "javascript:alert(1)"])
def test_results_need_an_address_of_the_web(text: str) -> None:
    assert sentence(fields.clean_results_url, text) == fields.RESULTS_URL


@pytest.mark.parametrize(
    "text", ["-1", "1.0", "1,000", "1e3", "1_000", "٣", "", " ", "0x10", "9" * 5_000, str(INT64.stop)]
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    assert sentence(fields.clean_asset_id, text) == fields.ASSET_ID


@pytest.mark.parametrize(
    ("name", "text"), [("due_in_seconds", "0"), ("due_in_seconds", "2592001"), ("difficulty", "101")]
)
def test_the_bounds_are_said(name: str, text: str) -> None:
    assert sentence(fields.CLEANERS[name], text) in (fields.DUE, fields.DIFFICULTY)


@pytest.mark.parametrize("text", ["{urn:uuid:5f0c2c1e}", "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10", "5f0c2c1e"])
def test_a_taxonomy_version_is_a_plain_uuid(text: str) -> None:
    assert sentence(fields.clean_taxonomy_version_id, text) == fields.TAXONOMY


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "Line 1, column 8"),
        ('{\n"a": x}', "Line 2, column 6"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "same name"),
        ('{"a": ' + "9" * 30 + "}", "too large"),
        ('{"a": "\\u0000"}', "half a character or NUL"),
        ('{"a": ' + "[" * 3_000 + "]" * 3_000 + "}", "nested more than 100 levels"),
        ("[1]", "JSON object"),
        ("null", "JSON object"),
        ("7", "JSON object"),
        (f'{{"{KEY}": "x"}}', KEY),
        (f'{{" {KEY} ": "x"}}', KEY),
        ('{"a": "' + "x" * 100_001 + '"}', "at most 100,000 characters"),
    ],
)
def test_metadata_that_cannot_be_sent_says_why(text: str, message: str) -> None:
    assert message in sentence(fields.clean_metadata, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "empty"),
        ("{}", "list of objects"),
        ('[{"a": 1}, 2]', "Entry 2 of the list is a number"),
        ('[{"a": Infinity}]', "NaN"),
        ("[" * 3_000, "nested more than 100 levels"),
        ('[{"a": "' + "x" * MOST_BYTES + '"}]', "10 MiB at most"),
    ],
)
def test_labels_that_cannot_be_sent_say_why(text: str, message: str) -> None:
    assert message in sentence(fields.clean_labels, text)


@given(st.sampled_from(NAMES), st.text())
def test_any_text_is_a_value_or_a_sentence(name: str, text: str) -> None:
    try:
        value = fields.CLEANERS[name](text)
    except ValidationError as refused:
        value = refused.message
    assert json.dumps(value)


@given(
    st.fixed_dictionaries(
        {"asset_type": st.sampled_from(["image", "VIDEO"])},
        optional={
            "results_url": st.just("https://results.example/1.json"),
            "taxonomy_version_id": st.uuids().map(str),
            "due_in_seconds": st.integers(1, 2_592_000).map(str),
            "difficulty": st.integers(0, 100).map(str),
            "metadata": st.dictionaries(st.text("abc"), st.integers(INT64.start, INT64.stop - 1)).map(json.dumps),
            "labels": st.lists(st.dictionaries(st.text("abc"), st.booleans()), min_size=1).map(json.dumps),
        },
    ),
    st.one_of(st.none(), st.integers(0, INT64.stop - 1)),
)
def test_what_was_cleaned_is_in_bounds_and_what_was_left_out_is_not_sent(
    texts: dict[str, str], batch: int | None
) -> None:
    cleaned = {name: fields.CLEANERS[name](text) for name, text in {**texts, "asset_id": "5"}.items()}
    console_id = uuid4()
    body = request_bodies.work_item(fields.new_work_item(cleaned, batch_id=batch, console_id=console_id))
    expected = {"assetId", "assetType", "metadata"} | {_wire(name) for name in texts}
    assert set(body) == expected | ({"batchId"} if batch is not None else set())
    assert UUID(body["metadata"].pop(KEY)) == console_id
    assert body["metadata"] == cleaned.get("metadata", {})
    assert body.get("labels") == cleaned.get("labels")


def _wire(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
