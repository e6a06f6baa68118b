"""The items of a slice as CloudFactory receives them: each once, with its source and a fresh link."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts import connections
from accounts.models import ApiKey, Person
from console.audit import verify
from console.emulator.server import Running
from console.items import console_ids
from console.items.imports import services, slice_links
from console.items.models import Import, ImportRow
from console.items.runs import services as run_services
from console.upstream.response_models import Slice
from tests.conftest import point_at
from tests.items.decision_helpers import PROJECT
from tests.items.import_helpers import entries, figures, posts, run_workers, start
from tests.items.slice_helpers import create_plan, in_batch, make_batch, make_slice
from tests.items.slice_helpers import figures as planned
from tests.items.test_slice_plan import plain_item, say_items, say_pages
from tests.rewriting_proxy import Vendor, rewriting

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Person], Client]
State, Outcome = Import.State, ImportRow.Outcome


@pytest.fixture(autouse=True)
def quick_checks(settings: Any, audit_anchor: Any) -> None:
    settings.AUDIT_SETTLE_SPAN = 0


@pytest.fixture
def avala(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "avala") as vendor:
        yield vendor


def slice_ids(person: Person, batch: int) -> Counter[str]:
    """The slice's items by the work items that the batch holds, and how often each."""
    return Counter(str(item.metadata.get(console_ids.SLICE_ITEM)) for item in in_batch(person, batch))


def items_of(person: Person, source: Slice) -> Counter[str]:
    owner, slug = source.address or ("", "")
    return Counter(item.uid for item in connections.avala(person).list_slice_items(owner, slug, limit=100).items)


