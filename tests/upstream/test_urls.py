"""A segment of an address stays one segment, whatever is in it (PROMISES 7)."""

from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from console.upstream import urls
from console.upstream.errors import Invalid
from console.upstream.operations import GET_SLICE, UPDATE_BATCH
from tests.upstream.clients import AVALA

segments = st.text(min_size=1) | st.text(alphabet="./\\%2eEfF5c:@?#&;=+ ~", min_size=1, max_size=8)


@settings(deadline=None)
@given(segments, segments)
def test_owner_and_slug_arrive_as_they_were_meant_or_not_at_all(owner: str, slug: str) -> None:
    try:
        path = urls.path(GET_SLICE, {"owner": owner, "slug": slug}, "avala")
    except Invalid:
        return
    sent = requests.Request("GET", AVALA + path).prepare().path_url
    parts = urlsplit("https://x" + sent).path.split("/")

    assert len(parts) == 7
    assert [unquote(part) for part in parts[4:6]] == [owner, slug]
    assert "?" not in sent
    assert "#" not in sent


@pytest.mark.parametrize("owner", ["kim@example.org", "a.b", "..a", "a..", "50%", "blå", "a b", "日本", "a;b=c", "~x"])
def test_unusual_owners_can_be_addressed(owner: str) -> None:
    assert urls.path(GET_SLICE, {"owner": owner, "slug": "s"}, "avala").count("/") == 4


@pytest.mark.parametrize("value", ["42", 4.2, True, None, 2**63])
def test_a_number_in_an_address_is_a_number(value: object) -> None:
    project = "3d0c6a52-8d0e-4d1b-9d57-3b8f3a1c7e01"
    with pytest.raises(Invalid) as caught:
        urls.path(UPDATE_BATCH, {"project": project, "batch_id": value}, "cloudfactory")

    assert list(caught.value.fields) == ["batch_id"]


@pytest.mark.parametrize("spelling", ["3D0C6A52-8D0E-4D1B-9D57-3B8F3A1C7E01", "3d0c6a52-8d0e-4d1b-9d57-3b8f3a1c7e01"])
def test_a_uuid_is_sent_in_its_plain_spelling(spelling: str) -> None:
    path = urls.path(UPDATE_BATCH, {"project": spelling, "batch_id": 7}, "cloudfactory")

    assert path == "/projects/3d0c6a52-8d0e-4d1b-9d57-3b8f3a1c7e01/batches/7"
