"""The platform's spaces, projects and batches (P1 to P7, P12, P13), and its keyset paging."""

from typing import Any

import pytest

from console.emulator.people import ELSEWHERE_SPACE, SPACE
from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.server import Running
from tests.emulator.conftest import Caller

COINS = PROJECTS["coins"]
BATCHES = f"/projects/{COINS}/batches"
ORDER = f"{BATCHES}/prioritization"
FIRST = FIRST_BATCH["coins"]
NOWHERE = "00000000-0000-4000-8000-000000000000"


def with_key(running: Running, key: str) -> Caller:
    return Caller(running.cloudfactory_url, "X-API-Key", key)


def walk(platform: Caller, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = platform.get(f"{path}{cursor}").json
        rows += page["items"]
        if not page["meta"]["cursorNext"]:
            return rows
        cursor = f"&cursor={page['meta']['cursorNext']}&page=NEXT"


def test_projects_of_a_space_and_one_of_them(platform: Caller) -> None:
    rows = platform.get(f"/spaces/{SPACE}/projects").json["items"]
    assert {row["id"] for row in rows} == set(PROJECTS.values())
    assert platform.get(f"/spaces/{SPACE}/projects/{COINS}").json == rows[0]
    assert set(rows[0]) == {"id", "name", "description", "createdAt", "spaceID", "dataType", "companyID"}


def test_eight_batches_with_counts_a_tie_and_one_without_an_entry(platform: Caller) -> None:
    rows = platform.get(BATCHES).json["items"]
    assert [row["id"] for row in rows] == list(range(FIRST, FIRST + 8))
    assert [row["priority"] for row in rows] == [1, 8, 7, 6, 5, 5, 3, None]
    assert rows[0]["name"] == "Default"
    assert all(0 <= row["completedCount"] <= row["totalCount"] for row in rows)


def test_two_thousand_batches_are_walked_in_pages_of_a_hundred(platform: Caller, running: Running) -> None:
    path = f"/projects/{PROJECTS['archive']}/batches?limit=100"
    rows = walk(platform, path)
    assert len({row["id"] for row in rows}) == len(rows) == 2000
    assert len(running.requests("cloudfactory")) == 20


def test_a_keyset_page_names_its_kind_and_both_neighbours(platform: Caller) -> None:
    first = platform.get(f"{BATCHES}?limit=3").json
    assert (first["meta"]["object"], first["meta"]["limit"], first["meta"]["page"]) == ("batch", 3, None)
    assert first["meta"]["cursorPrev"] is None
    second = platform.get(f"{BATCHES}?limit=3&cursor={first['meta']['cursorNext']}&page=NEXT").json
    assert [row["id"] for row in second["items"]] == [FIRST + 3, FIRST + 4, FIRST + 5]
    assert second["meta"]["page"] == "NEXT"
    back = platform.get(f"{BATCHES}?limit=3&cursor={second['meta']['cursorPrev']}&page=PREV").json
    assert back["items"] == first["items"]
    assert back["meta"]["cursorPrev"] is None
    assert back["meta"]["cursorNext"] == first["meta"]["cursorNext"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "page=UP", "cursor=%25", "cursor=WyJ4Il0"])
def test_a_bad_page_is_400(platform: Caller, query: str) -> None:
    reply = platform.get(f"{BATCHES}?{query}")
    assert reply.status == 400
    assert list(reply.json) == ["message"]


def test_the_default_page_has_twenty_rows(platform: Caller) -> None:
    assert len(platform.get(f"/projects/{PROJECTS['archive']}/batches").json["items"]) == 20


def test_a_new_batch_has_no_entry_in_the_order(platform: Caller) -> None:
    made = platform.post(BATCHES, {"name": "Third pass"})
    assert (made.status, made.json["name"], made.json["priority"]) == (201, "Third pass", None)
    assert "totalCount" not in made.json
    assert made.json["id"] not in [entry["batchId"] for entry in platform.get(ORDER).json["items"]]


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"name": " "}, 400), ({"name": "Worn edges"}, 409)])
def test_a_batch_needs_a_name_of_its_own(platform: Caller, body: dict[str, str], status: int) -> None:
    reply = platform.post(BATCHES, body)
    assert (reply.status, list(reply.json)) == (status, ["message"])


def test_a_batch_is_renamed_and_given_metadata(platform: Caller) -> None:
    renamed = platform("PATCH", f"{BATCHES}/{FIRST + 1}", {"name": "Turin"})
    assert (renamed.status, renamed.json["metadata"]["site"]) == (200, "Turin")
    changed = platform("PATCH", f"{BATCHES}/{FIRST + 1}", {"metadata": {"camera": 2}})
    assert (changed.json["name"], changed.json["metadata"]) == ("Turin", {"camera": 2})


@pytest.mark.parametrize(
    ("batch", "body", "status"),
    [
        (FIRST, {}, 400),
        (FIRST, {"name": ""}, 400),
        (FIRST, {"metadata": []}, 400),
        (FIRST, {"name": "Worn edges"}, 409),
        (FIRST, {"name": "Default"}, 200),
        (9999999, {"name": "x"}, 404),
        ("x", {"name": "x"}, 404),
    ],
)
def test_a_rename_is_checked(platform: Caller, batch: object, body: dict[str, object], status: int) -> None:
    assert platform("PATCH", f"{BATCHES}/{batch}", body).status == status


