"""Every bound of FACTS 3 at both sides of its edge, and what is no number, text or list at all."""

from typing import Any

import pytest

from console.emulator.people import SPACE
from console.emulator.sample import FIRST_BATCH, PROJECTS, uid_of
from tests.emulator.conftest import Caller

COINS = uid_of("dataset", "coins-on-velvet")
PROJECT = f"/projects/{PROJECTS['eyes']}"
FIRST = FIRST_BATCH["eyes"]
EXPORTS = f"/spaces/{SPACE}/exports"
LINKS = f"/spaces/{SPACE}/signedurls"
NOWHERE = "00000000-0000-4000-8000-000000000000"
LARGEST = 2**63 - 1
LIMITS = {"0": 400, "1": 200, "100": 200, "101": 400, "-1": 400, "1.5": 400, "": 400}
AVALA_LISTS = (
    "/slices/northwind/list/",
    f"/slices/dataset/{COINS}/",
    "/slices/northwind/all-coins/items/list/",
    "/datasets/",
    "/datasets/northwind/list/",
    "/datasets/northwind/coins-on-velvet/items/",
    "/organizations/",
)


def repeated(name: str, value: object, times: int) -> str:
    return "&".join([f"{name}={value}"] * times)


def listed(name: str, value: object, times: int) -> str:
    return f"{name}={','.join([str(value)] * times)}"


@pytest.mark.parametrize("path", AVALA_LISTS)
def test_every_list_of_avala_takes_a_limit_of_1_to_100(avala: Caller, path: str) -> None:
    assert {limit: avala.get(f"{path}?limit={limit}").status for limit in LIMITS} == LIMITS


@pytest.mark.parametrize("path", [f"{PROJECT}/batches", f"{PROJECT}/workItems", EXPORTS])
def test_every_list_of_the_platform_takes_a_limit_of_1_to_100(platform: Caller, path: str) -> None:
    assert {limit: platform.get(f"{path}?limit={limit}").status for limit in LIMITS} == LIMITS


@pytest.mark.parametrize(("length", "status"), [(0, 400), (1, 201), (100, 201), (101, 400)])
def test_a_slice_has_a_name_of_1_to_100_characters(avala: Caller, length: int, status: int) -> None:
    body = {"visibility": "private", "sub_slices": [{"type": "dataset", "dataset_uid": COINS}]}
    assert avala.post("/slices/", {**body, "name": "雨" * length}).status == status
    checked = avala.post("/slice/validate/name", {"name": "b" * length}).status
    assert checked == (200 if status == 201 else 400)


@pytest.mark.parametrize(
    ("count", "status"), [("", 400), ("0", 400), ("1", 200), ("10", 200), ("11", 400), ("1.0", 400)]
)
def test_links_for_uploads_are_1_to_10(platform: Caller, count: str, status: int) -> None:
    assert platform.get(f"{LINKS}?count={count}").status == status


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 200), (1000, 200), (1001, 400)])
def test_links_for_downloads_are_1_to_1000(platform: Caller, count: int, status: int) -> None:
    assert platform.post(LINKS, {"paths": ["raw/x.jpg"] * count}).status == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (repeated("batchIds", FIRST, 100), 200),
        (repeated("batchIds", FIRST, 101), 400),
        (listed("batchIds", FIRST, 100), 200),
        (listed("batchIds", FIRST, 101), 400),
        (f"batchIds={LARGEST}", 200),
        (f"batchIds={LARGEST + 1}", 400),
        ("batchIds=-1", 200),
        ("batchIds=1.5", 400),
        (repeated("workItemIDs", NOWHERE, 100), 200),
        (repeated("workItemIDs", NOWHERE, 101), 400),
        (listed("workItemIDs", NOWHERE, 100), 200),
        (listed("workItemIDs", NOWHERE, 101), 400),
        ("status=new", 400),
        ("page=NEXT", 200),
        ("page=1", 400),
        ("cursor=W251bGxd", 400),
        ("cursor=W3RydWVd", 400),
        ("createdAtFrom=2026-01-01", 400),
        ("createdAtFrom=0001-01-01T00:00:00%2B14:00", 200),
        ("createdAtTo=9999-12-31T23:59:59-14:00", 200),
    ],
)
def test_filters_of_work_items_have_their_bounds(platform: Caller, query: str, status: int) -> None:
    assert platform.get(f"{PROJECT}/workItems?{query}").status == status


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 255}, 201),
        ({"name": "x" * 256}, 400),
        ({"format": "coco_json"}, 400),
        ({"projectIds": []}, 400),
        ({"projectIds": [PROJECTS["eyes"]] * 50}, 201),
        ({"projectIds": [PROJECTS["eyes"]] * 51}, 400),
        ({"projectIds": [NOWHERE]}, 404),
        ({"batchIds": [FIRST] * 100}, 201),
        ({"batchIds": [FIRST] * 101}, 400),
        ({"batchIds": [LARGEST]}, 201),
        ({"batchIds": [LARGEST + 1]}, 400),
        ({"batchIds": [str(FIRST)]}, 400),
        ({"batchIds": [True]}, 400),
        ({"createdAtFrom": "2026-01-02T00:00:00Z", "createdAtTo": "2026-01-02T00:00:00Z"}, 201),
        ({"createdAtFrom": "2026-01-02T00:00:00Z", "createdAtTo": "2026-01-01T00:00:00Z"}, 400),
        ({"updatedAtFrom": 5}, 400),
    ],
)
def test_an_export_has_its_bounds(platform: Caller, words: dict[str, Any], status: int) -> None:
    assert platform.post(EXPORTS, {"name": "x", **words}).status == status


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"dueInSeconds": 0}, 400),
        ({"dueInSeconds": 1}, 201),
        ({"dueInSeconds": 2_592_000}, 201),
        ({"dueInSeconds": 2_592_001}, 400),
        ({"dueInSeconds": True}, 400),
        ({"dueInSeconds": "60"}, 400),
        ({"dueInSeconds": 1.0}, 400),
        ({"difficulty": -1}, 400),
        ({"difficulty": 0}, 201),
        ({"difficulty": 100}, 201),
        ({"difficulty": 101}, 400),
        ({"assetUrl": None, "assetId": 0}, 201),
        ({"assetUrl": None, "assetId": -1}, 400),
        ({"assetUrl": None, "assetId": LARGEST}, 201),
        ({"assetUrl": None, "assetId": LARGEST + 1}, 400),
        ({"batchId": LARGEST + 1}, 400),
        ({"labels": []}, 201),
        ({"metadata": {"not": float("nan")}}, 400),
    ],
)
def test_a_work_item_has_its_bounds(platform: Caller, words: dict[str, Any], status: int) -> None:
    reply = platform.post(f"{PROJECT}/workItems", {"assetUrl": "raw/x.jpg", "assetType": "image", **words})
    assert reply.status == status
    assert status != 201 or reply.json["assetUrl"] != ""


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 200), (100, 200), (101, 400)])
def test_a_signal_goes_to_1_to_100_work_items(platform: Caller, count: int, status: int) -> None:
    body = {"signal": "start", "workItems": [{"workItemId": NOWHERE}] * count}
    assert platform.post(f"{PROJECT}/workItems/signals", body).status == status


