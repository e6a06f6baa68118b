"""Home is a list of what waits, from our own database; what a vendor must be asked for loads and fails alone."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit import record
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.slices.builder import drafts
from tests.batches.boards import ORDER, opened
from tests.exports.making import body_of, finish, form, start, text_of, work
from tests.slices.drafting import Desk
from tests.slices.making import COINS

As = Callable[[Person], Client]


def test_the_page_asks_no_vendor(client_as: As, alice: Person, emulator: Running) -> None:
    page = client_as(alice).get("/").content.decode()
    assert 'hx-get="/home/review/"' in page
    assert "Nothing waits for you" not in page
    assert emulator.requests("avala") == []
    assert emulator.requests("cloudfactory") == []


def test_nothing_is_promised_that_the_role_never_gets(client_as: As, dana: Person, emulator: Running) -> None:
    page = text_of(client_as(dana).get("/"))
    assert "Nothing waits for you" in page
    assert "drafts to finish" not in page
    assert "Exports to download" not in page


def test_a_newcomer_is_shown_how_to_begin(client_as: As, nobody: Person) -> None:
    page = client_as(nobody).get("/").content.decode()
    assert "Connect Avala" in page
    assert "Connect CloudFactory" in page
    assert "/keys/avala/" in page


def test_a_draft_waits_to_be_carried_on(client_as: As, alice: Person) -> None:
    draft = drafts.start(alice)
    drafts.save_details(alice, draft.pk, {"name": "Rain at night"}, {})
    page = client_as(alice).get("/").content.decode()
    assert "Rain at night" in page
    assert f"/slices/new/{draft.pk}/" in page


@pytest.mark.django_db(transaction=True)
def test_what_is_not_known_waits_to_be_looked_at(client_as: As, alice: Person) -> None:
    with record.audited_call(actor=alice, action="slice.create", thing_kind="slice", thing_name="Fog") as act:
        act.unknown()
    page = client_as(alice).get("/").content.decode()
    assert "Fog" in page
    assert f"/audit/{act.id}/" in page
    assert act.entry.at <= timezone.now()


def waiting_for(client: Client) -> str:
    """The words of the list of what waits, without the rest of the page."""
    page = client.get("/")
    _, _, rest = text_of(page).partition("Waiting for you")
    return rest.partition("Recent activity")[0].partition("Lately")[0]


@pytest.mark.django_db(transaction=True)
def test_one_trouble_is_one_line_that_leads_to_its_check(client_as: As, alice: Person, emulator: Running) -> None:
    client = client_as(alice)
    emulator.fault("cloudfactory", "503", method="POST", path="/exports$")
    data = form(name="Q3 unclear")
    client.post("/exports/new/", data)
    draft = drafts.start(alice)
    drafts.save_details(alice, draft.pk, {"name": "Fog unclear"}, {})
    with record.audited_call(actor=alice, action="slice.create", thing_name="Fog unclear", act_id=draft.act_id) as act:
        drafts.claim(draft)
        act.unknown()
    text = waiting_for(client)
    assert "but CloudFactory gave no clear answer" in text
    assert text.count("Q3 unclear") == 2  # The line, and its button's label.
    assert text.count("Fog unclear") == 2
    assert f'href="/audit/{data["id"]}/"' in client.get("/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reader", ["dana", "erin"])
def test_auditors_and_administrators_see_everybody_s_unresolved_acts(
    client_as: As, alice: Person, request: pytest.FixtureRequest, bob: Person, emulator: Running, reader: str
) -> None:
    with record.audited_call(actor=alice, action="slice.create", thing_name="Fog", vendor="avala") as act:
        act.unknown()
    text = waiting_for(client_as(request.getfixturevalue(reader)))
    assert "Alice tried to create the slice Fog, but Avala gave no clear answer" in text
    assert "Fog" not in waiting_for(client_as(bob))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("acts", "more"), [(6, "1 more request without"), (9, "4 more requests without")])
def test_many_unresolved_acts_take_six_lines(
    client_as: As, dana: Person, alice: Person, emulator: Running, acts: int, more: str
) -> None:
    for number in range(acts):
        with record.audited_call(actor=alice, action="slice.create", thing_name=f"Fog {number}") as act:
            act.unknown()
    client = client_as(dana)
    assert f"{more} a clear answer" in waiting_for(client)
    page = client.get("/audit/?outcome=unknown&period=all")
    assert all(f"Fog {number}" in text_of(page) for number in range(acts))


def test_an_export_waits_until_it_is_taken_home(client_as: As, alice: Person, erin: Person, emulator: Running) -> None:
    client = client_as(alice)
    export_request = start(client, name="Eyes")
    assert "is ready" not in text_of(client.get("/"))
    finish(emulator, export_request)
    work()
    calls_before = len(emulator.requests("cloudfactory"))
    page = client.get("/")
    assert "The export “Eyes” is ready You have not downloaded it. Its link ends" in text_of(page)
    assert f"/exports/{export_request.export_id}/" in page.content.decode()
    assert len(emulator.requests("cloudfactory")) == calls_before
    assert "is ready" not in text_of(client_as(erin).get("/"))
    body_of(client.get(f"/exports/{export_request.export_id}/download/"))
    assert "is ready" not in text_of(client.get("/"))


def test_a_failed_export_waits_for_a_day_or_until_it_is_tried_again(
    client_as: As, alice: Person, emulator: Running
) -> None:
    client = client_as(alice)
    emulator.act("set_pace", seconds=6000)
    export_request = start(client, name="Eyes")
    emulator.act("fail_export", error="disk full")
    work()
    assert "The export “Eyes” failed There is no file. See why" in text_of(client.get("/"))
    ExportRequest.objects.filter(pk=export_request.pk).update(ended_at=timezone.now() - timedelta(hours=25))
    assert "failed" not in text_of(client.get("/"))
    ExportRequest.objects.filter(pk=export_request.pk).update(ended_at=timezone.now())
    start(client, name="Eyes again", again="1")
    assert "“Eyes” failed" not in text_of(client.get("/"))


def test_the_slices_come_with_one_call(client_as: As, alice: Person, emulator: Running) -> None:
    page = client_as(alice).get("/home/slices/", HTTP_HX_REQUEST="true").content.decode()
    assert "Training mix" in page or "Second look" in page
    assert [call["path"] for call in emulator.requests("avala")] == ["/api/v1/slices/northwind/list/"]


def test_a_silent_vendor_spoils_its_own_block_only(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("avala", "503", times=0)
    client = client_as(alice)
    assert client.get("/").status_code == 200
    block = client.get("/home/slices/", HTTP_HX_REQUEST="true")
    assert block.status_code == 200
    assert b"Try again" in block.content


def test_a_missing_key_is_said_in_the_block(client_as: As, nobody: Person) -> None:
    assert b"You have not connected" in client_as(nobody).get("/home/slices/", HTTP_HX_REQUEST="true").content


def review(client: Client) -> str:
    return text_of(client.get("/home/review/", HTTP_HX_REQUEST="true"))


def test_items_that_wait_for_review_are_told_by_project(client_as: As, bob: Person, emulator: Running) -> None:
    client = client_as(bob)
    for _ in range(2):
        text = review(client)
    assert "18 items wait for review in Coin outlines" in text
    assert "Review 18 in Coin outlines" in text
    assert "57 items in total." in text
    assert "Nothing waits for you" not in text
    page = client.get("/home/review/").content.decode()
    assert f'href="/projects/{PROJECTS["coins"]}/items/?status=CLIENT_REVIEW"' in page
    assert f'<form method="post" action="/projects/{PROJECTS["coins"]}/items/review/">' in page
    assert '<input type="hidden" name="status" value="CLIENT_REVIEW">' in page
    paths = [call["path"] for call in emulator.requests("cloudfactory")]
    assert len([path for path in paths if path.endswith("/workItems")]) == 8


def test_projects_that_were_not_looked_at_are_owned_up_to(
    client_as: As, bob: Person, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.projects.selectors.REVIEWED_PROJECTS", 4)
    text = review(client_as(bob))
    assert "or more items in total; the other projects were not checked" in text
    assert len(emulator.requests("cloudfactory")) == 5


def test_where_nothing_waits_for_review_either_it_is_said(client_as: As, bob: Person, emulator: Running) -> None:
    for project in set(PROJECTS.values()) - {PROJECTS["pilot"]}:
        emulator.world.projects.delete(project)
    assert "Nothing waits for you" in review(client_as(bob))


def test_what_waits_for_review_is_not_claimed_where_cloudfactory_is_silent(
    client_as: As, bob: Person, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "503", times=0)
    text = review(client_as(bob))
    assert "We don't know what waits for review. Try again" in text
    assert "Nothing waits for you" not in text


def test_nobody_is_told_of_reviews_that_are_not_theirs(client_as: As, dana: Person, emulator: Running) -> None:
    client = client_as(dana)
    assert "Nothing waits for you" in text_of(client.get("/"))
    assert client.get("/home/review/").status_code == 403


def reorder(client: Client) -> None:
    page = opened(client)
    response = client.post(ORDER, page | {"batch": [*page["batch"][1:], page["batch"][0]]})
    assert response.status_code == 302


def test_a_colleague_s_order_is_told_until_the_project_is_opened(
    client_as: As, alice: Person, erin: Person, emulator: Running
) -> None:
    client = client_as(alice)
    client.get(f"/projects/{PROJECTS['coins']}/")
    assert "Erin changed the order" not in waiting_for(client)
    reorder(client_as(erin))
    text = waiting_for(client)
    assert "Erin changed the order of Coin outlines" in text
    assert "more change" not in text
    assert "Erin changed the order" not in waiting_for(client_as(erin))
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        client.get(f"/projects/{PROJECTS['coins']}/")
        assert "Erin changed the order" not in waiting_for(client)


def test_several_changes_of_a_project_are_one_line(
    client_as: As, alice: Person, erin: Person, emulator: Running
) -> None:
    client, other = client_as(alice), client_as(erin)
    client.get(f"/projects/{PROJECTS['coins']}/")
    for _ in range(3):
        reorder(other)
    assert "2 more changes in this project since you last opened it." in waiting_for(client)


def test_changes_in_projects_one_does_not_use_are_no_news(
    client_as: As, alice: Person, erin: Person, emulator: Running
) -> None:
    client = client_as(alice)
    client.get(f"/projects/{PROJECTS['sky']}/")
    reorder(client_as(erin))
    assert "Erin changed the order" not in waiting_for(client)


def test_old_changes_are_no_news(client_as: As, alice: Person, erin: Person, emulator: Running) -> None:
    client = client_as(alice)
    client.get(f"/projects/{PROJECTS['coins']}/")
    reorder(client_as(erin))
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert "Erin changed the order" not in waiting_for(client_as(alice))


def test_whoever_deleted_one_s_export_is_told(client_as: As, alice: Person, erin: Person, emulator: Running) -> None:
    export_request = start(client_as(alice), name="Eyes")
    finish(emulator, export_request)
    work()
    client_as(erin).post(f"/exports/{export_request.export_id}/delete/", {"act_id": str(uuid.uuid4())})
    assert "Erin deleted the export Eyes" in waiting_for(client_as(alice))


def unfinished(client: Client) -> str:
    return text_of(client.get("/home/unfinished/", HTTP_HX_REQUEST="true"))


def create_slice(client: Client, person: Person, name: str) -> None:
    desk = Desk(client, person)
    desk.add(COINS)
    assert desk.create(name=name).status_code == 302


def test_a_slice_that_failed_waits_for_its_owner(client_as: As, alice: Person, erin: Person, emulator: Running) -> None:
    client = client_as(alice)
    create_slice(client, alice, "Rain fog")
    assert "home/unfinished" in client.get("/").content.decode()
    emulator.act("fail_slice", slug="rain-fog")
    assert "The slice “Rain fog” failed Avala gives no reason." in unfinished(client)
    calls_before = len(emulator.requests("avala"))
    page = client.get("/")
    assert "The slice “Rain fog” failed" in text_of(page)
    assert "home/unfinished" not in page.content.decode()
    assert len(emulator.requests("avala")) == calls_before, "a failed slice stays failed"
    assert "Rain fog" not in waiting_for(client_as(erin))


def test_a_slice_that_is_ready_is_told_once(client_as: As, alice: Person, emulator: Running) -> None:
    client = client_as(alice)
    create_slice(client, alice, "Fog")
    emulator.act("finish_slice", slug="fog")
    assert "The slice “Fog” is ready" in unfinished(client)
    assert "Fog" not in waiting_for(client)


def test_a_state_that_nobody_documented_is_told_as_it_came(client_as: As, alice: Person, emulator: Running) -> None:
    client = client_as(alice)
    create_slice(client, alice, "Fog")
    emulator.act("finish_slice", slug="fog", status="archived")
    assert "The slice “Fog” has the state archived" in unfinished(client)
    assert "home/unfinished" not in client.get("/").content.decode(), "asked once"


def test_nothing_is_said_of_a_new_slice_while_avala_is_silent(client_as: As, alice: Person, emulator: Running) -> None:
    client = client_as(alice)
    create_slice(client, alice, "Fog")
    emulator.fault("avala", "503", times=0)
    assert "We don’t know whether your new slices are ready." in unfinished(client)
    assert "Nothing waits for you" not in review(client)
