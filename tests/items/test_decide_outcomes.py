"""Signals without a clear answer: we don't know, it is found out by reading, and nothing is sent twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation
from console.audit.models import Entry, Lookup
from console.emulator.server import Running
from console.items.models import Decision
from console.jobs import worker
from console.jobs.models import Operation
from console.jobs.models import State as JobState
from tests.exports.making import text_of
from tests.items.decision_helpers import (
    ITEMS,
    decision_of,
    item_ids,
    press,
    sent_signals,
    signal_elsewhere,
    status_of,
    strip,
    work,
)

ClientAs = Callable[[Person], Client]
State = Decision.State
FAULTS = ["503", "500", "reset", "drop-after", "garbage", "truncated", "html", "redirect"]
DONE_BEFORE = {"drop-after", "garbage", "truncated"}


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_clear_answer_it_is_found_out_by_reading(
    bob: Person, client_as: ClientAs, emulator: Running, settings: Any, fault: str
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", fault, method="PUT")
    press(client, item, "send-back", reason="Wrong class")
    look_once(emulator)
    assert decision_of(item).state == State.UNKNOWN
    text = text_of(strip(client, item))
    assert f"We don't know whether the work item “{decision_of(item).item_name}” was sent back." in text
    assert "Check now" in text
    for _ in range(4):
        Lookup.objects.update(next_check_at=timezone.now())
        work()
    assert len(sent_signals(emulator, item)) == 1, "it was sent twice"
    entry = Entry.objects.get(pk=decision_of(item).pk)
    if fault in DONE_BEFORE:
        assert (decision_of(item).state, entry.outcome) == (State.SENT, "done")
        assert status_of(bob, item) == "IN_PROGRESS"
        assert "CloudFactory shows it as “In progress” now." in text_of(strip(client, item))
    else:
        assert reconciliation.state(entry).can_send_again
        assert "Still as before" in text_of(strip(client, item))


def look_once(emulator: Running) -> None:
    """The worker's turn without the look that follows two seconds later."""
    now = timezone.now()
    Operation.objects.filter(kind="items.decide", state=JobState.WAITING).update(due_at=now)
    worker.sweep()


def test_while_nobody_knows_another_decision_is_refused(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", "503", method="PUT")
    press(client, item)
    look_once(emulator)
    answer = press(client, item)
    assert answer.status_code == 409
    assert "We don't know whether the work item" in text_of(answer)
    assert len(sent_signals(emulator, item)) == 1


def test_once_it_was_found_not_done_it_can_be_decided_again(
    bob: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", "503", method="PUT")
    press(client, item)
    for _ in range(5):
        work()
        Lookup.objects.update(next_check_at=timezone.now())
    assert press(client, item).status_code == 200
    work()
    assert status_of(bob, item) == "COMPLETED"
    assert len(sent_signals(emulator, item)) == 2, "the second is another decision, by another press"
    first = Entry.objects.get(pk=Decision.objects.filter(item=item).earliest("created_at").pk)
    assert reconciliation.look(first).status == "not found", "what the second did was taken for the first's"


def test_another_status_than_expected_is_for_a_person(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", "503", method="PUT")
    press(client, item)
    look_once(emulator)
    signal_elsewhere(bob, item, "cancel")
    entry = Entry.objects.get(pk=decision_of(item).pk)
    assert reconciliation.look(entry).status == "unsure"
    assert decision_of(item).state == State.UNKNOWN


def test_what_a_colleague_did_long_before_is_not_taken_for_ours(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    signal_elsewhere(bob, item)
    emulator.fault("cloudfactory", "503", method="PUT")
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        look_once(emulator)
        entry = Entry.objects.get(pk=decision_of(item).pk)
        assert reconciliation.look(entry).status == "unsure"


@pytest.mark.parametrize("is_known", [True, False])
def test_what_a_colleague_did_just_now_is_not_taken_for_ours(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running, is_known: bool
) -> None:
    """Also if the outcome of both is unknown."""
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    if not is_known:
        emulator.fault("cloudfactory", "drop-after", method="PUT")
    press(client_as(alice), item, htmx=False, sure="yes")
    emulator.fault("cloudfactory", "503", method="PUT")
    look_once(emulator)
    mine = Decision.objects.get(person=bob)
    assert reconciliation.look(Entry.objects.get(pk=mine.pk)).status == "unsure"
    mine.refresh_from_db()
    assert mine.state == State.UNKNOWN


@pytest.mark.parametrize("fault", ["401", "403", "429"])
def test_a_refusal_is_said_and_nothing_was_changed(
    bob: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    emulator.fault("cloudfactory", fault, method="PUT")
    work()
    assert decision_of(item).state == State.FAILED
    assert f"Approving “{decision_of(item).item_name}” failed" in text_of(strip(client, item))
    assert status_of(bob, item) == "CLIENT_REVIEW"


@pytest.mark.parametrize("fault", ["503", "drop-after"])
def test_without_script_an_unknown_outcome_is_said_on_the_next_page(
    bob: Person, client_as: ClientAs, emulator: Running, fault: str
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", fault, method="PUT")
    answer = press(client, item, htmx=False, sure="yes")
    assert answer["Location"] == f"{ITEMS}{item}/"
    text = text_of(client.get(answer["Location"]))
    assert "We don't know whether the work item" in text
    assert "Check now" in text
    assert len(sent_signals(emulator, item)) == 1


def test_a_key_removed_meanwhile_sends_nothing(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    bob.api_keys.all().delete()
    work()
    assert decision_of(item).state == State.FAILED
    assert "You have not connected a CloudFactory key yet." in text_of(strip(client, item))
    assert sent_signals(emulator) == []


def test_a_failure_that_is_kept_names_no_seconds_to_wait(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    emulator.fault("cloudfactory", "429", method="PUT", path="signals")
    press(client, item)
    work()
    assert "CloudFactory is busy. Show the item" in text_of(strip(client, item))
    history = text_of(client.get(f"{ITEMS}{item}/"))
    assert "but it failed: CloudFactory is busy." in history
    assert "Try again in" not in history
