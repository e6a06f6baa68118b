"""Ground-truth labels of one work item: typed or from a file, checked, drawn, sent once, and not read back."""

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.audit import reconciliation, record
from console.audit.models import Entry
from console.emulator.server import Running
from console.items.models import LabelInsert
from console.jobs import tasks
from tests.items.item_helpers import HTMX, add_item, page_of, request_kinds
from tests.items.label_forms import (
    BOX,
    COCO,
    OBJECTS,
    arrived,
    choose_file,
    errors_of,
    form_url,
    press,
    previewed,
    send_form,
    text_in_field,
    type_labels,
)
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
State = LabelInsert.State

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(emulator: Running) -> str:
    return add_item(emulator, asset="raw/coins-r1c1.jpg")


def test_objects_are_sent_as_they_were_typed_after_a_page_that_shows_them(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    page = text_of(client.get(preview))
    assert "Add 2 labels to" in page
    assert "1 of them can’t be drawn. They are still sent." in page
    assert "stays unknown until you check in CloudFactory" in page
    assert arrived(emulator, item) == []
    answer = press(client, preview)
    assert answer["Location"] == page_of(item)
    assert arrived(emulator, item) == [OBJECTS]
    history = text_of(client.get(page_of(item)))
    assert "added labels to the work item" in history
    assert "2 labels" in history


def test_a_coco_file_is_turned_drawn_and_sent(alice: Person, client_as: ClientAs, emulator: Running, item: str) -> None:
    client = client_as(alice)
    preview = choose_file(client, item, json.dumps(COCO).encode())["Location"]
    page = client.get(preview).content.decode()
    assert f'id="shape-1-{item}"' in page
    assert 'viewBox="0 0 100 100" role="img" data-overlay aria' in page.replace("\n    ", "")
    press(client, preview)
    assert arrived(emulator, item) == [[{"category": "Denarius", "bbox": BOX["bbox"]}]]


def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    text = '[\r\n  {"a": 1},\r\n  {"b": }\r\n]'
    answer = type_labels(client, item, text, picture="x.jpg")
    assert answer.status_code == 422
    assert errors_of(answer) == ["Line 3, column 9: this is not valid JSON."]
    assert text_in_field(answer).split() == text.split()
    assert 'value="x.jpg"' in answer.content.decode()
    assert not LabelInsert.objects.exists()


def test_what_is_wrong_in_a_file_stands_in_the_field_to_be_mended(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    answer = choose_file(client_as(alice), item, b'[{"a": NaN}]')
    assert answer.status_code == 422
    assert text_in_field(answer) == '[{"a": NaN}]'


def test_a_file_and_a_text_together_are_refused(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    answer = choose_file(client_as(alice), item, b"[]", labels='[{"a": 1}]')
    assert "not both" in errors_of(answer)[0]
    assert text_in_field(answer) == '[{"a": 1}]'


def test_a_file_of_50_mb_is_refused_before_it_is_read(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    answer = choose_file(client_as(alice), item, b"[" * 50_000_000)
    assert answer.status_code == 422
    assert errors_of(answer) == ["This is more than 10 MiB, which is the most that labels can be."]


def test_a_long_text_stands_in_the_field_again(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    text = '[{"a": "' + "x" * 9_000_000 + '"}, 7]'
    answer = type_labels(client_as(alice), item, text)
    assert errors_of(answer) == ["Entry 2 of the list is a number. Each label has to be an object."]
    assert text_in_field(answer) == text


def test_a_text_that_no_form_can_hold_is_refused_by_a_sentence(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    strict.force_login(alice)
    for client in (client_as(alice), strict):
        answer = type_labels(client, item, "x" * 13_000_000)
        assert answer.status_code == 400
        assert "It is larger than 12 MiB, which is the most that a form can send." in text_of(answer)


def test_while_it_is_typed_it_is_checked_without_asking_cloudfactory(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    emulator.forget_requests()
    for text, message in (
        ('[{"a": 1', "Line 1, column 9"),
        (json.dumps(COCO), "1 label: Denarius 1"),
        ("", ""),
        (json.dumps(OBJECTS), "2 labels: coin 1, Unnamed class 1"),
    ):
        answer = client.post(form_url(item), {"labels": text, "check": "yes"}, headers=HTMX)
        assert answer.status_code == 200
        assert message in text_of(answer)
    assert request_kinds(emulator) == []
    assert not LabelInsert.objects.exists()


def test_a_video_is_not_drawn_and_that_is_said(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, video = client_as(alice), add_item(emulator, asset="raw/belt.mp4", type="video")
    page = client.get(previewed(client, video, OBJECTS))
    assert "is a video, so its labels can’t be drawn" in text_of(page)
    assert "data-overlay" not in page.content.decode()


def test_only_the_person_who_typed_them_sees_or_sends_them(
    alice: Person, erin: Person, bob: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    preview = previewed(client_as(alice), item, OBJECTS)
    other = add_item(emulator)
    hidden = send_form(client_as(alice), preview)
    for person, status in ((erin, 404), (bob, 403)):
        client = client_as(person)
        assert client.get(preview).status_code == status
        assert client.post(f"{preview}send/", hidden).status_code == status
    moved = preview.replace(item, other)
    assert client_as(alice).post(f"{moved}send/", hidden).status_code == 404
    assert (arrived(emulator, item), arrived(emulator, other)) == ([], [])


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_id_of_somebody_elses_insert_is_not_taken_over(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running, item: str, method: str
) -> None:
    preview = previewed(client_as(alice), item, OBJECTS)
    act_id = preview.rstrip("/").rpartition("/")[2]
    client = client_as(erin)
    if method == "get":
        assert text_in_field(client.get(form_url(item), {"insert": act_id})) == ""
    else:
        answer = type_labels(client, item, '[{"other": 1}]', act_id=act_id)
        assert answer.status_code == 422
    assert json.loads(LabelInsert.objects.get(pk=act_id).labels) == OBJECTS


# Once


def test_a_double_press_and_the_back_button_send_once(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    hidden = send_form(client, preview)
    for _ in range(3):
        answer = client.post(f"{preview}send/", hidden)
        assert answer["Location"] == page_of(item)
    assert len(arrived(emulator, item)) == 1
    assert "2 labels added to this item." in text_of(client.get(preview))
    # Typed once more on the old page of the form.
    act_id = preview.rstrip("/").rpartition("/")[2]
    assert type_labels(client, item, OBJECTS, act_id=act_id).status_code == 422


def test_drop_after_is_unknown_and_never_sent_twice(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    hidden = send_form(client, preview)
    emulator.fault("cloudfactory", "drop-after", method="POST", path="/labels")
    answer = client.post(f"{preview}send/", hidden)
    assert answer.status_code >= 500
    assert "We don't know whether the labels were added to the work item" in text_of(answer)
    assert "close this entry with a note" in text_of(answer)
    for _ in range(2):
        client.post(f"{preview}send/", hidden)
    assert len(arrived(emulator, item)) == 1
    # In another tab, typed anew.
    again = previewed(client, item, OBJECTS)
    assert "This item may have labels already." in text_of(client.get(again))
    assert "whether they arrived is unknown" in text_of(client.get(again))
    # What would be refused anyway is not offered; the entry to close is a link.
    page = client.get(again).content.decode()
    assert f'action="{again}send/"' not in page
    assert reverse("audit:detail", args=[preview.rstrip("/").rpartition("/")[2]]) in page
    refused = client.post(f"{again}send/", {**hidden, "known": "1", "again": "yes"})
    assert refused.status_code == 409
    assert "close that entry in the audit with a note" in text_of(refused)
    reconciliation.look_up_all()
    assert len(arrived(emulator, item)) == 1
    assert LabelInsert.objects.get(pk=preview.rstrip("/").rpartition("/")[2]).state == State.UNKNOWN


@pytest.mark.parametrize(("outcome", "can_send"), [("done", False), ("failed", True)])
def test_what_is_unknown_ends_when_a_person_closes_it_with_a_note(
    alice: Person, client_as: ClientAs, emulator: Running, item: str, outcome: str, can_send: bool
) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "reset", method="POST", path="/labels")
    preview = previewed(client, item, OBJECTS)
    press(client, preview)
    act_id = preview.rstrip("/").rpartition("/")[2]
    assert "We don't know" in text_of(client.get(page_of(item)))
    closing = client.post(reverse("audit:close", args=[act_id]), {"outcome": outcome, "note": "Looked there"})
    assert closing.status_code == 302
    assert "We don't know" not in text_of(client.get(page_of(item)))
    again = previewed(client, item, OBJECTS)
    answer = press(client, again)
    assert (answer.status_code == 302) is can_send
    assert answer.status_code in (302, 409)


def test_equal_labels_are_added_again_only_by_a_tick(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    press(client, previewed(client, item, OBJECTS))
    again = previewed(client, item, OBJECTS)
    assert press(client, again).status_code == 409
    assert press(client, again, again="yes").status_code == 302
    assert len(arrived(emulator, item)) == 2


def test_labels_changed_in_another_tab_are_not_sent_from_the_old_one(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client, act_id = client_as(alice), str(uuid.uuid4())
    preview = previewed(client, item, OBJECTS, act_id=act_id)
    old = send_form(client, preview)
    assert text_in_field(client.get(form_url(item), {"insert": act_id})) == json.dumps(OBJECTS)
    assert previewed(client, item, [{"new": 1}], act_id=act_id) == preview
    answer = client.post(f"{preview}send/", old)
    assert answer.status_code == 409
    assert "changed in another tab" in text_of(answer)
    assert press(client, preview).status_code == 302
    assert arrived(emulator, item) == [[{"new": 1}]]


def test_labels_that_a_colleague_sent_meanwhile_are_said_first(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    old = send_form(client, preview)
    press(client_as(erin), previewed(client_as(erin), item, [{"hers": 1}]))
    answer = client.post(f"{preview}send/", old)
    assert answer.status_code == 409
    assert "A colleague added 1 label" in text_of(answer)
    assert press(client, preview).status_code == 302
    assert arrived(emulator, item) == [[{"hers": 1}], OBJECTS]


@pytest.mark.django_db(transaction=True)
def test_eight_presses_at_once_send_once(alice: Person, client_as: ClientAs, emulator: Running, item: str) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    hidden = send_form(client, preview)
    emulator.fault("cloudfactory", "slow-1", method="POST", path="/labels")
    answers: list[int] = []

    def push() -> None:
        try:
            answers.append(client_as(alice).post(f"{preview}send/", hidden).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=push) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 8
    assert len(arrived(emulator, item)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_send_at_once_the_second_is_told_of_the_first(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    people = [client_as(person) for person in (alice, erin)]
    for turn in range(5):
        previews = [previewed(client, item, [{"turn": turn, "of": place}]) for place, client in enumerate(people)]
        assert sorted(send_together(people, previews)) == [302, 409]
    assert len(arrived(emulator, item)) == 5


def send_together(people: list[Client], previews: list[str]) -> list[int]:
    """The statuses of the pages' buttons, pressed in the same moment."""
    forms = [send_form(client, preview) for client, preview in zip(people, previews, strict=True)]
    together = threading.Barrier(len(people))

    def push(client: Client, preview: str, form: dict[str, str]) -> int:
        together.wait()
        try:
            return int(client.post(f"{preview}send/", form).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(push, people, previews, forms))


# What fails


@pytest.mark.parametrize("fault", ["503", "reset", "garbage", "truncated", "html"])
def test_without_a_clear_answer_it_is_unknown(
    alice: Person, client_as: ClientAs, emulator: Running, item: str, fault: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    emulator.fault("cloudfactory", fault, method="POST", path="/labels")
    answer = press(client, preview)
    assert "We don't know whether the labels were added" in text_of(answer)
    assert "We don't know whether the labels were added" in text_of(client.get(preview))
    assert "Add 2 labels" not in text_of(client.get(preview))


def test_a_refusal_is_said_in_cloudfactorys_words_and_the_labels_can_be_changed(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client, canceled = client_as(alice), add_item(emulator, status="CANCELED")
    assert "This item is canceled." in text_of(client.get(form_url(canceled)))
    preview = previewed(client, canceled, OBJECTS)
    answer = press(client, preview)
    assert answer.status_code == 409
    text = text_of(answer)
    assert "labels cannot be added: status is CANCELED" in text
    assert "Nothing was changed." in text
    assert "Change them" in text
    first = LabelInsert.objects.get(pk=preview.rstrip("/").rpartition("/")[2])
    assert first.state == State.FAILED
    assert "status is CANCELED" in text_of(client.get(preview))
    assert text_in_field(client.get(form_url(canceled), {"insert": str(first.pk)})) == json.dumps(OBJECTS)


@pytest.mark.parametrize(("fault", "message"), [("401", "key"), ("403", "key"), ("429", "Try again in")])
def test_what_was_not_done_can_be_sent_again_from_the_same_page(
    alice: Person, client_as: ClientAs, emulator: Running, item: str, fault: str, message: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    emulator.fault("cloudfactory", fault, method="POST", path="/labels")
    answer = press(client, preview)
    assert message in text_of(answer)
    copy = LabelInsert.objects.get(state=State.CHECKED)
    assert f"{form_url(item)}{copy.pk}/send/" in answer.content.decode()


def test_while_cloudfactory_is_silent_what_was_typed_is_kept(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    emulator.fault("cloudfactory", "503", method="GET", times=0)
    answer = type_labels(client_as(alice), item, OBJECTS)
    assert answer.status_code >= 500
    assert text_in_field(answer) == json.dumps(OBJECTS)
    assert "What you typed is still here." in text_of(answer)


def test_a_process_that_was_killed_leaves_it_unknown(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    insert = LabelInsert.objects.get()
    LabelInsert.objects.update(state=State.SENDING, sent_at=timezone.now())
    with record.audited_call(
        actor=alice, action="item.labels", thing_kind="item", thing_id=item, act_id=insert.pk, vendor="cloudfactory"
    ) as act:
        act.detach()
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        reconciliation.mark_cut_off()
    insert.refresh_from_db()
    assert insert.state == State.UNKNOWN
    assert "We don't know" in text_of(client.get(preview))


def test_a_process_that_was_killed_before_the_entry_leaves_nothing_in_the_way(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    client = client_as(alice)
    previewed(client, item, OBJECTS)
    LabelInsert.objects.update(state=State.SENDING, sent_at=timezone.now() - timedelta(minutes=5))
    assert press(client, previewed(client, item, OBJECTS)).status_code == 302


def test_a_crash_before_it_was_recorded_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    """The id of the insert serves another act already."""
    client = client_as(alice)
    preview = previewed(client, item, OBJECTS)
    record.event(actor=alice, action="item.labels")
    hidden = send_form(client, preview)
    Entry.objects.filter(action="item.labels").count()
    with record.audited_call(actor=alice, action="batch.create", act_id=LabelInsert.objects.get().pk):
        pass
    answer = client.post(f"{preview}send/", hidden)
    assert answer.status_code == 503
    assert arrived(emulator, item) == []


def test_old_labels_are_deleted_at_night(alice: Person, client_as: ClientAs, emulator: Running, item: str) -> None:
    previewed(client_as(alice), item, OBJECTS)
    with time_machine.travel(timezone.now() + timedelta(days=179)):
        tasks.clean_up.call_local()
        assert LabelInsert.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(days=181)):
        tasks.clean_up.call_local()
    assert not LabelInsert.objects.exists()


def test_labels_that_were_sent_are_not_kept(alice: Person, client_as: ClientAs, emulator: Running, item: str) -> None:
    client = client_as(alice)
    press(client, previewed(client, item, OBJECTS))
    insert = LabelInsert.objects.get()
    assert (insert.typed, insert.labels, insert.label_count) == ("", "", 2)


def test_the_items_page_leads_there_for_those_who_can(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running, item: str
) -> None:
    assert form_url(item) in client_as(alice).get(page_of(item)).content.decode()
    assert form_url(item) not in client_as(bob).get(page_of(item)).content.decode()
    assert client_as(bob).get(form_url(item)).status_code == 403


def test_an_item_that_does_not_exist_is_404(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(alice).get(form_url(str(uuid.uuid4()))).status_code == 404


HOSTILE = '[{"category": "<script>alert(1)</script>\u202e", "bbox": [1, 2, 3, 4], "x": "</pre><b>"}]'


def test_hostile_names_are_text(alice: Person, client_as: ClientAs, emulator: Running, item: str) -> None:
    client = client_as(alice)
    page = client.get(previewed(client, item, HOSTILE)).content.decode()
    assert "<script>alert" not in page
    assert "</pre><b>" not in page
    assert "[U+202E]" in page