def test_each_item_arrives_once_with_its_source_and_a_link_that_opens(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Thirty"), make_batch(alice)
    import_run = start(create_plan(client_as(alice), source, batch))
    emulator.act("expire_links")
    emulator.forget_requests()
    run_workers()
    assert figures(import_run) == (30, 0, 0, 0, 0)
    assert slice_ids(alice, batch) == items_of(alice, source)
    for body in posts(emulator):
        assert connections.storage().fetch(body["assetUrl"], limit=2**24), "its link opens the picture"
    row, body = import_run.rows.order_by("number").first(), posts(emulator)[0]
    assert row is not None
    assert body["metadata"][console_ids.KEY] in set(map(str, import_run.rows.values_list("console_id", flat=True)))
    assert body["batchId"] == batch
    assert "signature" not in repr(list(import_run.rows.values())), "a link is kept nowhere, also not after it was sent"
    assert "signature=" not in repr([entry.detail for entry in entries(import_run)])
    assert [(entry.action, entry.thing_id) for entry in entries(import_run)] == [("slice.send", import_run.source_key)]
    assert verify.check().is_whole
    page = client_as(alice).get(f"/projects/{PROJECT}/items/{import_run.rows.values_list('item', flat=True)[0]}/")
    assert f'href="/slices/{import_run.source_key}/' in page.content.decode(), "the item leads back to its slice"


def test_stopped_at_twelve_again_makes_eighteen_and_again_none(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    source, batch = make_slice(alice, emulator, "Stopped"), make_batch(alice)
    first = start(create_plan(client_as(alice), source, batch))
    with rewriting(emulator, settings, "cloudfactory") as platform:
        stop_at(platform, first, 12)
        run_workers()
    assert len(in_batch(alice, batch)) == 12
    assert figures(first) == (12, 0, 0, 0, 18)
    second = create_plan(client_as(erin), source, batch)
    assert planned(second) == (18, 12, 0)
    start(second)
    run_workers()
    assert figures(second)[0] == 18
    third = create_plan(client_as(alice), source, batch)
    assert planned(third) == (0, 30, 0)
    assert not services.start(user=alice, import_run=third)
    assert slice_ids(alice, batch) == items_of(alice, source)


def stop_at(platform: Vendor, import_run: Import, number: int) -> None:
    """Somebody presses Stop while the item of this number is being created."""
    created: list[Any] = []

    def press(answer: Any) -> Any:
        created.append(answer)
        if len(created) == number:
            run_services.stop(user=import_run.person, run=import_run)
            connection.close()
        return answer

    platform.rewrite("POST", "/workItems$", press)


def test_two_people_who_planned_the_same_create_each_item_once(
    alice: Person, erin: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Both"), make_batch(alice)
    plans = [create_plan(client_as(person), source, batch) for person in (alice, erin)]
    assert [planned(one) for one in plans] == [(30, 0, 0), (30, 0, 0)]
    for one in plans:
        start(one)
    run_workers(3)
    assert sorted(figures(one)[:2] for one in plans) == [(0, 30), (30, 0)]
    assert slice_ids(alice, batch) == items_of(alice, source)


def test_an_item_that_left_the_slice_since_the_plan_is_not_created(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Shrinks", 3), make_batch(alice)
    items = [{**plain_item(name), "url": f"https://pictures.example/{name}?token=1"} for name in ("a.jpg", "b.jpg")]
    answer: dict[str, Any] = {"items": items}
    avala.speak("GET", "/items/list/", lambda query: {"next": None, "results": answer["items"]})
    import_run = start(create_plan(client_as(alice), source, batch))
    answer["items"] = items[:1]
    run_workers()
    assert figures(import_run) == (1, 0, 0, 0, 1)
    assert import_run.rows.get(outcome=Outcome.NOT_CREATED).message == slice_links.CHANGED


def test_plain_links_are_sent_as_they_were_planned_without_asking_avala_again(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Plain", 3), make_batch(alice)
    say_items(avala, [plain_item("a.jpg"), plain_item("b.jpg")])
    import_run = start(create_plan(client_as(alice), source, batch))
    avala.requests.clear()
    run_workers()
    assert (figures(import_run), avala.requests) == ((2, 0, 0, 0, 0), [])
    assert {body["assetUrl"] for body in posts(emulator)} == {f"https://pictures.example/{name}.jpg" for name in "ab"}


def test_signed_links_cost_one_read_for_each_page_of_the_slice(
    alice: Person, client_as: ClientAs, emulator: Running, avala: Vendor
) -> None:
    source, batch = make_slice(alice, emulator, "Pages", 3), make_batch(alice)
    items = [{**plain_item(f"{place}.jpg"), "url": f"https://x.example/{place}?sig=1"} for place in range(40)]
    say_pages(avala, items[:20], items[20:])
    import_run = start(create_plan(client_as(alice), source, batch))
    avala.requests.clear()
    run_workers()
    assert figures(import_run) == (40, 0, 0, 0, 0)
    assert len(avala.requests) == 2


def test_while_avala_is_silent_nothing_is_sent_and_then_it_goes_on(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "Silent", 5), make_batch(alice)
    import_run = start(create_plan(client_as(alice), source, batch))
    emulator.forget_requests()
    emulator.fault("avala", "500", times=0)
    run_workers()
    import_run.refresh_from_db()
    assert (import_run.state, posts(emulator), bool(import_run.message)) == (State.CREATING, [], True)
    emulator.clear_faults()
    run_workers(3)
    assert figures(import_run) == (5, 0, 0, 0, 0)


def test_without_an_avala_key_nothing_is_sent_and_the_reason_is_said(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    source, batch = make_slice(alice, emulator, "No key", 5), make_batch(alice)
    import_run = start(create_plan(client_as(alice), source, batch))
    emulator.forget_requests()
    ApiKey.objects.filter(person=alice, vendor="avala").delete()
    run_workers()
    import_run.refresh_from_db()
    assert (import_run.state, posts(emulator)) == (State.STOPPED, [])
    assert "Avala key" in import_run.message
    assert figures(import_run) == (0, 0, 0, 0, 5)


@pytest.mark.parametrize("status", [400, 422])
def test_where_the_place_in_the_list_has_expired_each_link_is_asked_for_by_itself(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any, status: int
) -> None:
    source, batch = make_slice(alice, emulator, "Expired place", 3), make_batch(alice)
    items = [{**plain_item(name), "url": f"https://pictures.example/{name}?token=1"} for name in ("a.jpg", "b.jpg")]
    with rewriting(emulator, settings, "avala") as avala:
        say_items(avala, items)
        import_run = start(create_plan(client_as(alice), source, batch))
    point_at(emulator, settings)
    with rewriting(emulator, settings, "avala") as avala:
        avala.answer("GET", "/items/list/", b'{"detail": "Invalid cursor."}', status)
        avala.speak("GET", f"/items/{items[0]['uid']}/", lambda query: items[0])
        run_workers()
        assert figures(import_run) == (1, 0, 0, 0, 1)
        assert [body["assetUrl"] for body in posts(emulator)] == [items[0]["url"]]


@pytest.mark.parametrize(("status", "words"), [(401, "Avala"), (403, "Avala"), (404, "Avala")])
def test_a_slice_that_avala_refuses_by_then_ends_it_and_creates_nothing(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any, status: int, words: str
) -> None:
    source, batch = make_slice(alice, emulator, "Refused by then", 3), make_batch(alice)
    import_run = start(create_plan(client_as(alice), source, batch))
    with rewriting(emulator, settings, "avala") as avala:
        avala.answer("GET", "/items/", b'{"detail": "No."}', status)
        emulator.forget_requests()
        run_workers()
    import_run.refresh_from_db()
    assert (import_run.state, posts(emulator)) == (State.STOPPED, [])
    assert words in import_run.message
    assert figures(import_run) == (0, 0, 0, 0, 3)
