"""A bulk signal in a browser: its progress in place with the focus kept, its end said, its notice elsewhere, axe."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import BulkItem, BulkSignal
from tests.items.bulk_factories import bulk_signal, ended_signal
from tests.items.decision_helpers import ITEMS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
State, Outcome = BulkSignal.State, BulkItem.Outcome


def ids(number: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(number)]


def place(bulk: BulkSignal) -> str:
    return f"{ITEMS}bulk/{bulk.pk}/"


def finish(bulk: BulkSignal, **figures: int) -> None:
    bulk.items.update(outcome=Outcome.DONE, status_before="NEW", status_after="IN_PROGRESS")
    BulkSignal.objects.filter(pk=bulk.pk).update(state=State.ENDED, finished_at=timezone.now(), **figures)


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, bob: Person, live: str) -> Page:
    sign_in(page, bob)
    return page


def test_the_progress_moves_in_place_and_the_focus_stays(
    signed_in: Page, live: str, bob: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = bulk_signal(bob, ids(3), action="start", progressed_at=timezone.now())
    signed_in.goto(f"{live}{place(bulk)}")
    bar = signed_in.get_by_role("progressbar", name="Starting work on 3 items")
    expect(signed_in.get_by_text("0 of 3")).to_be_visible()
    signed_in.get_by_role("button", name="Stop").focus()
    BulkSignal.objects.filter(pk=bulk.pk).update(done_count=2)
    expect(signed_in.get_by_text("2 of 3")).to_be_visible()
    expect(bar).to_have_js_property("value", 2)
    expect(signed_in.get_by_role("button", name="Stop")).to_be_focused()
    finish(bulk, done_count=3)
    expect(signed_in.get_by_text("Finished: starting work on 3 items").first).to_be_visible()
    expect(signed_in.get_by_role("status").filter(has_text="3 started.")).to_have_count(1)
    expect(signed_in.get_by_role("link", name="Show each item")).to_be_focused()
    expect(signed_in.get_by_role("link", name="Done 3")).to_be_visible()


def test_the_focus_stays_on_a_row_when_the_result_comes(
    signed_in: Page, live: str, bob: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = bulk_signal(bob, ids(3), action="start", progressed_at=timezone.now())
    signed_in.goto(f"{live}{place(bulk)}")
    signed_in.get_by_role("link", name="Item 2").focus()
    finish(bulk, done_count=3)
    expect(signed_in.get_by_role("link", name="Done 3")).to_be_visible()
    expect(signed_in.get_by_role("link", name="Item 2")).to_be_focused()


def test_the_table_shows_what_is_under_way_and_its_end(
    signed_in: Page, live: str, bob: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = bulk_signal(bob, ids(3), action="start", progressed_at=timezone.now())
    signed_in.goto(f"{live}{ITEMS}?status=NEW")
    running = signed_in.get_by_role("region", name="Under way")
    expect(running.get_by_text("0 of 3")).to_be_visible()
    finish(bulk, done_count=3)
    expect(running.get_by_text("3 started.").first).to_be_visible()
    running.get_by_role("link", name="Show the result").click()
    signed_in.wait_for_url(f"{live}{place(bulk)}")
    signed_in.go_back()
    expect(signed_in).to_have_url(f"{live}{ITEMS}?status=NEW")


def test_a_notice_tells_of_the_end_on_any_page(
    signed_in: Page, live: str, bob: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = bulk_signal(bob, ids(2), action="start", progressed_at=timezone.now())
    signed_in.goto(f"{live}/profile/")
    finish(bulk, done_count=2)
    notice = signed_in.locator("#notices").get_by_text("Finished: starting work on 2 items")
    expect(notice).to_be_visible()
    signed_in.locator("#notices").get_by_role("link", name="Show the result").click()
    signed_in.wait_for_url(f"{live}{place(bulk)}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_result_fits_and_is_accessible(
    signed_in: Page, live: str, bob: Person, emulator: Running, width: int, scheme: Any
) -> None:
    signed_in.set_viewport_size({"width": width, "height": 844})
    signed_in.emulate_media(color_scheme=scheme)
    figures = {"done_count": 2, "refused_count": 1}
    bulk = ended_signal(bob, ids(3), action="start", before="NEW", after="IN_PROGRESS", reason="Wrong class", **figures)
    first = bulk.items.first()
    assert first is not None
    bulk.items.filter(pk=first.pk).update(
        outcome=Outcome.REFUSED, message="Status can’t change. " * 12, name="a-very-long-name-" * 14
    )
    paused = bulk_signal(bob, ids(3), state="paused", message="CloudFactory has a problem of its own.")
    for one in (bulk, paused):
        signed_in.goto(f"{live}{place(one)}")
        expect(signed_in.locator("#bulk-results")).to_be_visible()
        assert signed_in.evaluate("document.documentElement.scrollWidth") <= width
        assert [violation["id"] for violation in Axe().run(signed_in).response["violations"]] == []
