"""Work items (P14 to P19): filters, the table of signals, results."""

from http.client import RemoteDisconnected
from typing import Any

import pytest

from console.emulator.people import SPACE
from console.emulator.plan import STATUSES
from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.server import Running
from tests.emulator.conftest import Caller
from tests.emulator.test_platform import walk

COINS = PROJECTS["coins"]
ITEMS = f"/projects/{COINS}/workItems"
FIRST = FIRST_BATCH["coins"]
NOWHERE = "00000000-0000-4000-8000-000000000000"
MOVES = [
    ("start", "NEW", "OK", "labeling", "IN_PROGRESS"),
    ("release", "IN_PROGRESS", "OK", "labeling", "NEW"),
    ("complete", "IN_PROGRESS", "OK", "labeling", "COMPLETED"),
    ("complete", "IN_PROGRESS", "NOT_OK", "labeling", "FAILED"),
    ("complete", "IN_PROGRESS", "OK", "external_review", None),
    ("complete", "CLIENT_REVIEW", "OK", "external_review", "COMPLETED"),
    ("complete", "CLIENT_REVIEW", "NOT_OK", "external_review", "IN_PROGRESS"),
    ("complete", "CLIENT_REVIEW", "OK", "labeling", None),
    ("complete", "NEW", "OK", "labeling", None),
    ("cancel", "NEW", "OK", "labeling", "CANCELED"),
    ("cancel", "IN_PROGRESS", "OK", "labeling", "CANCELED"),
    ("cancel", "CLIENT_REVIEW", "OK", "labeling", "CANCELED"),
    ("cancel", "COMPLETED", "OK", "labeling", None),
    ("reopen", "COMPLETED", "OK", "labeling", "NEW"),
    ("reopen", "FAILED", "OK", "labeling", "NEW"),
    ("reopen", "CANCELED", "OK", "labeling", "NEW"),
    ("reopen", "NEW", "OK", "labeling", None),
    ("start", "CANCELED", "OK", "labeling", None),
]


def item_in(platform: Caller, status: str) -> str:
    return str(platform.get(f"{ITEMS}?status={status}").json["items"][0]["id"])


