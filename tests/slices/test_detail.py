"""One slice: its sentence and facts, what its state means, and a gallery that keeps its place."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts import connections
from accounts.models import Person
from console.emulator.server import Running
from tests.markup import folded
from tests.slices.making import COINS, asked, make, make_long, text_of

ClientAs = Callable[[Person], Client]


def test_the_page_says_what_the_slice_is_made_of(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    text = text_of(client_as(alice).get("/slices/northwind/night-shift/"))
    assert "Items in Coins on velvet with shift night + items in" in text, "the recipe sentence stands under the name"
    assert "Ready" in text
    assert "Only you or your organization can see it." in text, "as in the builder"


def test_datasets_stand_one_a_line(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    content = folded(client_as(alice).get("/slices/northwind/training-mix/").content.decode())
    named = re.findall(r"<li><a href=[^>]*dataset=[^>]*><bdi>([^<]*)</bdi></a></li>", content)
    assert named == ["Eye screening", "Surface textures", "Coins on velvet"]


def test_the_gallery_shows_tiles_with_the_key_as_alt_text(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get("/slices/northwind/all-coins/")
    first = response.context["tiles"][0]
    content = response.content.decode()
    assert f'alt="{first.name}"' in content
    assert f'href="{first.address}"' in content
    assert len(asked(emulator, "/all-coins/items/list/")) == 1


def test_a_page_of_the_gallery_has_an_address(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client, address = client_as(alice), make_long(alice, emulator)
    first = client.get(address)
    cursor = first.context["next_cursor"]
    assert cursor
    second = client.get(address, {"cursor": cursor})
    assert not {one.item.uid for one in first.context["tiles"]} & {one.item.uid for one in second.context["tiles"]}
    assert "These are not the first items." in text_of(second)


def test_an_unknown_slice_is_a_page_that_says_so(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(alice).get("/slices/northwind/no-such-slice/").status_code == 404


def test_a_foreign_slice_looks_like_an_unknown_one(carol: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(carol).get("/slices/northwind/all-coins/").status_code == 404


def test_a_slice_being_built_says_for_how_long(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.act("set_pace", seconds=600)
    make(alice, "Slow one")
    response = client_as(alice).get("/slices/northwind/slow-one/")
    text = text_of(response)
    assert "Being built for at least 0 s" in text
    assert "counted when ready" in text
    assert 'hx-trigger="load delay:2s, again"' in response.content.decode()
    assert asked(emulator, "/items/list/") == []


def test_a_failed_slice_is_explained_and_can_be_tried_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = client_as(alice).get("/slices/northwind/crowded-tissue/")
    text = text_of(response)
    assert "Avala could not build this slice" in text
    assert "does not tell why" in text
    assert '<input type="hidden" name="from" value="northwind/crowded-tissue">' in response.content.decode()


def test_a_slice_that_matched_nothing_names_the_part_to_loosen(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    text = text_of(client_as(alice).get("/slices/northwind/fog-over-the-harbour/"))
    assert "The recipe matched nothing" in text
    assert "tagged fog" in text.partition("matched nothing")[2]


def test_items_that_cannot_be_asked_for_leave_the_rest_of_the_page(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.fault("avala", "503", path="/items/list/", times=0)
    response = client_as(alice).get("/slices/northwind/all-coins/")
    emulator.clear_faults()
    assert response.status_code == 200
    text = text_of(response)
    assert "The items could not be loaded" in text
    assert "All coins" in text


def test_a_cursor_nobody_knows_is_a_sentence(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/slices/northwind/all-coins/", {"cursor": "nonsense"})
    assert response.status_code == 200
    assert "To the first items" in text_of(response)


@pytest.mark.parametrize("cursor", ["\x00", "x" * 4001])
def test_a_cursor_that_cannot_be_one_makes_no_call(
    alice: Person, client_as: ClientAs, emulator: Running, cursor: str
) -> None:
    response = client_as(alice).get("/slices/northwind/all-coins/", {"cursor": cursor})
    assert response.status_code == 404
    assert asked(emulator, "/items/list/") == []


def test_dataset_names_that_cannot_be_had_leave_ids(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    emulator.fault("avala", "500", path="/datasets/", times=0)
    response = client_as(alice).get("/slices/northwind/all-coins/")
    emulator.clear_faults()
    assert response.status_code == 200
    assert f"Everything in dataset {COINS[:8]}." in text_of(response)


def test_a_person_who_may_not_create_is_not_offered_to(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    content = client_as(bob).get("/slices/northwind/all-coins/").content.decode()
    assert "Use this recipe again" not in content


def test_who_may_not_create_is_told_who_can_help(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    failed = text_of(client.get("/slices/northwind/crowded-tissue/"))
    assert "An operator or an administrator can make a new one with the same recipe." in failed
    empty = text_of(client.get("/slices/northwind/fog-over-the-harbour/"))
    assert "To find more" not in empty
    assert "an operator or an administrator can make a new slice" in empty


def test_the_key_for_a_new_one_is_listed_for_those_who_may_make_one(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    assert "Make a new one" in text_of(client_as(alice).get("/slices/"))
    assert "Make a new one" not in text_of(client_as(bob).get("/slices/"))


def test_hostile_metadata_is_text(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    item = emulator.world.sample.items_of(COINS)[0]
    before = item["metadata"]
    item["metadata"] = {"<script>alert(1)</script>": ["javascript:alert(1)", {"a": None}]}
    content = client_as(alice).get("/slices/northwind/all-coins/").content.decode()
    item["metadata"] = before
    assert "<script>alert(1)" not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in content


def test_no_answer_with_links_is_kept(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    from django.core.cache import cache

    from tests.cache_entries import stored_entries

    client_as(alice).get("/slices/northwind/all-coins/")
    kept = stored_entries().values()
    assert cache.get(f"slices-dataset-{connections.cache_scope(alice, 'avala')}-{COINS}") == "Coins on velvet"
    assert kept
    assert not any(b"http" in value for value in kept)
