"""A review run in a real browser, by keyboard: each item stands ready before it is asked for."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import Decision, ReviewRun
from tests.batches.boards import COINS
from tests.items.decision_helpers import decision_of, item_ids, press, sent_signals, work
from tests.items.stages import at_rest
from tests.waiting import until
from tests.workers import Start, environment, kill, workers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[Any, Person], None]
REVIEW = f"/projects/{COINS}/items/review/?status=CLIENT_REVIEW"


@pytest.fixture
def worker(emulator: Running, audit_anchor: Path, settings: Any) -> Iterator[Start]:
    """Starts a real worker that shares the test's database, queue and vendors."""
    settings.AUDIT_GRACE, settings.AUDIT_SETTLE_SPAN = 1, 0
    with workers(environment(emulator, audit_anchor)) as begin_worker:
        yield begin_worker


def begin(page: Page, live: str) -> list[dict[str, str]]:
    """The items of a new run, the first of them on the page."""
    page.goto(f"{live}{REVIEW}")
    page.locator("#main").get_by_role("button", name="Review").click()
    expect(page.locator("[data-step]:visible > header h2")).to_be_visible()
    page.wait_for_load_state("networkidle")
    items: list[dict[str, str]] = ReviewRun.objects.get().items
    return items


def expect_item(page: Page, item: dict[str, str]) -> None:
    expect(page.locator("[data-step]:visible")).to_have_attribute("data-step", item["id"])


def pictures(emulator: Running, item: dict[str, str]) -> list[dict[str, Any]]:
    """What was asked of the file store for the item's picture."""
    return [one for one in emulator.requests("storage") if one["path"].endswith(item["name"])]


def received_requests(emulator: Running, part: str) -> list[dict[str, Any]]:
    return [one for one in emulator.requests("cloudfactory") if one["path"].endswith(part)]


def labels_asked(emulator: Running) -> set[str]:
    return {one["path"].split("/")[-2] for one in received_requests(emulator, "annotations")}


