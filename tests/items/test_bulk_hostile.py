"""Forbidden signals to many work items: each shows a message in its place, and nothing is sent."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from accounts.rights import Role
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.items.models import BulkItem, BulkSignal, SelectedItem, Selection
from console.jobs import worker
from console.jobs.models import Operation
from tests.concurrent_requests import press as press_together
from tests.exports.making import text_of
from tests.items.bulk_factories import bulk_signal, ended_signal, record_entry
from tests.items.bulk_plan_helpers import create, create_plan, page_url, press, read_plans, select, signals
from tests.items.decision_helpers import HTMX, ITEMS, PROJECT, item_ids

ClientAs = Callable[[Person], Client]
State = BulkSignal.State
POSTS = ["read-again", "send", "stop", "carry-on", "retry", "undo"]
EVERY_STATE = [state.value for state in State]


def snapshot(bulk: BulkSignal) -> tuple[Any, Any]:
    return (
        BulkSignal.objects.filter(pk=bulk.pk).values().get(),
        list(BulkItem.objects.filter(bulk=bulk).order_by("position").values()),
    )


def work() -> None:
    """The workers' turns, whatever is waiting."""
    BulkSignal.objects.filter(state=State.WAITING).update(due_at=timezone.now())
    for _ in range(30):
        if not Operation.objects.unfinished().exclude(state="paused").update(due_at=timezone.now()):
            return
        worker.sweep()


def form_data(bulk: BulkSignal) -> dict[str, str]:
    version = bulk.read_at.isoformat() if bulk.read_at else ""
    return {"version": version, "reason": "Duplicates", "new_id": str(uuid.uuid4())}


@pytest.mark.parametrize("state", EVERY_STATE)
@pytest.mark.parametrize("act", POSTS)
def test_nobody_moves_a_colleagues_signal(
    bob: Person, alice: Person, carol: Person, client_as: ClientAs, emulator: Running, act: str, state: str
) -> None:
    """Whatever state it is in, and whatever project the address names."""
    bulk = bulk_signal(alice, item_ids(alice), state=state, action="start", before="NEW")
    before, emulator_before = snapshot(bulk), len(signals(emulator))
    for person in (bob, carol):
        for headers in ({}, HTMX):
            answer = client_as(person).post(f"{page_url(bulk)}{act}/", form_data(bulk), headers=headers)
            assert answer.status_code == 404
    other = f"/projects/{PROJECTS['archive']}/items/bulk/{bulk.pk}/{act}/"
    assert client_as(alice).post(other, form_data(bulk)).status_code == 404
    assert client_as(alice).post(f"{ITEMS}bulk/{uuid.uuid4()}/{act}/", form_data(bulk)).status_code == 404
    assert snapshot(bulk) == before
    # One that waits is ended by the sweep, because this one has no job that will send it.
    if state != "waiting":
        work()
        assert snapshot(bulk) == before
    assert BulkSignal.objects.count() == 1
    assert len(signals(emulator)) == emulator_before


@pytest.mark.parametrize("act", POSTS)
def test_whoever_has_no_right_to_signal_moves_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, act: str
) -> None:
    """Also of their own from the time when they had it."""
    bulk = bulk_signal(alice, item_ids(alice), state="ready", action="start")
    client, before = client_as(alice), snapshot(bulk)
    Person.objects.filter(pk=alice.pk).update(role=Role.AUDITOR)
    assert client.post(f"{page_url(bulk)}{act}/", form_data(bulk)).status_code == 403
    assert client.post(f"{ITEMS}bulk/", {"action": "start", "bulk_id": str(uuid.uuid4())}).status_code == 403
    assert client.post(f"{ITEMS}selection/", {"on": str(uuid.uuid4())}).status_code == 403
    assert snapshot(bulk) == before


@pytest.mark.parametrize("act", POSTS)
def test_whoever_is_not_signed_in_or_disabled_moves_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, act: str
) -> None:
    bulk = bulk_signal(alice, item_ids(alice), state="ready", action="start")
    client, before = client_as(alice), snapshot(bulk)
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    for one in (client, Client(HTTP_HOST="localhost")):
        answer = one.post(f"{page_url(bulk)}{act}/", form_data(bulk))
        assert answer.status_code in (302, 401, 403)
        assert "/bulk/" not in str(answer.get("Location", "")).partition("?")[0]
    assert snapshot(bulk) == before


