"""A job in parts: every part ends exactly once, also when the job is stopped, paused, or killed at any point."""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from console.jobs import handlers, parts, services, worker
from console.jobs.handlers import Handler
from console.jobs.models import Operation, Part, State
from console.jobs.parts import Busy, Halt, Hold, PartDone
from console.jobs.queues import Queue

KIND = "tests.parts"
SUBJECT = "sheet"
ENDED = {Part.State.DONE, Part.State.FAILED, Part.State.UNKNOWN, Part.State.LEFT_OUT}


class Killed(BaseException):
    """The worker is gone at once, without a chance to write anything."""


class Work:
    """Does each part as the test says and remembers which it was given."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.begun: list[int] = []
        self.most: int | None = None

    def __call__(self, operation: Operation) -> handlers.Result:
        return parts.run(operation, self.do, most=self.most)

    def do(self, operation: Operation, part: Part) -> parts.PartResult:
        self.begun.append(part.number)
        result = self.results.pop(0) if self.results else PartDone()
        if callable(result):
            result = result()
        if isinstance(result, Exception):
            raise result
        done: parts.PartResult = result
        return done


@pytest.fixture
def work(db: None, monkeypatch: pytest.MonkeyPatch) -> Work:
    return registered(monkeypatch)


def registered(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(work))
    return work


def queued(count: int, person: Person | None = None) -> Operation:
    operation = services.enqueue(kind=KIND, subject=SUBJECT, person=person)
    parts.add(operation, ({"place": place} for place in range(count)))
    return operation


def work_off(turns: int = 20) -> None:
    """The worker's turns until nothing waits, without the waiting between them."""
    for _ in range(turns):
        Operation.objects.filter(state=State.WAITING).update(due_at=timezone.now())
        if not worker.sweep():
            return


def states(operation: Operation) -> list[str]:
    return list(operation.parts.order_by("number").values_list("state", flat=True))


