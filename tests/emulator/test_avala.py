"""Avala's lists and lookups: both styles of paging, orders, filters, and who sees what."""

from urllib.parse import parse_qs, urlsplit

import pytest

from console.emulator.people import PEOPLE
from console.emulator.sample import uid_of
from console.emulator.server import Running
from tests.emulator.conftest import Caller

COINS = uid_of("dataset", "coins-on-velvet")


def with_key(running: Running, key: str) -> Caller:
    return Caller(running.avala_url, "X-Avala-Api-Key", key)


def walk(avala: Caller, path: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    url: str | None = path
    while url:
        page = avala.get(url).json
        rows += page["results"]
        url = page["next"]
    return rows


def test_pages_by_number_have_a_count_and_absolute_neighbours(avala: Caller) -> None:
    page = avala.get("/slices/northwind/list/?limit=3&page=2&ordering=name").json
    assert page["count"] == 8
    assert len(page["results"]) == 3
    for neighbour, number in ((page["next"], "3"), (page["previous"], "1")):
        assert neighbour.startswith(f"{avala.base}/slices/northwind/list/?")
        assert parse_qs(urlsplit(neighbour).query) == {"limit": ["3"], "ordering": ["name"], "page": [number]}


def test_neighbours_are_built_on_the_host_the_caller_used(avala: Caller) -> None:
    page = avala.get("/slices/northwind/list/?limit=1", Host="vendor.example:99").json
    assert page["next"].startswith("http://vendor.example:99/api/v1/slices/")


def test_the_last_page_has_no_next_and_the_first_no_previous(avala: Caller) -> None:
    assert avala.get("/slices/northwind/list/?limit=100").json["next"] is None
    assert avala.get("/slices/northwind/list/?limit=1").json["previous"] is None


@pytest.mark.parametrize("page", ["0", "99", "-1", "two", "9" * 30])
def test_a_page_that_does_not_exist_is_404(avala: Caller, page: str) -> None:
    reply = avala.get(f"/slices/northwind/list/?page={page}")
    assert (reply.status, reply.json) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize("limit", ["0", "101", "-5", "many", ""])
@pytest.mark.parametrize("path", ["/slices/northwind/list/", "/datasets/"])
def test_a_limit_outside_1_to_100_is_refused(avala: Caller, path: str, limit: str) -> None:
    reply = avala.get(f"{path}?limit={limit}")
    assert reply.status == 400
    assert set(reply.json) == {"limit"}


def test_a_page_number_list_ignores_a_cursor(avala: Caller) -> None:
    first = avala.get("/slices/northwind/list/?limit=2").json["results"]
    assert avala.get("/slices/northwind/list/?limit=2&cursor=Mg").json["results"] == first


def test_ordering_goes_both_ways_and_unknown_ones_are_passed_over(avala: Caller) -> None:
    names = [row["name"] for row in walk(avala, "/slices/northwind/list/?ordering=name&limit=3")]
    assert names == sorted(names)
    assert [row["name"] for row in walk(avala, "/slices/northwind/list/?ordering=-name")] == names[::-1]
    assert avala.get("/slices/northwind/list/?ordering=nonsense").status == 200


def test_a_cursor_walk_meets_every_item_once_and_goes_back(avala: Caller) -> None:
    rows = walk(avala, "/datasets/northwind/coins-on-velvet/items/?limit=4")
    assert len({row["uid"] for row in rows}) == len(rows) == 21
    second = avala.get(avala.get("/datasets/northwind/coins-on-velvet/items/?limit=4").json["next"]).json
    assert avala.get(second["previous"]).json["results"] == rows[:4]
    assert "count" not in second


def test_a_cursor_made_by_hand_is_refused(avala: Caller) -> None:
    assert avala.get("/datasets/?cursor=nonsense").status == 404


def test_items_of_a_dataset_come_newest_first(avala: Caller) -> None:
    times = [str(row["created_at"]) for row in walk(avala, "/datasets/northwind/deep-field/items/")]
    assert times == sorted(times, reverse=True)


def test_a_filter_part_accepts_lists_and_plain_strings_and_needs_every_key(avala: Caller) -> None:
    items = walk(avala, "/datasets/northwind/coins-on-velvet/items/")
    filters = {"tag": ["close-up", "nothing"], "split": "train"}
    part = {"type": "filters", "dataset_uid": COINS, "filters": filters}
    avala.post("/slices/", {"name": "Filtered", "visibility": "private", "sub_slices": [part]})
    expected = {
        row["uid"]
        for row in items
        if "close-up" in row["metadata"]["tag"] and row["metadata"]["split"] == "train"  # type: ignore[index]
    }
    found = {row["uid"] for row in walk(avala, "/slices/northwind/filtered/items/list/?limit=3")}
    assert expected
    assert found == expected


def test_uids_are_understood_in_capitals(avala: Caller) -> None:
    item = avala.get("/datasets/northwind/coins-on-velvet/items/?limit=1").json["results"][0]["uid"]
    part = {"type": "dataset_items", "dataset_uid": COINS.upper(), "dataset_item_uids": [item.upper()]}
    made = avala.post("/slices/", {"name": "Loud", "visibility": "private", "sub_slices": [part]})
    assert (made.status, made.json["sub_slices"][0]["dataset_item_uids"]) == (201, [item])
    assert avala.get("/slices/northwind/loud/").json["item_count"] == 1


def test_an_unknown_filter_key_gives_an_empty_slice(avala: Caller) -> None:
    part = {"type": "filters", "dataset_uid": COINS, "filters": {"weather": ["fog"]}}
    avala.post("/slices/", {"name": "None", "visibility": "private", "sub_slices": [part]})
    found = avala.get("/slices/northwind/none/").json
    assert (found["status"], found["item_count"], found["featured_slice_item_urls"]) == ("created", 0, [])


def test_parts_that_overlap_count_an_item_once(avala: Caller) -> None:
    part = {"type": "dataset", "dataset_uid": COINS}
    made = avala.post("/slices/", {"name": "Twice", "visibility": "public", "sub_slices": [part, part]})
    assert made.status == 201
    assert avala.get("/slices/northwind/twice/").json["item_count"] == 21


def test_slices_of_a_dataset_are_those_that_use_it(avala: Caller) -> None:
    rows = walk(avala, f"/slices/dataset/{COINS}/?limit=1")
    assert {row["slug"] for row in rows} == {"all-coins", "night-shift", "training-mix"}


def test_two_names_that_make_one_slug_get_two_slugs(avala: Caller) -> None:
    body = {"visibility": "private", "sub_slices": [{"type": "dataset", "dataset_uid": COINS}]}
    slugs = [avala.post("/slices/", {**body, "name": name}).json["slug"] for name in ("Rain!", "Rain?", "List", "雨")]
    assert slugs == ["rain", "rain-2", "list-2", "slice"]


def test_a_name_is_free_or_taken_and_the_message_names_the_user(avala: Caller) -> None:
    free = avala.post("/slice/validate/name", {"name": "Brand new"}).json
    taken = avala.post("/slice/validate/name", {"name": "All coins"}).json
    assert (free["name"], free["isValid"], taken["isValid"]) == ("Brand new", True, False)
    assert "ops" in taken["message"]


@pytest.mark.parametrize(
    ("organization", "owner"),
    [({"slug": "northwind-labs"}, "northwind-labs"), ("northwind-labs", "northwind-labs"), (None, "northwind")],
)
def test_the_organization_may_be_an_object_a_slug_or_nothing(avala: Caller, organization: object, owner: str) -> None:
    body = {"name": "Mine", "visibility": "private", "sub_slices": [{"type": "dataset", "dataset_uid": COINS}]}
    made = avala.post("/slices/", {**body, "organization": organization}).json
    assert made["owner_name"] == owner
    assert (made["organization"] or {}).get("slug") == (owner if organization else None)


def test_every_person_is_somebody(running: Running) -> None:
    found = [with_key(running, f"avk_demo_{person.name}").get("/users/me/").json for person in PEOPLE]
    assert [row["username"] for row in found] == ["ops", "admin", "reviewer", "auditor", "outsider"]
    assert len({row["uid"] for row in found}) == 5


def test_an_outsider_gets_empty_lists_and_404s(running: Running) -> None:
    outsider = with_key(running, "avk_demo_outsider")
    assert outsider.get("/datasets/").json["results"] == []
    assert [row["slug"] for row in outsider.get("/organizations/").json["results"]] == ["elsewhere"]
    for path in (
        "/slices/northwind/list/",
        "/slices/northwind/all-coins/",
        f"/slices/dataset/{COINS}/",
        "/datasets/northwind/list/",
        f"/datasets/{COINS}/",
        "/organizations/northwind/",
    ):
        assert (outsider.get(path).status, path) == (404, path)


def test_reviewers_and_auditors_read_but_do_not_create(running: Running) -> None:
    body = {"name": "x", "visibility": "private", "sub_slices": [{"type": "dataset", "dataset_uid": COINS}]}
    for name in ("reviewer", "auditor"):
        caller = with_key(running, f"avk_demo_{name}")
        assert caller.get("/slices/northwind/list/").status == 200
        assert caller.post("/slice/validate/name", {"name": "x"}).status == 200
        assert caller.post("/slices/", body).status == 403
