"""The pages of background jobs: administrators see all of them, everybody sees and controls what they started."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from console.jobs import handlers, parts, services, worker
from console.jobs.handlers import Handler
from console.jobs.models import Operation, Part, State
from console.jobs.parts import Hold, PartDone
from tests.exports.making import text_of

ClientAs = Callable[[Person], Client]
KIND = "tests.parts"
MINE = "/jobs/mine/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def kind(db: None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A kind of job in parts that can be stopped; what its parts come to, done if nothing is said."""
    results: list[Any] = []

    def do(operation: Operation, part: Part) -> parts.PartResult:
        result: parts.PartResult = results.pop(0) if results else PartDone()
        return result

    handler = Handler(
        lambda operation: parts.run(operation, do, most=2),
        address=lambda operation: f"/audit/?about={operation.subject}",
        stop=services.stop_parts,
        carry_on=lambda operation: services.carry_on(kind=operation.kind, subject=operation.subject),
    )
    monkeypatch.setitem(handlers.HANDLERS, KIND, handler)
    return results


def queued(person: Person | None, subject: str = "sheet", count: int = 5) -> Operation:
    about = {"about": f"Project <b>{subject}</b>"}
    operation = services.enqueue(kind=KIND, subject=subject, person=person, payload=about)
    parts.add(operation, [{}] * count)
    return operation


