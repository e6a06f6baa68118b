"""Creating a slice: bounds first, one write whatever is pressed, errors where they belong, the unknown said."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, Person
from console.audit.models import Entry
from console.emulator.server import Running
from console.slices.models import Draft
from tests.concurrent_requests import answers, press
from tests.exports.making import work
from tests.slices.drafting import HTMX, Desk, created, plain
from tests.slices.making import COINS, EYES, NUCLEI, make, text_of

ClientAs = Callable[[Person], Client]


@pytest.fixture
def desk(alice: Person, client_as: ClientAs, emulator: Running) -> Desk:
    return Desk(client_as(alice), alice)


def entry_of(desk: Desk) -> Entry:
    return Entry.objects.get(action="slice.create", kind="opening")


def test_a_slice_of_all_three_kinds_is_created_and_opened(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.add(NUCLEI, "dataset_items")
    page = desk.client.get(f"{desk.address}parts/{desk.parts[1].id}/items/").context["page"]
    chosen = [page.items[0].uid, page.items[2].uid]
    desk.part_post("items", desk.parts[1], on=",".join(chosen), off="")
    desk.add(EYES, "filters")
    desk.part_post("filter", desk.parts[2], **{"as": "json", "json": '{"split": ["train"]}'})
    response = desk.create(name="  Mixed bag ", random_count="12", visibility="public")
    assert response.headers["Location"] == "/slices/northwind/mixed-bag/"
    (sent,) = created(emulator)
    assert sent["body"] == {
        "name": "Mixed bag",
        "visibility": "public",
        "random_selection_count": 12,
        "sub_slices": [
            {"type": "dataset", "dataset_uid": COINS},
            {"type": "dataset_items", "dataset_uid": NUCLEI, "dataset_item_uids": chosen},
            {"type": "filters", "dataset_uid": EYES, "filters": {"split": ["train"]}},
        ],
    }


def test_the_audit_says_what_was_made_of_what(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.create(name="Recorded")
    entry = entry_of(desk)
    assert entry.outcome == "done"
    assert entry.result_id == "northwind/recorded"
    assert entry.result["recipe"] == "Everything in Coins on velvet."
    assert entry.actor == desk.person


def test_a_copied_recipe_is_sent_as_it_came(desk: Desk, emulator: Running) -> None:
    desk.address = desk.client.post("/slices/new/", {"from": "northwind/training-mix"}).headers["Location"]
    desk.create(name="Training mix, again")
    (sent,) = created(emulator)
    assert sent["body"]["sub_slices"][2] == {"type": "filters", "dataset_uid": COINS, "filters": {"split": "train"}}


def test_the_organization_goes_along_as_the_api_gave_it(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.create(name="For the labs", organization="northwind-labs")
    (sent,) = created(emulator)
    assert sent["body"]["organization"]["slug"] == "northwind-labs"
    assert {"uid", "name", "slug"} == set(sent["body"]["organization"])


BAD = [
    ({"name": ""}, "Give the slice a name"),
    ({"name": "   "}, "Give the slice a name"),
    ({"name": "a" * 101}, "This name has 101 characters"),
    ({"name": "a\x00b"}, "cannot be sent"),
    ({"name": "a" * 50_000}, "This is too long"),
    ({"visibility": "everyone"}, "Choose private or public"),
    ({"visibility": "\x00"}, "Choose private or public"),
    ({"random_count": "0"}, "whole number"),
    ({"random_count": "-1"}, "whole number"),
    ({"random_count": "1_000"}, "whole number"),
    ({"random_count": "١٢"}, "whole number"),
    ({"random_count": "9" * 5000}, "whole number"),
    ({"random_count": "1e3"}, "whole number"),
    ({"organization": "somebody-else"}, "You are in no organization"),
]


@pytest.mark.parametrize(("sent", "said"), BAD)
def test_a_field_out_of_bounds_is_said_there_and_nothing_is_sent(
    desk: Desk, emulator: Running, sent: dict[str, str], said: str
) -> None:
    desk.add(COINS)
    response = desk.create(**{"name": "Fine", **sent})
    assert response.status_code == 422
    assert said in plain(response)
    assert 'aria-invalid="true"' in response.content.decode() or "visibility" in sent
    assert created(emulator) == []
    assert not Entry.objects.filter(action="slice.create").exists()
    for name, text in sent.items():
        assert getattr(response.context["details"], name) in (text, text.replace("\x00", "\ufffd"))


def test_a_draft_without_parts_or_with_unfinished_ones_is_not_sent(desk: Desk, emulator: Running) -> None:
    assert "Add at least one part" in plain(desk.create(name="Empty"))
    desk.add(COINS, "dataset_items")
    desk.add(NUCLEI, "filters")
    response = desk.create(name="Unfinished")
    assert response.status_code == 422
    assert "No items are chosen yet" in plain(response)
    assert "This filter has no field yet" in plain(response)
    assert created(emulator) == []


def test_ten_impatient_clicks_create_once(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    form = {**desk.form(), "name": "Impatient"}
    answers = [desk.client.post(desk.address, form) for _ in range(10)]
    assert {answer.headers["Location"] for answer in answers} == {"/slices/northwind/impatient/"}
    assert len(created(emulator)) == 1


def test_two_tabs_of_one_draft_create_once(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    one, other = {**desk.form(), "name": "Two tabs"}, {**desk.form(), "name": "Two tabs"}
    desk.client.post(desk.address, one)
    assert desk.client.post(desk.address, other).headers["Location"] == "/slices/northwind/two-tabs/"
    assert len(created(emulator)) == 1


def test_ten_clicks_on_what_is_refused_send_once(desk: Desk, emulator: Running) -> None:
    """Each click carries the id of the page it was pressed on; the second try belongs to the page after it."""
    make(desk.person, "Taken")
    emulator.forget_requests()
    desk.add(COINS)
    form = {**desk.form(), "name": "Taken"}
    answers = [desk.client.post(desk.address, form) for _ in range(10)]
    assert len(created(emulator)) == 1
    assert {answer.status_code for answer in answers} == {422}
    assert all("already exists" in plain(answer) for answer in answers)


def test_after_a_refusal_the_draft_may_be_sent_again(desk: Desk, emulator: Running) -> None:
    make(desk.person, "Taken")
    desk.add(COINS)
    refused = desk.create(name="Taken")
    assert refused.status_code == 422
    assert refused.context["problems"].fields["name"]
    assert desk.create(name="Free").headers["Location"] == "/slices/northwind/free/"


def test_an_error_of_a_part_lands_on_that_part(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.add(NUCLEI, "filters")
    desk.part_post("filter", desk.parts[1], **{"as": "json", "json": '{"split": ["train"]}'})
    Draft.objects.update(data=json.loads(json.dumps(desk.draft.data).replace(NUCLEI, str(uuid.uuid4()))))
    response = desk.create(name="Half known")
    assert response.status_code == 422
    cards = response.context["cards"]
    assert cards[0].problems == ()
    assert "does not know this dataset" in cards[1].problems[0]
    assert "Nothing was changed" in plain(response)


def test_a_vendors_no_says_that_the_key_may_not(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    ApiKey.objects.get(person=desk.person, vendor="avala")
    response = desk.create(name="fail-403")
    assert response.status_code == 403
    assert "This key cannot create slices" in plain(response)
    assert "/keys/" in response.content.decode()
    assert desk.contents.details.name == "fail-403"


def test_a_key_rejected_in_the_middle_loses_nothing(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    response = desk.create(name="fail-401", random_count="3")
    assert f"next={desk.address}" in response.content.decode()
    page = desk.client.get(desk.address).content.decode()
    assert 'value="fail-401"' in page
    assert 'value="3"' in page


def test_a_vendor_that_cannot_be_reached_means_surely_not_done(desk: Desk, emulator: Running, settings: object) -> None:
    desk.add(COINS)
    settings.AVALA_BASE_URL = "http://127.0.0.1:9/api/v1"
    response = desk.create(name="Nobody there")
    assert response.status_code == 502
    assert "Nothing was changed" in plain(response)
    assert entry_of(desk).outcome == "failed"
    assert desk.draft.state == "editing"


@pytest.mark.parametrize("fault", ["fail-503", "fail-reset", "fail-garbage", "fail-drop-after", "fail-truncated"])
def test_what_nobody_knows_is_said(desk: Desk, emulator: Running, fault: str) -> None:
    desk.add(COINS)
    answer = desk.create(name=fault)
    assert answer.headers["Location"] == desk.address
    page = text_of(desk.client.get(desk.address))
    assert f"We don't know whether the slice “{fault}” was created" in page
    assert "Check now" in page
    assert entry_of(desk).outcome == "unknown"
    desk.client.post(desk.address, desk.form())
    assert len(created(emulator)) == 1


def check(desk: Desk) -> Any:
    """Check now, on the page of the draft."""
    return desk.client.post(f"/audit/{entry_of(desk).pk}/settle/", {"next": desk.address}, follow=True)


def test_checking_finds_what_was_done_and_opens_it(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.create(name="fail-drop-after")
    emulator.forget_requests()
    assert check(desk).redirect_chain[-1][0] == "/slices/northwind/fail-drop-after/"
    assert {one["method"] for one in emulator.requests("avala")} == {"GET"}
    assert desk.client.get(desk.address).headers["Location"] == "/slices/northwind/fail-drop-after/"
    assert entry_of(desk).outcome == "done"


def test_what_is_not_found_in_ten_minutes_can_be_sent_again(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.create(name="fail-503")
    first = check(desk)
    assert "Not found yet. Avala may be behind; we keep checking for ten minutes." in plain(first)
    early = desk.client.post(f"{desk.address}again/", follow=True)
    assert "be sent again yet" in plain(early)
    for seconds in (35, 610):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
            answer = check(desk)
    assert "It can be sent again, but a second one may result." in plain(answer)
    assert entry_of(desk).outcome == "unknown"
    page = desk.client.post(f"{desk.address}again/", follow=True)
    assert "could make a second slice" in plain(page)
    assert desk.create(name="Now it works").headers["Location"] == "/slices/northwind/now-it-works/"


def test_a_slice_is_found_without_anybody_s_press(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    desk.create(name="fail-drop-after")
    work()
    assert entry_of(desk).outcome == "done"
    assert desk.draft.state == "created"


def test_a_press_still_under_way_shows_a_page_that_waits(desk: Desk, emulator: Running) -> None:
    """As another worker leaves it between the entry and Avala's answer."""
    from console.audit import record

    desk.add(COINS)
    desk.save(name="On its way", was_name="")
    act = record.audited_call(
        actor=desk.person, action="slice.create", thing_kind="slice", thing_name="On its way", act_id=desk.draft.act_id
    )
    act.__enter__()
    Draft.objects.update(state="sent")
    page = desk.client.get(desk.address)
    assert "Avala is being asked to create On its way" in plain(page)
    assert 'hx-trigger="load delay:2s"' in desk.client.get(desk.address, headers=HTMX).content.decode()
    act.done(thing_id="northwind/on-its-way")
    assert desk.client.get(desk.address, headers=HTMX).headers["HX-Redirect"] == "/slices/northwind/on-its-way/"


