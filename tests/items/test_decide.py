"""Deciding on one work item: what is asked, what waits, what CloudFactory receives, and what the page then says."""

import re
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import people
from accounts.models import Person
from accounts.rights import Role
from console.audit import record
from console.audit.models import Entry
from console.audit.selectors import line
from console.emulator.server import Running
from console.items.models import Decision, ReviewRun
from console.jobs import worker
from console.jobs.models import Operation
from console.jobs.models import State as JobState
from tests.exports.making import text_of
from tests.items.decision_helpers import (
    HTMX,
    ITEMS,
    PROJECT,
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


def test_an_approval_waits_its_seconds_and_is_then_sent_once(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    answer = press(client, item)
    decision = decision_of(item)
    assert answer.status_code == 200
    assert f"Approving “{decision.item_name}” in 10 s" in text_of(answer)
    assert (decision.due_at - decision.created_at).total_seconds() == pytest.approx(10, abs=1)
    assert sent_signals(emulator) == []
    work()
    work()
    assert sent_signals(emulator, item) == [
        {"signal": "complete", "taskType": "external_review", "signalOutcome": "OK"}
    ]
    assert status_of(bob, item) == "COMPLETED"
    text = text_of(strip(client, item))
    assert f"Approved: “{decision.item_name}”" in text
    assert "CloudFactory shows it as “Completed” now." in text


def test_the_seconds_begin_once_the_decision_is_stored(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    emulator.fault("cloudfactory", "slow-2", method="GET", path="workItems")
    press(client_as(bob), item)
    assert abs(Operation.objects.get().due_at - decision_of(item).due_at) < timedelta(seconds=1)


def test_nothing_is_sent_before_its_seconds_are_over(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    press(client_as(bob), item)
    worker.sweep()
    assert sent_signals(emulator) == []
    assert decision_of(item).state == State.WAITING


def test_the_status_shown_is_the_one_that_was_read(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    emulator.fault("cloudfactory", "503", method="GET", path="workItemIDs", times=0)
    work()
    emulator.clear_faults()
    assert decision_of(item).state == State.SENT
    assert "It was sent. Its new status could not be read." in text_of(strip(client, item))


def test_sending_back_takes_its_reason_and_note_along(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    fields: dict[str, Any] = {"reason": "Wrong class", "comment": "These are coins,\r\nnot buttons."}
    assert press(client_as(bob), item, "send-back", **fields).status_code == 200
    work()
    [body] = sent_signals(emulator, item)
    assert body == {
        "signal": "complete",
        "taskType": "external_review",
        "signalOutcome": "NOT_OK",
        "reason": "Wrong class",
        "feedback": {"comment": "These are coins,\r\nnot buttons."},
    }
    assert status_of(bob, item) == "IN_PROGRESS"


@pytest.mark.parametrize("reason", ["", "   ", "\u200b"])
@pytest.mark.parametrize("htmx", [True, False])
def test_sending_back_without_a_reason_asks_for_one(
    bob: Person, client_as: ClientAs, emulator: Running, reason: str, htmx: bool
) -> None:
    [item] = item_ids(bob)
    fields: dict[str, Any] = {
        "reason": reason,
        "comment": "Kept to the letter",
        "assignee": "kim@example.com",
        "feedback": '{"a": 1}',
    }
    answer = press(client_as(bob), item, "send-back", htmx=htmx, **fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    for value in ("Kept to the letter", "kim@example.com", "{&quot;a&quot;: 1}"):
        assert value in page
    assert 'aria-invalid="true"' in page
    if htmx:
        assert answer["HX-Retarget"] == f"#send-back-{item}"
    assert not Decision.objects.exists()


def test_a_reason_has_at_most_1000_characters(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    answer = press(client_as(bob), item, "send-back", reason="x" * 1001)
    assert (answer.status_code, "x" * 1001 in answer.content.decode()) == (422, True)
    assert press(client_as(bob), item, "send-back", reason="x" * 1000).status_code == 200


def test_an_expert_adds_an_assignee_and_feedback_as_json(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    fields: dict[str, Any] = {
        "reason": "Wrong class",
        "comment": "See JSON",
        "assignee": "kim@example.com",
        "feedback": '{"score": 3}',
    }
    press(client_as(bob), item, "send-back", **fields)
    work()
    [body] = sent_signals(emulator, item)
    assert body["assignee"] == "kim@example.com"
    assert body["feedback"] == {"score": 3, "comment": "See JSON"}


@pytest.mark.parametrize("text", ["{", "[1]", "null", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 500, '{"comment": "b"}'])
def test_feedback_that_is_no_json_object_is_refused_at_its_field(
    bob: Person, client_as: ClientAs, emulator: Running, text: str
) -> None:
    [item] = item_ids(bob)
    answer = press(client_as(bob), item, "send-back", reason="Wrong class", comment="a", feedback=text)
    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_own_recent_reasons_come_before_the_ready_made_ones(
    bob: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_REASONS = ["Wrong class", "Something is missing"]
    first, second = item_ids(bob, number=2)
    client = client_as(bob)
    press(client, first, "send-back", reason="Leaf cut off")
    page = client.get(f"{ITEMS}{second}/send-back/").content.decode()
    offered = [page.index(f'<option value="{reason}">') for reason in ("Leaf cut off", *settings.REVIEW_REASONS)]
    assert offered == sorted(offered)


@pytest.mark.parametrize(
    ("choice", "status", "signal", "outcome", "after"),
    [
        ("start", "NEW", "start", "OK", "IN_PROGRESS"),
        ("release", "IN_PROGRESS", "release", "OK", "NEW"),
        ("complete-ok", "IN_PROGRESS", "complete", "OK", "COMPLETED"),
        ("complete-not-ok", "IN_PROGRESS", "complete", "NOT_OK", "FAILED"),
        ("cancel", "NEW", "cancel", "OK", "CANCELED"),
        ("reopen", "COMPLETED", "reopen", "OK", "NEW"),
    ],
)
def test_every_other_signal_waits_too_and_is_sent_with_the_labeling_task(
    bob: Person,
    client_as: ClientAs,
    emulator: Running,
    choice: str,
    status: str,
    signal: str,
    outcome: str,
    after: str,
) -> None:
    [item] = item_ids(bob, status)
    press(client_as(bob), item, "signal", choice=choice, reason="Because")
    assert sent_signals(emulator) == []
    work()
    expected = {"signal": signal, "taskType": "labeling", "signalOutcome": outcome, "reason": "Because"}
    assert sent_signals(emulator, item) == [expected]
    assert status_of(bob, item) == after
    sentence = Entry.objects.get(pk=decision_of(item).pk)
    assert sentence.thing_kind == "item"


@pytest.mark.parametrize("status", ["NEW", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"])
def test_an_item_that_waits_for_no_review_is_not_pressed_on_anybody(
    bob: Person, client_as: ClientAs, emulator: Running, status: str
) -> None:
    client, [item] = client_as(bob), item_ids(bob, status)
    page = client.get(f"{ITEMS}{item}/").content.decode()
    panel = page[page.index("data-decide") : page.index("facts-title")]
    assert "This item isn't waiting for review." in panel
    assert panel.index("isn't waiting for review") < panel.index("Approve")
    assert "button-primary button-wide" not in panel
    assert "Unlikely" in panel


def test_an_item_that_waits_for_review_has_one_main_button(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    page = client_as(bob).get(f"{ITEMS}{item}/").content.decode()
    assert "isn't waiting for review" not in page
    assert page.count("button-primary button-wide") == 1


def test_a_form_refused_without_script_names_its_item(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    refused = press(client, item, "send-back", htmx=False)
    assert refused.status_code == 422
    assert re.search(r"<h1[^>]*>\s*Send back .*\.jpg", refused.content.decode())
    emulator.fault("cloudfactory", "503", method="GET", path="workItems")
    assert press(client, item, "send-back", htmx=False).status_code == 422


@pytest.mark.parametrize(("status", "label"), [("NEW", "Start work"), ("IN_PROGRESS", "Release"), ("FAILED", "Reopen")])
def test_signals_that_suit_the_status_come_first(
    bob: Person, client_as: ClientAs, emulator: Running, status: str, label: str
) -> None:
    [item] = item_ids(bob, status)
    page = client_as(bob).get(f"{ITEMS}{item}/signal/").content.decode()
    assert re.findall(r'aria-describedby="[a-z-]+-help-[^"]*">([^<]+)</button>', page)[0] == label


def test_an_unlikely_signal_is_marked_and_not_forbidden(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob, "COMPLETED")
    page = text_of(client.get(f"{ITEMS}{item}/signal/"))
    assert page.count("Unlikely: the item is “Completed”.") == 5
    press(client, item, "signal", choice="start")
    work()
    assert len(sent_signals(emulator, item)) == 1
    assert "CloudFactory refused this: the item is “Completed” now." in text_of(strip(client, item))


def test_a_duplicate_submission_is_answered_as_the_first(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    act_id = str(uuid.uuid4())
    for _ in range(2):
        assert f'id="decision-{act_id}"' in press(client, item, act_id=act_id).content.decode()
    work()
    assert Decision.objects.count() == 1
    assert len(sent_signals(emulator)) == 1


def test_a_one_time_id_serves_one_decision_of_one_person(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    first, second = item_ids(bob, number=2)
    act_id = str(uuid.uuid4())
    press(client_as(bob), first, act_id=act_id)
    assert press(client_as(bob), second, act_id=act_id).status_code == 409
    assert press(client_as(bob), first, "send-back", act_id=act_id, reason="Late").status_code == 409
    assert press(client_as(alice), first, act_id=act_id).status_code == 409
    assert Decision.objects.count() == 1


def test_the_id_of_another_act_serves_no_decision(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    """It would be called sent as soon as that other act was."""
    client, [item, other] = client_as(bob), item_ids(bob, number=2)
    client.get(f"{ITEMS}{other}/labels/download/").getvalue()
    download = Entry.objects.latest("sequence")
    assert press(client, item, act_id=str(download.pk)).status_code == 409
    assert press(client, item, act_id=str(download.pk), sure="yes", htmx=False).status_code == 409
    assert not Decision.objects.exists()
    assert sent_signals(emulator, item) == []


def test_an_id_that_another_act_takes_meanwhile_sends_nothing_and_says_so(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    with record.audited_call(
        actor=bob, action="item.download", thing_kind="item", thing_id=item, act_id=decision_of(item).pk
    ) as act:
        act.done()
    work()
    assert sent_signals(emulator, item) == []
    assert decision_of(item).state == State.FAILED
    assert f"Approving “{decision_of(item).item_name}” failed" in text_of(strip(client, item))


def test_a_second_decision_on_an_item_is_refused_while_the_first_waits(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    answer = press(client, item, "send-back", reason="Wrong class")
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == f"#refused-{item}"
    assert "You already decided on this item. Undo that first. Nothing new was sent." in text_of(answer)
    take_back(client, item)
    assert press(client, item, "send-back", reason="Wrong class").status_code == 200


def take_back(client: Client, item: str, *, htmx: bool = True) -> Any:
    decision = decision_of(item)
    return client.post(f"{ITEMS}decisions/{decision.pk}/take-back/", headers=HTMX if htmx else {})


def test_a_decision_that_is_taken_back_is_never_sent(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    answer = take_back(client, item)
    assert "Nothing was sent." in text_of(answer)
    assert 'data-event="item-taken-back"' in answer.content.decode()
    work()
    assert sent_signals(emulator) == []
    assert status_of(bob, item) == "CLIENT_REVIEW"
    assert not Entry.objects.filter(action="item.approve").exists()


def test_it_is_too_late_to_take_back_what_was_sent(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    work()
    answer = take_back(client, item)
    assert "It is too late to take this back." in text_of(answer)
    assert "data-event" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_exactly_one_of_sending_and_taking_back_happens(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    for item in item_ids(bob, number=6):
        press(client, item)
        Operation.objects.update(due_at=timezone.now())
        at_once([worker.sweep, lambda: take_back(client, item)])  # noqa: B023
        state = decision_of(item).state
        assert (state, len(sent_signals(emulator, item))) in [(State.SENT, 1), (State.TAKEN_BACK, 0)]


def at_once(acts: list[Callable[[], Any]]) -> None:
    """All of them at the same moment, each in a thread of its own."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        act()
        connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_only_one_s_own_decisions_are_shown_and_taken_back(
    bob: Person, alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    [item] = item_ids(bob)
    press(client_as(bob), item)
    decision = decision_of(item)
    other = client_as(alice)
    assert other.get(f"{ITEMS}decisions/{decision.pk}/", headers=HTMX).status_code == 404
    assert other.post(f"{ITEMS}decisions/{decision.pk}/take-back/").status_code == 404
    assert decision_of(item).state == State.WAITING


def test_an_auditor_decides_on_nothing(dana: Person, bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    for act in ("approve", "send-back", "signal"):
        assert press(client_as(dana), item, act, reason="x", choice="start").status_code == 403
    assert not Decision.objects.exists()


def test_an_item_of_another_project_is_not_decided_on(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    assert press(client_as(bob), str(uuid.uuid4())).status_code == 404
    assert not Decision.objects.exists()


def test_while_cloudfactory_is_silent_nothing_is_decided(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    emulator.fault("cloudfactory", "503", times=0)
    answer = press(client_as(bob), item)
    assert answer.status_code == 502
    assert "Nothing was changed." in text_of(answer)
    assert not Decision.objects.exists()


def test_without_grace_a_decision_is_sent_at_once(
    bob: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_GRACE = 0.0
    client, [item] = client_as(bob), item_ids(bob)
    assert "now" in text_of(press(client, item))
    worker.sweep()
    assert len(sent_signals(emulator, item)) == 1


# Without script


def test_without_script_it_asks_once_and_then_sends_at_once(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    fields = {"act_id": str(uuid.uuid4()), "reason": "Wrong class", "comment": "Buttons"}
    confirmation = press(client, item, "send-back", htmx=False, **fields)
    assert confirmation.status_code == 200
    assert "can't be undone" in text_of(confirmation)
    assert (sent_signals(emulator), Decision.objects.count()) == ([], 0)
    for value in fields.values():
        assert f'value="{value}"' in confirmation.content.decode()
    answer = press(client, item, "send-back", htmx=False, sure="yes", **fields)
    assert (answer.status_code, answer["Location"]) == (302, f"{ITEMS}{item}/")
    [body] = sent_signals(emulator, item)
    assert (body["reason"], body["feedback"]) == ("Wrong class", {"comment": "Buttons"})
    assert decision_of(item).state == State.SENT
    assert not Operation.objects.filter(state=JobState.WAITING).exists()
    press(client, item, "send-back", htmx=False, sure="yes", **fields)
    assert len(sent_signals(emulator, item)) == 1


def test_in_a_run_it_leads_on_to_the_next_step(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    run = ReviewRun.objects.create(person=bob, project=PROJECT, space="x", items=[item])
    answer = press(client_as(bob), item, htmx=False, sure="yes", run=str(run.pk))
    assert answer["Location"] == f"{ITEMS}review/{run.pk}/"
    assert decision_of(item).run == run


def test_a_form_that_cannot_be_used_leads_back_to_the_item(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    answer = press(client, item, htmx=False, act_id="nonsense")
    assert answer.status_code == 409
    assert f'href="{ITEMS}{item}/"' in answer.content.decode()


def test_another_person_s_run_is_not_joined(bob: Person, alice: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    run = ReviewRun.objects.create(person=alice, project=PROJECT, space="x", items=[item])
    press(client_as(bob), item, run=str(run.pk))
    assert decision_of(item).run is None


# Refusals, and what the audit says


def test_a_refusal_says_who_was_faster(bob: Person, alice: Person, client_as: ClientAs, emulator: Running) -> None:
    [item] = item_ids(bob)
    client = client_as(bob)
    press(client, item)
    press(client_as(alice), item, htmx=False, sure="yes")
    work()
    decision = decision_of_person(bob)
    assert decision.state == State.FAILED
    name = decision.item_name
    text = text_of(strip(client, item, decision))
    assert f"CloudFactory refused this: the item is “Completed” now. Alice approved the work item {name}" in text


def test_a_download_by_another_colleague_hides_nobody_who_was_faster(
    bob: Person, alice: Person, dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    press(client_as(alice), item, htmx=False, sure="yes")
    with record.audited_call(actor=dana, action="item.download", thing_kind="item", thing_id=item):
        pass
    work()
    assert "Alice approved the work item" in decision_of_person(bob).message


def decision_of_person(person: Person) -> Decision:
    return Decision.objects.get(person=person)


def test_a_refusal_without_a_known_colleague_says_the_status_alone(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    signal_elsewhere(bob, item)
    work()
    assert decision_of(item).message == "CloudFactory refused this: the item is “Completed” now."


def test_the_audit_tells_decisions_in_sentences(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    approved, back, started = [*item_ids(bob, number=2), *item_ids(bob, "NEW")]
    client = client_as(bob)
    press(client, approved)
    press(client, back, "send-back", reason="Wrong class")
    press(client, started, "signal", choice="start")
    work()
    lines = [line(Entry.objects.get(pk=decision_of(item).pk)) for item in (approved, back, started)]
    names = [decision_of(item).item_name for item in (approved, back, started)]
    assert [one.text for one in lines] == [
        f"Bob approved the work item {names[0]}",
        f"Bob sent back the work item {names[1]}: Wrong class",
        f"Bob started work on the work item {names[2]}",
    ]
    assert all(
        f"{ITEMS}{item}/" in [piece.address for piece in one.pieces]
        for item, one in zip((approved, back, started), lines, strict=True)
    )


def test_a_person_who_was_disabled_meanwhile_sends_nothing(
    bob: Person,
    erin: Person,
    client_as: ClientAs,
    emulator: Running,
    rf: RequestFactory,
    django_capture_on_commit_callbacks: Any,
) -> None:
    [item] = item_ids(bob)
    press(client_as(bob), item)
    with django_capture_on_commit_callbacks(execute=True):
        people.disable(by=erin, person=bob, request=rf.get("/"))
    work()
    decision = decision_of(item)
    assert (decision.state, sent_signals(emulator)) == (State.FAILED, [])
    assert "was disabled" in decision.message


def test_a_person_whose_role_cannot_decide_any_more_sends_nothing(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    [item] = item_ids(bob)
    press(client_as(bob), item)
    Person.objects.filter(pk=bob.pk).update(role=Role.AUDITOR)
    work()
    assert (decision_of(item).state, sent_signals(emulator)) == (State.FAILED, [])
    assert "Your role can't decide on work items any more." in decision_of(item).message


@pytest.mark.parametrize(
    "feedback", ['{"items": 1}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"keys": [1]}', '{"": {"get": null}}']
)
@pytest.mark.parametrize("htmx", [True, False])
def test_odd_feedback_breaks_no_page(
    bob: Person, client_as: ClientAs, emulator: Running, feedback: str, htmx: bool
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    fields = {"act_id": str(uuid.uuid4()), "reason": "<b>Wrong</b>", "feedback": feedback}
    assert press(client, item, "send-back", htmx=htmx, **fields).status_code in (200, 422)
    assert press(client, item, "send-back", htmx=htmx, sure="yes", **fields).status_code in (200, 302, 422)
    work()
    assert client.get(f"{ITEMS}{item}/").status_code == 200


@pytest.mark.parametrize("sent_back", [False, True])
@pytest.mark.django_db(transaction=True)
def test_presses_at_the_same_moment_are_one_decision(
    bob: Person, client_as: ClientAs, emulator: Running, sent_back: bool
) -> None:
    """Of the same form, or of two forms on the same item."""
    [item] = item_ids(bob)
    clients, act_id = [client_as(bob) for _ in range(3)], str(uuid.uuid4())
    if sent_back:
        at_once([lambda: press(clients[0], item), lambda: press(clients[1], item, "send-back", reason="Wrong class")])
    else:
        at_once([lambda one=one: press(one, item, act_id=act_id) for one in clients])  # type: ignore[misc]
    assert Decision.objects.count() == 1
    work()
    assert len(sent_signals(emulator, item)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_without_script_that_decide_at_the_same_moment_send_one_signal(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """Both have looked for an earlier decision, and found none, before either decision is kept."""
    clients, [item] = [client_as(bob) for _ in range(2)], item_ids(bob)
    both_looked = threading.Barrier(2)

    def decide(client: Client, act: str, **fields: Any) -> None:
        is_first_look = True

        def look(execute: Callable[..., Any], sql: str, *about: Any) -> Any:
            nonlocal is_first_look
            result = execute(sql, *about)
            if is_first_look and 'FROM "items_decision"' in sql and '"state" IN' in sql:
                is_first_look = False
                both_looked.wait(10)
            return result

        with connection.execute_wrapper(look):
            press(client, item, act, htmx=False, sure="yes", **fields)

    at_once([lambda: decide(clients[0], "approve"), lambda: decide(clients[1], "send-back", reason="Wrong class")])
    work()
    assert len(sent_signals(emulator, item)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_decision_whose_outcome_could_not_be_kept_is_completed_by_its_job(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """It was sent within the request, whose database took no more writes then."""
    client, [item] = client_as(bob), item_ids(bob)
    client.raise_request_exception = False

    def refuse(execute: Callable[..., Any], sql: str, *about: Any) -> Any:
        if sql.startswith('UPDATE "items_decision"'):
            raise OperationalError("database is locked")
        return execute(sql, *about)

    with connection.execute_wrapper(refuse):
        answer = press(client, item, htmx=False, sure="yes")
    assert answer.status_code == 503
    work()
    assert decision_of(item).state == State.SENT
    assert len(sent_signals(emulator, item)) == 1


def test_whoever_cannot_decide_reads_whom_to_ask(
    dana: Person, erin: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    [item] = item_ids(bob)
    page = client_as(dana).get(f"{ITEMS}{item}/")
    assert "Your role can't decide on work items. Ask Erin." in text_of(page)
    assert "items/_approve" not in page.content.decode()
    assert f"{ITEMS}{item}/approve/" not in page.content.decode()


def test_the_audit_shows_the_status_before_and_after(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    press(client, item)
    work()
    page = text_of(client.get(f"/audit/{decision_of(item).pk}/"))
    assert "Waiting for review" in page
    assert "Completed" in page
    assert "CLIENT_REVIEW" not in page


def test_who_turned_single_keys_off_is_told_of_none(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    Person.objects.filter(pk=bob.pk).update(single_keys=False)
    client, [item] = client_as(bob), item_ids(bob)
    page = press(client, item).content.decode() + client.get(f"{ITEMS}{item}/").content.decode()
    assert "Press u" not in page
    assert "<kbd>a</kbd>" not in page.replace("<dt><kbd>a</kbd></dt>", "")
