"""A new export: what is refused at the field, what is sent, once, and what is said when it goes wrong."""

import datetime
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.exports.making import COINS, EXPORTS, EYES, HTMX, SURFACES, form, sent, start, text_of
from tests.rewriting_proxy import rewriting

ClientAs = Callable[[Person], Client]


def entries(action: str = "export.create") -> Any:
    return Entry.objects.lines().filter(action=action)


def test_the_page_proposes_a_name_and_a_choice(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    page = client_as(alice).get("/exports/new/", {"projects": [COINS], "batches": ["101", "102"]})
    assert [group[0].id for group in page.context["groups"]] == [COINS]
    assert ", 2 batches, " in page.context["form"]["name"].value()
    assert page.content.decode().count("checked") == 3


def test_an_export_is_recorded_then_sent_once_then_followed(alice: Person, client_as: ClientAs, slow: Running) -> None:
    days = {"created_from": "2026-03-01", "updated_to": "2026-12-31"}
    export_request = start(
        client_as(alice), name="Eyes and coins", projects=[EYES, COINS], batches=["101", "403"], **days
    )
    (request,) = sent(slow, "POST")
    assert request["body"] == {
        "name": "Eyes and coins",
        "format": "COCO_JSON",
        "projectIds": [EYES, COINS],
        "batchIds": [101, 403],
        "createdAtFrom": "2026-03-01T00:00:00Z",
        "updatedAtTo": "2026-12-31T23:59:59.999000Z",
    }
    (entry,) = entries()
    assert (entry.outcome, entry.result_id, str(entry.pk)) == ("done", export_request.export_id, request["request_id"])
    assert entry.pk == export_request.pk
    page = text_of(client_as(alice).get(f"/exports/{export_request.export_id}/"))
    assert "Eyes and coins" in page
    assert "2 batches of " in page


def test_all_projects_is_a_choice_of_its_own_and_is_left_out(alice: Person, client_as: ClientAs, slow: Running) -> None:
    start(client_as(alice), name="All", projects=["all"])
    assert set(sent(slow, "POST")[0]["body"]) == {"name", "format"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "required"),
        ({"name": "   "}, "required"),
        ({"name": "x" * 256}, "At most 255 characters; this has 256."),
        ({"name": "x" * 10_000}, "At most 255 characters; this has 10,000."),
        ({"name": "a\x00b"}, "Remove the line breaks and control characters"),
        ({"projects": []}, "Select at least one project, or “All projects”."),
        ({"projects": ["all", EYES]}, "Select either “All projects” or single projects, not both."),
        ({"projects": [str(uuid.uuid4())]}, "not in this space any more"),
        ({"projects": ["urn:uuid:x", "' OR 1=1"]}, "not in this space any more"),
        ({"batches": ["101"]}, "not in a chosen project any more"),
        ({"batches": ["9" * 40]}, "not in a chosen project any more"),
        ({"batches": ["1_0"]}, "not in a chosen project any more"),
        ({"created_from": "2026-11-03", "created_to": "2026-11-02"}, "must not be before"),
        ({"updated_from": "9999-12-31"}, "between 2000 and 2100"),
        ({"updated_to": "0001-01-01"}, "between 2000 and 2100"),
        ({"created_to": "31.12.2026"}, "Write the day like this: 3 Nov 2026."),
        ({"id": "not-an-id"}, "Open this page again"),
    ],
)
def test_bad_input_is_refused_at_the_field_and_sends_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, said: dict[str, Any], words: str
) -> None:
    response = client_as(alice).post("/exports/new/", form(**said))
    assert response.status_code == 422
    assert words in text_of(response) or words in str(response.context["form"].errors)
    assert sent(emulator, "POST") == []
    assert not ExportRequest.objects.exists()
    assert not entries().exists()


def test_more_batches_than_fit_stop_at_the_field() -> None:
    from console.exports.forms import ExportForm
    from console.upstream.response_models import Batch

    known = [Batch(id=number) for number in range(101)]
    said = form(projects=[], batches=[str(batch.id) for batch in known])
    refused = ExportForm(said, projects=[], batches={"p": known})
    assert "At most 100 batches go into one export; 101 are chosen." in str(refused.errors)


