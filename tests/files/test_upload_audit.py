"""What the audit says of uploads, and how it finds out where the browser never said."""

import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import groups, reconciliation
from console.audit.models import Entry, GroupLine
from console.emulator.server import Running
from console.files import reconcile
from console.files.models import UploadFile
from console.jobs import worker
from console.jobs.models import Operation, State
from tests.files.uploading import UploadScript, file, put, states
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]


@pytest.fixture
def script(emulator: Running, alice: Person, client_as: ClientAs) -> UploadScript:
    return UploadScript(client_as(alice))


def audit(script: UploadScript) -> str:
    return text_of(script.client.get("/audit/?when=all"))


def grow_silent(script: UploadScript) -> None:
    """Ten minutes without a word of the browser."""
    UploadFile.objects.filter(upload=script.id).update(updated_at=timezone.now() - reconcile.SILENT_FOR * 2)


def check_unresolved(script: UploadScript) -> None:
    for entry in Entry.objects.filter(group=script.id, opens=None):
        if entry.outcome == "unknown":
            reconciliation.look(entry)


def test_an_upload_of_many_calls_is_one_line(script: UploadScript) -> None:
    ids = script.add_ids(*(file(f"{n}.jpg") for n in range(25)))
    for first in (0, 10, 20):
        script.upload(*ids[first : first + 10])
    assert "Alice uploaded 25 files to Northwind" in audit(script)


def test_the_names_of_files_stay_in_the_audit(script: UploadScript) -> None:
    script.upload(*script.add_ids(file("dog.jpg", folder="walks/north"), file("cat.jpg")))
    [entry] = Entry.objects.filter(group=script.id, opens=None)
    page = text_of(script.client.get(f"/audit/{entry.pk}/"))
    assert "walks/north/dog.jpg" in page
    assert "cat.jpg" in page


def test_one_file_is_said_as_one(script: UploadScript) -> None:
    script.upload(*script.add_ids(file()))
    assert "Alice uploaded 1 file to Northwind" in audit(script)


def test_files_that_failed_are_counted_until_a_retry_has_saved_them(script: UploadScript) -> None:
    ids = script.add_ids(*(file(f"{n}.jpg") for n in range(5)))
    script.links(*ids)
    script.report("saved", *ids[:3])
    script.report("failed", *ids[3:], reason="status", status=500)
    assert "Alice uploaded 3 of 5 files to Northwind (2 failed)" in audit(script)
    script.upload(*ids[3:])
    assert "Alice uploaded 5 files to Northwind" in audit(script)
    line = GroupLine.objects.get(pk=script.id)
    assert (line.items, line.items_done, line.items_failed) == (5, 5, 0)
    last = Entry.objects.order_by("-sequence")[0].sequence
    assert groups.is_right(1, last)
    groups.rebuild(1, last)
    assert groups.is_right(1, last)


def test_links_that_did_not_come_count_once(script: UploadScript, emulator: Running) -> None:
    ids = script.add_ids(file("a.jpg"), file("b.jpg"))
    emulator.fault("cloudfactory", "503", path="/signedurls", times=0)
    for _ in range(3):
        assert script.post("links", {"files": ids}).status_code >= 500
    emulator.clear_faults()
    assert "Alice tried to upload 2 files to Northwind, but it failed" in audit(script)
    line = GroupLine.objects.get(pk=script.id)
    assert (line.items, line.items_failed) == (2, 2)


def test_a_refused_link_is_renewed_within_the_same_entry(script: UploadScript) -> None:
    (pk,) = script.add_ids(file())
    (old,) = script.links(pk)["files"]
    (busy,) = script.links(pk)["files"]
    assert "another tab" in busy["message"]
    (new,) = script.links(pk, again=True)["files"]
    assert new["url"] != old["url"]
    script.report("saved", pk)
    assert Entry.objects.filter(group=script.id, opens=None).count() == 1
    assert "Alice uploaded 1 file to Northwind" in audit(script)


def test_files_on_the_way_are_no_crash_for_hours(script: UploadScript) -> None:
    (pk,) = script.add_ids(file("big.zip", size=3_000_000_000))
    script.links(pk)
    Entry.objects.filter(group=script.id)
    script.report("sending", pk)
    reconcile.give_up_silent_ones()
    reconciliation.mark_cut_off()
    assert Entry.objects.get(group=script.id, opens=None).outcome == "open"
    assert "Alice started to upload 1 file to Northwind" in audit(script)


