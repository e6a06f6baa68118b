"""Watching what is being built: delays that grow, an end that ends it, failures that do not."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Person
from console.common import polling
from console.emulator.server import Running
from console.slices import selectors
from tests.slices.making import asked, delay, make, polled, text_of

ClientAs = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
ADDRESS = "/slices/northwind/slow-one/"


@pytest.fixture
def slow_one(alice: Person, emulator: Running) -> None:
    emulator.act("set_pace", seconds=600)
    emulator.act("finish_slice", slug="second-look")
    make(alice, "Slow one")


@pytest.mark.parametrize(("look", "seconds"), [(0, 4), (1, 8), (2, 16), (3, 30), (40, 30)])
def test_the_next_look_is_later_each_time(
    alice: Person, client_as: ClientAs, slow_one: None, look: int, seconds: int
) -> None:
    content = client_as(alice).get(f"{ADDRESS}status/", {"look": look}, headers=HTMX).content.decode()
    assert f'hx-trigger="load delay:{seconds}s, again"' in content
    assert f"look={look + 1}" in content


@pytest.mark.parametrize("look", [str(polling.SLICE_BUILD.most_looks), "9999", "99999999", "-1", "²", "x"])
def test_looking_stops_by_itself(alice: Person, client_as: ClientAs, slow_one: None, look: str) -> None:
    content = client_as(alice).get(f"{ADDRESS}status/", {"look": look}, headers=HTMX).content.decode()
    is_number = look.isascii() and look.isdigit() and len(look) < 5
    assert ("hx-trigger" not in content) == is_number


def test_a_ready_slice_ends_the_watch_and_brings_its_gallery(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    emulator.act("finish_slice", slug="slow-one")
    content = client_as(alice).get(f"{ADDRESS}status/?look=3", headers=HTMX).content.decode()
    assert "hx-trigger" not in content.partition('id="slice-gallery"')[0]
    assert 'id="slice-gallery"' in content
    assert 'id="slice-facts"' in content
    assert content.count('hx-swap-oob="true"') == 2
    assert "Slow one: Ready" in content.partition('id="live"')[2]


def test_a_failed_slice_ends_the_watch_and_is_explained(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    emulator.act("fail_slice", slug="slow-one")
    response = client_as(alice).get(f"{ADDRESS}status/", headers=HTMX)
    assert "hx-trigger" not in response.content.decode()
    assert "Avala could not build this slice" in text_of(response)


def test_a_vendor_that_fails_does_not_end_the_watch(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    emulator.fault("avala", "503", times=0)
    response = client_as(alice).get(f"{ADDRESS}status/?look=1", headers=HTMX)
    emulator.clear_faults()
    assert response.status_code == 200
    assert "We could not check the progress" in text_of(response)
    assert "hx-trigger" in response.content.decode()


def test_a_vendor_that_asks_to_wait_is_given_the_time(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    emulator.fault("avala", "429", times=0)
    response = client_as(alice).get(f"{ADDRESS}status/", headers=HTMX)
    emulator.clear_faults()
    assert delay(response) >= 7


def test_a_slice_that_is_gone_ends_the_watch(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    response = client_as(alice).get("/slices/northwind/no-such-slice/status/", headers=HTMX)
    assert response.status_code == 404


def test_without_script_the_status_is_the_page(alice: Person, client_as: ClientAs, slow_one: None) -> None:
    assert client_as(alice).get(f"{ADDRESS}status/")["Location"] == ADDRESS


def test_a_list_asks_for_what_is_being_built_only(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    client = client_as(alice)
    address = polled(client.get("/slices/"))
    emulator.forget_requests()
    content = client.get(address, headers=HTMX).content.decode()
    assert [entry["path"] for entry in emulator.requests("avala")] == ["/api/v1/slices/northwind/slow-one/"]
    assert 'hx-trigger="load delay:4s, again"' in content
    assert "hx-swap-oob" not in content


@pytest.mark.parametrize("view", ["cards", "table"])
def test_a_row_changes_by_itself_when_its_slice_is_ready(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None, view: str
) -> None:
    client = client_as(alice)
    address = polled(client.get("/slices/", {"view": view}))
    emulator.act("finish_slice", slug="slow-one")
    content = client.get(address, headers=HTMX).content.decode()
    assert "hx-trigger" not in content
    assert 'hx-swap-oob="true"' in content
    assert ("<tr id=" in content) == (view == "table")
    assert "Slow one: Ready" in content.partition('id="live"')[2]


def test_a_list_asks_for_a_few_at_a_time_and_for_each_in_turn(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    emulator.act("set_pace", seconds=600)
    emulator.act("finish_slice", slug="second-look")
    for number in range(selectors.PENDING_ASKED + 3):
        make(alice, f"Slow {number}")
    client = client_as(alice)
    address = polled(client.get("/slices/"))
    emulator.forget_requests()
    client.get(polled(client.get(address, headers=HTMX)), headers=HTMX)
    paths = [entry["path"] for entry in asked(emulator, "/slow-")]
    assert len(paths) == 2 * selectors.PENDING_ASKED
    assert len(set(paths)) == selectors.PENDING_ASKED + 3


def test_a_list_keeps_looking_while_the_vendor_fails(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    client = client_as(alice)
    address = polled(client.get("/slices/"))
    emulator.fault("avala", "503", times=0)
    response = client.get(address, headers=HTMX)
    emulator.clear_faults()
    assert response.status_code == 200
    assert "Avala gave no new answer" in text_of(response)
    assert "slow-one" in polled(response)


def test_the_elapsed_time_counts_from_the_press_where_the_audit_knows_it(
    alice: Person, client_as: ClientAs, emulator: Running, slow_one: None
) -> None:
    from console.audit import record

    with record.audited_call(
        actor=alice, action="slice.create", thing_kind="slice", thing_name="Slow one", vendor="avala"
    ) as act:
        act.done(thing_id="northwind/slow-one")
    response = client_as(alice).get(ADDRESS)
    assert response.context["watch"].exact
    assert "Being built for 0 s" in text_of(response)


def test_what_slices_usually_take_is_learned_from_those_watched(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    from console.audit import record

    emulator.act("set_pace", seconds=600)
    client = client_as(alice)
    for name in ("One", "Two", "Three"):
        made = make(alice, name)
        with record.audited_call(
            actor=alice, action="slice.create", thing_kind="slice", thing_name=name, vendor="avala"
        ) as act:
            act.done(thing_id=f"northwind/{made.slug}")
        text = text_of(client.get(f"/slices/northwind/{made.slug}/"))
        assert ("Yours usually take" in text) == (name == "Three")
        emulator.act("finish_slice", slug=made.slug)
        client.get(f"/slices/northwind/{made.slug}/status/", headers=HTMX)
