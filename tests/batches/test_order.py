"""The board and what it sends: one call with every batch, only what was on the page, and once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.batches.models import OrderSnapshot
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import COINS, HTMX, OPEN, ORDER, START, WORN
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]


def test_the_board_shows_ranks_ties_and_what_has_no_number(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get(ORDER)
    rows = response.context["rows"]
    assert [row.id for row in rows] == START
    assert [row.name for row in rows if row.tied] == ["Naples, night shift", "Worn edges"]
    assert [row.name for row in rows if row.number is None] == ["Second pass"]
    assert "Worked on first" in text_of(response)
    assert "not ordered yet" in text_of(response)


def test_the_setting_turns_the_order_round(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.PRIORITY_HIGH_FIRST = False
    client = client_as(alice)
    form = boards.opened(client)
    assert form["batch"][0] == boards.DEFAULT
    client.post(ORDER, form | {"batch": boards.moved(form["batch"], WORN, 1)})
    assert boards.saves(emulator)[0][0] == (WORN, 1)


def test_saving_sends_every_batch_once_with_what_else_the_vendor_said(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    new_order = boards.moved(START, WORN, 1)
    response = client.post(ORDER, form | {"batch": new_order, "note": "for Friday"})
    assert response.status_code == 302
    assert boards.saves(emulator) == [boards.spaced(new_order)]
    entries = {entry["batchId"]: entry for entry in boards.changes(emulator)[0]["body"]["items"]}
    assert entries[boards.NAPLES_EARLY]["source"] == "planner"
    assert entries[boards.OVERLAPPING]["pinned"] is False
    assert boards.held_order(emulator) == new_order


def test_a_save_is_a_sentence_in_the_audit_with_its_note(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    client.post(ORDER, form | {"batch": boards.moved(START, WORN, 1), "note": "for Friday"})
    entry = Entry.objects.get(action="order.save", kind="opening")
    assert entry.outcome == "done"
    assert entry.note == "for Friday"
    assert entry.thing_name == "Coin outlines"
    assert entry.detail["summary"] == "Worn edges 4th to 1st; three batches move down one"
    assert boards.changes(emulator)[0]["idempotency_key"] == str(entry.pk) == form["act_id"]


def test_number_boxes_send_the_same_body(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    boxes = [1 if batch == WORN else rank for rank, batch in enumerate(OPEN, start=1)]
    client.post(ORDER, form | {"place": boxes})
    assert boards.saves(emulator) == [boards.spaced(boards.arranged(boards.moved(OPEN, WORN, 1)))]


@pytest.mark.parametrize(
    ("typed_positions", "expected"),
    [
        ({2: 3, 6: 1}, [6, 1, 2, 3, 4, 5]),
        ({1: 6, 6: 1}, [6, 2, 3, 4, 5, 1]),
        ({1: 2, 2: 3, 3: 4}, [4, 1, 2, 3, 5, 6]),
        ({5: 2, 2: 5, 1: 4}, [3, 5, 4, 1, 2, 6]),
    ],
    ids=["3 and 1", "ends", "three in a row", "crossing"],
)
def test_every_typed_position_is_exactly_the_one_saved(
    alice: Person, client_as: ClientAs, emulator: Running, typed_positions: dict[int, int], expected: list[int]
) -> None:
    client = client_as(alice)
    boxes = [typed_positions.get(rank, rank) for rank in range(1, 7)]
    assert client.post(ORDER, boards.opened(client) | {"place": boxes}).status_code == 302
    assert boards.saves(emulator) == [boards.spaced(boards.arranged(OPEN[rank - 1] for rank in expected))]


def test_a_position_typed_twice_is_said_at_both_boxes(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.post(ORDER, boards.opened(client) | {"place": ["1", "5", "3", "4", "5", "5"]})
    assert response.status_code == 422
    rows = [row for row in response.context["rows"] if row.errors]
    assert [row.id for row in rows] == [OPEN[1], OPEN[5]]
    assert {row.errors for row in rows} == {("Position 5 is typed for 2 batches. Each needs its own.",)}
    assert [row.box for row in response.context["rows"] if row.box] == ["1", "5", "3", "4", "5", "5"]
    assert "Nothing was saved. Please fix 2 positions." in text_of(response)
    assert boards.changes(emulator) == []


def test_a_finished_batch_has_neither_rank_nor_box_and_stays_where_it_is(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    response = client.get(ORDER, {"finished": "show"})
    assert [row.rank for row in response.context["rows"]] == [None, 1, 2, 3, 4, 5, None, 6]
    assert response.content.decode().count("order-box") == len(OPEN)
    client.post(ORDER, boards.opened(client) | {"place": ["6", "2", "3", "4", "5", "1"]})
    assert boards.held_order(emulator) == boards.arranged([OPEN[5], *OPEN[1:5], OPEN[0]])


def test_where_all_are_finished_all_can_be_ordered(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.world.counts[COINS] = {batch: [14, 14] for batch in START}
    client = client_as(alice)
    response = client.get(ORDER)
    assert [row.rank for row in response.context["rows"]] == list(range(1, 9))
    client.post(ORDER, boards.opened(client) | {"place": ["8", "2", "3", "4", "5", "6", "7", "1"]})
    assert boards.held_order(emulator) == [START[7], *START[1:7], START[0]]


@pytest.mark.parametrize("typed_positions", ["", "x", "0", "7", "-1", "1.5", "1_0", "١", "1" * 30])
def test_a_box_without_a_place_is_said_at_the_box_and_everything_typed_is_kept(
    alice: Person, client_as: ClientAs, emulator: Running, typed_positions: str
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    boxes = ["3", *(str(rank) for rank in range(2, 6)), typed_positions]
    response = client.post(ORDER, form | {"place": boxes, "note": "kept"})
    assert response.status_code == 422
    row = next(row for row in response.context["rows"] if row.id == START[-1])
    assert row.errors == ("Type a whole number from 1 to 6.",)
    assert row.box == typed_positions
    assert response.context["rows"][1].box == "3"
    assert 'value="kept"' in response.content.decode()
    assert boards.changes(emulator) == []


def _twice(ids: list[int]) -> list[int]:
    return [ids[0], ids[0], *ids[2:]]


@pytest.mark.parametrize(
    "spoil",
    [
        _twice,
        lambda ids: ids[1:],
        lambda ids: [*ids, 201],
        lambda ids: [*ids[1:], 2**63],
        lambda ids: [],
        lambda ids: ["x"],
    ],
    ids=["repeated", "missing", "foreign", "no batch id", "none", "no number"],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_an_order_that_is_not_one_of_these_batches_is_refused(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    spoil: Callable[[list[int]], list[Any]],
    headers: dict[str, str],
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    response = client.post(ORDER, form | {"batch": spoil(START)}, headers=headers)
    assert response.status_code == 422
    assert "Nothing was sent" in text_of(response) or "nothing was sent" in text_of(response)
    assert boards.changes(emulator) == []
    assert not Entry.objects.filter(action="order.save").exists()


def test_a_tampered_base_is_refused(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    form["base"] = form["base"][:-2] + ("aa" if form["base"][-2:] != "aa" else "bb")
    response = client.post(ORDER, form | {"batch": boards.moved(START, WORN, 1)}, headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#notices"
    assert boards.changes(emulator) == []


def test_a_base_of_another_project_is_refused(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    other = f"/projects/{boards.PILOT}/batches/order/"
    assert client.post(other, form, headers=HTMX).status_code == 422
    assert boards.changes(emulator) == []


def test_a_note_of_ten_thousand_characters_is_refused(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    response = client.post(ORDER, form | {"note": "x" * 10_000, "batch": boards.moved(START, WORN, 1)})
    assert response.status_code == 422
    assert "500 characters" in text_of(response)
    assert boards.changes(emulator) == []


def test_a_note_with_a_control_character_is_refused_and_nothing_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    form = boards.opened(client) | {"note": "for\0Friday", "batch": boards.moved(START, WORN, 1)}
    response = client.post(ORDER, form)
    assert response.status_code == 422
    assert "Remove the line breaks and control characters." in response.content.decode()
    assert not OrderSnapshot.objects.exists()


def test_the_order_as_it_is_already_is_not_sent_and_not_recorded(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.post(ORDER, boards.opened(client))
    emulator.forget_requests()
    response = client.post(ORDER, boards.opened(client), headers=HTMX)
    assert "already like this" in text_of(response)
    assert boards.changes(emulator) == []
    assert Entry.objects.filter(action="order.save", kind="opening").count() == 1


def test_ties_and_missing_numbers_are_settled_by_saving_without_a_move(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.post(ORDER, boards.opened(client))
    assert boards.saves(emulator) == [boards.spaced(START)]


def test_a_duplicate_submission_gets_the_first_result(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client) | {"batch": boards.moved(START, WORN, 1)}
    answers = [client.post(ORDER, form, headers=HTMX) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len(boards.saves(emulator)) == 1


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_are_one_call(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client) | {"batch": boards.moved(START, WORN, 1)}
    emulator.fault("cloudfactory", "slow-1", method="PUT")
    cookie = client.cookies

    def press(_: int) -> int:
        from django.db import connection

        try:
            other = Client(HTTP_HOST="localhost")
            other.cookies = cookie
            return other.post(ORDER, form, headers=HTMX).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(press, range(10))) == [200] * 10
    assert len(boards.saves(emulator)) == 1


def test_a_reviewer_sees_the_order_and_cannot_change_it(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    page = client.get(ORDER).content.decode()
    assert "Save order" not in page
    assert "data-controls" not in page
    assert "/undo/" not in page
    form = {"act_id": "", "base": "", "batch": START}
    assert client.post(ORDER, form).status_code == 403
    assert boards.changes(emulator) == []


def test_somebody_from_elsewhere_finds_nothing(carol: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(carol).get(ORDER).status_code in (403, 404)


def test_two_thousand_batches_are_all_read_and_all_sent(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = f"/projects/{boards.ARCHIVE}/batches/order/"
    form = boards.opened(client, address)
    assert len(form["batch"]) == 2000
    pages = [one for one in emulator.requests("cloudfactory") if one["path"].endswith("/batches")]
    assert len(pages) == 20
    last = form["batch"][-1]
    assert client.post(address, form | {"batch": boards.moved(form["batch"], last, 1)}).status_code == 302
    assert len(boards.saves(emulator)[0]) == 2000
    assert boards.saves(emulator)[0][0] == (last, 2000)


@pytest.mark.parametrize("fault", ["503", "reset", "garbage"])
def test_a_list_that_breaks_off_is_never_an_order(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", fault, path="/batches.*cursor", times=0)
    response = client.get(f"/projects/{boards.ARCHIVE}/batches/order/")
    assert response.status_code in (502, 503)
    assert 'name="base"' not in response.content.decode()


def test_the_project_is_named_and_the_page_asks_little(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get(ORDER)
    emulator.forget_requests()
    client.get(ORDER)
    paths = [one["path"].removeprefix(f"/api/v1/projects/{COINS}") for one in emulator.requests("cloudfactory")]
    assert sorted(paths) == ["/batches", "/batches/prioritization"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"batch": boards.moved(START, WORN, 1)}, 302), ({"place": ["9"] * 6}, 422), ({"batch": START[1:]}, 422)],
    ids=["saved", "wrong positions", "missing batch"],
)
def test_the_order_a_page_was_opened_with_is_opened_once(
    alice: Person,
    client_as: ClientAs,
    emulator: Running,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    status: int,
) -> None:
    client, loads, calls = client_as(alice), signing.loads, []
    form = boards.opened(client) | change

    def count(text: str, **how: Any) -> Any:
        calls.append(text)
        return loads(text, **how)

    monkeypatch.setattr(signing, "loads", count)
    assert client.post(ORDER, form).status_code == status
    assert calls.count(form["base"]) == 1
