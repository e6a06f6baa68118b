"""A receipt's numbers are those of the file, counted a second way; and what cannot be counted is said."""

import hashlib
import io
import json
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import connections
from accounts.models import Person
from console.audit.models import Entry
from console.common import write_behind
from console.emulator import exports as vendor_exports
from console.emulator.server import Running
from console.exports import receipts
from console.exports.models import Plan, Receipt
from console.jobs.models import Operation, State
from tests.exports.making import COINS, SURFACES, body_of, finish, start, text_of, work

ClientAs = Callable[[Person], Client]


@pytest.fixture
def plan(alice: Person, client_as: ClientAs, slow: Running) -> Plan:
    made = start(client_as(alice), name="Yards", projects=[SURFACES])
    finish(slow, made)
    return made


def counted(data: bytes) -> dict[str, Any]:
    """A second reading of the file, with nothing of the console's."""
    classes: Counter[str] = Counter()
    images = bare = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            coco = json.loads(archive.read(name))
            names = {category["id"]: category["name"] for category in coco["categories"]}
            classes.update(names[one["category_id"]] for one in coco["annotations"])
            images += len(coco["images"])
            bare += len({one["id"] for one in coco["images"]} - {one["image_id"] for one in coco["annotations"]})
    return {"images": images, "annotations": classes.total(), "classes": dict(classes), "without": bare}


def page(client: Client, plan: Plan) -> str:
    return text_of(client.get(f"/exports/{plan.export_id}/"))


def swap_file(slow: Running, plan: Plan, data: bytes) -> None:
    """CloudFactory hands out another file."""
    row = slow.world.exports.get(plan.export_id)
    assert row is not None
    vendor_exports.zip_path(slow.world, row).write_bytes(data)


def test_the_numbers_are_those_of_an_independent_count(
    plan: Plan, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    work(2)
    client = client_as(alice)
    data = body_of(client.get(f"/exports/{plan.export_id}/download/"))
    receipt, wanted = Receipt.objects.get(), counted(data)
    assert {name: getattr(receipt, name) for name in wanted} == wanted
    assert (receipt.size, receipt.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    words = page(client, plan)
    for said in (receipt.sha256, f"{receipt.annotations:,}", *receipt.classes):
        assert said in words


def test_finished_with_nothing_there_is_told_from_not_done_yet(plan: Plan, alice: Person, client_as: ClientAs) -> None:
    work(2)
    items = connections.cloudfactory(alice).list_work_items(SURFACES).items
    statuses = {item.id: item.status for item in items}
    receipt = Receipt.objects.get()
    data = body_of(client_as(alice).get(f"/exports/{plan.export_id}/download/"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        bare = [name for name in archive.namelist() if not json.loads(archive.read(name))["annotations"]]
    finished = sum(statuses[name.rpartition("/")[2].removesuffix(".json")] == "COMPLETED" for name in bare)
    assert 0 < finished < len(bare)
    assert (receipt.finished_empty, receipt.unfinished) == (finished, len(bare) - finished)
    assert f"{finished} checked with nothing there, {len(bare) - finished} not done yet" in page(client_as(alice), plan)


def test_reading_it_is_an_act_of_the_console(plan: Plan, client_as: ClientAs, dana: Person) -> None:
    work(2)
    entry = Entry.objects.get(action="export.receipt")
    assert (entry.actor, entry.thing_id) == (None, plan.export_id)
    assert "The console read the file of the export Yards for its receipt" in text_of(client_as(dana).get("/audit/"))
    leaving = text_of(client_as(dana).get("/audit/?view=leaving"))
    assert "Alice exported" in leaving
    assert "for its receipt" not in leaving


def test_it_is_compared_with_the_last_one_of_the_same_choice(
    plan: Plan, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    work(2)
    client = client_as(alice)
    second = start(client, name="Yards again", projects=[SURFACES], again="1")
    finish(slow, second)
    before = Receipt.objects.get()
    cone = {
        "images": [{"id": 1, "file_name": "c.jpg"}],
        "annotations": [{"id": n, "image_id": 1, "category_id": 1} for n in range((before.annotations or 0) + 312)],
        "categories": [{"id": 1, "name": "cone"}],
    }
    swap_file(slow, second, zipped(json.dumps(cone)))
    work(2)
    words = page(client, second)
    assert "+312 annotations" in words
    assert "one new class cone" in words
    assert "gone class" in words
    other = start(client, name="Coins", projects=[COINS], again="1")
    finish(slow, other)
    work(2)
    assert receipts.compared(Receipt.objects.get(pk=other.export_id)) is None


def zipped(text: str, name: str = "one.json") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html>sorry</html>", "is not a whole zip"),
        (zipped('{"images": []}')[:-9], "is not a whole zip"),
        (zipped("[1]"), "is not COCO"),
        (zipped(" " * 30_000_000), "is not COCO"),
    ],
)
def test_what_cannot_be_counted_is_said(
    plan: Plan, alice: Person, client_as: ClientAs, slow: Running, data: bytes, words: str
) -> None:
    swap_file(slow, plan, data)
    work(2)
    said = page(client_as(alice), plan)
    assert f"Not checked: {'the file' if 'zip' in words else 'a file in the zip'} {words}." in said
    assert Operation.objects.filter(state=State.FAILED).count() == 0


def test_over_the_cap_it_is_not_checked_and_not_fetched(
    plan: Plan, alice: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.RECEIPT_MOST_BYTES = 100
    work(2)
    assert "Not checked: the file is too large." in page(client_as(alice), plan)


def test_a_store_that_is_down_is_asked_again_later(
    plan: Plan, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.fault("storage", "503", times=0)
    work(6)
    assert Receipt.objects.get().state == Receipt.State.WAITING
    slow.clear_faults()
    work()
    assert Receipt.objects.get().state == Receipt.State.CHECKED


def test_who_lost_the_lease_leaves_the_receipt_to_the_other(
    plan: Plan, alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "RENEW_EVERY", -1.0)
    page(client_as(alice), plan)
    write_behind.flush()
    stalled = Operation.objects.claim(Operation.objects.get(kind="exports.receipt").pk, timedelta(minutes=2))
    assert stalled is not None
    Operation.objects.filter(pk=stalled.pk).update(lease_id=uuid.uuid4())
    receipts.read(stalled)
    assert Receipt.objects.get().state == Receipt.State.WAITING
    assert not Entry.objects.filter(action="export.receipt").exists()


def test_nobody_waits_for_a_receipt_that_will_not_come(
    plan: Plan, alice: Person, bob: Person, client_as: ClientAs, slow: Running
) -> None:
    client_as(bob).get(f"/exports/{plan.export_id}/")
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    work(2)
    response = client_as(bob).get(f"/exports/{plan.export_id}/")
    assert "Not checked: Alice was disabled." in text_of(response)
    assert "/status/" not in response.content.decode()
