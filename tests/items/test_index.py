"""The table of work items: one call a page, the filter in the address, and a message for each kind of empty result."""

import re
from collections.abc import Callable
from html import unescape
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person, Place
from console.emulator.server import Running
from console.items.statuses import STATUSES
from tests.batches.boards import COINS, PILOT, TURIN_EARLY, WORN
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
ITEMS = f"/projects/{COINS}/items/"
P16 = f"/api/v1/projects/{COINS}/workItems"
OTHER_SPACE = "0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10"
FOREIGN = "e2a6e1c4-4b0e-4d0b-8f5e-1f6d5a7c3b20"


def received_requests(emulator: Running, path: str = "workItems") -> list[dict[str, Any]]:
    """What CloudFactory received for this path."""
    return [one for one in emulator.requests("cloudfactory") if one["path"].endswith(path)]


def ids_of(response: Any) -> list[str]:
    """The ids of the rows, in their order."""
    return re.findall(r'class="row-title" href="/projects/[^/]+/items/([0-9a-f-]{36})/', response.content.decode())


def link(response: Any, words: str) -> str:
    """The address of the first link with these words."""
    match = re.search(rf'href="([^"]*)"[^>]*>(?:<[^>]*>|\s)*{re.escape(words)}', response.content.decode())
    assert match, words
    return unescape(match[1])


def all_ids(emulator: Running) -> list[str]:
    """The project's items as the vendor has them, oldest first."""
    table = emulator.world.work_items[COINS]
    return [row["id"] for row in sorted(map(table.at, range(len(table))), key=itemgetter("created_at"))]


def queries(emulator: Running) -> list[dict[str, list[str]]]:
    """What was asked for in each call for items."""
    return [parse_qs(one["query"]) for one in received_requests(emulator)]


