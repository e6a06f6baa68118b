"""A signal to many work items on the page of one's own jobs, and a worker of it that dies and is started again."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import BulkSignal
from console.jobs.models import Operation
from console.jobs.models import State as JobState
from tests.exports.making import text_of
from tests.items.bulk_helpers import archive_ids, signals, state_of, statuses, wait_for_end
from tests.items.test_bulk_send import POST, figures, once_each, ready, start, work
from tests.waiting import PATIENCE, until
from tests.workers import environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
ClientAs = Callable[[Person], Client]
State = BulkSignal.State
MINE = "/jobs/mine/"


def job_of(bulk: BulkSignal) -> Operation:
    return Operation.objects.get(kind=BulkSignal.JOB, subject=str(bulk.pk))


def test_it_leads_to_its_page_and_is_stopped_there(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, bulk = client_as(alice), start(ready(alice, archive_ids(alice, 120)))
    page = client.get(MINE)
    assert f'href="/projects/{bulk.project}/items/bulk/{bulk.pk}/"' in page.content.decode()
    assert "0 of 2 parts" in text_of(page)
    assert "It stops after the current part" in text_of(client.post(f"/jobs/{job_of(bulk).pk}/stop/", follow=True))
    work()
    assert (state_of(bulk), figures(bulk), signals(emulator)) == (State.STOPPED, (0, 0, 0, 120), [])
    assert "2 of 2 parts" in text_of(client.get(MINE))


def test_a_paused_one_carries_on_from_there(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, bulk = client_as(alice), start(ready(alice, archive_ids(alice, 20)))
    # As five failures in a row leave it.
    Operation.objects.filter(pk=job_of(bulk).pk).update(state=JobState.PAUSED, message="CloudFactory fails.")
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.PAUSED, message="CloudFactory fails.")
    assert "Paused" in text_of(client.get(MINE))
    work()
    assert signals(emulator) == []
    client.post(f"/jobs/{job_of(bulk).pk}/carry-on/")
    work()
    assert (state_of(bulk), figures(bulk)) == (State.ENDED, (20, 0, 0, 0))


def test_a_worker_that_starts_again_goes_on_without_waiting_for_the_lease(
    alice: Person, emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path
) -> None:
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    queue = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    items = archive_ids(alice, 120)
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "slow-8", **POST)
    start(bulk)
    with workers(environment(emulator, audit_anchor, JOBS_URL=queue, JOBS_LEASE="3600")) as begin:
        first = begin()
        until(lambda: statuses(emulator, items[:100]) == ["NEW"] * 100)
        kill(first)
        begin()
        wait_for_end(bulk)
    assert (figures(bulk), once_each(emulator)) == ((120, 0, 0, 0), True)


def test_a_worker_that_is_told_to_end_finishes_the_hundred_in_hand_and_the_next_one_goes_on(
    alice: Person, emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path
) -> None:
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    queue = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    items = archive_ids(alice, 220)
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "slow-3", **POST)
    start(bulk)
    with workers(environment(emulator, audit_anchor, JOBS_URL=queue)) as begin:
        first = begin("--graceful-signal", "TERM")
        until(lambda: statuses(emulator, items[:100]) == ["NEW"] * 100)
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=PATIENCE) == 0
        parts = list(job_of(bulk).parts.values_list("state", flat=True))
        assert (parts, job_of(bulk).state) == (["done", "waiting", "waiting"], JobState.WAITING)
        begin()
        wait_for_end(bulk)
    assert (figures(bulk), signals(emulator)) == ((220, 0, 0, 0), [items[:100], items[100:200], items[200:]])
