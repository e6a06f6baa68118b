"""The form of a new work item in a browser: by keyboard, lines of metadata, a refusal, axe, narrow and dark."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.console_ids import KEY
from tests.items.item_helpers import COINS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
ITEMS = f"/projects/{COINS}/items/"


def violations(page: Page) -> list[str]:
    result = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in result]


def sent_bodies(emulator: Running) -> list[dict[str, Any]]:
    requests = emulator.requests("cloudfactory")
    return [one["body"] for one in requests if one["method"] == "POST" and one["path"].endswith("/workItems")]


def test_an_item_is_created_by_keyboard_alone(
    page: Page, sign_in: SignIn, alice: Person, live: str, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, alice)
    page.goto(f"{live}{ITEMS}")
    page.keyboard.press("n")
    page.wait_for_url(f"{live}{ITEMS}new/")
    page.get_by_label("Asset address").focus()
    page.keyboard.type("raw/a.jpg")
    page.get_by_label("Name").focus()
    page.keyboard.type("site")
    page.keyboard.press("Tab")
    page.keyboard.type("Naples")
    page.get_by_role("button", name="Another line").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name").nth(1)).to_be_focused()
    page.keyboard.type("wet")
    page.keyboard.press("Tab")
    page.keyboard.type("yes")
    page.keyboard.press("Tab")
    page.keyboard.press("y")
    page.get_by_label("Difficulty").focus()
    page.keyboard.type("37")
    page.keyboard.press("Enter")
    expect(page.get_by_text("was created in the batch “Default”")).to_be_visible()
    (body,) = sent_bodies(emulator)
    body["metadata"].pop(KEY)
    assert body == {
        "assetUrl": "raw/a.jpg",
        "assetType": "image",
        "difficulty": 37,
        "metadata": {"site": "Naples", "wet": True},
    }
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_refused_form_says_where_and_can_be_read_everywhere(
    page: Page, sign_in: SignIn, alice: Person, live: str, emulator: Running, scheme: Any
) -> None:
    sign_in(page, alice)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live}{ITEMS}new/")
    assert violations(page) == []
    page.get_by_label("Asset address").fill("javascript:alert(1)")
    page.get_by_label("Difficulty").fill("101")
    page.get_by_role("button", name="Create work item").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_contain_text("Enter a whole number from 0 to 100.")
    summary.get_by_role("link", name="Difficulty").click()
    expect(page.get_by_label("Difficulty")).to_be_focused()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert sent_bodies(emulator) == []


def test_it_works_without_script(
    browser: Any, live_server: Any, sign_in: SignIn, alice: Person, live: str, emulator: Running
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, alice)
    page.goto(f"{live}{ITEMS}new/")
    page.get_by_label("Asset address").fill("raw/a.jpg")
    page.get_by_role("button", name="Create work item").click()
    expect(page.get_by_text("was created in the batch “Default”")).to_be_visible()
    assert len(sent_bodies(emulator)) == 1
    context.close()