@pytest.mark.parametrize("act", [*POSTS, ""])
def test_what_changes_something_is_only_posted(alice: Person, client_as: ClientAs, emulator: Running, act: str) -> None:
    """By a form of this console: another page's has no token."""
    bulk = bulk_signal(alice, item_ids(alice), state="ready", action="start")
    before = snapshot(bulk)
    address = f"{page_url(bulk)}{act}/" if act else f"{ITEMS}bulk/"
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(address, form_data(bulk) | {"action": "start", "bulk_id": str(uuid.uuid4())}).status_code == 403
    for method in ("get", "put", "delete", "patch"):
        assert getattr(client_as(alice), method)(address).status_code in (302, 403, 405)
    assert snapshot(bulk) == before
    assert BulkSignal.objects.count() == 1


ODD_ACTIONS = ["", " ", "complete-ok", "approve;start", "APPROVE", "start\x00", "x" * 10_000, "../approve", "🚀"]
ODD_IDS = ["", "x", "0", "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10", "\x00", "9" * 5_000, str(uuid.uuid4())[:-1]]


@pytest.mark.parametrize("action", ODD_ACTIONS, ids=range(len(ODD_ACTIONS)))
def test_an_action_that_is_none_plans_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, action: str
) -> None:
    select(alice, item_ids(alice, "NEW"))
    client = client_as(alice)
    answer = create(client, action, list="status=NEW")
    assert (answer.status_code, answer["Location"]) == (302, f"{ITEMS}?status=NEW")
    assert "Nothing was planned or sent." in text_of(client.get("/"))
    assert not BulkSignal.objects.exists()


@pytest.mark.parametrize("one_time_id", ODD_IDS, ids=range(len(ODD_IDS)))
def test_a_form_without_its_one_time_id_plans_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, one_time_id: str
) -> None:
    select(alice, item_ids(alice, "NEW"))
    client = client_as(alice)
    assert create(client, "start", bulk_id=one_time_id).status_code == 302
    assert "Nothing was planned or sent." in text_of(client.get("/"))
    assert not BulkSignal.objects.exists()


def test_a_one_time_id_of_somebody_else_is_refused(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    theirs = bulk_signal(bob, item_ids(bob), state="ready", action="start")
    select(alice, item_ids(alice, "NEW"))
    client, before = client_as(alice), snapshot(theirs)
    answer = create(client, "start", bulk_id=str(theirs.pk))
    assert answer["Location"] == ITEMS
    assert "can no longer be used" in text_of(client.get("/"))
    assert snapshot(theirs) == before
    assert BulkSignal.objects.count() == 1


def test_a_one_time_id_of_something_else_makes_a_plan_of_its_own(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    other_action = bulk_signal(alice, item_ids(alice), state="ready", action="cancel")
    undo = ended_signal(alice, item_ids(alice), action="start", purpose="undo")
    select(alice, item_ids(alice, "NEW"))
    client = client_as(alice)
    for bulk_id in (other_action, undo):
        before = snapshot(bulk_id)
        bulk = create_plan(client, "start", bulk_id=str(bulk_id.pk))
        assert bulk.pk != bulk_id.pk
        assert snapshot(bulk_id) == before


@pytest.mark.parametrize("reason", ["", "   ", "\t\n", "\u200b", "\u3000", "\x00"])
@pytest.mark.parametrize("action", ["cancel", "send-back"])
def test_a_reason_of_blanks_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, action: str, reason: str
) -> None:
    status = {"cancel": "NEW", "send-back": "CLIENT_REVIEW"}[action]
    select(alice, item_ids(alice, status), status)
    client = client_as(alice)
    bulk = create_plan(client, action)
    answer = press(client, bulk, reason=reason)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    bulk.refresh_from_db()
    assert bulk.state == State.READY
    work()
    assert signals(emulator) == []


@pytest.mark.parametrize("field", ["reason", "assignee", "note"])
def test_a_field_of_ten_thousand_characters_sends_nothing_and_keeps_what_was_typed(
    alice: Person, client_as: ClientAs, emulator: Running, field: str
) -> None:
    select(alice, item_ids(alice, "NEW"), "NEW")
    client = client_as(alice)
    bulk = create_plan(client, "cancel")
    answer = press(client, bulk, **{"reason": "Duplicates", field: "ä" * 10_000})
    assert answer.status_code == 422
    assert "ä" * 10_000 in answer.content.decode()
    bulk.refresh_from_db()
    assert (bulk.state, bulk.reason) == (State.READY, "")
    work()
    assert signals(emulator) == []


@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state != "ready"])
def test_a_plan_that_is_no_plan_any_more_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, state: str
) -> None:
    bulk = bulk_signal(alice, item_ids(alice, "NEW"), state=state, action="start", before="NEW")
    before = snapshot(bulk)
    answer = client_as(alice).post(f"{page_url(bulk)}send/", form_data(bulk))
    assert answer.status_code in (302, 409)
    assert snapshot(bulk) == before
    assert signals(emulator) == []


