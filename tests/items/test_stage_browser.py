"""The stage in a browser: zoom by keys, wheel, fingers and buttons, moving, and what stays for the next item."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from tests.items.stages import Open, at_rest, box, middle, open_stage, press
from tests.waiting import until

__all__ = ["open_stage"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.items.stage_page")]
SCALE = "[data-zoom-scale]"
SHAPE = '[data-shape="9"]'
LINES = """shape => {
    const line = parseFloat(getComputedStyle(shape).strokeWidth);
    const drawing = shape.ownerSVGElement;
    return line * drawing.getBoundingClientRect().width / parseFloat(getComputedStyle(drawing).width);
}"""

PRESS_AND_RESIZE = """key => {
    const view = document.querySelector("[data-zoom-view]");
    view.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    view.style.inlineSize = `${view.clientWidth - 40}px`;
}"""


def touch(client: Any, kind: str, *points: tuple[float, float]) -> None:
    fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def whole(place: tuple[float, float]) -> tuple[int, int]:
    """Where a mouse can be: browsers tell whole pixels."""
    return round(place[0]), round(place[1])


def corner(page: Page, selector: str) -> tuple[float, float]:
    result = box(page, selector)
    return result["x"], result["y"]


def covers(page: Page) -> bool:
    view, content = box(page, "[data-zoom-view]"), box(page, ".stage-content")
    ends = (("x", "width"), ("y", "height"))
    return all(
        content[at] <= view[at] + 2 and content[at] + content[long] >= view[at] + view[long] - 2 for at, long in ends
    )


def test_the_drawing_lies_exactly_on_the_picture_at_any_zoom(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("looks")
    for key in ("0", "+", "+", "+"):
        press(page, key)
        assert box(page, ".overlay") == pytest.approx(box(page, ".stage-frame img"), abs=0.6)
        assert page.locator(SHAPE).evaluate(LINES) == pytest.approx(2, abs=0.01)
    expect(page.locator(SCALE)).to_have_text("300%")


def test_keys_and_buttons_zoom_by_the_same_steps(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("looks")
    press(page, "+", "+", "-")
    expect(page.locator(SCALE)).to_have_text("150%")
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator(SCALE)).to_have_text("200%")
    page.get_by_role("button", name="Fit").click()
    expect(page.locator(SCALE)).to_have_text("100%")
    for _ in range(12):
        page.keyboard.press("+")
    expect(page.locator(SCALE)).to_have_text("1600%")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("Zoom in, zoom out, fit the picture")


def test_single_keys_that_are_turned_off_work_on_the_stage_alone(open_stage: Open, bob: Person) -> None:
    bob.single_keys = False
    bob.save()
    page = open_stage("looks")
    press(page, "+")
    expect(page.locator(SCALE)).to_have_text("100%")
    page.locator("[data-zoom-view]").focus()
    press(page, "+")
    expect(page.locator(SCALE)).to_have_text("150%")


def test_the_wheel_zooms_at_the_pointer_and_scrolls_the_page_when_the_picture_fits(
    open_stage: Open, complaints: list[str]
) -> None:
    page = open_stage("looks")
    place = whole(middle(page, SHAPE))
    page.mouse.move(*place)
    for _ in range(3):
        page.mouse.wheel(0, -120)
    expect(page.locator(SCALE)).to_have_text("422%")
    at_rest(page)
    assert box(page, ".overlay")["width"] > 2 * box(page, ".stage-view")["width"]
    assert middle(page, SHAPE) == pytest.approx(place, abs=4)
    press(page, "0")
    page.mouse.wheel(0, 200)
    until(lambda: page.evaluate("window.scrollY") > 0)
    expect(page.locator(SCALE)).to_have_text("100%")


def test_a_double_click_zooms_in_at_the_pointer_and_out_again(open_stage: Open) -> None:
    page = open_stage("looks")
    place = whole(corner(page, SHAPE))
    page.mouse.dblclick(*place)
    at_rest(page)
    expect(page.locator(SCALE)).to_have_text("300%")
    assert corner(page, SHAPE) == pytest.approx(place, abs=3)
    page.mouse.dblclick(*place)
    expect(page.locator(SCALE)).to_have_text("100%")


def test_dragging_and_arrows_move_a_zoomed_picture_which_never_gets_lost(
    open_stage: Open, complaints: list[str]
) -> None:
    page = open_stage("looks")
    press(page, "+", "+", "+")
    x, y = middle(page, "[data-zoom-view]")
    before = middle(page, SHAPE)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    at_rest(page)
    assert middle(page, SHAPE) == pytest.approx((before[0] + 60, before[1] + 40), abs=2)
    page.locator("[data-zoom-view]").focus()
    press(page, "ArrowRight")
    assert middle(page, SHAPE) == pytest.approx((before[0] - 20, before[1] + 40), abs=2)
    press(page, *["ArrowUp"] * 40, *["ArrowLeft"] * 40)
    assert covers(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 4000, y - 4000, steps=6)
    page.mouse.up()
    at_rest(page)
    assert covers(page)


def test_two_fingers_zoom_by_as_much_as_they_part(open_stage: Open, page: Page, complaints: list[str]) -> None:
    open_stage("looks")
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    x, y = middle(page, "[data-zoom-view]")
    touch(client, "touchStart", (x - 50, y), (x + 50, y))
    for apart in (60, 80, 100):
        touch(client, "touchMove", (x - apart, y), (x + apart, y))
    touch(client, "touchEnd")
    at_rest(page)
    expect(page.locator(SCALE)).to_have_text("200%")
    touch(client, "touchStart", (x - 100, y), (x + 100, y))
    touch(client, "touchMove", (x - 25, y), (x + 25, y))
    touch(client, "touchEnd")
    expect(page.locator(SCALE)).to_have_text("100%")


def test_zoom_and_place_stay_for_the_next_item(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("looks")
    page.mouse.move(*middle(page, SHAPE))
    for _ in range(3):
        page.mouse.wheel(0, -120)
    expect(page.locator(SCALE)).to_have_text("422%")
    at_rest(page)
    before = box(page, ".overlay")
    open_stage("24")
    assert box(page, ".overlay") == pytest.approx(before, abs=2)
    page.set_viewport_size({"width": 900, "height": 700})
    at_rest(page)
    until(lambda: covers(page))
    view = box(page, "[data-zoom-view]")
    assert box(page, ".stage-content")["width"] / view["width"] == pytest.approx(3 * 1.41, abs=0.3)


def test_a_step_of_the_zoom_outlives_a_change_of_size_right_after_it(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("looks")
    for key, scale in (("+", "150%"), ("+", "200%"), ("0", "100%")):
        page.evaluate(PRESS_AND_RESIZE, key)
        at_rest(page)
        expect(page.locator(SCALE)).to_have_text(scale)


def test_an_item_that_waits_hidden_is_shown_as_far_zoomed_as_the_one_before(
    open_stage: Open, complaints: list[str]
) -> None:
    page = open_stage("looks", "?waiting=two")
    press(page, "+", "+", "o")
    page.evaluate("document.querySelectorAll('[data-step]').forEach((step) => { step.hidden = !step.hidden; })")
    at_rest(page)
    assert box(page, "#overlay-two") == pytest.approx(box(page, "#stage-two img"), abs=0.6)
    expect(page.locator(f"#stage-two {SCALE}")).to_have_text("200%")
    expect(page.locator("#overlay-two")).to_have_class("overlay is-off")
    press(page, "+", "o")
    expect(page.locator(f"#stage-two {SCALE}")).to_have_text("300%")
    expect(page.locator(f"#stage-one {SCALE}")).to_have_text("200%")


def test_a_browser_that_keeps_nothing_still_zooms_and_hides(
    open_stage: Open, page: Page, complaints: list[str]
) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };")
    open_stage("looks")
    press(page, "+", "o")
    expect(page.locator(SCALE)).to_have_text("150%")
    expect(page.locator(".overlay")).to_have_class("overlay is-off")


def test_sizes_that_disagree_are_said_and_the_drawing_is_stretched(open_stage: Open) -> None:
    page = open_stage("looks")
    expect(page.locator("[data-stage-sizes]")).to_have_text(
        "The labels were made for 1200 × 800 pixels, but the picture has 1280 × 800. They are stretched to fit."
    )
    open_stage("fitting")
    expect(page.locator("[data-stage-sizes]")).to_be_hidden()


def test_without_script_the_drawing_lies_on_the_picture_and_rows_lead_to_shapes(
    browser: Any, live: str, sign_in: Any, bob: Person, open_stage: Open
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, bob)
    page.goto(f"{live}/stage/looks/")
    expect(page.locator(".stage-bar")).to_be_hidden()
    assert box(page, ".overlay") == pytest.approx(box(page, ".stage-frame img"), abs=0.6)
    page.locator('[data-label="9"] a').click()
    expect(page).to_have_url(f"{live}/stage/looks/#shape-9-one")
    expect(page.locator(SHAPE)).to_have_css("stroke-width", "5px")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_stage_is_accessible(open_stage: Open, page: Page, scheme: Any, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    for name in ("looks", "special", "250"):
        open_stage(name)
        result = Axe().run(page).response["violations"]
        assert [one["id"] for one in result if one["impact"] in {"serious", "critical"}] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