def read(platform: Caller, *ids: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = platform.get(f"{ITEMS}?workItemIDs={','.join(ids)}").json["items"]
    return rows


def test_all_six_statuses_are_there_and_add_up(platform: Caller) -> None:
    everything = walk(platform, f"{ITEMS}?limit=100")
    by_status = {status: walk(platform, f"{ITEMS}?limit=7&status={status}") for status in STATUSES}
    assert all(by_status.values())
    assert sum(map(len, by_status.values())) == len(everything) == 112
    assert all(row["status"] == status for status, rows in by_status.items() for row in rows)


def test_batches_and_ids_filter_in_every_spelling(platform: Caller) -> None:
    both = walk(platform, f"{ITEMS}?limit=100&batchIds={FIRST}&batchIds={FIRST + 2}")
    assert {row["batchId"] for row in both} == {FIRST, FIRST + 2}
    assert walk(platform, f"{ITEMS}?limit=100&batchIds={FIRST},{FIRST + 2}") == both
    ids = [both[0]["id"], both[3]["id"]]
    assert [row["id"] for row in read(platform, *ids)] == ids
    repeated = platform.get(f"{ITEMS}?workItemIDs={ids[0]}&workItemIDs={ids[1]}").json["items"]
    assert [row["id"] for row in repeated] == ids


def test_dates_include_both_ends(platform: Caller) -> None:
    rows = walk(platform, f"{ITEMS}?limit=100")
    moment = rows[5]["createdAt"]
    assert [row["id"] for row in walk(platform, f"{ITEMS}?createdAtFrom={moment}&createdAtTo={moment}")] == [
        rows[5]["id"]
    ]
    assert walk(platform, f"{ITEMS}?limit=100&createdAtTo={moment}") == rows[:6]


def test_a_time_that_is_read_includes_its_own_item(platform: Caller, running: Running) -> None:
    made = platform.post(ITEMS, {"assetUrl": "x.jpg", "assetType": "image"}).json
    row = running.world.work_items[COINS].get(made["id"])
    assert row is not None
    row["created_at"] = 1_000_000_000.0009997  # rounded to microseconds this is a millisecond more
    moment = read(platform, made["id"])[0]["createdAt"]
    assert moment == "2001-09-09T01:46:40.001Z"
    query = f"createdAtFrom={moment}&createdAtTo={moment}"
    assert [row["id"] for row in walk(platform, f"{ITEMS}?{query}")] == [made["id"]]


def test_the_last_page_asked_for_without_a_cursor_has_nothing_after_it(platform: Caller) -> None:
    page = platform.get(f"{ITEMS}?limit=5&page=PREV").json
    assert page["items"] == walk(platform, f"{ITEMS}?limit=100")[-5:]
    assert (page["meta"]["cursorNext"], bool(page["meta"]["cursorPrev"])) == (None, True)


def test_pages_go_back_as_they_came(platform: Caller) -> None:
    first = platform.get(f"{ITEMS}?limit=5&status=NEW").json
    second = platform.get(f"{ITEMS}?limit=5&status=NEW&page=NEXT&cursor={first['meta']['cursorNext']}").json
    back = platform.get(f"{ITEMS}?limit=5&status=NEW&page=PREV&cursor={second['meta']['cursorPrev']}").json
    assert back["items"] == first["items"]


@pytest.mark.parametrize(
    "query",
    [
        "status=DONE",
        "batchIds=x",
        "workItemIDs=x",
        "createdAtFrom=yesterday",
        "createdAtFrom=2026-01-01T00:00:00",
        "updatedAtFrom=2026-02-01T00:00:00Z&updatedAtTo=2026-01-01T00:00:00Z",
        "batchIds=" + ",".join(["1"] * 101),
        "workItemIDs=" + ",".join([NOWHERE] * 101),
        "cursor=WyJ4Il0",
    ],
)
def test_a_wrong_filter_is_400(platform: Caller, query: str) -> None:
    assert platform.get(f"{ITEMS}?{query}").status == 400


@pytest.mark.parametrize(("signal", "before", "outcome", "task", "after"), MOVES)
def test_one_signal_moves_an_item_or_is_a_conflict(
    platform: Caller, running: Running, signal: str, before: str, outcome: str, task: str, after: str | None
) -> None:
    item = item_in(platform, "NEW")
    running.act("set_status", item=item, status=before)
    body = {"signal": signal, "signalOutcome": outcome, "taskType": task, "reason": None}
    reply = platform("PUT", f"{ITEMS}/{item}/signals", body)
    assert reply.status == (204 if after else 409)
    assert read(platform, item)[0]["status"] == (after or before)


def test_many_signals_have_a_result_each(platform: Caller) -> None:
    review, new = item_in(platform, "CLIENT_REVIEW"), item_in(platform, "NEW")
    entries = [{"workItemId": review, "reason": "good"}, {"workItemID": new}, {"id": NOWHERE}, {}]
    body = {"signal": "complete", "signalOutcome": "OK", "taskType": "external_review", "workItems": entries}
    results = platform.post(f"{ITEMS}/signals", body).json["items"]
    assert results[:2] == [
        {"workItemId": review, "status": "COMPLETED"},
        {"workItemId": new, "error": "status is NEW"},
    ]
    assert [bool(entry["error"]) for entry in results[2:]] == [True, True]
    assert [row["status"] for row in read(platform, review)] == ["COMPLETED"]


@pytest.mark.parametrize(
    "changed",
    [{"signal": "stop"}, {"workItems": []}, {"workItems": [{}] * 101}, {"taskType": ""}, {"signalOutcome": "MAYBE"}],
)
def test_a_wrong_signal_is_400(platform: Caller, changed: dict[str, object]) -> None:
    body = {"signal": "complete", "taskType": "labeling", "workItems": [{"workItemId": NOWHERE}]}
    assert platform.post(f"{ITEMS}/signals", {**body, **changed}).status == 400


def test_counts_of_a_batch_follow_the_signals(platform: Caller, running: Running) -> None:
    before = platform.get(f"/projects/{COINS}/batches").json["items"]
    item = read(platform, item_in(platform, "NEW"))[0]
    running.act("set_status", item=item["id"], status="COMPLETED")
    after = platform.get(f"/projects/{COINS}/batches").json["items"]
    place = item["batchId"] - FIRST
    assert after[place]["completedCount"] == before[place]["completedCount"] + 1
    assert after[place]["totalCount"] == before[place]["totalCount"]


def test_a_work_item_is_made_from_an_address_and_lands_in_default(platform: Caller) -> None:
    body = {"assetUrl": "uploads/x.jpg", "assetType": "image", "metadata": {"ours": 1}, "dueInSeconds": 60}
    made = platform.post(ITEMS, body)
    assert made.status == 201
    assert made.json["batchId"] == FIRST
    assert (made.json["status"], made.json["metadata"], made.json["dueInSeconds"]) == ("NEW", {"ours": 1}, 60)
    assert read(platform, made.json["id"]) == [made.json]
    assert walk(platform, f"{ITEMS}?limit=50")[-1] == made.json


def test_a_work_item_is_made_from_an_asset_id(platform: Caller) -> None:
    made = platform.post(ITEMS, {"assetId": 7, "assetType": "video", "batchId": FIRST + 1})
    assert (made.status, made.json["assetId"], made.json["assetUrl"], made.json["batchId"]) == (201, 7, None, FIRST + 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"assetUrl": ""},
        {"assetUrl": None},
        {"assetType": "external"},
        {"assetType": None},
        {"batchId": 99999},
        {"dueInSeconds": 0},
        {"dueInSeconds": 2_592_001},
        {"difficulty": 101},
        {"difficulty": True},
        {"resultsUrl": "somewhere"},
        {"taxonomyVersionId": "x"},
        {"metadata": []},
        {"labels": ["x"]},
    ],
)
def test_a_wrong_work_item_is_400(platform: Caller, changed: dict[str, object]) -> None:
    assert platform.post(ITEMS, {"assetUrl": "x.jpg", "assetType": "image", **changed}).status == 400


