"""The plan of a signal to many work items: numbers that are true, read before anything is sent."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.emulator.server import Running
from console.items.bulk import plans
from console.items.bulk.actions import BULK_ACTIONS, action_named
from console.items.models import BulkItem, BulkSignal, Decision
from console.items.runs import plan_reading
from console.jobs import worker
from console.jobs.models import Operation
from tests.items.bulk_helpers import archive_ids
from tests.items.bulk_plan_helpers import (
    BULK,
    absent,
    create,
    create_plan,
    listed,
    page_url,
    press,
    read_plans,
    reads,
    select,
    select_all,
    signals,
)
from tests.items.decision_helpers import HTMX, ITEMS, PROJECT, item_ids
from tests.items.decision_helpers import press as decide
from tests.rewriting_proxy import Query, Vendor, rewriting
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
State, Kind = BulkSignal.State, BulkItem.Kind
LIST = r"/workItems(\?|$)"
BY_ID = r"/workItems\?.*workItemIDs"


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def kinds(bulk: BulkSignal) -> dict[str, str]:
    return {str(row.item): row.kind for row in bulk.items.all()}


# What the numbers say


def test_a_plan_counts_what_will_be_done_what_is_unlikely_and_what_changed(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    completed, new = item_ids(alice, "COMPLETED", 8), item_ids(alice, "NEW", 3)
    selection = select(alice, completed, "COMPLETED")
    for item in new:
        selection.items.create(item=item, status="NEW")
    emulator.act("set_status", items=completed[:2], status="FAILED")
    emulator.forget_requests()
    bulk = create_plan(client, "reopen")
    text = text_of(client.get(page_url(bulk)))
    assert "6 will be reopened." in text
    assert "3 are unlikely to be: not started." in text
    assert "2 changed while you looked" in text
    assert "Reopen 6 items" in text
    assert len(reads(emulator)) == 1
    assert signals(emulator) == []


def test_each_number_opens_its_list(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    completed, [new] = item_ids(alice, "COMPLETED", 3), item_ids(alice, "NEW", 1)
    select(alice, [*completed, new, absent(7)])
    emulator.act("set_status", item=completed[0], status="FAILED")
    bulk = create_plan(client, "reopen")
    BulkItem.objects.filter(item=completed[0]).update(status_seen="COMPLETED", kind=Kind.CHANGED)
    page = client.get(page_url(bulk)).content.decode()
    for show, named, note in (
        ("likely", completed[1], ""),
        ("unlikely", new, ""),
        ("changed", completed[0], "It was “Completed” when you selected it."),
        ("gone", absent(7), "This project has no such work item."),
    ):
        assert f"?show={show}#plan-items" in page
        listing = client.get(page_url(bulk), {"show": show})
        assert named in listing.content.decode()
        assert note in text_of(listing)
        rows = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", listing.content.decode()))
        assert rows & {*completed, new, absent(7)} == ({completed[1], completed[2]} if show == "likely" else {named})


def test_an_item_with_a_decision_that_waits_is_held_and_says_why(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_GRACE = 60
    client, items = client_as(alice), item_ids(alice, "CLIENT_REVIEW", 2)
    decide(client, items[0])
    select(alice, items, "CLIENT_REVIEW")
    bulk = create_plan(client, "approve")
    assert kinds(bulk) == {items[0]: Kind.HELD, items[1]: Kind.LIKELY}
    text = text_of(client.get(page_url(bulk), {"show": "held"}))
    assert "1 has another signal under way" in text
    assert "Your own decision on it, “Approve”, isn’t sent yet." in text
    assert Decision.objects.get().state == Decision.State.WAITING


def test_a_list_of_a_plan_has_pages_of_a_hundred(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    ids = [absent(number) for number in range(1, 251)]
    platform.speak("GET", BY_ID, lambda query: listed(asked_ids(query)))
    select(alice, ids, "COMPLETED")
    bulk = create_plan(client_as(alice), "reopen")
    assert len(platform.sent("GET", LIST)) == 3
    client = client_as(alice)
    first = text_of(client.get(page_url(bulk)))
    assert "250 will be reopened." in first
    assert "1 to 100 of 250 items" in first
    assert "201 to 250 of 250 items" in text_of(client.get(page_url(bulk), {"show": "likely", "page": "3"}))


def test_a_list_that_fits_on_one_page_names_its_number_alone(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.speak("GET", BY_ID, lambda query: listed(asked_ids(query)))
    select(alice, [absent(1)], "COMPLETED")
    client = client_as(alice)
    text = text_of(client.get(page_url(create_plan(client, "reopen"))))
    assert "1 item" in text
    assert "1 to 1" not in text


def asked_ids(query: Query) -> list[str]:
    return ",".join(query["workItemIDs"]).split(",")


def test_the_pages_of_a_plan_take_as_many_statements_for_many_items_as_for_few(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.speak("GET", BY_ID, lambda query: listed(asked_ids(query)))
    client, counts = client_as(alice), []
    for size in (3, 250):
        select(alice, [absent(number) for number in range(size)], "COMPLETED")
        bulk = create_plan(client, "reopen")
        client.get(page_url(bulk))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(page_url(bulk))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        ("start", "NEW", "You can undo this for an hour afterwards."),
        ("release", "IN_PROGRESS", "You can undo this for an hour afterwards."),
        ("cancel", "NEW", "You can undo this for an hour afterwards."),
        ("reopen", "CANCELED", "You can undo this for an hour afterwards."),
        ("cancel", "IN_PROGRESS", "This can’t be undone later for the 2 items: they are “In progress”."),
        ("cancel", "CLIENT_REVIEW", "This can’t be undone later for the 2 items: they are “Waiting for review”."),
        ("reopen", "COMPLETED", "This can’t be undone later for the 2 items: they are “Completed”."),
        ("reopen", "FAILED", "This can’t be undone later for the 2 items: they are “Failed”."),
        ("approve", "CLIENT_REVIEW", "nothing leads back to review. For 10 s after you press the button"),
        ("send-back", "CLIENT_REVIEW", "nothing leads back to review. For 10 s after you press the button"),
    ],
)
def test_a_plan_says_before_sending_what_can_not_be_undone(
    action: str, status: str, words: str, alice: Person, client_as: ClientAs, platform: Vendor, settings: Any
) -> None:
    settings.REVIEW_GRACE = 10
    platform.speak("GET", BY_ID, lambda query: listed(asked_ids(query), status=status))
    select(alice, [absent(1), absent(2)], status)
    client = client_as(alice)
    bulk = create_plan(client, action)
    text = text_of(client.get(page_url(bulk)))
    assert words in text
    assert f"2 will be {action_named(action).done_word}." in text  # type: ignore[union-attr]


@pytest.mark.parametrize("action", BULK_ACTIONS, ids=lambda action: str(action.value))
def test_a_plan_speaks_of_its_items_and_not_of_one(
    action: Any, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    select(alice, [absent(1)])
    client = client_as(alice)
    text = text_of(client.get(page_url(create_plan(client, action.value))))
    assert "Tells CloudFactory" in text
    assert "this item" not in text
    assert "the review is" not in text


def test_of_several_statuses_a_plan_names_those_that_nothing_leads_back_to(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    statuses = {absent(1): "CANCELED", absent(2): "COMPLETED", absent(3): "COMPLETED"}

    def say(query: Query) -> Any:
        answer = listed(asked_ids(query))
        for item in answer["items"]:
            item["status"] = statuses[item["id"]]
        return answer

    platform.speak("GET", BY_ID, say)
    select(alice, statuses)
    client = client_as(alice)
    text = text_of(client.get(page_url(create_plan(client, "reopen"))))
    assert "2 of the 3 items can’t be undone later, because they are “Completed”." in text
    assert "The other 1 can be undone for an hour." in text


# All that match


def test_all_matching_is_counted_to_the_end(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    ids = [absent(number) for number in range(1, 1_235)]
    platform.speak("GET", LIST, walk(ids))
    select_all(alice, "status=COMPLETED")
    bulk = create_plan(client_as(alice), "reopen")
    assert bulk.items.count() == 1_234
    assert "Reopen 1,234 items" in text_of(client_as(alice).get(page_url(bulk)))
    assert len(platform.sent("GET", r"workItems\?.*status=COMPLETED")) == 13


def walk(ids: list[str], size: int = 100, status: str = "COMPLETED") -> Callable[[Query], Any]:
    def say(query: Query) -> Any:
        start = int(query.get("cursor", ["0"])[0])
        return listed(ids[start : start + size], str(start + size) if start + size < len(ids) else None, status)

    return say


def test_a_worker_whose_clock_is_behind_loses_no_item_that_matches(
    alice: Person, client_as: ClientAs, platform: Vendor, settings: Any
) -> None:
    settings.SIGNAL_PLAN_FRESH = 0
    platform.speak("GET", LIST, walk([absent(number) for number in range(1, 4)]))
    select_all(alice, "status=COMPLETED")
    client = client_as(alice)
    bulk = BulkSignal.objects.get(pk=create(client, "reopen")["Location"].split("/")[-2])
    read_behind(bulk)
    assert list(kinds(bulk).values()) == [Kind.LIKELY] * 3
    press(client, bulk)
    read_behind(bulk)
    assert list(kinds(bulk).values()) == [Kind.LIKELY] * 3
    bulk.refresh_from_db()
    assert bulk.state == State.SENDING


def read_behind(bulk: BulkSignal) -> None:
    """The worker's turns, by a clock five seconds behind that of the person who requested the plan."""
    Operation.objects.filter(subject=str(bulk.pk)).update(created_at=timezone.now() + timedelta(seconds=5))
    read_plans()


