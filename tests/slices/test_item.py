"""One item on a page of its own, and pictures whose links have aged."""

import uuid
from collections.abc import Callable

from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.slices.making import asked, make_long, text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
ADDRESS = "/slices/northwind/all-coins/"


def test_an_item_has_a_page_with_its_picture_and_metadata(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    emulator.forget_requests()
    response = client.get(tile.address)
    text = text_of(response)
    assert tile.name in text
    assert tile.item.uid in text
    for name, value in tile.metadata:
        assert name in text
        assert value in text
    assert len(emulator.requests("avala")) == 1


def test_an_item_names_its_dataset_and_ends_with_its_id(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    text = text_of(client.get(tile.address))
    assert "Dataset Coins on velvet" in text
    assert text.index(tile.metadata[-1][0]) < text.index(tile.item.uid)


def test_a_dataset_whose_name_is_not_known_is_told_by_its_address(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("avala", "500", path="/datasets/", times=0)
    client = client_as(alice)
    text = text_of(client.get(client.get(ADDRESS).context["tiles"][0].address))
    assert "Dataset northwind / coins-on-velvet" in text


def test_items_lead_to_their_neighbours(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    first, second = client.get(ADDRESS).context["tiles"][:2]
    response = client.get(first.address)
    assert response.context["previous_address"] == ""
    assert response.context["next_address"] == second.address


def test_the_last_item_of_a_page_leads_to_the_first_of_the_next(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, address = client_as(alice), make_long(alice, emulator)
    page = client.get(address)
    last = client.get(page.context["tiles"][-1].address)
    following = client.get(last.context["next_address"], follow=True)
    second = client.get(address, {"cursor": page.context["next_cursor"]})
    assert following.context["tile"].item.uid == second.context["tiles"][0].item.uid
    assert client.get(following.context["previous_address"], follow=True).context["tile"].item.uid == (
        page.context["tiles"][-1].item.uid
    )


def test_an_item_that_is_not_in_the_slice_is_a_page_that_says_so(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    assert client_as(alice).get(f"{ADDRESS}items/{uuid.uuid4()}/").status_code == 404


def test_an_item_id_that_is_none_makes_no_call(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.forget_requests()
    assert client_as(alice).get(f"{ADDRESS}items/not-an-id/").status_code == 404
    assert emulator.requests("avala") == []


def test_an_aged_picture_is_read_again_once(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    emulator.act("expire_links")
    emulator.forget_requests()
    response = client.get(tile.fresh_address, headers=HTMX)
    content = response.content.decode()
    assert "<img src=" in content
    assert "data-renew-url" not in content
    assert len(asked(emulator, f"/items/{tile.item.uid}/")) == 1


def test_all_pictures_of_a_page_are_read_again_in_one_call(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    tiles = client.get(ADDRESS).context["tiles"]
    emulator.forget_requests()
    response = client.get(tiles[0].fresh_page, headers=HTMX)
    assert [one.ident for one in response.context["tiles"]] == [one.ident for one in tiles]
    assert "HX-Replace-Url" not in response
    assert len(emulator.requests("avala")) == 1


def test_pictures_that_cannot_be_read_again_come_with_the_reason(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    emulator.fault("avala", "503", path="/items/", times=0)
    response = client.get(tile.fresh_page, headers=HTMX)
    emulator.clear_faults()
    assert "<p data-reason>Avala" in response.content.decode()


def test_a_large_picture_is_renewed_as_a_large_one(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    response = client.get(f"{tile.fresh_address}?size=large", headers=HTMX)
    assert response.context["url"].partition("?")[0] == tile.large.partition("?")[0]
    assert response.context["url"].partition("?")[0] != tile.picture.partition("?")[0]


def test_a_picture_that_cannot_be_renewed_says_why_and_can_be_tried_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    emulator.fault("avala", "503", path="/items/", times=0)
    response = client.get(tile.fresh_address, headers=HTMX)
    emulator.clear_faults()
    assert response.status_code == 200
    assert "Try again" in text_of(response)
    assert f'hx-get="{tile.fresh_address}"' in response.content.decode()


def test_without_script_the_fresh_picture_is_the_items_page(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    tile = client.get(ADDRESS).context["tiles"][0]
    assert client.get(tile.fresh_address)["Location"] == f"{ADDRESS}items/{tile.item.uid}/"
