"""A check of the whole chain runs in the background: a page shows its progress and can stop it, the verdict stays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Person
from console.audit import chain_check, triggers, verify
from console.audit.models import ChainCheck, ChainCheckRun
from console.jobs import services as jobs
from console.jobs import worker
from console.jobs.models import Operation, State
from console.jobs.queues import Queue
from tests.audit.many import fill
from tests.exports.making import HTMX, text_of

ClientAs = Callable[[Person], Client]
CHECK, STOP = "/audit/check/", "/audit/check/stop/"


@pytest.fixture
def auditor(dana: Person, alice: Person, client_as: ClientAs) -> Client:
    fill(50, [alice])
    return client_as(dana)


def test_the_request_only_starts_it_and_the_bulk_worker_does_it(auditor: Client) -> None:
    assert "Not verified yet." in text_of(auditor.get(CHECK))
    response = auditor.post(CHECK, follow=True)
    assert "Waiting to start 0 entries of 50 entries checked" in text_of(response)
    assert not ChainCheck.objects.exists()
    assert "Verifying: 0 entries of 50 entries checked" in text_of(auditor.get("/audit/"))
    worker.sweep(Queue.QUICK)
    assert not ChainCheck.objects.exists()
    worker.sweep(Queue.BULK)
    page = auditor.get(CHECK)
    assert "All 50 entries were complete and unaltered when last verified" in text_of(page)
    assert "hx-get" not in page.content.decode().partition('id="chain-check"')[2].partition(">")[0]


def test_a_duplicate_submission_starts_no_second_check(auditor: Client) -> None:
    auditor.post(CHECK)
    auditor.post(CHECK)
    assert Operation.objects.filter(kind="audit.check").count() == 1


def test_the_page_shows_how_far_it_is_and_asks_again(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "AT_ONCE", 20)
    shown: list[str] = []
    auditor.post(CHECK)
    assert 'hx-trigger="load delay:2s, again"' in auditor.get(CHECK).content.decode()
    chain_check.run(lambda: shown.append(text_of(auditor.get(CHECK, headers=HTMX))) is None)
    assert ["40 entries of 50 entries checked" in page for page in shown] == [False, False, True]


def test_a_check_that_is_stopped_ends_and_leaves_the_last_verdict(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor.post(CHECK)
    worker.sweep()
    before = ChainCheck.objects.get().at
    monkeypatch.setattr(verify, "AT_ONCE", 20)
    auditor.post(CHECK)
    assert chain_check.run(lambda: auditor.post(STOP).status_code == 302) is None
    worker.sweep()
    page = text_of(auditor.get(CHECK))
    assert "The last check was stopped." in page
    assert "All 50 entries were complete and unaltered when last verified" in page
    assert ChainCheck.objects.get().at == before
    assert Operation.objects.filter(kind="audit.check").latest("created_at").state == State.DONE
    assert ChainCheckRun.objects.get().rows == 0


def test_a_changed_row_is_named_on_the_page(auditor: Client) -> None:
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET thing_name = 'Sun' WHERE sequence = 30")
    triggers.install(connection)
    auditor.post(CHECK)
    worker.sweep()
    assert "Row 30 was changed after it was written" in text_of(auditor.get(CHECK))


def test_stopping_nothing_says_so(auditor: Client) -> None:
    assert "No check was running." in text_of(auditor.post(STOP, follow=True))


def test_a_check_of_somebody_who_was_disabled_is_not_left_waiting(
    auditor: Client, dana: Person, erin: Person, client_as: ClientAs
) -> None:
    auditor.post(CHECK)
    jobs.drop_of(dana)
    page = text_of(client_as(erin).get(CHECK))
    assert "The last check was stopped." in page
    assert "Dana was disabled." in page


@pytest.mark.parametrize("address", [CHECK, STOP])
def test_only_those_who_see_the_chain_can_check_it(
    alice: Person, bob: Person, client_as: ClientAs, address: Any
) -> None:
    for person in (alice, bob):
        assert client_as(person).post(address).status_code == 403


def test_a_check_whose_job_was_never_queued_is_done_all_the_same(auditor: Client) -> None:
    """As after a kill between the two."""
    auditor.post(CHECK)
    Operation.objects.all().delete()
    worker.sweep()
    assert "All 50 entries were complete" in text_of(auditor.get(CHECK))