def test_an_order_is_saved_whole_and_keeps_fields_nobody_knows(platform: Caller) -> None:
    entries = platform.get(ORDER).json["items"]
    assert {"batchId": FIRST + 3, "priority": 6, "source": "planner"} in entries
    wanted = [{**entry, "priority": place, "mine": True} for place, entry in enumerate(entries)]
    saved = platform("PUT", ORDER, {"items": [*wanted, {"id": FIRST + 7, "priority": 99}]})
    assert saved.status == 200
    assert saved.json["items"] == [*wanted, {"batchId": FIRST + 7, "priority": 99}]
    assert platform.get(ORDER).json == saved.json
    assert platform.get(BATCHES).json["items"][7]["priority"] == 99


def test_batches_that_a_save_does_not_name_keep_their_place(platform: Caller) -> None:
    before = platform.get(ORDER).json["items"]
    platform("PUT", ORDER, {"items": [{"batchId": FIRST, "priority": 50}]})
    assert platform.get(ORDER).json["items"] == [{**before[0], "priority": 50}, *before[1:]]


@pytest.mark.parametrize(
    "items",
    [
        None,
        [],
        [7],
        [{"batchId": FIRST}],
        [{"batchId": FIRST, "priority": "1"}],
        [{"batchId": FIRST, "priority": 2**63}],
        [{"batchId": FIRST, "priority": 1}, {"batchId": FIRST, "priority": 2}],
        [{"batchId": FIRST, "priority": 90}, {"batchId": 201, "priority": 1}],
    ],
)
def test_a_wrong_order_changes_nothing(platform: Caller, items: object) -> None:
    before = platform.get(ORDER).json
    assert platform("PUT", ORDER, {"items": items}).status == 400
    assert platform.get(ORDER).json == before


def test_links_for_uploads_are_counted_one_to_ten(platform: Caller) -> None:
    assert len(platform.get(f"/spaces/{SPACE}/signedurls").json["items"]) == 1
    links = platform.get(f"/spaces/{SPACE}/signedurls?count=10").json["items"]
    assert len({link["path"] for link in links}) == 10
    for count in ("0", "11", "x"):
        assert platform.get(f"/spaces/{SPACE}/signedurls?count={count}").status == 400


def test_links_for_downloads_come_in_the_order_asked_for(platform: Caller) -> None:
    paths = ["raw/b.jpg", "raw/a.jpg", "raw/b.jpg"]
    links = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": paths}).json["items"]
    assert [link["path"] for link in links] == paths


@pytest.mark.parametrize("paths", [None, [], ["x"] * 1001, [""], [7], ["/x"], ["a/../b"], ["s3://bucket/x"]])
def test_paths_that_are_not_in_the_space_are_refused(platform: Caller, paths: object) -> None:
    assert platform.post(f"/spaces/{SPACE}/signedurls", {"paths": paths}).status == 400


def test_a_wrong_key_is_401_and_a_wrong_method_405(platform: Caller, running: Running) -> None:
    assert with_key(running, "nobody").get(BATCHES).status == 401
    assert with_key(running, "avk_demo_ops").get(BATCHES).status == 401
    assert platform("DELETE", BATCHES).status == 405


@pytest.mark.parametrize("path", ["/batches/", "/spaces", f"{BATCHES}/", f"/spaces/{SPACE}/projects/"])
def test_a_path_with_a_slash_at_the_end_is_404(platform: Caller, path: str) -> None:
    assert platform.get(path).status == 404


def test_what_belongs_to_others_does_not_exist(running: Running) -> None:
    outsider = with_key(running, "cf_demo_outsider")
    assert outsider.get(f"/spaces/{ELSEWHERE_SPACE}/projects").json == {"items": []}
    for path in (
        f"/spaces/{SPACE}/projects",
        BATCHES,
        ORDER,
        f"/projects/{COINS}/workItems",
        f"/spaces/{SPACE}/exports",
    ):
        assert (outsider.get(path).status, path) == (404, path)


@pytest.mark.parametrize("path", [f"/projects/{NOWHERE}/batches", "/projects/7/batches", f"/spaces/{NOWHERE}/projects"])
def test_what_does_not_exist_is_404(platform: Caller, path: str) -> None:
    assert platform.get(path).status == 404


def test_a_reviewer_signals_but_changes_nothing_else(running: Running) -> None:
    item = with_key(running, "cf_demo_ops").get(f"/projects/{COINS}/workItems?status=NEW").json["items"][0]["id"]
    statuses = {"reviewer": 204, "auditor": 403}
    for name, expected in statuses.items():
        caller = with_key(running, f"cf_demo_{name}")
        assert caller.get(BATCHES).status == 200
        assert caller.post(BATCHES, {"name": "x"}).status == 403
        assert caller("PUT", ORDER, {"items": [{"batchId": FIRST, "priority": 1}]}).status == 403
        assert caller("PATCH", f"{BATCHES}/{FIRST}", {"name": "x"}).status == 403
        assert caller.post(f"/spaces/{SPACE}/exports", {"name": "x"}).status == 403
        assert caller.post(f"/projects/{COINS}/workItems", {}).status == 403
        assert caller.post(f"/spaces/{SPACE}/signedurls", {"paths": ["raw/x"]}).status == 200
        body = {"signal": "start", "taskType": "labeling", "signalOutcome": "OK"}
        assert caller("PUT", f"/projects/{COINS}/workItems/{item}/signals", body).status == expected
