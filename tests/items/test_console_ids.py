"""Our id in metadata: added, taken out, and the items that carry it found in their batch, or not called missing."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import connections
from accounts.models import Person
from console.emulator.sample import FIRST_BATCH
from console.emulator.server import Running
from console.items.console_ids import (
    KEY,
    ConsoleIdMatches,
    console_id_of,
    find_by_console_ids,
    walk_batch,
    with_console_id,
    without_console_id,
)
from console.upstream.errors import Unreadable
from console.upstream.response_models import WorkItem
from tests.items.item_helpers import COINS, add_item
from tests.rewriting_proxy import Vendor, rewriting

PROJECT = uuid.UUID(COINS)
FIRST = FIRST_BATCH["coins"]
LIST = r"/workItems\?"


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.text())), st.uuids())
def test_metadata_comes_back_as_it_was_without_our_id(metadata: dict[str, Any], console_id: uuid.UUID) -> None:
    carried = with_console_id(metadata, console_id)
    assert console_id_of(WorkItem("x", metadata=carried)) == console_id
    assert without_console_id(carried) == {name: value for name, value in metadata.items() if name != KEY}


@pytest.mark.parametrize("value", [None, 7, "", "urn:uuid:5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10", ["x"], {"a": 1}])
def test_what_is_no_id_is_nobodys(value: Any) -> None:
    assert console_id_of(WorkItem("x", metadata={KEY: value})) is None


@pytest.fixture
def batch(emulator: Running) -> int:
    return int(emulator.act("add_batch", project=COINS, name="Just ours")["batch"]["id"])


def look(user: Person, batch_id: int | None, *ids: uuid.UUID) -> ConsoleIdMatches:
    platform = connections.cloudfactory(user)
    return find_by_console_ids(platform, project=PROJECT, batch_id=batch_id, ids=ids)


def ours(emulator: Running, batch: int, **words: Any) -> tuple[uuid.UUID, str]:
    console_id = uuid.uuid4()
    return console_id, add_item(emulator, batch=batch, metadata={KEY: str(console_id)}, **words)


def test_items_are_found_in_their_batch_and_the_others_are_surely_not_there(
    alice: Person, emulator: Running, batch: int
) -> None:
    (first, item), (second, _) = ours(emulator, batch), ours(emulator, batch)
    absent = uuid.uuid4()
    matches = look(alice, batch, first, absent)
    assert {one: item.id for one, item in matches.items.items()} == {first: item}
    assert matches.is_whole
    assert set(look(alice, None, second).items) == {second}, "without a batch the whole project is read"
    assert not look(alice, FIRST, first).items, "it is in another batch"


def test_reading_stops_as_soon_as_all_are_found(alice: Person, emulator: Running, batch: int) -> None:
    many = [ours(emulator, batch)[0] for _ in range(250)]
    emulator.forget_requests()
    assert look(alice, batch, many[0]).is_whole
    assert len(emulator.requests("cloudfactory")) == 1
    emulator.forget_requests()
    assert len(look(alice, batch, *many).items) == 250
    assert len(emulator.requests("cloudfactory")) == 3


def test_a_walk_begins_at_the_page_that_is_asked_for(alice: Person, emulator: Running, batch: int) -> None:
    for _ in range(150):
        ours(emulator, batch)
    platform = connections.cloudfactory(alice)
    first = next(walk_batch(platform, project=PROJECT, batch_id=batch))
    rest = list(walk_batch(platform, project=PROJECT, batch_id=batch, cursor=first.next))
    assert (len(first.items), [len(page.items) for page in rest]) == (100, [50])
    assert rest[0].is_last


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def row(console_id: uuid.UUID | None = None, item: str | None = None) -> dict[str, Any]:
    item = str(uuid.uuid4()) if item is None else item
    return {"id": item, "status": "NEW", "metadata": {KEY: str(console_id)} if console_id else {}}


def answer(rows: list[dict[str, Any]], following: Any = None) -> dict[str, Any]:
    return {"items": rows, "meta": {"object": "work_item", "cursorNext": following, "cursorPrev": None}}


def test_a_list_in_a_circle_is_not_whole(alice: Person, platform: Vendor) -> None:
    platform.speak("GET", LIST, lambda query: answer([row()], "again"))
    assert not look(alice, FIRST, uuid.uuid4()).is_whole


def test_a_list_that_does_not_say_how_it_goes_on_is_not_whole(alice: Person, platform: Vendor) -> None:
    console_id = uuid.uuid4()
    platform.speak("GET", LIST, lambda query: answer([row(console_id)], {"a": 1}))
    matches = look(alice, FIRST, console_id, uuid.uuid4())
    assert set(matches.items) == {console_id}
    assert not matches.is_whole


def test_an_item_whose_own_id_cannot_be_read_is_found_all_the_same(alice: Person, platform: Vendor) -> None:
    console_id = uuid.uuid4()
    platform.speak("GET", LIST, lambda query: answer([row(console_id, "../odd")]))
    assert set(look(alice, FIRST, console_id).items) == {console_id}


@pytest.mark.parametrize("metadata", [None, 7, "[]", '{"annotation_console_id"', {}])
def test_a_list_without_anybodys_metadata_is_not_whole(alice: Person, platform: Vendor, metadata: Any) -> None:
    platform.speak("GET", LIST, lambda query: answer([{**row(), "metadata": metadata}]))
    assert not look(alice, FIRST, uuid.uuid4()).is_whole


def test_our_id_is_found_in_metadata_that_comes_as_text(alice: Person, platform: Vendor) -> None:
    ours, other = uuid.uuid4(), uuid.uuid4()
    spelled = json.dumps({KEY: str(ours).upper()})
    platform.speak("GET", LIST, lambda query: answer([{**row(), "metadata": spelled}]))
    matches = look(alice, FIRST, ours, other)
    assert set(matches.items) == {ours}
    assert matches.is_whole


def test_what_was_found_before_a_failure_is_kept_and_the_rest_is_open(
    alice: Person, emulator: Running, platform: Vendor
) -> None:
    console_id = uuid.uuid4()

    def say(query: Any) -> Any:
        if "cursor" in query:
            return {"nonsense": True}
        return answer([row(console_id)], "2")

    platform.speak("GET", LIST, say)
    matches = look(alice, FIRST, console_id, uuid.uuid4())
    assert set(matches.items) == {console_id}
    assert not matches.is_whole


def test_a_failure_of_the_first_page_is_raised(alice: Person, platform: Vendor) -> None:
    platform.speak("GET", LIST, lambda query: {"nonsense": True})
    with pytest.raises(Unreadable):
        look(alice, FIRST, uuid.uuid4())
