"""The list of batches: all of them, in order, finished ones folded away, a hundred a page."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from console.batches.presenters import BatchRow
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import ARCHIVE, BATCHES, HTMX, PILOT, START
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]


def test_batches_stand_in_order_with_their_work_in_words(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get(BATCHES, {"finished": "show"})
    assert [row.id for row in response.context["page"]] == START
    text = text_of(response)
    assert "5 of 14 finished" in text
    assert "all 14 finished" in text
    assert "48 of 112 work items finished" in text
    assert "not ordered yet" in text


def test_finished_ones_fold_away_and_open_ones_count_from_one(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get(BATCHES)
    assert [row.rank for row in response.context["page"]] == [1, 2, 3, 4, 5, 6]
    page_text = text_of(response)
    assert "2 finished batches folded away" in page_text
    first, second = (place.start() for place in re.finditer("1 finished batch folded away", page_text))
    assert first < page_text.index("Turin, night shift") < page_text.index("Overlapping coins") < second
    assert second < page_text.index("Second pass")


def test_what_is_folded_away_is_told_on_every_page_and_at_the_end(
    alice: Person, client_as: ClientAs, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.batches.views.index.PAGE_SIZE", 3)
    client = client_as(alice)

    def names_on(page: int) -> list[str]:
        lines = client.get(BATCHES, {"page": page}).context["lines"]
        return [f"{line.rank}" if isinstance(line, BatchRow) else f"{line.count} folded" for line in lines]

    assert [names_on(1), names_on(2)] == [["1 folded", "1", "2", "3"], ["4", "5", "1 folded", "6"]]
    emulator.world.counts[boards.COINS][boards.SECOND] = [14, 14]
    assert names_on(2) == ["4", "5", "2 folded"]


def test_a_search_finds_finished_ones_too(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(BATCHES, {"q": "turin"}, headers=HTMX)
    assert "Turin, early shift" in text_of(response)
    assert "Turin, night shift" in text_of(response)
    assert "Naples" not in text_of(response)


def test_nothing_that_matches_is_not_nothing_at_all(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get(BATCHES, {"q": "zebra"}))
    assert "No batch matches “zebra”" in text
    assert "8 batches in this project" in text


def test_two_thousand_are_shown_a_hundred_a_page(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(f"/projects/{ARCHIVE}/batches/", {"finished": "show", "page": "20"})
    assert [row.place for row in response.context["page"]] == list(range(1901, 2001))
    assert "1,901 to 2,000 of 2,000 batches" in text_of(response)


def test_a_page_past_the_end_or_no_number_shows_what_there_is(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    for page in ("9999", "x", "-1", "1_0"):
        assert client.get(BATCHES, {"page": page}).status_code == 200


def test_a_project_with_nothing_but_default_says_so(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert "no batch but Default" in text_of(client_as(alice).get(f"/projects/{PILOT}/batches/"))


def test_a_vendor_that_is_down_is_not_an_empty_list(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get("/projects/")
    emulator.fault("cloudfactory", "503", times=0)
    text = text_of(client.get(BATCHES))
    assert "The batches could not be loaded" in text
    assert "No batches yet" not in text


def test_the_last_list_is_shown_with_its_time_where_cloudfactory_is_silent(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get(BATCHES)
    emulator.fault("cloudfactory", "503", times=0)
    response = client.get(BATCHES)
    text = text_of(response)
    assert response.status_code == 200
    assert "Showing what we had at" in text
    assert "Turin, night shift" in text
    assert "not known just now" in text
    assert "/waiting/" not in response.content.decode()
    for change in ("Change the order", "New batch"):
        assert change not in text
    assert "Turin, night shift" not in text_of(client_as(erin).get(BATCHES))


def test_a_list_that_may_not_be_seen_any_more_is_not_shown_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get(BATCHES)
    emulator.fault("cloudfactory", "403", times=0)
    assert "Turin, night shift" not in text_of(client.get(BATCHES))
    emulator.clear_faults()
    emulator.fault("cloudfactory", "503", times=0)
    assert "Turin, night shift" not in text_of(client.get(BATCHES))


@pytest.mark.parametrize(
    ("address", "title"), [("order/", "Order of batches"), (f"{boards.WORN}/", "Worn edges"), ("999/", "Batch 999")]
)
def test_a_page_that_cannot_be_had_keeps_its_title_and_the_way_back(
    alice: Person, client_as: ClientAs, emulator: Running, address: str, title: str
) -> None:
    client = client_as(alice)
    client.get("/projects/")
    client.get(BATCHES)
    emulator.fault("cloudfactory", "503", times=0)
    response = client.get(f"{BATCHES}{address}")
    page = response.content.decode()
    # List and order are asked for at once: the failures of one can make the breaker hold back the other's last try.
    assert response.status_code in {502, 503}
    assert title in page[page.index("<h1") : page.index("</h1>")]
    assert f'<li><a href="{BATCHES}">' in page
    assert "Nothing was changed. Try again" in text_of(response)


def test_a_project_nobody_knows_is_not_found(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(alice).get("/projects/00000000-0000-4000-8000-000000000000/batches/").status_code == 404


def test_names_from_outside_are_text(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.act("add_batch", name="<img src=x onerror=alert(1)>\u202e")
    page = client_as(alice).get(BATCHES).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    assert "\u202e" not in page


def test_a_reviewer_looks_and_is_offered_no_change(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(bob).get(BATCHES))
    assert "Turin, night shift" in text
    assert "New batch" not in text
    assert "Change the order" not in text


def test_without_a_key_the_page_says_how_to_connect_one(nobody: Person, client_as: ClientAs, emulator: Running) -> None:
    assert "key" in text_of(client_as(nobody).get(BATCHES))
    assert emulator.requests("cloudfactory") == []


def test_the_page_of_one_batch_is_a_link(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert f'href="{BATCHES}{boards.WORN}/"' in client_as(alice).get(BATCHES).content.decode()


def test_what_waits_for_review_is_one_call_for_all_rows_and_kept(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    address = client.get(BATCHES).context["waiting_url"]
    emulator.forget_requests()
    for _ in range(2):
        reply = client.get(address, headers=HTMX)
    page = reply.content.decode()
    waiting = re.findall(r'id="waiting-(\d+)".*?<(?:a|span) [^>]*>([^<]+)<', page, re.DOTALL)
    assert f'href="/projects/{boards.COINS}/items/?batch={boards.WORN}&amp;status=CLIENT_REVIEW"' in page
    assert {int(batch): text for batch, text in waiting if text != "none"} == {
        boards.TURIN_NIGHT: "3 waiting",
        boards.NAPLES_EARLY: "9 waiting",
        boards.NAPLES_NIGHT: "3 waiting",
        boards.WORN: "3 waiting",
    }
    (request,) = emulator.requests("cloudfactory")
    assert "status=CLIENT_REVIEW" in request["query"]


def test_finished_batches_are_not_asked_about(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    address = client_as(alice).get(BATCHES, {"finished": "show"}).context["waiting_url"]
    assert str(boards.DEFAULT) not in address
    assert str(boards.WORN) in address


def test_what_waits_could_not_be_asked(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = client.get(BATCHES).context["waiting_url"]
    emulator.fault("cloudfactory", "503", times=0)
    reply = client.get(address, headers=HTMX)
    assert reply.status_code == 200
    assert "could not be loaded" in text_of(reply)


def test_a_search_keeps_finished_batches_shown(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    """Without script only what stands in the form goes along; with script, what is there when it is sent."""
    client = client_as(alice)
    hidden = '<input type="hidden" name="finished" value="show">'
    assert hidden in client.get(BATCHES, {"finished": "show", "q": "turin"}).content.decode()
    assert hidden not in client.get(BATCHES).content.decode()


@pytest.mark.parametrize("address", [BATCHES, "/projects/"], ids=["batches", "projects"])
def test_trying_again_keeps_the_choices(address: str, alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "garbage", method="GET", times=0)
    page = client_as(alice).get(f"{address}?finished=show&q=turin")
    assert f'href="{address}?finished=show&amp;q=turin"' in page.content.decode()
