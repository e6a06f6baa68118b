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
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts import connections
from accounts.models import Person
from console.audit.models import Entry
from console.common import write_behind
from console.emulator import exports as vendor_exports
from console.emulator.server import Running
from console.exports import receipts
from console.exports.models import ExportRequest, Receipt
from console.jobs import parts
from console.jobs.models import Operation, Part, State
from tests.exports.making import COINS, SURFACES, body_of, finish, start, text_of, work

ClientAs = Callable[[Person], Client]


@pytest.fixture
def export_request(alice: Person, client_as: ClientAs, slow: Running) -> ExportRequest:
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
    return {"images": images, "annotations": classes.total(), "classes": dict(classes), "without_annotations": bare}


def page(client: Client, export_request: ExportRequest) -> str:
    return text_of(client.get(f"/exports/{export_request.export_id}/"))


def swap_file(slow: Running, export_request: ExportRequest, data: bytes) -> None:
    """CloudFactory hands out another file."""
    row = slow.world.exports.get(export_request.export_id)
    assert row is not None
    vendor_exports.zip_path(slow.world, row).write_bytes(data)


def test_the_numbers_are_those_of_an_independent_count(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    work(2)
    client = client_as(alice)
    data = body_of(client.get(f"/exports/{export_request.export_id}/download/"))
    receipt, wanted = Receipt.objects.get(), counted(data)
    assert {name: getattr(receipt, name) for name in wanted} == wanted
    assert (receipt.size, receipt.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    words = page(client, export_request)
    for said in (receipt.sha256, f"{receipt.annotations:,}", *receipt.classes):
        assert said in words


def test_finished_with_nothing_there_is_told_from_not_done_yet(
    export_request: ExportRequest, alice: Person, client_as: ClientAs
) -> None:
    work(2)
    items = connections.cloudfactory(alice).list_work_items(SURFACES).items
    statuses = {item.id: item.status for item in items}
    receipt = Receipt.objects.get()
    data = body_of(client_as(alice).get(f"/exports/{export_request.export_id}/download/"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        bare = [name for name in archive.namelist() if not json.loads(archive.read(name))["annotations"]]
    finished = sum(statuses[name.rpartition("/")[2].removesuffix(".json")] == "COMPLETED" for name in bare)
    assert 0 < finished < len(bare)
    assert (receipt.finished_empty, receipt.unfinished) == (finished, len(bare) - finished)
    assert f"{finished} checked and empty, {len(bare) - finished} not finished" in page(
        client_as(alice), export_request
    )


def test_pictures_are_matched_by_name_only_where_a_name_says_which(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    """Names with signs of addresses, of Windows and of nothing at all."""
    items = connections.cloudfactory(alice).list_work_items(SURFACES).items
    known = items[0]
    name = urlsplit(known.asset_url or "").path.rpartition("/")[2]
    names = [f"images\\{name}", f"{name}#1", f"{name}?x=1", "//[", "http://[", "", "elsewhere.jpg"]
    images = [{"id": number, "file_name": file_name} for number, file_name in enumerate(names, 1)]
    swap_file(slow, export_request, zipped(coco({}, images=images)))
    work(2)
    receipt = Receipt.objects.get()
    assert receipt.without_annotations == len(names)
    assert (receipt.finished_empty, receipt.unfinished) == ((1, 0) if known.status == "COMPLETED" else (0, 1))
    assert f"{len(names) - 1} unknown" in page(client_as(alice), export_request)


def test_reading_it_is_an_act_of_the_console(export_request: ExportRequest, client_as: ClientAs, dana: Person) -> None:
    work(2)
    entry = Entry.objects.get(action="export.receipt")
    assert (entry.actor, entry.thing_id) == (None, export_request.export_id)
    assert "The console read the file of the export Yards for its receipt" in text_of(client_as(dana).get("/audit/"))
    leaving = text_of(client_as(dana).get("/audit/?view=leaving"))
    assert "Alice exported" in leaving
    assert "for its receipt" not in leaving


def test_it_is_compared_with_the_last_one_of_the_same_choice(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
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
    assert "Compared with the last export of the same choice" in words
    other = start(client, name="Coins", projects=[COINS], again="1")
    finish(slow, other)
    work(2)
    assert receipts.compare(Receipt.objects.get(pk=other.export_id)) is None


def zipped(text: str, name: str = "one.json") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html>sorry</html>", "the file is a web page, not a zip"),
        (zipped('{"images": []}')[:-9], "the file is not a whole zip: its end is missing"),
        (zipped("[1]"), "one.json is a list, not a COCO document"),
        (zipped(" " * 30_000_000), "one.json is empty"),
    ],
)
def test_what_cannot_be_counted_is_said(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, data: bytes, words: str
) -> None:
    swap_file(slow, export_request, data)
    work(2)
    said = page(client_as(alice), export_request)
    assert f"Not checked: {words}." in said
    assert Operation.objects.filter(state=State.FAILED).count() == 0


def coco(counts: dict[str, int], **sections: Any) -> str:
    """A document with so many annotations of each class, all on one of two images."""
    names = list(counts)
    classes = [number for number, name in enumerate(names) for _ in range(counts[name])]
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
            "annotations": [{"id": n, "image_id": 1, "category_id": one} for n, one in enumerate(classes)],
            "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
            **sections,
        }
    )


def zip_of(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_the_page_shows_the_largest_twenty_classes_and_another_all(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    swap_file(slow, export_request, zipped(coco({f"thing-{n:03}": 200 - n for n in range(150)})))
    work(2)
    client = client_as(alice)
    words = page(client, export_request)
    assert [f"thing-{n:03}" for n in range(150) if f"thing-{n:03}" in words] == [f"thing-{n:03}" for n in range(20)]
    assert "All 150 classes" in words
    first, last = (text_of(client.get(f"/exports/{export_request.export_id}/classes/?page={n}")) for n in (1, 99))
    assert "thing-099" in first
    assert "thing-100" not in first
    assert "1 to 100 of 150" in first
    assert "thing-149" in last
    assert "thing-099" not in last


def test_classes_are_shown_to_whoever_can_read_the_export(
    export_request: ExportRequest, bob: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(bob)
    assert client.get(f"/exports/{export_request.export_id}/classes/").status_code == 404
    work(2)
    assert client.get(f"/exports/{export_request.export_id}/classes/").status_code == 200
    assert client.get(f"/exports/{uuid.uuid4()}/classes/").status_code == 404


def test_of_more_classes_than_are_kept_the_largest_are_named_and_the_rest_counted(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "KEPT_CLASSES", 30)
    swap_file(slow, export_request, zipped(coco({f"thing-{n:03}": 1 + (n < 30) for n in range(50)})))
    work(2)
    client, receipt = client_as(alice), Receipt.objects.get()
    assert (len(receipt.classes), receipt.class_count, receipt.annotations) == (30, 50, 80)
    assert "The largest 30 of 50 classes" in page(client, export_request)
    assert "20 more classes, not named: 20 annotations" in text_of(
        client.get(f"/exports/{export_request.export_id}/classes/")
    )


def test_what_was_passed_over_is_named_and_counted(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    odd = {f"meta-{n:02}.json": "{}" for n in range(25)}
    others = {"__MACOSX/a.json": "\0", "images/1.jpg": "x", "images/2.jpg": "x", "LICENSE": "x"}
    swap_file(slow, export_request, zip_of({"a.json": coco({"cone": 1}), **odd, **others}))
    work(2)
    words = page(client_as(alice), export_request)
    assert "25 JSON files, 2 .jpg and 1 other file, 1 file that operating systems leave in folders" in words
    assert "meta-00.json is not COCO" in words
    assert "and 5 more JSON files" in words


def test_a_figure_that_means_something_else_than_it_seems_has_its_sentence(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    doubled = [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "c.jpg"}]
    strays = [
        {"image_id": 7, "category_id": 0},
        {"category_id": 0},
        {"image_id": 1, "segments_info": [{"id": 1}, {"id": 2}]},
    ]
    family = {f"x/{kind}_train.json": coco({"cone": 1}) for kind in ("instances", "captions")}
    data = zip_of({"a.json": coco({"cone": 3}, images=doubled), "b.json": coco({}, annotations=strays), **family})
    swap_file(slow, export_request, b"#!" + data + b"\n")
    work(2)
    words = page(client_as(alice), export_request)
    for sentence in (
        "2 annotations are segments of panoptic files.",
        "1 annotation belongs to images that the file doesn't list.",
        "1 annotation names no image.",
        "1 image name is in several JSON files. Each listing counts as an image.",
        "2 JSON files list the same images. The annotations of each are counted.",
        "1 image ID is used for several images.",
        "2 bytes come before the zip. The zip itself is whole.",
        "1 byte follows the end of the zip. The zip itself is whole.",
        "The file doesn't say clearly which annotation belongs to which image.",
    ):
        assert sentence in words
    assert "Without annotations Unknown" in words


def test_captions_have_no_classes_to_compare(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    swap_file(slow, export_request, zipped(coco({}, annotations=[])))
    work(2)
    captions = start(client_as(alice), name="Captions", projects=[SURFACES], again="1")
    finish(slow, captions)
    swap_file(slow, captions, zipped(coco({}, annotations=[{"image_id": 1, "caption": "a cone"}])))
    work(2)
    words = page(client_as(alice), captions)
    assert "Classes 0" in words
    assert "no class 1" in words
    assert "new class" not in words
    assert "+1 annotation" in words


def test_names_of_classes_are_shown_safely(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    swap_file(slow, export_request, zipped(coco({"\0zero": 4, "\u202eevil": 3, "\ud800lone": 2, "<b>bold": 1})))
    work(2)
    assert set(Receipt.objects.get().classes) == {"\ufffdzero", "\u202eevil", "\ufffdlone", "<b>bold"}
    for place in ("", "classes/"):
        content = client_as(alice).get(f"/exports/{export_request.export_id}/{place}").content.decode()
        assert "\0" not in content
        assert "\u202e" not in content
        assert "<b>bold" not in content


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        (1_000, 1_000, "+9 annotations, one new class new, one gone class rare"),
        (5, 1_000, "+9 annotations"),
        (1_000, 5, "+9 annotations, one new class new"),
    ],
)
def test_a_class_counts_as_new_or_gone_only_where_the_other_receipt_names_all(
    export_request: ExportRequest,
    alice: Person,
    client_as: ClientAs,
    slow: Running,
    monkeypatch: pytest.MonkeyPatch,
    before: int,
    now: int,
    sentence: str,
) -> None:
    work(2)
    common = {f"thing-{n}": 9 for n in range(5)}
    for most, counts in ((before, common | {"rare": 1}), (now, common | {"new": 10})):
        monkeypatch.setattr(receipts, "KEPT_CLASSES", most)
        made = start(client_as(alice), name="Again", projects=[SURFACES], again="1")
        finish(slow, made)
        swap_file(slow, made, zipped(coco(counts)))
        work(2)
    comparison = receipts.compare(Receipt.objects.get(pk=made.export_id))
    assert comparison is not None
    assert comparison.sentence == sentence
    assert sentence in page(client_as(alice), made)


def test_without_room_on_the_disk_it_is_tried_again_later(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "SPARE", 10**18)
    work(2)
    assert Receipt.objects.get().state == Receipt.State.WAITING
    monkeypatch.setattr(receipts, "PATIENCE", timedelta())
    work()
    assert "Not checked: The console's disk has no room to read the file." in page(client_as(alice), export_request)


def test_over_the_cap_it_is_not_checked_and_not_fetched(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.RECEIPT_MOST_BYTES = 100
    work(2)
    assert "Not checked: the file is too large." in page(client_as(alice), export_request)


def test_a_store_that_is_down_is_asked_again_later(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.fault("storage", "503", times=0)
    work(6)
    assert Receipt.objects.get().state == Receipt.State.WAITING
    slow.clear_faults()
    work()
    assert Receipt.objects.get().state == Receipt.State.CHECKED


def test_who_lost_the_lease_leaves_the_receipt_to_the_other(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "RENEW_EVERY", -1.0)
    page(client_as(alice), export_request)
    write_behind.flush()
    stalled = Operation.objects.claim(Operation.objects.get(kind="exports.receipt").pk, timedelta(minutes=2))
    assert stalled is not None
    Operation.objects.filter(pk=stalled.pk).update(lease_id=uuid.uuid4())
    receipts.check_file(stalled)
    assert Receipt.objects.get().state == Receipt.State.WAITING
    assert not Entry.objects.filter(action="export.receipt").exists()


def test_a_file_that_killed_the_worker_three_times_is_not_checked(
    export_request: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    page(client_as(alice), export_request)
    write_behind.flush()
    operation = Operation.objects.get(kind="exports.receipt")
    (part,) = parts.add(operation, [{}])
    Part.objects.filter(pk=part.pk).update(state=Part.State.RUNNING, attempts=3)
    work()
    assert "Not checked: the console failed to count the file." in page(client_as(alice), export_request)
    assert Operation.objects.get(pk=operation.pk).state == State.FAILED


def test_nobody_waits_for_a_receipt_that_will_not_come(
    export_request: ExportRequest, alice: Person, bob: Person, client_as: ClientAs, slow: Running
) -> None:
    client_as(bob).get(f"/exports/{export_request.export_id}/")
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    work(2)
    response = client_as(bob).get(f"/exports/{export_request.export_id}/")
    assert "Not checked: Alice was disabled." in text_of(response)
    assert "/status/" not in response.content.decode()
