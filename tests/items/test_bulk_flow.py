"""Signals to 250 work items from the selection to the undo, with a real worker over real sockets, as two people see it.

What the platform received is read from the emulator's log, and what it holds from the emulator's world.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Person
from console.audit import verify
from console.emulator.server import Running
from console.items.models import BulkItem, BulkSignal
from tests.items import bulk_helpers
from tests.items.bulk_helpers import Outcome, State
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ClientAs = Callable[[Person], Client]
Kind = BulkItem.Kind
LOCKED = "the item is locked by another process"
AT_ONCE, WITHOUT_ANSWER = "slow-0", "drop-after"


@pytest.fixture
def worker(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> Iterator[Start]:
    """Starts workers of both queues that share this test's database, vendors and audit."""
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN, settings.REVIEW_GRACE = 5, 0, 1
    with workers(environment(emulator, audit_anchor, AUDIT_GRACE="5", REVIEW_GRACE="1")) as begin:
        yield begin


@pytest.fixture
def items(alice: Person, emulator: Running) -> list[str]:
    """The 250 finished items, read as the table reads them."""
    items = bulk_helpers.archive_ids(alice)
    emulator.forget_requests()
    return items


def plan(client: Client, items: Sequence[str], action: str, status: str = "COMPLETED") -> BulkSignal:
    bulk_helpers.select(client, items, status)
    bulk = bulk_helpers.wait_for_plan(bulk_helpers.create_plan(client, action))
    assert bulk.state == State.READY, bulk.message
    return bulk


def send(client: Client, bulk: BulkSignal, **fields: Any) -> BulkSignal:
    bulk_helpers.press(client, bulk, **fields)
    return bulk_helpers.wait_for_end(bulk)


def kinds(bulk: BulkSignal) -> Counter[str]:
    return Counter(bulk.items.values_list("kind", flat=True))


def is_told_as_it_is(bulk: BulkSignal, emulator: Running) -> bool:
    """Whether each item's result is what the platform holds, and the figures count those that were to be sent."""
    rows = list(bulk.items.all())
    current_statuses = bulk_helpers.statuses(emulator, [str(row.item) for row in rows])
    figures = Counter(row.outcome for row in rows if row.act_id)
    counts = (bulk.done_count, bulk.refused_count, bulk.unknown_count, bulk.not_sent_count)
    names = (Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.NOT_SENT)
    return counts == tuple(figures[name] for name in names) and all(
        status == row.status_after if row.outcome == Outcome.DONE else status == row.status_before
        for row, status in zip(rows, current_statuses, strict=True)
    )


@pytest.mark.parametrize("places", [(3, 50, 99, 200, 210, 220, 249), range(120, 127)], ids=["seen", "unseen"])
def test_250_items_with_7_that_fail_and_an_answer_that_is_lost(
    alice: Person,
    bob: Person,
    client_as: ClientAs,
    emulator: Running,
    worker: Start,
    items: list[str],
    places: Sequence[int],
) -> None:
    client, failing = client_as(alice), [items[place] for place in places]
    emulator.act("fail_items", items=failing, how="error", error=LOCKED)
    for fault in (AT_ONCE, WITHOUT_ANSWER):
        emulator.fault("cloudfactory", fault, method="POST", path=bulk_helpers.SIGNALS)
    worker()

    bulk = plan(client, items, "reopen")
    assert kinds(bulk) == {Kind.LIKELY: 250}
    assert bulk_helpers.reads(emulator) == 3
    assert "Reopen 250 items" in bulk_helpers.page_of(client, bulk).words
    bulk = send(client, bulk)
    until(lambda: not bulk.items.filter(outcome=Outcome.UNKNOWN, is_not_done=False).exists())
    bulk.refresh_from_db()

    calls = bulk_helpers.signals(emulator)
    assert [len(call) for call in calls] == [100, 100, 50]
    assert sorted(item for call in calls for item in call) == sorted(items)
    assert bulk_helpers.reads(emulator) >= 6
    assert bulk_helpers.statuses(emulator, items) == ["COMPLETED" if item in failing else "NEW" for item in items]
    assert bulk_helpers.outcomes(bulk, Outcome.DONE) == set(items) - set(failing)
    assert is_told_as_it_is(bulk, emulator)
    for person in (alice, bob):
        words = bulk_helpers.page_of(client_as(person), bulk).words
        assert "243" in words
        assert "7" in words
    assert (LOCKED in words) == (places[0] == 3)

    emulator.forget_requests()
    bulk_helpers.press(client, bulk, "retry")
    again = bulk_helpers.wait_for_plan(BulkSignal.objects.get(origin=bulk))
    assert (again.state, kinds(again)) == (State.READY, {Kind.LIKELY: 7})
    again = send(client, again)

    assert [sorted(call) for call in bulk_helpers.signals(emulator)] == [sorted(failing)]
    assert bulk_helpers.outcomes(again, Outcome.DONE) == set(failing)
    assert set(bulk_helpers.statuses(emulator, items)) == {"NEW"}
    assert verify.check().is_whole


def test_a_stop_after_the_first_hundred_leaves_150_untouched(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start, items: list[str]
) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "slow-2", method="POST", path=bulk_helpers.SIGNALS)
    worker()
    bulk = plan(client, items, "reopen")
    bulk_helpers.press(client, bulk)
    until(lambda: bulk_helpers.signals(emulator))
    bulk_helpers.press(client, bulk, "stop")
    bulk = bulk_helpers.wait_for_end(bulk)

    assert [len(call) for call in bulk_helpers.signals(emulator)] == [100]
    assert (bulk.state, bulk.done_count, bulk.not_sent_count) == (State.STOPPED, 100, 150)
    assert Counter(bulk_helpers.statuses(emulator, items)) == {"NEW": 100, "COMPLETED": 150}
    assert is_told_as_it_is(bulk, emulator)
    words = bulk_helpers.page_of(client, bulk).words
    assert "100" in words
    assert "150" in words
    assert verify.check().is_whole


