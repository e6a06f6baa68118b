"""Undoing by real workers over real sockets, also where one is killed with SIGKILL in the middle of its call."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import verify
from console.emulator.server import Running
from console.items.models import BulkSignal
from tests.items.bulk_plan_helpers import press, read_plans, signals
from tests.items.decision_helpers import item_ids, status_of
from tests.items.test_bulk_undo import plans, start_work, undo
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
ClientAs = Callable[[Person], Client]
State = BulkSignal.State


@pytest.fixture
def worker(emulator: Running, settings: Any, tmp_path: Path, audit_anchor: Path) -> Iterator[Start]:
    """Starts workers that share this test's database, vendors and audit."""
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    queue = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    with workers(environment(emulator, audit_anchor, JOBS_URL=queue)) as begin:
        yield begin


def test_an_undo_whose_worker_is_killed_sends_once_and_tells_the_truth(
    alice: Person, client_as: ClientAs, emulator: Running, worker: Start
) -> None:
    client, items = client_as(alice), item_ids(alice, "NEW", 3)
    bulk = start_work(client, alice, items)
    undo(client, bulk)
    read_plans()
    [undoing] = plans(bulk)
    emulator.fault("cloudfactory", "slow-8", method="POST")
    press(client, undoing)
    first = worker()
    until(lambda: all(status_of(alice, item) == "NEW" for item in items))
    kill(first)
    undoing.refresh_from_db()
    assert undoing.state == State.SENDING
    worker()
    until(lambda: BulkSignal.objects.filter(pk=undoing.pk, state=State.ENDED).exists())
    undoing.refresh_from_db()
    assert (undoing.done_count, undoing.unknown_count, undoing.refused_count) == (3, 0, 0)
    assert set(undoing.items.values_list("status_after", flat=True)) == {"NEW"}
    assert len(signals(emulator)) == 2, "the start and its undo, each of them once"
    assert verify.check().is_whole
