"""A colleague changed the order meanwhile: yours, theirs and merged, each can be chosen and none is lost."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.batches.models import OrderSnapshot
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import DEFAULT, HTMX, ORDER, START, WORN
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

THEIRS = [boards.SECOND, *START[:-1]]
YOURS = boards.moved(START, WORN, 1)
# Theirs, with Worn edges at the top: in yours nothing stands above it. The finished ones stand where theirs has them.
MERGED = [WORN, boards.TURIN_EARLY, boards.SECOND, *(batch for batch in START[1:-1] if batch != WORN)]


def collide(client: Client, emulator: Running, **headers: str) -> Any:
    form = boards.opened(client) | {"batch": YOURS, "note": "mine"}
    emulator.act("reorder", order=THEIRS)
    return client.post(ORDER, form, headers=headers)


def ids_of(response: Any, slug: str) -> str:
    """The order one of the cards would send."""
    page = response.content.decode()
    card = page[page.index(f'aria-labelledby="choice-{slug}"') :]
    return boards.hidden(card[: card.index("</section>")], "order")


def names_of(response: Any, slug: str) -> list[str]:
    """The names on one of the cards, from the top."""
    page = response.content.decode()
    card = page[page.index(f'aria-labelledby="choice-{slug}"') :]
    return re.findall(r'compared-name"><bdi>([^<]*)</bdi>', card[: card.index("</section>")])


def choose(client: Client, response: Any, slug: str) -> Any:
    choice = next(one for one in response.context["choices"] if one["slug"] == slug)
    form = {"act_id": str(choice["act_id"]), "base": response.context["base"], "order": choice["ids"], "note": "mine"}
    return client.post(ORDER, form)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_three_orders_are_shown_and_nothing_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running, headers: dict[str, str]
) -> None:
    client = client_as(alice)
    response = collide(client, emulator, **headers)
    assert response.status_code == 409
    assert boards.changes(emulator) == []
    assert not Entry.objects.filter(action="order.save").exists()
    assert ids_of(response, "yours") == ",".join(map(str, YOURS))
    assert names_of(response, "theirs")[:2] == ["Second pass", "Turin, early shift"]
    assert names_of(response, "merged")[:3] == ["Worn edges", "Turin, early shift", "Second pass"]
    assert ids_of(response, "merged") == ",".join(map(str, MERGED))
    text = text_of(response)
    assert "Somebody outside this console: Second pass 6th to 1st; five batches move down one" in text
    assert "You: Worn edges 4th to 1st" in text


@pytest.mark.parametrize(("slug", "expected"), [("yours", YOURS), ("merged", MERGED)])
def test_the_chosen_order_is_saved_and_the_others_can_still_be_had(
    alice: Person, client_as: ClientAs, emulator: Running, slug: str, expected: list[int]
) -> None:
    client = client_as(alice)
    response = collide(client, emulator)
    assert choose(client, response, slug).status_code == 302
    assert boards.saves(emulator) == [boards.spaced(expected)]
    snapshot = OrderSnapshot.objects.get()
    assert list(snapshot.order_before.ids) == THEIRS
    assert snapshot.note == "mine"


def test_keeping_theirs_sends_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    collide(client, emulator)
    assert [row.id for row in client.get(ORDER).context["rows"]] == THEIRS
    assert boards.changes(emulator) == []


def test_a_third_change_before_choosing_is_shown_again(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = collide(client, emulator)
    emulator.act("reorder", order=[DEFAULT, *(one for one in THEIRS if one != DEFAULT)])
    again = choose(client, response, "yours")
    assert again.status_code == 409
    assert ids_of(again, "yours") == ",".join(map(str, YOURS))
    assert boards.changes(emulator) == []


def test_a_colleague_at_this_console_is_named(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    mine, theirs = client_as(alice), client_as(erin)
    form = boards.opened(mine) | {"batch": YOURS}
    theirs.post(ORDER, boards.opened(theirs) | {"batch": THEIRS})
    response = mine.post(ORDER, form)
    assert response.status_code == 409
    assert "Erin" in text_of(response)


def test_new_numbers_for_the_same_order_are_no_conflict(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client) | {"batch": YOURS}
    emulator.act("reorder", priorities=[(batch, 100 - at) for at, batch in enumerate(START)])
    assert client.post(ORDER, form).status_code == 302
    assert boards.saves(emulator) == [boards.spaced(YOURS)]


def test_an_undo_meets_a_colleague_too(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.post(ORDER, boards.opened(client) | {"batch": YOURS})
    page = client.get(ORDER)
    emulator.act("reorder", order=THEIRS)
    emulator.forget_requests()
    response = client.post(f"{ORDER}history/{page.context['last'].pk}/undo/", {"act_id": str(page.context["undo_id"])})
    assert response.status_code == 409
    assert ids_of(response, "yours") == ",".join(map(str, START))
    assert boards.changes(emulator) == []


def test_a_colleague_who_saved_before_the_page_was_opened_is_not_blamed(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    mine, hers = client_as(alice), client_as(erin)
    hers.post(ORDER, boards.opened(hers) | {"batch": THEIRS})
    emulator.act("reorder", order=START)
    form = boards.opened(mine) | {"batch": YOURS}
    emulator.act("reorder", order=THEIRS)
    response = mine.post(ORDER, form)
    assert response.status_code == 409
    assert "Somebody outside this console" in text_of(response)


@pytest.mark.parametrize("slug", ["yours", "merged"])
def test_a_batch_made_and_put_first_meanwhile_is_in_every_order_to_choose(
    alice: Person, client_as: ClientAs, emulator: Running, slug: str
) -> None:
    client = client_as(alice)
    form = boards.opened(client) | {"batch": YOURS}
    batch_id = emulator.act("add_batch", project="coins", name="Urgent")["batch"]["id"]
    emulator.act("reorder", order=[batch_id, *START])
    response = client.post(ORDER, form)
    assert response.status_code == 409
    assert "Somebody outside this console: 1 batch added You:" in text_of(response)
    assert names_of(response, "theirs")[0] == "Urgent"
    assert choose(client, response, slug).status_code == 302
    expected_texts = {
        "yours": [*YOURS, batch_id],
        "merged": [WORN, START[0], batch_id, *(batch for batch in START[1:] if batch != WORN)],
    }
    assert boards.saves(emulator) == [boards.spaced(expected_texts[slug])]
