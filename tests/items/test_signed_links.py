"""Links with a signature or an expiry are distinguished from plain ones, whatever they contain."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.items.imports.signed_links import NAMES, read_signed_link

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("query", "ends"),
    [
        ("X-Amz-Date=20261128T110000Z&X-Amz-Expires=3600&X-Amz-Signature=ab", NOON),
        ("X-Goog-Date=20261128T110000Z&X-Goog-Expires=3600&X-Goog-Signature=ab", NOON),
        (f"AWSAccessKeyId=AK&Expires={SECONDS}&Signature=ab", NOON),
        (f"Expires={SECONDS}&Signature=ab&Key-Pair-Id=K", NOON),
        ("sv=2024-01-01&se=2026-11-28T12%3A00%3A00Z&sr=b&sig=ab", NOON),
        (f"exp={SECONDS}000", NOON),
        (f"expires={SECONDS}.250-7&signature=ab", NOON),
        ("token=abc", None),
        ("Expires=soon&Signature=ab", None),
        ("X-Amz-Date=99991231T235959Z&X-Amz-Expires=999999999", None),
        (f"exp={'9' * 40}", None),
        ("&".join(["a=1"] * 200), None),
    ],
)
def test_a_signature_or_an_expiry_is_found(query: str, ends: datetime | None) -> None:
    signed = read_signed_link(f"https://cdn.example/a.jpg?{query}")
    assert signed is not None
    assert signed.expires_at == ends


@pytest.mark.parametrize("query", ["", "?", "?v=2", "?width=100&height=80", "?assign=1&expiresoon=0", "#token=1"])
def test_a_plain_link_is_none(query: str) -> None:
    assert read_signed_link(f"https://cdn.example/token/signature/expires/a.jpg{query}") is None


@given(st.text(max_size=300))
def test_any_text_can_be_asked_about(text: str) -> None:
    for link in (
        text,
        f"https://cdn.example/{text}",
        f"https://cdn.example/?{text}",
        f"https://cdn.example/?exp={text}",
    ):
        read_signed_link(link)


@given(st.sampled_from(sorted(NAMES)), st.text(max_size=40), st.booleans())
def test_each_name_counts_in_any_case_and_wherever_it_stands(name: str, value: str, is_upper: bool) -> None:
    query = urlencode({"v": "1", name.upper() if is_upper else name: value, "w": "2"})
    assert read_signed_link(f"https://cdn.example/a.jpg?{query}") is not None
