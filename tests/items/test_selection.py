"""Selecting work items in the table: kept by the server, whatever page, filter, tab or browser comes next."""

import re
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import selection as selections
from console.items.bulk.selection import LASTS, MOST_SELECTED, NotSelected, SelectionChange, read_boxes
from console.items.models import BulkSignal, SelectedItem, Selection
from console.jobs import tasks
from tests.batches.boards import COINS, PILOT
from tests.items.test_counts import ARCHIVE, large, large_vendors  # noqa: F401
from tests.slices.making import text_of
from tests.waiting import until

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
ITEMS = f"/projects/{COINS}/items/"
SELECT = f"{ITEMS}selection/"


def values(response: Any) -> list[str]:
    """What the boxes of the rows send."""
    return [unescape(value) for value in re.findall(r'name="item" value="([^"]+)"', response.content.decode())]


def ticked(response: Any) -> list[str]:
    """The ids of the rows whose box is ticked."""
    boxes = re.findall(r'name="item" value="([0-9a-f-]{36}):[^>]*?checked', response.content.decode(), re.DOTALL)
    return list(boxes)


def select(client: Client, **data: Any) -> Any:
    """What the script sends."""
    return client.post(SELECT, {"list": "", **data}, headers=HTMX)


def selected(person: Person) -> dict[str, str]:
    """The statuses of the selected items, by id."""
    rows = SelectedItem.objects.filter(selection__person=person, selection__project=COINS)
    return {str(row.item): row.status for row in rows}


def id_of(value: str) -> str:
    return value.split(":")[0]


def many(number: int, start: int = 0) -> list[str]:
    return [f"{place:08x}-4b0e-4d0b-8f5e-1f6d5a7c3b20:NEW" for place in range(start, start + number)]


