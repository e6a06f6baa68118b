"""The table of work items against what strangers type into its address and what CloudFactory lists."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import IdList, ReviewRun
from tests.batches.boards import COINS
from tests.faults.inputs import HOSTILE
from tests.items.test_index import ids_of
from tests.rewriting_proxy import Vendor, rewriting
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
ITEMS = f"/projects/{COINS}/items/"
NAMES = (
    "status", "batch", "ids", "created_from", "created_to", "updated_from", "updated_to", "zone", "order", "cursor",
    "page", "size", "pictures", "typed",
)  # fmt: skip
FIRST = "11111111-4b0e-4d0b-8f5e-1f6d5a7c3b20"
SECOND = "22222222-4b0e-4d0b-8f5e-1f6d5a7c3b20"


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_no_value_in_an_address_breaks_the_table(
    value: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, text = client_as(alice), value.encode("utf-8", "replace").decode()
    for name in NAMES:
        for part in ("", "counts/", "pictures/"):
            answer = client.get(ITEMS + part, {name: [text, text]}, headers=HTMX if part else {})
            assert answer.status_code < 500, (name, part)
    for fields in ({"ids": text, "list": text}, {"column": text, "list": text}, {"pictures": text, "list": text}):
        answer = client.post(ITEMS + ("" if "ids" in fields else "columns/"), fields)
        assert answer.status_code in {302, 422}, fields
        assert answer.status_code == 422 or answer["Location"].startswith(ITEMS)


def test_odd_items_leave_the_table_standing(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    late = {"createdAt": "9999-12-31T23:59:59Z", "dueInSeconds": 2592000}
    early = {"createdAt": "0001-01-01T00:00:00Z", "updatedAt": "soon", "difficulty": -7, "dueInSeconds": -1}
    elsewhere = {"avala_slice": "../..", "avala_item": []}
    odd = [
        {"id": FIRST, "status": None, "batchId": -(2**63), **late},
        {"id": SECOND, "status": "<b>ODD</b>", "assetUrl": "javascript:alert(1)", "metadata": elsewhere, **early},
        {"id": "../../x", "assetUrl": "x" * 20_000, "metadata": [], "assetType": "video"},
        {"status": "NEW"},
    ]
    platform.rewrite("GET", "/workItems(\\?|$)", lambda data: {**data, "items": odd})
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    client = client_as(alice)
    for query in ({}, {"order": "newest"}, {"pictures": "show"}):
        response = client.get(ITEMS, query)
        assert response.status_code == 200
        assert set(ids_of(response)) == {FIRST, SECOND}
        page = response.content.decode()
        assert "<b>ODD" not in page
        assert 'src="javascript' not in page
        assert "no usable id" in text_of(response)
    pictures = client.get(f"{ITEMS}pictures/", headers=HTMX)
    assert pictures.status_code == 200
    assert "<img" not in pictures.content.decode()
    assert client.get(f"{ITEMS}counts/", headers=HTMX).status_code == 200


def test_one_hostile_file_takes_no_other_picture_away(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    def spoil(data: dict[str, Any]) -> dict[str, Any]:
        addresses = ["../secret", "//host/x", "s3://bucket/spaces/other/x", "https://evil.example/x.png", "a\x01b"]
        rows = [{**row, "assetUrl": bad} for row, bad in zip(data["items"], addresses, strict=False)]
        return {**data, "items": [*rows, *data["items"][len(rows) :]]}

    platform.rewrite("GET", "/workItems(\\?|$)", spoil)
    client = client_as(alice)
    client.get(ITEMS, {"size": "10"})
    pictures = client.get(f"{ITEMS}pictures/", {"size": "10"}, headers=HTMX).content.decode()
    assert pictures.count("<img") == 5
    assert pictures.count("No picture") == 4
    assert (
        "The file is on a site that this console does not load pictures from."
        in client.get(ITEMS, {"size": "10"}).content.decode()
    )


def test_an_item_that_is_listed_twice_is_shown_and_counted_once(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    first, second = {"id": FIRST, "status": "NEW"}, {"id": SECOND, "status": "CLIENT_REVIEW"}
    platform.rewrite("GET", "/workItems(\\?|$)", lambda data: {"items": [first, first, second, first, {}, {}]})
    client = client_as(alice)
    for query in ({}, {"order": "newest"}, {"ids": f"{SECOND},{FIRST}"}):
        response = client.get(ITEMS, query)
        assert sorted(ids_of(response)) == [FIRST, SECOND]
        assert response.content.decode().count(f'id="items-picture-{FIRST}"') == 1
    counts = client.get(f"{ITEMS}counts/", headers=HTMX).content.decode()
    assert re.search(r'id="items-count-NEW"[^>]*>1<', counts)
    assert re.search(r'id="items-count-all"[^>]*>4<', counts)
    client.post(f"{ITEMS}review/", {})
    assert [item["id"] for item in ReviewRun.objects.get().items] == [FIRST, SECOND]


def test_a_review_leaves_out_what_has_no_usable_id(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    odd = [{"id": "../../x", "status": "NEW"}, {"id": FIRST, "status": "NEW"}, {"id": "x" * 300}]
    platform.rewrite("GET", "/workItems(\\?|$)", lambda data: {**data, "items": odd})
    client = client_as(alice)
    assert client.get(f"{ITEMS}review/").status_code == 200
    answer = client.post(f"{ITEMS}review/", {})
    assert [item["id"] for item in ReviewRun.objects.get().items] == [FIRST]
    assert client.get(answer["Location"]).status_code == 200


def test_a_review_of_ids_that_are_no_longer_stored_takes_no_others(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(alice)
    ids = [f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(150)]
    platform.rewrite(
        "GET", "/workItems(\\?|$)", lambda data: {"items": [{"id": one, "status": "NEW"} for one in ids[:100]]}
    )
    query = client.post(ITEMS, {"ids": "\n".join(ids)})["Location"].partition("?ids=")[2]
    run = client.post(f"{ITEMS}review/", {"ids": query})["Location"]
    IdList.objects.all().delete()
    calls = len(platform.sent("GET", "/workItems"))
    answer = client.post(run)
    assert answer.status_code == 404
    assert "This list of ids is no longer stored." in text_of(answer)
    assert len(platform.sent("GET", "/workItems")) == calls
    assert len(ReviewRun.objects.get().items) == 100


@pytest.mark.parametrize("turn", [False, True])
def test_a_review_has_the_order_of_the_table_whichever_end_of_a_page_comes_first(
    turn: bool, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "page=PREV", lambda data: {**data, "items": data["items"][::-1] if turn else data["items"]})
    client = client_as(alice)
    listed = ids_of(client.get(ITEMS, {"order": "newest", "size": "100"}))
    client.post(f"{ITEMS}review/", {"order": "newest"})
    assert [item["id"] for item in ReviewRun.objects.get().items] == listed


def test_a_video_is_named_instead_of_drawn(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    platform.rewrite(
        "GET", "/workItems(\\?|$)", lambda data: {**data, "items": [{**data["items"][0], "assetType": "video"}]}
    )
    client = client_as(alice)
    assert "This is a video." in text_of(client.get(ITEMS))


def test_a_list_with_an_unclear_end_says_so(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    platform.rewrite("GET", "/workItems(\\?|$)", lambda data: {**data, "meta": {"cursorNext": 5}})
    assert "say how to get the next page, so there may be more." in text_of(client_as(alice).get(ITEMS))


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_cursor_leads_to_the_first_page(
    status: int, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.answer("GET", "cursor=", b'{"message": "Invalid cursor."}', status)
    for query in ({"cursor": "abc"}, {"cursor": "abc", "page": "prev", "order": "newest"}):
        response = client_as(alice).get(ITEMS, query)
        assert response.status_code == 404
        assert "This page of the list is no longer there" in text_of(response)
        assert "Go to the first page" in text_of(response)


def test_a_key_that_was_rejected_is_what_the_page_is_about(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "401", path=".", times=9)
    for part in ("", "counts/", "pictures/"):
        assert client_as(alice).get(ITEMS + part).status_code == 403


def test_a_batch_with_an_odd_id_is_linked_from_the_table_and_the_items_page_alike(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/workItems(\\?|$)", lambda data: {"items": [{"id": FIRST, "batchId": -7}]})
    client = client_as(alice)
    for address in (ITEMS, f"{ITEMS}{FIRST}/"):
        assert f'href="/projects/{COINS}/batches/-7/"' in client.get(address).content.decode()