def test_the_next_item_stands_ready_and_its_picture_is_loaded_once(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    items = begin(page, live)
    until(lambda: len(pictures(emulator, items[1])) == 1)
    until(lambda: labels_asked(emulator) == {items[0]["id"], items[1]["id"]})
    page.keyboard.press("n")
    expect_item(page, items[1])
    expect(page.locator("[data-step]:visible > header h2")).to_be_focused()
    expect(page).to_have_title(f"{items[1]['name']} · Annotation Console")
    assert items[1]["id"] in page.url
    page.keyboard.press("n")
    expect_item(page, items[2])
    page.keyboard.press("ArrowLeft")
    expect_item(page, items[1])
    page.go_back()
    expect_item(page, items[2])
    names = [item["name"] for item in items[:3]]
    counts = [names.count(name) for name in names]
    until(lambda: [len(pictures(emulator, item)) for item in items[:3]] == counts)
    # Each part with labels has a call of its own for its file.
    until(lambda: len(received_requests(emulator, "signedurls")) == 1 + len(received_requests(emulator, "annotations")))
    signed = [one["body"]["paths"] for one in received_requests(emulator, "signedurls")]
    assert len([paths for paths in signed if any(items[2]["name"] in path for path in paths)]) == 1


def begin_with(page: Page, live: str, person: Person, number: int) -> list[str]:
    """A run of so many items that wait for review; their ids."""
    ids = item_ids(person, number=number)
    page.goto(f"{live}/projects/{COINS}/items/review/?ids={','.join(ids)}")
    page.locator("#main").get_by_role("button", name="Review").press("Enter")
    expect(step_of(page, ids[0])).to_be_visible()
    page.wait_for_load_state("networkidle")
    return ids


def step_of(page: Page, item: str) -> Any:
    return page.locator(f"[data-step='{item}']")


def send_back(page: Page, reason: str, note: str = "") -> None:
    page.keyboard.press("s")
    # The step that was just left keeps its fields, hidden, until its strip is here.
    expect(page.locator("[data-step]:visible").get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.type(reason)
    if note:
        page.keyboard.press("Tab")
        page.locator("[data-step]:visible").get_by_label("Note").focus()
        page.keyboard.type(note)
    page.keyboard.press("Control+Enter")


def test_five_items_by_keyboard_one_of_them_taken_back(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, worker: Any, settings: Any
) -> None:
    settings.REVIEW_GRACE = 10
    worker()
    sign_in(page, bob)
    one, two, three, four, five = begin_with(page, live, bob, 5)
    page.keyboard.press("a")
    expect(step_of(page, two)).to_be_visible()
    send_back(page, "Wrong class", "The rim is missing")
    expect(step_of(page, three)).to_be_visible()
    page.keyboard.press("a")
    expect(step_of(page, four)).to_be_visible()
    page.keyboard.press("u")
    expect(step_of(page, three)).to_be_visible()
    page.keyboard.press("n")
    expect(step_of(page, four)).to_be_visible()
    page.keyboard.press("a")
    expect(step_of(page, five)).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.press("Control+Enter")
    expect(step_of(page, five).get_by_text("Say why you are sending it back.")).to_be_visible()
    page.keyboard.type("Blurred")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review finished")
    expect(page.locator("#main")).to_contain_text("2 approved, 2 sent back, 1 skipped")
    until(lambda: len(sent_signals(emulator)) == 4 and not Decision.objects.filter(state="waiting").exists())
    review = {"signal": "complete", "taskType": "external_review"}
    approved, returned = review | {"signalOutcome": "OK"}, review | {"signalOutcome": "NOT_OK"}
    comment = {"feedback": {"comment": "The rim is missing"}}
    assert {item: sent_signals(emulator, item) for item in (one, two, three, four, five)} == {
        one: [approved],
        two: [returned | comment | {"reason": "Wrong class"}],
        three: [],
        four: [approved],
        five: [returned | {"reason": "Blurred"}],
    }
    for item, at in signals(emulator):
        assert at >= decision_of(item).created_at + timedelta(seconds=10)
    page.get_by_role("link", name="Back to the list").press("Enter")
    expect(page).to_have_url(re.compile(rf"/items/\?ids={one}"))


def signals(emulator: Running) -> list[tuple[str, datetime]]:
    """The items that were sent a signal, and when it arrived."""
    arrived = [one for one in emulator.requests("cloudfactory") if one["method"] == "PUT"]
    return [(one["path"].split("/")[-2], datetime.fromisoformat(one["at"])) for one in arrived]


def test_a_worker_killed_in_between_sends_each_decision_once(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, worker: Any, settings: Any
) -> None:
    settings.REVIEW_GRACE = 1
    sign_in(page, bob)
    ids = begin_with(page, live, bob, 5)
    emulator.fault("cloudfactory", "slow-8", method="PUT", path=f"{ids[1]}/signals")
    first = worker()
    for item in ids[1:]:
        page.keyboard.press("a")
        expect(step_of(page, item)).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review finished")
    until(lambda: sent_signals(emulator, ids[1]))
    kill(first)
    worker()
    until(lambda: Decision.objects.filter(state="sent").count() == 4)
    assert [len(sent_signals(emulator, item)) for item in ids] == [1, 1, 1, 1, 0]


def test_undo_pressed_at_once_takes_back_what_was_just_decided(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running
) -> None:
    sign_in(page, bob)
    one, two, three = begin_with(page, live, bob, 3)
    page.keyboard.press("a")
    expect(page.locator("#decisions [data-waiting]")).to_have_count(1)
    emulator.fault("cloudfactory", "slow-2", method="GET", path="workItems")
    page.keyboard.press("a")
    page.keyboard.press("u")
    expect(page.locator("#decisions [data-decision]:not([data-waiting])")).to_have_count(1)
    expect(step_of(page, two)).to_be_visible()
    assert decision_of(two).state == "taken back"
    assert decision_of(one).state == "waiting"
    page.keyboard.press("a")
    expect(step_of(page, three)).to_be_visible()
    until(lambda: decision_of(two).state == "waiting")


TITLES = """() => {
    window.titles = [];
    const note = () => titles.push(document.title);
    new MutationObserver(note).observe(document.querySelector("title"), { childList: true });
}"""


def test_a_missing_reason_is_asked_for_without_leaving_the_item(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    one = begin_with(page, live, bob, 3)[0]
    page.evaluate(TITLES)
    # As somebody does who drags the corner of the field.
    step_of(page, one).get_by_label("Note").evaluate("(note) => { note.style.height = '9rem'; }")
    send_back(page, " ")
    expect(step_of(page, one).get_by_role("alert")).to_have_text("Say why you are sending it back.")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    assert page.evaluate("titles") == []
    expect_no_violations(page)
    # Chromium reports each 422 by itself.
    complaints[:] = [one for one in complaints if "422" not in one]


def test_arrows_turn_the_page_until_the_picture_is_zoomed(
    page: Page, bob: Person, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    sign_in(page, bob)
    one, two, _ = begin_with(page, live, bob, 3)
    picture = page.locator("[data-step]:visible [data-zoom-view]")
    picture.focus()
    page.keyboard.press("ArrowRight")
    expect(step_of(page, two)).to_be_visible()
    picture.focus()
    page.keyboard.press("+")
    expect(page.locator("[data-step]:visible [data-zoom-scale]")).to_have_text("150%")
    page.keyboard.press("ArrowLeft")
    expect(step_of(page, two)).to_be_visible()
    page.keyboard.press("0")
    page.keyboard.press("ArrowLeft")
    expect(step_of(page, one)).to_be_visible()


PRESS_TOGETHER = """keys => keys.forEach((key) => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
})"""


def test_a_key_pressed_as_soon_as_an_item_is_shown_zooms_it(
    page: Page, bob: Person, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    sign_in(page, bob)
    _, two, _ = begin_with(page, live, bob, 3)
    page.evaluate(PRESS_TOGETHER, ["ArrowRight", "+"])
    expect(step_of(page, two)).to_be_visible()
    at_rest(page)
    expect(page.locator("[data-step]:visible [data-zoom-scale]")).to_have_text("150%")


def test_the_next_item_is_shown_from_its_top_on_a_small_screen(
    page: Page, bob: Person, live: str, sign_in: SignIn, complaints: list[str]
) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    sign_in(page, bob)
    _, two, _ = begin_with(page, live, bob, 3)
    approve = page.locator("[data-step]:visible").get_by_role("button", name="Approve")
    approve.scroll_into_view_if_needed()
    approve.evaluate("(button) => button.scrollIntoView({ block: 'start' })")
    approve.press("Enter")
    expect(step_of(page, two)).to_be_visible()
    expect(step_of(page, two).locator("h2").first).to_be_in_viewport()
    expect(step_of(page, two).locator("[data-zoom-view]")).to_be_in_viewport(ratio=0.9)


def test_a_decision_that_could_not_be_stored_leads_back_to_its_item(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running
) -> None:
    sign_in(page, bob)
    one = begin_with(page, live, bob, 3)[0]
    emulator.fault("cloudfactory", "503", method="GET", path="workItems", times=0)
    page.keyboard.press("a")
    expect(page.locator("#notices")).to_contain_text("CloudFactory")
    expect(step_of(page, one)).to_be_visible()
    emulator.clear_faults()
    assert Decision.objects.count() == 0


def test_what_a_colleague_decided_meanwhile_is_passed_over_and_said(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    items = begin(page, live)
    emulator.act("set_status", item=items[2]["id"], status="COMPLETED")
    page.keyboard.press("n")
    expect_item(page, items[1])
    expect(page.locator(f"template[data-passed-over='{items[2]['id']}']")).to_have_count(1)
    page.keyboard.press("n")
    expect_item(page, items[3])
    expect(page.locator("[data-passed]")).to_contain_text(f"{items[2]['name']} was already completed.")


def test_an_item_that_a_colleague_decides_while_it_is_shown_is_left_and_said(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    one, two, _ = begin_with(page, live, bob, 3)
    name = ReviewRun.objects.get().items[0]["name"]
    page.keyboard.press("ArrowRight")
    expect(step_of(page, two)).to_be_visible()
    emulator.act("set_status", item=one, status="COMPLETED")
    # It is left as soon as that is known, so what is said is all that surely stays of it.
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-passed]")).to_contain_text(f"{name} was already completed.")
    expect(step_of(page, two)).to_be_visible()


def test_taking_back_a_decision_from_elsewhere_does_not_leave_the_review(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, client_as: Any, complaints: list[str]
) -> None:
    sign_in(page, bob)
    *_, elsewhere = item_ids(bob, number=4)
    press(client_as(bob), elsewhere)
    one, *_ = begin_with(page, live, bob, 3)
    page.keyboard.press("u")
    expect(page.locator("#decisions")).to_contain_text("Nothing was sent.")
    expect(step_of(page, one)).to_be_visible()
    press(client_as(bob), elsewhere)
    page.get_by_role("link", name="Finish").click()
    expect(page.locator("#decisions [data-waiting]")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("u")
    expect(page.locator("#decisions")).to_contain_text("Nothing was sent.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review paused")


def test_at_the_end_undo_leads_back_to_the_item(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    one, two = begin_with(page, live, bob, 2)
    page.keyboard.press("n")
    expect(step_of(page, two)).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review finished")
    expect(page.locator("#review-summary")).to_contain_text("can be undone until it is sent")
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(step_of(page, two)).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review finished")
    page.get_by_role("button", name="Review skipped items").press("Enter")
    expect(step_of(page, one)).to_be_visible()
    assert sent_signals(emulator) == []


def test_the_end_follows_what_becomes_of_the_decisions(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, settings: Any
) -> None:
    settings.REVIEW_GRACE = 1
    sign_in(page, bob)
    ids = begin_with(page, live, bob, 1)
    page.keyboard.press("a")
    expect(page.locator("#review-summary")).to_contain_text("can be undone until it is sent")
    work()
    expect(page.locator("#review-summary")).to_contain_text("now “Completed”")
    assert len(sent_signals(emulator, ids[0])) == 1


def test_an_item_that_was_decided_is_shown_as_decided(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    one, two, _ = begin_with(page, live, bob, 3)
    page.keyboard.press("a")
    expect(step_of(page, two)).to_be_visible()
    expect(page.locator("#decisions [data-waiting]")).to_have_count(1)
    page.go_back()
    expect(step_of(page, one)).to_contain_text("You decided on this item.")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.reload()
    expect(step_of(page, one)).to_contain_text("You approved this item")
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, bob)
    page.goto(f"{live}{REVIEW}")
    expect_no_violations(page)
    ids = begin_with(page, live, bob, 3)
    emulator.act("set_status", item=ids[1], status="COMPLETED")
    page.reload()
    page.keyboard.press("n")
    expect(step_of(page, ids[2])).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect_no_violations(page)
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review finished")
    expect_no_violations(page)


def expect_no_violations(page: Page) -> None:
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_script_each_item_is_a_page(
    browser: Any, bob: Person, live: str, sign_in: SignIn, emulator: Running
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, bob)
    ids = item_ids(bob, number=3)
    page.goto(f"{live}/projects/{COINS}/items/review/?ids={','.join(ids)}")
    page.locator("#main").get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Skip").click()
    expect(step_of(page, ids[1])).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(step_of(page, ids[2])).to_be_visible()
    assert [body["signalOutcome"] for body in sent_signals(emulator)] == ["OK"]
    page.get_by_role("link", name="Previous item").click()
    expect(step_of(page, ids[1])).to_contain_text("You approved this item")
    page.get_by_role("link", name="Finish").click()
    expect(page.locator("#main")).to_contain_text("1 approved, 1 skipped")
    page.get_by_role("link", name="Back to the list").click()
    page.context.close()


def test_links_that_have_aged_are_renewed_before_their_item_is_shown(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running
) -> None:
    sign_in(page, bob)
    ids = begin_with(page, live, bob, 4)
    emulator.act("expire_links")
    for item in ids[1:]:
        page.keyboard.press("n")
        expect(step_of(page, item)).to_be_visible()
        # A picture that failed is complete as well: only its width tells that it was renewed.
        picture = page.locator(f"[data-step='{item}'] [data-stage-frame] img")
        expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_silence_in_the_middle_is_said_and_loses_no_decision(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running
) -> None:
    sign_in(page, bob)
    one, two, three = begin_with(page, live, bob, 3)
    page.keyboard.press("a")
    expect(step_of(page, two)).to_be_visible()
    expect(page.locator("#decisions [data-waiting]")).to_have_count(1)
    address = page.url.replace(two, three)
    # The page itself asks now and then: several failures in a row would count as a vendor that is down.
    page.goto("about:blank")
    emulator.fault("cloudfactory", "503", times=0)
    page.goto(address)
    expect(page.locator("#main")).to_contain_text("Your decisions so far are kept.")
    emulator.clear_faults()
    page.get_by_role("link", name="Try again").click()
    # Whatever else asked meanwhile failed as well, and after some failures in a row nothing is asked for a while.
    until(lambda: page.reload() and step_of(page, three).is_visible())
    assert decision_of(one).state == "waiting"
