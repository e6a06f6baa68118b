"""News of a slice on whatever page the person is: told once, only of what they made, quiet when it cannot be asked."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import record
from console.emulator.server import Running
from tests.slices.making import delay, make, text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
ADDRESS = "/slices/northwind/slow-one/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow_one(alice: Person, emulator: Running) -> None:
    emulator.act("set_pace", seconds=600)
    with record.audited_call(
        actor=alice,
        action="slice.create",
        thing_kind="slice",
        thing_name="Slow one",
        vendor="avala",
        detail={"random": 3},
    ) as act:
        made = make(alice, "Slow one")
        act.done(thing_id=f"{made.owner_name}/{made.slug}")


def test_who_made_it_and_what_was_left_to_chance_is_known_here(
    alice: Person, client_as: ClientAs, slow_one: None
) -> None:
    text = text_of(client_as(alice).get(ADDRESS))
    assert "by Alice" in text
    assert "; then 3 at random." in text


def test_what_one_made_is_followed_on_every_page_until_it_is_done(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    client = client_as(alice)
    assert "/slices/watch/" not in client.get("/slices/datasets/").content.decode()
    client.get(ADDRESS)
    assert "/slices/watch/" in client.get("/slices/datasets/").content.decode()
    assert delay(client.get("/slices/watch/?look=0", headers=HTMX)) == 4
    emulator.act("finish_slice", slug="slow-one")
    told = client.get("/slices/watch/?look=1", headers=HTMX)
    assert "Slow one: Ready, 0 items" in text_of(told)
    assert f'href="{ADDRESS}"' in told.content.decode()
    assert delay(told) == 0
    again = client.get("/slices/watch/?look=2", headers=HTMX)
    assert "Slow one" not in text_of(again)
    assert "/slices/watch/" not in client.get("/slices/datasets/").content.decode()


def test_a_failure_is_told_as_one(alice: Person, client_as: ClientAs, emulator: Running, slow_one: None) -> None:
    client = client_as(alice)
    client.get(ADDRESS)
    emulator.act("fail_slice", slug="slow-one")
    assert "Slow one: Failed" in text_of(client.get("/slices/watch/", headers=HTMX))


def test_others_slices_are_no_news(erin: Person, client_as: ClientAs, slow_one: None) -> None:
    client = client_as(erin)
    client.get(ADDRESS)
    assert "/slices/watch/" not in client.get("/slices/datasets/").content.decode()


def test_who_has_seen_the_end_is_not_told_again(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    client = client_as(alice)
    client.get(ADDRESS)
    emulator.act("finish_slice", slug="slow-one")
    client.get(f"{ADDRESS}status/", headers=HTMX)
    assert "Slow one" not in text_of(client.get("/slices/watch/", headers=HTMX))


def test_a_vendor_that_fails_is_asked_again_quietly(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    client = client_as(alice)
    client.get(ADDRESS)
    emulator.fault("avala", "503", times=0)
    response = client.get("/slices/watch/?look=3", headers=HTMX)
    emulator.clear_faults()
    assert response.status_code == 200
    assert delay(response) == 30


def test_a_key_that_is_refused_ends_the_asking(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    client = client_as(alice)
    client.get(ADDRESS)
    emulator.fault("avala", "401", times=0)
    response = client.get("/slices/watch/", headers=HTMX)
    emulator.clear_faults()
    assert response.status_code == 200
    assert delay(response) == 0