@pytest.mark.parametrize("version", ["", "x", "2020-01-01T00:00:00+00:00", "9" * 5_000, "\x00"])
def test_the_form_of_another_reading_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, version: str
) -> None:
    select(alice, item_ids(alice, "NEW"), "NEW")
    client = client_as(alice)
    bulk = create_plan(client, "start")
    answer = press(client, bulk, version=version)
    assert answer.status_code in (409, 422)
    work()
    bulk.refresh_from_db()
    assert bulk.state == State.READY
    assert signals(emulator) == []


def test_an_expired_plan_sends_nothing(alice: Person, client_as: ClientAs, emulator: Running, settings: Any) -> None:
    select(alice, item_ids(alice, "NEW"), "NEW")
    client = client_as(alice)
    bulk = create_plan(client, "start")
    BulkSignal.objects.update(read_at=timezone.now() - timedelta(seconds=settings.SIGNAL_PLAN_LIFETIME + 1))
    answer = press(client, bulk)
    assert answer.status_code == 409
    assert "expired" in text_of(answer)
    work()
    assert signals(emulator) == []


def test_ids_of_another_project_are_named_as_gone_and_tell_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Neither a name nor a status of theirs: the project says that it has no such item, and that is all."""
    elsewhere = connections.cloudfactory(alice).list_work_items(PROJECTS["archive"], limit=2).items
    nowhere, [here] = str(uuid.uuid4()), item_ids(alice, "NEW")
    select(alice, [here, nowhere, *(item.id for item in elsewhere)], "NEW")
    client = client_as(alice)
    bulk = create_plan(client, "start")
    kinds = dict(bulk.items.values_list("item", "kind"))
    assert [kinds[uuid.UUID(one)] for one in (here, nowhere, elsewhere[0].id)] == ["likely", "gone", "gone"]
    assert set(bulk.items.filter(kind="gone").values_list("name", "status_before")) == {("", "")}
    page = text_of(client.get(f"{page_url(bulk)}?show=gone"))
    assert nowhere in page
    press(client, bulk)
    work()
    data = [entry["workItemId"] for one in signals(emulator) for entry in one["body"]["workItems"]]
    assert data == [here]


def test_whose_key_the_space_refuses_gets_no_plan(carol: Person, client_as: ClientAs, emulator: Running) -> None:
    select(carol, [str(uuid.uuid4())], "NEW")
    client = client_as(carol)
    answer = create(client, "start")
    read_plans()
    bulk = BulkSignal.objects.filter(person=carol).first()
    assert bulk is None or bulk.state == State.NOT_READ
    if bulk is not None:
        assert client.get(page_url(bulk)).status_code == 200
    assert answer.status_code in (302, 403, 404)
    assert signals(emulator) == []


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_are_one_signal(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    items = item_ids(alice, "NEW", 3)
    select(alice, items, "NEW")
    bulk = create_plan(client_as(alice), "start")
    answers = press_together(lambda: client_as(alice), f"{page_url(bulk)}send/", form_data(bulk), {})
    assert {one.status_code for one in answers} <= {302, 409}
    work()
    [one] = signals(emulator)
    assert sorted(entry["workItemId"] for entry in one["body"]["workItems"]) == sorted(items)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.done_count) == (State.ENDED, 3)


@pytest.mark.django_db(transaction=True)
def test_ten_presses_of_the_bar_at_once_are_one_plan(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    select(alice, item_ids(alice, "NEW", 3), "NEW")
    data = {"action": "start", "bulk_id": str(uuid.uuid4())}
    answers = press_together(lambda: client_as(alice), f"{ITEMS}bulk/", data, {})
    assert {one["Location"] for one in answers} == {f"{ITEMS}bulk/{data['bulk_id']}/"}
    assert BulkSignal.objects.count() == 1
    assert Operation.objects.filter(kind="items.plan").count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_presses_of_undo_at_once_are_one_plan(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    bulk = ended_signal(alice, item_ids(alice, "IN_PROGRESS", 3), action="start", before="NEW", after="IN_PROGRESS")
    record_entry(bulk)
    answers = press_together(lambda: client_as(alice), f"{page_url(bulk)}undo/", {}, {})
    assert len({one["Location"] for one in answers}) == 1
    assert BulkSignal.objects.filter(purpose="undo").count() == 1


def test_a_person_disabled_between_press_and_worker_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    select(alice, item_ids(alice, "CLIENT_REVIEW", 2), "CLIENT_REVIEW")
    client = client_as(alice)
    bulk = create_plan(client, "approve")
    press(client, bulk)
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    work()
    bulk.refresh_from_db()
    assert bulk.state in (State.STOPPED, State.TAKEN_BACK)
    assert set(bulk.items.values_list("outcome", flat=True)) == {"not sent"}
    assert signals(emulator) == []


def test_a_person_whose_role_changed_between_press_and_worker_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    select(alice, item_ids(alice, "CLIENT_REVIEW", 2), "CLIENT_REVIEW")
    client = client_as(alice)
    bulk = create_plan(client, "approve")
    press(client, bulk)
    Person.objects.filter(pk=alice.pk).update(role=Role.AUDITOR)
    work()
    bulk.refresh_from_db()
    assert bulk.state == State.STOPPED
    assert signals(emulator) == []


def test_a_person_whose_role_changed_while_the_plan_is_read_again_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    select(alice, item_ids(alice, "NEW", 2), "NEW")
    client = client_as(alice)
    bulk = create_plan(client, "start")
    settings.SIGNAL_PLAN_FRESH = 0
    press(client, bulk)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.is_pressed) == (State.READING, True)
    Person.objects.filter(pk=alice.pk).update(role=Role.AUDITOR)
    work()
    assert signals(emulator) == []


def test_approvals_of_many_wait_and_can_be_taken_back(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    items = item_ids(alice, "CLIENT_REVIEW", 2)
    select(alice, items, "CLIENT_REVIEW")
    client = client_as(alice)
    bulk = create_plan(client, "approve")
    press(client, bulk)
    bulk.refresh_from_db()
    assert bulk.state == State.WAITING
    assert "Approving 2 items in" in text_of(client.get(page_url(bulk)))
    worker.sweep()
    assert signals(emulator) == [], "nothing leads back, so ten seconds have to pass"
    assert client.post(f"{page_url(bulk)}stop/").status_code == 302
    work()
    bulk.refresh_from_db()
    assert bulk.state == State.TAKEN_BACK
    assert signals(emulator) == []
    assert client.post(f"{page_url(bulk)}stop/").status_code == 302, "a second press changes nothing"
    assert {one.status for one in _items(alice, items)} == {"CLIENT_REVIEW"}


def _items(person: Person, items: list[str]) -> Any:
    return connections.cloudfactory(person).list_work_items(PROJECT, ids=items).items


def test_the_pages_of_a_signal_are_found_by_whoever_works_in_its_space_alone(
    alice: Person, bob: Person, nobody: Person, client_as: ClientAs, emulator: Running
) -> None:
    bulk = bulk_signal(alice, item_ids(alice), state="ended", outcome="done", action="start")
    for part in ("", "progress/", "results.csv"):
        assert client_as(bob).get(f"{page_url(bulk)}{part}").status_code in (200, 302)
        assert client_as(nobody).get(f"{page_url(bulk)}{part}").status_code == 404
    BulkSignal.objects.update(space=str(uuid.uuid4()))
    for part in ("", "progress/", "results.csv"):
        assert client_as(bob).get(f"{page_url(bulk)}{part}").status_code == 404


ODD_BOXES = [
    "",
    ",,,,",
    "x",
    "\x00",
    "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10",
    "{5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10}",
    "5f0c2c1e7d3a4b579d2e0a6d1f6b7c10",
    "../" * 1_000,
    "," * 100_000,
    "%00:%00",
    "selection-5f0c2c1e7d3a4b579d2e0a6d1f6b7c10",
]


@pytest.mark.parametrize("box", ODD_BOXES, ids=range(len(ODD_BOXES)))
@pytest.mark.parametrize("field", ["on", "off", "item", "was", "shown"])
def test_boxes_that_name_no_item_select_none(
    alice: Person, client_as: ClientAs, emulator: Running, field: str, box: str
) -> None:
    client = client_as(alice)
    for headers in ({}, HTMX):
        for command in ("", "page"):
            answer = client.post(f"{ITEMS}selection/", {field: box, "do": command}, headers=headers)
            assert answer.status_code in (200, 302)
    assert not SelectedItem.objects.exists()


@pytest.mark.parametrize(
    "status", ["x" * 10_000, "%00%00", "%ED%A0%80", "<b>NEW</b>", "NEW:NEW", "%E2%80%AE", "%zz", "🚀"]
)
def test_a_tampered_status_is_only_a_status_that_was_not_read(
    alice: Person, client_as: ClientAs, emulator: Running, status: str
) -> None:
    """The plan says that such an item changed, and leaves it out."""
    client, [item] = client_as(alice), item_ids(alice, "NEW")
    assert client.post(f"{ITEMS}selection/", {"on": f"{item}:{status}"}, headers=HTMX).status_code == 200
    bulk = create_plan(client, "start")
    kinds = set(bulk.items.values_list("kind", flat=True))
    assert kinds <= {"changed", "likely"}
    page = client.get(f"{page_url(bulk)}?show=changed")
    assert "<b>NEW</b>" not in page.content.decode()
    assert "\u202e" not in page.content.decode()


@pytest.mark.parametrize(
    "query", ["//evil.example", "x" * 100_000, "status=%0d%0aSet-Cookie:x", "\x00", "ids=" + "9" * 9_000]
)
@pytest.mark.parametrize("part", ["selection/", "bulk/"])
def test_an_odd_list_leads_to_the_table_of_this_project(
    alice: Person, client_as: ClientAs, emulator: Running, part: str, query: str
) -> None:
    select(alice, item_ids(alice, "NEW"), "NEW")
    data = {"list": query, "on": str(uuid.uuid4()), "action": "none", "bulk_id": str(uuid.uuid4())}
    answer = client_as(alice).post(f"{ITEMS}{part}", data)
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        assert answer["Location"].partition("?")[0] == ITEMS
        assert len(answer["Location"]) < 40_000


def test_nobody_selects_or_plans_what_a_colleague_selected(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """A selection's name in an address, in a filter or in "all that match" is for its person alone."""
    selection = select(alice, item_ids(alice, "NEW", 3), "NEW")
    name, client = f"selection-{selection.pk.hex}", client_as(bob)
    client.post(f"{ITEMS}selection/", {"do": "all", "list": f"ids={name}"}, headers=HTMX)
    assert not Selection.objects.filter(person=bob, is_all_matching=True).exists()
    Selection.objects.filter(person=bob).delete()
    Selection.objects.create(
        person=bob, space=selection.space, project=PROJECT, is_all_matching=True, query=f"ids={name}"
    )
    create(client, "start")
    read_plans()
    assert not BulkItem.objects.exists()
    assert selection.items.count() == 3