def test_a_page_says_neither_that_all_items_are_listed_nor_that_batches_were_read_where_they_are_not(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    narrowed = text_of(client.get(ITEMS, {"status": "CLIENT_REVIEW"}))
    assert re.search(r"Browse work items.{0,200} in Coin outlines", narrowed)
    assert not re.search(r"All work items.{0,200} of Coin outlines", narrowed)
    refused = text_of(client.get(ITEMS, {"created_from": "soon"}))
    assert "No batch names to show." in refused
    assert "The names of batches could not be loaded" not in refused


def test_items_are_listed_with_their_facts_in_words(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get(ITEMS, {"size": "100"}))
    for words in ("coins-r1c1.jpg", "Turin, early shift", "Completed", "In progress", "Overdue", "northwind/all-coins"):
        assert words in text
    assert not [status.value for status in STATUSES if status.value in text.split()]


@pytest.mark.parametrize("size", [10, 100])
def test_a_page_is_one_call_for_items_and_one_for_pictures(
    alice: Person, client_as: ClientAs, emulator: Running, size: int
) -> None:
    client = client_as(alice)
    client.get(ITEMS)  # the names of the project and its batches are known from now on
    emulator.forget_requests()
    with CaptureQueriesContext(
        connection,
    ) as statements:
        response = client.get(ITEMS, {"size": size})
    assert len(ids_of(response)) == size
    assert [one["path"] for one in emulator.requests("cloudfactory")] == [P16]
    emulator.forget_requests()
    pictures = client.get(f"{ITEMS}pictures/", {"size": size}, headers=HTMX)
    assert pictures.content.decode().count("<img") == size
    assert [one["method"] for one in emulator.requests("cloudfactory")] == ["POST"]
    assert len(statements) < 20


def test_statements_do_not_grow_with_the_rows(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get(ITEMS)
    numbers = []
    for size in (10, 100):
        with CaptureQueriesContext(connection) as statements:
            client.get(ITEMS, {"size": size})
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_without_script_the_pictures_come_with_the_page(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get(ITEMS)
    emulator.forget_requests()
    response = client.get(link(client.get(ITEMS, {"size": "10"}), "Load the pictures"))
    assert response.content.decode().count('referrerpolicy="no-referrer"') == 10
    assert len(received_requests(emulator, "signedurls")) == 1


def test_pictures_are_turned_off_with_one_press_and_stay_off(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client_as(alice).post(f"{ITEMS}columns/", {"pictures": "hide", "list": "status=NEW&size=10"})
    elsewhere = client_as(alice)
    page = elsewhere.get(ITEMS).content.decode()
    assert "pictures/?" not in page
    assert "Show pictures" in page
    assert received_requests(emulator, "signedurls") == []
    answer = elsewhere.post(f"{ITEMS}columns/", {"pictures": "show", "list": "status=NEW&size=10"})
    assert answer["Location"] == f"{ITEMS}?status=NEW&size=10"
    assert "pictures/?" in elsewhere.get(ITEMS).content.decode()


def test_columns_are_remembered_for_the_person(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client_as(alice).post(f"{ITEMS}columns/", {"column": ["status", "due", "odd"], "list": "//evil.example?x=1"})
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)', client_as(alice).get(ITEMS).content.decode())
    assert heads == ["File", "Status", "Due"]
    assert len(re.findall(r'<th scope="col"', client_as(bob).get(ITEMS).content.decode())) == 9


def test_every_part_of_the_filter_reaches_cloudfactory(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    query = {
        "status": "COMPLETED",
        "batch": [TURIN_EARLY, WORN],
        "created_from": "1 Jan 2020",
        "created_to": "3 Nov 2030, 18:00",
        "updated_from": "2020-01-01T00:00:00Z",
        "zone": "Europe/Rome",
    }
    response = client_as(alice).get(ITEMS, query)
    assert response.status_code == 200
    assert queries(emulator) == [
        {
            "status": ["COMPLETED"],
            "batchIds": [str(TURIN_EARLY), str(WORN)],
            "createdAtFrom": ["2019-12-31T23:00:00Z"],
            "createdAtTo": ["2030-11-03T17:00:00Z"],
            "updatedAtFrom": ["2020-01-01T00:00:00Z"],
            "limit": ["25"],
        }
    ]
    assert "Turin, early shift" in text_of(response)


def test_pages_are_walked_to_the_end_and_back(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, there = client_as(alice), []
    response = client.get(ITEMS, {"size": "50"})
    there.append(ids_of(response))
    while 'rel="next"' in response.content.decode():
        response = client.get(link(response, "Next"))
        there.append(ids_of(response))
    assert [one for page in there for one in page] == all_ids(emulator)
    back = [ids_of(response)]
    while 'rel="prev"' in response.content.decode():
        response = client.get(link(response, "Previous"))
        back.append(ids_of(response))
    assert [one for page in back[::-1] for one in page] == all_ids(emulator)


def test_the_newest_first_begin_with_the_last_page(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(ITEMS, {"size": "50", "order": "newest"})
    assert queries(emulator)[0] == {"page": ["PREV"], "limit": ["50"]}
    assert "We assume its last page has the newest ones" in text_of(response)
    there = [ids_of(response)]
    while 'rel="next"' in response.content.decode():
        response = client.get(link(response, "Next"))
        there.append(ids_of(response))
    assert [one for page in there for one in page] == all_ids(emulator)[::-1]
    back = client.get(link(response, "Previous"))
    assert ids_of(back) == there[-2]


def test_each_status_is_a_tab_that_keeps_the_other_filters(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get(ITEMS, {"batch": str(TURIN_EARLY), "size": "10", "cursor": "abc", "page": "prev"})
    assert link(response, "Waiting for review") == f"{ITEMS}?status=CLIENT_REVIEW&batch={TURIN_EARLY}&size=10"
    assert link(response, "All") == f"{ITEMS}?batch={TURIN_EARLY}&size=10"


def test_tabs_get_their_figures_and_paging_counts_nothing_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    response = client.get(f"{ITEMS}counts/", headers=HTMX)
    figures = dict(re.findall(r'id="items-count-(\w+)"[^>]*>([^<]+)<', response.content.decode()))
    assert figures["all"] == "112"
    assert sum(int(number) for name, number in figures.items() if name != "all") == 112
    assert "items-review-count" in response.content.decode()
    assert len(received_requests(emulator)) <= 10
    emulator.forget_requests()
    client.get(f"{ITEMS}counts/", {"cursor": "abc", "size": "10", "status": "NEW"}, headers=HTMX)
    assert received_requests(emulator) == []


def test_figures_that_cannot_be_had_leave_the_tabs(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "500", path=".*workItems", times=30)
    response = client_as(alice).get(f"{ITEMS}counts/", headers=HTMX)
    assert response.status_code == 200
    assert "The items could not be counted." in text_of(response)


# Pasted ids


def test_pasted_ids_lead_to_an_address_that_finds_them(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    first, second = all_ids(emulator)[5], all_ids(emulator)[2]
    client = client_as(alice)
    answer = client.post(ITEMS, {"ids": f"{first};\n{second.upper()} | {first}, coin", "list": "status=COMPLETED"})
    assert answer["Location"] == f"{ITEMS}?status=COMPLETED&ids={first},{second}"
    response = client.get(answer["Location"])
    assert ids_of(response) == [first, second]
    text = text_of(response)
    assert "1 duplicate id was left out. 1 word isn’t a work item id: “coin”." in text
    assert queries(emulator)[0] == {"workItemIDs": [first, second], "status": ["COMPLETED"], "limit": ["100"]}


def test_ids_of_another_project_are_named(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get(ITEMS, {"ids": f"{all_ids(emulator)[0]},{FOREIGN}"})
    assert len(ids_of(response)) == 1
    assert f"1 id was not found in this project: {FOREIGN}" in text_of(response)


def test_a_thousand_ids_are_walked_a_hundred_a_call(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    ids = all_ids(emulator)
    pasted = [*ids, *(f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(1000 - len(ids)))]
    client = client_as(alice)
    answer = client.post(ITEMS, {"ids": "\n".join(pasted)})
    assert len(answer["Location"]) < 200
    response = client_as(bob).get(answer["Location"])
    assert ids_of(response) == ids[:100]
    assert "Ids 1 to 100 of 1,000" in text_of(response)
    response = client.get(link(response, "Next"))
    assert ids_of(response) == ids[100:]
    assert "Ids 101 to 200 of 1,000" in text_of(response)
    assert [one["workItemIDs"] for one in queries(emulator)] == [pasted[:100], pasted[100:200]]
    emulator.forget_requests()
    counts = client.get(f"{ITEMS}counts/?{answer['Location'].partition('?')[2]}", headers=HTMX)
    assert f">{len(ids)}<" in counts.content.decode()
    assert len(received_requests(emulator)) == 10


def test_stored_ids_say_nothing_to_people_of_another_space(
    alice: Person, carol: Person, client_as: ClientAs, emulator: Running
) -> None:
    Place.objects.filter(person=carol, vendor="cloudfactory").update(value=OTHER_SPACE)
    ids = all_ids(emulator)[:30]
    query = client_as(alice).post(ITEMS, {"ids": "\n".join(ids)})["Location"].partition("?")[2]
    client = client_as(carol)
    for project in (COINS, PILOT):
        for part in ("", "counts/", "pictures/", "review/", f"{FOREIGN}/"):
            response = client.get(f"/projects/{project}/items/{part}?{query}", headers=HTMX if part else {})
            assert ids[0] not in response.content.decode(), part
    assert "This list of ids is no longer stored." in text_of(client.get(f"{ITEMS}?{query}"))


@pytest.mark.parametrize(
    ("pasted", "message"),
    [
        ("coin", "1 word isn’t a work item id: “coin”."),
        ("\n".join(f"{n:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for n in range(10_000)), "These are 10,000 ids."),
        ("x" * 1_000_001, "This text is too long."),
    ],
    ids=["none", "ten thousand", "a novel"],
)
def test_ids_that_cannot_be_used_are_said_at_the_box(
    alice: Person, client_as: ClientAs, emulator: Running, pasted: str, message: str
) -> None:
    client = client_as(alice)
    for response in (client.post(ITEMS, {"ids": pasted, "list": "status=NEW"}), client.get(ITEMS, {"ids": pasted})):
        assert response.status_code == 422
        assert message in text_of(response)
        assert pasted[:30] in response.content.decode()
    assert received_requests(emulator) == []


# What bad input gets


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"created_from": "5 Nov 2026", "created_to": "3 Nov 2026"}, "“Created until” is before “Created from”."),
        ({"updated_to": "31 Dec 9999"}, "Choose a day between 2000 and 2100."),
        ({"updated_from": "1 Jan 0001"}, "Choose a day between 2000 and 2100."),
        ({"created_from": "soon"}, "Write the day like this: 3 Nov 2026."),
        ({"status": "DONE"}, "There is no status “DONE”."),
        ({"batch": "Turin"}, "There is no batch “Turin”."),
        ({"batch": [str(number) for number in range(101)]}, "Choose up to 100 batches; these are 101."),
        ({"cursor": "\x00"}, "This page of the list doesn’t exist."),
        ({"ids": FOREIGN, "cursor": "100"}, "This page of the list doesn’t exist."),
    ],
)
def test_what_cannot_be_asked_for_is_said_and_not_asked(
    alice: Person, client_as: ClientAs, emulator: Running, query: dict[str, Any], message: str
) -> None:
    client = client_as(alice)
    response = client.get(ITEMS, query)
    assert response.status_code == 422
    text = text_of(response)
    assert message in text
    assert "Waiting for review" in text
    for part in ("counts/", "pictures/"):
        assert client.get(ITEMS + part, query, headers=HTMX).status_code == 200
    assert received_requests(emulator) == []


def test_a_date_keeps_what_was_typed_beside_its_message(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    page = client_as(alice).get(ITEMS, {"created_from": "soon"}).content.decode()
    field = page[page.index('id="id_created_from"') - 200 : page.index("Write the day like this")]
    assert 'value="soon"' in field
    assert 'aria-invalid="true"' in field


@pytest.mark.parametrize("cursor", ["made-by-hand", "WzFd", "x" * 3999])
def test_a_cursor_made_by_hand_leads_to_the_first_page(
    alice: Person, client_as: ClientAs, emulator: Running, cursor: str
) -> None:
    response = client_as(alice).get(ITEMS, {"cursor": cursor, "status": "NEW"})
    assert response.status_code in {200, 404}
    if response.status_code == 404:
        assert "This page of the list is no longer there" in text_of(response)
        assert link(response, "Go to the first page") == f"{ITEMS}?status=NEW"


# Nothing, and why


def test_a_project_without_items_says_so(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert "No work items yet" in text_of(client_as(alice).get(f"/projects/{PILOT}/items/"))


def test_each_filter_that_matches_nothing_is_removed_with_one_click(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get(ITEMS, {"status": "FAILED", "batch": str(WORN), "created_from": "1 Jan 2099"})
    text = text_of(response)
    assert "No work item matches" in text
    assert "Worn edges" in text
    page = response.content.decode()
    created = "created_from=2099-01-01T00:00:00Z"
    for address in (f"batch={WORN}&{created}", f"status=FAILED&{created}", f"status=FAILED&batch={WORN}"):
        assert f'href="{ITEMS}?{address.replace("&", "&amp;")}"' in page


@pytest.mark.parametrize(("fault", "status"), [("500", 502), ("403", 403), ("garbage", 502), ("429", 503)])
def test_a_list_that_cannot_be_read_says_why_and_keeps_the_page(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str, status: int
) -> None:
    emulator.fault("cloudfactory", fault, path=".*workItems", times=5)
    response = client_as(alice).get(ITEMS, {"status": "NEW"})
    assert response.status_code == status
    text = text_of(response)
    assert "The work items could not be loaded" in text
    assert "Coin outlines" in text
    assert "Try again" in text


def test_batches_that_cannot_be_read_leave_their_ids(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("cloudfactory", "500", path=".*batches", times=5)
    response = client_as(alice).get(ITEMS)
    assert response.status_code == 200
    assert f"Batch {TURIN_EARLY}" in text_of(response)


def test_a_guess_that_cloudfactory_refuses_leads_to_the_oldest(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("cloudfactory", "400", path=".*workItems")
    response = client_as(alice).get(ITEMS, {"order": "newest", "size": "10"})
    assert link(response, "Show the oldest first") == f"{ITEMS}?size=10"


def test_pictures_that_cannot_be_signed_say_why_once(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    client.get(ITEMS)
    emulator.fault("cloudfactory", "403", path=".*signedurls", times=3)
    response = client.get(f"{ITEMS}pictures/", headers=HTMX)
    assert response.status_code == 200
    assert text_of(response).count("The pictures could not be loaded.") == 1


# Ways on


def test_an_items_link_carries_the_list_it_was_opened_from(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get(ITEMS, {"status": "NEW", "size": "10"})
    assert "?list=status%3DNEW%26size%3D10" in response.content.decode()


def test_a_review_starts_with_the_filter(alice: Person, dana: Person, client_as: ClientAs, emulator: Running) -> None:
    page = client_as(alice).get(ITEMS, {"batch": str(TURIN_EARLY)}).content.decode()
    form = page[page.index('action="/projects/' + COINS + '/items/review/"') :].partition("</form>")[0]
    assert f'name="batch" value="{TURIN_EARLY}"' in form
    assert 'name="status" value="CLIENT_REVIEW"' in form
    assert "items/review/" not in client_as(dana).get(ITEMS).content.decode()


def test_the_form_is_answered_with_the_page_and_its_address(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    query = {"created_from": "3 Nov 2020", "zone": "Europe/Rome", "order": "oldest", "size": "10"}
    response = client_as(alice).get(ITEMS, query, headers=HTMX)
    assert response["HX-Push-Url"] == f"{ITEMS}?created_from=2020-11-02T23:00:00Z&size=10"
    assert response.content.decode().lstrip().startswith('<div class="stack" id="items-page">')
