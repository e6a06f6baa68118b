"""Two who touch the same import at once, or long after each other: no item is created twice, no news is lost."""

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation
from console.emulator.server import Running
from console.items.imports import services
from console.items.imports.results import RowResult
from console.items.models import Import, ImportRow
from console.items.runs import result_writer
from console.jobs.models import Operation
from tests.items.import_helpers import POST_REQUEST, entries, figures, ready_import, run_workers, start

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[Person], Client]
State, Outcome = Import.State, ImportRow.Outcome
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def proven_missing(person: Person, emulator: Running) -> tuple[Import, Operation, ImportRow]:
    """One row of 20 that three checks did not find, just before the job sends it again."""
    emulator.fault("cloudfactory", "reset", times=1, **POST_REQUEST)
    import_run = start(ready_import(person, 20))
    run_workers(1)
    for _ in range(reconciliation.LEAST_MISSES):
        reconciliation.look(entries(import_run)[0])
    [row], [entry] = import_run.rows.filter(outcome=Outcome.UNKNOWN), entries(import_run)
    assert entry.result.get("not_found")
    operation = Operation.objects.get(kind=Import.JOB)
    operation.state, operation.lease_id = "running", uuid.uuid4()
    operation.save()
    return import_run, operation, row


def test_what_a_late_check_finds_while_it_is_about_to_be_sent_again_is_not_sent(
    alice: Person, emulator: Running
) -> None:
    import_run, operation, row = proven_missing(alice, emulator)
    counts: list[int] = []

    def send_again() -> None:
        try:
            counts.append(services.send_again(operation, import_run, entries(import_run)[0]))
        finally:
            connection.close()

    worker = threading.Thread(target=send_again)
    with transaction.atomic():
        result_writer.write(
            Import, import_run.pk, {row.pk: RowResult(Outcome.CREATED, item=uuid.uuid4())}, only=[Outcome.UNKNOWN]
        )
        worker.start()
        # Time for the worker to have read the row as it was before.
        time.sleep(0.5)
    worker.join()
    row.refresh_from_db()
    assert (counts, row.outcome) == ([0], Outcome.CREATED)


def test_a_row_that_is_sent_again_is_not_judged_by_a_check_of_its_first_act(alice: Person, emulator: Running) -> None:
    import_run, operation, row = proven_missing(alice, emulator)
    [entry] = entries(import_run)
    assert services.send_again(operation, import_run, entry) == 1
    import_run.rows.filter(pk=row.pk).update(outcome=Outcome.SENDING)
    late = {row.pk: RowResult(Outcome.UNKNOWN, is_miss=True)}
    result_writer.write(Import, import_run.pk, late, only=ImportRow.OPEN_OUTCOMES, act=entry.pk)
    row.refresh_from_db()
    assert (row.outcome, row.misses) == (Outcome.SENDING, 0)


def test_a_plan_that_was_read_again_meanwhile_is_not_started(alice: Person, emulator: Running) -> None:
    import_run = ready_import(alice, 3)
    Import.objects.filter(pk=import_run.pk).update(read_at=timezone.now() + timedelta(seconds=1))
    assert not services.start(user=alice, import_run=import_run)
    assert services.start(user=alice, import_run=Import.objects.get(pk=import_run.pk))


def test_a_second_pause_is_news_also_after_it_was_carried_on_among_the_jobs(
    alice: Person, emulator: Running, client_as: SignIn
) -> None:
    client, import_run = client_as(alice), start(ready_import(alice, 3))

    def read_notifications() -> str:
        return client.post("/signals/news/", headers=HTMX).content.decode()

    for _ in range(2):
        Import.objects.update(state=State.PAUSED)
        Operation.objects.filter(kind=Import.JOB).update(state="paused")
        assert "Paused: creating 3 work items" in read_notifications()
        assert "Paused" not in read_notifications()
        operation = Operation.objects.get(kind=Import.JOB, subject=str(import_run.pk))
        client.post(f"/jobs/{operation.pk}/carry-on/")
    run_workers()
    assert figures(import_run) == (3, 0, 0, 0, 0)