def test_hostile_text_is_only_text(alice: Person, client_as: ClientAs, slow: Running) -> None:
    name = "<script>alert(1)</script>\u202e=1+1 ' \" & 😀"
    export_request = start(client_as(alice), name=name)
    assert sent(slow, "POST")[0]["body"]["name"] == name
    for address in ("/exports/", f"/exports/{export_request.export_id}/", "/audit/"):
        content = client_as(alice).get(address).content.decode()
        assert "alert(1)" in content
        assert "<script>alert" not in content


@pytest.mark.parametrize(
    ("zone", "day", "start_at", "end_at"),
    [
        ("Asia/Tokyo", "2026-11-03", "2026-11-02T15:00:00Z", "2026-11-03T14:59:59.999000Z"),
        ("America/New_York", "2026-11-03", "2026-11-03T05:00:00Z", "2026-11-04T04:59:59.999000Z"),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59.999000Z"),
        ("Europe/London", "2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T22:59:59.999000Z"),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59.999000Z"),
        ("Africa/Cairo", "2026-10-29", "2026-10-28T21:00:00Z", "2026-10-29T21:59:59.999000Z"),
    ],
)
def test_a_day_is_the_persons_own_whole_day(
    alice: Person, client_as: ClientAs, slow: Running, zone: str, day: str, start_at: str, end_at: str
) -> None:
    alice.time_zone = zone
    alice.save()
    start(client_as(alice), created_from=day, created_to=day)
    body = sent(slow, "POST")[0]["body"]
    assert (body["createdAtFrom"], body["createdAtTo"]) == (start_at, end_at)


def test_ten_presses_and_two_tabs_start_one_export(alice: Person, client_as: ClientAs, slow: Running) -> None:
    pressed, tabs = form(), (client_as(alice), client_as(alice))
    places = {tabs[number % 2].post("/exports/new/", pressed)["Location"] for number in range(10)}
    assert len(places) == 1
    assert len(sent(slow, "POST")) == 1
    assert entries().count() == 1


def test_another_persons_form_starts_nothing(alice: Person, erin: Person, client_as: ClientAs, slow: Running) -> None:
    pressed = form()
    client_as(alice).post("/exports/new/", pressed)
    response = client_as(erin).post("/exports/new/", pressed)
    assert response.status_code == 503
    assert "can no longer be used" in text_of(response)
    assert len(sent(slow, "POST")) == 1


def test_a_busy_slot_is_explained_and_keeps_what_was_chosen(alice: Person, client_as: ClientAs, slow: Running) -> None:
    slow.act("start_export", name="Weekly COCO", by="maria@vendor.example")
    pressed = form(name="Kept name", created_from="2026-11-01")
    response = client_as(alice).post("/exports/new/", pressed)
    words = text_of(response)
    assert response.status_code == 409
    assert "Weekly COCO is running, started by maria@vendor.example" in words
    assert "Nothing was started" in words
    assert "409" not in words
    assert {"Kept name", "2026-11-01"} <= {response.context["form"][name].value() for name in ("name", "created_from")}
    renewed = response.context["form"]["id"].value()
    assert renewed != pressed["id"]
    assert entries().get().outcome == "failed"
    slow.act("finish_export")
    assert client_as(alice).post("/exports/new/", {**pressed, "id": renewed}).status_code == 302
    assert len(sent(slow, "POST")) == 2


def test_with_a_busy_slot_comes_its_line_renewed(alice: Person, client_as: ClientAs, slow: Running) -> None:
    slow.act("start_export", name="Theirs")
    page = client_as(alice).post("/exports/new/", form(name="Mine"), headers=HTMX).content.decode()
    line = " ".join(page[page.index('id="export-lane"') : page.index("</section>")].split())
    assert 'data-taken hx-swap-oob="true" hx-get="/exports/lane/?look=1&amp;queue=1"' in line
    assert "In use" in line


def test_a_busy_slot_is_an_audit_sentence_of_its_own(alice: Person, client_as: ClientAs, slow: Running) -> None:
    slow.act("start_export", name="Theirs")
    client_as(alice).post("/exports/new/", form(name="Mine"))
    said = text_of(client_as(alice).get("/audit/"))
    assert "but it failed: Another export of the space was running." in said
    [refusal] = Entry.objects.lines().get(action="export.create").outcomes.all()
    assert refusal.vendor_reference.startswith("cloudfactory-")


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [("401", 403, "does not know this key"), ("403", 403, "does not allow"), ("429", 503, "is busy")],
)
def test_a_refusal_says_that_nothing_was_started(
    alice: Person, client_as: ClientAs, slow: Running, fault: str, status: int, words: str
) -> None:
    slow.fault("cloudfactory", fault, method="POST", path="/exports$")
    response = client_as(alice).post("/exports/new/", form())
    assert response.status_code == status
    assert words in text_of(response)
    assert "Nothing was changed. What you typed is still here." in text_of(response)
    assert len(sent(slow, "POST")) == 1
    assert entries().get().outcome == "failed"


