"""A piece of work is done by one worker at a time, tried three times, and never lost."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.jobs import handlers, services, worker
from console.jobs.handlers import Abandoned, Done, Handler, Retry
from console.jobs.models import Operation, State
from console.jobs.queues import Queue
from tests.exports.making import text_of

ClientAs = Callable[[Person], Client]
KIND = "tests.work"


class Work:
    """A kind of work that does what the test says and remembers its calls."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.calls: list[Operation] = []
        self.on_abandon: list[str] = []

    def __call__(self, operation: Operation) -> Any:
        self.calls.append(operation)
        answer = self.answers.pop(0) if self.answers else Done("Well done.")
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def kind(db: None, monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    handler = Handler(work, on_abandon=lambda operation, message: work.on_abandon.append(message))
    monkeypatch.setitem(handlers.HANDLERS, KIND, handler)
    return work


def queued(person: Person | None = None, subject: str = "one", **said: Any) -> Operation:
    return services.enqueue(kind=KIND, subject=subject, person=person, **said)


def now_is(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def test_the_same_work_waits_once(kind: Work) -> None:
    assert queued().pk == queued().pk
    worker.sweep()
    assert queued().pk != kind.calls[0].pk


def test_only_one_worker_gets_it(kind: Work) -> None:
    operation = queued()
    taken = [Operation.objects.claim(operation.pk, services.lease()) for _ in range(5)]
    assert [one is not None for one in taken] == [True, False, False, False, False]
    worker.perform(operation.pk)
    assert kind.calls == []


def test_what_a_dead_worker_left_is_taken_over_when_its_lease_ends(kind: Work, settings: Any) -> None:
    operation = queued()
    dead = Operation.objects.claim(operation.pk, services.lease())
    assert worker.sweep() == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=settings.JOBS_LEASE + 1)):
        assert worker.sweep() == 1
    assert now_is(operation).state == State.DONE
    assert dead is not None
    dead.finish(State.FAILED, "The dead one speaks.")
    assert not dead.renew(services.lease())
    assert (now_is(operation).state, now_is(operation).attempts) == (State.DONE, 2)


def test_a_worker_whose_work_another_one_has_by_now_gives_nothing_up(kind: Work) -> None:
    operation = queued()

    def taken_over_meanwhile() -> Abandoned:
        Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - services.lease())
        assert Operation.objects.claim(operation.pk, services.lease()) is not None
        return Abandoned("Too late.")

    kind.answers = [taken_over_meanwhile]
    worker.sweep()
    assert (now_is(operation).state, kind.on_abandon) == (State.RUNNING, [])


def test_work_that_kills_its_worker_is_given_up(kind: Work, settings: Any) -> None:
    operation = queued()
    moment = timezone.now()
    for _ in range(worker.MOST_ATTEMPTS):
        moment += datetime.timedelta(seconds=settings.JOBS_LEASE + 1)
        with time_machine.travel(moment):
            assert Operation.objects.claim(operation.pk, services.lease()) is not None
    with time_machine.travel(moment + datetime.timedelta(seconds=settings.JOBS_LEASE + 1)):
        worker.sweep()
    assert now_is(operation).state == State.FAILED
    assert kind.calls == []
    assert kind.on_abandon == ["It was tried three times and never finished."]


def test_a_failure_is_tried_three_times_with_longer_waits(kind: Work) -> None:
    kind.answers = [RuntimeError("key avk_demo_ops is wrong")] * 3
    operation, waits = queued(), []
    for _ in range(3):
        with time_machine.travel(now_is(operation).due_at + datetime.timedelta(seconds=1), tick=False):
            worker.sweep()
            waits.append((now_is(operation).due_at - timezone.now()).total_seconds())
    assert waits[:2] == [5, 20]
    assert (now_is(operation).state, len(kind.calls)) == (State.FAILED, 3)
    assert len(kind.on_abandon) == 1


def test_looking_again_is_no_attempt(kind: Work) -> None:
    kind.answers = [Retry(0, "Not yet.")] * 10
    operation = queued()
    for _ in range(11):
        worker.sweep()
    assert (now_is(operation).state, now_is(operation).message) == (State.DONE, "Well done.")
    assert now_is(operation).attempts == 1


def test_what_cannot_be_done_is_not_tried_again(kind: Work) -> None:
    kind.answers = [Abandoned("No key.")]
    operation = queued()
    worker.sweep()
    worker.sweep()
    assert (now_is(operation).state, kind.on_abandon, len(kind.calls)) == (State.FAILED, ["No key."], 1)


def test_work_of_the_disabled_is_dropped(kind: Work, alice: Person) -> None:
    operation = queued(alice)
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    worker.sweep()
    assert (now_is(operation).state, kind.calls) == (State.CANCELLED, [])
    assert kind.on_abandon == ["Alice was disabled."]


def test_dropping_by_person_leaves_the_work_of_others(kind: Work, alice: Person, bob: Person) -> None:
    hers, his = queued(alice, "hers"), queued(bob, "his")
    services.drop_of(alice)
    assert (now_is(hers).state, now_is(his).state) == (State.CANCELLED, State.WAITING)


def test_cancelled_work_is_not_done(kind: Work) -> None:
    queued()
    assert services.cancel(kind=KIND, subject="one", message="Never mind.")
    assert not services.cancel(kind=KIND, subject="one", message="Twice.")
    worker.sweep()
    assert kind.calls == []


