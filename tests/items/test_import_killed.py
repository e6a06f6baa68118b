"""Workers killed with SIGKILL in the middle of an import: each item is created exactly once, without help."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Person
from console.audit import verify
from console.audit.models import Lookup
from console.emulator.server import Running
from console.items.imports import services
from console.items.models import Import, ImportRow
from console.jobs.models import Operation, Part
from tests.items.import_helpers import (
    POST_REQUEST,
    READ_REQUEST,
    count_console_ids,
    entries,
    figures,
    is_exactly,
    new_rows,
    posts,
    ready_import,
    run_workers,
    start,
    wait_for_end,
)
from tests.upstream.rawserver import Peer, serving
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
State, Outcome = Import.State, ImportRow.Outcome
SLICE = {"source": Import.Source.SLICE, "source_name": "Rain", "source_key": "northwind/rain"}


@pytest.fixture
def world(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> dict[str, str]:
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    return environment(emulator, audit_anchor, JOBS_URL=f"sqlite:///{tmp_path / 'jobs.sqlite3'}")


@pytest.fixture
def worker(world: dict[str, str]) -> Iterator[Start]:
    with workers(world) as begin:
        yield begin


def hurry() -> None:
    """The checks of unknown outcomes, as if their waits were over and the workers that held them long dead."""
    now = timezone.now()
    Lookup.objects.update(next_check_at=now)
    Operation.objects.filter(state="waiting").update(due_at=now)
    Operation.objects.filter(state="running").update(lease_until=now - timedelta(seconds=1))
    run_workers()


def end_alone(import_run: Import) -> None:
    """The workers' turns until it has ended."""
    for _ in range(30):
        hurry()
        if Import.objects.filter(pk=import_run.pk, state__in=Import.FINAL).exists():
            return


def test_killed_before_the_entry_each_is_created_once(alice: Person, emulator: Running, worker: Start) -> None:
    import_run = start(ready_import(alice, 120))
    Operation.objects.update(state="running", lease_until=timezone.now() - timedelta(seconds=1), lease_id=uuid.uuid4())
    Part.objects.filter(number=1).update(state=Part.State.RUNNING, attempts=1)
    worker()
    wait_for_end(import_run)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((120, 0, 0, 0, 0), True)
    assert [entry.outcome for entry in entries(import_run)] == ["done", "done"]


def test_killed_between_claim_and_call_they_are_sent_again_by_the_job_once_it_is_proven(
    alice: Person, emulator: Running, world: dict[str, str]
) -> None:
    import_run = start(ready_import(alice, 20))

    def say_nothing(peer: Peer) -> None:
        peer.request()
        peer.wait()

    with serving(say_nothing) as silent, workers({**world, "CLOUDFACTORY_BASE_URL": silent.base}) as begin:
        first = begin()
        until(lambda: import_run.rows.filter(outcome=Outcome.SENDING).count() == 4)
        kill(first)
    with workers(world) as begin:
        process = begin()
        until(lambda: import_run.rows.filter(outcome=Outcome.CREATED).count() >= 16)
        kill(process)
    assert len(posts(emulator)) == 16
    end_alone(import_run)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((20, 0, 0, 0, 0), True)
    assert len(posts(emulator)) == 20
    assert {entry.outcome for entry in entries(import_run)} <= {"done", "failed"}
    assert verify.check().is_whole


def test_killed_between_call_and_answer_they_are_found_and_not_sent_again(
    alice: Person, emulator: Running, worker: Start
) -> None:
    number = 30
    emulator.fault("cloudfactory", "slow-8", times=4, **POST_REQUEST)
    import_run = start(ready_import(alice, number))
    first = worker()
    until(lambda: sum(count_console_ids(emulator).values()) == 4)
    kill(first)
    assert [entry.outcome for entry in entries(import_run)] == ["open"]
    worker()
    wait_for_end(import_run)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((number, 0, 0, 0, 0), True)
    assert len(posts(emulator)) == number
    first_entry = entries(import_run)[0]
    assert (first_entry.outcome, first_entry.result["items"], first_entry.result["found"]) == (
        "done",
        4,
        "after a restart",
    )
    assert verify.check().is_whole


def kill_often(import_run: Import, emulator: Running, worker: Start, times: int) -> None:
    """At the worst moments: claims committed, calls under way, answers here but not written down."""
    for _ in range(times):
        before = len(posts(emulator))
        process = worker()
        until(lambda before=before: len(posts(emulator)) > before + 40 or is_over(import_run))
        kill(process)


