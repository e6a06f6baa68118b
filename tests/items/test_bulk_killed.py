"""Workers killed with SIGKILL in the middle of a bulk signal: no item is signaled twice, and every result is true."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Person
from console.audit import verify
from console.audit.models import Entry, Lookup
from console.emulator.server import Running
from console.items.bulk import services
from console.items.models import BulkItem, BulkSignal
from console.jobs.models import Operation, Part
from tests.items.bulk_helpers import archive_ids, signals, statuses, wait_for_end
from tests.items.test_bulk_send import BY_IDS, POST, entries, figures, once_each, ready, start, work
from tests.upstream.rawserver import Peer, serving
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
State, Outcome = BulkSignal.State, BulkItem.Outcome


@pytest.fixture
def world(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> dict[str, str]:
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    return environment(emulator, audit_anchor, JOBS_URL=f"sqlite:///{tmp_path / 'jobs.sqlite3'}")


@pytest.fixture
def worker(world: dict[str, str]) -> Iterator[Start]:
    with workers(world) as begin:
        yield begin


def is_true(bulk: BulkSignal, emulator: Running) -> bool:
    """Whether each item's result is what the platform holds, which was asked once for each."""
    done_items = {str(item) for item in bulk.items.filter(outcome=Outcome.DONE).values_list("item", flat=True)}
    items = [str(row.item) for row in bulk.items.all()]
    current_statuses = dict(zip(items, statuses(emulator, items), strict=True))
    return done_items == {item for item, status in current_statuses.items() if status == "NEW"} and once_each(emulator)


def check_often() -> None:
    """The checks of unknown outcomes, as if their waits were over and the workers that held them long dead."""
    for _ in range(5):
        now = timezone.now()
        Lookup.objects.update(next_check_at=now)
        Operation.objects.filter(state="running").update(lease_until=now - timedelta(seconds=1))
        work()


def calls(emulator: Running) -> int:
    return len(emulator.requests("cloudfactory"))


def test_killed_before_the_entry_it_is_sent_once(alice: Person, emulator: Running, worker: Start) -> None:
    items = archive_ids(alice, 120)
    bulk = ready(alice, items)
    bulk.items.update(read_at=timezone.now() - timedelta(hours=1))
    emulator.forget_requests()
    emulator.fault("cloudfactory", "slow-8", **BY_IDS)
    start(bulk)
    first = worker()
    until(lambda: Part.objects.filter(state=Part.State.RUNNING).exists())
    kill(first)
    assert (Entry.objects.filter(group=bulk.pk).count(), signals(emulator)) == (0, [])
    worker()
    wait_for_end(bulk)
    assert (figures(bulk), signals(emulator)) == ((120, 0, 0, 0), [items[:100], items[100:]])
    assert verify.check().is_whole


def test_killed_between_the_entry_and_the_call_it_is_looked_up_and_not_sent_again(
    alice: Person, emulator: Running, world: dict[str, str]
) -> None:
    items = archive_ids(alice, 120)
    bulk = start(ready(alice, items))

    def say_nothing(peer: Peer) -> None:
        peer.request()
        peer.wait()

    with serving(say_nothing) as silent, workers({**world, "CLOUDFACTORY_BASE_URL": silent.base}) as begin:
        first = begin()
        until(lambda: bulk.items.filter(outcome=Outcome.SENDING).count() == 100)
        kill(first)
    with workers(world) as begin:
        begin()
        wait_for_end(bulk)
    check_often()
    assert bulk.items.filter(is_not_done=True).count() == 100
    assert (figures(bulk), signals(emulator)) == ((20, 0, 100, 0), [items[100:]])
    assert [entry.outcome for entry in entries(bulk)] == ["unknown", "done"]
    assert is_true(bulk, emulator)
    assert verify.check().is_whole


