"""Decisions sent by real workers over real sockets, also where one is killed with SIGKILL in the middle of its call."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import verify
from console.audit.models import Entry
from console.emulator.server import Running
from console.items.models import Decision
from console.jobs.models import Operation
from console.jobs.models import State as JobState
from tests.items.decision_helpers import decision_of, item_ids, press, sent_signals, status_of
from tests.items.test_decide import take_back
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ClientAs = Callable[[Person], Client]
State = Decision.State
GRACE = 2.0


@pytest.fixture
def worker(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> Iterator[Start]:
    """Starts workers that share this test's database, vendors and audit."""
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN, settings.REVIEW_GRACE = 1, 0, GRACE
    queue = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    with workers(environment(emulator, audit_anchor, JOBS_URL=queue)) as begin:
        yield begin


def is_all_due() -> bool:
    return not Operation.objects.filter(state=JobState.WAITING, due_at__gt=timezone.now()).exists()


def is_no_lease_left() -> bool:
    return not Operation.objects.filter(state=JobState.RUNNING, lease_until__gte=timezone.now()).exists()


def test_five_decisions_with_one_taken_back_are_four_signals(
    bob: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    client, items = client_as(bob), item_ids(bob, number=5)
    for item in items:
        press(client, item)
    take_back(client, items[2])
    until(is_all_due)
    worker()
    until(lambda: Decision.objects.filter(state=State.SENT).count() == 4)
    assert [len(sent_signals(emulator, item)) for item in items] == [1, 1, 0, 1, 1]


def test_five_decisions_with_one_taken_back_and_a_worker_killed_are_four_signals(
    bob: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    client, items = client_as(bob), item_ids(bob, number=5)
    for item in items:
        press(client, item)
    take_back(client, items[2])
    emulator.fault("cloudfactory", "slow-8", method="PUT")
    until(is_all_due)
    first = worker()
    until(lambda: any(status_of(bob, item) == "COMPLETED" for item in items))
    kill(first)
    until(is_no_lease_left)
    worker()
    until(lambda: Decision.objects.filter(state=State.SENT).count() == 4)
    statuses = ["COMPLETED", "COMPLETED", "CLIENT_REVIEW", "COMPLETED", "COMPLETED"]
    assert [status_of(bob, item) for item in items] == statuses
    until(lambda: len(sent_signals(emulator)) == 4)
    assert [len(sent_signals(emulator, item)) for item in items] == [1, 1, 0, 1, 1]
    assert Entry.objects.lines().filter(action="item.approve").count() == 4
    assert verify.check().is_whole


def test_a_worker_killed_while_its_call_is_on_the_way_sends_once(
    bob: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    [item] = item_ids(bob)
    press(client_as(bob), item)
    emulator.fault("cloudfactory", "slow-8", method="PUT")
    until(is_all_due)
    first = worker()
    until(lambda: status_of(bob, item) == "COMPLETED")
    kill(first)
    assert (decision_of(item).state, Entry.objects.get(pk=decision_of(item).pk).outcome) == ("sending", "open")
    until(is_no_lease_left)
    worker()
    until(lambda: decision_of(item).state == State.SENT)
    entry = Entry.objects.get(pk=decision_of(item).pk)
    assert (entry.outcome, entry.result["found"], decision_of(item).status_after) == (
        "done",
        "after a restart",
        "COMPLETED",
    )
    assert len(sent_signals(emulator, item)) <= 1
    assert verify.check().is_whole


def test_a_worker_killed_before_its_call_leaves_it_to_the_next(
    bob: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    """As a worker leaves it that claimed the decision and died before the entry was written."""
    [item] = item_ids(bob)
    press(client_as(bob), item)
    Decision.objects.update(state=State.SENDING)
    Operation.objects.update(state=JobState.RUNNING, lease_until=decision_of(item).created_at)
    worker()
    until(lambda: decision_of(item).state == State.SENT)
    assert len(sent_signals(emulator, item)) == 1
