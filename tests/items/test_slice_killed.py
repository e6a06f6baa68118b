"""Workers killed with SIGKILL in the middle of a slice: its plan comes to the same, and no item is created twice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import verify
from console.emulator.server import Running
from console.items.models import Import, ImportRow
from console.jobs.models import Operation, Part
from tests.items.import_helpers import figures, posts, start, wait_for_end
from tests.items.slice_helpers import create_plan, in_batch, make_batch, make_slice, send
from tests.items.slice_helpers import figures as planned
from tests.items.test_slice_sending import items_of, slice_ids
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
ClientAs = Callable[[Person], Client]
State, Outcome = Import.State, ImportRow.Outcome
POST = {"method": "POST", "path": "/workItems$"}


@pytest.fixture
def world(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> dict[str, str]:
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    return environment(emulator, audit_anchor, JOBS_URL=f"sqlite:///{tmp_path / 'jobs.sqlite3'}")


@pytest.fixture
def worker(world: dict[str, str]) -> Iterator[Start]:
    with workers(world) as begin:
        yield begin


@pytest.mark.parametrize("fault", ["slow-8", "drop-after"])
def test_killed_between_call_and_answer_there_are_still_thirty(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start, fault: str
) -> None:
    source, batch = make_slice(alice, emulator, "Killed"), make_batch(alice)
    import_run = start(create_plan(client_as(alice), source, batch))
    emulator.forget_requests()
    emulator.fault("cloudfactory", fault, **POST, times=2)
    first = worker()
    until(lambda: len(posts(emulator)) >= 4)
    kill(first)
    emulator.clear_faults()
    worker()
    wait_for_end(import_run)
    until(lambda: not Operation.objects.unfinished().filter(subject=str(import_run.pk)).exists())
    assert slice_ids(alice, batch) == items_of(alice, source)
    assert len(in_batch(alice, batch)) == 30
    assert figures(import_run)[0] == 30
    assert verify.check().is_whole
    assert planned(create_plan(client_as(alice), source, batch)) == (0, 30, 0)


def test_killed_while_it_reads_the_plan_is_the_same(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    source, batch = make_slice(alice, emulator, "Killed reading"), make_batch(alice)
    send(client_as(alice), source, batch=str(batch))
    emulator.fault("avala", "slow-8", path="/items/list/")
    first = worker()
    until(lambda: Part.objects.filter(state=Part.State.RUNNING).exists())
    kill(first)
    worker()
    until(lambda: Import.objects.filter(state=State.READY).exists())
    import_run = Import.objects.get()
    assert planned(import_run) == (30, 0, 0)
    assert import_run.rows.count() == 30


def test_two_people_at_once_on_two_workers_create_thirty(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    source, batch = make_slice(alice, emulator, "At once"), make_batch(alice)
    plans = [create_plan(client_as(person), source, batch) for person in (alice, erin)]
    for one in plans:
        start(one)
    emulator.fault("cloudfactory", "slow-0.1", **POST, times=0)
    worker("--workers", "2")
    for one in plans:
        wait_for_end(one)
    assert slice_ids(alice, batch) == items_of(alice, source)
    figures_of_each = [figures(one) for one in plans]
    assert sum(one[0] for one in figures_of_each) == 30
    assert all(one[0] + one[1] == 30 for one in figures_of_each)
    assert verify.check().is_whole


def test_killed_again_and_again_there_are_still_thirty(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    source, batch = make_slice(alice, emulator, "Again and again"), make_batch(alice)
    import_run = start(create_plan(client_as(alice), source, batch))
    emulator.forget_requests()
    emulator.fault("cloudfactory", "slow-0.3", **POST, times=0)
    for _ in range(4):
        before = len(posts(emulator))
        process = worker()
        until(lambda before=before: len(posts(emulator)) > before or is_final(import_run))
        kill(process)
    emulator.clear_faults()
    worker()
    wait_for_end(import_run)
    assert slice_ids(alice, batch) == items_of(alice, source)
    assert figures(import_run)[0] == 30
    assert verify.check().is_whole


def is_final(import_run: Import) -> bool:
    return Import.objects.filter(pk=import_run.pk, state__in=(State.ENDED, State.STOPPED)).exists()
