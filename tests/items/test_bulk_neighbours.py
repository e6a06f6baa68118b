"""Bulk signals and decisions on single items: each knows of the other."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation
from console.audit.models import Entry
from console.emulator.server import Running
from console.items.bulk.conflicts import find_conflicts
from console.items.models import BulkItem, BulkSignal, Decision
from console.jobs import parts
from console.jobs.models import Operation
from tests.exports.making import text_of
from tests.items import bulk_plan_helpers
from tests.items.bulk_factories import bulk_signal, ended_signal, first_step, record_entry
from tests.items.decision_helpers import (
    ITEMS,
    PROJECT,
    decision_of,
    item_ids,
    press,
    sent_signals,
    signal_elsewhere,
    status_of,
    work,
)
from tests.items.test_decide_outcomes import look_once

ClientAs = Callable[[Person], Client]


def conflicts_of(person: Person, *items: str) -> dict[str, str]:
    conflicts = find_conflicts(user=person, project=uuid.UUID(PROJECT), ids=[uuid.UUID(item) for item in items])
    return {str(item): reason for item, reason in conflicts.items()}


def test_an_item_that_waits_in_ones_own_decision_is_held(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    decided, free = item_ids(bob, number=2)
    press(client_as(bob), decided)
    assert conflicts_of(bob, decided, free) == {decided: "Your own decision on it, “Approve”, isn’t sent yet."}
    assert conflicts_of(alice, decided, free) == {}, "a colleague's decision waits for nobody"
    work()
    assert conflicts_of(bob, decided, free) == {}


def test_an_item_whose_decision_has_no_known_outcome_is_held(
    bob: Person, client_as: ClientAs, emulator: Running, settings: object
) -> None:
    [item] = item_ids(bob)
    emulator.fault("cloudfactory", "503", method="PUT")
    press(client_as(bob), item)
    work()
    assert conflicts_of(bob, item) == {item: "We don’t know yet whether your own decision on it, “Approve”, was done."}


@pytest.mark.parametrize(
    ("state", "words"), [("waiting", "isn’t sent yet"), ("sending", "is being sent"), ("paused", "is paused")]
)
def test_an_item_of_ones_own_bulk_signal_is_held_and_takes_no_decision(
    bob: Person, client_as: ClientAs, emulator: Running, state: str, words: str
) -> None:
    client, [item, other] = client_as(bob), item_ids(bob, number=2)
    bulk = bulk_signal(bob, [item], state=state)
    sentence = f"Your “Approve” for 1 item {words}."
    assert conflicts_of(bob, item, other) == {item: sentence}
    for htmx in (True, False):
        answer = press(client, item, htmx=htmx, **({} if htmx else {"sure": "1"}))
        assert answer.status_code == 409
        assert sentence in text_of(answer)
        assert f"{ITEMS}bulk/{bulk.pk}/" in answer.content.decode()
    assert not Decision.objects.exists()
    assert sent_signals(emulator) == []


def test_an_item_that_a_bulk_signal_has_reached_is_free(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    bulk_signal(bob, [item], outcome="done")
    assert conflicts_of(bob, item) == {}
    assert press(client_as(bob), item).status_code == 200


def test_an_item_that_was_not_part_of_what_was_sent_is_free(bob: Person, emulator: Running) -> None:
    [item] = item_ids(bob)
    bulk = bulk_signal(bob, [item])
    bulk.items.update(act_id=None)
    assert conflicts_of(bob, item) == {}


def test_a_colleagues_bulk_signal_holds_items_only_while_it_is_being_sent(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    [item] = item_ids(bob)
    bulk = bulk_signal(alice, [item])
    assert conflicts_of(bob, item) == {item: "Alice’s “Approve” for 1 item is being sent."}
    assert press(client_as(bob), item).status_code == 200, "who decides on one item sees it, and decides"
    bulk.state = bulk.State.PAUSED
    bulk.save()
    Decision.objects.all().delete()
    assert conflicts_of(bob, item) == {}


def test_a_bulk_signal_in_a_space_of_others_is_not_told(bob: Person, alice: Person, emulator: Running) -> None:
    [item] = item_ids(bob)
    bulk_signal(alice, [item], space=str(uuid.uuid4()))
    assert conflicts_of(bob, item) == {}


def test_what_nobody_knows_the_end_of_holds_its_item_until_the_checks_are_over(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    bulk = ended_signal(bob, [item], outcome="unknown")
    act = record_entry(bulk, "unknown")
    assert "We don’t know yet whether your “Approve” for 1 item reached this item." in conflicts_of(bob, item)[item]
    assert press(client, item).status_code == 409
    with_act = Entry.objects.get(pk=act.id)
    reconciliation.record.reconcile(with_act, "failed", {})
    assert conflicts_of(bob, item) == {}
    assert press(client, item).status_code == 200


def test_the_page_of_an_item_and_a_review_say_that_a_bulk_signal_is_under_way(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(bob), item_ids(bob, number=2)
    bulk = bulk_signal(alice, items)
    sentence = "Alice’s “Approve” for 2 items is being sent."
    detail = client.get(f"{ITEMS}{items[0]}/")
    assert sentence in text_of(detail)
    assert f"{ITEMS}bulk/{bulk.pk}/" in detail.content.decode()
    start = client.post(f"{ITEMS.removesuffix('/')}/review/", {"status": "CLIENT_REVIEW"}, follow=True)
    assert sentence in text_of(start)
    BulkItem.objects.update(outcome="done")
    assert sentence not in text_of(client.get(f"{ITEMS}{items[0]}/"))


def test_a_review_reads_bulk_signals_once_for_all_its_items(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(bob), item_ids(bob, number=5)
    client.post(f"{ITEMS}review/", {"status": "CLIENT_REVIEW"}, follow=True)
    run = bob.review_runs.get()

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"{ITEMS}review/{run.pk}/")
        return len(queries)

    statements()
    before = statements()
    for item in items:
        bulk_signal(bob, [item])
    assert statements() == before


@pytest.mark.sqlite
def test_what_holds_an_item_is_found_by_the_item_however_many_signals_its_project_had(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(bob), item_ids(bob, number=2)
    bulk_plan_helpers.select(bob, items)
    plan = bulk_plan_helpers.create_plan(client, "approve")
    with CaptureQueriesContext(connection) as queries:
        bulk_plan_helpers.press(client, plan)
    joined = [query["sql"] for query in queries if "items_bulkitem" in query["sql"] and " JOIN " in query["sql"]]
    assert joined
    for sql in joined:
        assert "items_bulkitem USING INDEX bulk_items_of_item" in first_step(sql)


@pytest.mark.parametrize(("outcome", "finding"), [("done", "unsure"), ("unknown", "unsure"), ("refused", "done")])
def test_what_a_bulk_signal_did_is_not_taken_for_the_decisions(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running, outcome: str, finding: str
) -> None:
    """The entry of the bulk signal says "done" where it was done for others: what counts is this item's own outcome."""
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", "drop-after", method="PUT")
    press(client, item)
    bulk = bulk_signal(alice, [item], outcome=outcome, before="CLIENT_REVIEW")
    record_entry(bulk)
    look_once(emulator)
    entry = Entry.objects.get(pk=decision_of(item).pk)
    assert reconciliation.look(entry).status == finding