@pytest.mark.parametrize(("priority", "status"), [(-LARGEST - 1, 200), (LARGEST, 200), (LARGEST + 1, 400), (True, 400)])
def test_a_priority_is_a_whole_number_of_64_bits(platform: Caller, priority: int, status: int) -> None:
    items = [{"batchId": FIRST, "priority": priority}]
    assert platform("PUT", f"{PROJECT}/batches/prioritization", {"items": items}).status == status


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"7", b"\xff", b'{"name": NaN}', b'{"name": 1e999}'])
def test_a_body_that_is_no_object_is_400_everywhere(avala: Caller, platform: Caller, body: bytes) -> None:
    item = platform.get(f"{PROJECT}/workItems?limit=1").json["items"][0]["id"]
    replies = [avala.post("/slices/", body), avala.post("/slice/validate/name", body)]
    for method, path in (
        ("POST", LINKS),
        ("POST", f"{PROJECT}/batches"),
        ("PUT", f"{PROJECT}/batches/prioritization"),
        ("PATCH", f"{PROJECT}/batches/{FIRST}"),
        ("POST", EXPORTS),
        ("POST", f"{PROJECT}/workItems"),
        ("POST", f"{PROJECT}/workItems/signals"),
        ("POST", f"{PROJECT}/workItems/{item}/labels"),
        ("PUT", f"{PROJECT}/workItems/{item}/signals"),
    ):
        replies.append(platform(method, path, body))
    assert {reply.status for reply in replies} == {400}


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "PUT"])
def test_any_other_method_is_405_in_the_vendors_words(avala: Caller, platform: Caller, method: str) -> None:
    reply = avala(method, "/datasets/")
    assert (reply.status, reply.json) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert "X-RateLimit-Limit" in reply.headers
    reply = platform(method, f"{PROJECT}/batches")
    assert (reply.status, list(reply.json)) == (405, ["message"])
    assert reply.headers["Allow"] == "POST, GET"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * (10 * 1024 * 1024 + 1), {}, 413),
        (b"zz\r\n", {"Transfer_Encoding": "chunked"}, 400),
        (b"x", {"Content_Length": "-5"}, 400),
    ],
    ids=["too large", "no chunks", "less than nothing"],
)
def test_a_body_that_cannot_be_taken_is_refused_in_the_vendors_words(
    avala: Caller, platform: Caller, body: bytes, headers: dict[str, str], status: int
) -> None:
    reply = avala.post("/slices/", body, **headers)
    assert (reply.status, list(reply.json)) == (status, ["detail"])
    assert "X-RateLimit-Limit" in reply.headers
    reply = platform.post(f"{PROJECT}/batches", body, **headers)
    assert (reply.status, list(reply.json)) == (status, ["message"])
