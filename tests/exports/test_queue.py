"""The slot and the queue before it: first come, first served, with no click, and never twice."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import people
from accounts.models import Person
from console.audit import record, verify
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports import export_queue, services
from console.exports.models import ExportRequest
from console.jobs import worker
from console.jobs.models import Operation, State
from tests.exports.making import COINS, EYES, HTMX, SURFACES, form, made_by, sent, start, text_of, work

ClientAs = Callable[[Person], Client]


def told(*actions: str) -> list[tuple[str, str]]:
    rows = Entry.objects.lines().filter(action__in=actions).order_by("sequence")
    return [(row.action, row.actor_name) for row in rows]


@pytest.fixture
def behind(alice: Person, erin: Person, client_as: ClientAs, slow: Running) -> tuple[ExportRequest, ExportRequest]:
    """Alice's export runs, Erin's waits behind it."""
    first = start(client_as(alice), name="First", projects=[EYES])
    return first, start(client_as(erin), name="Second", projects=[COINS], when="free")


def test_the_slot_shows_who_uses_it_and_who_waits(
    behind: tuple[ExportRequest, ExportRequest], bob: Person, client_as: ClientAs
) -> None:
    words = text_of(client_as(bob).get("/exports/lane/", headers=HTMX))
    assert "In use First is running, started by Alice" in words
    assert "1 Second for Erin" in words


def test_an_export_from_outside_is_seen_in_the_slot(alice: Person, client_as: ClientAs, slow: Running) -> None:
    slow.act("start_export", name="Weekly COCO", by="maria@vendor.example")
    words = text_of(client_as(alice).get("/exports/lane/", headers=HTMX))
    assert "Weekly COCO is running, started by maria@vendor.example" in words


@pytest.mark.django_db(transaction=True)
def test_the_second_starts_with_no_click_and_its_own_key(
    behind: tuple[ExportRequest, ExportRequest], slow: Running, audit_anchor: Any
) -> None:
    first, second = behind
    work(3)
    assert len(sent(slow, "POST")) == 1
    slow.act("finish_export", export=first.export_id)
    work()
    second.refresh_from_db()
    one, two = sent(slow, "POST")
    assert (second.state, two["body"]["name"]) == ("started", "Second")
    assert one["key"] != two["key"]
    assert told("export.queue", "export.create") == [
        ("export.create", "Alice"),
        ("export.queue", "Erin"),
        ("export.create", "Erin"),
    ]
    assert verify.check().is_whole


def test_first_come_first_served(
    behind: tuple[ExportRequest, ExportRequest], alice: Person, client_as: ClientAs, slow: Running
) -> None:
    third = start(client_as(alice), name="Third", projects=[SURFACES], when="free")
    for expected in ("Second", "Third"):
        slow.act("finish_export")
        work(2)
        assert sent(slow, "POST")[-1]["body"]["name"] == expected
    third.refresh_from_db()
    assert third.state == "started"
    assert len(sent(slow, "POST")) == 3


def test_ten_presses_wait_once(alice: Person, client_as: ClientAs, slow: Running) -> None:
    slow.act("start_export", name="Theirs")
    pressed, client = form(when="free"), client_as(alice)
    for _ in range(10):
        client.post("/exports/new/", pressed)
    assert told("export.queue") == [("export.queue", "Alice")]
    assert Operation.objects.filter(kind=export_queue.KIND).count() == 1


def test_somebody_faster_leaves_it_in_line(
    alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot was free when the worker looked, and taken when it asked."""
    export_request = start(client_as(alice), when="free")
    slow.fault("cloudfactory", "slow-0", method="GET")
    slow.act("start_export", name="Faster")
    monkeypatch.setattr("console.exports.slot.newest_exports", lambda platform, space: ())
    work()
    monkeypatch.undo()
    export_request.refresh_from_db()
    assert export_request.state == "queued"
    slow.act("finish_export")
    work()
    export_request.refresh_from_db()
    assert export_request.state == "started"
    outcomes = Entry.objects.lines().filter(action="export.create").order_by("sequence")
    assert [entry.outcome for entry in outcomes] == ["failed", "done"]


