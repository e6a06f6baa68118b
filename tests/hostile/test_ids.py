"""Vendors whose ids are no ids: rows are shown without an address, nothing of it is stored, and no page falls over."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.projects.models import ProjectUse
from console.slices.models import Draft
from tests.conftest import SPACE
from tests.exports.making import EYES, form, start, work
from tests.rewriting_proxy import Vendor, rewriting
from tests.slices.drafting import Desk
from tests.slices.making import COINS, make, text_of

ClientAs = Callable[[Person], Client]

STRANGE = [None, 12, "../x", "x" * 300]
STRANGE_IDS = [repr(value)[:12] for value in STRANGE]
SLUGS = [None, "..", "list", "a/b", "x" * 300]


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.SHARED_READ_SECONDS = 0
    settings.EXPORT_FIRST_LOOK = 0


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


@pytest.fixture
def avala(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "avala") as vendor:
        yield vendor


def with_first(name: str, /, **changed: Any) -> Callable[[Any], Any]:
    """The list under that name with its first row changed."""
    return lambda data: {**data, name: [{**data[name][0], **changed}, *data[name][1:]]}


def links(response: Any) -> set[str]:
    return set(re.findall(r'(?:href|action|hx-get|hx-post)="(/[^"?#]*)', response.content.decode()))


def assert_all_pages_open(client: Client) -> None:
    for address in ("/", "/slices/", "/projects/", "/exports/", "/exports/new/", "/exports/lane/", "/audit/"):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("value", STRANGE, ids=STRANGE_IDS)
def test_an_export_whose_id_is_no_uuid_is_listed_without_an_address(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(alice)
    export_request = start(client, name="Ordinary")
    platform.rewrite("GET", "/exports(\\?|$)", with_first("items", exportId=value, id=value))
    response = client.get("/exports/")

    assert response.status_code == 200
    assert "Ordinary" in text_of(response)
    assert not any(export_request.export_id in link for link in links(response))
    for show in ("mine", "ready", "ending", "failed"):
        assert client.get(f"/exports/?show={show}").status_code == 200
    assert_all_pages_open(client)


@pytest.mark.parametrize("value", STRANGE, ids=STRANGE_IDS)
def test_a_created_export_without_a_usable_id_is_unknown_and_found_by_reading(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(alice)
    platform.rewrite("POST", "/exports$", lambda data: {**data, "exportId": value, "id": value})
    data = form(name="Q3")
    response = client.post("/exports/new/", data)

    assert response.status_code == 302
    export_request = ExportRequest.objects.get(pk=data["id"])
    assert (export_request.state, export_request.export_id) == ("sending", "")
    assert Entry.objects.get(pk=export_request.act_id).outcome == "unknown"
    assert client.get(f"/exports/plan/{export_request.pk}/").status_code == 200
    client.post(f"/audit/{export_request.act_id}/settle/")
    assert client.get(f"/exports/plan/{export_request.pk}/").status_code == 302
    export_request.refresh_from_db()
    assert re.fullmatch("[0-9a-f-]{36}", export_request.export_id)
    assert len(platform.sent("POST", "/exports$")) == 1
    assert_all_pages_open(client)


@pytest.mark.parametrize("value", STRANGE, ids=STRANGE_IDS)
def test_an_export_asked_for_by_its_id_keeps_that_id(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(alice)
    export_request = start(client, name="Q3")
    platform.rewrite("GET", f"/exports/{export_request.export_id}", lambda data: {**data, "exportId": value})
    for page in ("", "row/", "status/", "delete/"):
        response = client.get(f"/exports/{export_request.export_id}/{page}")
        assert response.status_code in (200, 204, 502), page  # null names no export at all, and cannot be believed
    work(3)
    assert_all_pages_open(client)


@pytest.mark.parametrize("bad", ["12", "../x", "x" * 36, "{5f0c2c1e-7d3a-4b57}"])
def test_a_bad_id_stored_earlier_takes_no_page_down(
    bad: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    export_request = start(client, name="Stored")
    ExportRequest.objects.filter(pk=export_request.pk).update(export_id=bad)
    ProjectUse.objects.create(person=alice, space=SPACE, project=bad, pinned=True)
    Draft.objects.create(person=alice, state="created", owner_name="..", slug=bad)
    assert client.get(f"/projects/{EYES}/").status_code == 200
    assert client.get(f"/projects/{EYES}/batches/").status_code == 200
    assert client.get(f"/exports/plan/{export_request.pk}/").status_code == 200
    draft = Draft.objects.get(slug=bad)
    assert client.get(f"/slices/new/{draft.pk}/").status_code == 302
    for status in ("COMPLETED", "FAILED"):
        ExportRequest.objects.filter(pk=export_request.pk).update(
            ended_at=export_request.created_at, end_status=status, notified_at=None
        )
        assert_all_pages_open(client)
        assert client.post("/exports/news/").status_code == 200


@pytest.mark.parametrize("value", STRANGE, ids=STRANGE_IDS)
def test_a_project_whose_id_is_no_uuid_is_listed_without_an_address(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/projects$", with_first("items", id=value, name="Strange one"))
    client = client_as(alice)
    response = client.get("/projects/")

    assert response.status_code == 200
    assert "Strange one" in text_of(response)
    assert len(response.context["rows"]) == 8
    assert client.get("/home/review/").status_code == 200
    assert_all_pages_open(client)


def test_two_projects_without_an_id_are_two_rows(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    platform.rewrite(
        "GET", "/projects$", lambda data: {**data, "items": [{**row, "id": None} for row in data["items"]]}
    )
    response = client_as(alice).get("/projects/")

    assert len(response.context["rows"]) == 8


@pytest.mark.parametrize("value", STRANGE, ids=STRANGE_IDS)
def test_a_slice_whose_id_is_no_uuid_is_listed(value: Any, alice: Person, client_as: ClientAs, avala: Vendor) -> None:
    make(alice, "Ordinary")
    avala.rewrite("GET", "/slices/[^/]+/list/", with_first("results", uid=value, name="Strange one"))
    avala.rewrite("GET", "/slices/northwind/[^/]+/$", lambda data: {**data, "uid": value})
    client = client_as(alice)
    for view in ("cards", "table"):
        response = client.get(f"/slices/?view={view}")
        assert "Strange one" in text_of(response)
    assert client.get("/slices/northwind/ordinary/").status_code == 200
    assert_all_pages_open(client)


@pytest.mark.parametrize("slug", SLUGS, ids=[repr(slug)[:12] for slug in SLUGS])
@pytest.mark.parametrize("part", ["slug", "owner_name"])
def test_a_slice_without_an_address_is_listed_without_a_link(
    part: str, slug: Any, alice: Person, client_as: ClientAs, avala: Vendor
) -> None:
    make(alice, "Ordinary")
    if part == "owner_name" and slug == "list":
        slug = "dataset"
    avala.rewrite(
        "GET", "/slices/[^/]+/list/", with_first("results", name="Strange one", status="pending", **{part: slug})
    )
    client = client_as(alice)
    response = client.get("/slices/")

    assert response.status_code == 200
    assert "Strange one" in text_of(response)
    assert_all_pages_open(client)


@pytest.mark.parametrize(
    "changed",
    [
        {"uid": None},
        {"uid": 5},
        {"uid": "../x"},
        {"slug": None},
        {"slug": "list"},
        {"slug": "../x"},
        {"slug": "x" * 300},
    ],
    ids=repr,
)
def test_a_created_slice_without_a_usable_id_is_unknown_and_found_by_reading(
    changed: Any, alice: Person, client_as: ClientAs, avala: Vendor
) -> None:
    desk = Desk(client_as(alice), alice)
    desk.add(COINS)
    avala.rewrite("POST", "/slices/$", lambda data: {**data, **changed})
    response = desk.create(name="Night")

    assert response.status_code < 500 or response.status_code == 502
    assert Draft.objects.get().state == "sent"
    entry = Entry.objects.lines().get()
    assert entry.outcome == "unknown"
    assert desk.client.get(desk.address).status_code == 200
    desk.client.post(f"/audit/{entry.pk}/settle/")
    assert desk.client.get(desk.address).status_code == 302
    assert len(avala.sent("POST", "/slices/$")) == 1
    assert_all_pages_open(desk.client)


@pytest.mark.parametrize("value", STRANGE, ids=STRANGE_IDS)
def test_items_and_datasets_without_a_usable_id_are_shown(
    value: Any, alice: Person, client_as: ClientAs, avala: Vendor
) -> None:
    client = client_as(alice)
    desk = Desk(client, alice)
    desk.add(COINS, "dataset_items")
    avala.rewrite("GET", "/items/", with_first("results", uid=value))
    avala.rewrite("GET", "/datasets/(\\?|$)", with_first("results", uid=value))
    assert client.get("/slices/northwind/coins-to-check/").status_code in (200, 404)
    assert client.get("/slices/datasets/").status_code == 200
    assert client.get(f"{desk.address}datasets/", headers={"HX-Request": "true"}).status_code == 200
    assert client.get(f"{desk.address}parts/{desk.parts[0].id}/items/").status_code == 200


@pytest.mark.parametrize(
    "path", ["dataset/x", "a/list", "%2e%2e/x", "a/%2e%2e", "a%2Fb/c", "a/%00", "a/%0a", "x" * 300 + "/a"]
)
def test_an_address_that_no_slice_can_have_is_a_page_that_is_not_there(
    path: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    for tail in ("", "status/", "items/"):
        assert client.get(f"/slices/{path}/{tail}").status_code == 404
    assert emulator.requests("avala") == []


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000, "-", "1.5", "²", "%32x"])
def test_an_address_with_a_number_that_is_none_is_a_page_that_is_not_there(
    number: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    for path in (f"{number}/", f"{number}/counts/", f"order/history/{number}/"):
        assert client.get(f"/projects/{EYES}/batches/{path}").status_code == 404


@pytest.mark.parametrize("value", [None, True, "x", 1.5, -7, 0, "12345", 2**63 - 1], ids=repr)
def test_a_batch_with_any_id_is_shown_and_the_others_too(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/batches(\\?|$)", with_first("items", id=value, name="Odd one"))
    client = client_as(alice)
    for address in ("", "?finished=show", "order/", "?q=Odd"):
        response = client.get(f"/projects/{EYES}/batches/{address}")
        assert response.status_code == 200, address
    assert "Odd one" in text_of(client.get(f"/projects/{EYES}/batches/?finished=show"))
    for link in links(client.get(f"/projects/{EYES}/batches/?finished=show")):
        if re.fullmatch(f"/projects/{EYES}/batches/-?[0-9]+/", link):
            assert client.get(link).status_code == 200, link
    assert client.get(f"/projects/{EYES}/figures/", headers={"HX-Request": "true"}).status_code == 200
    assert client.get(f"/exports/new/?projects={EYES}").status_code == 200


@pytest.mark.parametrize("value", [None, True, "x"], ids=repr)
def test_a_created_batch_without_a_usable_id_is_unknown(
    value: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("POST", "/batches$", lambda data: {**data, "id": value})
    sent = {"name": "Night", "act_id": str(uuid.uuid4())}
    client_as(alice).post(f"/projects/{EYES}/batches/new/", sent)

    assert Entry.objects.lines().get(action="batch.create").outcome == "unknown"
    assert len(platform.sent("POST", "/batches$")) == 1


def test_a_project_of_batches_without_usable_ids_is_not_called_empty(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/batches(\\?|$)", lambda data: {**data, "items": [{"id": None, "name": "Odd one"}]})
    platform.rewrite("GET", "/prioritization", lambda data: {"items": []})
    words = text_of(client_as(alice).get(f"/projects/{EYES}/batches/"))

    assert "Odd one" in words
    assert "No batches yet" not in words