def test_labels_are_taken_but_not_by_a_cancelled_item(platform: Caller, running: Running) -> None:
    item = item_in(platform, "NEW")
    path = f"{ITEMS}/{item}/labels"
    assert platform.post(path, {"labels": [{"any": "thing"}]}).status == 204
    assert platform.post(path, {"labels": []}).status == 400
    assert platform.get(f"{ITEMS}/{item}/annotations").json["metadata"]["label_count"] == 1
    running.act("set_status", item=item, status="CANCELED")
    assert platform.post(path, {"labels": [{}]}).status == 409


def test_a_result_is_found_through_its_storage_address(platform: Caller, storage: Caller) -> None:
    item = read(platform, item_in(platform, "COMPLETED"))[0]
    annotation = platform.get(f"{ITEMS}/{item['id']}/annotations?format=coco").json
    prefix, _, path = annotation["metadata"]["coco_results_url"].partition(f"/spaces/{SPACE}/")
    assert prefix.startswith("s3://")
    link = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [path]}).json["items"][0]["signedUrl"]
    document = storage.get(link).json
    assert document["annotations"]
    assert document["info"]["asset_url"] == item["assetUrl"]
    picture = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [item["assetUrl"]]}).json["items"][0]["signedUrl"]
    assert storage.get(picture).headers["Content-Type"] == "image/jpeg"


def test_unfinished_work_has_no_result_and_unknown_formats_are_400(platform: Caller) -> None:
    item = item_in(platform, "NEW")
    assert "coco_results_url" not in platform.get(f"{ITEMS}/{item}/annotations?format=coco").json["metadata"]
    assert platform.get(f"{ITEMS}/{item}/annotations?format=voc").status == 400
    assert platform.get(f"{ITEMS}/{NOWHERE}/annotations").status == 404


def send_many(platform: Caller, *items: str, signal: str = "start") -> list[dict[str, Any]]:
    body = {"signal": signal, "workItems": [{"workItemId": item} for item in items]}
    entries: list[dict[str, Any]] = platform.post(f"{ITEMS}/signals", body).json["items"]
    return entries