def test_not_before_its_time(kind: Work) -> None:
    queued(delay=60)
    assert worker.sweep() == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
        assert worker.sweep() == 1


def test_a_clock_that_was_hours_ahead_delays_no_work(kind: Work) -> None:
    def dies() -> None:
        raise SystemExit

    kind.answers = [Retry(10), dies]
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=5)):
        waiting = queued()
        worker.sweep()
        running = queued(subject="two")
        with pytest.raises(SystemExit):
            worker.sweep()
    worker.sweep()
    assert {now_is(waiting).state, now_is(running).state} == {State.DONE}


def test_a_queue_out_of_reach_loses_nothing(kind: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **said: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("console.jobs.tasks.perform.schedule", refuse)
    operation = queued()
    services.wake(operation, 5)
    worker.sweep()
    assert now_is(operation).state == State.DONE


def test_old_ends_are_forgotten(kind: Work) -> None:
    queued()
    worker.sweep()
    with time_machine.travel(timezone.now() + datetime.timedelta(days=31)):
        worker.sweep()
    assert not Operation.objects.exists()


# The administrators' page


def test_the_page_shows_what_runs_waits_and_failed(
    kind: Work, alice: Person, erin: Person, client_as: ClientAs
) -> None:
    client = client_as(erin)
    assert "Nothing runs and nothing waits" in text_of(client.get("/jobs/"))
    kind.answers = [Abandoned("No key <b>here</b>.")]
    failed = queued(alice, "bad")
    worker.sweep()
    queued(None, "later", delay=3600)
    running = queued(alice, "now")
    Operation.objects.claim(running.pk, services.lease())
    page = client.get("/jobs/")
    words = text_of(page)
    for said in ("Failed", "Waiting", "Running", "Alice", "The console", "No key <b>here</b>."):
        assert said in words
    assert "<b>here" not in page.content.decode()
    client.post(f"/jobs/{failed.pk}/retry/")
    worker.sweep()
    assert now_is(failed).state == State.DONE
    again = client.post(f"/jobs/{failed.pk}/retry/", follow=True)
    assert "nothing to try again" in text_of(again)


def test_what_has_been_queued_again_since_it_failed_is_not_tried_twice(
    kind: Work, alice: Person, erin: Person, client_as: ClientAs
) -> None:
    kind.answers = [Abandoned("No room.")]
    failed = queued(alice, "plan")
    worker.sweep()
    queued(alice, "plan")
    answer = client_as(erin).post(f"/jobs/{failed.pk}/retry/", follow=True)
    assert "nothing to try again" in text_of(answer)
    assert now_is(failed).state == State.FAILED


def test_overdue_work_tells_that_no_worker_runs(kind: Work, erin: Person, client_as: ClientAs) -> None:
    operation = queued()
    Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now() - datetime.timedelta(minutes=5))
    assert "No worker seems to run" in text_of(client_as(erin).get("/jobs/"))


def test_the_page_names_the_queue_that_has_no_worker(kind: Work, erin: Person, client_as: ClientAs) -> None:
    long_ago = timezone.now() - datetime.timedelta(minutes=5)
    Operation.objects.create(kind="exports.receipt", subject="file", due_at=long_ago)
    page = text_of(client_as(erin).get("/jobs/"))
    assert "Jobs of the bulk queue have been due" in page
    assert "quick queue" not in page


def test_work_that_waits_behind_a_long_job_is_not_without_a_worker(
    kind: Work, erin: Person, client_as: ClientAs
) -> None:
    long_ago = timezone.now() - datetime.timedelta(minutes=5)
    running, _ = [
        Operation.objects.create(kind="exports.receipt", subject=name, due_at=long_ago) for name in ("first", "second")
    ]
    Operation.objects.claim(running.pk, services.lease())
    assert "No worker seems to run" not in text_of(client_as(erin).get("/jobs/"))


def test_the_sweep_of_one_queue_leaves_the_other_ones_work(kind: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk_handler = Handler(lambda operation: Done("Read."), queue=Queue.BULK)
    monkeypatch.setitem(handlers.HANDLERS, "tests.bulk", bulk_handler)
    quick, bulk = queued(), services.enqueue(kind="tests.bulk", subject="file", person=None)
    worker.sweep(Queue.QUICK)
    assert (now_is(quick).state, now_is(bulk).state) == (State.DONE, State.WAITING)
    worker.sweep(Queue.BULK)
    assert now_is(bulk).state == State.DONE


def test_only_administrators_see_jobs(
    kind: Work, alice: Person, bob: Person, dana: Person, erin: Person, client_as: ClientAs
) -> None:
    failed = queued()
    for person in (alice, bob, dana):
        assert client_as(person).get("/jobs/").status_code == 403
        assert client_as(person).post(f"/jobs/{failed.pk}/retry/").status_code == 403
    assert client_as(erin).post("/jobs/7b4f7a52-8f8b-4b8e-9a3f-000000000000/retry/").status_code == 404
    assert client_as(erin).get(f"/jobs/{failed.pk}/retry/").status_code == 405


def test_a_part_of_the_sweep_that_fails_keeps_no_other_work_waiting(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> None:
        raise RuntimeError("no such table")

    done: list[str] = []
    monkeypatch.setattr(worker, "EVERY_MINUTE", [break_down, lambda: done.append("looked")])
    operation = services.enqueue(kind="unknown.kind", subject="x", person=alice)
    worker.sweep()
    assert done == ["looked"]
    assert Operation.objects.get(pk=operation.pk).attempts == 1
