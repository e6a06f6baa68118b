"""A vendor whose lists are behind: what it did is never recorded as failed, and nothing is sent a second time."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, ORDER, START, WORN
from tests.exports.making import form, text_of, work
from tests.rewriting_proxy import Vendor, rewriting
from tests.slices.drafting import Desk
from tests.slices.making import COINS

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Person], Client]
NAME = "Night rain"
STALE_READS = 5


class Behind:
    """The vendor's lists as they were before: what is called NAME is missing for as long as `is_stale`."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.is_stale = True

    def hide(self, answer: Any) -> Any:
        return without(answer) if self.is_stale else answer


def without(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: without(value) for key, value in answer.items()}
    if isinstance(answer, list):
        kept = [one for one in answer if not (isinstance(one, dict) and one.get("name") == NAME)]
        return [without(one) for one in kept]
    return answer


@pytest.fixture
def avala(emulator: Running, settings: Any) -> Iterator[Behind]:
    with rewriting(emulator, settings, "avala") as vendor:
        yield Behind(vendor)


@pytest.fixture
def cloudfactory(emulator: Running, settings: Any) -> Iterator[Behind]:
    settings.SHARED_READ_SECONDS = 0
    emulator.act("set_pace", seconds=6000)
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield Behind(vendor)


def checked_while_stale(behind: Behind, entry: Entry) -> None:
    """The worker's checks against a list that is behind, and one against a list that has caught up."""
    for _ in range(STALE_READS):
        work()
        assert Entry.objects.get(pk=entry.pk).outcome == "unknown"
    behind.is_stale = False
    work()
    assert Entry.objects.get(pk=entry.pk).outcome == "done"
    assert not Entry.objects.filter(recorded_outcome="failed").exists()


def opening(action: str) -> Entry:
    return Entry.objects.get(action=action, kind="opening")


def test_a_new_slice_that_the_list_does_not_show_yet(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Behind
) -> None:
    avala.vendor.rewrite("GET", "/slices/northwind/list", avala.hide)
    emulator.fault("avala", "drop-after", method="POST", path="/slices/")
    desk = Desk(client_as(alice), alice)
    desk.add(COINS)
    desk.create(name=NAME)
    page = desk.client.post(f"/audit/{opening('slice.create').pk}/settle/", follow=True)
    assert "Not found yet. Avala may be behind" in text_of(page)
    assert "create it again" not in text_of(page)
    checked_while_stale(avala, opening("slice.create"))
    assert desk.draft.state == "created"
    assert len(avala.vendor.sent("POST", "/slices/")) == 1


def test_a_new_batch_that_the_list_does_not_show_yet(
    alice: Person, client_as: ClientAs, emulator: Running, cloudfactory: Behind
) -> None:
    cloudfactory.vendor.rewrite("GET", "/batches", cloudfactory.hide)
    emulator.fault("cloudfactory", "drop-after", method="POST")
    client, pressed = client_as(alice), {"name": NAME, "act_id": str(uuid.uuid4())}
    client.post(f"{BATCHES}new/", pressed)
    checked_while_stale(cloudfactory, opening("batch.create"))
    assert NAME in text_of(client.get(BATCHES))
    assert len(cloudfactory.vendor.sent("POST", "/batches")) == 1


def test_a_new_export_that_the_list_does_not_show_yet(
    alice: Person, client_as: ClientAs, emulator: Running, cloudfactory: Behind
) -> None:
    cloudfactory.vendor.rewrite("GET", "/exports", cloudfactory.hide)
    emulator.fault("cloudfactory", "drop-after", method="POST", path="/exports$")
    client, pressed = client_as(alice), form(name=NAME)
    client.post("/exports/new/", pressed)
    checked_while_stale(cloudfactory, opening("export.create"))
    assert f"/exports/{opening('export.create').result_id}/" in client.get("/exports/").content.decode()
    assert len(cloudfactory.vendor.sent("POST", "/exports$")) == 1


def test_a_new_order_that_cloudfactory_does_not_show_yet(
    alice: Person, client_as: ClientAs, emulator: Running, cloudfactory: Behind
) -> None:
    client = client_as(alice)
    opened = boards.opened(client)
    before: list[Any] = []

    def as_before(answer: Any) -> Any:
        if not before:
            before.append(answer)
        return before[0] if cloudfactory.is_stale else answer

    cloudfactory.vendor.rewrite("GET", "rioritization", as_before)
    emulator.fault("cloudfactory", "drop-after", method="PUT")
    client.post(ORDER, opened | {"batch": boards.moved(START, WORN, 1), "note": ""})
    checked_while_stale(cloudfactory, opening("order.save"))
    assert len(boards.saves(emulator)) == 1


def test_a_new_name_that_cloudfactory_does_not_show_yet(
    alice: Person, client_as: ClientAs, emulator: Running, cloudfactory: Behind
) -> None:
    def as_before(answer: Any) -> Any:
        for one in answer["items"] if cloudfactory.is_stale else ():
            one["name"] = "Worn edges" if one["name"] == NAME else one["name"]
        return answer

    cloudfactory.vendor.rewrite("GET", "/batches", as_before)
    emulator.fault("cloudfactory", "drop-after", method="PATCH")
    client_as(alice).post(f"{BATCHES}{WORN}/name/", {"name": NAME, "act_id": str(uuid.uuid4())})
    checked_while_stale(cloudfactory, opening("batch.rename"))