def statuses(platform: Caller, *items: str) -> list[str]:
    return [row["status"] for row in read(platform, *items)]


def new_items(platform: Caller, count: int) -> list[str]:
    return [str(row["id"]) for row in platform.get(f"{ITEMS}?status=NEW&limit={count}").json["items"]]


def test_one_entry_of_a_call_fails_as_often_as_was_asked(platform: Caller, running: Running) -> None:
    good, bad = new_items(platform, 2)
    running.act("fail_items", items=[bad.upper()], how="error", times=2, error="locked")

    for _ in range(2):
        assert send_many(platform, bad) == [{"workItemId": bad, "error": "locked"}]
    assert send_many(platform, good, bad) == [
        {"workItemId": good, "status": "IN_PROGRESS"},
        {"workItemId": bad, "status": "IN_PROGRESS"},
    ]


def test_an_entry_is_left_out_spelled_otherwise_or_contradicted(platform: Caller, running: Running) -> None:
    silent, spelled, twice = new_items(platform, 3)
    running.act("fail_items", items=[silent], how="missing")
    running.act("fail_items", items=[spelled], how="other spelling")
    running.act("fail_items", items=[twice], how="twice", error="locked")

    assert send_many(platform, silent, spelled, twice) == [
        {"workItemID": spelled.upper(), "status": "IN_PROGRESS"},
        {"workItemId": twice, "status": "IN_PROGRESS"},
        {"workItemId": twice, "error": "locked"},
    ]
    assert statuses(platform, silent, spelled, twice) == ["IN_PROGRESS"] * 3


@pytest.mark.parametrize("how", ["missing", "other spelling", "twice"])
def test_an_answer_says_so_and_nothing_was_done(platform: Caller, running: Running, how: str) -> None:
    (item,) = new_items(platform, 1)
    running.act("fail_items", items=[item], how=how, done=False)

    send_many(platform, item)

    assert statuses(platform, item) == ["NEW"]


def test_items_fail_until_they_are_as_others_again(platform: Caller, running: Running) -> None:
    (item,) = new_items(platform, 1)
    running.act("fail_items", item=item, times=0)
    assert all("error" in send_many(platform, item)[0] for _ in range(3))

    running.act("fail_items", item=item, times=-1)

    assert send_many(platform, item) == [{"workItemId": item, "status": "IN_PROGRESS"}]


def test_a_reset_forgets_which_items_fail(platform: Caller, running: Running) -> None:
    (item,) = new_items(platform, 1)
    running.act("fail_items", item=item, times=0)

    running.act("reset")

    assert "status" in send_many(platform, item)[0]


def test_a_single_signal_fails_in_the_same_ways(platform: Caller, running: Running) -> None:
    body = {"signal": "start", "signalOutcome": "OK", "taskType": "labeling"}
    refused, silent, spelled = new_items(platform, 3)
    running.act("fail_items", items=[refused], how="error", error="locked")
    running.act("fail_items", items=[silent], how="missing")
    running.act("fail_items", items=[spelled], how="other spelling")

    reply = platform("PUT", f"{ITEMS}/{refused}/signals", body)
    assert (reply.status, reply.json) == (409, {"message": "locked"})
    with pytest.raises(RemoteDisconnected):
        platform("PUT", f"{ITEMS}/{silent}/signals", body)
    reply = platform("PUT", f"{ITEMS}/{spelled}/signals", body)
    assert (reply.status, reply.json["workItemID"]) == (200, spelled.upper())
    assert statuses(platform, refused, silent, spelled) == ["NEW", "IN_PROGRESS", "IN_PROGRESS"]


def test_a_colleague_sets_the_status_of_many_or_of_none(platform: Caller, running: Running) -> None:
    items = new_items(platform, 3)

    running.act("set_status", items=items, status="COMPLETED")
    assert statuses(platform, *items) == ["COMPLETED"] * 3
    with pytest.raises(ValueError, match="no such work item"):
        running.act("set_status", items=[*items, NOWHERE], status="FAILED")
    assert statuses(platform, *items) == ["COMPLETED"] * 3
