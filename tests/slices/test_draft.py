"""Drafts live on the server: nothing typed is lost, in one tab or two, and nobody sees another's."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.slices.models import Draft
from tests.slices.drafting import HTMX, Desk, plain
from tests.slices.making import COINS, NUCLEI

ClientAs = Callable[[Person], Client]


@pytest.fixture
def desk(alice: Person, client_as: ClientAs, emulator: Running) -> Desk:
    return Desk(client_as(alice), alice)


def test_a_link_to_a_new_slice_writes_nothing_until_it_is_started(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    page = client.get("/slices/new/")
    assert "Start draft" in plain(page)
    copy = client.get("/slices/new/", {"from": "northwind/training-mix"})
    assert b'<input type="hidden" name="from" value="northwind/training-mix">' in copy.content
    assert not Draft.objects.exists()
    assert emulator.requests("avala") == []
    started = client.post("/slices/new/", {"resume": "yes"})
    assert client.post("/slices/new/", {"resume": "yes"}).headers["Location"] == started.headers["Location"]
    assert Draft.objects.count() == 1


@pytest.mark.parametrize("source", ["../x", "a//b", "a/..", "dataset/x", "a/list", "a/%2e%2e", "a", f"a/{'x' * 300}"])
def test_what_is_no_slice_s_address_is_no_recipe_to_start_with(desk: Desk, emulator: Running, source: str) -> None:
    emulator.forget_requests()
    assert desk.client.get("/slices/new/", {"from": source}).status_code == 404
    assert desk.client.post("/slices/new/", {"from": source}).status_code == 404
    assert emulator.requests("avala") == []


def test_asking_for_a_new_slice_twice_makes_one_draft(desk: Desk) -> None:
    again = desk.client.get("/slices/new/")
    assert again.headers["Location"] == desk.address
    assert Draft.objects.count() == 1


def test_the_page_itself_asks_avala_nothing(desk: Desk, emulator: Running) -> None:
    emulator.forget_requests()
    assert desk.client.get(desk.address).status_code == 200
    assert emulator.requests("avala") == []


def test_typing_is_kept_as_one_types(desk: Desk) -> None:
    response = desk.save(htmx=True, name="Night rain", was_name="", visibility="public", was_visibility="private")
    assert response.status_code == 200
    assert "Draft saved at" in response.content.decode()
    page = desk.client.get(desk.address).content.decode()
    assert 'value="Night rain"' in page
    assert desk.contents.details.visibility == "public"


def test_without_script_a_button_keeps_it(desk: Desk) -> None:
    response = desk.save(name="Night rain", was_name="")
    assert response.status_code == 302
    assert response.headers["Location"] == desk.address
    assert desk.contents.details.name == "Night rain"


def test_a_closed_tab_is_carried_on_with(desk: Desk) -> None:
    desk.save(name="Night rain", was_name="")
    assert desk.client.get("/slices/new/").headers["Location"] == desk.address


def test_another_slice_can_be_started_and_the_first_is_offered(desk: Desk) -> None:
    desk.save(name="Night rain", was_name="")
    other = desk.client.post("/slices/new/").headers["Location"]
    assert other != desk.address
    assert "Night rain" in plain(desk.client.get(other))


def test_two_tabs_changing_different_fields_both_win(desk: Desk) -> None:
    desk.save(name="From one tab", was_name="", random_count="", was_random_count="")
    desk.save(name="", was_name="", random_count="12", was_random_count="")
    assert desk.contents.details.name == "From one tab"
    assert desk.contents.details.random_count == "12"


def test_two_tabs_changing_one_field_are_told(desk: Desk) -> None:
    desk.save(name="From one tab", was_name="")
    response = desk.save(htmx=True, name="From the other", was_name="")
    assert response.status_code == 409
    assert "here From the other, there From one tab" in plain(response)
    assert desk.contents.details.name == "From one tab"
    desk.save(name="From the other", was_name="", take="mine")
    assert desk.contents.details.name == "From the other"


def test_without_script_the_clash_keeps_what_was_typed(desk: Desk) -> None:
    desk.save(name="From one tab", was_name="")
    response = desk.save(name="From the other", was_name="")
    assert response.status_code == 409
    assert 'value="From the other"' in response.content.decode()
    assert "changed in another tab" in plain(response)


def test_parts_added_in_two_tabs_are_both_there(desk: Desk) -> None:
    desk.add(COINS)
    desk.add(NUCLEI)
    assert [part.source.name for part in desk.parts] == ["Coins on velvet", "Cell nuclei"]


@pytest.mark.parametrize("tail", ["", "save/", "name/", "datasets/", "organizations/", "again/", "discard/"])
def test_a_foreign_draft_does_not_exist(
    desk: Desk, erin: Person, client_as: ClientAs, emulator: Running, tail: str
) -> None:
    client, address = client_as(erin), desk.address + tail
    emulator.forget_requests()
    method = client.post if tail in ("save/", "again/", "discard/") else client.get
    assert method(address).status_code == 404
    assert emulator.requests("avala") == []
    assert Draft.objects.filter(person=desk.person).exists()


def test_a_draft_nobody_made_does_not_exist(desk: Desk) -> None:
    assert desk.client.get(f"/slices/new/{uuid.uuid4()}/").status_code == 404


def test_a_reviewer_may_not_open_the_builder(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(bob).get("/slices/new/").status_code == 403
    assert not Draft.objects.exists()


def test_a_draft_can_be_thrown_away(desk: Desk) -> None:
    desk.save(name="Night rain", was_name="")
    desk.client.post(f"{desk.address}discard/")
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "hostile", ["\x00", "a" * 19_000, "<script>alert(1)</script>", "\u202egnp.exe", "\ud83d\ude00 🌧"]
)
def test_hostile_text_is_kept_as_text(desk: Desk, hostile: str) -> None:
    hostile = hostile.encode("utf-16", "surrogatepass").decode("utf-16")
    response = desk.save(htmx=True, name=hostile, was_name="")
    assert response.status_code == 200
    page = desk.client.get(desk.address)
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.content.decode()


def test_text_beyond_measure_stays_on_the_page_only(desk: Desk) -> None:
    response = desk.save(name="a" * 30_000, was_name="")
    assert response.status_code == 422
    assert desk.contents.details.name == ""
    assert "a" * 30_000 in response.content.decode()


def test_a_recipe_is_copied_into_a_new_draft(desk: Desk) -> None:
    response = desk.client.post("/slices/new/", {"from": "northwind/training-mix"})
    copied = Draft.objects.get(pk=response.headers["Location"].split("/")[3])
    kinds = [(part["kind"], part["dataset"][1]) for part in copied.data["parts"]]
    assert kinds == [
        ("dataset", "Eye screening"),
        ("dataset_items", "Surface textures"),
        ("filters", "Coins on velvet"),
    ]
    page = plain(desk.client.get(response.headers["Location"]))
    assert "Everything in Eye screening + 6 chosen items from Surface textures" in page


def test_a_copy_names_its_slice_and_offers_an_empty_beginning(desk: Desk) -> None:
    copied = desk.client.post("/slices/new/", {"from": "northwind/training-mix"}).headers["Location"]
    page = plain(desk.client.get(copied))
    assert "Begun as a copy of Training mix." in page
    assert "Start an empty one" in page
    empty = desk.client.post("/slices/new/").headers["Location"]
    assert empty != copied
    assert "No parts yet" in plain(desk.client.get(empty))


def test_a_copy_left_as_it_was_is_not_taken_for_a_new_slice(desk: Desk) -> None:
    copied = desk.client.post("/slices/new/", {"from": "northwind/training-mix"}).headers["Location"]
    assert desk.client.get("/slices/new/").headers["Location"] == desk.address
    assert copied in desk.client.get(desk.address).content.decode()
    desk.client.post(f"{copied}save/", {"name": "Mine now", "was_name": ""})
    assert desk.client.get("/slices/new/").headers["Location"] == copied


def test_copying_twice_makes_one_draft(desk: Desk) -> None:
    first = desk.client.post("/slices/new/", {"from": "northwind/all-coins"})
    again = desk.client.post("/slices/new/", {"from": "northwind/all-coins"})
    assert first.headers["Location"] == again.headers["Location"] != desk.address


@pytest.mark.parametrize("source", ["northwind", "/", "northwind/no-such", "a/b\x00c", "../../x", "x" * 600 + "/y"])
def test_a_recipe_that_is_not_there_is_not_found(desk: Desk, source: str) -> None:
    assert desk.client.post("/slices/new/", {"from": source}).status_code in (404, 422)
    assert Draft.objects.count() == 1


def test_a_draft_whose_name_is_checked_says_so_in_words(desk: Desk) -> None:
    free = desk.client.get(f"{desk.address}name/", {"name": "Quite new"}, headers=HTMX)
    assert "This name is free" in plain(free)
    taken = plain(desk.client.get(f"{desk.address}name/", {"name": "All coins"}, headers=HTMX))
    assert "free" not in taken
    assert "A slice called “All coins” exists already." in taken


@pytest.mark.parametrize("name", ["", "   ", "a" * 101, "a\x00b"])
def test_a_name_out_of_bounds_is_not_asked_about(desk: Desk, emulator: Running, name: str) -> None:
    emulator.forget_requests()
    assert desk.client.get(f"{desk.address}name/", {"name": name}, headers=HTMX).status_code == 200
    assert emulator.requests("avala") == []


def test_a_failing_name_check_stops_nobody(desk: Desk, emulator: Running) -> None:
    emulator.fault("avala", "500", path="validate", times=0)
    response = desk.client.get(f"{desk.address}name/", {"name": "Rain"}, headers=HTMX)
    assert response.status_code == 200
    assert "could not be checked" in plain(response)


def test_organizations_are_offered_and_may_fail(desk: Desk, emulator: Running) -> None:
    emulator.fault("avala", "500", path="organizations", times=0)
    assert "could not be read" in plain(desk.client.get(f"{desk.address}organizations/", headers=HTMX))
    emulator.clear_faults()
    assert 'value="northwind"' in desk.client.get(f"{desk.address}organizations/", headers=HTMX).content.decode()


def test_datasets_that_cannot_be_asked_for_are_not_called_none(desk: Desk, emulator: Running) -> None:
    emulator.fault("avala", "500", path="datasets", times=0)
    answer = plain(desk.client.get(f"{desk.address}datasets/", headers=HTMX))
    assert "The datasets could not be loaded" in answer
    assert "Try again" in answer


def test_a_key_refused_while_searching_leads_to_the_keys_and_back(desk: Desk, emulator: Running) -> None:
    emulator.fault("avala", "401", path="datasets", times=0)
    answer = desk.client.get(f"{desk.address}datasets/", headers=HTMX).content.decode()
    assert f"?next={desk.address}" in answer


def test_what_was_sent_is_not_thrown_away(desk: Desk) -> None:
    Draft.objects.update(state="sent")
    desk.client.post(f"{desk.address}discard/")
    assert Draft.objects.exists()
