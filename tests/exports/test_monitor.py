"""Following an export: one read however many watch, delays that grow, an end that is told once, silence survived."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.demo import connect_key
from accounts.models import Person, Place
from console.common import write_behind
from console.common.formatting import moment
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.jobs import worker
from console.jobs.models import Operation, State
from tests.conftest import OWNER, SPACE
from tests.exports.making import EXPORTS, HTMX, body_of, finish, form, sent, start, text_of, work

ClientAs = Callable[[Person], Client]


@pytest.fixture
def running(alice: Person, client_as: ClientAs, slow: Running) -> ExportRequest:
    return start(client_as(alice), name="Q3")


def status(client: Client, export_request: ExportRequest, look: int = 0) -> Any:
    return client.get(f"/exports/{export_request.export_id}/status/", {"look": look}, headers=HTMX)


@pytest.mark.parametrize(("look", "seconds"), [(0, 2), (1, 4), (2, 8), (3, 15), (4, 30), (100, 30)])
def test_the_next_look_is_later_each_time(
    running: ExportRequest, alice: Person, client_as: ClientAs, look: int, seconds: int
) -> None:
    content = status(client_as(alice), running, look).content.decode()
    assert f'hx-trigger="load delay:{seconds}s, again"' in content
    assert f"look={look + 1}" in content
    assert "data-poll" in content


@pytest.mark.parametrize("look", ["200", "9999"])
def test_looking_does_not_go_on_for_ever(running: ExportRequest, alice: Person, client_as: ClientAs, look: str) -> None:
    assert "hx-trigger" not in status(client_as(alice), running, int(look)).content.decode()


def test_ten_people_cost_no_more_than_one(
    running: ExportRequest, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.SHARED_READ_SECONDS = 60
    people = [_watcher(number) for number in range(10)]
    clients = [client_as(person) for person in people]
    for client in clients:
        status(client, running)
    slow.forget_requests()
    for look in range(5):
        for client in clients:
            assert "You may leave" in text_of(status(client, running, look))
    assert sent(slow, "GET", f"{EXPORTS}/{running.export_id}") == []


def _watcher(number: int) -> Person:
    person = Person.objects.create_user(f"w{number}@northwind.example", None, name=f"W{number}", role="reviewer")
    connect_key(person, "avala", "avk_demo_reviewer", OWNER, "Northwind")
    connect_key(person, "cloudfactory", "cf_demo_reviewer", SPACE, "Northwind")
    return person


def test_a_key_without_the_right_sees_nothing_of_a_shared_read(
    running: ExportRequest, alice: Person, carol: Person, client_as: ClientAs, settings: Any
) -> None:
    """Carol names Alice's space; her own key knows nothing of it, and Alice's answer is not hers."""
    settings.SHARED_READ_SECONDS = 60
    assert status(client_as(alice), running).status_code == 200
    Place.objects.filter(person=carol, vendor="cloudfactory").update(value=SPACE)
    assert status(client_as(carol), running).status_code == 404
    running.refresh_from_db()
    assert running.ended_at is None


def test_the_end_ends_the_watch_and_shows_the_download(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    finish(slow, running)
    assert "Checking the file…" in text_of(status(client, running))
    work()
    content = status(client, running).content.decode()
    assert "hx-trigger" not in content
    assert f"/exports/{running.export_id}/download/" in content


def test_what_was_to_cancel_is_to_delete_once_it_is_ready(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    assert "&amp;runs=1" in status(client, running).content.decode()
    finish(slow, running)
    ended = client.get(f"/exports/{running.export_id}/status/?look=1&runs=1", headers=HTMX)
    assert ended.content.decode().count('hx-swap-oob="true"') == 2
    assert "Delete Q3 ?" in text_of(ended)
    assert "hx-swap-oob" not in status(client, running).content.decode()


def test_a_failure_shows_the_vendors_words_in_full(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    words = "disk full on node 7: " + "x" * 900
    slow.act("fail_export", error=words)
    said = text_of(status(client_as(alice), running))
    assert "CloudFactory could not make this export" in said
    assert words in said
    assert "hx-trigger" not in status(client_as(alice), running).content.decode()


def test_the_worker_sees_the_end_also_when_nobody_looks_and_it_is_told_once(
    running: ExportRequest, alice: Person, erin: Person, client_as: ClientAs, slow: Running
) -> None:
    work()
    assert Operation.objects.get(kind="exports.watch").state == State.WAITING
    finish(slow, running)
    work()
    assert Operation.objects.get(kind="exports.watch").state == State.DONE
    page = client_as(alice).get("/")
    assert 'id="export-news"' in page.content.decode()
    assert "Your export is ready Q3" in text_of(client_as(alice).post("/exports/news/", headers=HTMX))
    assert "Q3" not in text_of(client_as(alice).post("/exports/news/", headers=HTMX))
    assert "Q3" not in text_of(client_as(erin).post("/exports/news/", headers=HTMX))
    assert 'id="export-news"' not in client_as(alice).get("/").content.decode()


def test_a_lost_key_ends_the_watch_at_once_and_in_words(running: ExportRequest, alice: Person, slow: Running) -> None:
    slow.fault("cloudfactory", "401")
    work()
    watch = Operation.objects.get(kind="exports.watch")
    assert (watch.state, watch.attempts) == (State.FAILED, 1)
    assert "does not know" in watch.message


def test_the_page_of_jobs_names_the_export(running: ExportRequest, erin: Person, client_as: ClientAs) -> None:
    said = text_of(client_as(erin).get("/jobs/"))
    assert "Watch an export until it ends Q3" in said
    assert running.export_id not in said


def test_the_audit_tells_what_became_of_it(
    running: ExportRequest, alice: Person, bob: Person, dana: Person, client_as: ClientAs, slow: Running
) -> None:
    audit = client_as(dana)
    assert "link expires" not in text_of(audit.get("/audit/"))
    finish(slow, running)
    body_of(client_as(bob).get(f"/exports/{running.export_id}/download/"))
    client_as(alice).get(f"/exports/{running.export_id}/")
    write_behind.flush()
    running.refresh_from_db()
    assert running.ended_at is not None
    ends = moment(running.ended_at + timedelta(days=7))
    assert f"Downloaded by Bob once. Its link expires {ends}." in text_of(audit.get("/audit/"))
    act_id = client_as(alice).get(f"/exports/{running.export_id}/delete/").context["act_id"]
    client_as(alice).post(f"/exports/{running.export_id}/delete/", {"act_id": str(act_id)})
    said = text_of(audit.get("/audit/"))
    assert "Downloaded by Bob once. It was deleted, along with its file." in said
    assert "link expires" not in said


def test_the_end_that_a_page_saw_is_the_end_that_the_worker_writes(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    finish(slow, running)
    client = client_as(alice)
    page = client.get(f"/exports/{running.export_id}/")
    Operation.objects.filter(kind="exports.watch").update(due_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        worker.sweep()
    running.refresh_from_db()
    assert running.ended_at == page.context["row"].export_request.ended_at


def test_how_long_it_took_is_told_as_a_limit(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    """CloudFactory tells only when it was asked for: its end is known as the moment somebody saw it."""
    finish(slow, running)
    client = client_as(alice)
    assert "Ready took at most" in text_of(client.get(f"/exports/{running.export_id}/"))
    assert "took at most" in text_of(client.get("/exports/"))


def test_the_audit_tells_that_there_is_no_file(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.act("fail_export", error="disk full")
    page = client_as(alice).get(f"/exports/{running.export_id}/")
    assert "Asked for" in text_of(page)
    assert "Not made" in text_of(page)
    assert "Ready" not in text_of(page)
    write_behind.flush()
    audit = client_as(alice).get("/audit/")
    assert "CloudFactory could not build it, so there is no file." in text_of(audit)
    assert "Failed later" in text_of(audit)


def test_the_handover_note_counts_what_was_made(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    """One failed at the vendor; another waited for the slot first, and is one export all the same."""
    client = client_as(alice)
    client.post("/exports/new/", form(name="Waited", when="free", again="1"))
    slow.act("fail_export", error="disk full")
    client.get(f"/exports/{running.export_id}/")
    work()
    assert ExportRequest.objects.get(name="Waited").export_id
    since, until = (f"{timezone.localtime() + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 1))
    page = client.get("/audit/handover/", {"since": since, "until": until})
    sections = {section.title: [line.text for line in section.lines] for section in page.context["note"].sections}
    assert sections == {
        "Exports created": ["Alice exported all of Eye screening as Waited (COCO)"],
        "Failed": [
            "Alice exported all of Eye screening as Q3 (COCO). CloudFactory could not build it, so there is no file."
        ],
    }
    assert "CloudFactory could not build it, so there is no file." in text_of(page).partition("The note as text")[0]


@pytest.mark.parametrize("fault", ["503", "reset", "garbage", "429"])
def test_a_vendor_that_fails_does_not_end_the_watch(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, fault: str
) -> None:
    client = client_as(alice)
    assert status(client, running).status_code == 200
    slow.fault("cloudfactory", fault, method="GET", times=0)
    for address in (f"/exports/{running.export_id}/status/", f"/exports/{running.export_id}/row/", "/exports/lane/"):
        client.get("/exports/lane/", headers=HTMX)
        response = client.get(address, headers=HTMX)
        assert response.status_code == 200
        assert "hx-trigger" in response.content.decode()
    assert "This is its last one" in text_of(status(client, running))
    for _ in range(5):
        work()
    slow.clear_faults()
    assert Operation.objects.get(kind="exports.watch").state == State.WAITING


def test_without_a_last_answer_it_still_asks_again(
    running: ExportRequest, bob: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.fault("cloudfactory", "503", method="GET", times=0)
    page = status(client_as(bob), running)
    assert "CloudFactory gave no new answer. We'll check again." in text_of(page)
    assert f"/exports/{running.export_id}/status/?look=1" in page.content.decode()


def test_deleted_elsewhere_ends_the_watch(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    client.get(f"/exports/{running.export_id}/")
    slow.act("delete_export", export=running.export_id)
    page, row = status(client, running), client.get(f"/exports/{running.export_id}/row/", headers=HTMX)
    assert "This export is not there any more" in text_of(page)
    assert text_of(row) == "“ Q3 ” is not there any more."
    assert b"hx-trigger" not in page.content + row.content
    work()
    running.refresh_from_db()
    assert running.end_status == "DELETED"
    assert text_of(client_as(alice).post("/exports/news/", headers=HTMX)) == ""


def test_a_row_of_the_list_updates_itself(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    page = client.get("/exports/").content.decode()
    assert f'hx-get="/exports/{running.export_id}/row/?look=1"' in page
    assert page.count("/row/?look") == 1
    finish(slow, running)
    row = client.get(f"/exports/{running.export_id}/row/?look=1", headers=HTMX).content.decode()
    assert row.strip().startswith("<tr")
    assert "Ready" in row
    assert "hx-trigger" not in row


def test_elapsed_and_usual_time_are_told(
    running: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    past = timezone.now() - timedelta(days=1)
    for number in range(3):
        ExportRequest.objects.create(
            person=alice,
            space=running.space,
            name="x",
            export_id=f"{number}",
            state="started",
            end_status="COMPLETED",
            started_at=past,
            ended_at=past + timedelta(minutes=6),
            notified_at=past,
        )
    with time_machine.travel(timezone.now() + timedelta(seconds=95), tick=False):
        words = text_of(status(client_as(alice), running))
    assert "for 1 min" in words or "for 2 min" in words
    assert "yours usually take about 6 min" in words
