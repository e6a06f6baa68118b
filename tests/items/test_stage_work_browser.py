"""How much of a page Chromium styles anew while a picture with many labels is zoomed and pointed at."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.items.item_helpers import COINS, add_item, page_of
from tests.items.stages import at_rest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
SHAPES = 300
FEW = 200


@pytest.fixture
def item_page(page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running) -> Page:
    """The page of an item with so many labels, zoomed."""
    item = add_item(emulator)
    emulator.act("set_annotation", item=item, shapes=SHAPES)
    sign_in(page, bob)
    page.goto(live + page_of(item))
    expect(page.locator("[data-overlay] [data-shape]")).to_have_count(SHAPES)
    expect(page.locator("[data-labels-controls]")).to_be_visible()
    page.locator("[data-zoom-view]").focus()
    page.keyboard.press("+")
    expect_zoom(page, 150)
    return page


def expect_zoom(page: Page, percent: int) -> None:
    expect(page.locator("[data-zoom-scale]")).to_have_text(f"{percent}%")
    at_rest(page)


def restyled(browser: Browser, page: Page, act: Callable[[], None]) -> int:
    """The most elements that one turn of the page styled anew."""
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline", "devtools.timeline"])
    act()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    counts = [one["args"].get("elementCount", 0) for one in events if one["name"] == "UpdateLayoutTree"]
    assert counts
    return int(max(counts))


def test_a_step_of_the_zoom_styles_no_shape_anew(item_page: Page, browser: Browser) -> None:
    def zoom() -> None:
        item_page.keyboard.press("+")
        expect_zoom(item_page, 200)

    assert restyled(browser, item_page, zoom) < FEW


def test_a_shape_that_lights_up_makes_no_layer_of_its_own(item_page: Page) -> None:
    item_page.locator("[data-label='3'] a").focus()
    shape = item_page.locator("[data-shape='3']")
    expect(shape).to_have_css("stroke-width", "5px")
    expect(shape).to_have_css("filter", "none")


def test_the_drawing_is_named_after_the_shape_that_lights_up(item_page: Page) -> None:
    name = item_page.locator("[data-overlay] > title")
    expect(item_page.locator("[data-shape] > title")).to_have_count(0)
    item_page.locator("[data-label='3'] a").focus()
    expect(name).to_have_text(re.compile(r"^\S+ 3$"))
    item_page.get_by_role("button", name="Fit").focus()
    expect(name).to_have_count(0)


def test_the_next_item_of_a_review_is_laid_out_before_it_is_asked_for(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running, browser: Browser
) -> None:
    ids = [add_item(emulator) for _ in range(2)]
    for item in ids:
        emulator.act("set_annotation", item=item, shapes=SHAPES)
    sign_in(page, bob)
    page.goto(f"{live}/projects/{COINS}/items/review/?ids={','.join(ids)}")
    page.locator("#main").get_by_role("button", name="Review").click()
    one, two = (page.locator(f"[data-step='{item}']") for item in ids)
    expect(two.locator("[data-labels-controls]:not([hidden])")).to_be_attached()
    at_rest(page)
    expect(two).not_to_be_visible()
    expect(page.get_by_label("Reason", exact=True)).to_have_count(1)

    def turn() -> None:
        page.keyboard.press("ArrowRight")
        expect(two.locator("[data-zoom-view]")).to_be_visible()
        at_rest(page)

    assert restyled(browser, page, turn) < FEW
    expect(one).not_to_be_visible()
    expect(two.get_by_label("Reason", exact=True)).to_have_count(1)
    expect(page.get_by_label("Reason", exact=True)).to_have_count(1)


def test_the_item_that_stands_by_is_zoomed_with_the_one_that_is_seen(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    ids = [add_item(emulator) for _ in range(2)]
    sign_in(page, bob)
    page.goto(f"{live}/projects/{COINS}/items/review/?ids={','.join(ids)}")
    page.locator("#main").get_by_role("button", name="Review").click()
    two = page.locator(f"[data-step='{ids[1]}']")
    expect(two.locator("[data-labels-controls]:not([hidden])")).to_be_attached()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(two.locator("[data-zoom-scale]")).to_have_text("200%")
    expect(two).not_to_be_visible()
