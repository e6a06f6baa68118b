"""A new batch: its name is checked here first, sent once, and a taken one is said at the field."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import reconciliation
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, HTMX
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

NEW = f"{BATCHES}new/"


def create(client: Client, name: str, act_id: str = "", **headers: str) -> Any:
    return client.post(NEW, {"name": name, "act_id": act_id or str(uuid.uuid4())}, headers=headers)


def test_a_batch_is_made_and_recorded(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = create(client, "  Night rain  ")
    assert response.status_code == 302
    assert boards.changes(emulator)[0]["body"] == {"name": "Night rain"}
    entry = Entry.objects.get(action="batch.create", kind="opening")
    assert entry.outcome == "done"
    assert entry.result_id in response["Location"]
    assert "Night rain" in text_of(client.get(BATCHES))


def test_htmx_is_sent_to_the_list(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert create(client_as(alice), "Night rain", **HTMX)["HX-Redirect"].startswith(BATCHES)


def test_the_list_one_stands_on_is_loaded_again(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    request_headers = {**HTMX, "HX-Current-URL": f"http://localhost{BATCHES}"}
    assert create(client_as(alice), "Night rain", **request_headers)["HX-Redirect"] == BATCHES


@pytest.mark.parametrize("name", ["", "   ", "x" * 10_000, "\u0000"], ids=["empty", "blanks", "10,000", "nul"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_name_that_is_none_is_refused_at_the_field(
    alice: Person, client_as: ClientAs, emulator: Running, name: str, headers: dict[str, str]
) -> None:
    response = create(client_as(alice), name, **headers)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert boards.changes(emulator) == []


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_taken_name_is_said_at_the_field_and_kept(
    alice: Person, client_as: ClientAs, emulator: Running, headers: dict[str, str]
) -> None:
    response = create(client_as(alice), "Worn edges", **headers)
    assert response.status_code == 422
    assert "already has a batch with this name" in text_of(response)
    assert 'value="Worn edges"' in response.content.decode()
    assert Entry.objects.get(action="batch.create", kind="opening").outcome == "failed"


def test_a_duplicate_submission_makes_no_second_batch(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, act_id = client_as(alice), str(uuid.uuid4())
    answers = [create(client, "Night rain", act_id) for _ in range(3)]
    assert {answer["Location"] for answer in answers} == {answers[0]["Location"]}
    assert len(boards.changes(emulator)) == 1


def test_an_unclear_answer_is_settled_by_the_name(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "drop-after", method="POST")
    response = create(client, "Night rain", **HTMX)
    assert "We don't know whether the batch “Night rain” was created" in text_of(response)
    entry = Entry.objects.get(action="batch.create", kind="opening")
    assert reconciliation.look(entry).status == "done"
    assert Entry.objects.get(pk=entry.pk).outcome == "done"
    assert len(boards.changes(emulator)) == 1


def test_a_reviewer_makes_no_batch(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    assert create(client_as(bob), "Night rain").status_code == 403
    assert boards.changes(emulator) == []


def test_who_made_it_is_named_from_then_on(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    create(client, "Night rain")
    batch_id = Entry.objects.get(action="batch.create", kind="opening").result_id
    assert "Alice" in text_of(client.get(f"{BATCHES}{batch_id}/"))