def now_is(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def test_everybody_sees_what_they_started_and_nothing_of_others(
    kind: list[Any], alice: Person, bob: Person, dana: Person, erin: Person, client_as: ClientAs
) -> None:
    queued(alice)
    worker.sweep()
    words = text_of(client_as(alice).get(MINE))
    assert "Project <b>sheet</b>" in words
    assert "2 of 5 parts" in words
    for person in (bob, dana, erin):
        assert "No jobs of yours" in text_of(client_as(person).get(MINE))


def test_what_waits_for_the_person_stands_first_and_jobs_in_parts_above_checks(
    kind: list[Any], alice: Person, client_as: ClientAs
) -> None:
    paused = queued(alice, "paused")
    Operation.objects.filter(pk=paused.pk).update(state=State.PAUSED)
    queued(alice, "running")
    for number in range(120):
        services.enqueue(kind="audit.reconcile", subject=f"check {number}", person=alice, payload={"about": "Check"})
    words = text_of(client_as(alice).get(MINE))
    assert 0 < words.index("<b>paused</b>") < words.index("<b>running</b>") < words.index("Check")


def test_a_job_leads_to_what_it_is_about(kind: list[Any], alice: Person, client_as: ClientAs) -> None:
    queued(alice)
    page = client_as(alice).get(MINE).content.decode()
    assert 'href="/audit/?about=sheet"' in page
    assert "<b>sheet" not in page


def test_a_job_whose_subject_fits_no_address_has_no_link(alice: Person, client_as: ClientAs) -> None:
    for one in ("exports.receipt", "exports.watch", "exports.start", "audit.reconcile", "items.bulk", "items.plan"):
        services.enqueue(kind=one, subject="no id", person=alice)
    assert client_as(alice).get(MINE).status_code == 200


def test_the_account_menu_leads_there(alice: Person, client_as: ClientAs) -> None:
    assert f'href="{MINE}"' in client_as(alice).get("/").content.decode()


def test_a_person_stops_their_own_job(kind: list[Any], alice: Person, client_as: ClientAs) -> None:
    operation, client = queued(alice), client_as(alice)
    worker.sweep()
    page = client.post(f"/jobs/{operation.pk}/stop/", follow=True)
    assert "Nothing more is started" in text_of(page)
    assert "Stopping" in text_of(page)
    assert f"/jobs/{operation.pk}/stop/" not in page.content.decode()
    worker.sweep()
    assert list(operation.parts.values_list("state", flat=True)) == ["done"] * 2 + ["left out"] * 3
    assert "5 of 5 parts" in text_of(client.get(MINE))
    assert "has already ended" in text_of(client.post(f"/jobs/{operation.pk}/stop/", follow=True))


def test_a_person_lets_their_paused_job_carry_on(kind: list[Any], alice: Person, client_as: ClientAs) -> None:
    kind.append(Hold("CloudFactory <i>fails</i>."))
    operation, client = queued(alice, count=2), client_as(alice)
    worker.sweep()
    words = text_of(client.get(MINE))
    assert ("Paused" in words, "CloudFactory <i>fails</i>." in words) == (True, True)
    assert "It is running again" in text_of(client.post(f"/jobs/{operation.pk}/carry-on/", follow=True))
    worker.sweep()
    assert now_is(operation).state == State.DONE
    assert "no longer paused" in text_of(client.post(f"/jobs/{operation.pk}/carry-on/", follow=True))


@pytest.mark.parametrize("move", ["stop", "carry-on"])
def test_nobody_moves_the_job_of_another_person(
    kind: list[Any], alice: Person, bob: Person, erin: Person, client_as: ClientAs, move: str
) -> None:
    kind.append(Hold("CloudFactory fails."))
    operation, consoles_own = queued(alice), queued(None, "of nobody")
    worker.perform(operation.pk)
    for person in (bob, erin):
        assert client_as(person).post(f"/jobs/{operation.pk}/{move}/").status_code == 404
        assert client_as(person).post(f"/jobs/{consoles_own.pk}/{move}/").status_code == 404
    assert client_as(alice).get(f"/jobs/{operation.pk}/{move}/").status_code == 405
    assert (now_is(operation).state, now_is(operation).stop_asked_at) == (State.PAUSED, None)


def test_a_kind_that_can_not_be_stopped_has_no_button(
    kind: list[Any], alice: Person, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(handlers.HANDLERS, KIND, replace(handlers.HANDLERS[KIND], stop=None))
    operation, client = queued(alice), client_as(alice)
    assert "/stop/" not in client.get(MINE).content.decode()
    assert "can't be stopped" in text_of(client.post(f"/jobs/{operation.pk}/stop/", follow=True))
    assert now_is(operation).stop_asked_at is None


def test_the_page_asks_again_only_while_something_goes_on(kind: list[Any], alice: Person, client_as: ClientAs) -> None:
    client, operation = client_as(alice), queued(alice, count=1)
    page = client.get(MINE).content.decode()
    assert 'hx-get="/jobs/mine/?look=2"' in page
    part = client.get(f"{MINE}?look=2", headers=HTMX).content.decode()
    assert part.lstrip().startswith("<div")
    assert ("delay:4s" in part, "look=3" in part) == (True, True)
    assert "hx-get" not in client.get(f"{MINE}?look=201", headers=HTMX).content.decode()
    for odd in ("-1", "x", "9" * 30, ""):
        assert "look=2" in client.get(f"{MINE}?look={odd}", headers=HTMX).content.decode()
    worker.perform(operation.pk)
    assert "hx-get" not in client.get(f"{MINE}?look=2", headers=HTMX).content.decode()


def test_the_statements_of_the_pages_do_not_grow_with_the_jobs(
    kind: list[Any], alice: Person, erin: Person, client_as: ClientAs
) -> None:
    counts = []
    for place in range(8):
        queued(alice, f"sheet {place}")
        if place in (1, 7):
            for client, address in ((client_as(alice), MINE), (client_as(erin), "/jobs/")):
                client.get(address)
                with CaptureQueriesContext(
                    connection,
                ) as captured:
                    client.get(address)
                counts.append(len(captured))
    assert counts[:2] == counts[2:]


def test_administrators_see_parts_pauses_and_workers(
    kind: list[Any], alice: Person, erin: Person, client_as: ClientAs
) -> None:
    kind.extend([PartDone(), Hold("CloudFactory fails.")])
    queued(alice, "paused")
    worker.sweep()
    running = queued(alice, "running", count=1200)
    Operation.objects.claim(running.pk, services.lease(), worker="machine:0123456789ab/3")
    words = text_of(client_as(erin).get("/jobs/"))
    for said in ("Paused until", "1 of 5 parts", "CloudFactory fails.", "0 of 1,200 parts", "machine:0123456789ab/3"):
        assert said in words


def test_a_job_that_was_paused_for_long_is_not_without_a_worker(
    kind: list[Any], alice: Person, erin: Person, client_as: ClientAs
) -> None:
    kind.append(Hold("CloudFactory fails."))
    queued(alice)
    worker.sweep()
    Operation.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "No worker seems to run" not in text_of(client_as(erin).get("/jobs/"))
