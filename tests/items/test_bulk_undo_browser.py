"""Undoing in a browser, by keyboard and on a phone; and what the page of an item says of a bulk signal under way."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.items.bulk_factories import bulk_signal, ended_signal, record_entry
from tests.items.decision_helpers import ITEMS, item_ids

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
PHONE: Any = {"width": 390, "height": 844}


def assert_fits(page: Page) -> None:
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_undo_is_reached_by_keyboard_and_fits_a_phone(
    page: Page, sign_in: SignIn, live: str, bob: Person, emulator: Running, scheme: Any, complaints: list[str]
) -> None:
    items = item_ids(bob, "IN_PROGRESS", 3)
    bulk = ended_signal(bob, items, action="start", before="NEW", after="IN_PROGRESS")
    bulk.items.filter(position=3).update(status_before="CLIENT_REVIEW")
    record_entry(bulk)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    sign_in(page, bob)
    page.goto(f"{live}{ITEMS}bulk/{bulk.pk}/")
    undo = page.get_by_role("button", name="Undo: release 2 items")
    expect(undo).to_be_visible()
    expect(page.get_by_text("1 item can’t be undone: no signal leads back to the status before.")).to_be_visible()
    assert_fits(page)
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Undo: release work items")).to_be_visible()
    expect(page.get_by_text("Reading 2 items")).to_be_visible()


def test_the_page_of_an_item_says_what_is_under_way_and_fits_a_phone(
    page: Page, sign_in: SignIn, live: str, bob: Person, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    [item] = item_ids(bob)
    bulk = bulk_signal(alice, [item])
    page.set_viewport_size(PHONE)
    sign_in(page, bob)
    page.goto(f"{live}{ITEMS}{item}/")
    expect(page.get_by_text("Alice’s “Approve” for 1 item is being sent.")).to_be_visible()
    assert_fits(page)
    page.get_by_role("link", name="Show that signal").click()
    page.wait_for_url(f"**/bulk/{bulk.pk}/")