def fields_of(response: Any) -> dict[str, str]:
    """The hidden fields of the form of the selection, as a browser without script sends them."""
    page = response.content.decode()
    form = page[page.index('id="selection"') :]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)"\s+value="([^"]*)"', form[: form.index("</form>")])
    return {name: unescape(value) for name, value in pairs}


def test_a_selection_survives_paging_filters_and_another_browser(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    first = values(client.get(ITEMS, {"size": "10"}))
    answer = select(client, on=",".join(first[:3]))
    assert "3 selected" in text_of(answer)
    assert selected(alice) == {id_of(value): value.split(":")[1] for value in first[:3]}
    select(client, on=first[5], off=first[0])
    elsewhere = client_as(alice)
    page = elsewhere.get(ITEMS, {"size": "10"})
    assert ticked(page) == [id_of(value) for value in (first[1], first[2], first[5])]
    assert "3 selected" in text_of(page)
    assert "3 selected" in text_of(elsewhere.get(ITEMS, {"status": "CLIENT_REVIEW"}))


def test_without_script_the_boxes_of_the_page_are_the_change(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    page = client.get(ITEMS, {"size": "10"})
    boxes = values(page)
    response = client.post(SELECT, {**fields_of(page), "item": boxes[:2]})
    assert response["Location"] == f"{ITEMS}?size=10"
    page = client.get(response["Location"])
    assert ticked(page) == [id_of(value) for value in boxes[:2]]
    client.post(SELECT, {**fields_of(page), "item": boxes[1]})
    assert list(selected(alice)) == [id_of(boxes[1])]
    client.post(SELECT, {**fields_of(page), "do": "page"})
    assert len(selected(alice)) == 10
    client.post(SELECT, {**fields_of(page), "do": "none"})
    assert selected(alice) == {}
    client.post(SELECT, {**fields_of(page), "do": "page"})
    client.post(SELECT, {**fields_of(page), "do": "clear"})
    assert selected(alice) == {}


def test_an_old_page_changes_only_what_was_changed_on_it(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    page = client.get(ITEMS, {"size": "10"})
    boxes = values(page)
    select(client, on=boxes[0])
    client.post(SELECT, {**fields_of(page), "item": boxes[1]})
    assert set(selected(alice)) == {id_of(boxes[0]), id_of(boxes[1])}


def test_what_is_no_id_of_a_work_item_is_left_out(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    foreign = str(uuid.uuid4())
    on = f"{foreign.upper()}:NEW,urn:uuid:{foreign},x,,:NEW,{foreign[:35]},%00,{'9' * 5000}"
    assert select(client, on=on, off="nothing,{}", do="no such thing").status_code == 200
    assert selected(alice) == {foreign: "NEW"}
    odd = [f"{uuid.uuid4()}:{status}" for status in ("%00", "A" * 500, "%F0%9F%98%80,x", "%ED%A0%80", "'\"<b>")]
    assert select(client, on=",".join(odd)).status_code == 200
    assert all(len(status) <= 40 and "\0" not in status for status in selected(alice).values())
    assert client.get(ITEMS).status_code == 200


def test_ten_thousand_can_be_selected_and_one_more_changes_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    assert "10,000 selected" in text_of(select(client, on=",".join(many(MOST_SELECTED))))
    for more in ({"on": f"{many(1, MOST_SELECTED)[0]}"}, {"on": ",".join(many(2, MOST_SELECTED)), "off": many(1)[0]}):
        refused = select(client, **more)
        assert refused.status_code == 422
        assert "You can select up to 10,000 work items. Nothing was changed." in text_of(refused)
        assert "10,000 selected" in text_of(refused)
    assert set(selected(alice)) == {id_of(value) for value in many(MOST_SELECTED)}
    page = client.get(ITEMS, {"size": "10"})
    box = values(page)[0]
    plain = client.post(SELECT, {**fields_of(page), "item": box})
    assert plain.status_code == 422
    assert "You can select up to 10,000 work items." in text_of(plain)
    assert ticked(plain) == [id_of(box)]
    assert select(client, on=many(1, MOST_SELECTED)[0], off=many(1)[0]).status_code == 200


def test_a_selection_is_shown_alone_a_hundred_a_page_and_to_nobody_else(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    boxes = values(client.get(ITEMS, {"size": "100"}))
    select(client, on=",".join([boxes[4], boxes[2], *many(150)]))
    (address,) = re.findall(r'href="([^"]*ids=selection-[^"]*)"', client.get(ITEMS).content.decode())
    page = client.get(address)
    assert [id_of(value) for value in values(page)] == [id_of(boxes[4]), id_of(boxes[2])]
    assert "Selected 1 to 100 of 152" in text_of(page)
    assert "98 ids were not found in this project" in text_of(page)
    assert "<textarea" in page.content.decode()
    assert id_of(many(1)[0]) not in re.search(r"<textarea.*?</textarea>", page.content.decode(), re.DOTALL)[0]  # type: ignore[index]
    assert 'id="selection-all"' not in page.content.decode()
    select(client, do="clear")
    answer = client.get(address)
    assert answer.status_code == 422
    assert "None of these work items are selected any more." in text_of(answer)
    select(client, on=boxes[4])
    other = client_as(bob).get(f"{ITEMS}?ids=selection-{Selection.objects.get(person=alice).pk.hex}")
    assert other.status_code == 422
    assert values(other) == []


def test_all_matching_keeps_the_filter_and_says_the_number(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(client, on=",".join(many(3)))
    answer = select(client, do="all", list="status=CLIENT_REVIEW&size=10&order=newest")
    assert "All 18 matching work items of this list are selected." in text_of(answer)
    selection = Selection.objects.get(person=alice)
    assert (selection.is_all_matching, selection.query, selection.items.count()) == (True, "status=CLIENT_REVIEW", 0)
    page = client.get(ITEMS, {"status": "CLIENT_REVIEW"})
    assert len(ticked(page)) == len(values(page)) == 18
    assert page.content.decode().count("disabled") > 18
    other = client.get(ITEMS, {"status": "COMPLETED", "size": "10"})
    assert "All 18 matching work items of another list are selected: Waiting for review." in text_of(other)
    assert ticked(other) == []
    assert f'href="{ITEMS}?status=CLIENT_REVIEW"' in other.content.decode()
    refused = select(client, on=values(other)[0])
    assert refused.status_code == 422
    assert "Clear the selection to pick single ones." in text_of(refused)
    assert Selection.objects.get(person=alice).items.count() == 0
    select(client, do="clear")
    select(client, on=values(other)[0])
    assert len(selected(alice)) == 1


def test_a_list_that_cannot_be_selected_as_a_whole_says_so(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(client, on=",".join(many(2)))
    key = f"selection-{Selection.objects.get(person=alice).pk.hex}"
    for query in (f"ids={key}", "status=NO", "ids=selection-" + "0" * 32, "created_from=soon"):
        refused = select(client, do="all", list=query)
        assert refused.status_code == 422
        assert "can't be selected as a whole" in text_of(refused)
    assert len(selected(alice)) == 2


def test_a_filter_that_can_no_longer_be_used_leaves_the_table_standing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    select(client, do="all")
    Selection.objects.update(query="ids=list-" + "0" * 32)
    text = text_of(client.get(ITEMS))
    assert "its filter can't be used any more" in text
    assert "Clear selection" in text


def test_each_person_and_each_project_has_a_selection_of_its_own(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    select(client_as(alice), on=",".join(many(2)))
    select(client_as(bob), on=",".join(many(1, 9)))
    assert len(selected(alice)) == 2
    assert len(selected(bob)) == 1
    assert "0 selected" in text_of(client_as(alice).get(f"/projects/{PILOT}/items/"))


def test_whoever_cannot_send_signals_reads_whom_to_ask(
    alice: Person, dana: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    page = client_as(dana).get(ITEMS)
    assert values(page) == []
    assert "Reopen…" not in text_of(page)
    assert f"Your role can't send signals to work items. Ask {erin.name}." in text_of(page)
    assert client_as(dana).post(SELECT, {"on": many(1)[0]}).status_code == 403
    assert Selection.objects.count() == 0
    actions = re.findall(r'name="action" value="([^"]+)"', client_as(alice).get(ITEMS).content.decode())
    assert actions == ["start", "release", "approve", "send-back", "cancel", "reopen"]


def test_asking_changes_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client_as(alice).get(ITEMS)
    assert client_as(alice).get(SELECT).status_code == 405
    assert Selection.objects.count() == 0


def test_another_tab_learns_which_of_its_page_are_selected(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    boxes = values(client.get(ITEMS, {"size": "10"}))
    select(client, on=",".join([boxes[3], *many(2)]))
    answer = select(client, shown=",".join(boxes), on="", off="")
    assert f'data-selected="{id_of(boxes[3])}"' in answer.content.decode()
    assert "data-selected" not in select(client, on=boxes[1]).content.decode()


def test_neither_statements_nor_calls_grow_with_what_is_selected(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    boxes = values(client.get(ITEMS, {"size": "100"}))
    numbers = []
    for on in ([boxes[0]], [*boxes, *many(5000)]):
        select(client, on=",".join(on))
        emulator.forget_requests()
        with CaptureQueriesContext(connection) as statements:
            client.get(ITEMS, {"size": "100"})
        numbers.append((len(statements), len(emulator.requests("cloudfactory"))))
    assert numbers[0] == numbers[1]
    with CaptureQueriesContext(connection) as statements:
        select(client, on=boxes[0])
    assert len(statements) < 20
    assert emulator.requests("cloudfactory")[1:] == []


def test_old_selections_are_deleted_at_night(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    for person in (alice, bob):
        select(client_as(person), on=many(1)[0])
    Selection.objects.filter(person=alice).update(updated_at=timezone.now() - LASTS)
    tasks.clean_up.call_local()
    assert list(Selection.objects.values_list("person", flat=True)) == [bob.pk]


def test_the_refused_can_be_selected_instead_of_others(alice: Person, emulator: Running) -> None:
    expected = {uuid.uuid4(): "COMPLETED" for _ in range(3)}
    selections.select_only(user=alice, project=uuid.UUID(COINS), items={uuid.uuid4(): ""})
    selections.select_only(user=alice, project=uuid.UUID(COINS), items=expected)
    assert selected(alice) == {str(item): status for item, status in expected.items()}
    with pytest.raises(NotSelected):
        selections.select_only(user=alice, project=uuid.UUID(COINS), items=dict.fromkeys(read_boxes(many(10_001)), ""))
    assert len(selected(alice)) == 3


def test_the_buttons_of_the_bar_take_along_what_was_ticked(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    page = client.get(ITEMS, {"size": "10"})
    boxes = values(page)
    select(client, on=boxes[0])
    plain = client.post(f"{ITEMS}bulk/", {**fields_of(page), "item": boxes[1:3], "action": "reopen"})
    bulk = BulkSignal.objects.get()
    assert plain["Location"] == f"{ITEMS}bulk/{bulk.pk}/"
    assert str(bulk.pk) == fields_of(page)["bulk_id"]
    assert bulk.list_query == "size=10"
    assert {str(row.item) for row in bulk.items.all()} == {id_of(value) for value in boxes[:3]}
    script = {"on": boxes[4], "off": boxes[0], "list": "", "bulk_id": str(uuid.uuid4()), "action": "cancel"}
    client.post(f"{ITEMS}bulk/", script)
    later = BulkSignal.objects.get(action="cancel")
    expected = {id_of(value) for value in (boxes[1], boxes[2], boxes[4])}
    assert {str(row.item) for row in later.items.all()} == expected == set(selected(alice))


def test_a_button_whose_ticks_are_too_many_plans_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(client, on=",".join(many(MOST_SELECTED)))
    page = client.get(ITEMS, {"size": "10"})
    data = {**fields_of(page), "item": values(page)[0], "action": "reopen"}
    refused = client.post(f"{ITEMS}bulk/", data)
    assert refused.status_code == 422
    assert "You can select up to 10,000 work items. Nothing was changed." in text_of(refused)
    assert not BulkSignal.objects.exists()


def test_what_is_ticked_right_after_clearing_is_selected(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    select(client, on=",".join(many(3)))
    select(client, do="clear", on=many(1, 9)[0])
    assert list(selected(alice)) == [id_of(many(1, 9)[0])]
    page = client.get(ITEMS, {"size": "10"})
    client.post(SELECT, {**fields_of(page), "item": values(page)[0], "do": "clear"})
    assert selected(alice) == {}


STEPS = st.lists(st.tuples(st.sets(st.integers(0, 9), max_size=5), st.sets(st.integers(0, 9), max_size=5)), max_size=8)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_ticked_and_unticked_in_turn_is_what_is_selected(
    alice: Person, emulator: Running, steps: Sequence[tuple[set[int], set[int]]]
) -> None:
    project, boxes, expected = uuid.UUID(COINS), many(10), set[str]()
    selections.clear(user=alice, project=project)
    for on, off in steps:
        change = SelectionChange(
            read_boxes([boxes[place] for place in on - off]), frozenset(read_boxes([boxes[place] for place in off]))
        )
        selections.change_selection(user=alice, project=project, change=change, list_query="")
        expected = (expected | {id_of(boxes[place]) for place in on}) - {id_of(boxes[place]) for place in off}
        assert set(selected(alice)) == expected


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("first", "then", "after"),
    [
        ({"do": "clear"}, {"on": many(2)[1]}, {id_of(many(2)[1]): "NEW"}),
        ({"on": many(2)[1]}, {"do": "clear"}, {}),
    ],
)
def test_two_tabs_that_tick_and_clear_at_the_same_moment_do_so_one_after_the_other(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    first: dict[str, str],
    then: dict[str, str],
    after: dict[str, str],
) -> None:
    tabs = client_as(alice), client_as(alice)
    assert select(tabs[0], on=many(1)[0]).status_code == 200

    def press() -> Any:
        try:
            return select(tabs[1], **then)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert select(tabs[0], **first).status_code == 200
            second = pool.submit(press)
            until(is_anybody_waiting)
        assert second.result().status_code == 200
    assert selected(alice) == after


def is_anybody_waiting() -> bool:
    """Whether another connection waits for what this one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.usefixtures("large")
def test_more_than_can_be_counted_is_said_as_at_least(alice: Person, client_as: ClientAs) -> None:
    archive = f"/projects/{ARCHIVE}/items/"
    client = client_as(alice)
    assert re.search(
        r'id="items-matching-count"[^>]*>[0-9,]+00\+<', client.get(f"{archive}counts/", headers=HTMX).content.decode()
    )
    answer = client.post(f"{archive}selection/", {"do": "all", "list": ""}, headers=HTMX)
    assert re.search(r"All [0-9,]+00\+ matching work items of this list are selected\.", text_of(answer))
