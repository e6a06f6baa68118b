"""Lists that do not say how they go on, cursors that are refused, and statuses whose cause nobody told."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from tests.accounts.asking import confirmed
from tests.batches.boards import COINS as PROJECT
from tests.exports.making import form
from tests.rewriting_proxy import Vendor, rewriting
from tests.slices.drafting import Desk
from tests.slices.making import COINS, make, text_of

ClientAs = Callable[[Person], Client]

UNCLEAR = "say how to get the next page, so there may be more."
NEXT = ["https://elsewhere.example/", "x", 5, {}, "?cursor=" + "x" * 5000]


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.SHARED_READ_SECONDS = 0


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


@pytest.fixture
def avala(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "avala") as vendor:
        yield vendor


def refusal(**said: Any) -> bytes:
    return json.dumps(said).encode()


@pytest.mark.parametrize("following", [True, "https://elsewhere.example/", 5, "?cursor=" + "x" * 5000], ids=repr)
def test_rows_of_avala_stay_when_the_next_page_is_unclear(
    following: Any, alice: Person, client_as: ClientAs, avala: Vendor
) -> None:
    make(alice, "Ordinary")
    client = client_as(alice)
    desk = Desk(client, alice)
    desk.add(COINS, "dataset_items")
    avala.rewrite("GET", "/(list|items|datasets)/(\\?|$)", lambda data: {**data, "next": following})
    pages = (
        "/slices/",
        "/slices/northwind/all-coins/",
        "/slices/datasets/",
        f"{desk.address}parts/{desk.parts[0].id}/items/",
    )
    for address in pages:
        response = client.get(address)
        assert response.status_code == 200, address
        assert UNCLEAR in text_of(response), address
    assert "Ordinary" in text_of(client.get("/slices/"))
    assert UNCLEAR in text_of(client.get(f"{desk.address}datasets/", headers={"HX-Request": "true"}))


@pytest.mark.parametrize("cursor", [5, True, {}, ["a"], "x" * 5000], ids=lambda value: repr(value)[:12])
def test_rows_of_cloudfactory_stay_when_the_next_page_is_unclear(
    cursor: Any, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite(
        "GET", "/(exports|batches|workItems)(\\?|$)", lambda data: {**data, "meta": {"cursorNext": cursor}}
    )
    client = client_as(alice)
    for address in ("/exports/", f"/projects/{PROJECT}/batches/"):
        response = client.get(address)
        assert response.status_code == 200, address
        assert UNCLEAR in text_of(response), address
    assert client.get("/exports/?show=mine").context["all_read"] is False
    figures = client.get(f"/projects/{PROJECT}/figures/", headers={"HX-Request": "true"})
    assert "+" in text_of(figures)
    contents = client.post("/exports/new/contents/", form(projects=[PROJECT]))
    assert "+" in text_of(contents)


def test_a_list_that_may_go_on_never_proves_that_a_write_was_not_done(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(alice)
    platform.answer("POST", "/batches$", b"", 503)
    client.post(f"/projects/{PROJECT}/batches/new/", {"name": "Night", "act_id": str(uuid.uuid4())})
    platform.rewrite("GET", "/batches(\\?|$)", lambda data: {**data, "meta": {"cursorNext": 5}})
    entry = Entry.objects.lines().get(action="batch.create")
    client.post(f"/audit/{entry.pk}/settle/")

    assert Entry.objects.get(pk=entry.pk).outcome == "unknown"


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_cursor_is_an_expired_page_with_a_way_to_the_first(
    status: int, alice: Person, client_as: ClientAs, avala: Vendor, platform: Vendor
) -> None:
    client = client_as(alice)
    desk = Desk(client, alice)
    desk.add(COINS, "dataset_items")
    for vendor in (avala, platform):
        vendor.answer("GET", "cursor=", refusal(detail="Invalid cursor."), status)
    items = f"{desk.address}parts/{desk.parts[0].id}/items/"
    for address in ("/exports/", "/slices/northwind/all-coins/", "/slices/datasets/", items):
        response = client.get(address, {"cursor": "abc"})
        words = text_of(response)
        assert "has expired" in words, address
        assert "what was entered" not in words, address
        assert f'href="{address}"' in response.content.decode(), address


@pytest.mark.parametrize(
    ("status", "said", "is_owner"),
    [
        (400, {"ordering": ["Unknown ordering."]}, False),
        (422, {"detail": "Something."}, False),
        (400, {"owner": ["No such owner."]}, True),
        (404, {"detail": "Not found."}, True),
        (409, {"detail": "Busy."}, False),
        (418, {"detail": "Teapot."}, False),
    ],
)
def test_only_a_refusal_of_the_owner_is_told_as_one(
    status: int, said: Any, is_owner: bool, alice: Person, client_as: ClientAs, avala: Vendor
) -> None:
    avala.answer("GET", "/list/", refusal(**said), status)
    words = text_of(client_as(alice).get("/slices/"))

    assert ("does not know the owner" in words) is is_owner


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 500, "had a problem (500)"),
        (b"", 503, "had a problem (503)"),
        (b"<html>", 200, "sent an answer we couldn't read"),
    ],
)
def test_a_key_test_says_what_went_wrong(body: bytes, status: int, words: str, alice: Person, avala: Vendor) -> None:
    client = confirmed(alice)
    avala.answer("GET", "/", body, status)
    response = client.post("/keys/avala/", {"value": "avk_demo_other", "label": "", "place": "northwind"})

    assert words in text_of(response)
    assert "cannot be reached" not in text_of(response)


@pytest.mark.parametrize("what", ["new", "rename"])
def test_a_conflict_is_the_name_only_if_the_name_is_there(
    what: str, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(alice)
    batches = f"/projects/{PROJECT}/batches/"
    row = next(row for row in client.get(f"{batches}?finished=show").context["lines"])
    platform.answer("POST", "/batches$", refusal(error="The project is locked."), 409)
    platform.answer("PATCH", "/batches/", refusal(error="The project is locked."), 409)
    address = f"{batches}new/" if what == "new" else f"{batches}{row.id}/name/"
    free = text_of(client.post(address, {"name": "Surely free", "act_id": str(uuid.uuid4())}))
    assert "already has a batch with this name" not in free
    assert "The project is locked." in free
    other = next(one.name for one in client.get(f"{batches}?finished=show").context["lines"] if one.id != row.id)
    taken = text_of(client.post(address, {"name": other, "act_id": str(uuid.uuid4())}))
    assert "already has a batch with this name" in taken


def test_a_conflict_on_a_slice_is_the_name_only_if_avala_says_so(
    alice: Person, client_as: ClientAs, avala: Vendor
) -> None:
    desk = Desk(client_as(alice), alice)
    desk.add(COINS)
    avala.answer("POST", "/slices/$", b"", 409)
    words = text_of(desk.create(name="Surely free"))

    assert "exists already" not in words


def test_batches_without_a_way_on_are_offered_with_a_sentence_and_none_is_called_gone(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.rewrite("GET", "/batches(\\?|$)", lambda data: {**data, "meta": {"cursorNext": 5}})
    client = client_as(alice)
    words = text_of(client.get(f"/exports/new/?projects={PROJECT}&batches=987654"))
    assert "there may be more" in words
    assert "is gone" not in words
    response = client.post("/exports/new/", form(projects=[PROJECT], batches=["987654"]))
    assert response.status_code == 502
    assert "not in a chosen project any more" not in text_of(response)
    assert "there may be more" in text_of(response)
    assert "987654" in response.content.decode()
