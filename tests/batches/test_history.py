"""Saved orders can be undone, looked at and restored, and each of these is in the audit."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.audit.selectors import line
from console.batches.models import OrderSnapshot
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, DEFAULT, HTMX, ORDER, OVERLAPPING, SECOND, START, WORN
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

HISTORY = f"{ORDER}history/"


def save(client: Client, ids: list[int], note: str = "") -> OrderSnapshot:
    assert client.post(ORDER, boards.opened(client) | {"batch": ids, "note": note}).status_code == 302
    newest = OrderSnapshot.objects.first()
    assert newest is not None
    return newest


def undo(client: Client, **headers: str) -> Any:
    page = client.get(ORDER)
    address = f"{HISTORY}{page.context['last'].pk}/undo/"
    return client.post(address, {"act_id": str(page.context["undo_id"])}, headers=headers)


def restore(client: Client, snapshot: OrderSnapshot) -> Any:
    page = client.get(f"{HISTORY}{snapshot.pk}/")
    fields = {name: str(page.context.get(name, "")) for name in ("act_id", "base")}
    return client.post(f"{HISTORY}{snapshot.pk}/restore/", fields)


def test_undo_puts_back_the_very_numbers(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    before = boards.held(emulator)
    save(client, boards.moved(START, WORN, 1))
    response = undo(client, **HTMX)
    assert response.status_code == 200
    after = boards.held(emulator)
    assert {batch: after[batch] for batch in before} == before
    # A number cannot be taken away again: the batch that had none goes below all others.
    assert after[boards.SECOND] < min(before.values())
    message = "The order is as it was before. Second pass has a number now, which CloudFactory cannot take away."
    assert message in text_of(response)


def test_an_undo_can_be_undone(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    new_order = boards.moved(START, WORN, 1)
    save(client, new_order)
    undo(client)
    assert "cannot take away" not in text_of(undo(client, **HTMX))
    assert boards.held_order(emulator) == new_order


def test_the_order_from_two_saves_ago_is_restored_exactly(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    first = boards.moved(START, WORN, 1)
    saved_order = save(client, first)
    numbers = boards.held(emulator)
    save(client, boards.moved(first, DEFAULT, 1))
    save(client, boards.moved(first, OVERLAPPING, 2))
    assert restore(client, saved_order).status_code == 302
    assert boards.held(emulator) == numbers
    assert boards.held_order(emulator) == first


def test_each_step_is_a_sentence_of_the_audit(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    saved_order = save(client, boards.moved(START, WORN, 1))
    undo(client)
    restore(client, saved_order)
    entries = Entry.objects.filter(kind="opening", action__startswith="order.").order_by("sequence")
    sentences = [line(entry).text for entry in entries]
    assert sentences == [
        "Alice changed the order of Coin outlines: Worn edges 4th to 1st; three batches move down one",
        "Alice undid a change to the order of Coin outlines: Worn edges 1st to 4th; three batches move up one",
        "Alice restored an earlier order of Coin outlines: Worn edges 4th to 1st; three batches move down one",
    ]


def test_the_history_says_who_when_why_and_what(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    save(client, boards.moved(START, WORN, 1), note="for Friday")
    text = text_of(client.get(HISTORY))
    assert "Worn edges 4th to 1st; three batches move down one" in text
    assert "for Friday" in text
    assert "Alice" in text


def test_the_history_asks_the_vendor_for_nothing_but_a_name(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    save(client, boards.moved(START, WORN, 1))
    emulator.forget_requests()
    assert client.get(HISTORY).status_code == 200
    assert emulator.requests("cloudfactory") == []


def test_a_saved_order_is_shown_against_the_one_before(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    snapshot = save(client, boards.moved(START, WORN, 1))
    lines = client.get(f"{HISTORY}{snapshot.pk}/").context["lines"]
    assert [(one.id, one.was, one.now) for one in lines][:3] == [
        (WORN, 4, 1),
        (START[0], None, None),
        (START[1], 1, 2),
    ]


def test_a_save_that_failed_cannot_be_restored_or_undone(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client) | {"batch": boards.moved(START, WORN, 1)}
    emulator.fault("cloudfactory", "403", method="PUT")
    client.post(ORDER, form)
    assert "This was not saved." in text_of(client.get(HISTORY))
    assert client.get(ORDER).context["last"] is None
    snapshot = OrderSnapshot.objects.get()
    page = client.get(f"{HISTORY}{snapshot.pk}/").content.decode()
    assert "Restore this order" not in page
    emulator.forget_requests()
    assert restore(client, snapshot).status_code == 404
    assert boards.changes(emulator) == []


def test_restoring_what_is_there_already_sends_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    snapshot = save(client, boards.moved(START, WORN, 1))
    emulator.forget_requests()
    restore(client, snapshot)
    assert boards.changes(emulator) == []


def test_a_batch_made_since_stays_at_the_end(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    first = boards.moved(START, WORN, 1)
    saved_order = save(client, first)
    emulator.act("add_batch", name="Late arrival")
    save(client, boards.moved(boards.opened(client)["batch"], DEFAULT, 1))
    restore(client, saved_order)
    late = client.get(ORDER).context["rows"][-1]
    assert late.name == "Late arrival"
    assert boards.held_order(emulator)[:-1] == first


def test_an_order_of_another_project_is_not_found(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    snapshot = save(client, boards.moved(START, WORN, 1))
    other = f"/projects/{boards.PILOT}/batches/order/history/{snapshot.pk}/"
    assert client.get(other).status_code == 404
    assert client.post(f"{other}restore/", {"act_id": "0" * 8}).status_code == 404


def test_a_reviewer_may_look_at_the_history_but_not_restore(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    snapshot = save(client_as(alice), boards.moved(START, WORN, 1))
    client = client_as(bob)
    assert client.get(HISTORY).status_code == 200
    assert "Restore" not in text_of(client.get(f"{HISTORY}{snapshot.pk}/"))
    assert client.post(f"{HISTORY}{snapshot.pk}/restore/", {}).status_code == 403
    assert client.post(f"{HISTORY}{snapshot.pk}/undo/", {}).status_code == 403


def test_the_page_of_batches_leads_to_the_history(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert HISTORY in client_as(alice).get(BATCHES).content.decode()


def test_a_batch_made_overnight_leaves_the_undo_where_it_was(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    save(client, boards.moved(START, WORN, 1))
    batch_id = emulator.act("add_batch", project="coins", name="Overnight")["batch"]["id"]
    assert client.get(ORDER).context["may_undo"]
    undo(client)
    assert boards.held_order(emulator) == [*START, batch_id]


def test_what_restoring_would_change_is_said_beforehand(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    first = boards.moved(START, WORN, 1)
    saved_order = save(client, first)
    assert "The order is like this now." in text_of(client.get(f"{HISTORY}{saved_order.pk}/"))
    save(client, boards.moved(first, SECOND, 1))
    emulator.forget_requests()
    page = text_of(client.get(f"{HISTORY}{saved_order.pk}/"))
    assert "would change the order as it is now: Second pass 1st to 6th; five batches move up one" in page
    assert len(emulator.requests("cloudfactory")) == 1


def test_restoring_overwrites_nobody(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    saved_order = save(client, boards.moved(START, WORN, 1))
    save(client, boards.moved(START, DEFAULT, 1))
    page = client.get(f"{HISTORY}{saved_order.pk}/")
    emulator.act("reorder", order=START[::-1])
    fields = {name: str(page.context[name]) for name in ("act_id", "base")}
    response = client.post(f"{HISTORY}{saved_order.pk}/restore/", fields)
    assert response.status_code == 409
    assert boards.held_order(emulator) == START[::-1]
    assert [choice["title"] for choice in response.context["choices"]] == ["Yours", "Theirs", "Merged"]


def test_a_tampered_base_is_not_restored_from(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    saved_order = save(client, boards.moved(START, WORN, 1))
    page = client.get(f"{HISTORY}{saved_order.pk}/")
    emulator.forget_requests()
    fields = {"act_id": str(page.context["act_id"]), "base": page.context["base"] + "x"}
    response = client.post(f"{HISTORY}{saved_order.pk}/restore/", fields)
    assert response.status_code == 422
    assert emulator.requests("cloudfactory") == []


def test_an_order_can_be_looked_at_while_the_vendor_is_down(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    saved_order = save(client, boards.moved(START, WORN, 1))
    emulator.fault("cloudfactory", "503", times=0)
    page = client.get(f"{HISTORY}{saved_order.pk}/")
    assert page.status_code == 200
    assert "Restoring is not offered" in text_of(page)
    assert "Restore this order" not in text_of(page)


def test_what_was_not_saved_is_not_offered_to_be_restored(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "403", method="PUT")
    client.post(ORDER, boards.opened(client) | {"batch": boards.moved(START, WORN, 1)})
    page = text_of(client.get(HISTORY))
    assert "This was not saved." in page
    assert page.count("View or restore") == 1, "the order before it"


def test_a_long_history_comes_in_pages(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    OrderSnapshot.objects.bulk_create(
        OrderSnapshot(project=boards.COINS, entry=uuid.uuid4(), action="order.save", person_name=f"Person {number}")
        for number in range(31)
    )
    assert "Person 0" not in text_of(client.get(HISTORY))
    assert "Person 0" in text_of(client.get(HISTORY, {"page": "2"}))


def links(client: Client, page: str = HISTORY) -> list[str]:
    """Where the lines of the history lead to, the latest first."""
    return re.findall(rf'href="({HISTORY}\d+/(?:before/)?)"', client.get(page).content.decode())


def restore_by_form(client: Client, address: str) -> Any:
    """Presses the button of an order's page as it stands there."""
    page = client.get(address).content.decode()
    [action] = re.findall(r'action="([^"]*/restore/)"', page)
    fields = {name: boards.hidden(page, name, after=action) for name in ("act_id", "base")}
    return client.post(action, fields)