def test_an_undo_of_a_start_restores_what_it_may_and_no_more(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start, items: list[str]
) -> None:
    client, locked, changed = client_as(alice), items[:4], items[100:105]
    emulator.act("set_status", items=items, status="NEW")
    emulator.act("fail_items", items=locked)
    worker()
    started = send(client, plan(client, items, "start", "NEW"))
    assert (started.done_count, started.refused_count) == (246, 4)
    emulator.act("set_status", items=changed, status="COMPLETED")
    emulator.forget_requests()

    bulk_helpers.press(client, started, "undo")
    undo = bulk_helpers.wait_for_plan(BulkSignal.objects.get(origin=started, purpose=BulkSignal.Purpose.UNDO))
    assert kinds(undo) == {Kind.LIKELY: 241, Kind.CHANGED: 5}
    undo = send(client, undo)

    calls = sorted(item for call in bulk_helpers.signals(emulator) for item in call)
    assert calls == sorted(set(items) - set(locked) - set(changed))
    assert {one["body"]["signal"] for one in emulator.requests("cloudfactory") if one["method"] == "POST"} == {
        "release"
    }
    assert Counter(bulk_helpers.statuses(emulator, items)) == {"NEW": 245, "COMPLETED": 5}
    assert undo.done_count == 241
    assert is_told_as_it_is(undo, emulator)
    assert verify.check().is_whole


def test_items_that_changed_before_the_press_are_named_by_a_second_plan(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start, items: list[str], settings: Any
) -> None:
    client, changed = client_as(alice), items[70:75]
    worker()
    bulk = plan(client, items, "reopen")
    emulator.act("set_status", items=changed, status="FAILED")
    settings.SIGNAL_PLAN_FRESH = 0
    bulk_helpers.press(client, bulk)
    settings.SIGNAL_PLAN_FRESH = 60
    bulk = bulk_helpers.wait_for_plan(bulk)

    assert (bulk.state, bulk_helpers.signals(emulator)) == (State.READY, [])
    assert {str(row.item) for row in bulk.items.filter(kind=Kind.CHANGED)} == set(changed)
    assert "5 changed" in bulk_helpers.page_of(client, bulk).words
    bulk = send(client, bulk)

    assert Counter(bulk_helpers.statuses(emulator, items)) == {"NEW": 245, "FAILED": 5}
    assert is_told_as_it_is(bulk, emulator)


def test_a_worker_killed_after_each_call_signals_no_item_twice(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start, items: list[str]
) -> None:
    client = client_as(alice)
    process = worker()
    bulk = plan(client, items, "reopen")
    emulator.fault("cloudfactory", "slow-8", method="POST", path=bulk_helpers.SIGNALS, times=0)
    bulk_helpers.press(client, bulk)
    for calls in (1, 2):
        until(lambda calls=calls: bulk_helpers.statuses(emulator, items).count("NEW") == min(100 * calls, 250))
        kill(process)
        process = worker()
    emulator.clear_faults()
    bulk = bulk_helpers.wait_for_end(bulk)
    until(lambda: not bulk.items.filter(outcome=Outcome.UNKNOWN).exists())
    bulk.refresh_from_db()

    sent_items = [item for call in bulk_helpers.signals(emulator) for item in call]
    assert sorted(sent_items) == sorted(items)
    assert set(bulk_helpers.statuses(emulator, items)) == {"NEW"}
    assert bulk.done_count == 250
    assert is_told_as_it_is(bulk, emulator)
    assert verify.check().is_whole


def test_two_people_on_overlapping_selections_both_read_the_truth(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running, worker: Start, items: list[str]
) -> None:
    clients = [client_as(alice), client_as(bob)]
    worker()
    both = [plan(clients[0], items[:150], "reopen"), plan(clients[1], items[100:], "reopen")]

    def press(number: int) -> None:
        try:
            bulk_helpers.press(clients[number], both[number])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, range(2)))
    for client, bulk in zip(clients, both, strict=True):
        until(lambda bulk=bulk: bulk_helpers.state_of(bulk) in (State.READY, *bulk_helpers.FINISHED))
        if bulk_helpers.state_of(bulk) == State.READY:  # The second person reads that 50 of them have changed since.
            assert kinds(bulk) in ({Kind.LIKELY: 100, Kind.CHANGED: 50}, {Kind.LIKELY: 100, Kind.HELD: 50})
            bulk_helpers.press(client, bulk)
    finished = [bulk_helpers.wait_for_end(bulk) for bulk in both]

    times = Counter(item for call in bulk_helpers.signals(emulator) for item in call)
    assert set(times) == set(items)
    counts = Counter(str(row.item) for bulk in finished for row in bulk.items.exclude(outcome=Outcome.NOT_SENT))
    assert counts == times
    assert set(bulk_helpers.statuses(emulator, items)) == {"NEW"}
    done_items = Counter(item for bulk in finished for item in bulk_helpers.outcomes(bulk, Outcome.DONE))
    assert set(done_items.values()) == {1}
    assert set(done_items) == set(items)
    assert verify.check().is_whole