@pytest.mark.parametrize("fault", ["503", "reset", "garbage", "drop-after", "truncated", "empty", "html", "redirect"])
def test_without_a_clear_answer_we_say_that_we_do_not_know(
    alice: Person, client_as: ClientAs, slow: Running, fault: str
) -> None:
    slow.fault("cloudfactory", fault, method="POST", path="/exports$")
    pressed, client = form(name="Q3"), client_as(alice)
    for _ in range(3):
        page = client.post("/exports/new/", pressed, follow=True)
        assert "We don't know whether the export “Q3” was started" in text_of(page)
    assert len(sent(slow, "POST")) == 1
    assert entries().get().outcome == "unknown"


def check(client: Client, pressed: dict[str, Any]) -> Any:
    """Check now, on the page of the export."""
    address = f"/exports/plan/{pressed['id']}/"
    return client.post(f"/audit/{entries().get().pk}/settle/", {"next": address}, follow=True)


@pytest.mark.parametrize("fault", ["garbage", "drop-after"])
def test_check_now_finds_it_by_reading(alice: Person, client_as: ClientAs, slow: Running, fault: str) -> None:
    slow.fault("cloudfactory", fault, method="POST", path="/exports$")
    client, pressed = client_as(alice), form(name="Q3 " + "é" * 240)
    client.post("/exports/new/", pressed)
    page = check(client, pressed)
    export_request = ExportRequest.objects.get(pk=pressed["id"])
    assert page.redirect_chain[-1][0] == f"/exports/{export_request.export_id}/"
    assert len(sent(slow, "POST")) == 1
    assert entries().get().outcome == "done"


def test_not_found_is_no_failure_and_says_that_a_second_one_may_result(
    alice: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.AUDIT_SETTLE_SPAN = 0
    slow.fault("cloudfactory", "503", method="POST", path="/exports$")
    client, pressed = client_as(alice), form(name="Q3")
    client.post("/exports/new/", pressed)
    page = check(client, pressed)
    assert "Not found yet. CloudFactory may be behind" in text_of(page)
    for _ in range(2):
        page = check(client, pressed)
    assert "It can be sent again, but a second one may result" in text_of(page)
    assert entries().get().outcome == "unknown"


def test_a_choice_whose_first_export_is_unknown_is_asked_about_first(
    alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.fault("cloudfactory", "503", method="POST", path="/exports$")
    client, pressed = client_as(alice), form(name="Q3")
    client.post("/exports/new/", pressed)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=20), tick=True):
        response = client.post("/exports/new/", form(name="Q3"))
    assert response.status_code == 409
    assert "Starting it again could create a second one" in text_of(response)
    assert len(sent(slow, "POST")) == 1


def test_what_was_ticked_comes_back_under_names_that_can_be_read_while_the_lists_cannot(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "503", method="GET", times=0)
    response = client_as(alice).post("/exports/new/", form(projects=[SURFACES, EYES], batches=["502"]))
    assert response.status_code == 502
    said = text_of(response)
    assert f"Project {SURFACES[:8]}" in said
    assert f"Project {EYES[:8]}" in said
    assert "of the selected projects None ticked means all. Up to 100 in one export. Batch 502" in said