@pytest.mark.django_db(transaction=True)
def test_ten_changes_of_one_selection_at_once_all_count(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    items = item_ids(alice, "NEW", 10)
    clients, together = [client_as(alice) for _ in items], Barrier(len(items))

    def tick(number: int) -> int:
        together.wait()
        try:
            data = {"on": f"{items[number]}:NEW", "off": str(uuid.uuid4())}
            return int(clients[number].post(f"{ITEMS}selection/", data, headers=HTMX).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(items)) as pool:
        assert set(pool.map(tick, range(len(items)))) == {200}
    assert {str(one.item) for one in SelectedItem.objects.all()} == set(items)


@pytest.mark.django_db(transaction=True)
def test_a_press_and_a_stop_at_once_end_as_one_of_the_two(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Ten people's worth of presses on one signal: sent once, or not at all, and its figures add up."""
    items = item_ids(alice, "CLIENT_REVIEW", 3)
    select(alice, items, "CLIENT_REVIEW")
    bulk = create_plan(client_as(alice), "approve")
    addresses = ["send", "stop", "send", "stop", "read-again", "carry-on", "retry", "undo", "stop", "send"]
    clients, together, data = [client_as(alice) for _ in addresses], Barrier(len(addresses)), form_data(bulk)

    def act(number: int) -> int:
        together.wait()
        try:
            return int(clients[number].post(f"{page_url(bulk)}{addresses[number]}/", data).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(addresses)) as pool:
        assert set(pool.map(act, range(len(addresses)))) <= {302, 409}
    work()
    bulk.refresh_from_db()
    signaled = [entry["workItemId"] for one in signals(emulator) for entry in one["body"]["workItems"]]
    assert sorted(signaled) in ([], sorted(items))
    assert (bulk.state == State.ENDED) == bool(signaled)
    counts = bulk.done_count + bulk.refused_count + bulk.unknown_count + bulk.not_sent_count
    assert counts in (0, bulk.planned_count)