def test_a_project_without_saved_orders_has_an_empty_history(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    page = client_as(alice).get(HISTORY)
    assert page.status_code == 200
    assert "No order was saved here yet" in page.content.decode()


def test_the_order_before_the_first_save_is_the_first_line_and_can_be_restored(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    numbers = boards.held(emulator)
    save(client, boards.moved(START, WORN, 1))
    save(client, boards.moved(START, SECOND, 1))
    assert "CloudFactory’s order before the first save here" in text_of(client.get(HISTORY))
    addresses = links(client)
    assert [one.endswith("before/") for one in addresses] == [False, False, True]
    assert [line.id for line in client.get(addresses[-1]).context["lines"]] == START
    assert restore_by_form(client, addresses[-1]).status_code == 302
    assert boards.held_order(emulator) == START
    assert {batch: boards.held(emulator)[batch] for batch in numbers} == numbers
    assert "Restored an earlier order" in text_of(client.get(HISTORY))
    assert "The order is like this now." in text_of(client.get(addresses[-1]))


def test_an_order_made_outside_is_a_line_once_it_was_replaced(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    save(client, boards.moved(START, WORN, 1))
    theirs = boards.arranged([SECOND, *boards.OPEN[:-1]])
    emulator.act("reorder", order=theirs)
    numbers = boards.held(emulator)
    save(client, boards.moved(theirs, WORN, 1))
    assert "Changed outside this console: Second pass 6th to 1st" in text_of(client.get(HISTORY))
    addresses = links(client)
    assert [one.endswith("before/") for one in addresses] == [False, True, False, True]
    restore_by_form(client, addresses[1])
    assert boards.held(emulator) == numbers


def test_a_first_save_that_failed_loses_no_order(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "403", method="PUT")
    client.post(ORDER, boards.opened(client) | {"batch": boards.moved(START, WORN, 1)})
    save(client, boards.moved(START, SECOND, 1))
    assert [one.endswith("before/") for one in links(client)] == [False, False, True]


def test_a_batch_made_meanwhile_is_no_change_from_outside(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    save(client, boards.moved(START, WORN, 1))
    emulator.act("add_batch", project="coins", name="Overnight")
    save(client, boards.moved(boards.opened(client)["batch"], SECOND, 1))
    assert [one.endswith("before/") for one in links(client)] == [False, False, True]


def test_a_reviewer_can_view_the_first_order_but_not_restore_it(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    save(client_as(alice), boards.moved(START, WORN, 1))
    client = client_as(bob)
    first = links(client)[-1]
    assert "Restore this order" not in text_of(client.get(first))
    assert client.post(f"{first}restore/", {}).status_code == 403