def is_over(import_run: Import) -> bool:
    return Import.objects.filter(pk=import_run.pk, state__in=Import.FINAL).exists()


def test_killed_again_and_again_exactly_all_are_created(alice: Person, emulator: Running, worker: Start) -> None:
    import_run = start(ready_import(alice, 600))
    kill_often(import_run, emulator, worker, 6)
    worker()
    until(lambda: is_over(import_run) or import_run.rows.filter(outcome=Outcome.NONE).count() == 0)
    end_alone(import_run)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((600, 0, 0, 0, 0), True)
    assert verify.check().is_whole


def test_a_worker_that_was_only_slow_creates_nothing_twice_with_another(
    alice: Person, emulator: Running, worker: Start
) -> None:
    """Its lease runs out in the middle of its calls; the other one looks them up and goes on."""
    import_run = ready_import(alice, 60)
    emulator.fault("cloudfactory", "slow-6", times=4, **POST_REQUEST)
    start(import_run)
    worker()
    until(lambda: sum(count_console_ids(emulator).values()) == 4)
    until(lambda: Operation.objects.filter(kind=Import.JOB, lease_until__lt=timezone.now()).exists())
    worker()
    wait_for_end(import_run)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((60, 0, 0, 0, 0), True)
    assert len(posts(emulator)) == 60


def test_killed_after_the_last_result_was_kept_nothing_is_counted_twice(
    alice: Person, emulator: Running, worker: Start
) -> None:
    """As a worker leaves it that died between its last two statements."""
    import_run = start(ready_import(alice, 120))
    first = worker()
    wait_for_end(import_run)
    kill(first)
    Import.objects.update(state=State.CREATING, finished_at=None)
    Part.objects.filter(number=2).update(state=Part.State.RUNNING, finished_at=None)
    Operation.objects.filter(kind=Import.JOB).update(
        state="running", finished_at=None, lease_until=timezone.now() - timedelta(seconds=1)
    )
    worker()
    wait_for_end(import_run)
    assert (figures(import_run), len(posts(emulator)), len(entries(import_run))) == ((120, 0, 0, 0, 0), 120, 2)


def test_two_people_at_once_create_the_same_items_once(
    alice: Person, erin: Person, emulator: Running, world: dict[str, str]
) -> None:
    ids = [uuid.uuid4() for _ in range(90)]
    emulator.fault("cloudfactory", "slow-0.1", times=0, **POST_REQUEST)
    runs = []
    for person, order in ((alice, 1), (erin, -1)):
        rows = [replace(row, console_id=ids[row.number - 1]) for row in new_rows(90)]
        numbered = [replace(row, number=place) for place, row in enumerate(rows[::order], start=1)]
        runs.append(start(ready_import(person, numbered, **SLICE)))
    with workers(world) as begin:
        begin("--queue", "bulk")
        begin("--queue", "bulk")
        begin("--queue", "quick")
        for run in runs:
            wait_for_end(run)
    created = [figures(run)[:2] for run in runs]
    assert [sum(one) for one in created] == [90, 90]
    assert sum(one[0] for one in created) == 90
    assert count_console_ids(emulator) == dict.fromkeys(map(str, ids), 1)
    assert len(posts(emulator)) == 90


def test_two_presses_at_once_start_it_once(alice: Person, emulator: Running) -> None:
    import_run, barrier, started = ready_import(alice, 30), threading.Barrier(2), list[bool]()

    def press() -> None:
        try:
            barrier.wait()
            started.append(services.start(user=alice, import_run=Import.objects.get(pk=import_run.pk)))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False, True]
    run_workers()
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((30, 0, 0, 0, 0), True)


def test_a_batch_that_cannot_be_read_at_once_is_read_again(alice: Person, emulator: Running, worker: Start) -> None:
    emulator.fault("cloudfactory", "slow-8", times=4, **POST_REQUEST)
    import_run = start(ready_import(alice, 30))
    first = worker()
    until(lambda: sum(count_console_ids(emulator).values()) == 4)
    kill(first)
    emulator.fault("cloudfactory", "403", times=1, **READ_REQUEST)
    second = worker()
    until(lambda: import_run.rows.filter(outcome=Outcome.CREATED).count() >= 26)
    kill(second)
    end_alone(import_run)
    assert (figures(import_run), is_exactly(import_run, emulator)) == ((30, 0, 0, 0, 0), True)
    assert len(posts(emulator)) == 30
