"""Work items with odd ids, files, annotations and lists: what can be shown is shown, and no page falls over."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.exports.making import text_of
from tests.hostile.test_ids import with_first
from tests.items.decision_helpers import HTMX, ITEMS, decision_of, item_ids, press, work
from tests.rewriting_proxy import Vendor, rewriting

ClientAs = Callable[[Person], Client]

NOT_IDS = [
    "00000000-0000-4000-8000-000000000000",
    "5f0c2c1e7d3a4b579d2e0a6d1f6b7c10",
    "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10",
    "%2e%2e",
    "%00",
    "9" * 300,
    "²",
]
ASSETS = [
    None,
    "",
    7,
    ["raw/x.jpg"],
    "../x.jpg",
    "raw/../../x.jpg",
    "//evil.example/x.jpg",
    "raw//x.jpg",
    "raw/a\x00b.jpg",
    "raw/a\u202egpj.exe",
    "raw/\ud800.jpg",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http://127.0.0.1:9/x.jpg",
    "https://evil.example/x.jpg",
    "s3://bucket/spaces/00000000-0000-4000-8000-000000000000/x.jpg",
    "raw/" + "x" * 5000 + ".jpg",
    "raw/<b>bold</b> & “quotes”.jpg",
]
ODD_FIELDS: dict[str, Any] = {
    "status": ["ON_HOLD", None, 7, ["NEW"], "x" * 5000, "<b>"],
    "batchId": [None, -1, 2**63 - 1, "x", 1.5, [101]],
    "metadata": [None, [], "x", 7, {"a": {"b": [1] * 50}}, {"<b>": "<script>alert(1)</script>", "avala_slice": 7}],
    "createdAt": [None, "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 7],
    "dueInSeconds": [None, -5, 2**62, "soon", 1e300, True],
    "difficulty": [None, -1, 10**15, "hard", [1]],
    "assetType": [None, "external", "video", 7, "\u202elidar"],
    "resultsUrl": [None, "javascript:alert(1)", 7, "x" * 5000],
}
ODD_ANNOTATIONS: dict[str, Any] = {
    "inference": [None, [], [1, "a"], "text", 7, True, {"a": [{"b": None}] * 200}, {"<b>": "<script>"}],
    "metadata": [None, [], "x", 7, {}, {"coco_results_url": 7}, {"coco_results_url": "../x"}],
    "id": [None, 7, "../x", [1]],
    "workItemID": [None, "00000000-0000-4000-8000-000000000000", 7],
    "updatedAt": [None, "never", "9999-12-31T23:59:59-12:00"],
    "groundTruthReviewer": [None, 7, ["x"], "<b>"],
}
TURNED = "\u202e"
ADDRESSES = [
    "s3://bucket/spaces/00000000-0000-4000-8000-000000000000/coco_output/x.json",
    "https://evil.example/x.json",
    "file:///etc/passwd",
    "coco_output/../../x.json",
    "coco_output/\x00.json",
    "//x",
    "x" * 9000,
]


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.SHARED_READ_SECONDS = 0


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def odd(fields: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in fields.items() for value in values]


def name_of(value: Any) -> str:
    return ascii(value)[:24]


def is_safe(response: Any) -> bool:
    """No script of the vendor's, no address of its, and nothing that the page's author did not write."""
    page = response.content.decode("utf-8", "surrogatepass")
    return not re.search(r'<script>|<b>bold|(?:href|src)="(?:javascript|data:text|http://127\.0\.0\.1:9)', page)


def items_page(client: Client, query: str = "") -> Any:
    response = client.get(f"{ITEMS}?{query}")
    assert response.status_code == 200
    assert is_safe(response)
    return response


@pytest.mark.parametrize("item", NOT_IDS)
def test_an_address_of_no_item_is_a_page_that_is_not_there(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    for tail in ("", "labels/", "labels/download/", "picture/", "send-back/", "signal/"):
        for headers in ({}, HTMX):
            response = client.get(f"{ITEMS}{item}/{tail}", headers=headers, follow=True)
            assert response.status_code in (200, 404), tail
            assert response.status_code == 404 or headers, tail
    for act in ("approve", "send-back", "signal"):
        assert client.post(f"{ITEMS}{item}/{act}/", {"reason": "x", "choice": "start"}).status_code in (404, 409, 422)


@pytest.mark.parametrize("run", NOT_IDS)
def test_an_address_of_no_run_is_a_page_that_is_not_there(
    alice: Person, client_as: ClientAs, emulator: Running, run: str
) -> None:
    client, [item] = client_as(alice), item_ids(alice)
    for tail in ("", "end/", f"{item}/", f"{run}/"):
        assert client.get(f"{ITEMS}review/{run}/{tail}").status_code == 404
        assert client.get(f"{ITEMS}decisions/{run}/").status_code == 404
    assert client.post(f"{ITEMS}review/{run}/{item}/skip/").status_code == 404


@pytest.mark.parametrize("value", [None, 12, "", "../x", "x" * 300, ["a"], {"a": 1}], ids=name_of)
def test_an_item_without_a_usable_id_leaves_the_others_alone(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/workItems\\?", with_first("items", id=value))
    client = client_as(alice)
    assert len(re.findall(rf'href="{ITEMS}[0-9a-f-]{{36}}/', items_page(client, "size=25").content.decode())) >= 24
    for address in ("counts/", "pictures/"):
        assert client.get(f"{ITEMS}{address}", headers=HTMX).status_code == 200
    assert client.get(f"{ITEMS}review/?status=CLIENT_REVIEW").status_code == 200
    started = client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True)
    assert started.status_code == 200


def test_items_whose_ids_cannot_be_read_are_not_called_none(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite(
        "GET", "/workItems\\?", lambda data: {**data, "items": [{**row, "id": None} for row in data["items"]]}
    )
    client = client_as(alice)
    for response in (
        client.get(f"{ITEMS}review/?status=CLIENT_REVIEW"),
        client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True),
    ):
        assert "No work item matches" not in text_of(response)
        assert "can’t be read" in text_of(response)


@pytest.mark.parametrize("cursor", [5, True, {}, ["a"], "x" * 5000], ids=name_of)
def test_a_run_says_that_there_may_be_more(cursor: Any, alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    meta = {"cursorNext": cursor, "cursorPrev": cursor}
    platform.rewrite("GET", "/workItems\\?", lambda data: {**data, "meta": meta})
    client = client_as(alice)
    for order in ("newest", "oldest"):
        assert "so there may be more" in text_of(items_page(client, f"order={order}"))
        said = text_of(client.get(f"{ITEMS}review/?status=CLIENT_REVIEW&order={order}"))
        assert "so there may be more" in said
    assert client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True).status_code == 200


@pytest.mark.parametrize("value", ASSETS, ids=name_of)
def test_one_hostile_file_takes_no_other_picture_away(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/workItems\\?", with_first("items", assetUrl=value))
    client = client_as(alice)
    items_page(client, "size=10&status=CLIENT_REVIEW&order=oldest")
    tiles = client.get(f"{ITEMS}pictures/?size=10&status=CLIENT_REVIEW&order=oldest", headers=HTMX)
    assert tiles.status_code == 200
    assert is_safe(tiles)
    assert tiles.content.decode().count("<img") >= 9
    [item] = item_ids(alice)
    for tail in ("", "?labels=1"):
        response = client.get(f"{ITEMS}{item}/{tail}")
        assert response.status_code == 200
        assert is_safe(response)
    assert client.get(f"{ITEMS}{item}/picture/", headers=HTMX).status_code == 200
    assert client.get(f"{ITEMS}review/?status=CLIENT_REVIEW").status_code == 200
    run = client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True)
    assert run.status_code == 200
    assert is_safe(run)
    press(client, item)
    work()
    assert decision_of(item).state == "sent"


@pytest.mark.parametrize(("field", "value"), odd(ODD_FIELDS), ids=name_of)
def test_an_odd_field_of_an_item_is_shown_or_left_out(
    field: str, value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/workItems\\?", with_first("items", **{field: value}))
    client, [item] = client_as(alice), item_ids(alice)
    items_page(client, "status=CLIENT_REVIEW&order=oldest")
    response = client.get(f"{ITEMS}{item}/")
    assert response.status_code == 200
    assert is_safe(response)
    for headers in ({}, HTMX):
        assert client.get(f"{ITEMS}{item}/labels/", headers=headers, follow=True).status_code == 200
    assert client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True).status_code == 200
    assert press(client, item).status_code == 200


@pytest.mark.parametrize(("field", "value"), odd(ODD_ANNOTATIONS), ids=name_of)
def test_an_odd_field_of_an_annotation_leaves_the_page_standing(
    field: str, value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/annotations", lambda data: {**data, field: value})
    client, [item] = client_as(alice), item_ids(alice)
    for address, headers in ((f"{ITEMS}{item}/?labels=1", {}), (f"{ITEMS}{item}/labels/", HTMX)):
        response = client.get(address, headers=headers)
        assert response.status_code == 200
        assert is_safe(response)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'"x"', b"[" * 600, b"{", b'{"inference": NaN}'])
def test_an_annotation_that_is_no_object_is_said_in_its_place(
    body: bytes, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.answer("GET", "/annotations", body)
    client, [item] = client_as(alice), item_ids(alice)
    page = client.get(f"{ITEMS}{item}/?labels=1")
    assert page.status_code == 200
    assert "<img" in page.content.decode()
    assert client.get(f"{ITEMS}{item}/labels/", headers=HTMX).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES, ids=name_of)
def test_the_address_of_a_result_is_not_followed_anywhere(
    address: str, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/annotations", lambda data: {**data, "metadata": {"coco_results_url": address}})
    client, [item] = client_as(alice), item_ids(alice)
    response = client.get(f"{ITEMS}{item}/labels/", headers=HTMX)
    assert response.status_code == 200
    assert is_safe(response)
    assert client.get(f"{ITEMS}{item}/labels/download/").status_code < 500


@pytest.mark.parametrize("value", ["javascript:alert(1)", None, 7, "", "ftp://x/", "https://evil.example/x.jpg"])
def test_an_odd_link_to_a_picture_is_a_quiet_tile(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("POST", "/signedurls$", with_first("items", signedUrl=value))
    client, [item] = client_as(alice), item_ids(alice)
    for response in (
        client.get(f"{ITEMS}{item}/"),
        client.get(f"{ITEMS}pictures/?status=CLIENT_REVIEW", headers=HTMX),
        client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True),
    ):
        assert response.status_code == 200
        assert is_safe(response)
        assert "evil.example" not in re.sub(r"<p[^>]*>[^<]*</p>", "", response.content.decode())


@pytest.mark.parametrize(
    "query",
    [
        f"ids={'0' * 50_000}",
        "ids=" + ",".join(["00000000-0000-4000-8000-000000000000"] * 1001),
        "batch=x&batch=-1&batch=" + "9" * 400,
        "&".join(f"batch={number}" for number in range(500)),
        "status=DONE",
        "status=",
        "created_from=2026-02-30&created_to=x",
        "created_from=9999-12-31&created_to=0001-01-01",
        "updated_from=0001-01-01T00:00&updated_to=9999-12-31T23:59",
        "cursor=" + "x" * 9000,
        "cursor=WyJ4Il0&page=prev",
        "cursor=%00",
        "order=sideways&page=9&size=0",
        "size=" + "9" * 5000,
        "list=x&ids[]=1",
    ],
    ids=lambda query: query[:24],
)
def test_a_filter_made_by_hand_is_answered_with_a_sentence(
    alice: Person, client_as: ClientAs, emulator: Running, query: str
) -> None:
    client = client_as(alice)
    for address in ("", "counts/", "pictures/", "review/"):
        for headers in ({}, HTMX):
            response = client.get(f"{ITEMS}{address}?{query}", headers=headers)
            assert response.status_code in (200, 404, 409, 410, 422), address
    posted = client.post(f"{ITEMS}review/?{query}", {"status": "DONE", "cursor": "x"})
    assert posted.status_code < 500


@pytest.mark.parametrize("body", [b"null", b"<html>", b"[]", b'{"error": "x"}', b'{"results": [NaN]}'])
def test_an_odd_answer_to_a_signal_is_looked_up_and_sent_once(
    body: bytes, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.answer("PUT", "/signals$", body)
    client, [item] = client_as(alice), item_ids(alice)
    press(client, item)
    work()
    work()
    assert decision_of(item).state == "unknown"
    assert client.get(f"{ITEMS}{item}/").status_code == 200
    assert len(platform.sent("PUT", f"{item}/signals$")) == 1


def test_invisible_characters_of_the_vendor_are_shown_as_signs(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    client, [first] = client_as(alice), item_ids(alice)
    images = [{"id": number, "file_name": f"a{TURNED}.jpg", "width": 10, "height": 10} for number in (1, 2)]
    coco = {"images": images, "categories": [], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]}
    emulator.act("set_annotation", item=first, coco=coco)
    address = client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"})["Location"]
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        held = {"status": f"ON{TURNED}HOLD"}
        vendor.rewrite(
            "GET",
            "/workItems\\?",
            lambda data: {**data, "items": [row if row["id"] == first else row | held for row in data["items"]]},
        )
        for page in (f"{ITEMS}{first}/?labels=1", f"{address}{first}/", f"{address}end/"):
            response = client.get(page)
            assert TURNED not in response.content.decode(), page
            assert "[U+202E]" in text_of(response), page
