"""The choices of a new export live in the address: reload, Back, a link and a session that ended bring them back."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils.html import escape

from accounts.models import Person
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.exports.making import COINS, EYES, HTMX, PILOT, SURFACES, form, sent, start, text_of

As = Callable[[Person], Client]
NEW = "/exports/new/"
TYPED = {
    "projects": [EYES, COINS],
    "batches": ["401", "101"],
    "created_from": "2026-03-01",
    "updated_to": "2026-12-31",
    "name": "Night & rain é",
}


def selected(page: Any) -> dict[str, Any]:
    """What the page shows as chosen."""
    shown = page.context["form"]
    many = {name: sorted(shown[name].value() or []) for name in ("projects", "batches")}
    return many | {name: shown[name].value() for name in ("created_from", "updated_to", "name")}


def shown(client: Client, **said: Any) -> Any:
    """What "Show" leads to without script: the address, and its page."""
    answer = client.post(NEW, form(**said, when="look"))
    assert answer.status_code == 302, text_of(answer)
    return answer["Location"], client.get(answer["Location"])


def test_without_script_show_leads_to_an_address_with_every_choice(
    client_as: As, alice: Person, emulator: Running
) -> None:
    address, page = shown(client_as(alice), **TYPED)
    assert selected(page) == TYPED | {"projects": sorted([EYES, COINS]), "batches": ["101", "401"]}
    assert parse_qs(urlsplit(address).query) == {
        **{name: value if isinstance(value, list) else [value] for name, value in TYPED.items()},
        "zone": ["UTC"],
        "show": ["1"],
    }
    assert page.context["counts"].total
    assert sent(emulator, "POST") == []


def test_an_address_is_the_same_page_for_a_colleague(
    client_as: As, alice: Person, erin: Person, emulator: Running
) -> None:
    address, page = shown(client_as(alice), **TYPED)
    theirs = client_as(erin).get(address)
    assert selected(theirs) == selected(page)
    assert theirs.context["form"]["id"].value() != page.context["form"]["id"].value()


def test_a_session_that_ended_leads_back_to_the_address(client_as: As, alice: Person, emulator: Running) -> None:
    client = client_as(alice)
    address, _ = shown(client, **TYPED)
    client.cookies.clear()
    answer = client.get(address)
    assert QueryDict(urlsplit(answer["Location"]).query)["next"] == address


def test_a_hundred_batches_and_a_long_name_fit_into_an_address(client_as: As, alice: Person, emulator: Running) -> None:
    made = [emulator.act("add_batch", project=EYES, name=f"No {number}")["batch"]["id"] for number in range(97)]
    batches = ["401", "402", "403", *map(str, made)]
    address, page = shown(client_as(alice), projects=[EYES], batches=batches, name="ж" * 255)
    assert selected(page)["batches"] == sorted(batches)
    assert selected(page)["name"] == "ж" * 255
    stranger = Client(HTTP_HOST="localhost")
    sign_in = stranger.get(address)["Location"]
    assert len(sign_in) < 8_000
    assert QueryDict(urlsplit(sign_in).query)["next"] == address
    assert f'name="next" value="{escape(address)}"' in stranger.get(sign_in).content.decode()


def test_what_is_too_long_for_an_address_is_shown_all_the_same(client_as: As, alice: Person, emulator: Running) -> None:
    page = client_as(alice).post(NEW, form(name="x" * 20_000, when="look"))
    assert page.status_code == 200
    assert page.context["form"]["name"].value() == "x" * 20_000
    assert "At most 255 characters" in text_of(page)


@pytest.mark.parametrize(
    "query",
    [
        "projects=00000000-0000-4000-8000-000000000000",
        f"projects={EYES}&projects=x%00&batches=101",
        f"projects={EYES}&batches={'9' * 60}&batches=-1&batches=1_0",
        "projects=all&projects=nonsense",
    ],
    ids=["foreign", "not an id", "not a batch", "beside all"],
)
def test_an_address_with_what_is_not_there_is_a_sentence(
    client_as: As, alice: Person, emulator: Running, query: str
) -> None:
    page = client_as(alice).get(f"{NEW}?{query}")
    assert page.status_code == 200
    assert "Part of that choice is gone" in text_of(page)


def test_days_that_are_none_are_a_message_at_their_field(client_as: As, alice: Person, emulator: Running) -> None:
    page = client_as(alice).get(f"{NEW}?projects=all&created_from=31.12.2026&updated_to=2200-01-01&zone=../etc")
    assert page.status_code == 200
    assert "Write the day like this: 3 Nov 2026." in text_of(page)
    assert "Choose a day between 2000 and 2100." in text_of(page)


def test_the_days_of_an_address_from_another_zone_are_not_passed_off_as_the_same(
    client_as: As, alice: Person, erin: Person, emulator: Running
) -> None:
    Person.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    address, page = shown(client_as(alice), **TYPED)
    warning = "These days were chosen in another time zone"
    assert warning not in text_of(page)
    assert warning in text_of(client_as(erin).get(address))
    no_days, _ = shown(client_as(alice), projects=[EYES])
    assert warning not in text_of(client_as(erin).get(no_days))
    Person.objects.filter(pk=erin.pk).update(time_zone="Asia/Seoul")
    assert warning not in text_of(client_as(erin).get(address))


def test_nothing_selected_asks_for_a_choice_before_anything_is_said_to_be_wrong(
    client_as: As, alice: Person, emulator: Running
) -> None:
    client = client_as(alice)
    page = client.get(NEW)
    assert "Select at least one project" not in text_of(page)
    assert " checked" not in page.content.decode()
    counted = client.post(f"{NEW}contents/", form(projects=[]), headers=HTMX)
    assert text_of(counted) == "Select projects to see how many items the file will have."
    assert "Select at least one project" in text_of(client.post(NEW, form(projects=[], when="free")))
    assert "Select at least one project" in text_of(shown(client, projects=[])[1])
    assert not ExportRequest.objects.exists()


def test_more_than_five_projects_drop_their_batches_with_a_sentence(
    client_as: As, alice: Person, emulator: Running
) -> None:
    page = client_as(alice).get(NEW, {"projects": ["all"]})
    many = [one.id for one in page.context["projects"]][:6]
    assert len(many) == 6
    said = text_of(client_as(alice).post(f"{NEW}batches/", form(projects=many, batches=["401"]), headers=HTMX))
    assert "Batches you had selected can’t be shown now, so they are not selected any more." in said


def test_unticking_a_project_takes_its_batches_along_without_a_complaint(
    client_as: As, alice: Person, emulator: Running
) -> None:
    part = client_as(alice).post(f"{NEW}batches/", form(projects=[COINS], batches=["401", "101"]), headers=HTMX)
    assert "not in a chosen project" not in text_of(part)
    assert part.content.decode().count(" checked") == 1


def name_of(client: Client, **said: Any) -> str:
    export_request = start(client, **said)
    return export_request.name.rpartition(", ")[0]


def test_a_name_that_nobody_typed_follows_the_choice(client_as: As, alice: Person, slow: Running) -> None:
    client = client_as(alice)
    page = client.get(NEW)
    ours = {name: page.context["form"][name].value() for name in ("name", "proposed")}
    address, page = shown(client, **ours, projects=[EYES], batches=["401"])
    assert "name=" not in address
    assert selected(page)["name"].startswith("Eye screening, 1 batch, ")
    ours = {name: page.context["form"][name].value() for name in ("name", "proposed")}
    assert name_of(client, **ours, projects=["all"]) == "All projects"
    slow.act("finish_export")
    assert name_of(client, **ours, projects=[EYES, SURFACES]) == "2 projects"


def test_a_name_that_was_typed_is_never_overwritten(client_as: As, alice: Person, slow: Running) -> None:
    client = client_as(alice)
    page = client.get(NEW)
    ours = {"name": "Mine", "proposed": page.context["form"]["proposed"].value()}
    for projects in ([EYES], [PILOT], [EYES, COINS]):
        _, page = shown(client, **ours, projects=projects)
        assert selected(page)["name"] == "Mine"
        ours["proposed"] = page.context["form"]["proposed"].value()
        assert ours["proposed"] != "Mine"
    assert start(client, **ours, projects=[EYES]).name == "Mine"
    assert selected(client.get(f"{NEW}?projects=all&name="))["name"] == ""


def test_an_earlier_export_of_all_projects_brings_that_choice_again(
    client_as: As, alice: Person, slow: Running
) -> None:
    client = client_as(alice)
    export_request = start(client, projects=["all"])
    query = client.get(f"/exports/{export_request.export_id}/").context["query"]
    assert selected(client.get(f"{NEW}?{query}"))["projects"] == ["all"]