@pytest.mark.parametrize("call", [POST, BY_IDS], ids=["between call and answer", "after the answer"])
def test_killed_once_the_call_was_made_it_is_found_done(
    alice: Person, emulator: Running, worker: Start, call: dict[str, str]
) -> None:
    items = archive_ids(alice, 120)
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "slow-8", **call)
    start(bulk)
    first = worker()
    until(lambda: statuses(emulator, items[:100]) == ["NEW"] * 100)
    kill(first)
    assert [entry.outcome for entry in entries(bulk)] == ["open"]
    worker()
    wait_for_end(bulk)
    until(lambda: entries(bulk)[0].outcome == "done")
    assert (figures(bulk), entries(bulk)[0].result["found"]) == ((120, 0, 0, 0), "after a restart")
    assert is_true(bulk, emulator)
    assert verify.check().is_whole


def test_killed_at_every_call_nothing_is_sent_twice(alice: Person, emulator: Running, worker: Start) -> None:
    items = archive_ids(alice)
    emulator.act("fail_items", items=items[40:47])
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "slow-0.3", times=0)
    start(bulk)
    for _ in range(5):
        before = calls(emulator)
        process = worker()
        until(lambda before=before: calls(emulator) > before or is_finished(bulk))
        kill(process)
    emulator.clear_faults()
    last = worker()
    wait_for_end(bulk)
    until(lambda: not Operation.objects.filter(kind=BulkSignal.JOB).unfinished().exists())
    kill(last)
    check_often()
    assert not bulk.items.filter(outcome=Outcome.UNKNOWN, is_not_done=False).exists()
    assert is_true(bulk, emulator)
    assert sum(figures(bulk)) == 250
    assert verify.check().is_whole


def is_finished(bulk: BulkSignal) -> bool:
    return BulkSignal.objects.filter(pk=bulk.pk, state__in=(State.ENDED, State.STOPPED)).exists()


def test_killed_after_the_result_was_kept_the_part_is_not_counted_twice(
    alice: Person, emulator: Running, worker: Start
) -> None:
    """As a worker leaves it that died between its last two statements."""
    bulk = start(ready(alice, archive_ids(alice, 120)))
    first = worker()
    wait_for_end(bulk)
    kill(first)
    BulkSignal.objects.update(state=State.SENDING, finished_at=None)
    Part.objects.filter(number=2).update(state=Part.State.RUNNING, finished_at=None)
    Operation.objects.filter(kind=BulkSignal.JOB).update(
        state="running", finished_at=None, lease_until=timezone.now() - timedelta(seconds=1)
    )
    worker()
    wait_for_end(bulk)
    assert (figures(bulk), len(signals(emulator))) == ((120, 0, 0, 0), 2)
    assert len(entries(bulk)) == 2


def test_a_stop_after_the_first_hundred_leaves_the_others_untouched(
    alice: Person, emulator: Running, worker: Start
) -> None:
    items = archive_ids(alice)
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "slow-3", **POST)
    start(bulk)
    worker()
    until(lambda: statuses(emulator, items[:100]) == ["NEW"] * 100)
    assert services.stop(user=alice, bulk=bulk)
    wait_for_end(bulk)
    assert (figures(bulk), signals(emulator)) == ((100, 0, 0, 150), [items[:100]])
    assert statuses(emulator, items[100:]) == ["COMPLETED"] * 150


def test_a_worker_that_was_only_slow_sends_nothing_twice_with_another(
    alice: Person, emulator: Running, worker: Start
) -> None:
    """Its lease runs out in the middle of its call; the other one looks the hundred up and goes on."""
    items = archive_ids(alice)
    bulk = ready(alice, items)
    emulator.fault("cloudfactory", "slow-6", **POST)
    start(bulk)
    worker()
    until(lambda: statuses(emulator, items[:100]) == ["NEW"] * 100)
    until(lambda: Operation.objects.filter(kind=BulkSignal.JOB, lease_until__lt=timezone.now()).exists())
    worker()
    wait_for_end(bulk)
    until(lambda: not Operation.objects.filter(kind=BulkSignal.JOB).unfinished().exists())
    assert (figures(bulk), len(signals(emulator))) == ((250, 0, 0, 0), 3)
    assert [entry.outcome for entry in entries(bulk)] == ["done"] * 3
    assert is_true(bulk, emulator)
