"""Failures on request, by rule and by name: what comes back, and whether the act was done."""

import gzip
import json
import time
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest

from console.emulator.faults import HUGE
from console.emulator.people import SPACE
from console.emulator.sample import FIRST_BATCH, PROJECTS, uid_of
from console.emulator.server import Running
from tests.emulator.conftest import Caller

PART = {"type": "dataset", "dataset_uid": uid_of("dataset", "coins-on-velvet")}
BATCHES = f"/projects/{PROJECTS['coins']}/batches"


def create(avala: Caller, name: str) -> Any:
    return avala.post("/slices/", {"name": name, "visibility": "private", "sub_slices": [PART]})


def exists(avala: Caller, name: str) -> bool:
    return name in [row["name"] for row in avala.get("/slices/northwind/list/").json["results"]]


@pytest.mark.parametrize("status", ["500", "502", "503", "429", "401", "403"])
def test_a_named_status_is_answered_and_nothing_is_done(avala: Caller, status: str) -> None:
    reply = create(avala, f"fail-{status}")
    assert reply.status == int(status)
    assert list(reply.json) == ["detail"]
    assert ("Retry-After" in reply.headers) == (status == "429")
    assert not exists(avala, f"fail-{status}")


def test_html_comes_from_a_gateway_and_nothing_is_done(avala: Caller) -> None:
    reply = create(avala, "fail-html")
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    assert not exists(avala, "fail-html")


def test_a_redirect_points_elsewhere_and_nothing_is_done(avala: Caller, running: Running) -> None:
    reply = create(avala, "fail-redirect")
    assert (reply.status, reply.headers["Location"]) == (302, f"{running.storage_url}/elsewhere")
    assert not exists(avala, "fail-redirect")


def test_a_reset_cuts_the_connection_before_the_act(avala: Caller) -> None:
    with pytest.raises(ConnectionResetError):
        create(avala, "fail-reset")
    assert not exists(avala, "fail-reset")


def test_drop_after_does_it_and_loses_the_answer(avala: Caller, running: Running) -> None:
    with pytest.raises(RemoteDisconnected):
        create(avala, "fail-drop-after once more")
    assert exists(avala, "fail-drop-after once more")
    assert running.requests("avala")[0]["status"] is None


def test_garbage_and_empty_answers_come_after_the_act(avala: Caller) -> None:
    garbage = create(avala, "fail-garbage")
    assert garbage.status == 201
    with pytest.raises(ValueError):  # noqa: PT011 (whichever the decoder meets first)
        json.loads(garbage.content)
    assert create(avala, "fail-empty").content == b""
    assert exists(avala, "fail-garbage")
    assert exists(avala, "fail-empty")


def test_a_truncated_answer_promises_more_than_comes(avala: Caller) -> None:
    with pytest.raises(IncompleteRead) as caught:
        create(avala, "fail-truncated")
    assert 0 < len(caught.value.partial) < (caught.value.expected or 0) + len(caught.value.partial)
    assert exists(avala, "fail-truncated")


def test_a_slow_answer_comes_after_the_act(avala: Caller, running: Running) -> None:
    started = time.monotonic()
    assert create(avala, "slow-1").status == 201
    assert time.monotonic() - started >= 1
    running.fault("avala", "slow-1", path="/list/$")
    assert exists(avala, "slow-1")


def test_a_slow_answer_can_take_parts_of_a_second(avala: Caller, running: Running) -> None:
    running.fault("avala", "slow-0.25", path="/datasets/$")
    started = time.monotonic()
    assert avala.get("/datasets/").status == 200
    assert time.monotonic() - started >= 0.25


def test_a_huge_answer_is_small_on_the_wire_for_who_takes_gzip(avala: Caller, running: Running) -> None:
    running.fault("avala", "huge", path="/datasets/$", times=2)
    assert len(avala.get("/datasets/").content) == HUGE
    packed = avala.get("/datasets/", Accept_Encoding="gzip")
    assert len(packed.content) < HUGE / 100
    assert len(gzip.decompress(packed.content)) == HUGE


def test_what_would_be_refused_anyway_is_refused(avala: Caller) -> None:
    create(avala, "fail-garbage")
    assert create(avala, "fail-garbage").status == 400


def test_a_name_that_only_begins_like_a_fault_is_a_name(avala: Caller) -> None:
    assert create(avala, "fail-5030").status == 201
    assert create(avala, "My fail-503").status == 201


def test_batches_and_exports_fail_by_name_too(platform: Caller) -> None:
    assert platform.post(BATCHES, {"name": "fail-503"}).json == {"message": "Service temporarily unavailable."}
    assert platform.post(f"/spaces/{SPACE}/exports", {"name": "fail-500"}).status == 500
    path = f"{BATCHES}/{FIRST_BATCH['coins']}"
    with pytest.raises(RemoteDisconnected):
        platform("PATCH", path, {"name": "fail-drop-after"})
    assert platform.get(BATCHES).json["items"][0]["name"] == "fail-drop-after"


def test_a_rule_fits_method_and_path_and_is_used_up(avala: Caller, running: Running) -> None:
    running.fault("avala", "503", method="GET", path=r"/datasets/.*limit=7", times=2)
    assert avala.get("/datasets/?limit=8").status == 200
    assert [avala.get("/datasets/?limit=7").status for _ in range(3)] == [503, 503, 200]


def test_a_rule_without_end_lasts_until_it_is_cleared(avala: Caller, running: Running) -> None:
    running.fault("avala", "500", times=0)
    assert {avala.get("/datasets/").status for _ in range(4)} == {500}
    running.clear_faults()
    assert avala.get("/datasets/").status == 200


@pytest.mark.parametrize("fault", ["garbage", "truncated", "empty", "drop-after"])
def test_an_answer_without_a_body_can_be_spoiled_too(platform: Caller, running: Running, fault: str) -> None:
    items = f"/projects/{PROJECTS['coins']}/workItems"
    item = platform.get(f"{items}?status=NEW").json["items"][0]["id"]
    running.fault("cloudfactory", fault, method="PUT")
    body = {"signal": "start", "taskType": "labeling", "signalOutcome": "OK"}
    try:
        assert platform("PUT", f"{items}/{item}/signals", body).status in (200, 204)
    except (IncompleteRead, RemoteDisconnected):
        assert fault in ("truncated", "drop-after")
    assert platform.get(f"{items}?workItemIDs={item}").json["items"][0]["status"] == "IN_PROGRESS"


def test_the_connection_lives_on_after_a_refused_upload(running: Running) -> None:
    """What a handler did not read must not be taken for the next request."""
    parts = urlsplit(running.storage_url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    for _ in range(2):
        connection.request("PUT", "/spaces/x/uploads/y", b"GET / HTTP/1.1\r\n\r\n" * 100)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 403
    connection.close()
