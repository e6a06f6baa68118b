"""The list of slices: one call, states in words, the address keeps everything, and three kinds of nothing."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.markup import folded
from tests.slices.making import COINS, asked, make, text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}


def test_slices_are_listed_with_their_state_in_words(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.act("set_pace", seconds=600)
    make(alice, "Still going")
    text = text_of(client_as(alice).get("/slices/"))
    assert "All coins" in text
    assert "Ready" in text
    assert "Being built" in text
    assert "Failed" in text
    assert "pending" not in text


@pytest.mark.parametrize("extra", [1, 91])
def test_the_list_is_one_call_however_many_rows(
    alice: Person, client_as: ClientAs, emulator: Running, extra: int
) -> None:
    for number in range(extra):
        make(alice, f"Row {number:03}")
    emulator.forget_requests()
    response = client_as(alice).get("/slices/", {"limit": "100"})
    assert len(response.context["rows"]) >= extra + 8
    assert [entry["path"] for entry in emulator.requests("avala")] == ["/api/v1/slices/northwind/list/"]


def test_names_of_datasets_follow_in_one_call_more(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    query = client.get("/slices/").context["unnamed"]
    emulator.forget_requests()
    response = client.get(f"/slices/names/?{query}", headers=HTMX)
    assert "Coins on velvet" in text_of(response)
    assert f"innerHTML:[data-dataset=&#x27;{COINS}&#x27;]" in response.content.decode().replace("'", "&#x27;")
    assert len(emulator.requests("avala")) == 1
    assert "Everything in Coins on velvet." in text_of(client.get("/slices/"))


def test_names_are_asked_for_real_ids_only(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.forget_requests()
    response = client_as(alice).get(
        "/slices/names/", {"d": ["x']{}", "../../me", COINS.replace("-", "")]}, headers=HTMX
    )
    assert response.status_code == 200
    assert emulator.requests("avala") == []


def test_the_order_is_passed_on_and_offered_again(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.forget_requests()
    response = client_as(alice).get("/slices/", {"ordering": "-name"})
    names = [row.name for row in response.context["rows"]]
    assert names == sorted(names, reverse=True)
    assert "ordering=-name" in emulator.requests("avala")[0]["query"]
    assert '<option value="-name" selected>' in folded(response.content.decode())


def test_an_order_that_avala_passed_over_is_not_claimed(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get("/slices/", {"ordering": "-item_count"}))
    assert "Avala did not put them in this order" in text


def test_an_unknown_order_is_passed_on_and_a_malformed_one_is_not(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    emulator.forget_requests()
    client.get("/slices/", {"ordering": "-updated_at"})
    client.get("/slices/", {"ordering": "name;drop table"})
    first, second = emulator.requests("avala")
    assert "ordering=-updated_at" in first["query"]
    assert "ordering" not in second["query"]


def test_pages_are_turned_by_number_and_stand_in_the_address(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    for number in range(30):
        make(alice, f"Row {number:03}")
    client = client_as(alice)
    first = client.get("/slices/", {"ordering": "name"})
    second = client.get(first.context["next_url"])
    assert second.context["wanted"].page == 2
    assert second.context["wanted"].ordering == "name"
    assert not {row.slice.uid for row in first.context["rows"]} & {row.slice.uid for row in second.context["rows"]}
    assert "25 to" in text_of(second)


def test_a_page_past_the_end_says_so_and_leads_back(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/slices/", {"page": "99"})
    assert response.status_code == 404
    assert "This page is not there" in text_of(response)


@pytest.mark.parametrize("page", ["0", "-1", "1_000", "²", "x" * 5000, "999999999999999999999"])
def test_a_page_that_is_no_number_is_the_first(
    alice: Person, client_as: ClientAs, emulator: Running, page: str
) -> None:
    assert client_as(alice).get("/slices/", {"page": page}).context["wanted"].page == 1


def test_slices_of_one_dataset_are_those_that_use_it(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.forget_requests()
    response = client_as(alice).get("/slices/", {"dataset": COINS})
    assert {row.name for row in response.context["rows"]} == {"All coins", "Night shift", "Training mix"}
    assert "Uses Coins on velvet" in text_of(response)
    assert len(asked(emulator, "/slices/dataset/")) == 1


def test_a_dataset_avala_does_not_know_is_said(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/slices/", {"dataset": "00000000-0000-4000-8000-000000000000"})
    assert response.status_code == 404
    assert "Avala does not know this dataset" in text_of(response)


@pytest.mark.parametrize("dataset", ["urn:uuid:" + COINS, "{" + COINS + "}", "x", "' or 1=1"])
def test_a_dataset_that_is_no_id_is_left_out(
    alice: Person, client_as: ClientAs, emulator: Running, dataset: str
) -> None:
    assert client_as(alice).get("/slices/", {"dataset": dataset}).context["wanted"].dataset == ""


def test_a_search_says_that_it_looked_at_this_page_only(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.forget_requests()
    response = client_as(alice).get("/slices/", {"q": "COINS"})
    assert [row.name for row in response.context["rows"]] == ["All coins"]
    assert "Avala cannot search by name" in text_of(response)
    assert len(emulator.requests("avala")) == 1


def test_a_search_without_a_match_is_not_an_empty_list(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get("/slices/", {"q": "zebra"}))
    assert "Nothing on this page matches" in text
    assert "No slices for" not in text
    assert text.count("Show all") == 1
    assert "1 to " not in text, "what was found is nothing"


def test_an_owner_without_slices_is_told_how_to_begin(carol: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(carol).get("/slices/", {"owner": "elsewhere"}))
    assert "No slices for elsewhere" in text
    assert "Build the first one" in text


def test_an_owner_avala_does_not_know_is_said(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/slices/", {"owner": "nobody-here"})
    assert response.status_code == 404
    assert "Avala does not know the owner nobody-here" in text_of(response)


@pytest.mark.parametrize("owner", ["../users/me", "a/b", "..", "a" * 5000])
def test_an_owner_that_no_address_can_hold_is_refused_without_a_call(
    alice: Person, client_as: ClientAs, emulator: Running, owner: str
) -> None:
    emulator.forget_requests()
    response = client_as(alice).get("/slices/", {"owner": owner})
    assert response.status_code == 404
    assert asked(emulator, r"users|\.\.|a/b") == []


def test_a_vendor_that_fails_is_told_apart_from_an_empty_list(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("avala", "503", times=0)
    response = client_as(alice).get("/slices/")
    emulator.clear_faults()
    assert response.status_code >= 500
    text = text_of(response)
    assert "could not be loaded" in text
    assert "No slices" not in text


def test_a_vendor_that_fails_leaves_what_we_had_with_its_time(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get("/slices/", {"ordering": "name"})
    emulator.fault("avala", "503", times=0)
    response = client.get("/slices/", {"ordering": "name", "q": "coins"})
    other = client.get("/slices/", {"ordering": "-name"})
    emulator.clear_faults()
    text = text_of(response)
    assert response.status_code == 200
    assert "Showing what we had at" in text
    assert "All coins" in text
    assert "<img" not in response.content.decode()
    assert "No previews" not in text
    assert "Showing what we had" not in text_of(other)


def test_what_we_had_is_shown_to_the_key_that_read_it_alone(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client_as(alice).get("/slices/")
    emulator.fault("avala", "503", times=0)
    assert "Showing what we had" in text_of(client_as(alice).get("/slices/"))
    assert "Showing what we had" not in text_of(client_as(bob).get("/slices/"))


def test_what_may_not_be_seen_any_more_is_not_shown_from_memory(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    client.get("/slices/")
    client.get("/slices/", {"ordering": "name"})
    emulator.fault("avala", "403", times=0)
    assert "All coins" not in text_of(client.get("/slices/"))
    emulator.clear_faults()
    emulator.fault("avala", "503", times=0)
    for ordering in ("", "name"):
        assert "All coins" not in text_of(client.get("/slices/", {"ordering": ordering}))


def test_with_htmx_a_failure_leaves_the_list_as_it_is(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("avala", "503", times=0)
    response = client_as(alice).get("/slices/", headers=HTMX)
    emulator.clear_faults()
    assert response.status_code >= 500
    assert 'id="slices-list"' not in response.content.decode()


def test_htmx_gets_the_list_alone_and_a_clean_address(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/slices/?owner=northwind&ordering=name&q=&limit=24", headers=HTMX)
    assert "<html" not in response.content.decode()
    assert response["HX-Push-Url"] == "/slices/?owner=northwind&ordering=name"


def test_cards_or_table_is_remembered(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    assert "<table" not in client.get("/slices/").content.decode()
    assert "<table" in client.get("/slices/?view=table").content.decode()
    assert "<table" in client.get("/slices/").content.decode()
    assert "<table" in client.get("/slices/?view=nonsense").content.decode()


def test_outside_text_is_text(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    make(alice, "<img src=x onerror=alert(1)>")
    content = client_as(alice).get("/slices/").content.decode()
    assert "<img src=x" not in content
    assert "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>" in content


def test_previews_come_with_no_referrer_and_lazily(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    content = client_as(alice).get("/slices/").content.decode()
    assert content.count(f'<img src="{emulator.storage_url}/cdn/') >= 4
    assert content.count("<img ") == content.count('loading="lazy"') == content.count('referrerpolicy="no-referrer"')


def test_a_person_who_may_not_create_sees_no_button(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(bob).get("/slices/")
    assert response.status_code == 200
    assert "New slice" not in text_of(response)


def test_without_a_key_the_page_says_how_to_connect_one(nobody: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(nobody).get("/slices/"))
    assert "connect" in text.lower()
    assert emulator.requests("avala") == []


def test_datasets_are_found_by_name_and_lead_to_their_slices(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get("/slices/datasets/", {"name": "coins"})
    assert [one.name for one in response.context["page"].items] == ["Coins on velvet"]
    assert f"/slices/?dataset={COINS}" in response.content.decode()


def test_no_dataset_of_a_name_is_not_no_datasets(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get("/slices/datasets/", {"name": "zebra"}))
    assert "No dataset has “zebra” in its name" in text
