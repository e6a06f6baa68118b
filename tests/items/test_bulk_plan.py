"""The plan of a signal to many work items: numbers that are true, read before anything is sent."""

from collections.abc import Callable

from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import BulkSignal
from tests.items.deciding import item_ids
from tests.items.planning import page_url, plan, reads, select, signals
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
State = BulkSignal.State


def test_a_plan_counts_what_will_be_done_what_is_unlikely_and_what_changed(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    done, new = item_ids(alice, "COMPLETED", 8), item_ids(alice, "NEW", 3)
    selection = select(alice, done, "COMPLETED")
    for item in new:
        selection.items.create(item=item, status="NEW")
    for item in done[:2]:
        emulator.act("set_status", item=item, status="FAILED")
    emulator.forget_requests()
    bulk = plan(client, "reopen")
    text = text_of(client.get(page_url(bulk)))
    assert "6 will be reopened." in text
    assert "3 are unlikely to be: not started." in text
    assert "2 changed while you looked" in text
    assert "Reopen 6 items" in text
    assert len(reads(emulator)) == 1
    assert signals(emulator) == []
