"""The shell in a real browser: small, quiet, usable by keyboard and without script, in both schemes and from 390 px."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import Person
from console.emulator.server import Running
from tests.waiting import held

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
KEYS = "/keys/"


def violations(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_first_visit_is_small_quiet_and_readable(page: Any, live: str, complaints: list[str], scheme: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{live}/account/login/", wait_until="networkidle")
    assert len(asked) <= 8, asked
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_is_small_quiet_and_readable(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person, scheme: str
) -> None:
    sign_in(page, alice)
    with page.context.browser.new_context(color_scheme=scheme, storage_state=page.context.storage_state()) as fresh:
        asked: list[str] = []
        cold = fresh.new_page()
        cold.on("request", lambda request: asked.append(request.url))
        cold.goto(f"{live}{KEYS}", wait_until="networkidle")
        assert len(asked) <= 8, asked
        assert violations(cold) == []


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_no_width_scrolls_sideways(page: Any, live: str, sign_in: SignIn, alice: Person, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_vendors_in_trouble_have_room_on_a_phone(
    page: Any, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    for vendor in ("avala", "cloudfactory"):
        emulator.fault(vendor, "503", times=0)
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, alice)
    for address in ("/slices/", "/projects/", "/slices/", "/projects/", KEYS):
        page.goto(f"{live}{address}")
    expect(page.locator(".topbar").get_by_text("2 services in trouble")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_phone_menu_opens_and_closes_without_script(page: Any, live: str, sign_in: SignIn, alice: Person) -> None:
    sign_in(page, alice)
    state = page.context.storage_state()
    with page.context.browser.new_context(
        java_script_enabled=False, storage_state=state, viewport={"width": 390, "height": 844}
    ) as still:
        plain = still.new_page()
        plain.goto(f"{live}{KEYS}")
        slices = plain.get_by_role("link", name="Slices")
        expect(slices).to_be_hidden()
        plain.get_by_role("button", name="Menu").click()
        expect(slices).to_be_visible()
        plain.keyboard.press("Escape")
        expect(slices).to_be_hidden()


def test_the_password_can_be_shown_and_hidden_again(page: Any, live: str, complaints: list[str]) -> None:
    page.goto(f"{live}/account/login/")
    field = page.locator("input[name=password]")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name="Hide").wait_for()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide").click()
    page.get_by_role("button", name="Show").wait_for()
    expect(field).to_have_attribute("type", "password")


def test_menus_close_by_escape_with_the_focus_back_on_them(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    page.locator(".person").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator(".person")).to_be_focused()


def test_single_keys_work_only_where_nobody_types(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("n?")
    expect(page.locator("[data-search]")).to_have_value("n?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.locator("#shortcuts").wait_for()


def test_what_is_typed_right_after_the_search_key_goes_into_the_search(
    page: Any, live: str, sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    with held(page, "**/shortcuts.js"):
        page.keyboard.type("/night")
        expect(page.locator("[data-search]")).to_have_value("night")
    assert page.url == f"{live}/slices/"


def test_the_list_of_keys_closes_by_a_press_beside_it(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    page.keyboard.press("?")
    page.locator("#shortcuts").wait_for()
    page.mouse.click(5, 5)
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_single_keys_can_be_turned_off_and_their_list_is_still_found(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/profile/")
    page.get_by_label("Single keys are shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    page.keyboard.press("n")
    page.keyboard.press("?")
    page.locator(".person").click()
    assert not page.locator("#shortcuts").is_visible()
    page.get_by_role("button", name="Keys").click()
    page.get_by_text("You turned single letters off.").wait_for()


def test_an_error_of_an_htmx_request_becomes_one_notice_that_can_be_dismissed(
    page: Any, live: str, sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    for _ in range(2):
        page.evaluate("window.htmx.ajax('GET', '/nowhere/', {target: '#main'})")
        page.locator("#notices .notice").last.wait_for()
    expect(page.locator("#notices .notice")).to_have_count(1)
    page.get_by_role("button", name="Dismiss").click()
    page.locator("#notices .notice").wait_for(state="detached")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()


def test_a_slow_answer_says_so_and_keeps_the_old_content(page: Any, live: str, sign_in: SignIn, alice: Person) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    page.route("**/never/", lambda route: None)
    page.evaluate("void window.htmx.ajax('GET', '/never/', {target: '#main'})")
    page.get_by_text("Still asking").wait_for()
    expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
    assert page.locator("h1").is_visible()


def test_a_request_given_up_before_the_words_for_it_came_leaves_nothing_busy(
    page: Any, live: str, sign_in: SignIn, alice: Person
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    page.route("**/never/", lambda route: None)
    with held(page, "**/busy.js"):
        page.evaluate("void window.htmx.ajax('GET', '/never/', {source: '#main', target: '#main'})")
        page.evaluate("window.htmx.trigger('#main', 'htmx:abort')")
    page.wait_for_timeout(1500)
    assert page.locator("#main").get_attribute("aria-busy") is None
    assert not page.get_by_text("Still asking").is_visible()


def test_staying_signed_in_can_be_pressed_again_when_the_console_did_not_answer(
    page: Any, live: str, sign_in: SignIn, alice: Person, settings: Any
) -> None:
    settings.SESSION_IDLE = 240
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    page.route("**/stay/", lambda route: route.abort())
    page.get_by_role("button", name="Stay signed in").click()
    page.get_by_text("The console did not answer.").wait_for()
    page.unroute("**/stay/")
    page.get_by_role("button", name="Stay signed in").click()
    page.get_by_text("You will be signed out soon.").wait_for(state="detached")


def test_a_session_about_to_end_says_so_and_can_be_kept(
    page: Any, live: str, complaints: list[str], sign_in: SignIn, alice: Person, settings: Any
) -> None:
    settings.SESSION_IDLE = 240
    sign_in(page, alice)
    page.goto(f"{live}{KEYS}")
    page.get_by_role("button", name="Stay signed in").click()
    page.get_by_text("You will be signed out soon.").wait_for(state="detached")
    expect(page.locator("#live")).to_have_text("You stay signed in")


def test_a_picture_that_does_not_come_becomes_a_quiet_tile(
    page: Any, live: str, sign_in: SignIn, alice: Person
) -> None:
    page.route("**/thumbnails/**", lambda route: route.abort())
    sign_in(page, alice)
    page.goto(f"{live}/slices/")
    page.get_by_text("The picture could not be shown").first.wait_for()
    expect(page.locator("img[data-picture]:visible")).to_have_count(0)
