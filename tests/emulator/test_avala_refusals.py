"""What Avala refuses, and in which words (FACTS 1.3)."""

from typing import Any

import pytest

from console.emulator.sample import uid_of
from console.emulator.server import Running
from tests.emulator.conftest import Caller

COINS = uid_of("dataset", "coins-on-velvet")
PART = {"type": "dataset", "dataset_uid": COINS}
GOOD = {"name": "Good", "visibility": "private", "sub_slices": [PART]}
REQUIRED = ["This field is required."]
NOT_UUID = ["Must be a valid UUID."]


@pytest.mark.parametrize("key", ["", "avk_nobody", "cf_demo_ops"])
def test_a_missing_or_wrong_key_is_401(running: Running, key: str) -> None:
    reply = Caller(running.avala_url, "X-Avala-Api-Key", key).get("/datasets/")
    assert (reply.status, reply.json) == (401, {"detail": "Invalid API key."})


@pytest.mark.parametrize(
    "path", ["/slices/northwind/list", "/datasets", "/slice/validate/name/", "/nothing/", "/users/me", "/slices/a/b/c/"]
)
def test_a_path_with_the_wrong_slash_is_404_and_no_detour(avala: Caller, path: str) -> None:
    reply = avala.get(path)
    assert (reply.status, reply.json) == (404, {"detail": "Not found."})


def test_a_wrong_method_is_405_and_names_the_right_ones(avala: Caller) -> None:
    reply = avala("DELETE", "/slices/northwind/all-coins/")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET")
    assert reply.json == {"detail": 'Method "DELETE" not allowed.'}


@pytest.mark.parametrize(
    ("changed", "complaints"),
    [
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": "  "}, {"name": ["This field may not be blank."]}),
        ({"name": 7}, {"name": ["Not a valid string."]}),
        ({"name": "x" * 101}, {"name": ["Ensure this field has no more than 100 characters."]}),
        ({"name": "All coins"}, {"name": ['A slice named "All coins" already exists.']}),
        ({"visibility": "secret"}, {"visibility": ['"secret" is not a valid choice.']}),
        ({"sub_slices": []}, {"sub_slices": ["This list may not be empty."]}),
        ({"sub_slices": "all"}, {"sub_slices": ['Expected a list of items but got type "str".']}),
        ({"organization": "elsewhere"}, {"organization": ["Organization not found."]}),
        (
            {"random_selection_count": 0},
            {"random_selection_count": ["Ensure this value is greater than or equal to 1."]},
        ),
        ({"random_selection_count": "3"}, {"random_selection_count": ["A valid integer is required."]}),
        (
            {"sub_slices": [PART, {"type": "dataset", "dataset_uid": "7"}]},
            {"sub_slices": [{}, {"dataset_uid": NOT_UUID}]},
        ),
        ({"sub_slices": [{"dataset_uid": COINS}]}, {"sub_slices": [{"type": REQUIRED}]}),
        (
            {"sub_slices": [{**PART, "type": "project"}]},
            {"sub_slices": [{"type": ['"project" is not a valid choice.']}]},
        ),
        ({"sub_slices": [{**PART, "type": "dataset_items"}]}, {"sub_slices": [{"dataset_item_uids": REQUIRED}]}),
        (
            {"sub_slices": [{**PART, "type": "dataset_items", "dataset_item_uids": ["x"]}]},
            {"sub_slices": [{"dataset_item_uids": NOT_UUID}]},
        ),
        ({"sub_slices": [{**PART, "type": "filters"}]}, {"sub_slices": [{"filters": REQUIRED}]}),
        (
            {"sub_slices": [{**PART, "type": "filters", "filters": {}}]},
            {"sub_slices": [{"filters": ["This dictionary may not be empty."]}]},
        ),
    ],
)
def test_a_wrong_field_is_400_with_a_map(avala: Caller, changed: dict[str, Any], complaints: dict[str, Any]) -> None:
    reply = avala.post("/slices/", {**GOOD, **changed})
    assert (reply.status, reply.json) == (400, complaints)


def test_all_complaints_come_at_once(avala: Caller) -> None:
    reply = avala.post("/slices/", {})
    assert (reply.status, reply.json) == (400, {"name": REQUIRED, "visibility": REQUIRED, "sub_slices": REQUIRED})


def test_an_item_of_another_dataset_is_refused_where_it_stands(avala: Caller) -> None:
    stranger = "00000000-0000-4000-8000-000000000000"
    part = {"type": "dataset_items", "dataset_uid": COINS, "dataset_item_uids": [stranger]}
    reply = avala.post("/slices/", {**GOOD, "sub_slices": [PART, part]})
    assert reply.status == 400
    assert reply.json["sub_slices"][0] == {}
    assert stranger in reply.json["sub_slices"][1]["dataset_item_uids"][0]


def test_an_unknown_dataset_in_the_body_is_404(avala: Caller) -> None:
    part = {"type": "dataset", "dataset_uid": "00000000-0000-4000-8000-000000000000"}
    reply = avala.post("/slices/", {**GOOD, "sub_slices": [part]})
    assert (reply.status, reply.json) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000])
def test_a_body_that_is_not_json_is_400(avala: Caller, body: bytes) -> None:
    reply = avala.post("/slices/", body, Content_Type="application/json")
    assert reply.status == 400
    assert reply.json["detail"].startswith("JSON parse error")


def test_a_body_that_is_no_object_is_400(avala: Caller) -> None:
    assert set(avala.post("/slices/", ["x"]).json) == {"non_field_errors"}


def test_odd_names_survive_the_way_there_and_back(avala: Caller) -> None:
    for name in ("<b>bold</b>", "雨 \U0001f327", "a\u0000b", "\ud800", "x" * 100):
        made = avala.post("/slices/", {**GOOD, "name": name})
        assert (made.status, made.json["name"]) == (201, name)


def test_a_name_check_without_a_name_is_400(avala: Caller) -> None:
    assert avala.post("/slice/validate/name", {}).json == {"name": REQUIRED}


@pytest.mark.parametrize(
    "path",
    [
        "/slices/nobody/list/",
        "/slices/northwind/nothing/",
        "/slices/northwind/nothing/items/list/",
        "/slices/northwind/all-coins/items/nothing/",
        "/slices/dataset/not-a-uuid/",
        "/datasets/00000000-0000-4000-8000-000000000000/",
        "/datasets/northwind/nothing/",
        "/datasets/northwind/nothing/items/",
        "/datasets/northwind/coins-on-velvet/items/nothing/",
        "/organizations/nobody/",
    ],
)
def test_what_does_not_exist_is_404(avala: Caller, path: str) -> None:
    reply = avala.get(path)
    assert (reply.status, reply.json) == (404, {"detail": "Not found."})


def test_answers_may_be_read_by_other_origins_and_carry_a_reference(avala: Caller) -> None:
    reply = avala.get("/datasets/?limit=1")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["X-Request-Id"] != avala.get("/datasets/?limit=1").headers["X-Request-Id"]
    asked = avala("OPTIONS", "/slices/", None, Origin="http://console.example")
    assert asked.status == 204
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]


def test_head_is_get_without_the_body(avala: Caller) -> None:
    reply = avala("HEAD", "/datasets/")
    assert (reply.status, reply.content) == (200, b"")
    assert int(reply.headers["Content-Length"]) > 100