def test_more_than_ten_thousand_are_a_sentence_and_no_button(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.speak("GET", LIST, walk([absent(number) for number in range(10_001)]))
    select_all(alice)
    bulk = create_plan(client_as(alice), "reopen")
    bulk.refresh_from_db()
    page = client_as(alice).get(page_url(bulk))
    assert "More than 10,000 work items match this filter" in text_of(page)
    assert bulk.state == State.NOT_READ
    assert page_url(bulk) + "send/" not in page.content.decode()
    assert bulk.items.count() == 0


def test_ten_thousand_can_be_planned(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    platform.speak("GET", LIST, walk([absent(number) for number in range(10_000)]))
    select_all(alice)
    bulk = create_plan(client_as(alice), "reopen")
    assert "Reopen 10,000 items" in text_of(client_as(alice).get(page_url(bulk)))
    assert len(platform.sent("GET", LIST)) == 100


@pytest.mark.parametrize(
    "say",
    [
        lambda query: listed([absent(1)], "the same"),
        lambda query: listed([absent(1)], {"no": "cursor"}),
        lambda query: listed(
            [], f"place {len(query.get('cursor', [''])[0])}" + "." * len(query.get("cursor", [""])[0])
        ),
    ],
    ids=["in a circle", "without a place", "empty for ever"],
)
def test_a_list_without_an_end_is_no_number(
    say: Callable[[Query], Any], alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.speak("GET", LIST, say)
    select_all(alice)
    bulk = create_plan(client_as(alice), "reopen")
    bulk.refresh_from_db()
    assert bulk.state == State.NOT_READ
    assert "couldn’t be read. Nothing was sent." in text_of(client_as(alice).get(page_url(bulk)))


def test_a_filter_that_is_no_longer_stored_can_not_be_planned(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    select_all(alice, f"ids=list-{'0' * 32}")
    bulk = create_plan(client_as(alice), "reopen")
    assert "This list of ids is no longer stored." in text_of(client_as(alice).get(page_url(bulk)))


def test_rows_without_a_usable_id_are_said_and_left_out(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    platform.speak("GET", LIST, lambda query: listed([absent(1), "../etc", "nothing"]))
    select_all(alice)
    bulk = create_plan(client_as(alice), "reopen")
    text = text_of(client_as(alice).get(page_url(bulk)))
    assert "Reopen 1 item" in text
    assert "2 rows of CloudFactory’s list have no usable id." in text


# What CloudFactory answers


def test_ids_in_capitals_and_given_twice_are_the_same_items(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    item = "abcdef00-0000-4000-8000-00000000abcd"

    def say(query: Query) -> Any:
        return listed([item.upper(), item, item.upper()])

    platform.speak("GET", LIST, say)
    select(alice, [item], "COMPLETED")
    assert kinds(create_plan(client_as(alice), "reopen")) == {item: Kind.LIKELY}
    select_all(alice)
    assert kinds(create_plan(client_as(alice), "reopen")) == {item: Kind.LIKELY}


def test_an_item_that_a_whole_answer_leaves_out_is_gone(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    platform.speak("GET", BY_ID, lambda query: listed([absent(1)]))
    select(alice, [absent(1), absent(2)], "COMPLETED")
    bulk = create_plan(client_as(alice), "reopen")
    assert kinds(bulk) == {absent(1): Kind.LIKELY, absent(2): Kind.GONE}


def test_an_item_of_which_a_broken_list_says_nothing_is_asked_for_once_more(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    def say(query: Query) -> Any:
        ids = asked_ids(query)
        return listed(ids[:1], "on") if query.get("cursor") is None else {"items": [{"id": absent(99)}], "meta": {}}

    platform.speak("GET", BY_ID, say)
    select(alice, [absent(1), absent(2), absent(3)], "COMPLETED")
    bulk = create_plan(client_as(alice), "reopen")
    assert kinds(bulk) == {absent(1): Kind.LIKELY, absent(2): Kind.LIKELY, absent(3): Kind.UNREAD}
    text = text_of(client_as(alice).get(page_url(bulk), {"show": "could-not-be-read"}))
    assert "1 couldn’t be read, so it is left out." in text
    assert "CloudFactory’s answer says nothing about it." in text


def test_an_item_of_another_project_is_gone_and_nothing_of_it_is_shown(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    [foreign] = archive_ids(alice, 1)
    select(alice, [foreign], "COMPLETED")
    bulk = create_plan(client_as(alice), "reopen")
    row = bulk.items.get()
    assert (row.kind, row.name, row.status_before) == (Kind.GONE, "", "")


@pytest.mark.parametrize("fault", ["500", "html", "empty", "garbage", "401", "403"])
def test_a_reading_that_fails_says_so_and_can_be_tried_again(
    fault: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), item_ids(alice, "COMPLETED", 2)
    select(alice, items, "COMPLETED")
    emulator.fault("cloudfactory", fault, path="workItems", times=0)
    bulk = create_plan(client, "reopen")
    bulk.refresh_from_db()
    assert bulk.state == State.NOT_READ
    text = text_of(client.get(page_url(bulk)))
    assert "The work items couldn’t be read. Nothing was sent." in text
    assert "CloudFactory" in text
    emulator.clear_faults()
    cache.clear()  # As after the rest that a vendor gets.
    assert client.post(f"{page_url(bulk)}read-again/").status_code == 302
    read_plans()
    assert "Reopen 2 items" in text_of(client.get(page_url(bulk)))


def test_a_busy_vendor_is_asked_again_without_an_attempt_spent(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), item_ids(alice, "COMPLETED", 2)
    select(alice, items, "COMPLETED")
    emulator.fault("cloudfactory", "429", path="workItems", times=7)
    answer = create(client, "reopen")
    work_once()
    text = text_of(client.get(answer["Location"]))
    assert "Reading 2 items…" in text
    assert "We’ll go on as soon as it can." in text
    read_plans()
    bulk = BulkSignal.objects.get()
    assert bulk.message == ""
    assert Operation.objects.get(kind="items.plan").parts.get().attempts == 1
    assert "Reopen 2 items" in text_of(client.get(page_url(bulk)))


def work_once() -> None:
    for operation in Operation.objects.filter(kind="items.plan"):
        worker.perform(operation.pk)


# The page while it is read


def test_a_plan_that_is_read_says_how_many_and_asks_again_in_place(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, [absent(number) for number in range(1, 2_301)], "COMPLETED")
    answer = create(client, "reopen")
    page = client.get(answer["Location"])
    assert "Reading 2,300 items…" in text_of(page)
    poll = f"{answer['Location']}plan/?look=2"
    assert f'hx-get="{poll}"' in page.content.decode()
    assert "Reading 2,300 items…" in text_of(client.get(poll, headers=HTMX))
    assert client.get(poll)["Location"] == answer["Location"]


def test_a_poll_gets_the_plan_once_it_is_read_and_says_its_numbers(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    part = client.get(f"{page_url(bulk)}plan/", headers=HTMX).content.decode()
    assert "Reopen 2 items" in part
    assert "<html" not in part
    assert 'id="live" hx-swap-oob="innerHTML"' in part
    assert "hx-trigger" not in part.split("plan-numbers")[0]


def test_looking_at_a_plan_writes_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    client.get(page_url(bulk))
    with CaptureQueriesContext(connection) as queries:
        client.get(page_url(bulk))
        client.get(f"{page_url(bulk)}plan/", headers=HTMX)
    assert [one["sql"] for one in queries if re.match(r"INSERT|UPDATE|DELETE", one["sql"])] == []


# Pressing


def test_a_fresh_plan_is_sent_without_reading_again(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    emulator.forget_requests()
    assert press(client, bulk)["Location"] == page_url(bulk)
    bulk.refresh_from_db()
    assert bulk.state == State.SENDING
    assert reads(emulator) == []


def test_a_plan_older_than_a_minute_is_read_again_and_sent_by_itself(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.SIGNAL_PLAN_FRESH = 0
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 3), "COMPLETED")
    bulk = create_plan(client, "reopen")
    press(client, bulk)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.is_pressed) == (State.READING, True)
    text = text_of(client.get(page_url(bulk)))
    assert "Reading 3 items once more…" in text
    assert "If nothing has changed, the signal goes to " in text
    assert "otherwise you’ll be asked again." in text
    settings.SIGNAL_PLAN_FRESH = 60
    read_plans()
    bulk.refresh_from_db()
    assert bulk.state == State.SENDING


def test_what_changed_between_plan_and_press_is_in_a_second_plan(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.SIGNAL_PLAN_FRESH = 0
    client, items = client_as(alice), item_ids(alice, "COMPLETED", 8)
    select(alice, items, "COMPLETED")
    bulk = create_plan(client, "cancel")
    assert "8 are unlikely to be: completed." in text_of(client.get(page_url(bulk)))
    bulk = create_plan(client, "reopen")
    emulator.act("set_status", items=items[:5], status="FAILED")
    press(client, bulk, reason="typed before")
    read_plans()
    text = text_of(client.get(page_url(bulk)))
    assert "Something changed since your first plan. Nothing was sent." in text
    assert "3 will be reopened. 5 changed while you looked" in text
    assert all(item in client.get(page_url(bulk)).content.decode() for item in items[:5])
    assert 'value="typed before"' in client.get(page_url(bulk)).content.decode()
    assert signals(emulator) == []
    settings.SIGNAL_PLAN_FRESH = 60
    press(client, bulk)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.planned_count) == (State.SENDING, 3)


def test_changed_items_can_be_meant_as_they_are_now(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), item_ids(alice, "COMPLETED", 3)
    select(alice, items, "COMPLETED")
    emulator.act("set_status", item=items[0], status="FAILED")
    bulk = create_plan(client, "reopen")
    assert kinds(bulk)[items[0]] == Kind.CHANGED
    client.post(f"{page_url(bulk)}read-again/", {"takes_changed": "yes"})
    read_plans()
    assert kinds(bulk) == dict.fromkeys(items, Kind.LIKELY)


def test_all_matching_is_counted_again_when_it_is_sent(
    alice: Person, client_as: ClientAs, platform: Vendor, settings: Any
) -> None:
    settings.SIGNAL_PLAN_FRESH = 0
    ids, statuses = [absent(number) for number in range(1, 6)], {}

    def say(query: Query) -> Any:
        by_id = asked_ids(query) if "workItemIDs" in query else None
        answer = listed(by_id or ids)
        for item in answer["items"]:
            item["status"] = statuses.get(item["id"], "COMPLETED")
        return answer

    platform.speak("GET", LIST, say)
    select_all(alice, "status=COMPLETED")
    client = client_as(alice)
    bulk = create_plan(client, "reopen")
    assert len(kinds(bulk)) == 5
    ids[:] = [*ids[2:], absent(9)]
    statuses[absent(1)] = "NEW"
    press(client, bulk)
    read_plans()
    bulk.refresh_from_db()
    assert (bulk.state, bulk.is_pressed) == (State.READY, True)
    changed = {item for item, kind in kinds(bulk).items() if kind == Kind.CHANGED}
    assert changed == {absent(1), absent(2)}
    assert kinds(bulk)[absent(9)] == Kind.LIKELY
    page = text_of(client.get(page_url(bulk), {"show": "likely"}))
    assert "It has matched the filter since the plan before this one." in page
    settings.SIGNAL_PLAN_FRESH = 60
    press(client, bulk)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.planned_count) == (State.SENDING, 4)


def test_unlikely_items_are_sent_only_where_their_box_is_ticked(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    for ticked, planned in (({}, 2), ({"unlikely": "on"}, 5)):
        select(alice, [*item_ids(alice, "COMPLETED", 2), *item_ids(alice, "NEW", 3)])
        bulk = create_plan(client, "reopen")
        assert "Also reopen the 3 unlikely items" in text_of(client.get(page_url(bulk)))
        press(client, bulk, **ticked)
        bulk.refresh_from_db()
        assert bulk.planned_count == planned
        BulkSignal.objects.all().delete()


# What bad input gets


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"action": "delete"}, "There is no such signal."),
        ({"action": ""}, "There is no such signal."),
        ({"action": "x" * 5_000}, "There is no such signal."),
        ({"action": "complete-ok"}, "There is no such signal."),
        ({"bulk_id": ""}, "This form can no longer be used."),
        ({"bulk_id": "urn:uuid:" + absent(1)}, "This form can no longer be used."),
        ({"bulk_id": "' or 1=1"}, "This form can no longer be used."),
    ],
)
def test_a_tampered_bar_is_answered_above_the_table(
    changes: dict[str, str], words: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    data = {"action": "reopen", "bulk_id": str(uuid.uuid4()), "list": "status=COMPLETED"} | changes
    answer = client.post(BULK, data)
    assert answer["Location"] == f"{ITEMS}?status=COMPLETED"
    assert words in text_of(client.get(answer["Location"]))
    assert BulkSignal.objects.count() == 0


def test_nothing_selected_is_said_above_the_table(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    answer = create(client, "reopen")
    assert "No work items are selected" in text_of(client.get(answer["Location"]))
    assert Operation.objects.filter(kind="items.plan").count() == 0


def test_without_script_the_ticked_boxes_go_along_with_the_button(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, items = client_as(alice), item_ids(alice, "COMPLETED", 3)
    select(alice, items[:1], "COMPLETED")
    boxes = {"was": f"{items[0]}:COMPLETED", "item": [f"{item}:COMPLETED" for item in items[1:]]}
    assert kinds(create_plan(client, "reopen", **boxes)) == dict.fromkeys(items[1:], Kind.LIKELY)


def test_ten_thousand_and_one_ticked_items_are_refused(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(alice, [absent(number) for number in range(10_001)])
    answer = create(client, "reopen")
    assert "A signal can go to up to 10,000 work items." in text_of(client.get(answer["Location"]))
    assert BulkItem.objects.count() == 0


@pytest.mark.parametrize("action", ["send-back", "cancel"])
@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "Say why you are"),
        ("   \n\t ", "Say why you are"),
        ("\u200b\u2060", "Use at least one visible character."),
        ("x" * 10_000, "At most 1000 characters; this has 10000."),
        ("nul\x00", "Remove the control characters."),
    ],
    ids=["empty", "blanks", "invisible", "long", "NUL"],
)
def test_a_reason_that_can_not_be_used_is_said_at_its_field_and_nothing_is_sent(
    action: str, reason: str, words: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    status = "CLIENT_REVIEW" if action == "send-back" else "NEW"
    select(alice, item_ids(alice, status, 2), status)
    bulk = create_plan(client, action)
    answer = press(client, bulk, reason=reason, note="kept", assignee="ann@example.com")
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "kept" in answer.content.decode()
    assert 'value="ann@example.com"' in answer.content.decode()
    bulk.refresh_from_db()
    assert bulk.state == State.READY
    assert signals(emulator) == []


def test_a_plan_of_another_person_can_be_seen_and_not_touched(
    alice: Person, bob: Person, nobody: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    other = client_as(bob)
    answer = other.get(page_url(bulk))
    assert "This is Alice’s plan. Nobody else can send it." in text_of(answer)
    assert f"{page_url(bulk)}send/" not in answer.content.decode()
    for path in ("send/", "read-again/"):
        assert other.post(f"{page_url(bulk)}{path}", {"version": ""}).status_code == 404
    stranger = client_as(nobody)
    for path in ("", "plan/"):
        assert stranger.get(f"{page_url(bulk)}{path}").status_code == 404
    assert press(stranger, bulk).status_code == 404
    bulk.refresh_from_db()
    assert bulk.state == State.READY


def test_a_plan_is_not_found_under_another_project(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    foreign = page_url(bulk).replace(PROJECT, absent(5))
    assert client.get(foreign).status_code == 404
    assert client.post(f"{foreign}send/").status_code == 404


def test_an_auditor_can_not_plan(dana: Person, client_as: ClientAs, emulator: Running) -> None:
    select(dana, [absent(1)])
    assert create(client_as(dana), "reopen").status_code == 403
    assert BulkSignal.objects.count() == 0


def test_the_bar_pressed_twice_is_one_plan(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, same = client_as(alice), str(uuid.uuid4())
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    first = create(client, "reopen", bulk_id=same)
    second = create(client, "reopen", bulk_id=same)
    assert first["Location"] == second["Location"]
    assert BulkSignal.objects.count() == 1
    assert Operation.objects.filter(kind="items.plan").count() == 1


def test_a_bar_from_the_browsers_memory_plans_what_is_selected_now(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, same = client_as(alice), str(uuid.uuid4())
    items = item_ids(alice, "COMPLETED", 3)
    select(alice, items[:2], "COMPLETED")
    create(client, "reopen", bulk_id=same)
    select(alice, items[2:], "COMPLETED")
    for action in ("reopen", "cancel"):
        bulk = create_plan(client, action, bulk_id=same)
        assert str(bulk.pk) != same
        assert list(kinds(bulk)) == items[2:]


def test_an_id_of_another_persons_plan_can_not_be_used(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    same, items = str(uuid.uuid4()), item_ids(alice, "COMPLETED", 2)
    select(alice, items, "COMPLETED")
    create(client_as(alice), "reopen", bulk_id=same)
    select(bob, items, "COMPLETED")
    client = client_as(bob)
    answer = create(client, "reopen", bulk_id=same)
    assert "This form can no longer be used." in text_of(client.get(answer["Location"]))
    assert BulkSignal.objects.get().person == alice


def test_an_id_of_another_persons_acts_can_not_be_used(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    theirs = record.event(actor=alice, action="file.upload", group=uuid.uuid4(), detail={"items": 3})
    select(bob, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    client = client_as(bob)
    answer = create(client, "reopen", bulk_id=str(theirs.group))
    assert "This form can no longer be used." in text_of(client.get(answer["Location"]))
    assert not BulkSignal.objects.exists()


def test_a_plan_pressed_twice_is_sent_once(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    bulk.refresh_from_db()
    assert bulk.read_at is not None
    form = {"version": bulk.read_at.isoformat()}
    for _ in range(2):
        answer = client.post(f"{page_url(bulk)}send/", form)
        assert answer["Location"] == page_url(bulk)
    assert Operation.objects.filter(kind="items.bulk").count() == 1
    assert "This plan can’t be sent any more" in text_of(client.get(ITEMS))


def test_an_expired_plan_is_not_sent_and_keeps_what_was_typed(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "NEW", 2), "NEW")
    bulk = create_plan(client, "cancel")
    settings.SIGNAL_PLAN_LIFETIME = 0
    answer = press(client, bulk, reason="duplicates")
    assert answer.status_code == 409
    assert "This plan has expired, so nothing was sent." in text_of(answer)
    assert "Make it again" in text_of(answer)
    assert 'name="reason" value="duplicates"' in answer.content.decode()
    bulk.refresh_from_db()
    assert bulk.state == State.READY
    client.post(f"{page_url(bulk)}read-again/", {"reason": "duplicates"})
    settings.SIGNAL_PLAN_LIFETIME = 600
    read_plans()
    page = client.get(page_url(bulk)).content.decode()
    assert 'value="duplicates"' in page
    assert "Cancel 2 items" in page


def test_an_old_form_in_another_tab_sends_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, items = client_as(alice), item_ids(alice, "COMPLETED", 3)
    select(alice, items, "COMPLETED")
    bulk = create_plan(client, "reopen")
    assert bulk.state == State.READING or bulk.read_at
    bulk.refresh_from_db()
    assert bulk.read_at is not None
    old = bulk.read_at.isoformat()
    emulator.act("set_status", item=items[0], status="FAILED")
    client.post(f"{page_url(bulk)}read-again/")
    read_plans()
    for version in (old, "", "x" * 90, "2026-13-01"):
        answer = client.post(f"{page_url(bulk)}send/", {"version": version})
        assert answer.status_code == 409
        assert "made again since you opened it, so nothing was sent." in text_of(answer)
    bulk.refresh_from_db()
    assert bulk.state == State.READY


def test_a_plan_with_nothing_to_send_has_no_button_and_a_forged_press_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, [absent(1)], "COMPLETED")
    bulk = create_plan(client, "reopen")
    assert "so nothing can be sent." in text_of(client.get(page_url(bulk)))
    answer = press(client, bulk, unlikely="on")
    assert answer.status_code == 409
    assert "This plan holds no work item that would be sent." in text_of(answer)


@pytest.mark.parametrize("query", ["show=nothing", "show=likely&page=0", "page=-1", "page=999999", "look=x"])
def test_an_address_that_makes_no_sense_shows_the_plan(
    query: str, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 1), "COMPLETED")
    bulk = create_plan(client, "reopen")
    page = client.get(f"{page_url(bulk)}?{query}")
    assert page.status_code == 200
    assert "Reopen 1 item" in text_of(page)


# What is left behind


def test_a_plan_of_a_person_who_was_disabled_is_not_read_on(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    create(client_as(alice), "reopen")
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    emulator.forget_requests()
    read_plans()
    assert reads(emulator) == []
    assert BulkSignal.objects.get().state == State.NOT_READ


def test_a_pressed_plan_of_a_person_whose_role_changed_is_not_sent(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.SIGNAL_PLAN_FRESH = 0
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    bulk = create_plan(client, "reopen")
    press(client, bulk)
    Person.objects.filter(pk=alice.pk).update(role="auditor")
    settings.SIGNAL_PLAN_FRESH = 60
    read_plans()
    bulk.refresh_from_db()
    assert bulk.state == State.READY
    assert Operation.objects.filter(kind="items.bulk").count() == 0


def test_a_plan_that_no_job_reads_any_more_can_be_read_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(alice, item_ids(alice, "COMPLETED", 2), "COMPLETED")
    answer = create(client, "reopen")
    plan_reading.free_left_over(BulkSignal)
    assert BulkSignal.objects.get().state == State.READING
    Operation.objects.filter(kind="items.plan").delete()
    plan_reading.free_left_over(BulkSignal)
    assert "Reading was interrupted." in text_of(client.get(answer["Location"]))
    client.post(f"{answer['Location']}read-again/")
    read_plans()
    assert "Reopen 2 items" in text_of(client.get(answer["Location"]))


def test_old_signals_are_deleted_at_night_unless_they_are_under_way(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    now = timezone.now()
    for days, state in ((179, State.ENDED), (181, State.ENDED), (181, State.READY), (181, State.PAUSED)):
        bulk = BulkSignal.objects.create(
            person=alice, project=PROJECT, action="start", state=state, created_at=now - timedelta(days=days)
        )
        BulkItem.objects.create(bulk=bulk, position=1, item=absent(1))
    plans.delete_old()
    states = BulkSignal.objects.values_list("state", flat=True)
    assert sorted(states) == [State.ENDED, State.PAUSED]
    assert BulkItem.objects.count() == 2


def test_every_action_has_a_plan(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    for action in BULK_ACTIONS:
        status = next(iter(action.choice.leads_to))
        select(alice, item_ids(alice, status, 1), status)
        bulk = create_plan(client, action.value)
        assert f"{action.verb} 1 item" in text_of(client.get(page_url(bulk)))
        BulkSignal.objects.all().delete()


def test_ready_made_reasons_are_offered_for_sending_back_alone(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_REASONS = ["Outline too loose"]
    client = client_as(alice)
    for action, offers in (("send-back", 1), ("approve", 0)):
        select(alice, item_ids(alice, "CLIENT_REVIEW", 1), "CLIENT_REVIEW")
        page = client.get(page_url(create_plan(client, action))).content.decode()
        assert page.count('<option value="Outline too loose">') == offers
