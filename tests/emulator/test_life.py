"""Life-cycles by the clock, and a world that outlives its process."""

from pathlib import Path
from typing import Any

import pytest

from console.emulator.people import SPACE
from console.emulator.sample import FIRST_BATCH, PROJECTS, uid_of
from console.emulator.server import Running, start
from tests.emulator.conftest import Caller
from tests.waiting import until

PART = {"type": "dataset", "dataset_uid": uid_of("dataset", "coins-on-velvet")}
EXPORTS = f"/spaces/{SPACE}/exports"


def create(avala: Caller, name: str) -> Any:
    return avala.post("/slices/", {"name": name, "visibility": "private", "sub_slices": [PART]}).json


def callers(running: Running) -> tuple[Caller, Caller]:
    avala = Caller(running.avala_url, "X-Avala-Api-Key", "avk_demo_ops")
    return avala, Caller(running.cloudfactory_url, "X-API-Key", "cf_demo_ops")


def test_the_first_day_shows_every_state(avala: Caller, platform: Caller) -> None:
    slices = {row["slug"]: row for row in avala.get("/slices/northwind/list/").json["results"]}
    assert slices["crowded-tissue"]["status"] == "failed"
    assert (slices["fog-over-the-harbour"]["status"], slices["fog-over-the-harbour"]["item_count"]) == ("created", 0)
    assert slices["twelve-textures"]["item_count"] == 12
    assert len(slices["all-coins"]["featured_slice_item_urls"]) == 4
    exports = platform.get(EXPORTS).json["items"]
    assert {row["status"] for row in exports} == {"COMPLETED", "FAILED"}
    assert len({row["createdBy"] for row in exports}) == 3


def test_a_slice_is_pending_and_empty_until_it_is_created(avala: Caller, running: Running) -> None:
    running.act("set_pace", seconds=60)
    made = create(avala, "Waiting")
    assert (made["status"], made["item_count"], made["featured_slice_item_urls"]) == ("pending", 0, [])
    assert avala.get("/slices/northwind/waiting/").json["status"] == "pending"
    assert avala.get("/slices/northwind/waiting/items/list/").json["results"] == []
    running.act("finish_slice")
    done = avala.get("/slices/northwind/waiting/").json
    assert (done["status"], done["item_count"]) == ("created", 21)


def test_a_slice_named_fail_build_fails(avala: Caller) -> None:
    create(avala, "fail-build")
    found = avala.get("/slices/northwind/fail-build/").json
    assert (found["status"], found["item_count"]) == ("failed", 0)


def test_a_random_choice_stays_what_it_was(avala: Caller) -> None:
    body = {"name": "Five", "visibility": "private", "sub_slices": [PART], "random_selection_count": 5}
    avala.post("/slices/", body)
    looks = [avala.get("/slices/northwind/five/items/list/").json["results"] for _ in range(2)]
    assert len(looks[0]) == 5
    assert looks[0] == looks[1]


def test_an_export_is_pending_then_in_progress_then_completed(platform: Caller, running: Running) -> None:
    running.act("set_pace", seconds=60)
    made = platform.post(EXPORTS, {"name": "Mine"}).json
    assert (made["status"], made["downloadUrl"], made["error"]) == ("PENDING", None, None)
    row = running.world.exports.get(made["exportId"])
    assert row is not None
    row["starts_at"] = 0
    assert platform.get(f"{EXPORTS}/{made['exportId']}").json["status"] == "IN_PROGRESS"
    running.act("finish_export")
    done = platform.get(f"{EXPORTS}/{made['exportId']}").json
    assert done["status"] == "COMPLETED"
    assert done["downloadUrl"].startswith(running.storage_url)


def test_a_colleagues_export_blocks_the_space_until_it_is_deleted(platform: Caller, running: Running) -> None:
    running.act("set_pace", seconds=60)
    theirs = running.act("start_export", name="Theirs", by="kim@vendor.example")["export"]
    refused = platform.post(EXPORTS, {"name": "Mine"})
    assert (refused.status, list(refused.json)) == (409, ["message"])
    assert platform("DELETE", f"{EXPORTS}/{theirs['exportId']}").status == 204
    assert platform("DELETE", f"{EXPORTS}/{theirs['exportId']}").status == 404
    assert platform.post(EXPORTS, {"name": "Mine"}).status == 201


def test_an_export_can_be_made_to_fail_with_words(platform: Caller, running: Running) -> None:
    running.act("set_pace", seconds=60)
    made = platform.post(EXPORTS, {"name": "Mine"}).json
    running.act("fail_export", error="disk full")
    found = platform.get(f"{EXPORTS}/{made['exportId']}").json
    assert (found["status"], found["error"], found["downloadUrl"]) == ("FAILED", "disk full", None)


