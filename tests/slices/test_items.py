"""Loading more items: fragments with the place in the address, plain links without script."""

from collections.abc import Callable

from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.slices.making import make_long, text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}


def test_more_items_are_added_and_the_address_follows(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, address = client_as(alice), make_long(alice, emulator)
    cursor = client.get(address).context["next_cursor"]
    response = client.get(f"{address}items/", {"cursor": cursor}, headers=HTMX)
    content = response.content.decode()
    assert 'hx-swap-oob="beforeend:#tiles"' in content
    assert content.count("data-tile") > 10
    assert content.count("autofocus") == 1
    assert response["HX-Replace-Url"].startswith(f"{address}?cursor=")


def test_without_script_more_items_are_a_page(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, address = client_as(alice), make_long(alice, emulator)
    cursor = client.get(address).context["next_cursor"]
    response = client.get(f"{address}items/", {"cursor": cursor})
    assert response.status_code == 302
    assert client.get(response["Location"]).context["cursor"] == cursor


def test_when_more_cannot_be_had_the_place_offers_to_try_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, address = client_as(alice), make_long(alice, emulator)
    cursor = client.get(address).context["next_cursor"]
    emulator.fault("avala", "503", path="/items/list/", times=0)
    response = client.get(f"{address}items/", {"cursor": cursor}, headers=HTMX)
    emulator.clear_faults()
    assert response.status_code == 200
    assert "The items could not be loaded" in text_of(response)
    assert f"{address}items/?cursor=" in response.content.decode()
    assert "HX-Replace-Url" not in response


def test_the_ends_of_a_page_lead_to_items(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, address = client_as(alice), make_long(alice, emulator)
    tiles = client.get(address).context["tiles"]
    assert client.get(f"{address}items/?open=first")["Location"] == tiles[0].address
    assert client.get(f"{address}items/?open=last")["Location"] == tiles[-1].address
