"""A vendor that misbehaves while an order is saved: what is said, what was sent, and what is left as it was."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.audit.models import Entry
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import HTMX, ORDER, START, WORN
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

NEW_ORDER = boards.moved(START, WORN, 1)
UNCLEAR = "We don't know whether the order of “"


def save(client: Client, form: dict[str, Any], **headers: str) -> Any:
    return client.post(ORDER, form | {"batch": NEW_ORDER, "note": "typed"}, headers=headers)


def check(client: Client) -> Any:
    entry = Entry.objects.get(action="order.save", kind="opening")
    return client.post(f"{ORDER}check/{entry.pk}/", follow=True)


def check_until_sure(client: Client, settings: Any) -> Any:
    settings.AUDIT_SETTLE_SPAN = 0
    for _ in range(3):
        answer = check(client)
    return answer


@pytest.mark.parametrize("fault", ["503", "500", "reset", "garbage", "truncated", "html", "drop-after"])
def test_without_a_clear_answer_nobody_says_failed(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", fault, method="PUT")
    response = save(client, form, **HTMX)
    assert response.status_code == 502
    assert response["HX-Retarget"] == "#notices"
    assert UNCLEAR in text_of(response)
    assert "Check now" in text_of(response)
    assert len(boards.saves(emulator)) == 1
    assert Entry.objects.get(action="order.save", kind="opening").outcome == "unknown"


@pytest.mark.parametrize("fault", ["garbage", "truncated", "drop-after"])
def test_what_was_done_all_the_same_is_found_by_reading(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", fault, method="PUT")
    save(client, form)
    assert "The order was saved after all" in text_of(check(client))
    assert boards.held_order(emulator) == NEW_ORDER
    assert Entry.objects.get(action="order.save", kind="opening").outcome == "done"
    assert len(boards.saves(emulator)) == 1


@pytest.mark.parametrize("fault", ["503", "reset"])
def test_what_is_still_as_before_after_ten_minutes_can_be_saved_again(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any, fault: str
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", fault, method="PUT")
    save(client, form)
    assert "Still as before. CloudFactory may be behind" in text_of(check(client))
    assert Entry.objects.get(action="order.save", kind="opening").outcome == "unknown"
    assert "It can be sent again" in text_of(check_until_sure(client, settings))
    assert Entry.objects.get(action="order.save", kind="opening").outcome == "unknown"


def test_a_third_order_is_left_to_a_person(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", "503", method="PUT")
    save(client, form)
    emulator.act("reorder", order=START[::-1])
    assert "we can't tell whether yours was saved" in text_of(check(client))


def test_after_a_day_without_an_answer_nobody_says_that_the_order_has_changed(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", "503", method="PUT")
    save(client, form)
    emulator.fault("cloudfactory", "503", method="GET", times=0)
    check(client)
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=True):
        client = client_as(alice)
        page_text = text_of(check(client))
    assert "has changed again" not in page_text
    assert "Checking can't tell whether it worked" in page_text


def test_an_unclear_save_is_shown_on_the_page_until_it_is_settled(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", "drop-after", method="PUT")
    save(client, form)
    assert "We don't know whether the order of" in text_of(client.get(ORDER))
    assert "We keep checking for ten minutes" in text_of(client.get(ORDER))
    assert "We don't know whether the order of" in text_of(client.get(boards.BATCHES))
    check(client)
    assert "We don't know whether the order of" not in text_of(client.get(ORDER))


def test_pressing_again_after_an_unclear_save_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", "503", method="PUT")
    save(client, form, **HTMX)
    assert UNCLEAR in text_of(save(client, form, **HTMX))
    assert len(boards.saves(emulator)) == 1


@pytest.mark.parametrize(("fault", "status"), [("403", 403), ("429", 503), ("401", 403)])
def test_a_refusal_says_that_nothing_was_changed_and_can_be_repeated(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str, status: int
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", fault, method="PUT")
    response = save(client, form, **HTMX)
    assert response.status_code == status
    text = text_of(response)
    assert "Nothing was changed" in text
    assert "still here, unsaved" in text
    fresh = boards.hidden(response.content.decode(), "act_id")
    assert fresh != form["act_id"]
    assert save(client, form | {"act_id": fresh}).status_code == 302
    assert boards.held_order(emulator) == NEW_ORDER


@pytest.mark.parametrize("fault", ["503", "garbage", "reset"])
def test_when_the_fresh_read_fails_nothing_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", fault, method="GET", path="prioritization", times=0)
    response = save(client, form, **HTMX)
    assert "Nothing was changed" in text_of(response)
    assert boards.changes(emulator) == []
    assert not Entry.objects.filter(action="order.save").exists()


def test_without_script_the_order_is_kept_on_the_page_that_says_what_happened(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    form = boards.opened(client)
    emulator.fault("cloudfactory", "403", method="PUT")
    response = save(client, form)
    assert response.status_code == 403
    page = response.content.decode()
    data = {
        "act_id": boards.hidden(page, "act_id"),
        "base": boards.hidden(page, "base"),
        "note": boards.hidden(page, "note"),
        "batch": NEW_ORDER,
    }
    assert all(f'name="batch" value="{batch}"' in page for batch in NEW_ORDER)
    assert data["note"] == "typed"
    assert client.post(ORDER, data).status_code == 302
    assert boards.held_order(emulator) == NEW_ORDER


def test_what_cannot_be_recorded_is_not_sent(
    alice: Person, client_as: ClientAs, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_as(alice)
    form = boards.opened(client)

    def refuse(act: Any) -> Any:
        raise record.NotRecorded

    monkeypatch.setattr(record.audited_call, "__enter__", refuse)
    response = save(client, form, **HTMX)
    assert response.status_code == 503
    assert "could not be recorded" in text_of(response)
    assert boards.changes(emulator) == []
