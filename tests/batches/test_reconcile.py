"""Finding out by reading what became of changes to batches: only what this press did counts as done."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation, record
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, COINS, WORN
from tests.exports.making import work

ClientAs = Callable[[Person], Client]


def unknown(person: Person, action: str, **fields: Any) -> Entry:
    """An act that was sent and got no clear answer."""
    fields = {"thing_kind": "batch", "vendor": "cloudfactory", **fields}
    with record.audited_call(actor=person, action=action, **fields) as act:
        act.unknown()
    return act.entry


def status(entry: Entry) -> str:
    return reconciliation.look(Entry.objects.get(pk=entry.pk)).status


def finding(entry: Entry) -> str:
    return reconciliation.look(Entry.objects.get(pk=entry.pk)).finding


def create(client: Client, name: str) -> Any:
    return client.post(f"{BATCHES}new/", {"name": name, "act_id": str(uuid.uuid4())})


def test_a_batch_that_somebody_else_made_meanwhile_is_not_taken_for_ours(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    entry = unknown(alice, "batch.create", thing_name="Night rain", detail={"project_id": COINS})
    create(client_as(erin), "Night rain")
    assert status(entry) == "checking"
    assert Entry.objects.get(pk=entry.pk).outcome == "unknown"


def test_a_batch_made_long_after_the_press_is_not_its_work(alice: Person, emulator: Running) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=20), tick=True):
        entry = unknown(alice, "batch.create", thing_name="Night rain", detail={"project_id": COINS})
    emulator.act("add_batch", project=COINS, name="Night rain")
    assert status(entry) == "checking"


def test_a_batch_is_found_without_anybody_s_press(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "drop-after", method="POST")
    client = client_as(alice)
    create(client, "Night rain")
    work()
    assert Entry.objects.get(action="batch.create", kind="opening").outcome == "done"
    assert "Night rain" in client.get(BATCHES).content.decode()
    assert len(boards.changes(emulator)) == 1


@pytest.mark.parametrize("secret", ["avk_demo_ops", "Bearer abcdefghijklmnop", "x" * 280])
def test_a_rename_is_found_though_the_audit_masks_and_cuts(
    alice: Person, client_as: ClientAs, emulator: Running, secret: str
) -> None:
    emulator.fault("cloudfactory", "drop-after", method="PUT|PATCH")
    entry = unknown(
        alice,
        "batch.rename",
        thing_id=str(WORN),
        thing_name="Worn edges",
        detail={"project_id": COINS, "before": "Worn edges", "after": f"New {secret}"},
    )
    emulator.act("rename_batch", project=COINS, batch=WORN, name=f"New {secret}")
    assert status(entry) == "done"


def test_a_rename_that_is_still_as_before_is_no_failure(alice: Person, emulator: Running) -> None:
    detail = {"project_id": COINS, "before": "Worn edges", "after": "Sharp edges"}
    entry = unknown(alice, "batch.rename", thing_id=str(WORN), thing_name="Worn edges", detail=detail)
    assert finding(entry) == "not found"
    assert "Still as before" in reconciliation.state(Entry.objects.get(pk=entry.pk)).message
    assert Entry.objects.get(pk=entry.pk).outcome == "unknown"


def test_an_order_killed_before_it_was_sent_was_surely_not_done(alice: Person, emulator: Running) -> None:
    """The snapshot is written before the call: without one nothing was sent."""
    entry = unknown(alice, "order.save", thing_id=COINS, thing_name="Coins")
    assert status(entry) == "failed"
