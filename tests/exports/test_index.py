"""The list: one call for the page, both ways, filters that say how far they looked, and calm when nobody answers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.exports.making import EXPORTS, body_of, finish, sent, start, text_of
from tests.markup import folded

ClientAs = Callable[[Person], Client]


def names(page: Any) -> list[str]:
    return [row.name for row in page.context["rows"]]


def test_the_page_is_one_call_however_many_rows(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    page = client_as(alice).get("/exports/")
    assert len(names(page)) == 6
    assert len(sent(emulator, "GET")) == 1
    words = text_of(page)
    for said in ("Ready", "Failed", "kim@vendor.example", "Started outside the console", "may have ended"):
        assert said in words
    assert "COMPLETED" not in words


def test_paging_goes_both_ways(alice: Person, client_as: ClientAs, slow: Running) -> None:
    for number in range(30):
        slow.act("start_export", name=f"No {number:02}")
        slow.act("finish_export")
    client = client_as(alice)
    first = client.get("/exports/")
    second = client.get("/exports/" + link(first, "next"))
    assert names(first) + names(second) == [f"No {number:02}" for number in range(29, -1, -1)] + names(second)[-6:]
    back = client.get("/exports/" + link(second, "prev"))
    assert names(back) == names(first)
    assert link(first, "prev") == ""


def link(page: Any, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', folded(page.content.decode()))
    return found[1].replace("&amp;", "&") if found else ""


def test_sorting_is_the_vendors(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    by_name = names(client.get("/exports/", {"sort": "name", "order": "ASC"}))
    assert by_name == sorted(by_name)
    assert names(client.get("/exports/", {"order": "ASC"})) == names(client.get("/exports/"))[::-1]
    assert client.get("/exports/", {"sort": "'; drop table", "order": "x", "show": "nonsense"}).status_code == 200


def test_filters_show_what_they_say(alice: Person, erin: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    finish(slow, start(client, name="Mine"))
    assert names(client.get("/exports/?show=mine")) == ["Mine"]
    assert "Pilot" in names(client.get("/exports/?show=failed"))
    ready = names(client.get("/exports/?show=ready"))
    assert "Mine" in ready
    assert "Coins, first delivery" not in ready
    assert names(client.get("/exports/?show=ending")) == ["Sky survey"]
    page = client_as(erin).get("/exports/?show=mine")
    assert "No export matches this choice" in text_of(page)


def test_a_filter_keeps_the_order_that_was_asked_for(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    newest = names(client.get("/exports/?show=ready"))
    assert len(newest) > 2
    assert names(client.get("/exports/?show=ready&order=ASC")) == newest[::-1]
    assert names(client.get("/exports/?show=ready&sort=name&order=ASC")) == sorted(newest)
    assert b"?show=ready&amp;sort=name&amp;order=ASC" in client.get("/exports/?show=ready").content


def test_a_row_offers_to_make_it_again_and_to_delete_it(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    export_request = start(client, name="Mine")
    page = client.get("/exports/").content.decode()
    assert 'aria-label="Make Mine again with the same choices"' in page
    assert 'aria-label="Cancel Mine"' in page
    assert 'aria-label="Delete Sky survey"' in page
    assert page.count("again with the same choices") == 2  # its label and its title: the others' choices are not known
    finish(slow, export_request)
    assert 'aria-label="Delete Mine"' in client.get("/exports/").content.decode()


def test_downloads_by_whom_stand_in_the_row(alice: Person, bob: Person, client_as: ClientAs, slow: Running) -> None:
    export_request = start(client_as(alice), name="Mine")
    finish(slow, export_request)
    for person, times in ((alice, 2), (bob, 1)):
        for _ in range(times):
            body_of(client_as(person).get(f"/exports/{export_request.export_id}/download/"))
    assert "Downloaded by Alice twice and by Bob once." in text_of(client_as(alice).get("/exports/"))


def test_an_empty_space_offers_the_first_step(carol: Person, client_as: ClientAs, emulator: Running) -> None:
    from accounts.models import Place
    from console.emulator.people import ELSEWHERE_SPACE

    Place.objects.filter(person=carol, vendor="cloudfactory").update(value=ELSEWHERE_SPACE)
    words = text_of(client_as(carol).get("/exports/"))
    assert "No exports in this space" in words
    assert "Make the first one" in words


@pytest.mark.parametrize("address", ["/exports/", "/exports/?show=mine"])
@pytest.mark.parametrize(("fault", "status"), [("503", 502), ("403", 403), ("429", 503)])
def test_a_vendor_that_fails_leaves_a_calm_page(
    alice: Person, client_as: ClientAs, emulator: Running, address: str, fault: str, status: int
) -> None:
    emulator.fault("cloudfactory", fault, path="/exports", times=0)
    page = client_as(alice).get(address)
    assert page.status_code == status
    words = text_of(page)
    assert "The exports could not be loaded" in words
    assert "Try again" in words
    assert "New export" in words


def test_a_cursor_of_ones_own_making_leads_back(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    page = client_as(alice).get("/exports/?cursor=nonsense")
    assert page.status_code == 404
    assert "This page of the list has expired." in text_of(page)
    assert "Back to the first page" in text_of(page)


def test_who_may_only_look_is_offered_no_changes(
    alice: Person, dana: Person, bob: Person, client_as: ClientAs, slow: Running
) -> None:
    export_request = start(client_as(alice), name="Mine")
    finish(slow, export_request)
    for person in (bob, dana):
        for address in ("/exports/", f"/exports/{export_request.export_id}/"):
            content = client_as(person).get(address).content.decode()
            assert "/exports/new/" not in content
            assert "/delete/" not in content


def test_an_export_that_is_gone_is_404(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(alice).get("/exports/7b4f7a52-8f8b-4b8e-9a3f-000000000000/").status_code == 404
    assert not ExportRequest.objects.exists()
    assert sent(emulator, "DELETE", EXPORTS) == []
