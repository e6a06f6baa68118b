"""The board in a browser: every way of moving sends the same order, once; what fails leaves everything as it was."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from accounts.models import Person
from console.batches import order_diff
from console.batches.order import number_afresh
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import NAPLES_NIGHT, OPEN, ORDER, OVERLAPPING, SECOND, START, TURIN_NIGHT, WORN
from tests.waiting import held

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]

NEW_ORDER = boards.arranged(boards.moved(OPEN, WORN, 1))
SENTENCE = "Worn edges 4th to 1st; three batches move down one"
# All eight are in sight, so that a row can be put before any other.
BOARD = f"{ORDER}?finished=show"
PATIENT = 30_000


@pytest.fixture
def board(page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running) -> Page:
    sign_in(page, alice)
    page.goto(live + BOARD)
    expect(handle(page, WORN)).to_be_visible()
    emulator.forget_requests()
    return page


@pytest.fixture
def finger(browser: Browser, live: str, sign_in: SignIn, alice: Person, emulator: Running) -> Iterator[Page]:
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, alice)
    page.goto(live + BOARD)
    expect(handle(page, WORN)).to_be_visible()
    emulator.forget_requests()
    yield page
    context.close()


def row(page: Page, batch: int) -> Locator:
    return page.locator(f"#row-{batch}")


def handle(page: Page, batch: int) -> Locator:
    return row(page, batch).locator("[data-handle]")


def ids_on_page(page: Page) -> list[int]:
    return [
        int(value) for value in page.eval_on_selector_all("#order-rows > li", "rows => rows.map(r => r.dataset.id)")
    ]


def press(page: Page, batch: int, how: str) -> None:
    row(page, batch).locator(f"[data-move={how}]").click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save order").click()
    expect(page.locator("#order-last")).to_contain_text("The order is saved.", timeout=PATIENT)


def drag(page: Page, batch: int, before: int) -> None:
    grip, target = handle(page, batch).bounding_box(), row(page, before).bounding_box()
    assert grip is not None
    assert target is not None
    x = grip["x"] + grip["width"] / 2
    page.mouse.move(x, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(x, grip["y"] - 20, steps=5)
    page.mouse.move(x, target["y"] + 5, steps=12)
    expect(page.locator("#order-rows > li").first).to_have_attribute("data-id", str(batch))
    page.mouse.up()


def swipe(page: Page, batch: int, before: int) -> None:
    row(page, before).evaluate("row => row.scrollIntoView()")
    grip, target = handle(page, batch).bounding_box(), row(page, before).bounding_box()
    assert grip is not None
    assert target is not None
    session = page.context.new_cdp_session(page)
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2

    def touch(kind: str, *points: float) -> None:
        points_touched = [{"x": x, "y": point} for point in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points_touched})

    touch("touchStart", y)
    expect(page.locator(".sortable-chosen")).to_have_count(1)
    for step in range(1, 13):
        touch("touchMove", y + (target["y"] + 5 - y) * step / 12)
    expect(page.locator("#order-rows > li").first).to_have_attribute("data-id", str(batch))
    touch("touchEnd")


def by_keys(page: Page) -> None:
    handle(page, WORN).focus()
    for key in ("Space", "ArrowUp", "ArrowUp", "ArrowUp", "Space"):
        page.keyboard.press(key)


def by_position(page: Page) -> None:
    press(page, WORN, "to")
    page.get_by_label("Position, from 1").fill("1")
    page.keyboard.press("Enter")


def by_steps(page: Page) -> None:
    for _ in range(3):
        press(page, WORN, "up")


WAYS: dict[str, Callable[[Page], None]] = {
    "drag": lambda page: drag(page, WORN, START[0]),
    "up": by_steps,
    "top": lambda page: press(page, WORN, "top"),
    "keys": by_keys,
    "position": by_position,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_of_moving_sends_the_same_order_once(
    board: Page, emulator: Running, complaints: list[str], way: Callable[[Page], None]
) -> None:
    way(board)
    expect(board.locator("[data-sentence]")).to_have_text(SENTENCE)
    expect(board.locator("#live")).to_contain_text("Worn edges", use_inner_text=True)
    save(board)
    assert boards.saves(emulator) == [boards.spaced(NEW_ORDER)]
    assert ids_on_page(board) == NEW_ORDER


def test_a_finger_drags_as_well(finger: Page, emulator: Running) -> None:
    swipe(finger, WORN, START[0])
    expect(finger.locator("[data-sentence]")).to_have_text(SENTENCE)
    save(finger)
    assert boards.saves(emulator) == [boards.spaced(NEW_ORDER)]


def test_without_script_number_boxes_do_the_same(
    browser: Browser, live: str, sign_in: SignIn, alice: Person, emulator: Running
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, alice)
    page.goto(live + BOARD)
    assert page.locator("[data-handle]").count() == 0
    page.get_by_label("Place of Worn edges").fill("1")
    page.get_by_role("button", name="Save order").click()
    expect(page.get_by_text("The order is saved.")).to_be_visible()
    assert boards.saves(emulator) == [boards.spaced(NEW_ORDER)]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The order is as it was before.")).to_be_visible()
    assert boards.held_order(emulator) == START
    context.close()


def test_where_a_row_is_now_is_said_and_the_focus_stays_on_it(board: Page, complaints: list[str]) -> None:
    press(board, NAPLES_NIGHT, "up")
    expect(board.locator("#live")).to_have_text("Naples, night shift, now 2 of 6")
    expect(row(board, NAPLES_NIGHT).locator("[data-move=up]")).to_be_focused()
    drag(board, SECOND, START[0])
    expect(handle(board, SECOND)).to_be_focused()
    expect(board.locator("#live")).to_have_text("Second pass, now 1 of 6")


def test_escape_puts_back_what_was_picked_up(board: Page, complaints: list[str]) -> None:
    handle(board, WORN).focus()
    board.keyboard.press("Space")
    expect(handle(board, WORN)).to_have_attribute("aria-pressed", "true")
    board.keyboard.press("Home")
    assert ids_on_page(board)[:2] == [START[0], WORN]
    board.keyboard.press("Escape")
    assert ids_on_page(board) == START
    expect(handle(board, WORN)).to_be_focused()
    expect(handle(board, WORN)).to_have_attribute("aria-pressed", "false")
    expect(board.locator("[data-bar]")).to_be_hidden()


def test_arrows_go_from_handle_to_handle(board: Page) -> None:
    handle(board, OPEN[4]).focus()
    board.keyboard.press("ArrowDown")
    expect(handle(board, OPEN[5])).to_be_focused()
    assert ids_on_page(board) == START


def test_several_rows_move_together(board: Page, emulator: Running, complaints: list[str]) -> None:
    for batch in (WORN, SECOND):
        row(board, batch).locator("[data-pick]").check()
    expect(board.locator("[data-selected-words]")).to_have_text("2 selected")
    board.get_by_role("button", name="To the top", exact=True).click()
    rest = [one for one in OPEN if one not in (WORN, SECOND)]
    assert ids_on_page(board) == boards.arranged([WORN, SECOND, *rest])
    drag_together = handle(board, WORN)
    drag_together.focus()
    for key in ("Space", "ArrowDown", "Space"):
        board.keyboard.press(key)
    expect(board.locator("#live")).to_have_text("Dropped: 2 batches, now 2 of 6")
    save(board)
    assert boards.saves(emulator) == [boards.spaced(boards.arranged([rest[0], WORN, SECOND, *rest[1:]]))]


def test_dragging_one_of_several_takes_the_others_along(board: Page) -> None:
    for batch in (NAPLES_NIGHT, OVERLAPPING):
        row(board, batch).locator("[data-pick]").check()
    drag(board, OVERLAPPING, START[0])
    rest = [one for one in OPEN if one not in (NAPLES_NIGHT, OVERLAPPING)]
    expect(board.locator("#live")).to_contain_text("2 batches")
    assert ids_on_page(board) == boards.arranged([NAPLES_NIGHT, OVERLAPPING, *rest])


def test_discard_brings_the_old_order_back_and_leaving_is_free(board: Page, live: str) -> None:
    press(board, WORN, "top")
    board.get_by_role("button", name="Discard").click()
    assert ids_on_page(board) == START
    expect(board.locator("[data-bar]")).to_be_hidden()
    dialogs: list[str] = []
    board.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    board.goto(f"{live}/projects/")
    assert dialogs == []


def test_leaving_with_an_unsaved_order_warns(board: Page, live: str) -> None:
    press(board, WORN, "top")
    expect(board.locator("[data-bar]")).to_be_visible()
    dialogs: list[str] = []
    board.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    board.goto(f"{live}/projects/")
    assert dialogs == ["beforeunload"]


def test_filtering_turns_dragging_off_and_says_why(board: Page, complaints: list[str]) -> None:
    board.get_by_label("Find a batch by name or id").fill("naples")
    expect(row(board, WORN)).to_be_hidden()
    expect(board.locator("[data-filter-note]")).to_contain_text("Dragging and single steps are off while you filter")
    press(board, NAPLES_NIGHT, "up")
    handle(board, NAPLES_NIGHT).focus()
    board.keyboard.press("Space")
    board.keyboard.press("ArrowUp")
    assert ids_on_page(board) == START
    press(board, NAPLES_NIGHT, "top")
    assert ids_on_page(board)[:2] == [START[0], NAPLES_NIGHT]
    board.get_by_label("Find a batch by name or id").fill("")
    expect(row(board, WORN)).to_be_visible()


def test_what_is_looked_for_is_found_among_the_finished_too(board: Page, complaints: list[str]) -> None:
    board.get_by_role("link", name="Fold 2 finished").click()
    expect(row(board, START[0])).to_be_hidden()
    board.get_by_label("Find a batch by name or id").fill("turin")
    expect(board.locator("[data-filter-note]")).to_contain_text("2 of 8 shown")
    expect(board.locator("#order-rows > li:visible")).to_have_count(2)


def test_who_may_not_change_the_order_can_still_look_something_up(
    page: Page, live: str, sign_in: SignIn, bob: Person, complaints: list[str]
) -> None:
    sign_in(page, bob)
    page.goto(live + ORDER)
    page.get_by_label("Find a batch by name or id").fill("turin")
    expect(page.locator("#order-rows > li:visible")).to_have_count(2)
    expect(page.locator("[data-filter-note]")).to_have_text("2 of 8 shown. ")
    expect(page.locator("[data-handle]")).to_have_count(0)


def test_finished_ones_fold_away_without_asking_the_server(board: Page, emulator: Running) -> None:
    board.get_by_role("link", name="Fold 2 finished").click()
    expect(row(board, START[0])).to_be_hidden()
    press(board, NAPLES_NIGHT, "top")
    assert ids_on_page(board)[:3] == [START[0], NAPLES_NIGHT, TURIN_NIGHT]
    expect(row(board, NAPLES_NIGHT).locator(".row-rank")).to_have_text("1")
    assert emulator.requests("cloudfactory") == []


@pytest.mark.parametrize("fault", ["503", "reset", "garbage", "drop-after", "403"])
def test_an_error_on_saving_leaves_rows_focus_and_the_unsaved_order(board: Page, emulator: Running, fault: str) -> None:
    press(board, WORN, "top")
    board.locator("#order-note").fill("for Friday")
    emulator.fault("cloudfactory", fault, method="PUT")
    before = board.locator("#order-rows").evaluate("list => list.innerHTML")
    button = board.get_by_role("button", name="Save order")
    button.focus()
    board.keyboard.press("Enter")
    notice = board.locator("#notices [data-notice]")
    expect(notice).to_contain_text("Nothing was changed" if fault == "403" else "We don't know whether the order of")
    assert board.locator("#order-rows").evaluate("list => list.innerHTML") == before
    expect(button).to_be_focused()
    expect(board.locator("[data-bar]")).to_be_visible()
    expect(board.locator("#order-note")).to_have_value("for Friday")
    expect(board.locator("#order-form")).to_have_attribute("data-unsaved", "yes")
    assert len(boards.saves(emulator)) == 1


def test_looking_a_batch_up_sends_nothing_and_leaves_nothing_unsaved(board: Page, live: str) -> None:
    posts: list[str] = []
    board.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    field = board.get_by_label("Find a batch by name or id")
    with held(board, "**/reorder.js"):
        board.goto(f"{live}{ORDER}?finished=show", wait_until="domcontentloaded")
        field.press_sequentially("worn")
        field.press("Enter")
    expect(board.locator("#order-filter-note")).to_contain_text("1 of 8 shown")
    expect(board.locator("#order-form")).not_to_have_attribute("data-unsaved", "yes")
    assert posts == []


def test_a_refused_save_can_be_pressed_again(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    emulator.fault("cloudfactory", "403", method="PUT")
    board.get_by_role("button", name="Save order").click()
    expect(board.locator("#notices [data-notice]")).to_contain_text("Nothing was changed")
    save(board)
    assert boards.held_order(emulator) == NEW_ORDER


def refuse_once(page: Page, emulator: Running, press_it: Callable[[], None]) -> None:
    """The vendor refuses a press, which is then pressed again."""
    emulator.fault("cloudfactory", "403", method="PUT")
    press_it()
    expect(page.locator("#notices [data-notice]")).to_contain_text("Nothing was changed.")
    press_it()


def test_a_refused_undo_can_be_pressed_again(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    save(board)
    refuse_once(board, emulator, board.get_by_role("button", name="Undo").click)
    expect(board.locator("#order-last")).to_contain_text("The order is as it was before.")
    assert boards.held_order(emulator) == START


def test_a_refused_choice_can_be_pressed_again(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    emulator.act("reorder", order=boards.moved(START, SECOND, 1))
    board.get_by_role("button", name="Save order").click()
    refuse_once(board, emulator, board.get_by_role("button", name="Save merged").click)
    expect(board.locator("#order-last")).to_contain_text("The order is saved.")
    theirs = boards.moved(START, SECOND, 1)
    assert boards.held_order(emulator) == [WORN, START[0], SECOND, *(one for one in theirs[2:] if one != WORN)]


def test_a_rejected_key_can_be_replaced_from_the_notice(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    emulator.fault("cloudfactory", "401", method="PUT")
    board.get_by_role("button", name="Save order").click()
    mend = board.locator("#notices").get_by_role("link", name="Replace the key")
    expect(mend).to_have_attribute("href", re.compile(rf"^/keys/\?next={ORDER.replace('/', '%2F')}(%3Ftyped%3D|$)"))


def test_what_is_not_known_is_checked_from_the_notice(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    emulator.fault("cloudfactory", "drop-after", method="PUT")
    board.get_by_role("button", name="Save order").click()
    board.locator("#notices").get_by_role("button", name="Check now").click()
    expect(board.locator("#order-last")).to_contain_text("The order was saved after all")
    expect(board.locator("#notices [data-notice]")).to_have_count(0)
    assert ids_on_page(board) == NEW_ORDER
    assert len(boards.saves(emulator)) == 1


def test_a_check_that_finds_nothing_leaves_the_unsaved_order(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    emulator.fault("cloudfactory", "503", method="PUT")
    board.get_by_role("button", name="Save order").click()
    board.locator("#notices").get_by_role("button", name="Check now").click()
    expect(board.locator("#notices")).to_contain_text("Still as before.")
    assert ids_on_page(board) == NEW_ORDER
    expect(board.locator("[data-bar]")).to_be_visible()


def test_ten_presses_on_a_slow_day_are_one_call(board: Page, emulator: Running) -> None:
    press(board, WORN, "top")
    emulator.fault("cloudfactory", "slow-1", method="PUT")
    board.evaluate("for (let press = 0; press < 10; press += 1) document.querySelector('[data-save]').click()")
    expect(board.locator("#order-last")).to_contain_text("The order is saved.")
    assert len(boards.saves(emulator)) == 1


def test_undo_right_away(board: Page, emulator: Running, complaints: list[str]) -> None:
    press(board, WORN, "top")
    save(board)
    board.get_by_role("button", name="Undo").click()
    expect(board.locator("#order-last")).to_contain_text("The order is as it was before.")
    assert ids_on_page(board) == START
    assert boards.held_order(emulator) == START


def test_two_people_meet_and_nothing_is_lost(
    board: Page, browser: Browser, live: str, sign_in: SignIn, erin: Person, emulator: Running
) -> None:
    other: BrowserContext = browser.new_context()
    theirs = other.new_page()
    sign_in(theirs, erin)
    theirs.goto(live + BOARD)
    expect(handle(theirs, SECOND)).to_be_visible()
    press(board, WORN, "top")
    press(theirs, SECOND, "top")
    save(theirs)
    other.close()
    board.get_by_role("button", name="Save order").click()
    expect(board.get_by_role("heading", name="The order was changed while you were working")).to_be_focused()
    expect(board.locator("#order-board")).to_contain_text("Erin")
    for title in ("Yours", "Theirs", "Merged"):
        expect(board.get_by_role("heading", name=title, exact=True)).to_be_visible()
    board.get_by_role("button", name="Save merged").click()
    expect(board.locator("#order-last")).to_contain_text("The order is saved.")
    rest = [one for one in OPEN if one not in (WORN, SECOND)]
    assert boards.held_order(emulator) == boards.arranged([WORN, SECOND, *rest])
    assert len(boards.saves(emulator)) == 2


def test_the_browser_and_the_history_word_a_change_alike(board: Page, emulator: Running) -> None:
    script = """async ([base, now, names]) => {
      const { sentence } = await import("/static/js/reorder-words.js");
      return sentence(base, now, (id) => names[id]).pieces.map((one) => one.name ?? one).join("");
    }"""
    names = {number: f"B{number}" for number in range(1, 31)}
    base = list(range(1, 31))
    for now in (
        [7, 1, 2, 3, 4, 5, 6, *range(8, 31)],
        [*range(2, 31), 1],
        [2, 1, *range(3, 31)],
        [9, 10, *range(1, 9), *range(11, 31)],
        base[::-1],
        [30, *range(2, 30), 1],
        [4, 5, 3, 1, 2, *range(6, 31)],
        [3, 2, 1, *range(4, 31)],
    ):
        answer = board.evaluate(script, [base, now, names])
        before, after = number_afresh(base, high_first=True), number_afresh(now, high_first=True)
        assert answer == order_diff.difference(before, after, names).text


def wait_for_text(page: Page, selector: str, text: str) -> None:
    """Among two thousand rows. `expect` would describe the whole page at each try, which takes it many seconds."""
    end = time.monotonic() + PATIENT / 1000
    while text not in (page.evaluate("selector => document.querySelector(selector)?.textContent", selector) or ""):
        assert time.monotonic() < end, f"{text!r} never came"
        page.wait_for_timeout(100)


def test_among_two_thousand_a_far_move_needs_no_dragging(
    page: Page, live: str, sign_in: SignIn, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}/projects/{boards.ARCHIVE}/batches/order/?finished=show")
    page.wait_for_selector("#order-rows > li:first-child [data-handle]", timeout=PATIENT)
    assert page.locator("#order-rows > li").count() == 2000
    batch = int(page.locator("#order-rows > li:not(.is-finished)").first.get_attribute("data-id") or 0)
    total = page.locator("#order-rows > li:not(.is-finished)").count()
    press(page, batch, "to")
    page.locator("#order-to-place").fill(f"{total - 10}")
    page.keyboard.press("Enter")
    wait_for_text(page, "#live", f"now {total - 10:,} of {total:,}")
    assert page.evaluate("document.activeElement.closest('.row').dataset.id") == str(batch)
    assert row(page, batch).evaluate("row => row.getBoundingClientRect().bottom <= innerHeight")
    place = ids_on_page(page).index(batch)
    page.locator("[data-save]").click()
    wait_for_text(page, "#order-last", "The order is saved.")
    assert boards.held_order(emulator, boards.ARCHIVE)[place] == batch
