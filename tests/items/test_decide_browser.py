"""Deciding by keyboard, the countdown with its undo, and what the strip says once it was sent."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import Decision
from tests.conftest import PASSWORD
from tests.items.decision_helpers import ITEMS, PROJECT, decision_of, item_ids, press, sent_signals, work
from tests.items.test_index_browser import violations
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
SignIn = Callable[[Any, Person], None]
State = Decision.State
LISTEN = """() => {
  window.heard = [];
  const listen = ({ type, detail }) => window.heard.push([type, detail.item, detail.decision]);
  for (const name of ['item-decided', 'item-taken-back']) document.body.addEventListener(name, listen);
}"""


PRESS_WHEN_SEEN = """([selector, key]) => {
  window.isSamePage = true;
  new MutationObserver((changes, observer) => {
    if (!document.querySelector(selector)) return;
    observer.disconnect();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }).observe(document.getElementById("decisions"), { childList: true });
}"""


def open_item(page: Page, live: str, item: str) -> None:
    page.goto(f"{live}{ITEMS}{item}/")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_approving_taking_back_and_sending_back_by_keyboard(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running, complaints: list[str]
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.evaluate(LISTEN)
    page.keyboard.press("a")
    strip = page.locator("#decisions [data-decision]")
    expect(strip).to_contain_text("Approving")
    expect(page.locator("#live")).to_contain_text("Press u to undo.")
    page.keyboard.press("u")
    expect(strip).to_contain_text("Undone")
    first = decision_of(item)
    assert first.state == State.TAKEN_BACK
    page.keyboard.press("s")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Reason", exact=True)).to_be_hidden()
    page.keyboard.press("s")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Say why you are sending it back.")).to_be_visible()
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.type("as usual, Wrong class")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#decisions [data-waiting]")).to_contain_text("Sending back")
    second = decision_of(item)
    expected = [["item-decided", first], ["item-taken-back", first], ["item-decided", second]]
    # The strip stands in the page before it is spoken of.
    page.wait_for_function("number => window.heard.length >= number", arg=len(expected))
    assert page.evaluate("window.heard") == [[name, item, str(one.pk)] for name, one in expected]
    work()
    expect(page.locator("#decisions")).to_contain_text("CloudFactory shows it as “In progress” now.")
    expect(page.locator(".page-subheading")).to_have_text("In progress")
    expect(page.locator("[data-decide]")).to_contain_text("Unlikely: the item is “In progress”.")
    assert [body["reason"] for body in sent_signals(emulator)] == ["as usual, Wrong class"]
    # Chromium reports each 422 by itself.
    complaints[:] = [one for one in complaints if "422" not in one]


def test_a_strip_works_from_the_moment_it_is_seen(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.evaluate(PRESS_WHEN_SEEN, ["[data-waiting]", "u"])
    page.keyboard.press("a")
    expect(page.locator("#decisions")).to_contain_text("Nothing was sent.")
    assert page.evaluate("window.isSamePage") is True


def test_a_form_opened_when_the_strip_is_seen_stays_open(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.keyboard.press("a")
    expect(page.locator("#live")).to_contain_text("Press u to undo.")
    page.evaluate(LISTEN)
    page.evaluate(PRESS_WHEN_SEEN, ["[data-decision]:not([data-waiting])", "s"])
    page.keyboard.press("u")
    page.wait_for_function("() => window.heard.length === 1")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.type("Wrong class")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#decisions [data-waiting]")).to_contain_text("Sending back")


def test_a_key_that_is_held_down_decides_once(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    for _ in range(5):
        page.keyboard.down("a")
    page.keyboard.up("a")
    expect(page.locator("#live")).to_contain_text("Press u to undo.")
    expect(page.locator("#decisions [data-decision]")).to_have_count(1)
    assert Decision.objects.count() == 1
    page.keyboard.press("a")
    expect(page.get_by_text("You already decided on this item")).to_be_visible()
    assert Decision.objects.count() == 1


def test_a_second_tab_shows_the_decision_that_comes_first_and_can_undo_it(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_GRACE = 60
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    other = page.context.new_page()
    open_item(other, live, item)
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_be_visible()
    other.keyboard.press("a")
    expect(other.get_by_text("You already decided on this item")).to_be_visible()
    expect(other.locator("#decisions [data-waiting]")).to_contain_text("Approving")
    other.keyboard.press("u")
    expect(other.locator("#decisions [data-decision]")).to_contain_text("Undone")
    assert decision_of(item).state == State.TAKEN_BACK


def test_a_printed_item_has_its_picture_and_facts_and_no_controls(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="About this item")).to_be_visible()
    expect(page.get_by_text("Tells CloudFactory").first).to_be_hidden()
    expect(page.get_by_role("group", name="View")).to_be_hidden()
    page.goto(f"{live}{ITEMS}")
    expect(page.get_by_role("region", name="Work items found")).to_be_visible()
    expect(page.get_by_role("search", name="Work items")).to_be_hidden()


def test_the_countdown_leaves_the_item_s_name_as_it_is(
    page: Page, live: str, sign_in: SignIn, bob: Person, client_as: Any, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_GRACE = 60
    [item] = item_ids(bob)
    press(client_as(bob), item)
    Decision.objects.update(item_name="in 3 s.jpg")
    sign_in(page, bob)
    open_item(page, live, item)
    title = page.locator("#decisions [data-waiting] .notice-title")
    expect(title).not_to_have_text(title.inner_text())
    expect(title).to_have_text(re.compile(r"Approving “in 3 s\.jpg” in \d\d s"))


def test_a_reason_to_choose_from_fills_the_field(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.get_by_text("Send back…").click()
    page.get_by_role("button", name="Wrong class").click()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("Wrong class")
    page.keyboard.press("Enter")
    until(lambda: Decision.objects.filter(reason="Wrong class").exists())


def test_closing_the_page_sends_it_all_the_same(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_be_visible()
    page.goto("about:blank")
    work()
    assert len(sent_signals(emulator, item)) == 1


def test_a_reload_shows_what_still_waits_and_undo_works_there(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_be_visible()
    page.reload()
    expect(page.locator("#decisions [data-waiting]")).to_contain_text("Approving")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#decisions")).to_contain_text("Nothing was sent.")


def test_an_outcome_nobody_knows_is_said_with_a_way_to_find_out(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    emulator.fault("cloudfactory", "503", method="PUT")
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_be_visible()
    work()
    expect(page.locator("#decisions")).to_contain_text("We don't know whether the work item")
    expect(page.locator("#decisions").get_by_role("button", name="Check now")).to_be_visible()
    expect(page.locator("#decisions").get_by_role("link", name="View the audit entry")).to_be_visible()


def test_a_strip_is_not_replaced_while_the_focus_moves_inside_it(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    sign_in(page, bob)
    open_item(page, live, item)
    emulator.fault("cloudfactory", "503", method="PUT")
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_be_visible()
    work()
    strip = page.locator("#decisions [data-decision]")
    strip.get_by_role("button", name="Check now").focus()
    strip.evaluate("(strip) => window.htmx.trigger(strip, 'again')")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    strip.get_by_role("link", name="View the audit entry").focus()
    page.evaluate("fetch('/livez')")
    assert not [address for address in requests if "/decisions/" in address]
    with page.expect_response(lambda answer: "/decisions/" in answer.url):
        page.locator("#main").get_by_text("Send back…").focus()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_of_it_keeps_anybody_out(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running, scheme: Any, width: int
) -> None:
    first, second = item_ids(bob, number=2)
    sign_in(page, bob)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    emulator.fault("cloudfactory", "503", method="PUT")
    open_item(page, live, first)
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_be_visible()
    assert violations(page) == []
    work()
    expect(page.locator("#decisions")).to_contain_text("We don't know")
    page.keyboard.press("a")
    expect(page.locator(".decide-refused")).to_contain_text("Nothing new was sent.")
    page.keyboard.press("s")
    page.get_by_text("Other signals…").click()
    for more in page.get_by_text("For experts").all():
        more.click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto(f"{live}{ITEMS}{second}/send-back/")
    assert violations(page) == []


def test_without_script_the_forms_ask_once_on_a_page_of_their_own(
    browser: Browser, live: str, bob: Person, emulator: Running
) -> None:
    [item] = item_ids(bob)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live}/account/login/?next={ITEMS}{item}/")
    page.get_by_label("Email").fill(bob.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("Send back…").click()
    page.get_by_label("Reason", exact=True).fill("Wrong class")
    page.get_by_role("button", name="Send back", exact=True).click()
    expect(page.get_by_text("can't be undone")).to_be_visible()
    page.get_by_role("button", name="Send back", exact=True).click()
    expect(page.get_by_text("CloudFactory shows it as “In progress” now.")).to_be_visible()
    assert [body["reason"] for body in sent_signals(emulator)] == ["Wrong class"]
    context.close()


def test_the_newest_decision_can_be_undone_in_sight_below_many_that_failed(
    page: Page, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    first, *others = item_ids(bob, number=6)
    add_failed(bob, others)
    sign_in(page, bob)
    open_item(page, live, first)
    expect(page.locator("#decisions [data-decision]").last).to_be_in_viewport(ratio=0.9)
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-decision]")).to_have_count(6)
    expect(page.locator("#decisions").get_by_role("button", name="Undo")).to_be_in_viewport()


def test_a_phone_shows_no_keys_and_keeps_most_of_its_screen_free_of_decisions_that_failed(
    browser: Browser, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    first, *others = item_ids(bob, number=6)
    add_failed(bob, others)
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, bob)
    open_item(page, live, first)
    expect(page.locator("#main kbd:visible")).to_have_count(0)
    box = page.locator("#decisions").bounding_box()
    assert box
    assert box["height"] <= 844 / 4
    context.close()


def test_without_script_no_key_is_shown_that_would_do_nothing(
    browser: Browser, live: str, sign_in: SignIn, bob: Person, emulator: Running
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, bob)
    page.goto(f"{live}{ITEMS}{item_ids(bob)[0]}/")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.locator("#main kbd:visible")).to_have_count(0)
    page.goto(f"{live}{ITEMS}review/?status=CLIENT_REVIEW")
    page.locator("#main").get_by_role("button", name="Review").click()
    expect(page.get_by_role("button", name="Skip")).to_be_visible()
    expect(page.locator("#main kbd:visible")).to_have_count(0)
    context.close()


def add_failed(person: Person, items: list[str]) -> None:
    """Decisions on these items that CloudFactory has just refused."""
    now = timezone.now()
    for item in items:
        Decision.objects.create(
            person=person,
            project=PROJECT,
            item=item,
            item_name="coins.jpg",
            action="item.approve",
            signal="complete",
            state=State.FAILED,
            message="CloudFactory refused this.",
            due_at=now,
            finished_at=now,
        )
