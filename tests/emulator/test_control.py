"""Rate limits, the log, the colleague, and the program itself."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from console.emulator.limits import RateLimiter
from console.emulator.log import MOST_ENTRIES
from console.emulator.plan import STATUSES
from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.server import Running, start
from tests.emulator.conftest import Caller

ROOT = Path(__file__).parents[2]
FIRST = FIRST_BATCH["coins"]
BATCHES = f"/projects/{PROJECTS['coins']}/batches"


def control(running: Running, vendor: str = "avala") -> Caller:
    base = {"avala": running.avala_url, "cloudfactory": running.cloudfactory_url, "storage": running.storage_url}[
        vendor
    ]
    return Caller(base.removesuffix("/api/v1") + "/_emulator")


def test_a_minute_has_so_many_requests_a_key(avala: Caller, running: Running) -> None:
    running.act("set_rate", rate=3)
    replies = [avala.get("/users/me/") for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["2", "1", "0", "0", "0"]
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"3"}
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 60
    assert 0 <= int(replies[-1].headers["X-RateLimit-Reset"]) - time.time() <= 61
    assert Caller(running.avala_url, "X-Avala-Api-Key", "avk_demo_admin").get("/users/me/").status == 200


def test_a_second_has_twenty_and_a_minute_a_hundred() -> None:
    now = 1_000_000.0
    limiter = RateLimiter(100, lambda: now)
    for _ in range(5):
        burst = [limiter.spend("key") for _ in range(21)]
        assert [allowance.allowed for allowance in burst] == [True] * 20 + [False]
        assert burst[-1].retry_after in (1, 56)
        now += 1
    spent = limiter.spend("key")
    assert (spent.allowed, spent.remaining, spent.retry_after) == (False, 0, 55)
    assert limiter.spend("another").allowed
    now += 55
    assert limiter.spend("key").remaining == 99


def test_without_a_key_a_minute_has_thirty() -> None:
    now = 1_000_000.0
    limiter = RateLimiter(100, lambda: now)
    assert limiter.spend(None).limit == 30


def test_the_platform_has_no_limit(platform: Caller, running: Running) -> None:
    running.act("set_rate", rate=1)
    assert {platform.get(BATCHES).status for _ in range(30)} == {200}


def test_refused_and_failed_answers_carry_the_limit_too(avala: Caller, running: Running) -> None:
    running.fault("avala", "503")
    for path in ("/users/me/", "/nothing/"):
        assert "X-RateLimit-Limit" in avala.get(path).headers


def test_the_log_has_what_came_and_no_key(avala: Caller, running: Running) -> None:
    avala.post("/slice/validate/name?a=1&b=2", {"name": "x"}, X_Request_Id="ours", Idempotency_Key="once")
    entry = control(running).get("/requests").json[0]
    assert entry["at"].endswith("Z")
    assert {name: entry[name] for name in ("method", "path", "query", "body", "status", "key")} == {
        "method": "POST",
        "path": "/api/v1/slice/validate/name",
        "query": "a=1&b=2",
        "body": {"name": "x"},
        "status": 200,
        "key": hashlib.sha256(b"avk_demo_ops").hexdigest()[:8],
    }
    assert (entry["request_id"], entry["idempotency_key"]) == ("ours", "once")
    assert running.requests("avala") == [entry]


def test_each_listener_has_its_own_log_that_can_be_emptied(avala: Caller, running: Running) -> None:
    avala.get("/users/me/")
    assert control(running, "cloudfactory").get("/requests").json == []
    assert control(running)("DELETE", "/requests").status == 204
    assert control(running).get("/requests").json == []


def test_the_log_keeps_the_last_ten_thousand() -> None:
    assert MOST_ENTRIES == 10_000


def test_faults_are_given_and_taken_back_over_http(avala: Caller, running: Running) -> None:
    rule = {"method": "GET", "path": "/users/", "fault": "503", "times": 5}
    assert control(running).post("/faults", rule).status == 201
    assert avala.get("/users/me/").status == 503
    assert control(running)("DELETE", "/faults").status == 204
    assert avala.get("/users/me/").status == 200


@pytest.mark.parametrize(
    "rule", [{}, {"fault": "418"}, {"fault": "503", "path": "("}, {"fault": "503", "times": "x"}, []]
)
def test_a_fault_that_makes_no_sense_is_400(running: Running, rule: object) -> None:
    assert control(running).post("/faults", rule).status == 400


def test_a_colleague_reorders_between_a_read_and_a_save(platform: Caller, running: Running) -> None:
    order = [FIRST + 2, FIRST, FIRST + 7]
    reply = control(running, "cloudfactory").post(
        "/act", {"do": "reorder", "project": PROJECTS["coins"], "order": order}
    )
    assert reply.status == 200
    entries = {row["batchId"]: row["priority"] for row in platform.get(f"{BATCHES}/prioritization").json["items"]}
    assert [entries[batch] for batch in order] == [3, 2, 1]
    assert control(running).post("/act", {"do": "reorder"}).status == 200
    assert control(running, "storage").post("/act", {"do": "reorder", "priorities": [[FIRST, 40]]}).status == 200
    assert platform.get(BATCHES).json["items"][0]["priority"] == 40


def test_a_colleague_adds_and_renames_batches(platform: Caller, running: Running) -> None:
    running.act("add_batch", name="Theirs")
    running.act("rename_batch", batch=FIRST, name="Renamed")
    names = [row["name"] for row in platform.get(BATCHES).json["items"]]
    assert (names[0], names[-1]) == ("Renamed", "Theirs")


def test_a_colleagues_export_takes_the_seconds_it_is_told(platform: Caller, running: Running) -> None:
    running.act("set_pace", seconds=3600)
    assert running.act("start_export", seconds=0)["export"]["status"] != "PENDING"


def test_a_colleague_finishes_and_fails_slices(avala: Caller, running: Running) -> None:
    running.act("fail_slice", slug="all-coins")
    assert avala.get("/slices/northwind/all-coins/").json["status"] == "failed"
    running.act("finish_slice", slug="crowded-tissue")
    assert avala.get("/slices/northwind/crowded-tissue/").json["item_count"] == 21


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"do": "dance"},
        {"do": "rename_batch"},
        {"do": "add_batch", "name": "Worn edges"},
        {"do": "set_status", "item": "x", "status": "NEW"},
        {"do": "set_status", "items": 7, "status": "NEW"},
        {"do": "fail_items"},
        {"do": "fail_items", "items": ["x"]},
        {"do": "fail_items", "items": [], "how": "loudly"},
        {"do": "fail_items", "items": [], "times": "often"},
        {"do": "finish_slice", "slug": "nothing"},
        {"do": "finish_export", "export": "nothing"},
        {"do": "set_rate"},
        {"do": "set_rate", "rate": "many"},
        {"do": "set_rate", "rate": -1},
        {"do": "set_pace", "seconds": []},
        {"do": "reorder", "priorities": [7]},
        {"do": "reorder", "order": 7},
        {"do": "rename_batch", "batch": 1e300, "name": "x"},
    ],
)
def test_a_deed_that_cannot_be_done_is_400_with_a_sentence(running: Running, words: dict[str, Any]) -> None:
    reply = control(running).post("/act", words)
    assert reply.status == 400
    assert reply.json["error"]


def test_pages_of_other_origins_get_no_hold_of_the_controls(running: Running) -> None:
    reply = control(running).post("/act", {"do": "reset"}, Origin="http://evil.example")
    assert reply.status == 403


def test_it_listens_on_loopback_only(running: Running) -> None:
    for url in (running.avala_url, running.cloudfactory_url, running.storage_url):
        assert url.startswith("http://127.0.0.1:")


# --- the program ------------------------------------------------------------------------------------------------


def launch(tmp_path: Path, *command: str, **settings: str) -> subprocess.Popen[str]:
    ports = {f"{name}_EMULATOR_PORT": "0" for name in ("AVALA", "CLOUDFACTORY", "STORAGE")}
    environ = {"PATH": os.environ["PATH"], "EMULATOR_STATE": str(tmp_path / "state"), **ports, **settings}
    return subprocess.Popen(
        [sys.executable, *(command or ("-m", "console.emulator"))],
        cwd=ROOT,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        umask=0o022,
    )


@pytest.mark.parametrize(
    ("command", "number"),
    [(("-m", "console.emulator"), signal.SIGTERM), (("manage.py", "emulator"), signal.SIGINT)],
)
def test_the_program_says_where_it_listens_and_ends_well(
    tmp_path: Path, command: tuple[str, ...], number: signal.Signals
) -> None:
    process = launch(tmp_path, *command)
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(3)]
    assert [line.split()[0] for line in lines] == ["Avala", "CloudFactory", "Storage"]
    assert Caller(lines[0].split()[1], "X-Avala-Api-Key", "avk_demo_ops").get("/users/me/").status == 200
    process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0
    # The first of all programs to be started may be this one, and then it makes the folder of all.
    kept = tmp_path / "state" / "world-demo.json"
    assert [oct(path.stat().st_mode & 0o777) for path in (kept.parent, kept)] == ["0o700", "0o600"]


@pytest.mark.parametrize("wrong", [{"EMULATOR_SCALE": "huge"}, {"EMULATOR_PACE": "soon"}, {"EMULATOR_RATE": "-1"}])
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, wrong: dict[str, str]) -> None:
    process = launch(tmp_path, **wrong)
    out, error = process.communicate(timeout=10)
    assert (process.returncode, out, error.count("\n")) == (1, "", 1)
    assert next(iter(wrong)) in error


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import console.emulator.server"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=20)


def test_a_busy_port_is_one_sentence(tmp_path: Path, running: Running) -> None:
    port = running.avala_url.removesuffix("/api/v1").rpartition(":")[2]
    process = launch(tmp_path, AVALA_EMULATOR_PORT=port)
    out, error = process.communicate(timeout=10)
    assert (process.returncode, out, error.count("\n")) == (1, "", 1)
    assert port in error


def test_the_large_world_starts_at_once_and_has_its_sizes() -> None:
    # Of the processor: a busy machine has no part in it.
    began = time.process_time()
    running = start(pace=0, rate=0, scale="large")
    try:
        assert time.process_time() - began < 2
        avala = Caller(running.avala_url, "X-Avala-Api-Key", "avk_demo_ops")
        platform = Caller(running.cloudfactory_url, "X-API-Key", "cf_demo_ops")
        count = avala.get("/slices/northwind/list/?limit=1").json["count"]
        assert count + avala.get("/slices/northwind-labs/list/?limit=1").json["count"] == 500
        assert avala.get("/slices/northwind/ten-thousand-frames/").json["item_count"] == 10_000
        archive = f"/projects/{PROJECTS['archive']}"
        last = platform.get(f"{archive}/batches?limit=1&page=PREV").json["items"][0]
        assert (last["id"], last["totalCount"]) == (FIRST_BATCH["archive"] + 1999, 50)
        assert len(running.world.work_items[PROJECTS["archive"]]) == 100_000
        items = platform.get(f"{archive}/workItems?limit=100&batchIds={last['id']}").json["items"]
        assert len({row["id"] for row in items}) == 50
        table = running.world.work_items[PROJECTS["archive"]]
        statuses = Counter(table.peek(place)[1] for place in range(len(table)))
        assert set(statuses) == set(STATUSES)
        assert statuses["NEW"] >= 5_000
        assert statuses["CLIENT_REVIEW"] >= 500
    finally:
        running.stop()


@pytest.mark.parametrize("vendor", ["avala", "cloudfactory", "storage"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "evil.example"),
        ("Host", "127.0.0.1.evil.example:8901"),
        ("Host", "evil.example:127.0.0.1"),
        ("Host", ""),
        ("Origin", "null"),
        ("Origin", "http://127.0.0.1:8901"),
        ("Sec-Fetch-Site", "same-origin"),
    ],
)
def test_the_controls_are_for_programs_of_this_machine(running: Running, vendor: str, name: str, value: str) -> None:
    caller = control(running, vendor)
    for method, path in (("GET", "/requests"), ("GET", "/faults"), ("POST", "/act"), ("DELETE", "/requests")):
        reply = caller(method, path, None, **{name: value})
        assert reply.status == 403
        assert "Access-Control-Allow-Origin" not in reply.headers
    assert control(running, vendor).get("/requests", Host="localhost:1").status == 200