def test_projects_and_batches_without_a_name_have_one_to_choose_them_by(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        for path in (r"/projects$", r"/projects\?", r"/batches\?"):
            vendor.rewrite("GET", path, lambda data: {**data, "items": [one | {"name": None} for one in data["items"]]})
        said = text_of(client_as(alice).get(f"/exports/new/?projects={SURFACES}"))
    assert "Unnamed project" in said
    assert "Batch 502" in said
    assert "None None" not in said
    assert "of None" not in said


def test_a_refusal_because_of_another_export_never_says_that_none_runs(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        vendor.answer("POST", "/exports$", b"{}", 409)
        response = client_as(alice).post("/exports/new/", form(), headers=HTMX)
    assert response.status_code == 409
    assert "CloudFactory was running another export" in text_of(response)
    assert "No export is running" not in text_of(response)
    assert "Add to queue" in text_of(response)


def test_the_same_choice_within_a_minute_is_asked_about_first(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    first = start(client)
    emulator.act("finish_export", export=first.export_id)
    response = client.post("/exports/new/", form())
    assert response.status_code == 409
    assert "You just started the same export" in text_of(response)
    assert len(sent(emulator, "POST")) == 1
    start(client, again="1")
    assert len(sent(emulator, "POST")) == 2


def test_run_again_brings_the_same_choices(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    export_request = start(client, projects=[SURFACES], batches=["502"], updated_from="2026-11-01")
    page = client.get(f"/exports/{export_request.export_id}/")
    again = client.get(f"/exports/new/?{page.context['query']}")
    shown = again.context["form"]
    assert (shown["projects"].value(), shown["batches"].value()) == ([SURFACES], ["502"])
    assert shown["updated_from"].value() == "2026-11-01"
    assert "chosen in another time zone" not in text_of(again)


@pytest.mark.parametrize("gone", ["projects=00000000-0000-4000-8000-000000000000", f"projects={SURFACES}&batches=999"])
def test_a_choice_of_which_a_part_is_gone_says_so(
    alice: Person, client_as: ClientAs, emulator: Running, gone: str
) -> None:
    client = client_as(alice)
    assert "Part of that choice is gone" in text_of(client.get(f"/exports/new/?{gone}"))
    assert "is gone" not in text_of(client.get(f"/exports/new/?projects={SURFACES}&batches=502"))


def test_ticking_asks_for_the_lists_once(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    for _ in range(3):
        client.post("/exports/new/batches/", form(projects=[SURFACES, EYES]), headers={"HX-Request": "true"})
    asked = [one["path"].rpartition("/")[2] for one in emulator.requests("cloudfactory")]
    assert sorted(asked) == ["batches", "batches", "projects"]


def test_a_batch_made_a_moment_ago_can_be_exported(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get(f"/exports/new/?projects={SURFACES}")
    made = emulator.act("add_batch", project=SURFACES, name="Just now")["batch"]["id"]
    page = client.get(f"/exports/new/?projects={SURFACES}&batches={made}")
    assert page.context["ticked_batches"] == {str(made)}
    assert "Just now" in text_of(page)
    assert "is gone" not in text_of(page)


def test_days_of_another_zone_are_not_passed_off_as_the_same(
    alice: Person, erin: Person, client_as: ClientAs, slow: Running
) -> None:
    Person.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    export_request = start(client_as(alice), created_from="2026-11-01", created_to="2026-11-03")
    query = client_as(erin).get(f"/exports/{export_request.export_id}/").context["query"]
    again = client_as(erin).get(f"/exports/new/?{query}")
    assert "chosen in another time zone" in text_of(again)
    query = client_as(alice).get(f"/exports/{export_request.export_id}/").context["query"]
    assert "chosen in another time zone" not in text_of(client_as(alice).get(f"/exports/new/?{query}"))


def test_no_entry_no_export(alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.audit import record

    def refuse(entry: Entry) -> None:
        raise record.DatabaseError("full")

    monkeypatch.setattr("console.audit.record._add", refuse)
    response = client_as(alice).post("/exports/new/", form())
    assert response.status_code == 503
    assert sent(slow, "POST") == []


def test_only_who_may_change_may_start(
    bob: Person, dana: Person, nobody: Person, client_as: ClientAs, slow: Running
) -> None:
    for person in (bob, dana):
        assert client_as(person).post("/exports/new/", form()).status_code == 403
    assert client_as(nobody).post("/exports/new/", form()).status_code == 409
    assert sent(slow, "POST", EXPORTS) == []


def test_a_time_of_another_year_is_no_field(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    address = "/exports/new/?created_from=9999-12-31&projects=x&batches=y&updated_to=%00"
    assert client_as(alice).get(address).status_code == 200
    assert "Choose a day between 2000 and 2100." in client_as(alice).get(address).content.decode()


def test_projects_are_offered_in_the_order_of_the_projects_page(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get(f"/projects/{PROJECTS['sky']}/")
    page = client.get("/exports/new/").content.decode()
    offered = re.findall(r'name="projects"[^>]*value="([0-9a-f-]{36})"', page)
    assert offered[0] == PROJECTS["sky"]
    assert offered[-1] == PROJECTS["archive"]
