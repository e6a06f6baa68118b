"""Clocks that differ: a moment to come, which a wrong clock wrote, neither keeps a signal waiting nor a plan fresh."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import plans
from console.items.models import BulkSignal
from console.jobs import services as jobs
from console.jobs import worker
from tests.items.bulk_helpers import archive_ids, reads, signals, statuses
from tests.items.bulk_plan_helpers import create, page_url, read_plans, select_all
from tests.items.test_bulk_send import figures, once_each, ready, start, work

pytestmark = pytest.mark.django_db(transaction=True)
State = BulkSignal.State
AHEAD = [timedelta(hours=1), timedelta(days=400)]


@pytest.fixture(autouse=True)
def anchored(audit_anchor: Any) -> None:
    pass


def test_a_signal_that_a_wrong_clock_put_off_is_sent(alice: Person, emulator: Running) -> None:
    items = archive_ids(alice, 3)
    bulk = start(ready(alice, items, "send-back", reason="Blurred"))
    late = timezone.now() + timedelta(days=400)
    BulkSignal.objects.filter(pk=bulk.pk).update(due_at=late)
    jobs.Operation.objects.update(due_at=late)
    worker.sweep()
    bulk.refresh_from_db()
    assert (bulk.state, signals(emulator)) == (State.ENDED, [items])


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_a_plan_read_at_a_moment_to_come_is_read_again_when_pressed(
    alice: Person, emulator: Running, ahead: timedelta
) -> None:
    items = archive_ids(alice, 3)
    at = timezone.now() + ahead
    bulk = ready(alice, items, read_at=at)
    bulk.items.update(read_at=at)
    emulator.act("set_status", item=items[0], status="IN_PROGRESS")
    emulator.forget_requests()
    plans.press(user=alice, bulk=bulk, version=bulk.plan_version)
    work(2)
    bulk.refresh_from_db()
    assert (bulk.state, signals(emulator), reads(emulator)) == (State.READY, [], 1)


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_items_read_at_a_moment_to_come_are_read_again_before_they_are_sent(
    alice: Person, emulator: Running, ahead: timedelta
) -> None:
    items = archive_ids(alice, 3)
    bulk = start(ready(alice, items))
    bulk.items.update(read_at=timezone.now() + ahead)
    emulator.act("set_status", item=items[0], status="IN_PROGRESS")
    emulator.forget_requests()
    work()
    assert (figures(bulk), signals(emulator)) == ((2, 0, 0, 1), [items[1:]])
    assert once_each(emulator)
    assert statuses(emulator, items) == ["IN_PROGRESS", "NEW", "NEW"]


def test_a_worker_whose_clock_is_behind_reads_all_that_match(
    alice: Person, client_as: Callable[[Person], Client], emulator: Running
) -> None:
    select_all(alice, "status=NEW")
    client = client_as(alice)
    answer = create(client, "start", list="status=NEW")
    bulk = BulkSignal.objects.get(pk=answer["Location"].split("/")[-2])
    for _ in range(2):
        jobs.Operation.objects.unfinished().update(created_at=timezone.now() + timedelta(hours=1))
        read_plans()
        kinds = set(bulk.items.values_list("kind", flat=True))
        assert (BulkSignal.objects.get(pk=bulk.pk).state, kinds) == (State.READY, {"likely"})
        client.post(f"{page_url(bulk)}read-again/")
