"""Selecting in a browser: clicks, ranges, keys, two tabs, swaps, a page left at once; phones, schemes, axe."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import SelectedItem
from tests.batches.boards import COINS
from tests.conftest import PASSWORD
from tests.items.test_index_browser import violations
from tests.waiting import held, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
ITEMS = f"/projects/{COINS}/items/"
BAR = "#selection-bar"


@pytest.fixture
def table(page: Page, sign_in: SignIn, alice: Person, live: str, emulator: Running) -> Page:
    sign_in(page, alice)
    page.goto(f"{live}{ITEMS}?size=10")
    return page


def boxes(page: Page) -> Any:
    return page.locator("[data-rows] input[name=item]")


def selects(page: Page, number: int) -> None:
    """The bar says so, and the server has it."""
    expect(page.locator(BAR)).to_contain_text(f"{number:,} selected in total")
    assert SelectedItem.objects.count() == number


def test_a_click_a_range_and_the_whole_page_are_selected(table: Page, complaints: list[str]) -> None:
    boxes(table).nth(1).check()
    selects(table, 1)
    boxes(table).nth(4).click(modifiers=["Shift"])
    selects(table, 4)
    expect(table.get_by_label("Select this page")).to_have_js_property("indeterminate", True)
    boxes(table).nth(2).uncheck()
    selects(table, 3)
    table.get_by_label("Select this page").check()
    selects(table, 10)
    table.get_by_role("link", name="Next").click()
    expect(table.get_by_label("Select this page")).not_to_be_checked()
    boxes(table).nth(0).check()
    selects(table, 11)
    table.go_back()
    expect(table.get_by_label("Select this page")).to_be_checked()
    table.reload()
    expect(table.locator(BAR)).to_contain_text("11 selected in total")
    table.get_by_label("Select this page").uncheck()
    selects(table, 1)


def test_keys_alone_select_rows_ranges_and_open_an_action(table: Page, complaints: list[str]) -> None:
    table.keyboard.press("j")
    expect(table.locator("[data-rows] .row-title").nth(0)).to_be_focused()
    table.keyboard.press("j")
    expect(table.locator("[data-rows] .row-title").nth(1)).to_be_focused()
    table.keyboard.press("x")
    selects(table, 1)
    expect(boxes(table).nth(1)).to_be_checked()
    for _ in range(3):
        table.keyboard.press("j")
    table.keyboard.press("Shift+X")
    selects(table, 4)
    table.keyboard.press("x")
    selects(table, 3)
    expect(table.locator("[data-rows] .row-title").nth(4)).to_be_focused()
    boxes(table).nth(6).focus()
    table.keyboard.press("Space")
    selects(table, 4)
    boxes(table).nth(8).focus()
    table.keyboard.press("Shift+Space")
    selects(table, 6)
    table.get_by_role("button", name="Clear selection").focus()
    table.keyboard.press("Enter")
    selects(table, 0)
    expect(table.locator(BAR)).to_be_focused()
    expect(boxes(table).nth(8)).not_to_be_checked()
    expect(table.get_by_role("button", name="Reopen…")).to_be_hidden()


def test_selecting_goes_on_after_the_page_was_swapped(table: Page, complaints: list[str]) -> None:
    boxes(table).nth(0).check()
    with held(table, "**/selection/"):
        boxes(table).nth(1).check()
        table.get_by_label("Order").select_option("newest")
        table.get_by_role("button", name="Apply").click()
        table.wait_for_url("**/items/?order=newest&size=10")
        expect(table.get_by_label("Order", exact=True)).to_have_value("newest")
    selects(table, 2)
    table.get_by_label("Select this page").check()
    selects(table, 12)
    with held(table, "**/selection/"):
        table.get_by_role("button", name="Select all 112 matching").click()
        table.get_by_label("Order").select_option("oldest")
        table.get_by_role("button", name="Apply").click()
        table.wait_for_url("**/items/?size=10")
    expect(table.locator(BAR)).to_contain_text("All 112 matching work items of this list are selected")
    expect(boxes(table).nth(5)).to_be_checked()
    expect(boxes(table).nth(5)).to_be_disabled()
    expect(table.get_by_label("Select this page")).to_be_disabled()
    table.get_by_role("link", name="Completed").click()
    expect(table.locator(BAR)).to_contain_text("All 112 matching work items of another list are selected")
    table.get_by_role("button", name="Clear selection").click()
    expect(boxes(table).nth(5)).to_be_enabled()
    boxes(table).nth(5).check()
    selects(table, 1)


def test_two_tabs_end_up_the_same(table: Page, live: str, complaints: list[str]) -> None:
    other = table.context.new_page()
    other.goto(table.url)
    boxes(other).nth(2).check()
    selects(other, 1)
    table.bring_to_front()
    expect(boxes(table).nth(2)).to_be_checked()
    boxes(table).nth(2).uncheck()
    boxes(table).nth(3).check()
    expect(boxes(other).nth(3)).to_be_checked()
    expect(boxes(other).nth(2)).not_to_be_checked()
    for page in (table, other):
        selects(page, 1)
    other.get_by_role("button", name="Select all 112 matching").click()
    expect(boxes(table).nth(0)).to_be_disabled()
    expect(boxes(table).nth(0)).to_be_checked()


def test_a_page_left_at_once_loses_nothing(table: Page, live: str) -> None:
    boxes(table).nth(3).check()
    table.goto(f"{live}/projects/")
    until(lambda: SelectedItem.objects.count() == 1)


def test_what_the_console_refused_to_keep_goes_along_with_the_next(table: Page) -> None:
    table.route("**/selection/", lambda route: route.fulfill(status=503, body=""))
    with table.expect_response("**/selection/"):
        boxes(table).nth(1).check()
    expect(table.locator(BAR)).to_contain_text("1 selected saving…")
    table.unroute("**/selection/")
    boxes(table).nth(3).check()
    selects(table, 2)


def test_what_is_ticked_before_the_script_is_there_is_kept(table: Page) -> None:
    with held(table, "**/selection.js"):
        table.goto(table.url, wait_until="commit")
        boxes(table).nth(2).check()
    selects(table, 1)
    boxes(table).nth(4).click(modifiers=["Shift"])
    selects(table, 3)


def test_what_is_ticked_before_the_script_is_there_is_counted_at_once(table: Page) -> None:
    table.route("**/selection/", lambda route: route.fulfill(status=503, body=""))
    with held(table, "**/selection.js"):
        table.goto(table.url, wait_until="commit")
        boxes(table).nth(2).check()
    expect(table.locator(BAR)).to_contain_text("1 selected saving…")


def test_a_session_that_ended_brings_the_ticks_back(table: Page, live: str, alice: Person) -> None:
    # A part that is still asked for would lead to the sign-in page before anything is ticked.
    table.wait_for_load_state("networkidle")
    table.context.clear_cookies()
    boxes(table).nth(2).check()
    table.wait_for_url("**/account/login/**")
    table.get_by_label("Email").fill(alice.email)
    table.locator("input[name=password]").fill(PASSWORD)
    table.get_by_role("button", name="Sign in", exact=True).click()
    expect(boxes(table).nth(2)).to_be_checked()
    selects(table, 1)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bar_is_clean_in_both_schemes_and_widths(table: Page, scheme: Any, width: int) -> None:
    table.emulate_media(color_scheme=scheme)
    table.set_viewport_size({"width": width, "height": 900})
    boxes(table).nth(1).check()
    selects(table, 1)
    assert violations(table) == []
    assert table.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(table.get_by_role("button", name="Send back…")).to_be_in_viewport()
    if width == 390:
        table.get_by_role("button", name="Select this page", exact=True).click()
        selects(table, 10)
    table.get_by_role("button", name="Select all 112 matching").click()
    expect(table.locator(BAR)).to_contain_text("All 112 matching")
    assert violations(table) == []
    assert table.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_row_that_has_the_focus_is_not_behind_the_bar(table: Page) -> None:
    table.set_viewport_size({"width": 1440, "height": 500})
    boxes(table).nth(1).check()
    selects(table, 1)
    for row in range(6):
        table.keyboard.press("j")
        focused = table.locator(":focus")
        expect(focused).to_have_class("row-title")
        edge = table.locator(BAR).bounding_box()
        place = focused.bounding_box()
        assert edge is not None
        assert place is not None
        assert place["y"] + place["height"] <= edge["y"], row
