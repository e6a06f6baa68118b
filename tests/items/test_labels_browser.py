"""Labels on a picture in a browser: on and off, classes, opacity, names, and a row that lights up with its shape."""

import base64
import itertools
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.items.stages import Open, at_rest, box, middle, open_stage, press

__all__ = ["open_stage"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.items.stage_page")]
LIT = re.compile("is-lit")
OVERLAPS = """names => {
    const boxes = names.map((name) => name.getBoundingClientRect());
    return boxes.filter((one, at) => boxes.slice(0, at).some((two) =>
        one.left < two.right && two.left < one.right && one.top < two.bottom && two.top < one.bottom)).length;
}"""
GREYS = """async (picture) => {
    const bitmap = await createImageBitmap(await (await fetch(picture)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, 0, 32, 20);
    return Array.from({ length: data.length / 4 }, (_, at) =>
        Math.round(0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]));
}"""


def count_visible_shapes(page: Page) -> int:
    return page.locator("[data-shape]").filter(visible=True).count()


def test_classes_are_hidden_shown_and_chosen_alone_also_on_the_next_item(
    open_stage: Open, complaints: list[str]
) -> None:
    page = open_stage("looks")
    page.get_by_role("checkbox", name="coin").uncheck()
    assert count_visible_shapes(page) == 22
    open_stage("48")
    expect(page.get_by_role("checkbox", name="coin")).not_to_be_checked()
    assert count_visible_shapes(page) == 44
    page.get_by_role("button", name="Only this: vessel").click()
    assert count_visible_shapes(page) == 4
    page.locator("[data-labels]").get_by_role("button", name="Show 11 hidden classes").click()
    assert count_visible_shapes(page) == 48
    expect(page.get_by_role("button", name="hidden class")).to_have_count(0)


def test_the_stage_says_how_many_classes_are_hidden(open_stage: Open) -> None:
    page = open_stage("looks")
    page.get_by_role("checkbox", name="coin").uncheck()
    open_stage("48")
    page.locator("[data-stage]").get_by_role("button", name="Show 1 hidden class").click()
    assert count_visible_shapes(page) == 48


def test_a_class_that_this_item_does_not_have_stays_hidden(open_stage: Open) -> None:
    page = open_stage("looks")
    page.get_by_role("checkbox", name="coin").uncheck()
    open_stage("special")
    page.get_by_role("button", name="Only this: person").click()
    page.locator("[data-stage]").get_by_role("button", name="Show 1 hidden class").click()
    open_stage("looks")
    expect(page.get_by_role("checkbox", name="coin")).not_to_be_checked()


def test_keys_turn_labels_off_and_make_them_fainter(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("looks")
    press(page, "o")
    assert count_visible_shapes(page) == 0
    expect(page.get_by_role("button", name="Labels")).to_have_attribute("aria-pressed", "false")
    press(page, "[", "[", "[", "]")
    assert count_visible_shapes(page) == 24
    expect(page.locator(".overlay")).to_have_css("opacity", "0.8")
    expect(page.get_by_role("slider")).to_have_value("80")
    for _ in range(20):
        page.keyboard.press("[")
    open_stage("special")
    expect(page.locator(".overlay")).to_have_css("opacity", "0.1")


def test_names_stand_apart_or_are_left_out_at_any_zoom(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("400")
    expect(page.locator(".stage-name")).to_have_count(0)
    page.get_by_role("button", name="Names").click()
    at_rest(page)
    counts = []
    for key in ("0", "+", "+", "+", "+"):
        press(page, key)
        names = page.locator(".stage-name")
        assert names.evaluate_all(OVERLAPS) == 0
        counts.append(names.count())
    assert 20 < counts[0] < 400
    expect(page.locator(".stage-name").filter(has_text="<b>bold</b>").first).to_be_attached()
    press(page, "o")
    expect(page.locator(".stage-name")).to_have_count(0)


def test_a_row_lights_up_its_shape_under_the_pointer_and_with_the_focus(
    open_stage: Open, complaints: list[str]
) -> None:
    page = open_stage("looks")
    page.locator('[data-label="3"]').hover()
    expect(page.locator('[data-shape="3"]')).to_have_class(LIT)
    page.locator('[data-label="4"] a').focus()
    expect(page.locator('[data-shape="4"]')).to_have_class(LIT)
    expect(page.locator('[data-label="4"]')).to_have_class(LIT)
    expect(page.locator('[data-shape="3"]')).not_to_have_class(LIT)
    page.keyboard.press("j")
    expect(page.locator('[data-shape="5"]')).to_have_class(LIT)


def test_a_focused_row_brings_its_shape_into_a_zoomed_view(open_stage: Open) -> None:
    page = open_stage("looks")
    press(page, "+", "+", "+", "+")
    page.locator('[data-label="24"] a').focus()
    at_rest(page)
    view, shape = box(page, "[data-zoom-view]"), middle(page, '[data-shape="24"]')
    assert view["x"] < shape[0] < view["x"] + view["width"]
    assert view["y"] < shape[1] < view["y"] + view["height"]


def test_a_shape_lights_up_its_row_and_a_click_leads_there(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("250")
    page.locator("[data-stage]").scroll_into_view_if_needed()
    page.mouse.move(*middle(page, '[data-shape="20"]'))
    expect(page.locator('[data-label="20"]')).to_have_class(LIT)
    place = middle(page, '[data-shape="150"]')
    page.mouse.move(*place)
    expect(page.locator('[data-shape="150"]')).to_have_class(LIT)
    page.mouse.click(*place)
    expect(page.locator('[data-label="150"] a')).to_be_focused()
    expect(page.locator('[data-label="150"]')).to_be_visible()


def test_a_finger_on_a_shape_lights_it_up_and_stays_at_the_picture(open_stage: Open, page: Page) -> None:
    open_stage("250")
    shape = page.locator('[data-shape="9"]')
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    x, y = middle(page, '[data-shape="9"]')
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(shape).to_have_class(LIT)
    expect(page.locator('[data-label="9"]')).to_have_class(LIT)
    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    expect(page.locator('[data-label="9"] a')).not_to_be_focused()


def test_of_shapes_that_lie_on_each_other_the_smallest_lights_up(open_stage: Open) -> None:
    page = open_stage("nested")
    page.mouse.move(*middle(page, '[data-shape="1"]'))
    expect(page.locator('[data-label="1"]')).to_have_class(LIT)


def greys(page: Page, look: Locator) -> list[int]:
    picture = base64.b64encode(look.screenshot()).decode()
    return list(page.evaluate(GREYS, f"data:image/png;base64,{picture}"))


@pytest.mark.parametrize("ground", ["white", "gray", "black"])
def test_looks_are_told_apart_without_colour(open_stage: Open, page: Page, ground: str) -> None:
    open_stage("looks")
    swatches = page.locator(".class-look")
    swatches.evaluate_all("(looks, ground) => looks.forEach((look) => { look.style.background = ground; })", ground)
    with page.context.new_page() as blank:
        looks = [greys(blank, look) for look in swatches.all()]
    assert len(looks) == 12
    for one, two in itertools.combinations(looks, 2):
        differing = sum(abs(a - b) > 25 for a, b in zip(one, two, strict=True))
        assert differing > len(one) / 15
