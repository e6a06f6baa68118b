"""Two people save at the same moment: one order arrives, and the other save is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit import record
from console.audit.models import Entry
from console.batches import selectors
from console.batches.models import OrderSnapshot
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import COINS, HTMX, ORDER, SECOND, START, WORN
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

MINE = boards.moved(START, WORN, 1)
THEIRS = boards.moved(START, SECOND, 1)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_save_between_reading_and_sending_is_not_overwritten(
    alice: Person,
    erin: Person,
    client_as: ClientAs,
    emulator: Running,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
) -> None:
    mine, theirs, read_entries = client_as(alice), client_as(erin), selectors.read_entries
    my_form, their_form = boards.opened(mine) | {"batch": MINE}, boards.opened(theirs) | {"batch": THEIRS}

    def read_and_be_overtaken(**place: Any) -> Any:
        entries = read_entries(**place)
        monkeypatch.setattr(selectors, "read_entries", read_entries)
        theirs.post(ORDER, their_form)
        return entries

    monkeypatch.setattr(selectors, "read_entries", read_and_be_overtaken)
    response = mine.post(ORDER, my_form, headers=headers)
    assert response.status_code == 409
    assert "by somebody else at this very moment" in text_of(response)
    assert boards.saves(emulator) == [boards.spaced(THEIRS)]
    assert Entry.objects.get(pk=my_form["act_id"]).outcome == "failed"
    assert OrderSnapshot.objects.count() == 1


def test_a_save_still_under_way_is_waited_for(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    with record.audited_call(actor=erin, action="order.save", thing_kind="project", thing_id=COINS) as hers:
        form = boards.opened(client) | {"batch": MINE}
        assert client.post(ORDER, form).status_code == 409
        assert boards.changes(emulator) == []
        hers.done()
    assert client.post(ORDER, boards.opened(client) | {"batch": MINE}).status_code == 302
    assert boards.saves(emulator) == [boards.spaced(MINE)]
