"""The projects of a space: one call, pinned and recent ones first, figures that follow, and kinds of nothing."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.batches.boards import HTMX, NAPLES_EARLY
from tests.conftest import SPACE
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]

COINS, ARCHIVE, EYES, SKY = (PROJECTS[slug] for slug in ("coins", "archive", "eyes", "sky"))


def names(client: Client) -> list[str]:
    return [row.name for row in client.get("/projects/").context["rows"]]


def paths(emulator: Running) -> list[str]:
    return [one["path"].removeprefix("/api/v1") for one in emulator.requests("cloudfactory")]


def test_the_list_is_one_call(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/projects/")
    assert len(response.context["rows"]) == 8
    assert len(paths(emulator)) == 1
    text = text_of(response)
    assert "Outline every coin on the tray" in text
    assert "pictures, picture sequences" in text


def test_figures_follow_row_by_row_and_are_kept_for_a_moment(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    for _ in range(2):
        text = text_of(client.get(f"/projects/{COINS}/figures/", headers=HTMX))
    assert "6 open, 2 finished" in text
    assert "48 of 112" in text
    assert "18 waiting" in text
    assert len(paths(emulator)) == 2


def test_figures_of_two_thousand_batches_stop_and_say_so(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get(f"/projects/{ARCHIVE}/figures/", headers=HTMX))
    assert "300+" in text
    assert len(paths(emulator)) == 4


def test_pinned_ones_come_first_then_the_last_used(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    assert names(client)[:2] == ["City pilot", "Coin outlines"]
    client.get(f"/projects/{SKY}/")
    assert names(client)[0] == "Deep field survey"
    client.post(f"/projects/{EYES}/pin/", {"pinned": "yes"})
    assert names(client)[:2] == ["Eye screening", "Deep field survey"]
    client.post(f"/projects/{EYES}/pin/", {"pinned": "no"})
    assert names(client)[0] == "Deep field survey"


def test_archived_ones_come_last_unless_they_are_pinned(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get(f"/projects/{ARCHIVE}/")
    assert names(client)[-1] == "Archive"
    client.post(f"/projects/{ARCHIVE}/pin/", {"pinned": "yes"})
    assert names(client)[0] == "Archive"


def test_pins_are_ones_own(alice: Person, bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client_as(alice).post(f"/projects/{EYES}/pin/", {"pinned": "yes"})
    assert names(client_as(bob))[0] == "City pilot"


def test_search_looks_at_names_and_descriptions(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    assert [row.name for row in client.get("/projects/", {"q": "COIN tray"}).context["rows"]] == ["Coin outlines"]
    assert "No project matches “zebra”" in text_of(client.get("/projects/", {"q": "zebra"}))


def test_a_refused_key_is_named(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "403")
    response = client_as(alice).get("/projects/")
    assert response.status_code == 403
    assert "Your key may not list the projects" in text_of(response)
    assert "_ops" in text_of(response)


def test_a_vendor_that_is_down_is_not_an_empty_space(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", times=0)
    text = text_of(client_as(alice).get("/projects/"))
    assert "could not be loaded" in text
    assert "No projects in this space yet" not in text


def test_the_last_list_is_shown_with_its_time_where_cloudfactory_is_silent(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get("/projects/")
    emulator.fault("cloudfactory", "503", times=0)
    response = client.get("/projects/")
    assert response.status_code == 200
    assert "Showing what we had at" in text_of(response)
    assert "Coin outlines" in text_of(response)
    assert "/figures/" not in response.content.decode()
    assert "Coin outlines" not in text_of(client_as(bob).get("/projects/"))


def test_a_project_keeps_its_page_where_cloudfactory_is_silent(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get("/projects/")
    emulator.fault("cloudfactory", "503", times=0)
    text = text_of(client.get(f"/projects/{COINS}/"))
    assert "Coin outlines" in text
    assert "Showing what we had at" in text
    assert "Change the order" not in text
    assert "Export this project" not in text


def test_what_may_not_be_seen_any_more_is_not_shown_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get("/projects/")
    emulator.fault("cloudfactory", "403", times=0)
    assert "Coin outlines" not in text_of(client.get("/projects/"))
    assert "Coin outlines" not in text_of(client.get(f"/projects/{COINS}/"))
    emulator.clear_faults()
    emulator.fault("cloudfactory", "503", times=0)
    assert "Coin outlines" not in text_of(client.get("/projects/"))


@pytest.mark.parametrize(("size", "expected"), [("", "could not be loaded"), ("?size=large", "is not known just now")])
def test_figures_that_cannot_be_had_say_so_in_their_own_place(
    alice: Person, client_as: ClientAs, emulator: Running, size: str, expected: str
) -> None:
    emulator.fault("cloudfactory", "503", times=0)
    response = client_as(alice).get(f"/projects/{COINS}/figures/{size}", headers=HTMX)
    assert response.status_code == 200
    assert expected in text_of(response)
    assert "skeleton" not in response.content.decode()


def test_no_key_says_how_to_connect_one(nobody: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(nobody).get("/projects/").status_code == 200
    assert paths(emulator) == []


def test_a_project_is_the_hub_of_its_things(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    page = client_as(alice).get(f"/projects/{COINS}/").content.decode()
    assert f'href="/projects/{COINS}/batches/"' in page
    assert f'href="/projects/{COINS}/batches/order/history/"' in page


@pytest.mark.parametrize("address", ["/projects/00000000-0000-4000-8000-000000000000/", "/projects/x/"])
def test_a_project_nobody_knows_is_not_found(
    alice: Person, client_as: ClientAs, emulator: Running, address: str
) -> None:
    assert client_as(alice).get(address).status_code == 404


def test_pinning_needs_a_post(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(alice).get(f"/projects/{EYES}/pin/").status_code == 405


def test_a_project_shows_which_batches_are_worked_on_next(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get(f"/projects/{COINS}/figures/?size=large", headers=HTMX)
    assert [(row.rank, row.name) for row in response.context["next_up"]][:2] == [
        (1, "Turin, night shift"),
        (2, "Naples, early shift"),
    ]
    assert "Worked on next" in text_of(response)
    assert len(paths(emulator)) == 4


def test_figures_that_are_not_the_whole_are_no_share(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    for size in ("", "?size=large"):
        page = client_as(alice).get(f"/projects/{ARCHIVE}/figures/{size}", headers=HTMX)
        assert "<progress" not in page.content.decode()


def test_exports_that_hold_a_project_are_listed_with_it(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    answers: dict[str, tuple[dict[str, Any], str]] = {
        "Coins only": ({"projects": [COINS]}, "COMPLETED"),
        "Everything": ({}, "FAILED"),
        "One batch": ({"projects": [COINS], "batches": [101]}, ""),
        "Eyes only": ({"projects": [EYES]}, ""),
        "Deleted": ({}, "DELETED"),
    }
    for name, (choice, end) in answers.items():
        about = {
            "selection_data": choice,
            "end_status": end,
            "state": ExportRequest.State.STARTED,
            "export_id": str(uuid.uuid4()),
        }
        ExportRequest.objects.create(person=erin, space=SPACE, name=name, **about)
    client = client_as(alice)
    page = client.get(f"/projects/{COINS}/")
    assert {export_request.name for export_request in page.context["held"]} == {"Coins only", "Everything", "One batch"}
    assert "Erin" in text_of(page)
    other = client.get(f"/projects/{COINS}/batches/102/")
    assert {export_request.name for export_request in other.context["held"]} == {"Coins only", "Everything"}


WAITING = [f"/projects/{COINS}/figures/?size=large", f"/projects/{COINS}/batches/{NAPLES_EARLY}/counts/"]


@pytest.mark.parametrize("address", WAITING)
def test_where_items_wait_for_review_they_can_be_reviewed_and_listed(
    bob: Person, client_as: ClientAs, emulator: Running, address: str
) -> None:
    page = client_as(bob).get(address, headers=HTMX)
    is_batch = "batches" in address
    assert f"Review {9 if is_batch else 18}" in text_of(page)
    form = re.search(r'<form method="post" action="([^"]+)">(.*?)</form>', page.content.decode(), re.DOTALL)
    assert form
    assert form[1] == f"/projects/{COINS}/items/review/"
    fields = dict(re.findall(r'name="(status|batch)" value="([^"]+)"', form[2]))
    assert fields == {"status": "CLIENT_REVIEW"} | ({"batch": str(NAPLES_EARLY)} if is_batch else {})
    filters = f"batch={NAPLES_EARLY}&amp;status=CLIENT_REVIEW" if is_batch else "status=CLIENT_REVIEW"
    assert f'href="/projects/{COINS}/items/?{filters}"' in page.content.decode()


@pytest.mark.parametrize("address", WAITING)
def test_a_role_that_cannot_review_is_offered_the_list_alone(
    dana: Person, client_as: ClientAs, emulator: Running, address: str
) -> None:
    page = client_as(dana).get(address, headers=HTMX).content.decode()
    assert f"/projects/{COINS}/items/?" in page
    assert "items/review/" not in page


def test_the_pages_of_project_and_batch_lead_to_their_work_items(
    dana: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(dana)
    assert f'href="/projects/{COINS}/items/"' in client.get(f"/projects/{COINS}/").content.decode()
    page = client.get(f"/projects/{COINS}/batches/{NAPLES_EARLY}/").content.decode()
    assert f'href="/projects/{COINS}/items/?batch={NAPLES_EARLY}"' in page
