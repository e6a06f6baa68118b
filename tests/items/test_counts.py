"""Counting work items: exact within ten calls, "at least" past them, and never a false figure."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts import connections
from accounts.models import Person
from console.emulator.sample import PROJECTS
from console.emulator.server import Running
from console.emulator.server import start as start_emulator
from console.items import counts
from console.items.counts import Count, ItemQuery
from console.upstream.errors import KeyRejected, ServerFailed
from tests.conftest import point_at
from tests.items.decision_helpers import HTMX, item_ids, press, work
from tests.rewriting_proxy import Vendor, rewriting
from tests.slices.making import text_of

COINS, EYES, PILOT, ARCHIVE = (PROJECTS[slug] for slug in ("coins", "eyes", "pilot", "archive"))


@pytest.fixture(scope="module")
def large_vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start_emulator(state_dir=tmp_path_factory.mktemp("large"), pace=0, rate=0, scale="large")
    yield running
    running.stop()


@pytest.fixture
def large(large_vendors: Running, settings: Any, db: None) -> Running:
    large_vendors.forget_requests()
    large_vendors.clear_faults()
    point_at(large_vendors, settings)
    return large_vendors


@pytest.fixture
def vendor(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as answers:
        yield answers


def calls(emulator: Running) -> int:
    return len([one for one in emulator.requests("cloudfactory") if one["path"].endswith("/workItems")])


def by_status(person: Person, project: str, **filters: Any) -> dict[str, str]:
    result = counts.count_by_status(user=person, project=project, filters=filters)
    return {one.status.value: str(one.count) for one in result.by_status}


def items_of(person: Person, project: str) -> list[Any]:
    platform = connections.cloudfactory(person)
    walk = counts.read_list(platform, ItemQuery(project))
    assert walk.is_complete
    return walk.items


def test_a_project_of_one_page_is_counted_by_one_call(alice: Person, emulator: Running) -> None:
    expected = Counter(item.status for item in items_of(alice, EYES))
    emulator.forget_requests()
    result = by_status(alice, EYES)
    assert calls(emulator) == 1
    assert list(result) == ["NEW", "IN_PROGRESS", "CLIENT_REVIEW", "COMPLETED", "FAILED", "CANCELED"]
    assert {status: figure for status, figure in result.items() if figure != "0"} == {
        status: str(number) for status, number in expected.items()
    }


def test_a_larger_project_is_counted_status_by_status(alice: Person, emulator: Running) -> None:
    expected = Counter(item.status for item in items_of(alice, COINS))
    assert expected.total() == 112
    emulator.forget_requests()
    result = by_status(alice, COINS)
    assert {status: int(figure) for status, figure in result.items() if figure != "0"} == expected
    assert calls(emulator) == 7


def test_counts_are_kept_for_one_key_until_something_was_decided(alice: Person, bob: Person, emulator: Running) -> None:
    for _ in range(3):
        by_status(alice, EYES)
    assert calls(emulator) == 1
    by_status(bob, EYES)
    assert calls(emulator) == 2
    counts.forget(project=EYES)
    by_status(alice, EYES)
    assert calls(emulator) == 3


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_counted_anew_once_a_decision_was_sent(
    bob: Person, client_as: Callable[[Person], Client], emulator: Running
) -> None:
    client, [item] = client_as(bob), item_ids(bob)
    pages = ["/home/review/", f"/projects/{COINS}/figures/"]
    before = [text_of(client.get(page, headers=HTMX)) for page in pages]
    assert all("18" in text for text in before)
    press(client, item)
    work()
    for page in pages:
        assert "17" in text_of(client.get(page, headers=HTMX))
        assert "18" not in text_of(client.get(page, headers=HTMX))


def test_the_filter_is_sent_and_its_status_is_not(alice: Person, emulator: Running) -> None:
    batch = items_of(alice, EYES)[0].batch_id
    expected = [item for item in items_of(alice, EYES) if item.batch_id == batch]
    result = counts.count_by_status(user=alice, project=EYES, filters={"batch_ids": (batch,), "status": "FAILED"})
    assert result.total == Count(len(expected))


def test_a_thousand_ids_are_counted_in_ten_calls(alice: Person, emulator: Running) -> None:
    ids = [item.id for item in items_of(alice, COINS)]
    unknown = [f"00000000-0000-4000-8000-{number:012}" for number in range(1000 - len(ids))]
    emulator.forget_requests()
    result = counts.count_by_status(user=alice, project=COINS, filters={"ids": (*unknown, *ids)})
    assert str(result.total) == "112"
    assert calls(emulator) == 10


def test_counting_a_hundred_thousand_stops_at_ten_calls(alice: Person, large: Running) -> None:
    result = counts.count_by_status(user=alice, project=ARCHIVE, filters={})
    assert calls(large) == 10
    assert result.total.at_least
    long = [one for one in result.by_status if one.count.at_least]
    assert long
    assert all(str(one.count).endswith("00+") for one in long)


def test_one_list_stops_at_ten_calls_too(alice: Person, large: Running) -> None:
    walk = counts.read_list(connections.cloudfactory(alice), ItemQuery(ARCHIVE))
    assert str(walk.count) == "1,000+"
    assert calls(large) == 10


def test_lists_take_turns_so_that_a_long_one_leaves_calls_to_the_others(alice: Person, large: Running) -> None:
    queries = [ItemQuery(ARCHIVE), ItemQuery(COINS), ItemQuery(EYES)]
    long, coins, eyes = counts.read_lists(connections.cloudfactory(alice), queries)
    assert calls(large) == 10
    assert (coins.is_complete, eyes.is_complete, long.is_complete) == (True, True, False)
    assert str(coins.count) == "112"


def test_nothing_counted_is_not_shown_as_none() -> None:
    assert str(Count(0, at_least=True)) == "–"
    assert str(Count(0)) == "0"
    assert str(Count(1000, at_least=True)) == "1,000+"
    assert Count(2) + Count(3, at_least=True) == Count(5, at_least=True)


def test_the_first_error_is_raised_and_nothing_is_kept(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "500", path="/workItems", times=3)
    with pytest.raises(ServerFailed):
        by_status(alice, EYES)
    assert by_status(alice, EYES)["NEW"]


def test_one_status_that_fails_leaves_the_others(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "403", path="status=NEW", times=0)
    result = by_status(alice, COINS)
    assert result["NEW"] == "–"
    assert result["CLIENT_REVIEW"] == "18"
    emulator.clear_faults()
    assert by_status(alice, COINS)["NEW"] != "–"


def test_a_refused_key_is_raised_from_any_call(alice: Person, emulator: Running) -> None:
    emulator.fault("cloudfactory", "401", path="status=NEW")
    with pytest.raises(KeyRejected):
        by_status(alice, COINS)


def test_a_cursor_that_leads_back_ends_the_list(alice: Person, vendor: Vendor) -> None:
    item = b'{"id": "00000000-0000-4000-8000-000000000001", "status": "NEW"}'
    body = b'{"items": [%s], "meta": {"cursorNext": "again"}}' % item
    vendor.answer("GET", "/workItems", body)
    walk = counts.read_list(connections.cloudfactory(alice), ItemQuery(EYES))
    assert (str(walk.count), len(vendor.requests)) == ("1+", 2)


def test_a_status_that_nobody_documented_is_counted_under_its_own_name(alice: Person, vendor: Vendor) -> None:
    def odd(data: Any) -> Any:
        items = [{**item, "status": "ON_HOLD" if place else None} for place, item in enumerate(data["items"])]
        return {**data, "items": items}

    vendor.rewrite("GET", "/workItems", odd)
    result = counts.count_by_status(user=alice, project=EYES, filters={})
    words = {one.status.word: one.count.number for one in result.by_status if one.count}
    assert set(words) == {"ON_HOLD", "Status not given"}
    assert words["Status not given"] == 1


def test_only_items_that_were_asked_for_by_id_are_counted(alice: Person, vendor: Vendor) -> None:
    ids = [f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(150)]
    listed = [{"id": one, "status": "NEW"} for one in [*ids[:3], "99999999-4b0e-4d0b-8f5e-1f6d5a7c3b20"]]
    vendor.rewrite("GET", "/workItems", lambda data: {"items": listed})
    result = counts.count_by_status(user=alice, project=EYES, filters={"ids": tuple(ids)})
    assert str(result.total) == "3"
