"""A tab that stays open while its person switches to another space: its project goes on in the space it is in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Person, Place
from console.common import write_behind
from console.emulator.server import Running
from console.items.models import Decision, ReviewRun
from tests.conftest import SPACE
from tests.items.decision_helpers import HTMX, ITEMS, item_ids, press

ClientAs = Callable[[Person], Client]
OTHER_SPACE = "0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10"
WAITING = {"status": "CLIENT_REVIEW"}


@pytest.fixture
def client(bob: Person, client_as: ClientAs, emulator: Running) -> Client:
    """Bob has the table open, and now works in another space."""
    Place.objects.create(person=bob, vendor="cloudfactory", value=OTHER_SPACE, name="Elsewhere")
    client = client_as(bob)
    assert client.get(ITEMS).status_code == 200
    switch_to(client, OTHER_SPACE)
    emulator.forget_requests()
    return client


def switch_to(client: Client, space: str) -> None:
    assert client.post("/keys/switch/", {"vendor": "cloudfactory", "place": space}).status_code == 302


def asked_spaces(emulator: Running) -> set[str]:
    """The spaces that links to files were asked for in."""
    paths = [one["path"] for one in emulator.requests("cloudfactory")]
    return {path.split("/")[-2] for path in paths if path.endswith("/signedurls")}


PAGES = {
    "table with pictures": lambda client, item: client.get(ITEMS, {"pictures": "1"}),
    "pictures of the table": lambda client, item: client.get(f"{ITEMS}pictures/", headers=HTMX),
    "item": lambda client, item: client.get(f"{ITEMS}{item}/"),
    "fresh picture": lambda client, item: client.get(f"{ITEMS}{item}/picture/", headers=HTMX),
    "labels": lambda client, item: client.get(f"{ITEMS}{item}/labels/", headers=HTMX),
    "label file": lambda client, item: client.get(f"{ITEMS}{item}/labels/download/"),
    "review": lambda client, item: client.get(client.post(f"{ITEMS}review/", WAITING)["Location"]),
}


@pytest.mark.parametrize("part", PAGES)
def test_files_are_asked_for_in_the_space_of_the_project(
    client: Client, bob: Person, emulator: Running, part: str
) -> None:
    response: Any = PAGES[part](client, item_ids(bob)[0])
    assert response.status_code == 200
    assert asked_spaces(emulator) == {SPACE}


def test_what_is_done_then_is_recorded_in_the_space_of_the_project(client: Client, bob: Person) -> None:
    assert press(client, item_ids(bob)[0]).status_code == 200
    client.post(f"{ITEMS}review/", WAITING)
    assert (Decision.objects.get().space, ReviewRun.objects.get().space) == (SPACE, SPACE)


def test_the_space_of_a_project_is_known_when_the_cache_is_lost(client: Client, bob: Person, emulator: Running) -> None:
    write_behind.flush()
    cache.clear()
    client.get(f"{ITEMS}{item_ids(bob)[0]}/")
    assert asked_spaces(emulator) == {SPACE}


def test_a_space_that_the_person_has_given_up_is_not_asked_any_more(
    client: Client, bob: Person, emulator: Running
) -> None:
    Place.objects.filter(person=bob, value=SPACE).delete()
    client.get(f"{ITEMS}{item_ids(bob)[0]}/")
    assert asked_spaces(emulator) == {OTHER_SPACE}


def test_pasted_ids_belong_to_the_space_of_the_project(client: Client, bob: Person) -> None:
    listed = client.post(ITEMS, {"ids": "\n".join(item_ids(bob, "COMPLETED", 21))})["Location"]
    Place.objects.filter(person=bob, value=OTHER_SPACE).delete()
    assert "no longer stored" not in client.get(listed).content.decode()
