"""How far the work items of a slice are, batch by batch, on the slice's page."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from console.items import counts
from console.items.imports import slice_selectors
from console.items.models import Import
from console.upstream.response_models import Slice
from tests.conftest import SPACE
from tests.items.decision_helpers import HTMX, PROJECT
from tests.items.slice_helpers import create_items, create_plan, in_batch, make_batch, make_slice
from tests.rewriting_proxy import Query, Vendor, rewriting
from tests.slices.making import text_of

ClientAs = Callable[[Person], Client]


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def page_url(found: Slice) -> str:
    return f"/slices/{'/'.join(found.address or ())}/"


def counts_url(found: Slice, batch: int) -> str:
    return f"{page_url(found)}batches/?project={PROJECT}&batch={batch}"


def sent(person: Person, client: Client, found: Slice, batch: int, number: int) -> Import:
    """An import that has ended, of so many items."""
    import_run = create_plan(client, found, batch)
    create_items(person, import_run, number)
    Import.objects.filter(pk=import_run.pk).update(state=Import.State.ENDED)
    counts.forget(project=PROJECT)
    return import_run


def reads(emulator: Running) -> int:
    asked = emulator.requests("cloudfactory")
    return sum(one["method"] == "GET" and one["path"].endswith("/workItems") for one in asked)


def test_a_slice_that_was_sent_nowhere_says_nothing_of_batches(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    found = make_slice(alice, emulator, "Sent nowhere", 3)
    create_plan(client_as(alice), found, make_batch(alice))
    assert "Work items of this slice" not in text_of(client_as(alice).get(page_url(found)))


def test_the_page_names_each_batch_and_asks_cloudfactory_nothing(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    found, client = make_slice(alice, emulator, "Two batches", 5), client_as(alice)
    for name in ("First round", "Second round"):
        sent(alice, client, found, make_batch(alice, name), 2)
    emulator.forget_requests()
    text = text_of(client.get(page_url(found)))
    assert "First round" in text
    assert "Second round" in text
    assert reads(emulator) == 0


def test_only_items_of_the_slice_are_counted_and_by_status(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    found, other, client = (
        make_slice(alice, emulator, "Mine", 5),
        make_slice(alice, emulator, "Other", 4),
        client_as(alice),
    )
    batch = make_batch(alice)
    sent(alice, client, found, batch, 5)
    sent(alice, client, other, batch, 4)
    mine = [item.id for item in in_batch(alice, batch) if item.metadata["avala_slice"] == "/".join(found.address or ())]
    table = emulator.world.work_items[PROJECT]
    for item in mine[:2]:
        table.put({**(table.get(item) or {}), "status": "COMPLETED"})
    counts.forget(project=PROJECT)
    text = text_of(client.get(counts_url(found, batch), headers=HTMX))
    assert "2 of 5 completed" in text
    assert "Not started 3" in text


def test_a_count_is_kept_for_a_minute_and_forgotten_after_a_change(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    found, client, batch = make_slice(alice, emulator, "Kept", 3), client_as(alice), make_batch(alice)
    sent(alice, client, found, batch, 3)
    emulator.forget_requests()
    for _ in range(3):
        client.get(counts_url(found, batch), headers=HTMX)
    assert reads(emulator) == 1
    counts.forget(project=PROJECT)
    client.get(counts_url(found, batch), headers=HTMX)
    assert reads(emulator) == 2


def test_counting_ends_after_ten_calls_and_says_at_least(
    alice: Person, client_as: ClientAs, emulator: Running, platform: Vendor
) -> None:
    found, client, batch = make_slice(alice, emulator, "Endless", 3), client_as(alice), make_batch(alice)
    sent(alice, client, found, batch, 1)

    def say(query: Query) -> Any:
        place = int(query.get("cursor", ["0"])[0])
        metadata = {"avala_slice": "/".join(found.address or ())}
        items = [{"id": str(uuid.uuid4()), "status": "NEW", "metadata": metadata} for _ in range(100)]
        return {"items": items, "meta": {"cursorNext": str(place + 1), "cursorPrev": None}}

    platform.speak("GET", "/workItems", say)
    platform.requests.clear()
    text = text_of(client.get(counts_url(found, batch), headers=HTMX))
    assert "1,000+" in text
    assert len(platform.sent("GET", "/workItems")) == 10


def test_a_count_that_fails_is_said_in_its_place(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    found, client, batch = make_slice(alice, emulator, "Unread", 3), client_as(alice), make_batch(alice)
    sent(alice, client, found, batch, 1)
    emulator.fault("cloudfactory", "403", path="/workItems", times=0)
    answer = client.get(counts_url(found, batch), headers=HTMX)
    assert answer.status_code == 200
    assert "Could not be counted" in text_of(answer)


def test_without_script_the_count_has_a_page_of_its_own(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    found, client, batch = make_slice(alice, emulator, "Plain", 3), client_as(alice), make_batch(alice)
    sent(alice, client, found, batch, 3)
    assert "of 3 completed" in text_of(client.get(counts_url(found, batch)))


def test_a_batch_of_another_space_is_not_named(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    found, client, batch = (
        make_slice(alice, emulator, "Elsewhere", 3),
        client_as(alice),
        make_batch(alice, "Hidden one"),
    )
    import_run = sent(alice, client, found, batch, 1)
    assert "Hidden one" in text_of(client_as(bob).get(page_url(found))), "a reviewer of the same space sees it"
    Import.objects.filter(pk=import_run.pk).update(space=str(uuid.uuid4()))
    assert "Hidden one" not in text_of(client_as(bob).get(page_url(found)))
    assert client_as(bob).get(counts_url(found, batch))["Location"] == page_url(found)


@pytest.mark.parametrize(
    "query", ["", "?project=x&batch=1", f"?project={PROJECT}&batch=x", f"?project={PROJECT}&batch=7"]
)
def test_what_is_no_batch_of_the_slice_leads_back(
    alice: Person, client_as: ClientAs, emulator: Running, query: str
) -> None:
    found = make_slice(alice, emulator, "No such", 3)
    answer = client_as(alice).get(f"{page_url(found)}batches/{query}")
    assert (answer.status_code, answer["Location"]) == (302, page_url(found))


def test_the_page_costs_the_same_however_many_batches(
    alice: Person, client_as: ClientAs, emulator: Running, django_assert_max_num_queries: Any
) -> None:
    found, client = make_slice(alice, emulator, "Many", 3), client_as(alice)
    known = {"person": alice, "space": SPACE, "project": PROJECT, "source": Import.Source.SLICE}
    Import.objects.bulk_create(
        Import(**known, source_key="/".join(found.address or ()), batch_id=number, state=Import.State.ENDED)
        for number in range(1, 80)
    )
    with django_assert_max_num_queries(25):
        client.get(page_url(found))
    batches = slice_selectors.find_batches(user=alice, owner=found.address[0], slug=found.address[1])  # type: ignore[index]
    assert len(batches) == slice_selectors.MOST_BATCHES


def test_items_from_before_the_oldest_import_we_know_are_counted(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    found, client, batch = make_slice(alice, emulator, "Long ago", 5), client_as(alice), make_batch(alice)
    first = sent(alice, client, found, batch, 2)
    table = emulator.world.work_items[PROJECT]
    for item in in_batch(alice, batch):
        row = table.get(item.id) or {}
        table.put({**row, "created_at": row["created_at"] - 200 * 24 * 3600})
    first.delete()
    sent(alice, client, found, batch, 3)
    assert "of 5 completed" in text_of(client.get(counts_url(found, batch), headers=HTMX))
