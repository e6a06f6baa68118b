"""The gallery in a browser: viewer by keyboard, more items, aged pictures, a list that updates by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.slices.making import COINS, asked, make, make_long

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
ADDRESS = "/slices/northwind/all-coins/"
IN_SIGHT = 8
LINES = "word => Math.round(word.getBoundingClientRect().height / parseFloat(getComputedStyle(word).lineHeight))"


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


def test_the_viewer_works_by_keyboard_and_asks_nobody(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(live + ADDRESS)
    names = page.locator("a[data-open]").all_inner_texts()
    page.locator("a[data-open]").first.focus()
    emulator.forget_requests()
    page.keyboard.press("Enter")
    viewer = page.locator("dialog[data-viewer]")
    expect(viewer.locator("[data-name]")).to_have_text(names[0])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(viewer.locator("[data-name]")).to_have_text(names[1])
    expect(viewer.locator("[data-position]")).to_have_text(f"2 of {len(names)}")
    expect(viewer.locator("table")).to_contain_text("shift")
    expect(viewer.locator(".viewer-keys")).to_have_text("← → turn · + - size · 0 fit · Esc close")
    assert viewer.locator("th bdi", has_text="captured_on").evaluate(LINES) == 1
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(viewer).not_to_be_visible()
    expect(page.locator("a[data-open]").nth(1)).to_be_focused()
    assert emulator.requests("avala") == []


def test_a_picture_is_enlarged_and_fitted_again(
    page: Page, live: str, sign_in: SignIn, alice: Person, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(live + ADDRESS)
    page.locator("a[data-open]").first.click()
    picture = page.locator("[data-zoom-view] img")
    # A picture that is only just being loaded is complete as well.
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    fitted = picture.bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    larger = picture.bounding_box()
    assert fitted is not None
    assert larger is not None
    assert larger["width"] == pytest.approx(fitted["width"] * 2, rel=0.02)
    page.keyboard.press("0")
    assert picture.bounding_box() == fitted


def test_more_items_keep_the_place_after_a_reload(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    address = make_long(alice, emulator)
    sign_in(page, alice)
    page.goto(live + address)
    tiles = page.locator("[data-tile]")
    before = tiles.count()
    page.get_by_role("link", name="Load more items").click()
    expect(tiles.nth(before)).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?cursor="))
    expect(tiles.nth(before).locator("a")).to_be_focused()
    first_new = tiles.nth(before).inner_text()
    page.reload()
    assert tiles.first.inner_text() == first_new


def test_the_viewer_turns_over_to_items_that_are_not_loaded_yet(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    address = make_long(alice, emulator)
    sign_in(page, alice)
    page.goto(live + address)
    before = page.locator("[data-tile]").count()
    page.locator("a[data-open]").last.click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-position]")).to_contain_text(f"{before + 1} of")


def aged(page: Page, emulator: Running, *, lasting: bool = False) -> None:
    """Every picture's link is too old, at the first look or for good."""
    seen: set[str] = set()

    def answer(route: Route) -> None:
        old = lasting or route.request.url not in seen
        seen.add(route.request.url)
        route.fulfill(status=403, body="expired") if old else route.continue_()

    page.route(f"{emulator.storage_url}/**", answer)


