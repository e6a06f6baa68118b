"""The table of work items in a browser: pictures in view, keys, the filter's form, Back and another profile, axe."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.batches.boards import COINS, PILOT, TURIN_EARLY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
ITEMS = f"/projects/{COINS}/items/"
MANY_IDS = "\n".join(f"{number:08}-4b0e-4d0b-8f5e-1f6d5a7c3b20" for number in range(1000))


def violations(page: Page) -> list[str]:
    result = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in result]


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def test_pictures_of_rows_in_view_alone_are_loaded_after_one_call(
    signed_in: Page, live: str, emulator: Running, complaints: list[str]
) -> None:
    signed_in.goto(f"{live}{ITEMS}?size=50")
    expect(signed_in.locator("[data-rows] img").first).to_be_visible()
    expect(signed_in.locator("[data-rows] img").first).not_to_have_js_property("naturalWidth", 0)
    expect(signed_in.locator("#items-count-all")).to_have_text("112")
    expect(signed_in.get_by_role("button", name="Review 18")).to_be_visible()
    rows = signed_in.locator("[data-rows] img")
    row_count = rows.count()
    assert row_count < 15
    signed_in.get_by_role("link", name="Next").scroll_into_view_if_needed()
    expect(signed_in.locator("[data-row]").last.locator("img")).to_be_visible()
    assert rows.count() < 35
    signing = [one for one in emulator.requests("cloudfactory") if one["path"].endswith("signedurls")]
    assert len(signing) == 1
    # Counting asks for a hundred at a time, the page for its own rows alone.
    assert [one["query"] for one in emulator.requests("cloudfactory") if "limit=50" in one["query"]] == ["limit=50"]
    signed_in.get_by_role("button", name="Hide pictures").click()
    expect(signed_in.get_by_role("button", name="Show pictures")).to_be_visible()
    expect(signed_in.locator("[data-rows] img")).to_have_count(0)


def test_an_auditor_sees_the_counts_without_a_button_to_review(
    page: Page, sign_in: SignIn, dana: Person, live: str, complaints: list[str]
) -> None:
    sign_in(page, dana)
    page.goto(f"{live}{ITEMS}")
    expect(page.locator("#items-count-all")).to_have_text("112")
    expect(page.locator("#main").get_by_role("button", name="Review")).to_have_count(0)
    assert complaints == []


def test_keys_move_through_the_rows_and_enter_opens(signed_in: Page, live: str, emulator: Running) -> None:
    signed_in.goto(f"{live}{ITEMS}?status=COMPLETED&size=10")
    links = signed_in.locator("[data-rows] .row-title")
    signed_in.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    signed_in.keyboard.press("j")
    signed_in.keyboard.press("j")
    signed_in.keyboard.press("k")
    expect(links.nth(1)).to_be_focused()
    address = links.nth(1).get_attribute("href")
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url(f"{live}{address}")
    signed_in.get_by_role("link", name="Back to the list").click()
    signed_in.wait_for_url(f"{live}{ITEMS}?status=COMPLETED&size=10")


def test_the_form_changes_the_address_which_brings_everything_back(
    signed_in: Page, live: str, emulator: Running, browser: Browser, sign_in: SignIn, bob: Person, complaints: list[str]
) -> None:
    signed_in.goto(live + ITEMS)
    signed_in.get_by_label("Created from").fill("3 Nov 2020")
    signed_in.get_by_text("Batches", exact=True).click()
    signed_in.get_by_label("Turin, early shift").check()
    signed_in.get_by_label("Order").select_option("newest")
    signed_in.get_by_label("Work items on a page").select_option("10")
    signed_in.get_by_role("button", name="Apply").click()
    address = f"{live}{ITEMS}?batch={TURIN_EARLY}&created_from=2020-11-03T00:00:00Z&order=newest&size=10"
    signed_in.wait_for_url(address)
    rows = signed_in.locator("[data-rows] .row-title")
    expect(rows).to_have_count(10)
    first = rows.first.get_attribute("href")
    signed_in.get_by_role("link", name="Next").click()
    expect(rows.first).not_to_have_attribute("href", first or "")
    signed_in.go_back()
    expect(rows.first).to_have_attribute("href", first or "")
    signed_in.reload()
    other = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    sign_in(other, bob)
    other.goto(address)
    for page in (signed_in, other):
        expect(page.locator("[data-rows] .row-title").first).to_have_attribute("href", first or "")
        expect(page.get_by_role("textbox", name="Created from")).to_have_value("3 Nov 2020")
        expect(page.get_by_label("Order", exact=True)).to_have_value("newest")
        expect(page.get_by_role("link", name="Remove Turin, early shift")).to_be_visible()
    other.context.close()


def test_a_date_that_cannot_be_used_is_said_at_its_field(signed_in: Page, live: str, emulator: Running) -> None:
    signed_in.goto(live + ITEMS)
    signed_in.get_by_label("Created until").fill("soon")
    signed_in.get_by_role("button", name="Apply").click()
    expect(signed_in.locator("#items-filter .field-error")).to_contain_text("Write the day like this: 3 Nov 2026.")
    expect(signed_in.get_by_label("Created until")).to_have_value("soon")


def test_a_thousand_ids_are_pasted_into_the_box(
    signed_in: Page, live: str, emulator: Running, complaints: list[str]
) -> None:
    signed_in.goto(live + ITEMS)
    signed_in.get_by_text("Find work items by id").click()
    signed_in.get_by_label("Work item ids").fill(MANY_IDS)
    signed_in.get_by_role("button", name="Find these ids").click()
    expect(signed_in.get_by_text("100 ids were not found in this project")).to_be_visible()
    expect(signed_in.get_by_text("Ids 1 to 100 of 1,000")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_table_is_clean_in_both_schemes_and_widths(
    signed_in: Page, live: str, emulator: Running, scheme: Any, width: int
) -> None:
    signed_in.emulate_media(color_scheme=scheme)
    signed_in.set_viewport_size({"width": width, "height": 900})
    for address in (f"{ITEMS}?size=10&order=newest", f"{ITEMS}?status=NO&ids=x", f"{ITEMS}?created_from=1+Jan+2099"):
        signed_in.goto(live + address)
        signed_in.wait_for_load_state("networkidle")
        assert violations(signed_in) == []
        assert signed_in.evaluate("document.documentElement.scrollWidth <= innerWidth")
    signed_in.goto(f"{live}/projects/{PILOT}/items/")
    assert violations(signed_in) == []
    emulator.fault("cloudfactory", "403", path=".*signedurls", times=9)
    signed_in.goto(f"{live}{ITEMS}?size=10")
    expect(signed_in.get_by_text("The pictures could not be loaded.")).to_be_visible()
    signed_in.get_by_role("button", name="No picture").first.click()
    expect(signed_in.locator(".term-meaning:popover-open")).to_be_visible()
    assert violations(signed_in) == []
    emulator.fault("cloudfactory", "500", path=".*workItems", times=9)
    signed_in.goto(live + ITEMS)
    assert violations(signed_in) == []