def test_a_refusal_names_the_colleague_whose_bulk_signal_was_faster(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(bob), item_ids(bob, number=2)
    for item in items:
        press(client, item)
        signal_elsewhere(alice, item)
    record_entry(bulk_signal(alice, items[:1], outcome="done", before="CLIENT_REVIEW", after="COMPLETED"))
    record_entry(bulk_signal(alice, items[1:], outcome="refused", before="CLIENT_REVIEW"))
    work()
    assert [status_of(bob, item) for item in items] == ["COMPLETED", "COMPLETED"]
    assert "the item is “Completed” now. Alice approved" in decision_of(items[0]).message
    assert "Alice" not in decision_of(items[1]).message


def test_an_item_that_was_decided_on_after_the_plan_gets_no_second_signal(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """The plan is a few seconds old, and is still made again."""
    client, items = client_as(alice), item_ids(alice, number=3)
    bulk_plan_helpers.select(alice, items, "CLIENT_REVIEW")
    bulk = bulk_plan_helpers.create_plan(client, "cancel")
    press(client, items[0])
    bulk_plan_helpers.press(client, bulk, reason="Duplicates")
    bulk_plan_helpers.read_plans()
    page = text_of(client.get(bulk_plan_helpers.page_url(bulk)))
    assert "2 will be canceled. 1 has another signal under way" in page
    assert bulk_plan_helpers.signals(emulator) == []
    bulk_plan_helpers.press(client, bulk, reason="Duplicates")
    work()
    assert [status_of(alice, item) for item in items] == ["COMPLETED", "CANCELED", "CANCELED"]


def test_of_two_plans_for_the_same_items_the_second_signals_only_the_rest(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), item_ids(alice, number=3)
    bulk_plan_helpers.select(alice, items[:2], "CLIENT_REVIEW")
    first = bulk_plan_helpers.create_plan(client, "approve")
    bulk_plan_helpers.select(alice, items[1:], "CLIENT_REVIEW")
    second = bulk_plan_helpers.create_plan(client, "approve")
    bulk_plan_helpers.press(client, first)
    bulk_plan_helpers.press(client, second)
    bulk_plan_helpers.read_plans()
    assert list(second.items.order_by("position").values_list("kind", flat=True)) == ["held", "likely"]
    bulk_plan_helpers.press(client, second)
    BulkSignal.objects.filter(state="waiting").update(due_at=timezone.now())
    work()
    signaled = [
        entry["workItemId"] for one in bulk_plan_helpers.signals(emulator) for entry in one["body"]["workItems"]
    ]
    assert sorted(signaled) == sorted(items)


def test_two_people_on_overlapping_selections_both_read_the_truth(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Both plans are fresh; what the second finds done already is refused by CloudFactory, and shown so."""
    items = item_ids(alice, "NEW", 5)
    plans = []
    for person, selection in ((alice, items[:3]), (bob, items[2:])):
        bulk_plan_helpers.select(person, selection, "NEW")
        plans.append(bulk_plan_helpers.create_plan(client_as(person), "start"))
    for person, bulk in zip((alice, bob), plans, strict=True):
        bulk_plan_helpers.press(client_as(person), bulk)
        work()
    signaled = [
        [entry["workItemId"] for entry in one["body"]["workItems"]] for one in bulk_plan_helpers.signals(emulator)
    ]
    assert signaled == [items[:3], items[2:]]
    outcomes = [list(bulk.items.order_by("position").values_list("outcome", flat=True)) for bulk in plans]
    assert outcomes == [["done", "done", "done"], ["refused", "done", "done"]]
    assert {status_of(alice, item) for item in items} == {"IN_PROGRESS"}
    page = text_of(client_as(bob).get(bulk_plan_helpers.page_url(plans[1])))
    assert "2 started, 1 refused" in page


@pytest.mark.parametrize(
    ("outcome", "after", "words"),
    [
        ("done", "COMPLETED", "This item: “Completed” afterwards."),
        ("refused", "CLIENT_REVIEW", "This item was refused. It is locked."),
        ("unknown", "", "We don’t know whether it was done for this item."),
    ],
)
def test_the_history_of_an_item_tells_what_a_bulk_signal_did_to_it(
    bob: Person, client_as: ClientAs, emulator: Running, outcome: str, after: str, words: str
) -> None:
    client, [item, other] = client_as(bob), item_ids(bob, number=2)
    bulk = bulk_signal(bob, [item], outcome=outcome, before="CLIENT_REVIEW", after=after)
    bulk.items.update(message="It is locked." if outcome == "refused" else "")
    record_entry(bulk)
    page = client.get(f"{ITEMS}{item}/")
    assert words in text_of(page)
    assert f"{ITEMS}bulk/{bulk.pk}/" in page.content.decode()
    assert "You haven't done anything with this item" in text_of(client.get(f"{ITEMS}{other}/"))


def test_of_two_old_plans_pressed_together_the_second_is_not_sent_behind_the_first(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    """Both are read again first; the second's items are read before the first is sent."""
    client, items = client_as(alice), item_ids(alice, number=2)
    bulks = []
    for _ in range(2):
        bulk_plan_helpers.select(alice, items, "CLIENT_REVIEW")
        bulks.append(bulk_plan_helpers.create_plan(client, "approve"))
    settings.SIGNAL_PLAN_FRESH = 0
    for bulk in bulks:
        bulk_plan_helpers.press(client, bulk)
    second = bulks[1]
    end_reading(second)
    BulkSignal.objects.filter(pk=bulks[0].pk).update(state="sending")
    bulks[0].items.update(act_id=uuid.uuid4())
    bulk_plan_helpers.read_plans()
    second.refresh_from_db()
    assert second.state == "ready"
    assert set(second.items.values_list("kind", flat=True)) == {"held"}


def end_reading(bulk: BulkSignal) -> None:
    """Its only part is done, and its job has not ended."""
    operation = Operation.objects.get(kind="items.plan", subject=str(bulk.pk), state="waiting")
    parts.add(operation, [{"after": 0}])
    operation.parts.update(state="done", finished_at=timezone.now())
