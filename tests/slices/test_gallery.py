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
    picture = page.locator("[data-stage] img")
    expect(picture).to_have_js_property("complete", True)
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


def test_an_aged_picture_renews_itself(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    seen: set[str] = set()

    def aged_once(route: Route) -> None:
        first = route.request.url not in seen
        seen.add(route.request.url)
        route.fulfill(status=403, body="expired") if first else route.continue_()

    sign_in(page, alice)
    page.route("**/cdn/**", aged_once)
    page.goto(live + ADDRESS)
    pictures = page.locator("#tiles img")
    expect(page.locator("#tiles img[data-renew-url]")).to_have_count(0)
    broken = "all => all.filter((one) => one.complete && !one.naturalWidth).length"
    assert pictures.evaluate_all(broken) == 0
    assert len(asked(emulator, "/items/[0-9a-f-]{36}/")) == pictures.count()


def test_a_picture_that_stays_away_leaves_a_quiet_tile(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    sign_in(page, alice)
    page.route("**/cdn/**", lambda route: route.fulfill(status=403, body="expired"))
    page.goto(live + ADDRESS)
    expect(page.locator("#tiles .picture-failed")).to_have_count(page.locator("[data-tile]").count())
    assert len(asked(emulator, "/items/[0-9a-f-]{36}/")) == page.locator("[data-tile]").count()


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