def test_leaving_the_queue_starts_nothing(
    behind: tuple[ExportRequest, ExportRequest], erin: Person, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    _, second = behind
    assert client_as(alice).post(f"/exports/plan/{second.pk}/leave/").status_code == 404
    page = client_as(erin).post(f"/exports/plan/{second.pk}/leave/", follow=True)
    assert "Taken off the queue" in text_of(page)
    slow.act("finish_export")
    work(2)
    assert len(sent(slow, "POST")) == 1
    assert told("export.unqueue") == [("export.unqueue", "Erin")]
    again = client_as(erin).post(f"/exports/plan/{second.pk}/leave/", follow=True)
    assert "was not waiting any more" in text_of(again)


@pytest.mark.django_db(transaction=True)
def test_who_is_disabled_waits_no_more(
    behind: tuple[ExportRequest, ExportRequest], erin: Person, dana: Person, client_as: ClientAs, slow: Running, rf: Any
) -> None:
    _, second = behind
    Person.objects.filter(pk=dana.pk).update(role="administrator")
    people.disable(by=dana, person=erin, request=rf.get("/"))
    second.refresh_from_db()
    assert (second.state, second.message) == ("dropped", "Erin was disabled.")
    assert Operation.objects.get(kind=export_queue.KIND).state == State.CANCELLED
    slow.act("finish_export")
    work(2)
    assert len(sent(slow, "POST")) == 1
    (entry,) = Entry.objects.filter(action="export.unqueue")
    assert (entry.actor, entry.detail["reason"]) == (None, "Erin was disabled.")


def test_a_job_looks_itself_whether_its_person_is_still_there(
    behind: tuple[ExportRequest, ExportRequest], erin: Person, slow: Running
) -> None:
    Person.objects.filter(pk=erin.pk).update(is_active=False)
    slow.act("finish_export")
    work(2)
    assert ExportRequest.objects.get(pk=behind[1].pk).state == "dropped"
    assert len(sent(slow, "POST")) == 1


def test_a_lost_key_does_not_stop_the_queue_for_others(
    behind: tuple[ExportRequest, ExportRequest], erin: Person, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    third = start(client_as(alice), name="Third", projects=[SURFACES], when="free")
    erin.api_keys.all().delete()
    slow.act("finish_export")
    work(3)
    third.refresh_from_db()
    assert third.state == "started"
    news = text_of(client_as(erin).post("/exports/news/", headers=HTMX))
    assert "Your export was not started Second" in news


@pytest.mark.parametrize("fault", ["503", "reset", "429", "garbage"])
def test_a_vendor_that_is_down_is_waited_for(
    behind: tuple[ExportRequest, ExportRequest], slow: Running, fault: str
) -> None:
    slow.act("finish_export")
    slow.fault("cloudfactory", fault, method="GET", times=0)
    work(5)
    slow.clear_faults()
    assert ExportRequest.objects.get(pk=behind[1].pk).state == "queued"
    cache.clear()
    work(2)
    assert ExportRequest.objects.get(pk=behind[1].pk).state == "started"


def test_no_clear_answer_to_the_worker_is_found_out_by_reading(
    behind: tuple[ExportRequest, ExportRequest], slow: Running
) -> None:
    slow.act("finish_export")
    slow.fault("cloudfactory", "drop-after", method="POST", path="/exports$")
    work(3)
    assert ExportRequest.objects.get(pk=behind[1].pk).state == "started"
    assert len(sent(slow, "POST")) == 2


def test_what_is_not_found_is_not_sent_again_by_itself(
    behind: tuple[ExportRequest, ExportRequest], erin: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    slow.act("finish_export")
    slow.fault("cloudfactory", "503", method="POST", path="/exports$")
    work(8)
    export_request = ExportRequest.objects.get(pk=behind[1].pk)
    assert [one["status"] for one in sent(slow, "POST")] == [201, 503]
    assert Entry.objects.get(pk=export_request.act_id).outcome == "unknown"
    page = client_as(erin).get(f"/exports/plan/{export_request.pk}/")
    assert "It can be sent again, but a second one may result" in text_of(page)
    assert "Export again" in text_of(page)


def test_a_late_find_still_starts_the_watch(
    behind: tuple[ExportRequest, ExportRequest], slow: Running, settings: Any
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    slow.act("finish_export")
    slow.fault("cloudfactory", "503", method="POST", path="/exports$")
    work(8)
    slow.act("start_export", name="Second", by="admin@northwind.example")
    work(1)
    export_request = ExportRequest.objects.get(pk=behind[1].pk)
    assert (export_request.state, Entry.objects.get(pk=export_request.act_id).outcome) == ("started", "done")
    assert Operation.objects.filter(kind="exports.watch", subject=export_request.export_id).exists()


def test_an_export_is_found_without_anybody_s_press(alice: Person, client_as: ClientAs, slow: Running) -> None:
    """What CloudFactory started without an answer is followed as soon as its list shows it."""
    slow.fault("cloudfactory", "drop-after", method="POST", path="/exports$")
    pressed = form(name="Dropped")
    client_as(alice).post("/exports/new/", pressed)
    export_request = ExportRequest.objects.get(pk=pressed["id"])
    assert (export_request.state, Entry.objects.get(pk=export_request.act_id).outcome) == ("sending", "unknown")
    work()
    export_request.refresh_from_db()
    assert (export_request.state, Entry.objects.get(pk=export_request.act_id).outcome) == ("started", "done")
    assert len(sent(slow, "POST")) == 1


def test_the_page_of_a_queued_export_shows_its_place(
    behind: tuple[ExportRequest, ExportRequest], erin: Person, client_as: ClientAs
) -> None:
    page = client_as(erin).get(f"/exports/plan/{behind[1].pk}/", headers=HTMX)
    assert "Queued Your export" in text_of(page)
    assert 'hx-trigger="load delay:2s, again"' in page.content.decode()


# Killed processes: what they left is as if the process had stopped at that very line.


def cut_off(alice: Person, **said: Any) -> ExportRequest:
    act_id = uuid.uuid4()
    choice = {"projects": [EYES], "batches": []}
    long_ago = timezone.now() - datetime.timedelta(minutes=10)
    return made_by(alice, id=act_id, act_id=act_id, selection_data=choice, created_at=long_ago, **said)


def test_killed_before_the_entry_nothing_was_sent(alice: Person, client_as: ClientAs, slow: Running) -> None:
    export_request = cut_off(alice)
    worker.sweep()
    export_request.refresh_from_db()
    assert export_request.state == "dropped"
    assert "Not started" in text_of(client_as(alice).get(f"/exports/plan/{export_request.pk}/"))


def opened(export_request: ExportRequest) -> Entry:
    act = record.audited_call(
        actor=export_request.person,
        action="export.create",
        thing_kind="export",
        thing_name=export_request.name,
        vendor="cloudfactory",
        act_id=export_request.act_id,
        detail=export_request.detail(),
    )
    act.__enter__()
    return act.entry


@pytest.mark.parametrize("was_sent", [True, False])
def test_killed_between_entry_and_answer_is_found_out_by_the_sweep(
    alice: Person, client_as: ClientAs, slow: Running, settings: Any, was_sent: bool
) -> None:
    settings.AUDIT_GRACE = settings.AUDIT_SETTLE_SPAN = 0
    export_request = cut_off(alice, name="Killed")
    entry = opened(export_request)
    if was_sent:
        slow.act("start_export", name="Killed", by="ops@northwind.example")
    assert "We don't know whether the export “Killed” was started" in text_of(
        client_as(alice).get(f"/exports/plan/{export_request.pk}/")
    )
    work(4)
    export_request.refresh_from_db()
    entry = Entry.objects.get(pk=entry.pk)
    assert (export_request.state, entry.outcome) == (("started", "done") if was_sent else ("sending", "unknown"))
    assert sent(slow, "POST") == []


def test_killed_before_the_answer_was_written_down_is_picked_up_after_settle(
    alice: Person, slow: Running, settings: Any
) -> None:
    settings.AUDIT_GRACE = 0
    export_request = cut_off(alice, name="Killed")
    opened(export_request)
    slow.act("start_export", name="Killed", by="ops@northwind.example")
    call_command("settle", verbosity=0)
    services.recover()
    export_request.refresh_from_db()
    assert export_request.state == "started"
    assert Operation.objects.filter(kind="exports.watch", subject=export_request.export_id).exists()


def test_two_of_the_same_name_are_for_a_person_to_tell(
    alice: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.AUDIT_GRACE = 0
    export_request = cut_off(alice, name="Killed")
    opened(export_request)
    for _ in range(2):
        slow.act("start_export", name="Killed")
        slow.act("finish_export")
    work(6)
    export_request.refresh_from_db()
    assert export_request.state == "sending"
    assert Operation.objects.filter(kind="audit.reconcile").count() == 1
    assert "close this entry with a note" in text_of(client_as(alice).get(f"/exports/plan/{export_request.pk}/"))


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_worker_killed_while_starting_sends_nothing_twice(
    behind: tuple[ExportRequest, ExportRequest], slow: Running, settings: Any, was_sent: bool
) -> None:
    settings.AUDIT_GRACE = settings.AUDIT_SETTLE_SPAN = 0
    _, second = behind
    slow.act("finish_export")
    ExportRequest.objects.filter(pk=second.pk).update(state="sending")
    opened(ExportRequest.objects.get(pk=second.pk))
    if was_sent:
        slow.act("start_export", name="Second", by="admin@northwind.example")
    work(5)
    second.refresh_from_db()
    assert second.state == ("started" if was_sent else "sending")
    assert len(sent(slow, "POST")) == 1


def test_a_worker_killed_before_the_entry_goes_on(behind: tuple[ExportRequest, ExportRequest], slow: Running) -> None:
    _, second = behind
    slow.act("finish_export")
    ExportRequest.objects.filter(pk=second.pk).update(state="sending")
    work(2)
    second.refresh_from_db()
    assert second.state == "started"
    assert Entry.objects.get(pk=second.act_id).outcome == "done"


def test_a_clock_that_went_back_asks_the_slot_no_more_often(
    behind: tuple[ExportRequest, ExportRequest], slow: Running
) -> None:
    later = timezone.now() + datetime.timedelta(days=3)
    ExportRequest.objects.update(created_at=later)
    ExportRequest.objects.exclude(started_at=None).update(started_at=later)
    work()
    waits = Operation.objects.filter(state=State.WAITING).values_list("kind", "due_at")
    assert {kind for kind, _ in waits} == {"exports.start", "exports.watch"}
    assert all(due > timezone.now() for _, due in waits)
    assert set(Operation.objects.exclude(message="").values_list("message", flat=True)) == {
        "An export of Alice is running.",
        "It runs.",
    }
