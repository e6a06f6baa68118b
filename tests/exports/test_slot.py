"""The export slot: one state, one sentence, the same wherever it stands; and nobody is told what their page shows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.exports.making import COINS, EYES, HTMX, PILOT, SURFACES, finish, form, made_by, start, text_of, work
from tests.rewriting_proxy import rewriting

As = Callable[[Person], Client]
SENTENCES = (
    "No export is running.",
    " is running, started",
    "in the queue",
    "starts next.",
    "We couldn’t check whether an export is running",
)
PAGES = (
    "/exports/",
    "/exports/new/",
    f"/exports/new/?projects={EYES}&show=1",
    "/exports/lane/",
    "/exports/lane/?queue=1",
)


def said(client: Client, address: str, **headers: Any) -> str:
    """The sentence about the slot; there is one and no other."""
    words = text_of(client.get(address, **headers))
    found = [sentence for sentence in SENTENCES if sentence in words]
    assert len(found) == 1, words
    return found[0]


def everywhere(client: Client) -> set[str]:
    return {said(client, address) for address in PAGES}


def queue_is_offered(client: Client) -> bool:
    return "Add to queue" in text_of(client.get("/exports/new/?projects=all"))


def test_free(client_as: As, alice: Person, slow: Running) -> None:
    client = client_as(alice)
    assert everywhere(client) == {"No export is running."}
    assert not queue_is_offered(client)


def test_in_use_by_me_and_by_others(client_as: As, alice: Person, erin: Person, slow: Running) -> None:
    start(client_as(alice), name="First")
    assert "Your export First is running, started" in text_of(client_as(alice).get("/exports/"))
    assert "First is running, started by Alice" in text_of(client_as(erin).get("/exports/"))
    assert "Your export" not in text_of(client_as(erin).get("/exports/lane/"))
    for person in (alice, erin):
        assert everywhere(client_as(person)) == {" is running, started"}
        assert queue_is_offered(client_as(person))


def test_mine_waits_behind_others(client_as: As, alice: Person, erin: Person, bob: Person, slow: Running) -> None:
    start(client_as(alice), name="First")
    second = start(client_as(erin), name="Second", projects=[COINS], when="free")
    hers = client_as(erin)
    assert everywhere(hers) == {"in the queue"}
    for address in ("/exports/", f"/exports/plan/{second.pk}/"):
        assert "Your export Second is next in the queue, after First , which Alice started" in text_of(
            hers.get(address)
        )
    third = start(client_as(erin), name="Third", projects=[SURFACES], when="free")
    assert "Your export Third is number 2 in the queue." in text_of(hers.get(f"/exports/plan/{third.pk}/"))
    assert everywhere(client_as(alice)) == {" is running, started"}
    assert said(client_as(bob), "/exports/") == " is running, started"


def test_between_two_exports_nothing_is_called_free(client_as: As, alice: Person, erin: Person, slow: Running) -> None:
    """The first has ended, and the worker has not started the second one yet."""
    first = start(client_as(alice), name="First")
    second = start(client_as(erin), name="Second", projects=[COINS], when="free")
    finish(slow, first)
    assert everywhere(client_as(alice)) == {"starts next."}
    assert "Second , which Erin queued, starts next." in text_of(client_as(alice).get("/exports/"))
    assert everywhere(client_as(erin)) == {"in the queue"}
    page = client_as(erin).get(f"/exports/plan/{second.pk}/")
    assert "Your export Second is next in the queue." in text_of(page)
    assert queue_is_offered(client_as(alice))
    work(2)
    assert everywhere(client_as(erin)) == {" is running, started"}


def test_unknown(client_as: As, alice: Person, slow: Running, settings: Any) -> None:
    with rewriting(slow, settings, "cloudfactory") as vendor:
        vendor.answer("GET", r"/exports(\?|$)", b"", 403)
        client = client_as(alice)
        assert "We couldn’t check whether an export is running" in text_of(client.get("/exports/new/"))
        assert "We couldn’t check whether an export is running" in text_of(client.get("/exports/lane/"))
        assert not queue_is_offered(client)
        export_request = start(client, when="free")
        for address in ("/exports/lane/", f"/exports/plan/{export_request.pk}/"):
            assert "Your export Coins, November is in the queue." in text_of(client.get(address))


def test_a_last_answer_is_called_one(client_as: As, alice: Person, slow: Running) -> None:
    client = client_as(alice)
    start(client, name="First")
    client.get("/exports/lane/")
    slow.fault("cloudfactory", "503", method="GET", path="/exports", times=0)
    page = text_of(client.get("/exports/new/"))
    assert "Your export First is running" in page
    assert "This is its last one." in page


def test_the_slot_takes_nothing_else_of_a_page_along(client_as: As, alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "garbage", method="GET", path="/exports", times=0)
    page = client_as(alice).get(f"/exports/new/?projects={EYES}")
    assert page.status_code == 200
    assert "Lund" in text_of(page)


def test_the_offer_to_queue_follows_the_slot(client_as: As, alice: Person, slow: Running) -> None:
    """A fragment brings the button only where that has changed, so that none is taken away under a finger."""
    client = client_as(alice)

    def fragment(query: str) -> str:
        return client.get(f"/exports/lane/?queue=1{query}", headers=HTMX).content.decode()

    assert 'id="export-queue"' not in fragment("")
    assert "Add to queue" not in fragment("&busy=1")
    assert 'id="export-queue" hx-swap-oob="true"' in fragment("&busy=1")
    slow.act("start_export", name="Theirs")
    assert "Add to queue" in fragment("")
    assert " disabled" not in fragment("")
    assert " disabled" in fragment("&off=1")
    assert 'id="export-queue"' not in fragment("&busy=1")
    assert 'id="export-queue"' not in client.get("/exports/lane/", headers=HTMX).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_start_offers_the_queue(client_as: As, alice: Person, slow: Running, headers: dict[str, str]) -> None:
    slow.act("start_export", name="Theirs")
    page = client_as(alice).post("/exports/new/", form(), headers=headers)
    assert page.status_code == 409
    assert text_of(page).count("Add to queue") == 2  # the button, and the sentence that names it
    assert "Theirs is running, started by" in text_of(page)


@pytest.mark.parametrize(("more", "offered"), [({}, False), ({"busy": "1"}, True)], ids=["free", "busy"])
def test_a_form_that_comes_back_keeps_the_offer_it_had(
    client_as: As, alice: Person, emulator: Running, more: dict[str, str], offered: bool
) -> None:
    part = client_as(alice).post("/exports/new/", form(name="", **more), headers=HTMX)
    assert part.status_code == 422
    assert ("Add to queue" in text_of(part)) is offered


def news(client: Client, here: str) -> str:
    headers = HTMX | {"HX-Current-URL": f"http://localhost{here}"}
    return text_of(client.post("/exports/news/", headers=headers))


def test_nobody_is_told_of_an_export_on_its_own_page(client_as: As, alice: Person, slow: Running) -> None:
    client = client_as(alice)
    for number, here in enumerate(("/exports/{}/", "/exports/{}/?from=list")):
        export_request = start(client, name=f"No {number}", again="1")
        finish(slow, export_request)
        work(2)
        assert news(client, here.format(export_request.export_id)) == ""
        assert news(client, "/") == ""  # told once, by the page itself
    other = start(client, name="Other", projects=[COINS])
    finish(slow, other)
    work(2)
    assert "Your export is ready Other" in news(client, f"/exports/{export_request.export_id}/")


def test_nobody_is_told_on_its_page_that_a_queued_one_was_not_started(
    client_as: As, alice: Person, slow: Running
) -> None:
    dropped = {
        "state": "dropped",
        "end_status": "DROPPED",
        "ended_at": timezone.now(),
        "message": "Your key was refused.",
    }
    export_request = made_by(alice, name="Waited", **dropped)
    assert news(client_as(alice), f"/exports/plan/{export_request.pk}/") == ""
    assert ExportRequest.objects.get(pk=export_request.pk).notified_at is not None
    made_by(alice, name="Waited too", **dropped)
    assert "Your export was not started" in news(client_as(alice), "/exports/")


def test_leaving_the_queue_is_said_by_the_page_alone(client_as: As, alice: Person, slow: Running) -> None:
    slow.act("start_export", name="Theirs")
    export_request = start(client_as(alice), when="free", projects=[PILOT])
    page = client_as(alice).post(f"/exports/plan/{export_request.pk}/leave/", follow=True)
    assert [str(one) for one in page.context["messages"]] == []
    assert "Taken off the queue." in text_of(page)
