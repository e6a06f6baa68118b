"""Every write without a clear answer says what is unknown and offers to find out, on whatever page it ends."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import actions, reconciliation
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, HTMX
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
NEW = f"{BATCHES}new/"


def unclear(client: Client, emulator: Running, **headers: str) -> tuple[Any, Entry]:
    """A batch whose answer never came, though it was created."""
    emulator.fault("cloudfactory", "drop-after", method="POST")
    answer = client.post(NEW, {"name": "Night rain", "act_id": str(uuid.uuid4())}, headers=headers)
    return answer, Entry.objects.get(action="batch.create", kind="opening")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_an_unknown_write_names_its_thing_and_offers_to_check(
    alice: Person, client_as: ClientAs, emulator: Running, headers: dict[str, str]
) -> None:
    answer, entry = unclear(client_as(alice), emulator, **headers)
    assert answer.status_code == 502
    assert "We don't know whether the batch “Night rain” was created." in text_of(answer)
    page = answer.content.decode()
    assert f'action="/audit/{entry.pk}/settle/"' in page
    assert f'href="/audit/{entry.pk}/"' in page
    assert "Check now" in page


def test_checking_leads_back_to_the_page_it_was_pressed_on(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    _, entry = unclear(client, emulator)
    answer = client.post(f"/audit/{entry.pk}/settle/", {"next": BATCHES}, follow=True)
    assert answer.redirect_chain == [(BATCHES, 302)]
    assert "Found: the batch “Night rain” was created." in text_of(answer)
    assert len(boards.changes(emulator)) == 1


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_checking_leads_nowhere_outside_the_console(
    alice: Person, client_as: ClientAs, emulator: Running, address: str
) -> None:
    client = client_as(alice)
    _, entry = unclear(client, emulator)
    assert client.post(f"/audit/{entry.pk}/settle/", {"next": address})["Location"] == f"/audit/{entry.pk}/"


def test_with_script_the_finding_takes_the_place_of_the_button(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    _, entry = unclear(client, emulator)
    emulator.fault("cloudfactory", "503", method="GET", times=0)
    unsure = client.post(f"/audit/{entry.pk}/settle/", {"next": BATCHES}, headers=HTMX)
    assert "Check now" in text_of(unsure)
    assert "We don't know whether" in text_of(unsure)
    emulator.clear_faults()
    done = client.post(f"/audit/{entry.pk}/settle/", {"next": BATCHES}, headers=HTMX)
    assert "Found: the batch “Night rain” was created." in text_of(done)
    assert f'href="{BATCHES}{Entry.objects.get(pk=entry.pk).result_id}/"' in done.content.decode()
    assert "Check now" not in text_of(done)


def test_nobody_checks_the_write_of_another(
    alice: Person, carol: Person, client_as: ClientAs, emulator: Running
) -> None:
    _, entry = unclear(client_as(alice), emulator)
    assert client_as(carol).post(f"/audit/{entry.pk}/settle/", {"next": BATCHES}).status_code == 404


def test_every_act_that_can_be_looked_up_says_what_is_unknown_of_it() -> None:
    for name in reconciliation._reconcilers:
        assert actions.for_entry(name, {}).whether, name


def test_an_act_without_words_of_its_own_is_named_as_a_request() -> None:
    assert actions.whether("key.connect", "“x”", {}) == "the request to connect a key for a vendor was carried out"
    assert actions.whether("drone.launch", "“x”", {}) == "the request to do “launch” on the drone “x” was carried out"