def test_aged_pictures_of_a_page_renew_themselves_in_one_call(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    sign_in(page, alice)
    aged(page, emulator)
    page.goto(live + ADDRESS)
    for place in range(IN_SIGHT):
        expect(page.locator("#tiles img").nth(place)).not_to_have_js_property("naturalWidth", 0)
    assert len(asked(emulator, "/items/list/")) == 2
    assert asked(emulator, "/items/[0-9a-f-]{36}/") == []


def test_a_picture_that_stays_away_leaves_a_quiet_tile_that_tries_again(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    sign_in(page, alice)
    aged(page, emulator, lasting=True)
    page.goto(live + ADDRESS)
    tiles = page.locator("#tiles .picture-failed")
    expect(tiles).to_have_count(page.locator("[data-tile]").count())
    assert len(asked(emulator, "/items/list/")) == 2
    page.unroute(f"{emulator.storage_url}/**")
    tiles.first.get_by_role("button", name="Try again").click()
    expect(page.locator("#tiles img")).to_have_count(1)
    expect(page.locator("#tiles img")).not_to_have_js_property("naturalWidth", 0)
    assert len(asked(emulator, "/items/[0-9a-f-]{36}/")) == 1


def test_a_large_picture_renews_itself_in_the_viewer(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    sign_in(page, alice)
    page.goto(live + ADDRESS)
    aged(page, emulator)
    page.locator("a[data-open]").first.click()
    expect(page.locator("[data-zoom-view] img")).not_to_have_js_property("naturalWidth", 0)
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-position]")).to_contain_text("2 of")
    expect(page.locator("[data-zoom-view] img")).not_to_have_js_property("naturalWidth", 0)
    assert len(asked(emulator, "/items/")) == 2


def test_why_no_picture_came_is_said_on_its_tile(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    sign_in(page, alice)
    page.goto(live + ADDRESS)
    emulator.fault("avala", "403", path="/items/list/", times=0)
    aged(page, emulator, lasting=True)
    page.locator("a[data-open]").first.click()
    expect(page.locator("[data-zoom-view] .picture-failed")).to_contain_text("Avala")
    emulator.clear_faults()


def test_a_card_changes_by_itself_when_its_slice_is_ready(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    emulator.act("set_pace", seconds=600)
    made = make(alice, "Slow one")
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    card = page.locator(f"#slice-{made.uid}")
    expect(card).to_contain_text("Being built")
    emulator.act("finish_slice", slug="slow-one")
    expect(card).to_contain_text("Ready", timeout=15_000)
    expect(page.locator("#live")).to_contain_text("Slow one: Ready")


def test_a_hidden_tab_does_not_ask(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    emulator.act("set_pace", seconds=600)
    make(alice, "Slow one")
    sign_in(page, alice)
    page.goto(f"{live}/slices/northwind/slow-one/")
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away ?? true, configurable: true })")
    emulator.forget_requests()
    page.wait_for_timeout(3500)
    assert emulator.requests("avala") == []
    emulator.act("finish_slice", slug="slow-one")
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#slice-facts")).to_contain_text("Ready")


def test_names_of_datasets_arrive_by_themselves(
    page: Page, live: str, sign_in: SignIn, alice: Person, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    expect(page.get_by_text(f"dataset {COINS[:8]}")).to_have_count(0)
    expect(page.locator(f"[data-dataset='{COINS}']").first).to_have_text("Coins on velvet")


def test_ordering_changes_the_list_and_the_address_and_back_returns(
    page: Page, live: str, sign_in: SignIn, alice: Person, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    page.get_by_label("Order").select_option("name")
    expect(page).to_have_url(re.compile("ordering=name"))
    expect(page.locator("[data-row] h2").first).to_have_text("All coins")
    page.go_back()
    expect(page.locator("[data-row] h2").first).not_to_have_text("All coins")


def test_another_owner_is_named_and_stays_when_the_view_changes(
    page: Page, live: str, sign_in: SignIn, alice: Person, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    page.get_by_label("Owner").fill("northwind-labs")
    page.get_by_label("Order").select_option("-name")
    expect(page.locator(".page-subheading")).to_contain_text("What northwind-labs has chosen")
    page.get_by_role("link", name="Table").click()
    expect(page).to_have_url(re.compile(r"owner=northwind-labs&ordering=-name&view=table"))
    expect(page.get_by_label("Order")).to_have_value("-name")


@pytest.mark.parametrize(("view", "down"), [("cards", 3), ("table", 1)])
def test_arrows_move_through_the_list_and_enter_opens(
    page: Page, live: str, sign_in: SignIn, alice: Person, complaints: list[str], view: str, down: int
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, alice)
    page.goto(f"{live}/slices/?view={view}")
    links = page.locator("[data-row] a")
    page.keyboard.press("j")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(down)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(links.nth(down - 1 if down > 1 else down)).to_be_focused()
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_in_both_schemes(
    page: Page, live: str, sign_in: SignIn, alice: Person, scheme: Any
) -> None:
    sign_in(page, alice)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for address in (
        "/slices/?view=cards",
        "/slices/?view=table",
        "/slices/datasets/",
        ADDRESS,
        "/slices/northwind/crowded-tissue/",
        "/slices/northwind/fog-over-the-harbour/",
    ):
        page.goto(live + address)
        assert serious(page) == [], address


def test_without_script_items_are_pages(
    browser: Any, live: str, alice: Person, sign_in: SignIn, emulator: Running
) -> None:
    address = make_long(alice, emulator)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, alice)
    page.goto(live + address)
    page.get_by_role("link", name="Load more items").click()
    expect(page).to_have_url(re.compile(r"\?cursor="))
    page.locator("a[data-open]").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="After").click()
    page.get_by_role("link", name="Before").click()
    context.close()