def test_exports_sort_both_ways(platform: Caller) -> None:
    up = platform.get(f"{EXPORTS}?sortBy=name&sortOrder=ASC").json["items"]
    down = platform.get(f"{EXPORTS}?sortBy=name&sortOrder=DESC").json["items"]
    names = [row["name"] for row in up]
    assert names == sorted(names) == [row["name"] for row in down][::-1]
    page = platform.get(f"{EXPORTS}?sortBy=name&sortOrder=DESC&limit=2").json
    after = platform.get(f"{EXPORTS}?sortBy=name&sortOrder=DESC&limit=2&page=NEXT&cursor={page['meta']['cursorNext']}")
    assert [row["name"] for row in page["items"] + after.json["items"]] == names[::-1][:4]
    assert platform.get(f"{EXPORTS}?sortBy=colour").status == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"format": "XML"},
        {"projectIds": []},
        {"projectIds": ["x"]},
        {"projectIds": [PROJECTS["coins"]] * 51},
        {"batchIds": []},
        {"batchIds": list(range(101))},
        {"batchIds": ["1"]},
        {"createdAtFrom": "2026-01-01"},
        {"updatedAtFrom": "2026-02-01T00:00:00Z", "updatedAtTo": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_wrong_export_is_400_and_none_is_started(platform: Caller, changed: dict[str, object]) -> None:
    before = len(platform.get(EXPORTS).json["items"])
    assert platform.post(EXPORTS, {"name": "x", **changed}).status == 400
    assert len(platform.get(EXPORTS).json["items"]) == before


def test_an_unknown_project_in_an_export_is_404(platform: Caller) -> None:
    body = {"name": "x", "projectIds": ["00000000-0000-4000-8000-000000000000"]}
    assert platform.post(EXPORTS, body).status == 404


def test_a_second_run_finds_the_same_world(tmp_path: Path) -> None:
    first = start(state_dir=tmp_path, pace=0, rate=0)
    avala, platform = callers(first)
    path = f"/projects/{PROJECTS['coins']}"
    item = platform.get(f"{path}/workItems?status=NEW").json["items"][0]["id"]
    create(avala, "Kept")
    first.act("add_batch", name="Kept too")
    platform("PUT", f"{path}/batches/prioritization", {"items": [{"batchId": FIRST_BATCH["coins"], "priority": 77}]})
    platform.post(f"{path}/workItems/signals", {"signal": "start", "workItems": [{"id": item}]})
    platform.post(f"{path}/workItems", {"assetUrl": "x.jpg", "assetType": "image"})
    export = platform.post(EXPORTS, {"name": "Kept", "projectIds": [PROJECTS["eyes"]]}).json["exportId"]
    first.act("finish_export")
    gone = platform.get(EXPORTS).json["items"][-1]["exportId"]
    platform("DELETE", f"{EXPORTS}/{gone}")

    def look(running: Running) -> list[Any]:
        avala, platform = callers(running)
        exports = platform.get(EXPORTS).json["items"]
        return [
            [
                (row["uid"], row["status"], row["item_count"])
                for row in avala.get("/slices/northwind/list/").json["results"]
            ],
            platform.get(f"{path}/batches").json,
            platform.get(f"{path}/workItems?limit=100&page=PREV").json["items"],
            [{**row, "downloadUrl": None} for row in exports],
        ]

    seen = look(first)
    first.stop()
    second = start(state_dir=tmp_path, pace=0, rate=0)
    try:
        assert look(second) == seen
        link = callers(second)[1].get(f"{EXPORTS}/{export}").json["downloadUrl"]
        assert Caller("").get(link).content[:2] == b"PK"
    finally:
        second.stop()


def test_a_kill_loses_nothing_older_than_a_moment_and_no_half_file(tmp_path: Path) -> None:
    first = start(state_dir=tmp_path, pace=0, rate=0)
    create(callers(first)[0], "Kept")
    until(lambda: '"Kept"' in (tmp_path / "world-demo.json").read_text())
    (tmp_path / "world-demo.new").write_text('{"half')
    second = start(state_dir=tmp_path, pace=0, rate=0)
    try:
        assert callers(second)[0].get("/slices/northwind/kept/").status == 200
    finally:
        second.stop()
        first.stop()


@pytest.mark.parametrize("state", ["not json", "[]", '{"drawn_from": "another sample", "tables": {}}'])
def test_a_state_that_does_not_fit_begins_a_new_world(tmp_path: Path, state: str) -> None:
    (tmp_path / "world-demo.json").write_text(state)
    running = start(state_dir=tmp_path, pace=0, rate=0)
    try:
        assert callers(running)[0].get("/slices/northwind/all-coins/").status == 200
    finally:
        running.stop()


def test_links_of_the_first_run_still_work_in_the_second(tmp_path: Path) -> None:
    first = start(state_dir=tmp_path, pace=0, rate=0)
    link = callers(first)[0].get("/slices/northwind/all-coins/items/list/?limit=1").json["results"][0]["url"]
    port = int(first.storage_url.rpartition(":")[2])
    first.stop()
    second = start(state_dir=tmp_path, pace=0, rate=0, storage_port=port)
    try:
        assert Caller("").get(link).status == 200
    finally:
        second.stop()