def test_what_a_browser_left_behind_is_found_by_reading(script: UploadScript) -> None:
    ids = script.add_ids(file("a.jpg"), file("b.jpg"))
    urls = [link["url"] for link in script.links(*ids)["files"]]
    for url in urls:
        put(url, b"x" * 10, "image/jpeg")
    grow_silent(script)
    reconcile.give_up_silent_ones()
    assert "we can't tell whether it worked" in audit(script)
    assert "the browser stopped before it said how it ended" in audit(script)
    check_unresolved(script)
    assert states(script) == {"a.jpg": "saved", "b.jpg": "saved"}
    assert "Alice uploaded 2 files to Northwind" in audit(script)


def test_what_is_not_there_is_not_uploaded_after_three_reads(script: UploadScript, settings: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    ids = script.add_ids(file("a.jpg"), file("b.jpg"))
    urls = [link["url"] for link in script.links(*ids)["files"]]
    put(urls[0], b"x" * 10, "image/jpeg")
    grow_silent(script)
    reconcile.give_up_silent_ones()
    for _ in range(3):
        check_unresolved(script)
    assert states(script) == {"a.jpg": "saved", "b.jpg": "failed"}
    assert "Alice uploaded 1 of 2 files to Northwind (1 failed)" in audit(script)


def test_the_background_does_all_of_it(script: UploadScript) -> None:
    (pk,) = script.add_ids(file("a.jpg"))
    put(script.links(pk)["files"][0]["url"], b"x" * 10, "image/jpeg")
    grow_silent(script)
    worker.sweep()
    Operation.objects.filter(state=State.WAITING).update(due_at=timezone.now())
    worker.sweep()
    assert states(script) == {"a.jpg": "saved"}


def test_an_upload_leads_from_the_audit_to_its_ledger_for_its_person_alone(
    script: UploadScript, erin: Person, client_as: ClientAs
) -> None:
    script.upload(*script.add_ids(file("a.jpg"), file("b.jpg")))
    address = f"/audit/acts/{script.id}/"
    ledger = f"/files/upload/{script.id}/"
    assert ledger in script.client.get(address).content.decode()
    assert ledger not in client_as(erin).get(address).content.decode()


def test_ledgers_are_deleted_after_180_days(script: UploadScript, alice: Person) -> None:
    from console.files import housekeeping
    from console.files.models import Upload

    script.add(file())
    housekeeping.delete_old_uploads()
    assert Upload.objects.filter(pk=script.id).exists()
    Upload.objects.filter(pk=script.id).update(updated_at=timezone.now() - timedelta(days=181))
    housekeeping.delete_old_uploads()
    assert not Upload.objects.filter(pk=script.id).exists()


def test_acts_that_stay_unknown_keep_no_later_one_from_being_looked_up(
    script: UploadScript, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "MOST_AT_ONCE", 1)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        script.links(*script.add_ids(file(name)))
        grow_silent(script)
        reconcile.give_up_silent_ones()
    outcomes = [entry.outcome for entry in Entry.objects.filter(group=script.id, opens=None)]
    assert outcomes == ["unknown"] * 3


def test_files_that_never_got_a_link_wait_again(script: UploadScript) -> None:
    """A process that is killed before the links came: with the act recorded, and before that."""
    recorded, unrecorded = script.add_ids(file("a.jpg"), file("b.jpg"))
    script.links(recorded)
    UploadFile.objects.filter(pk=recorded).update(path="")
    UploadFile.objects.filter(pk=unrecorded).update(state="sending", act_id=uuid.uuid4())
    grow_silent(script)
    reconcile.give_up_silent_ones()
    assert states(script) == {"a.jpg": "waiting", "b.jpg": "waiting"}
    (entry,) = Entry.objects.filter(group=script.id, opens=None)
    assert entry.outcome == "failed"
    script.upload(recorded, unrecorded)
    assert "Alice uploaded 2 files to Northwind" in audit(script)


@pytest.mark.parametrize("seed", range(4))
def test_however_an_upload_goes_each_file_is_counted_once(script: UploadScript, emulator: Running, seed: int) -> None:
    chance = random.Random(seed)
    ids = script.add_ids(*(file(f"{n}.jpg") for n in range(12)))
    for _ in range(30):
        some = chance.sample(ids, chance.randint(1, 6))
        match chance.randrange(7):
            case 0 | 1 | 2:
                script.links(*some, again=chance.random() < 0.3)
            case 3:
                emulator.act("set_upload_links", fewer=chance.randint(0, 4))
                script.links(*some)
                emulator.act("set_upload_links", fewer=0)
            case 4:
                emulator.fault("cloudfactory", "403", path="/signedurls")
                script.post("links", {"files": some})
                emulator.clear_faults()
            case 5:
                script.report(chance.choice(["saved", "failed", "waiting", "unknown"]), *some)
            case _:
                grow_silent(script)
                reconcile.give_up_silent_ones()
                check_unresolved(script)
        last = Entry.objects.order_by("-sequence").first()
        assert last is None or groups.is_right(1, last.sequence)
    for state in ("waiting", "saved"):
        for first in (0, 6):
            rest = [pk for pk in ids[first : first + 6] if UploadFile.objects.get(pk=pk).state != "saved"]
            if state == "waiting":
                script.report("waiting", *rest)
            elif rest:
                script.upload(*rest)
    assert set(states(script).values()) == {"saved"}
    line = GroupLine.objects.get(pk=script.id)
    assert (line.items, line.items_done, line.items_failed, line.items_unknown) == (12, 12, 0, 0)
    assert (line.open_parts, line.unknown_parts) == (0, 0)


def test_an_upload_is_recorded_with_the_place_and_address_it_came_from(script: UploadScript) -> None:
    script.upload(*script.add_ids(file()))
    assert "In the background" not in audit(script)
    (entry,) = Entry.objects.filter(group=script.id, opens=None)
    assert (entry.page, entry.address) == ("files:upload_links", "127.0.0.1")
    UploadFile.objects.update(state="failed")
    script.report("saved", *map(str, UploadFile.objects.values_list("pk", flat=True)))
    late = Entry.objects.filter(group=script.id).latest("sequence")
    assert (late.page, late.address) == ("files:upload_report", "127.0.0.1")


def test_the_audit_says_why_files_failed(script: UploadScript) -> None:
    ids = script.add_ids(file("a.jpg"), file("b.jpg"), file("c.jpg"))
    script.links(*ids)
    script.report("saved", ids[0])
    script.report("failed", *ids[1:], reason="status", status=400)
    (entry,) = Entry.objects.filter(group=script.id, opens=None)
    told = text_of(script.client.get(f"/audit/{entry.pk}/"))
    assert "In part: The file store refused it (400)." in told


def test_uploads_are_found_by_words_and_handed_over(script: UploadScript) -> None:
    script.upload(*script.add_ids(file("a.jpg"), file("b.jpg")))
    assert "uploaded 2 files to Northwind" in text_of(script.client.get("/audit/?q=uploaded+2+files"))
    note = text_of(script.client.get("/audit/handover/"))
    assert "Files" in note
    assert "Alice uploaded 2 files to Northwind" in note


def test_a_person_can_close_what_nobody_can_read(script: UploadScript, emulator: Running) -> None:
    ids = script.add_ids(file("a.jpg"), file("b.jpg"))
    script.links(*ids)
    grow_silent(script)
    reconcile.give_up_silent_ones()
    (entry,) = Entry.objects.filter(group=script.id, opens=None)
    told = text_of(script.client.get(f"/audit/acts/{script.id}/"))
    assert "but the browser stopped before it said how it ended, so we can't tell whether it worked" in told
    assert "Cause" not in told
    closed = script.client.post(f"/audit/{entry.pk}/close/", {"outcome": "failed", "note": "Not in the bucket."})
    assert closed.status_code in {200, 302}
    assert states(script) == {"a.jpg": "failed", "b.jpg": "failed"}
    script.upload(*ids)
    line = GroupLine.objects.get(pk=script.id)
    assert (line.items, line.items_done, line.items_failed) == (2, 2, 0)
