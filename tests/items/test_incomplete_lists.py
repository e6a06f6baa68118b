"""What CloudFactory lists in part, in small pages, in a circle, or about something else: nothing is called missing."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import Decision, ReviewRun
from tests.exports.making import text_of
from tests.items.decision_helpers import HTMX, ITEMS, item_ids, press
from tests.rewriting_proxy import Query, Vendor, rewriting

ClientAs = Callable[[Person], Client]
Say = Callable[[Query], Any]
LIST = r"/workItems\?"
BY_ID = r"/workItems\?.*workItemIDs"
STRANGER = {"id": "11111111-4b0e-4d0b-8f5e-1f6d5a7c3b20", "status": "NEW"}


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def absent(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def page(ids: Sequence[str], cursor: object = None, status: str = "NEW") -> dict[str, Any]:
    items = [{"id": item, "status": status, "assetUrl": f"raw/{item[:4]}.jpg"} for item in ids]
    return {"items": items, "meta": {"object": "work_item", "cursorNext": cursor, "cursorPrev": None}}


def pages(ids: Sequence[str], size: int, **about: str) -> Say:
    """A server whose pages are smaller than what is asked for."""

    def say(query: Query) -> Any:
        start = int(query.get("cursor", ["0"])[0])
        end = start + size
        return page(ids[start:end], str(end) if end < len(ids) else None, **about)

    return say


def only_strangers(query: Query) -> Any:
    return {"items": [STRANGER], "meta": {"cursorNext": None}}


def nothing_yet(query: Query) -> Any:
    """Empty pages for ever, each with a place of the next one."""
    return page([], f"place {len(query.get('cursor', [''])[0])}" + "." * len(query.get("cursor", [""])[0]))


def test_small_pages_of_pasted_ids_are_read_to_their_end(alice: Person, client_as: ClientAs, platform: Vendor) -> None:
    ids = item_ids(alice, "NEW", 8)
    platform.speak("GET", BY_ID, pages(ids, 3))
    response = client_as(alice).get(ITEMS, {"ids": ",".join([*ids, absent(1)])})
    assert all(f'href="{ITEMS}{item}/' in response.content.decode() for item in ids)
    assert f"1 id was not found in this project: {absent(1)}" in text_of(response)
    assert len(platform.sent("GET", BY_ID)) == 3


@pytest.mark.parametrize("cursor", ["same", {}, ["x"]], ids=["repeated", "an object", "a list"])
def test_a_pasted_id_without_an_answer_is_not_called_missing(
    cursor: object, alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    ids = item_ids(alice, "NEW", 8)
    platform.speak("GET", BY_ID, lambda query: page(ids[:3], cursor))
    text = text_of(client_as(alice).get(ITEMS, {"ids": ",".join(ids)}))
    assert "not found in this project" not in text
    assert "CloudFactory’s answer says nothing about 5 of these ids." in text


def test_pasted_ids_that_are_answered_with_other_items_are_not_called_missing(
    alice: Person, client_as: ClientAs, platform: Vendor
) -> None:
    platform.speak("GET", BY_ID, only_strangers)
    response = client_as(alice).get(ITEMS, {"ids": ",".join(item_ids(alice, "NEW", 8))})
    assert response.status_code == 502
    assert "CloudFactory’s answer doesn’t hold what was asked for." in text_of(response)
    assert "not found in this project" not in text_of(response)


@pytest.mark.parametrize("say", [nothing_yet, only_strangers], ids=["empty", "others"])
def test_an_item_without_an_answer_is_not_called_missing(
    say: Say, bob: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    platform.speak("GET", BY_ID, say)
    for response in (client.get(f"{ITEMS}{item}/"), press(client, item)):
        assert response.status_code == 502
        assert "no such work item" not in text_of(response)
    assert not Decision.objects.exists()


def begin(client: Client, **filters: Any) -> str:
    return str(client.post(f"{ITEMS}review/", filters or {"status": "CLIENT_REVIEW"})["Location"])


def run_ids() -> list[str]:
    return [entry["id"] for entry in ReviewRun.objects.get().items]


def test_an_item_of_a_review_without_an_answer_is_neither_shown_nor_passed_over(
    bob: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(bob)
    address, ids = begin(client), run_ids()
    platform.speak("GET", BY_ID, lambda query: page(ids[:3], {}, "CLIENT_REVIEW"))
    assert client.get(address).status_code == 200
    end = text_of(client.get(f"{address}end/"))
    assert "not in this project" not in end
    assert f"Not decided yet {len(ids)} items" in end


def test_a_review_says_so_where_nothing_it_asked_for_was_answered(
    bob: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(bob)
    address, ids = begin(client), run_ids()
    platform.speak("GET", BY_ID, only_strangers)
    for here in (address, f"{address}{ids[0]}/", f"{address}{ids[-1]}/"):
        response = client.get(here)
        assert response.status_code == 502
        assert "doesn’t hold what was asked for" in text_of(response)
    assert "not in this project" not in text_of(client.get(f"{address}end/"))


def test_a_review_of_pasted_ids_begins_with_the_first_that_match(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    """The first hundred, all that one call takes, do not."""
    client, [item] = client_as(bob), item_ids(bob)
    ids = [*map(absent, range(150)), item]
    listed = client.post(ITEMS, {"ids": ",".join(ids)})["Location"]
    assert "No work item matches" not in text_of(client.get(listed))
    begin(client, ids=parse_qs(urlsplit(listed).query)["ids"])
    assert run_ids() == [item]


def test_an_empty_page_of_a_list_that_goes_on_is_not_called_nothing(
    bob: Person, client_as: ClientAs, platform: Vendor
) -> None:
    client = client_as(bob)
    platform.speak("GET", LIST, nothing_yet)
    for query in ("", "?status=NEW"):
        text = text_of(client.get(f"{ITEMS}{query}"))
        assert "This page is empty Other pages can have work items." in text
    start = text_of(client.get(f"{ITEMS}review/?status=NEW"))
    assert "CloudFactory’s list goes on, but its next pages are empty." in start
    assert "No work item matches" not in start


def test_a_review_passes_over_empty_pages(bob: Person, client_as: ClientAs, platform: Vendor) -> None:
    ids = item_ids(bob, number=2)
    places = {"": page([], "two"), "two": page([], "three"), "three": page(ids)}
    platform.speak("GET", LIST, lambda query: places[query.get("cursor", [""])[0]])
    begin(client_as(bob))
    assert run_ids() == ids


def test_a_list_that_goes_round_ends_the_review(bob: Person, client_as: ClientAs, platform: Vendor) -> None:
    ids = item_ids(bob, "NEW", 4)
    places = {"": page(ids[:2], "two"), "two": page(ids[2:], "one"), "one": page(ids[:2], "two")}
    platform.speak("GET", LIST, lambda query: places[query.get("cursor", [""])[0]])
    client = client_as(bob)
    address = begin(client, status="NEW")
    for _ in range(3):
        client.post(address)
    assert (run_ids(), ReviewRun.objects.get().next_cursor) == (ids, "")


def test_items_of_another_status_than_asked_for_are_not_counted(
    bob: Person, client_as: ClientAs, platform: Vendor
) -> None:
    """A server that takes no notice of the status: 90 new and 40 completed items in two pages, whatever is asked for.

    There are calls for the second page of the first three statuses alone.
    """
    rows = [*map(absent, range(130))]

    def say(query: Query) -> Any:
        listed = pages(rows, 100)(query)
        return {
            **listed,
            "items": [row | {"status": "NEW" if row["id"] < rows[90] else "COMPLETED"} for row in listed["items"]],
        }

    platform.speak("GET", LIST, say)
    page = client_as(bob).get(f"{ITEMS}counts/", headers=HTMX).content.decode()
    figures = dict(re.findall(r'id="items-count-(\w+)"[^>]*>([^<]*)<', page))
    assert (figures["NEW"], figures["COMPLETED"], figures["all"]) == ("90", "10+", "100+")
