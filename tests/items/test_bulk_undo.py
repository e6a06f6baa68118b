"""Undoing a signal to many work items: one inverse signal, with a plan of its own, for an hour."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import undo as undoing
from console.items.bulk.actions import BULK_ACTIONS, BulkAction
from console.items.bulk.plans import fingerprint
from console.items.models import BulkItem, BulkSignal
from console.items.signals import CHOICES
from console.items.statuses import STATUSES
from console.jobs import services as jobs
from tests.exports.making import text_of
from tests.items.bulk_factories import bulk_signal, ended_signal, record_entry
from tests.items.bulk_plan_helpers import create_plan, page_url, read_plans, select, signals
from tests.items.bulk_plan_helpers import press as press_plan
from tests.items.decision_helpers import ITEMS, item_ids, press, status_of, work

ClientAs = Callable[[Person], Client]
WAYS = [
    ("start", "NEW", "IN_PROGRESS", "release"),
    ("release", "IN_PROGRESS", "NEW", "start"),
    ("cancel", "NEW", "CANCELED", "reopen"),
    ("reopen", "CANCELED", "NEW", "cancel"),
]
NO_WAYS = [
    ("cancel", "IN_PROGRESS", "CANCELED"),
    ("cancel", "CLIENT_REVIEW", "CANCELED"),
    ("reopen", "COMPLETED", "NEW"),
    ("reopen", "FAILED", "NEW"),
    ("approve", "CLIENT_REVIEW", "COMPLETED"),
    ("send-back", "CLIENT_REVIEW", "IN_PROGRESS"),
]


def undo(client: Client, bulk: BulkSignal) -> Any:
    return client.post(f"{ITEMS}bulk/{bulk.pk}/undo/")


def plans(bulk: BulkSignal) -> list[BulkSignal]:
    return list(BulkSignal.objects.filter(origin=bulk, purpose="undo"))


def done_signal(person: Person, items: list[str], action: str = "start", **fields: Any) -> BulkSignal:
    way = {"before": "NEW", "after": "IN_PROGRESS"} | fields
    bulk = ended_signal(person, items, action=action, **way)
    record_entry(bulk)
    return bulk


def refused(client: Client, bulk: BulkSignal) -> str:
    """What the page says after a press that planned nothing."""
    answer = undo(client, bulk)
    assert (answer.status_code, answer["Location"]) == (302, f"{ITEMS}bulk/{bulk.pk}/")
    assert not BulkSignal.objects.filter(origin=bulk).exists()
    return text_of(client.get("/"))


@pytest.mark.parametrize(("action", "before", "after", "inverse"), WAYS)
def test_an_undo_is_a_plan_of_the_inverse_signal(
    bob: Person, client_as: ClientAs, emulator: Running, action: str, before: str, after: str, inverse: str
) -> None:
    items = item_ids(bob, number=3)
    bulk = done_signal(bob, items, action, before=before, after=after, list_query="status=NEW")
    bulk.items.filter(position=3).update(outcome="refused", status_after=before)
    answer = undo(client_as(bob), bulk)
    [plan] = plans(bulk)
    assert answer["Location"] == f"{ITEMS}bulk/{plan.pk}/"
    assert (plan.action, plan.state, plan.list_query, plan.person) == (inverse, "reading", "status=NEW", bob)
    planned = [(str(one.item), one.status_seen, one.outcome) for one in plan.items.all()]
    assert planned == [(item, after, "") for item in items[:2]], "only what this signal did can be undone"


@pytest.mark.parametrize(("action", "before", "after"), NO_WAYS)
def test_what_no_signal_restores_is_not_undone(
    bob: Person, client_as: ClientAs, emulator: Running, action: str, before: str, after: str
) -> None:
    bulk = done_signal(bob, item_ids(bob, number=2), action, before=before, after=after)
    message = refused(client_as(bob), bulk)
    assert "2 items can’t be undone: no signal leads back to the status before. Nothing was sent." in message


def test_items_that_were_elsewhere_before_are_left_out(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    items = item_ids(bob, number=3)
    bulk = done_signal(bob, items, "cancel", after="CANCELED")
    bulk.items.filter(position=2).update(status_before="CLIENT_REVIEW")
    offer = undoing.read_offer(bulk)
    assert offer is not None
    assert (offer.label, offer.count, offer.without_way_back) == ("Undo: reopen 2 items", 2, 1)
    assert offer.text.startswith("1 item can’t be undone: no signal leads back to the status before. It can be")
    undo(client_as(bob), bulk)
    assert [str(one.item) for one in plans(bulk)[0].items.all()] == [items[0], items[2]]


def test_an_item_that_moved_elsewhere_than_asked_is_not_undone(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = done_signal(bob, item_ids(bob), after="COMPLETED")
    assert "can’t be undone" in refused(client_as(bob), bulk)


def test_it_can_be_undone_for_an_hour(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [one, other] = item_ids(bob, number=2)
    now = timezone.now()
    late = done_signal(bob, [one], at=now - timedelta(minutes=61))
    assert "It could be undone until" in refused(client_as(bob), late)
    offer = undoing.read_offer(late)
    assert offer is not None
    assert not offer.is_offered
    early = done_signal(bob, [other], at=now - timedelta(minutes=59))
    undo(client_as(bob), early)
    assert len(plans(early)) == 1


def test_the_result_offers_it_with_the_number_and_the_end(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = done_signal(bob, item_ids(bob, number=2))
    page = client_as(bob).get(f"{ITEMS}bulk/{bulk.pk}/")
    assert "Undo: release 2 items It can be undone until" in text_of(page)
    assert f'action="{ITEMS}bulk/{bulk.pk}/undo/"' in page.content.decode()
    assert "bulk-undo" not in client_as(alice).get(f"{ITEMS}bulk/{bulk.pk}/").content.decode()
    BulkSignal.objects.update(finished_at=timezone.now() - timedelta(hours=2))
    late = client_as(bob).get(f"{ITEMS}bulk/{bulk.pk}/")
    assert "It could be undone until" in text_of(late)
    assert "Undo: release" not in text_of(late)


@pytest.mark.parametrize("state", ["reading", "not read", "ready", "waiting", "sending", "paused", "taken back"])
def test_what_has_not_ended_is_not_undone(bob: Person, client_as: ClientAs, emulator: Running, state: str) -> None:
    bulk = bulk_signal(bob, item_ids(bob), state=state, action="start", outcome="done", before="NEW")
    assert undoing.read_offer(bulk) is None
    assert "Only what has ended can be undone. Nothing was sent." in refused(client_as(bob), bulk)


def test_a_stopped_one_is_undone_as_far_as_it_came(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    items = item_ids(bob, number=3)
    bulk = done_signal(bob, items, state="stopped")
    bulk.items.filter(position__gt=1).update(outcome="not sent", status_after="")
    undo(client_as(bob), bulk)
    assert [str(one.item) for one in plans(bulk)[0].items.all()] == items[:1]


def test_two_presses_find_one_plan(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = done_signal(bob, item_ids(bob))
    places = {undo(client_as(bob), bulk)["Location"] for _ in range(3)}
    assert len(places) == len(plans(bulk)) == 1


def test_after_an_undo_that_was_stopped_the_rest_can_be_undone(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """What the first undo did is another signal on the item, so that it isn't undone twice."""
    items = item_ids(bob, number=2)
    bulk = done_signal(bob, items)
    undo(client_as(bob), bulk)
    [first] = plans(bulk)
    first.state, first.finished_at = first.State.STOPPED, timezone.now()
    first.save()
    part = uuid.uuid4()
    first.items.filter(position=1).update(act_id=part, outcome="done", status_after="NEW")
    first.items.filter(position=2).update(outcome="not sent")
    entered_only(first, part)
    undo(client_as(bob), bulk)
    [second] = [plan for plan in plans(bulk) if plan.pk != first.pk]
    assert [str(one.item) for one in second.items.all()] == items[1:]


