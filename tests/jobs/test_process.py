"""A worker locks a slot as long as it lives: what a dead one held is taken back at once, and only that."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from console.jobs import handlers, parts, process, queues, services, tasks, worker
from console.jobs.handlers import Done, Handler
from console.jobs.models import Operation, Part, State
from console.jobs.queues import Queue

KIND, LONG = "tests.work", "tests.long"
HOLD = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def done(db: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, of two kinds of work."""
    done: list[str] = []

    def work(operation: Operation) -> handlers.Result:
        done.append(operation.subject)
        return Done()

    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(work))
    monkeypatch.setitem(handlers.HANDLERS, LONG, Handler(work, is_long=True))
    return done


@pytest.fixture
def locked_elsewhere(settings: Any) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Locks a slot in a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def lock(number: int) -> subprocess.Popen[bytes]:
        path = Path(settings.WORKER_LOCKS) / f"{number}.lock"
        started.append(subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=-1, stdout=-1))
        assert started[-1].stdout
        started[-1].stdout.readline()
        return started[-1]

    yield lock
    for one in started:
        one.kill()
        one.communicate()


def held_by(worker: str, subject: str = "one", kind: str = KIND) -> Operation:
    operation = services.enqueue(kind=kind, subject=subject, person=None)
    assert Operation.objects.claim(operation.pk, services.lease(), worker=worker)
    return operation


def state_of(operation: Operation) -> str:
    return Operation.objects.get(pk=operation.pk).state


def test_what_a_dead_worker_of_this_machine_held_is_done_at_once(done: list[str], locked_elsewhere: Any) -> None:
    assert process.name().startswith(f"{process.host()}/")
    holder, operation = locked_elsewhere(77), held_by(f"{process.host()}/77")
    assert worker.sweep() == 0
    holder.kill()
    holder.wait()
    assert worker.sweep() == 1
    assert (state_of(operation), done) == (State.DONE, ["one"])


@pytest.mark.parametrize("begin", [tasks.begin, tasks.begin_bulk], ids=["quick", "bulk"])
def test_a_worker_that_starts_takes_back_itself_what_another_machine_could_not(
    transactional_db: None, begin: Callable[[], None]
) -> None:
    """Its sweep is a message, which any machine may get."""
    operation = held_by(f"{process.host()}/78")
    begin()
    assert Operation.objects.get(pk=operation.pk).lease_until < timezone.now()


@pytest.mark.parametrize("name", ["{0}x/77", "elsewhere:123456789012/77", "", "{0}/../77", "{0}/", "{0}/77x"])
def test_what_others_hold_waits_for_the_end_of_its_lease(done: list[str], name: str) -> None:
    operation = held_by(name.format(process.host()))
    assert worker.sweep() == 0
    assert (state_of(operation), done) == (State.RUNNING, [])


def test_what_this_worker_holds_itself_is_not_taken_from_it(done: list[str]) -> None:
    operation = held_by(process.name())
    assert worker.sweep() == 0
    assert state_of(operation) == State.RUNNING


def test_a_new_process_takes_back_what_the_last_one_with_its_slot_held(
    done: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.WORKER_LOCKS = tmp_path / "workers"
    monkeypatch.setattr(process, "_slot", None)
    here = process.host()
    assert process.name() == f"{here}/1"
    operation = held_by(f"{here}/2")
    # As if this were another process: the first slot stays locked.
    monkeypatch.setattr(process, "_slot", None)
    assert process.name() == f"{here}/2"
    worker.sweep()
    assert state_of(operation) == State.DONE


def test_a_folder_that_can_not_be_written_costs_only_the_lock(
    done: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.WORKER_LOCKS = tmp_path / "file" / "workers"
    monkeypatch.setattr(process, "_slot", None)
    for kind in (KIND, LONG):
        services.enqueue(kind=kind, subject=kind, person=None)
    assert worker.sweep() == 2
    assert done == [KIND, LONG]
    assert set(Operation.objects.values_list("worker", flat=True)) == {""}


def test_a_job_says_who_does_it(done: list[str]) -> None:
    services.enqueue(kind=KIND, subject="one", person=None)
    worker.sweep()
    assert Operation.objects.get().worker == process.name()


def test_long_jobs_leave_a_worker_free(done: list[str]) -> None:
    """A file of half an hour must keep no signal waiting."""
    running = held_by(f"{process.host()}/1", subject="first", kind=LONG)
    waiting = services.enqueue(kind=LONG, subject="second", person=None)
    services.enqueue(kind=KIND, subject="signal", person=None)
    worker.sweep()
    assert (done, state_of(waiting)) == (["signal"], State.WAITING)
    Operation.objects.filter(pk=running.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    worker.sweep()
    assert set(done) == {"signal", "first", "second"}


def test_the_next_long_job_begins_when_one_ends(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    first, _ = (services.enqueue(kind=LONG, subject=name, person=None) for name in ("first", "second"))
    monkeypatch.setitem(queues.TASKS, Queue.QUICK, woken.append)
    worker.perform(first.pk)
    assert woken == [str(Operation.objects.get(subject="second").pk)]


def test_long_jobs_elsewhere_do_not_count(done: list[str]) -> None:
    held_by("elsewhere:123456789012/1", subject="first", kind=LONG)
    services.enqueue(kind=LONG, subject="second", person=None)
    worker.sweep()
    assert done == ["second"]


def test_a_worker_that_is_told_to_end_puts_its_job_back_after_the_part_in_hand(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = threading.Event()
    monkeypatch.setattr(process, "_stop_flags", [flag])

    def do(operation: Operation, part: Part) -> parts.PartResult:
        flag.set()
        return parts.PartDone()

    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(lambda operation: parts.run(operation, do)))
    operation = services.enqueue(kind=KIND, subject="one", person=None)
    parts.add(operation, [{}, {}, {}])
    worker.sweep()
    assert list(operation.parts.values_list("state", flat=True)) == ["done", "waiting", "waiting"]
    assert state_of(operation) == State.WAITING
