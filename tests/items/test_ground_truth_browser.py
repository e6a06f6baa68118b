"""Ground-truth labels in a browser: checked while they are typed, drawn before they are sent, long texts, keys, axe."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.items.item_helpers import add_item, page_of
from tests.items.label_forms import COCO, OBJECTS, arrived, form_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
VERDICT = "[data-label-verdict]"


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


@pytest.fixture
def item(emulator: Running) -> str:
    return add_item(emulator)


def test_what_is_typed_is_checked_after_a_pause(
    signed_in: Page, live: str, emulator: Running, item: str, complaints: list[str]
) -> None:
    page, checks = signed_in, []
    page.on("request", lambda request: checks.append(request.url) if request.method == "POST" else None)
    page.goto(live + form_url(item))
    field = page.get_by_label("Labels as JSON")
    field.press_sequentially('[{"category": "coin"},\n{"b" 2}]', delay=5)
    expect(page.locator(VERDICT)).to_contain_text("Line 2, column 6: this is not valid JSON.")
    assert len(checks) < 5, "it was checked at each letter"
    field.fill(json.dumps(COCO))
    expect(page.locator(VERDICT)).to_contain_text("1 label: Denarius 1")
    page.get_by_text("The first label, as it is sent").click()
    expect(page.locator(VERDICT)).to_contain_text('"category": "Denarius"')
    field.fill("")
    expect(page.locator(VERDICT)).to_have_text("")
    assert arrived(emulator, item) == []


def test_a_file_is_checked_when_it_is_chosen_and_drawn_before_it_is_sent(
    signed_in: Page, live: str, emulator: Running, item: str, tmp_path: Path, complaints: list[str]
) -> None:
    page, file = signed_in, tmp_path / "coco.json"
    file.write_text(json.dumps(COCO))
    page.goto(live + page_of(item))
    page.get_by_role("link", name="Add labels").click()
    page.get_by_label("Or a file").set_input_files(file)
    expect(page.locator(VERDICT)).to_contain_text("1 label: Denarius 1")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.locator(f"#overlay-{item} [data-shape]")).to_be_visible()
    expect(page.locator("[data-labels-controls]")).to_be_visible()
    page.get_by_role("button", name="Add 1 label").click()
    page.wait_for_url(f"**{page_of(item)}")
    expect(page.locator("#notices")).to_contain_text("1 label added to")
    assert arrived(emulator, item) == [[{"category": "Denarius", "bbox": [10, 10, 20, 20]}]]


def test_labels_that_name_no_size_are_in_the_pictures_own_pixels(
    signed_in: Page, live: str, emulator: Running, item: str
) -> None:
    page = signed_in
    page.goto(live + form_url(item))
    page.get_by_label("Labels as JSON").fill('[{"category": "coin", "bbox": [320, 0, 320, 240]}]')
    page.get_by_role("button", name="Check and preview").click()
    picture = page.locator("[data-picture]")
    expect(picture).to_have_js_property("naturalWidth", 640)
    height = picture.evaluate("picture => picture.naturalHeight")
    expect(page.locator(f"#overlay-{item}")).to_have_attribute("viewBox", f"0 0 640 {height}")
    shape, frame = page.locator("[data-shape]").bounding_box(), picture.bounding_box()
    assert shape
    assert frame
    assert shape["x"] == pytest.approx(frame["x"] + frame["width"] / 2, abs=4)


def test_a_long_text_gets_through_and_a_too_long_one_is_not_sent(
    signed_in: Page, live: str, emulator: Running, item: str, tmp_path: Path
) -> None:
    page = signed_in
    labels = [{"category": "coin", "note": "x" * 1000}] * 4_000
    page.goto(live + form_url(item))
    page.evaluate("text => { document.getElementById('labels').value = text; }", json.dumps(labels))
    page.get_by_role("button", name="Check and preview").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Add 4,000 labels to")
    page.get_by_role("button", name="Add 4,000 labels").click()
    page.wait_for_url(f"**{page_of(item)}")
    requests = [one for one in emulator.requests("cloudfactory") if one["path"].endswith("/labels")]
    assert [one["status"] for one in requests] == [204]
    file = tmp_path / "large.json"
    file.write_bytes(b"[" + b" " * (11 * 1024**2) + b"]")
    page.goto(live + form_url(item))
    page.get_by_label("Or a file").set_input_files(file)
    expect(page.locator("[data-label-too-large]")).to_be_visible()
    page.get_by_role("button", name="Check and preview").click()
    assert page.url == live + form_url(item)


def test_changing_them_brings_back_what_was_typed(signed_in: Page, live: str, emulator: Running, item: str) -> None:
    page, text = signed_in, json.dumps(COCO, indent=2)
    page.goto(live + form_url(item))
    page.get_by_label("Labels as JSON").fill(text)
    page.get_by_role("button", name="Check and preview").click()
    page.get_by_role("link", name="Change them").click()
    expect(page.get_by_label("Labels as JSON")).to_have_value(text)
    expect(page.locator(VERDICT)).to_contain_text("1 label: Denarius 1")


def test_the_whole_way_by_keyboard(signed_in: Page, live: str, emulator: Running, item: str) -> None:
    page = signed_in
    page.goto(live + form_url(item))
    page.get_by_label("Labels as JSON").focus()
    page.keyboard.insert_text(json.dumps(OBJECTS))
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check and preview")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Add 2 labels to")
    button = page.get_by_role("button", name="Add 2 labels")
    for _ in range(80):
        if button.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{page_of(item)}")
    assert arrived(emulator, item) == [OBJECTS]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(signed_in: Page, live: str, emulator: Running, item: str, scheme: Any, width: int) -> None:
    page, results = signed_in, {}
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})

    def look(name: str) -> None:
        page.wait_for_load_state("networkidle")
        violations = Axe().run(page).response["violations"]
        results[name] = [f"{one['id']}: {one['nodes'][0]['target']}" for one in violations]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    page.goto(live + form_url(item))
    field = page.get_by_label("Labels as JSON")
    field.fill('[{"category": "coin"')
    expect(page.locator(VERDICT)).to_contain_text("Line 1")
    look("typed")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.locator("#labels-errors")).to_contain_text("Line 1")
    look("wrong")
    field.fill(json.dumps([*OBJECTS, {"category": "x" * 300, "bbox": [1, 2]}]))
    expect(page.locator(VERDICT)).to_contain_text("3 labels")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.locator("[data-labels-controls]")).to_be_visible()
    look("preview")
    emulator.fault("cloudfactory", "reset", method="POST", path="/labels")
    page.get_by_role("button", name="Add 3 labels").click()
    expect(page.locator("[data-unresolved]")).to_be_visible()
    look("unknown")
    page.goto(live + form_url(item))
    expect(page.locator("main")).to_contain_text("whether they arrived is unknown")
    look("earlier")
    assert not any(results.values()), results
