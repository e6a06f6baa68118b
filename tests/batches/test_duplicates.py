"""Ten presses of the same button at the same moment: the vendor receives one write, and all ten get the same answer."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, FIRST, HTMX, ORDER, START, WORN
from tests.concurrent_requests import answers, press

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Person], Client]

BATCH = f"{BATCHES}{FIRST}/"
ENDS = pytest.mark.parametrize(
    ("headers", "fault", "outcome"),
    [
        ({}, "slow-1", "done"),
        (HTMX, "slow-1", "done"),
        ({}, "401", "failed"),
        (HTMX, "429", "failed"),
        ({}, "503", "unknown"),
        (HTMX, "drop-after", "unknown"),
    ],
)


def new_batch(client: Client) -> tuple[str, dict[str, Any]]:
    return f"{BATCHES}new/", {"name": "Night rain", "act_id": str(uuid.uuid4())}


def new_name(client: Client) -> tuple[str, dict[str, Any]]:
    return f"{BATCH}name/", {"name": "Night rain", "act_id": str(uuid.uuid4())}


def new_metadata(client: Client) -> tuple[str, dict[str, Any]]:
    lines = {"key": ["trays", ""], "value": ["12", ""], "kind": ["text", "text"]}
    return f"{BATCH}metadata/", {"act_id": str(uuid.uuid4()), "base": "{}", **lines}


def new_order(client: Client) -> tuple[str, dict[str, Any]]:
    return ORDER, boards.opened(client) | {"batch": boards.moved(START, WORN, 1), "note": "typed"}


@pytest.mark.parametrize("form", [new_batch, new_name, new_metadata, new_order])
@ENDS
def test_ten_presses_at_once_are_one_write_and_one_answer(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    form: Any,
    headers: dict[str, str],
    fault: str,
    outcome: str,
) -> None:
    address, data = form(client_as(alice))
    for method in ("POST", "PATCH", "PUT"):
        emulator.fault("cloudfactory", fault, method=method)
    replies = press(lambda: client_as(alice), address, data, headers)
    assert len(answers(replies)) == 1, answers(replies)
    assert len(boards.changes(emulator)) == 1
    opening = Entry.objects.get(kind="opening")
    assert opening.outcome == outcome


@pytest.mark.parametrize("form", [new_batch, new_name])
def test_ten_presses_for_a_taken_name_are_all_refused_at_the_field(
    alice: Person, client_as: ClientAs, emulator: Running, form: Any
) -> None:
    address, data = form(client_as(alice))
    replies = press(lambda: client_as(alice), address, data | {"name": "Worn edges"}, {})
    assert {one.status_code for one in replies} == {422}
    assert all("already has a batch with this name" in one.content.decode() for one in replies)
    assert len(boards.changes(emulator)) == 1


def test_a_press_with_the_new_id_of_the_refused_form_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    address, data = new_batch(client_as(alice))
    emulator.fault("cloudfactory", "403", method="POST")
    refused = press(lambda: client_as(alice), address, data, {})[0]
    fresh = boards.hidden(refused.content.decode(), "act_id")
    replies = press(lambda: client_as(alice), address, data | {"act_id": fresh}, {})
    assert {one.status_code for one in replies} == {302}
    assert len(answers(replies)) == 1
    assert len(boards.changes(emulator)) == 2
