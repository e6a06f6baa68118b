"""The pages of a bulk signal over what was really sent: figures, stop, carry on, undo while it waits, retry."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from console.items.bulk import services
from console.items.models import BulkItem, BulkSignal
from console.jobs import worker
from console.jobs.models import Operation
from console.jobs.models import State as JobState
from tests.conftest import SPACE
from tests.exports.making import text_of
from tests.items.bulk_helpers import ARCHIVE, ITEMS, SIGNALS, archive_ids, press, signals
from tests.items.decision_helpers import HTMX

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Person], Client]
State, Outcome = BulkSignal.State, BulkItem.Outcome
POST = {"method": "POST", "path": SIGNALS}
LOCKED = "the item is locked"


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


def pressed_plan(person: Person, items: list[str], action: str = "reopen", before: str = "COMPLETED") -> BulkSignal:
    """A plan of these items that the person has sent; no worker was at it yet."""
    now = timezone.now()
    bulk = BulkSignal.objects.create(
        person=person, space=SPACE, project=ARCHIVE, project_name="Archive", action=action, state="ready", read_at=now
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            bulk=bulk,
            position=place,
            item=item,
            name=f"Item {place}",
            kind="likely",
            status_seen=before,
            status_before=before,
            read_at=now,
        )
        for place, item in enumerate(items, start=1)
    )
    services.start(bulk)
    return bulk


def work() -> None:
    """The workers' turn, as if the waits were over."""
    due = timezone.now() - timedelta(seconds=1)
    Operation.objects.filter(state=JobState.WAITING).update(due_at=due)
    BulkSignal.objects.filter(state=State.WAITING).update(due_at=due)
    worker.sweep()


def page(client: Client, bulk: BulkSignal, rest: str = "") -> str:
    return text_of(client.get(f"{ITEMS}bulk/{bulk.pk}/{rest}"))


def move(client: Client, bulk: BulkSignal, name: str, **about: Any) -> str:
    return text_of(client.post(f"{ITEMS}bulk/{bulk.pk}/{name}/", follow=True, **about))


def test_seven_refused_of_250_are_told_kept_and_retried_alone(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), archive_ids(alice)
    emulator.act("fail_items", items=items[40:47], how="error", error=LOCKED)
    bulk = pressed_plan(alice, items)
    work()
    page_now = page(client, bulk)
    assert "Finished: reopening 250 items" in page_now
    assert "243 reopened, 7 refused." in page_now
    refused = page(client, bulk, "?outcome=refused")
    assert refused.count(LOCKED) == 7
    sheet = b"".join(client.get(f"{ITEMS}bulk/{bulk.pk}/results.csv").streaming_content)
    assert sheet.count(b"\r\n") == 251
    assert Entry.objects.filter(action="item.results").count() == 1
    assert "Retry 7 items" in page_now

    emulator.forget_requests()
    press(client, bulk, "retry")
    retry = BulkSignal.objects.get(origin=bulk)
    work()
    assert "Reopen 7 items" in page(client, retry)
    press(client, retry, "send")
    work()
    assert signals(emulator) == [items[40:47]]
    assert "7 reopened." in page(client, retry)
    assert "Retry 7" not in page(client, bulk)


def test_two_retries_in_two_tabs_reach_each_item_once(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), archive_ids(alice, 20)
    emulator.act("fail_items", items=items[4:11], how="error", error=LOCKED)
    bulk = pressed_plan(alice, items)
    work()
    emulator.forget_requests()
    for _ in range(2):
        press(client, bulk, "retry")
    work()
    first, second = BulkSignal.objects.filter(origin=bulk).order_by("created_at")
    press(client, first, "send")
    work()
    press(client, second, "send")
    work()
    work()
    assert signals(emulator) == [items[4:11]]
    second.refresh_from_db()
    assert second.state in (State.READY, State.STOPPED, State.ENDED)
    assert "Retry" not in page(client, bulk).partition("Items")[2]


def test_a_stop_after_the_first_hundred_says_what_was_done_and_what_was_not(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), archive_ids(alice)
    for fault in ("slow-0", "429"):
        emulator.fault("cloudfactory", fault, **POST)
    bulk = pressed_plan(alice, items)
    work()
    assert "100 of 250" in page(client, bulk)
    assert "Stopping after the items that are being sent now." in move(client, bulk, "stop")
    work()
    page_now = page(client, bulk)
    assert "Stopped: reopening 250 items" in page_now
    assert "100 reopened, 150 not sent." in page_now
    assert [len(call) for call in signals(emulator)] == [100, 100]
    assert page(client, bulk, "?outcome=not-sent").count("Stopped before its turn.") == 100
    assert "Nothing of it was being sent" in move(client, bulk, "stop")
    assert "Retry 150 items" in page_now


def test_what_is_paused_goes_on_when_the_person_says_so(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), archive_ids(alice, 150)
    bulk = pressed_plan(alice, items)
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.PAUSED, message="CloudFactory has a problem.")
    Operation.objects.update(state=JobState.PAUSED)
    assert "Paused: reopening 150 items" in page(client, bulk)
    answer = client.post(f"{ITEMS}bulk/{bulk.pk}/carry-on/?was=paused", headers=HTMX)
    assert "Reopening 150 items" in text_of(answer)
    assert 'data-run="sending"' in answer.content.decode()
    assert "It is no longer paused." in move(client, bulk, "carry-on")
    work()
    assert "150 reopened." in page(client, bulk)


def test_what_waits_is_taken_back_and_nothing_is_sent(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), archive_ids(alice, 3)
    bulk = pressed_plan(alice, items, action="approve")
    assert re.search(r"Approving 3 items in (10|9) s", page(client, bulk))
    assert "Undone: approving 3 items Nothing was sent." in move(client, bulk, "stop")
    work()
    assert signals(emulator) == []
    page_now = page(client, bulk)
    assert "Retry" not in page_now
    assert "Taken back before it was sent." in page_now


def test_moves_of_what_does_not_exist_or_is_a_plan_change_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    plan = BulkSignal.objects.create(person=alice, space=SPACE, project=ARCHIVE, action="reopen", state="ready")
    for name in ("stop", "carry-on", "retry"):
        assert client.post(f"{ITEMS}bulk/{uuid.uuid4()}/{name}/").status_code == 404
        assert client.get(f"{ITEMS}bulk/{plan.pk}/{name}/").status_code == 405
        move(client, plan, name, data={"new_id": str(uuid.uuid4())})
    plan.refresh_from_db()
    assert plan.state == State.READY
    assert BulkSignal.objects.count() == 1