def entered_only(bulk: BulkSignal, part: uuid.UUID) -> None:
    """The entry of the part, of the items that belong to it."""
    others = bulk.items.exclude(act_id=part)
    others_before = list(others)
    others.delete()
    record_entry(bulk)
    BulkItem.objects.bulk_create(others_before)


def test_what_was_signaled_again_since_is_left_out(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Also where it has the same status again: that is another's doing."""
    items = item_ids(bob, status="IN_PROGRESS", number=4)
    bulk = done_signal(bob, items)
    press(client_as(alice), items[0], "signal", choice="release")
    work()
    record_entry(ended_signal(alice, [items[1]], action="start", before="NEW", after="IN_PROGRESS"))
    record_entry(ended_signal(alice, [items[2]], action="release", outcome="refused"))
    undo(client_as(bob), bulk)
    [plan] = plans(bulk)
    assert [str(one.item) for one in plan.items.all()] == items[2:], "what was refused has changed nothing"
    plan.delete()
    record_entry(ended_signal(alice, items, action="start"))
    message = refused(client_as(bob), bulk)
    assert "Every item was signaled again since, so there is nothing to undo. Nothing was sent." in message


def test_what_changed_since_is_named_in_the_undos_plan_and_stays_left_out(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Also where the form for "plan them as they are now", which an undo doesn't have, is sent."""
    client, items = client_as(bob), item_ids(bob, status="IN_PROGRESS", number=3)
    bulk = done_signal(bob, items)
    emulator.act("set_status", item=items[1], status="COMPLETED")
    emulator.act("set_status", item=items[2], status="NEW")
    undo(client, bulk)
    read_plans()
    [plan] = plans(bulk)
    assert kinds(plan) == ["likely", "changed", "changed"]
    page = text_of(client.get(page_url(plan)))
    assert "1 will be released." in page
    assert "2 changed while you looked" in page
    client.post(f"{page_url(plan)}read-again/", {"takes_changed": "1"})
    read_plans()
    assert kinds(plan) == ["likely", "changed", "changed"]


def kinds(plan: BulkSignal) -> list[str]:
    return list(plan.items.order_by("position").values_list("kind", flat=True))


def test_only_the_person_who_sent_it_can_undo_it(
    bob: Person, alice: Person, carol: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = done_signal(bob, item_ids(bob))
    answers = [undo(client_as(person), bulk).status_code for person in (alice, carol, dana)]
    assert answers == [404, 404, 403]
    elsewhere = f"/projects/{uuid.uuid4()}/items/bulk/{bulk.pk}/undo/"
    assert client_as(bob).post(elsewhere).status_code == 404
    assert client_as(bob).get(f"{ITEMS}bulk/{bulk.pk}/undo/").status_code == 405
    assert plans(bulk) == []


@pytest.mark.parametrize("action", BULK_ACTIONS, ids=lambda action: action.value)
@pytest.mark.parametrize("before", [*(status.value for status in STATUSES), "", "ODD"])
def test_undo_is_offered_exactly_where_the_inverse_restores_the_status(action: BulkAction, before: str) -> None:
    """By the table of FACTS 2.9: the inverse suits the status that follows, and leads back to the one before."""
    after = action.choice.leads_to.get(before)
    restoring = [choice.value for choice in CHOICES if after and choice.leads_to.get(after) == before]
    assert restoring == ([action.undone_by] if action.can_undo(before) else [])


def start_work(client: Client, person: Person, items: list[str]) -> BulkSignal:
    """As its pages do it, up to the end."""
    select(person, items, "NEW")
    bulk = create_plan(client, "start")
    press_plan(client, bulk)
    work()
    bulk.refresh_from_db()
    return bulk


def undone(client: Client, bulk: BulkSignal, **fields: str) -> BulkSignal:
    """Its undo, planned, pressed and sent."""
    undo(client, bulk)
    read_plans()
    [undoing] = plans(bulk)
    press_plan(client, undoing, **fields)
    work()
    undoing.refresh_from_db()
    return undoing


def test_undoing_a_start_restores_what_it_may_and_no_more(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), item_ids(alice, "NEW", 5)
    emulator.act("fail_items", items=items[:1], how="error")
    bulk = start_work(client, alice, items)
    assert [status_of(alice, item) for item in items] == ["NEW", *["IN_PROGRESS"] * 4]
    press(client_as(bob), items[1], "signal", choice="release")
    press(client_as(bob), items[2], "signal", choice="complete-ok")
    work()
    emulator.act("set_status", item=items[3], status="COMPLETED")
    before = len(signals(emulator))
    undoing = undone(client, bulk)
    assert (undoing.action, undoing.state, undoing.done_count, undoing.refused_count) == ("release", "ended", 1, 0)
    [signal] = signals(emulator)[before:]
    assert [entry["workItemId"] for entry in signal["body"]["workItems"]] == items[4:]
    assert [status_of(alice, item) for item in items] == ["NEW", "NEW", "COMPLETED", "COMPLETED", "NEW"]
    undo(client, bulk)
    read_plans()
    rest = BulkSignal.objects.get(purpose="undo", state="ready")
    assert [(str(one.item), one.kind) for one in rest.items.all()] == [(items[3], "changed")]
    assert press_plan(client, rest).status_code == 409


def test_an_undo_can_be_undone(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    """It is a signal like others, and its table is the same."""
    client, items = client_as(alice), item_ids(alice, "NEW", 2)
    undoing = undone(client, start_work(client, alice, items))
    assert [status_of(alice, item) for item in items] == ["NEW", "NEW"]
    again = undone(client, undoing)
    assert (again.action, again.done_count) == ("start", 2)
    assert [status_of(alice, item) for item in items] == ["IN_PROGRESS", "IN_PROGRESS"]


def test_what_has_been_undone_is_not_offered_again(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), item_ids(alice, "NEW", 2)
    bulk = start_work(client, alice, items)
    assert "Undo: release 2 items" in text_of(client.get(page_url(bulk)))
    undone(client, bulk)
    text = text_of(client.get(page_url(bulk)))
    assert "Undo: release" not in text
    assert "2 items were undone." in text
    assert "can be undone until" not in text


def test_undoing_a_reopen_asks_why(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), item_ids(alice, "NEW", 2)
    for item in items:
        emulator.act("set_status", item=item, status="CANCELED")
    select(alice, items, "CANCELED")
    bulk = create_plan(client, "reopen")
    press_plan(client, bulk)
    work()
    undo(client, bulk)
    read_plans()
    [undoing] = plans(bulk)
    assert press_plan(client, undoing).status_code == 422
    press_plan(client, undoing, reason="Not these")
    work()
    assert [status_of(alice, item) for item in items] == ["CANCELED", "CANCELED"]


def test_an_undo_planned_within_the_hour_is_not_sent_long_after_it(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Neither by its form nor by making the plan again and again, nor where the worker comes late."""
    client, items = client_as(alice), item_ids(alice, "NEW", 2)
    bulk = start_work(client, alice, items)
    undo(client, bulk)
    read_plans()
    [undoing] = plans(bulk)
    BulkSignal.objects.filter(pk=bulk.pk).update(finished_at=timezone.now() - timedelta(minutes=65))
    client.post(f"{page_url(undoing)}read-again/")
    undoing.refresh_from_db()
    assert undoing.state == "reading", "five minutes after the hour the plan is still good"
    read_plans()
    BulkSignal.objects.filter(pk=bulk.pk).update(finished_at=timezone.now() - timedelta(minutes=75))
    answer = press_plan(client, undoing)
    assert answer.status_code == 409
    assert "The hour in which this could be undone is over. Nothing was sent." in text_of(answer)
    assert client.post(f"{page_url(undoing)}read-again/").status_code == 302
    assert "The hour in which this could be undone is over" in text_of(client.get(page_url(undoing)))
    BulkSignal.objects.filter(pk=undoing.pk).update(state="reading", is_pressed=True)
    jobs.enqueue(kind="items.plan", subject=str(undoing.pk), person=alice, payload={"pressed": fingerprint(undoing)})
    read_plans()
    work()
    assert [status_of(alice, item) for item in items] == ["IN_PROGRESS", "IN_PROGRESS"]
    assert len(signals(emulator)) == 1