def now_is(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def ask_to_stop() -> None:
    services.ask_to_stop(kind=KIND, subject=SUBJECT)


def kill() -> None:
    raise Killed


def kill_worker_in_part() -> None:
    """Another worker finds the row with its lease over."""
    with pytest.raises(Killed):
        worker.sweep()
    Operation.objects.filter(state=State.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_parts_are_done_in_order_and_keep_what_came(work: Work) -> None:
    work.results = [PartDone({"found": 7}), PartDone(state=Part.State.FAILED, message="Refused.")]
    operation = queued(3)
    work_off()
    assert (work.begun, states(operation)) == ([1, 2, 3], ["done", "failed", "done"])
    first, second, _ = operation.parts.all()
    assert (first.payload, first.result, second.message) == ({"place": 0}, {"found": 7}, "Refused.")
    assert (now_is(operation).state, first.attempts, first.finished_at is not None) == (State.DONE, 1, True)


def test_parts_are_added_behind_those_that_are_there(work: Work) -> None:
    operation = queued(2)
    parts.add(operation, [{}, {}])
    assert list(operation.parts.values_list("number", flat=True)) == [1, 2, 3, 4]


def test_a_stop_finishes_the_part_in_hand_and_leaves_out_the_rest(work: Work) -> None:
    work.results = [PartDone(), lambda: ask_to_stop() or PartDone({"sent": True})]
    operation = queued(4)
    work_off()
    assert (work.begun, states(operation)) == ([1, 2], ["done", "done", "left out", "left out"])
    assert (now_is(operation).state, now_is(operation).message) == (State.DONE, "Stopped.")


def test_a_stop_before_the_first_part_leaves_out_all(work: Work) -> None:
    operation = queued(2)
    ask_to_stop()
    work_off()
    assert (work.begun, states(operation)) == ([], ["left out", "left out"])


def test_a_stop_after_a_kill_still_finishes_the_part_in_hand(work: Work) -> None:
    work.results = [PartDone(), kill]
    operation = queued(3)
    kill_worker_in_part()
    ask_to_stop()
    work_off()
    assert (work.begun, states(operation)) == ([1, 2, 2], ["done", "done", "left out"])


def test_a_stop_wakes_a_job_that_the_vendor_asked_to_wait(work: Work) -> None:
    """Also one asked for while the answer of the vendor was on its way."""
    work.results = [lambda: ask_to_stop() or Busy(3600, "Too many requests.")]
    operation = queued(2)
    worker.sweep()
    worker.sweep()
    assert (states(operation), now_is(operation).state) == (["left out", "left out"], State.DONE)


def test_a_stop_while_a_part_asks_for_a_pause_ends_the_job(work: Work) -> None:
    work.results = [lambda: ask_to_stop() or Hold("No answer.", PartDone(state=Part.State.UNKNOWN))]
    operation = queued(2)
    work_off()
    assert (states(operation), now_is(operation).state) == (["unknown", "left out"], State.DONE)


def test_busy_spends_no_attempt_and_does_the_same_part_later(work: Work) -> None:
    work.results = [Busy(30, "Too many requests.")] * 10
    operation = queued(2)
    work_off()
    assert (Counter(work.begun), states(operation)) == ({1: 11, 2: 1}, ["done", "done"])
    assert operation.parts.get(number=1).attempts == 1


def test_busy_waits_as_long_as_was_asked(work: Work) -> None:
    work.results = [Busy(30, "Too many requests.")]
    operation = queued(1)
    worker.sweep()
    waits = (now_is(operation).due_at - timezone.now()).total_seconds()
    assert (now_is(operation).message, round(waits, -1)) == ("Too many requests.", 30)


def test_a_part_without_hope_leaves_out_the_rest(work: Work) -> None:
    work.results = [PartDone(), Halt("The key was refused.")]
    operation = queued(4)
    work_off()
    assert states(operation) == ["done", "failed", "left out", "left out"]
    assert now_is(operation).message == "The key was refused."


@pytest.mark.parametrize("part", [None, PartDone(state=Part.State.UNKNOWN)], ids=["tried again", "ended"])
def test_a_paused_job_goes_on_when_somebody_lets_it(work: Work, part: PartDone | None) -> None:
    work.results = [Hold("CloudFactory fails.", part)]
    operation = queued(2)
    work_off()
    assert (now_is(operation).state, now_is(operation).message) == (State.PAUSED, "CloudFactory fails.")
    assert services.carry_on(kind=KIND, subject=SUBJECT)
    work_off()
    assert work.begun == ([1, 2] if part else [1, 1, 2])
    assert states(operation) == ["unknown" if part else "done", "done"]


def test_a_part_that_raises_is_tried_three_times_and_ends_none_behind_it(work: Work) -> None:
    """Whether it was done nobody knows: it may have raised after its call."""
    work.results = [RuntimeError("with key avk_demo_ops")] * 3
    operation = queued(2)
    work_off()
    assert (work.begun, states(operation)) == ([1, 1, 1, 2], ["unknown", "done"])
    assert now_is(operation).state == State.FAILED
    assert "avk_demo" not in operation.parts.get(number=1).message


def test_a_part_that_kills_its_worker_is_given_up_and_those_behind_it_done(work: Work) -> None:
    work.results = [kill] * 3
    operation = queued(2)
    for _ in range(3):
        kill_worker_in_part()
    work_off()
    assert (work.begun, states(operation)) == ([1, 1, 1, 2], ["unknown", "done"])
    assert now_is(operation).message == services.NEVER_FINISHED


def test_trying_a_failed_job_again_does_what_was_not_done_under_the_same_ids(work: Work) -> None:
    work.results = [PartDone(), *[RuntimeError("broken")] * 3, PartDone(state=Part.State.FAILED)]
    operation = queued(4)
    work_off()
    before = list(operation.parts.values_list("pk", flat=True))
    assert states(operation) == ["done", "unknown", "failed", "done"]
    work.begun.clear()
    assert services.retry(operation=now_is(operation))
    work_off()
    assert (work.begun, states(operation), now_is(operation).state) == ([2, 3], ["done"] * 4, State.DONE)
    assert list(operation.parts.values_list("pk", flat=True)) == before


def test_what_was_sent_without_an_answer_is_not_tried_again(work: Work) -> None:
    work.results = [PartDone(state=Part.State.UNKNOWN), *[RuntimeError("broken")] * 3]
    operation = queued(2)
    work_off()
    work.begun.clear()
    services.retry(operation=now_is(operation))
    work_off()
    assert (work.begun, states(operation)) == ([2], ["unknown", "done"])


def test_a_retry_that_is_not_taken_leaves_open_what_may_have_been_done(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.results = [RuntimeError("broken")] * 3
    operation = queued(1)
    work_off()
    services.retry(operation=now_is(operation))
    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(lambda operation: handlers.Done("Nothing was left to do.")))
    work_off()
    assert states(operation) == ["unknown"]


def test_others_get_a_turn(work: Work) -> None:
    work.most = 2
    operation = queued(5)
    worker.sweep()
    assert (states(operation).count("done"), now_is(operation).state) == (2, State.WAITING)
    work_off()
    assert (work.begun, now_is(operation).state) == ([1, 2, 3, 4, 5], State.DONE)


def test_what_a_part_records_is_committed_with_its_end(work: Work) -> None:
    operation = queued(2)

    def record() -> None:
        Operation.objects.filter(pk=operation.pk).update(payload={"recorded": True})

    def fail() -> None:
        record()
        raise RuntimeError("disk full")

    work.results = [PartDone(record=fail)]
    worker.sweep()
    assert (now_is(operation).payload, states(operation)) == ({}, ["waiting", "waiting"])
    work.results = [PartDone(record=record)]
    work_off()
    assert (now_is(operation).payload, states(operation)) == ({"recorded": True}, ["done", "done"])


def test_a_worker_whose_job_another_one_has_by_now_records_nothing(work: Work) -> None:
    operation, recorded = queued(2), []

    def taken_over() -> PartDone:
        Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        worker.sweep()
        return PartDone({"by": "the first"}, record=lambda: recorded.append("the first"))

    work.results = [taken_over, PartDone({"by": "the second"})]
    worker.sweep()
    assert (recorded, work.begun, states(operation)) == ([], [1, 1, 2], ["done", "done"])
    assert operation.parts.get(number=1).result == {"by": "the second"}


def test_a_long_part_learns_that_its_lease_ran_out(work: Work) -> None:
    operation = queued(1)

    def slow() -> PartDone:
        running = now_is(operation)
        parts.keep(running)
        Operation.objects.filter(pk=operation.pk).update(lease_id=uuid.uuid4())
        with pytest.raises(parts.TakenOver):
            parts.keep(running)
        raise parts.TakenOver

    work.results = [slow]
    worker.sweep()
    assert now_is(operation).state == State.RUNNING


def test_nothing_is_begun_for_a_person_who_was_disabled_meanwhile(work: Work, alice: Person) -> None:
    def disable() -> PartDone:
        Person.objects.filter(pk=alice.pk).update(is_active=False)
        return PartDone()

    work.results = [disable]
    operation = queued(3, alice)
    work_off()
    assert (work.begun, states(operation)) == ([1], ["done", "left out", "left out"])
    assert now_is(operation).message == "Alice was disabled."


def test_the_part_in_hand_of_a_killed_worker_is_unknown_once_its_person_is_disabled(work: Work, alice: Person) -> None:
    work.results = [kill]
    operation = queued(2, alice)
    kill_worker_in_part()
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    work_off()
    assert (work.begun, states(operation)) == ([1], ["unknown", "left out"])
    assert now_is(operation).state == State.CANCELLED


def test_disabling_a_person_leaves_out_what_waits_for_its_turn(work: Work, alice: Person) -> None:
    work.results = [Hold("CloudFactory fails.")]
    operation = queued(2, alice)
    work_off()
    services.drop_of(alice)
    assert (states(operation), now_is(operation).state) == (["left out", "left out"], State.CANCELLED)


def test_a_handler_that_fails_after_the_last_part_is_not_called_for_ever(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(operation: Operation) -> handlers.Result:
        work(operation)
        raise RuntimeError("broken")

    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(fail))
    operation = queued(2)
    work_off()
    assert (states(operation), now_is(operation).state) == (["done", "done"], State.FAILED)
    assert work.begun == [1, 2]


class World:
    """One job whose worker is killed, and which is stopped, before the statements that the example names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int, results: list[str]) -> None:
        Operation.objects.all().delete()
        self.work = registered(monkeypatch)
        self.operation = queued(count)
        # How often the end of each part was committed, and which were begun when a stop was first asked for.
        self.ends: Counter[int] = Counter()
        self.begun_before_stop: set[int] | None = None
        self.work.results = [partial(self.result, name) for name in results]

    def stop(self) -> None:
        ask_to_stop()
        if self.begun_before_stop is None and now_is(self.operation).stop_asked_at:
            begun = self.operation.parts.exclude(started_at=None)
            self.begun_before_stop = set(begun.values_list("number", flat=True))

    def result(self, name: str) -> Any:
        if name.startswith("stop"):
            self.stop()
        number = self.work.begun[-1]
        ended = {"record": lambda: transaction.on_commit(lambda: self.ends.update([number]))}
        return {
            "done": PartDone(**ended),
            "failed": PartDone(state=Part.State.FAILED, **ended),
            "unknown": PartDone(state=Part.State.UNKNOWN, **ended),
            "busy": Busy(5),
            "halt": Halt("Refused.", **ended),
            "hold": Hold("It fails."),
            "ended, hold": Hold("It fails.", PartDone(state=Part.State.UNKNOWN, **ended)),
            "error": RuntimeError("broken"),
        }[name.removeprefix("stop, ")]

    def take_turn(self, kill_at: int | None, stop_at: int | None) -> bool:
        """One turn of a worker; the next one finds its lease over, and a pause ended. False once nothing is left."""
        services.carry_on(kind=KIND, subject=SUBJECT)
        Operation.objects.filter(state=State.WAITING).update(due_at=timezone.now())
        Operation.objects.filter(state=State.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))
        try:
            with before_statements({kill_at: kill, stop_at: self.stop}):
                worker.perform(self.operation.pk)
        except Killed:
            connection.close()
        return Operation.objects.unfinished().filter(pk=self.operation.pk).exists()


@contextmanager
def before_statements(acts: dict[int | None, Callable[[], None]]) -> Iterator[None]:
    counter = itertools.count(1)

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if act := acts.pop(next(counter), None):
            act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(run):
        yield


NAMES = ["done", "failed", "unknown", "busy", "halt", "hold", "ended, hold", "error"]
STATEMENTS = st.none() | st.integers(1, 45)


@pytest.mark.django_db(transaction=True)
@given(
    count=st.integers(1, 4),
    results=st.lists(st.sampled_from(NAMES + [f"stop, {name}" for name in NAMES]), max_size=8),
    turns=st.lists(st.tuples(STATEMENTS, STATEMENTS), max_size=6),
    most=st.none() | st.integers(1, 2),
)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_every_part_ends_once_and_none_begins_after_a_stop(
    count: int, results: list[str], turns: list[tuple[int | None, int | None]], most: int | None
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(monkeypatch, count, results)
        world.work.most = most
        # What the examples do not name ends well.
        world.work.results += [partial(world.result, "done")] * 100
        for acts in itertools.chain(turns, itertools.repeat((None, None), 60)):
            if not world.take_turn(*acts):
                break
        assert set(states(world.operation)) <= ENDED
        assert now_is(world.operation).state in (State.DONE, State.FAILED)
        assert set(world.ends.values()) <= {1}
        told = world.operation.parts.exclude(Q(is_given_up=True) | Q(state=Part.State.LEFT_OUT))
        assert set(world.ends) == set(told.values_list("number", flat=True))
        if world.begun_before_stop is not None:
            assert set(world.work.begun) <= world.begun_before_stop


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_do_each_part_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, int]] = []

    def do(operation: Operation, part: Part) -> parts.PartResult:
        begun.append((operation.subject, part.number))
        return PartDone()

    monkeypatch.setitem(handlers.HANDLERS, KIND, Handler(lambda operation: parts.run(operation, do, most=1)))
    for subject in ("one", "two", "three"):
        parts.add(services.enqueue(kind=KIND, subject=subject, person=None), [{}] * 4)

    def work() -> None:
        try:
            while Operation.objects.unfinished().exists():
                worker.sweep(Queue.QUICK)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for turn in [pool.submit(work) for _ in range(4)]:
            turn.result(timeout=60)
    expected = [(subject, number) for subject in ("one", "two", "three") for number in (1, 2, 3, 4)]
    assert sorted(begun) == sorted(expected)
    assert set(Part.objects.values_list("state", flat=True)) == {Part.State.DONE}
