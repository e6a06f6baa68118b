"""A review run in a real browser, by keyboard: each item stands ready before it is asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import ReviewRun
from tests.batches.boards import COINS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[Any, Person], None]
REVIEW = f"/projects/{COINS}/items/review/?status=CLIENT_REVIEW"


def begin(page: Page, live: str) -> list[dict[str, str]]:
    """The items of a new run, the first of them on the page."""
    page.goto(f"{live}{REVIEW}")
    page.locator("#main").get_by_role("button", name="Review").click()
    expect(page.locator("[data-step]:visible h2")).to_be_visible()
    items: list[dict[str, str]] = ReviewRun.objects.get().items
    return items


def expect_item(page: Page, item: dict[str, str]) -> None:
    expect(page.locator("[data-step]:visible")).to_have_attribute("data-step", item["id"])


def pictures(emulator: Running, item: dict[str, str]) -> list[dict[str, Any]]:
    """What was asked of the file store for the item's picture."""
    return [one for one in emulator.requests("storage") if one["path"].endswith(item["name"])]


def test_the_next_item_stands_ready_and_its_picture_is_loaded_once(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    items = begin(page, live)
    page.wait_for_function("document.querySelectorAll('[data-step]').length > 1")
    page.wait_for_function("[...document.querySelectorAll('[data-step] img')].every((one) => one.naturalWidth)")
    page.keyboard.press("n")
    expect_item(page, items[1])
    expect(page.locator("[data-step]:visible h2")).to_be_focused()
    expect(page).to_have_title(f"{items[1]['name']} · Annotation Console")
    assert items[1]["id"] in page.url
    page.keyboard.press("n")
    expect_item(page, items[2])
    page.keyboard.press("ArrowLeft")
    expect_item(page, items[1])
    page.go_back()
    expect_item(page, items[2])
    page.wait_for_load_state("networkidle")
    names = [item["name"] for item in items[:3]]
    assert [len(pictures(emulator, item)) for item in items[:3]] == [names.count(item["name"]) for item in items[:3]]
    assert len([one for one in emulator.requests("cloudfactory") if one["method"] == "POST"]) == 1


def test_what_a_colleague_decided_meanwhile_is_passed_over_and_said(
    page: Page, bob: Person, live: str, sign_in: SignIn, emulator: Running, complaints: list[str]
) -> None:
    sign_in(page, bob)
    items = begin(page, live)
    emulator.act("set_status", item=items[2]["id"], status="COMPLETED")
    page.keyboard.press("n")
    expect_item(page, items[1])
    with page.expect_response(lambda answer: "check=" in answer.url):
        pass
    page.keyboard.press("n")
    expect_item(page, items[3])
    expect(page.locator("[data-passed]")).to_contain_text(f"{items[2]['name']} was already completed.")
