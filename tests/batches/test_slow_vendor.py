"""A slow or failing CloudFactory: what came is shown and what did not is said; half a list is never ordered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.sample import FIRST_BATCH
from console.emulator.server import Running
from tests.batches.boards import ARCHIVE, BATCHES, COINS, HTMX, saves
from tests.exports.making import text_of

As = Callable[[Person], Client]
INDEX = f"/projects/{ARCHIVE}/batches/"
LATER_PAGES = rf"{ARCHIVE}/batches\?.*cursor="


def calls(emulator: Running, end: str) -> int:
    return sum(call["path"].endswith(end) for call in emulator.requests("cloudfactory"))


@pytest.fixture
def half_a_list(emulator: Running) -> Running:
    """Of two thousand batches only the first page comes in time."""
    emulator.fault("cloudfactory", "503", path=LATER_PAGES, times=0)
    return emulator


def test_the_batches_that_came_are_shown_and_the_list_says_that_it_is_incomplete(
    client_as: As, alice: Person, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 2.5
    emulator.fault("cloudfactory", "slow-5", path=LATER_PAGES, times=0)
    page = client_as(alice).get(INDEX)
    assert page.status_code == 200
    assert "This list is incomplete: CloudFactory was too slow." in text_of(page)
    assert "100 batches" in text_of(page)
    assert "not in the list of batches" not in text_of(page)
    assert "Change the order" not in text_of(page)


def test_a_failing_page_of_the_list_takes_the_others_not_along(
    client_as: As, alice: Person, half_a_list: Running
) -> None:
    client = client_as(alice)
    assert "This list is incomplete: CloudFactory failed." in text_of(client.get(INDEX))
    requests = calls(half_a_list, "/batches")
    assert "This list is incomplete" in text_of(client.get(f"{INDEX}?q=1", headers=HTMX))
    assert calls(half_a_list, "/batches") == requests


def test_an_incomplete_list_is_neither_ordered_nor_undone(client_as: As, alice: Person, half_a_list: Running) -> None:
    client = client_as(alice)
    page = client.get(f"{INDEX}order/")
    assert "Only 100 batches could be read, then CloudFactory failed." in text_of(page)
    assert "Try again" in text_of(page)
    assert 'name="base"' not in page.content.decode()
    assert saves(half_a_list) == []


def test_an_incomplete_list_replaces_no_complete_one(client_as: As, alice: Person, emulator: Running) -> None:
    client = client_as(alice)
    assert "2,000 batches" in text_of(client.get(INDEX))
    emulator.fault("cloudfactory", "503", path=LATER_PAGES, times=0)
    assert "This list is incomplete" in text_of(client.get(INDEX))
    emulator.fault("cloudfactory", "503", times=0)
    assert "2,000 batches" in text_of(client.get(INDEX))


def test_a_batch_that_came_has_its_page_and_one_that_did_not_is_not_called_missing(
    client_as: As, alice: Person, half_a_list: Running
) -> None:
    client, first = client_as(alice), FIRST_BATCH["archive"]
    answers = {client.get(f"{INDEX}{batch}/").status_code for batch in (first, first + 1999)}
    assert answers == {200, 502}


def test_the_list_and_the_order_are_read_side_by_side(
    client_as: As, alice: Person, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 3.8
    emulator.fault("cloudfactory", "slow-2", path=rf"{COINS}/batches", times=0)
    assert client_as(alice).get(BATCHES).status_code == 200
    assert calls(emulator, "/prioritization") == 1


def test_figures_stand_without_what_waits_for_review(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path="/workItems", times=0)
    text = text_of(client_as(alice).get(f"/projects/{COINS}/figures/", headers=HTMX))
    assert "6 open, 2 finished" in text
    assert "no answer" in text


def test_figures_stand_without_what_is_worked_on_next(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path="/prioritization", times=0)
    text = text_of(client_as(alice).get(f"/projects/{COINS}/figures/?size=large", headers=HTMX))
    assert "48 of 112" in text
    assert "The batches worked on next couldn’t be read." in text
