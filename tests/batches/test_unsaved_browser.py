"""What stands unsaved on the board is sent when Save is pressed, and by nothing else, and is lost to no answer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import FINISHED, OPEN, ORDER, SECOND, START, WORN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]

YOURS = boards.moved(OPEN, WORN, 1)
FIRST_MOVE = boards.arranged(YOURS)
BOTH_MOVES = boards.arranged(boards.moved(YOURS, SECOND, 1))
# Somebody else's order, in which the finished ones stand one place lower, and yours put back into it.
THEIRS = boards.moved(START, SECOND, 1)
PUT_BACK = [YOURS[0], FINISHED[0], *YOURS[1:], FINISHED[1]]


@pytest.fixture
def moved_once(page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running) -> Page:
    sign_in(page, alice)
    page.goto(f"{live}{ORDER}?finished=show")
    to_the_top(page, WORN)
    return page


def to_the_top(page: Page, batch: int) -> None:
    page.locator(f"#row-{batch} [data-move=top]").click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save order").click()


@pytest.mark.parametrize("fault", ["drop-after", "slow-2"])
def test_what_is_moved_before_the_end_is_known_stays_unsaved(moved_once: Page, emulator: Running, fault: str) -> None:
    page, last, sentence = moved_once, moved_once.locator("#order-last"), moved_once.locator("[data-sentence]")
    emulator.fault("cloudfactory", fault, method="PUT")
    save(page)
    check = page.locator("#notices").get_by_role("button", name="Check now")
    if fault == "drop-after":
        expect(check).to_be_visible()
    to_the_top(page, SECOND)
    if fault == "drop-after":
        check.click()
    expect(last).to_contain_text("The order")
    expect(sentence).to_have_text("Second pass 6th to 1st; five batches move down one")
    save(page)
    expect(last).to_contain_text("Second pass 6th to 1st")
    assert boards.saves(emulator) == [boards.spaced(FIRST_MOVE), boards.spaced(BOTH_MOVES)]


def test_enter_on_a_tick_box_sends_nothing(moved_once: Page, emulator: Running) -> None:
    moved_once.locator(f"#row-{SECOND} [data-pick]").focus()
    moved_once.keyboard.press("Enter")
    to_the_top(moved_once, SECOND)
    save(moved_once)
    expect(moved_once.locator("#order-last")).to_contain_text("The order is saved.")
    assert boards.saves(emulator) == [boards.spaced(BOTH_MOVES)]


def test_an_unsaved_order_outlives_a_session_that_ended(
    moved_once: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    page = moved_once
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    save(page)
    page.wait_for_url(lambda address: "/account/login" in address)
    sign_in(page, alice)
    page.goto(live + ORDER)
    expect(page.locator("[data-sentence]")).to_have_text("Worn edges 4th to 1st; three batches move down one")
    save(page)
    expect(page.locator("#order-last")).to_contain_text("The order is saved.")
    assert boards.saves(emulator) == [boards.spaced(FIRST_MOVE)]
    page.reload()
    expect(page.locator(f"#row-{WORN} [data-handle]")).to_be_visible()
    expect(page.locator("[data-bar]")).to_be_hidden()


def test_somebody_else_at_the_same_desk_does_not_find_it(
    moved_once: Page, live: str, sign_in: SignIn, erin: Person
) -> None:
    page = moved_once
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    save(page)
    page.wait_for_url(lambda address: "/account/login" in address)
    sign_in(page, erin)
    page.goto(live + ORDER)
    expect(page.locator(f"#row-{WORN} [data-handle]")).to_be_visible()
    expect(page.locator("[data-bar]")).to_be_hidden()


def test_keeping_theirs_does_not_lose_yours(moved_once: Page, emulator: Running) -> None:
    page = moved_once
    emulator.act("reorder", order=THEIRS)
    save(page)
    page.get_by_role("link", name="Keep theirs").click()
    page.get_by_role("button", name="Put mine back").click()
    save(page)
    expect(page.locator("#order-last")).to_contain_text("The order is saved.")
    assert boards.saves(emulator) == [boards.spaced(PUT_BACK)]


def test_moving_on_does_not_lose_what_is_offered_to_be_put_back(moved_once: Page, emulator: Running) -> None:
    page, offer = moved_once, moved_once.get_by_role("button", name="Put mine back")
    emulator.act("reorder", order=THEIRS)
    save(page)
    page.get_by_role("link", name="Keep theirs").click()
    expect(offer).to_be_visible()
    to_the_top(page, OPEN[2])
    expect(page.locator("[data-bar]")).to_be_visible()
    page.reload()
    expect(page.locator("#order-rows > li").first).to_have_id(f"row-{OPEN[2]}")
    expect(page.locator("[data-bar]")).to_be_visible()
    offer.click()
    save(page)
    expect(page.locator("#order-last")).to_contain_text("The order is saved.")
    assert boards.saves(emulator) == [boards.spaced(PUT_BACK)]


def test_yours_can_be_forgotten_for_good(moved_once: Page, emulator: Running) -> None:
    page = moved_once
    emulator.act("reorder", order=THEIRS)
    save(page)
    page.get_by_role("link", name="Keep theirs").click()
    page.get_by_role("button", name="Forget it").click()
    page.reload()
    expect(page.locator(f"#row-{WORN} [data-handle]")).to_be_visible()
    expect(page.get_by_role("button", name="Put mine back")).to_be_hidden()
