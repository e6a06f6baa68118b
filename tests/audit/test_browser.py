"""The audit in a real browser: expanding, searching as one types, Back, without script, and for every eye."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.audit import record
from tests.audit.signaling import figures, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[Any, Person], None]


@pytest.fixture
def rows(dana: Person) -> None:
    with record.audited_call(
        actor=dana,
        action="order.save",
        thing_kind="project",
        thing_name="Dashcam",
        note="Night first",
        detail={"before": ["Rain", "Night"], "after": ["Night", "Rain"], "summary": "Night 2nd to 1st"},
    ):
        pass
    with pytest.raises(TimeoutError), record.audited_call(actor=dana, action="slice.create", thing_name="Tunnel"):
        raise TimeoutError


def test_details_open_in_place(
    rows: None, dana: Person, page: Page, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    sign_in(page, dana)
    page.goto(f"{live}/audit/")
    row = page.get_by_role("row").filter(has_text="changed the order of Dashcam")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_role("columnheader", name="Before")).to_be_visible()
    expect(row.get_by_role("link", name="Link to this entry")).to_be_visible()


def test_searching_as_one_types_keeps_the_focus_and_the_address(
    rows: None, dana: Person, page: Page, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    sign_in(page, dana)
    page.goto(f"{live}/audit/")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("tunnel")
    expect(page.get_by_text("changed the order of")).to_have_count(0)
    expect(page).to_have_url(f"{live}/audit/?q=tunnel")
    expect(page.get_by_label("Search")).to_be_focused()
    expect(page.locator("#live")).to_have_text("1 entry shown")
    page.get_by_role("link", name="Unresolved").click()
    expect(page).to_have_url(f"{live}/audit/?q=tunnel&outcome=unknown")
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("tunnel")
    expect(page.locator("#audit-list")).to_contain_text("tried to create the slice Tunnel")


def test_a_search_sent_by_the_enter_key_stops_saying_that_it_asks(
    rows: None, dana: Person, page: Page, live: str, sign_in: SignIn
) -> None:
    """The key is a change and a submit in one: the second request replaces the first before it is under way."""
    sign_in(page, dana)
    page.clock.install()
    page.goto(f"{live}/audit/")
    page.keyboard.press("/")
    page.keyboard.type("tunnel")
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text("1 entry shown")
    page.clock.fast_forward(2_000)
    expect(page.locator("#audit-list")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#busy")).to_have_text("")


def test_the_ready_views_are_whole_on_a_phone(
    rows: None, dana: Person, page: Page, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, dana)
    page.goto(f"{live}/audit/")
    views = page.get_by_role("navigation", name="Ready views")
    assert views.evaluate("(views) => views.scrollWidth - views.clientWidth") == 0


def test_the_note_is_copied_as_text(
    rows: None, dana: Person, page: Page, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, dana)
    page.goto(f"{live}/audit/handover/")
    page.get_by_role("button", name="Copy as text").click()
    expect(page.locator("#live")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Dana changed the order of Dashcam: Night 2nd to 1st" in copied
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", copied)


def test_without_script_everything_can_be_read_and_closed(
    rows: None, dana: Person, browser: Any, live: str, sign_in: SignIn
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, dana)
    page.goto(f"{live}/audit/")
    page.get_by_label("Outcome").select_option("unknown")
    page.get_by_role("button", name="Show", exact=True).click()
    row = page.get_by_role("row").filter(has_text="Tunnel")
    row.locator("summary").click()
    row.get_by_role("link", name="Open this entry").click()
    page.get_by_label("It was not done").check()
    page.get_by_label("How you know").fill("It is not in the list")
    page.get_by_role("button", name="Close this entry").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("but it failed")
    page.context.close()


def test_an_act_of_several_entries_opens_into_its_parts_by_keyboard(
    dana: Person, page: Page, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    send(dana, "done", ("done", figures(88, 12)), "done")
    sign_in(page, dana)
    page.goto(f"{live}/audit/")
    row = page.get_by_role("row").filter(has_text="reopened 288 of 300 work items of Dashcam Q3 (12 refused)")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_text("reopened 88 of 100 work items")).to_be_visible()
    row.get_by_role("link", name="Link to this act").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("reopened 288 of 300 work items")
    page.get_by_role("link", name="view this part").nth(1).click()
    page.get_by_role("link", name="reopened 288 of 300 work items").click()
    expect(page.get_by_role("heading", name="3 parts")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(
    rows: None, dana: Person, page: Page, live: str, sign_in: SignIn, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, dana)
    page.goto(f"{live}/audit/?q=tunnel")
    entry = str(page.locator("details[hx-get]").first.get_attribute("hx-get"))
    act = f"/audit/acts/{send(dana, 'done', ('unknown', figures(90, 4, 6)), reason='Wrong')}/"
    for address in (act, "/audit/", "/audit/?since=2026-01-01&until=2026-01-02", "/audit/handover/", entry):
        page.goto(f"{live}{address}")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"


def test_a_day_is_typed_or_chosen_in_the_browsers_calendar(
    page: Any, live: str, alice: Person, sign_in: SignIn
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/audit/")
    page.get_by_label("From").fill("3 No")
    page.keyboard.press("Enter")
    page.get_by_text("Write the day like this: 3 Nov 2026.").wait_for()
    page.get_by_role("button", name="Choose in a calendar").first.click()
    calendar = page.locator("#id_since ~ input[type=date]")
    page.wait_for_function("() => document.querySelector('#id_since ~ input').onchange")  # it is open
    calendar.evaluate("field => { field.value = '2026-11-05'; field.dispatchEvent(new Event('change')); }")
    expect(page.get_by_label("From")).to_have_value("5 Nov 2026")
    page.get_by_text("From 5 Nov 2026.").wait_for()