def test_without_a_record_nothing_is_sent(desk: Desk, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import DatabaseError

    from console.audit import chain

    def broken() -> None:
        raise DatabaseError("disk full")

    desk.add(COINS)
    monkeypatch.setattr(chain, "lock", broken)
    response = desk.create(name="Unrecorded")
    assert response.status_code == 503
    assert "could not be recorded" in plain(response)
    assert created(emulator) == []


def test_a_form_of_another_time_sends_nothing(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    for act in ("", "not-an-id", str(uuid.uuid4()), "\x00"):
        response = desk.client.post(desk.address, {**desk.form(), "name": "Old", "act": act})
        assert response.status_code == 409
        assert "Nothing was sent by this press" in plain(response)
    assert created(emulator) == []


def test_with_htmx_a_refusal_swaps_in_place_and_success_goes_on(desk: Desk, emulator: Running) -> None:
    refused = desk.client.post(desk.address, desk.form(), headers=HTMX)
    assert refused.status_code == 422
    assert refused.content.decode().strip().startswith('<div class="stack" id="builder">')
    desk.add(COINS)
    done = desk.client.post(desk.address, {**desk.form(), "name": "Smooth"}, headers=HTMX)
    assert done.headers["HX-Redirect"] == "/slices/northwind/smooth/"


def test_a_created_draft_leads_to_its_slice_and_cannot_be_changed(desk: Desk) -> None:
    desk.add(COINS)
    part = desk.parts[0]
    desk.create(name="Done")
    assert desk.client.get(desk.address).headers["Location"] == "/slices/northwind/done/"
    for what in ("remove", "move"):
        desk.part_post(what, part, direction="up")
    desk.save(name="Changed", was_name="Done")
    assert [one.id for one in desk.parts] == [part.id]
    assert desk.contents.details.name == "Done"
    assert desk.client.post("/slices/new/", {"resume": "yes"}).headers["Location"] != desk.address


def test_a_person_without_a_key_is_told_and_keeps_the_draft(nobody: Person, client_as: ClientAs) -> None:
    desk = Desk(client_as(nobody), nobody)
    desk.save(name="No key yet", was_name="")
    answer = desk.client.get(f"{desk.address}datasets/", headers=HTMX)
    assert "connect" in plain(answer).lower()
    assert desk.contents.details.name == "No key yet"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("name", ["slow-1", "fail-401", "fail-429", "fail-503", "fail-drop-after", "Taken"])
def test_ten_presses_at_once_get_the_answer_of_the_first(
    desk: Desk, emulator: Running, client_as: Any, name: str, headers: dict[str, str]
) -> None:
    make(desk.person, "Taken")
    emulator.forget_requests()
    desk.add(COINS)
    told = press(lambda: client_as(desk.person), desk.address, {**desk.form(), "name": name}, headers)
    assert len(answers(told)) == 1, answers(told)
    assert len(created(emulator)) == 1


def test_a_form_whose_organizations_cannot_be_read_says_so(desk: Desk, emulator: Running) -> None:
    desk.add(COINS)
    emulator.fault("avala", "503", method="GET", times=0)
    response = desk.create(name="Rain", organization="northwind-labs")
    assert response.status_code == 502
    assert "Nothing was changed" in plain(response)
    assert 'value="Rain"' in response.content.decode()
    assert created(emulator) == []
