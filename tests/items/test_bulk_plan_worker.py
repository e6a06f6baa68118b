"""A plan read by real workers, also where one is killed with SIGKILL in the middle of its reading."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import BulkItem, BulkSignal
from console.jobs.models import Operation, Part
from tests.items import bulk_helpers
from tests.items.bulk_helpers import archive_ids, create_plan
from tests.items.bulk_plan_helpers import signals
from tests.slices.making import text_of
from tests.waiting import until
from tests.workers import Process, Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ClientAs = Callable[[Person], Client]
State, Kind = BulkSignal.State, BulkItem.Kind


@pytest.fixture
def worker(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> Iterator[Start]:
    """Starts workers that share this test's database, vendors and audit, and read a pressed plan again at once."""
    settings.SIGNAL_PLAN_FRESH = 0
    queue = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    with workers(environment(emulator, audit_anchor, JOBS_URL=queue, SIGNAL_PLAN_FRESH="0")) as begin:
        yield begin


def state_of(bulk: BulkSignal) -> str:
    bulk.refresh_from_db()
    return bulk.state


def kill_after(process: Process, true: Callable[[], bool]) -> None:
    until(true)
    kill(process)


def has_read_two_parts(bulk: BulkSignal) -> bool:
    """So that the third is in hand: its answer is slow."""
    parts = Part.objects.filter(operation__subject=str(bulk.pk), operation__finished_at=None)
    return parts.filter(state=Part.State.DONE).count() == 2 and parts.filter(state=Part.State.RUNNING).exists()


def test_a_worker_killed_while_it_reads_leaves_a_plan_with_true_numbers(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    client, items = client_as(alice), archive_ids(alice)
    bulk_helpers.select(client, items)
    bulk = create_plan(client, "reopen")
    emulator.fault("cloudfactory", "slow-8", path=f"workItemIDs.*{items[-1]}", times=1)
    kill_after(worker(), lambda: has_read_two_parts(bulk))
    worker()
    until(lambda: state_of(bulk) == State.READY)
    assert bulk.items.filter(kind=Kind.LIKELY).count() == 250
    page = client.get(f"{bulk_helpers.ITEMS}bulk/{bulk.pk}/")
    assert "Reopen 250 items" in text_of(page)
    assert Operation.objects.filter(kind="items.plan").count() == 1
    assert signals(emulator) == []


def test_a_worker_killed_while_a_pressed_plan_is_read_again_sends_nothing_that_changed(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    """Changes that the first worker read are still shown compared with the confirmed plan."""
    client, items = client_as(alice), archive_ids(alice)
    bulk_helpers.select(client, items)
    bulk = create_plan(client, "reopen")
    kill_after(worker(), lambda: state_of(bulk) == State.READY)
    emulator.act("set_status", items=items[:5], status="FAILED")
    emulator.fault("cloudfactory", "slow-8", path=f"workItemIDs.*{items[-1]}", times=1)
    bulk_helpers.press(client, bulk)
    kill_after(worker(), lambda: has_read_two_parts(bulk))
    assert bulk.items.filter(kind=Kind.CHANGED).count() == 5
    worker()
    until(lambda: state_of(bulk) == State.READY)
    assert bulk.is_pressed
    assert (bulk.items.filter(kind=Kind.CHANGED).count(), bulk.items.filter(kind=Kind.LIKELY).count()) == (5, 245)
    assert signals(emulator) == []
