"""Opens the page with a stage in a browser, and reads what it shows."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.access import ACCESS, ANYONE
from accounts.models import Person

SignIn = Callable[[Any, Person], None]
Open = Callable[..., Page]


@pytest.fixture
def open_stage(
    page: Page, live: str, sign_in: SignIn, bob: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Open:
    monkeypatch.setitem(ACCESS, "stage", ANYONE)
    settings.TRUSTED_LOCAL_ORIGINS = [*settings.TRUSTED_LOCAL_ORIGINS, live]
    sign_in(page, bob)

    def enter(name: str, query: str = "") -> Page:
        page.goto(f"{live}/stage/{name}/{query}")
        expect(page.locator(".stage-frame").first).to_have_class("stage-frame is-fitted")
        if name != "none":
            expect(page.locator("[data-labels-controls]").first).to_be_visible()
        at_rest(page)
        return page

    return enter


def at_rest(page: Page) -> None:
    """Waits until nothing moves and patterns and names have their places."""
    expect(page.locator(".stage-view.is-moving")).to_have_count(0)
    page.evaluate("new Promise((done) => setTimeout(done, 120))")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    at_rest(page)


def box(page: Page, selector: str) -> dict[str, float]:
    rectangle = page.locator(selector).first.bounding_box()
    assert rectangle is not None
    return dict(rectangle)


def middle(page: Page, selector: str) -> tuple[float, float]:
    rectangle = box(page, selector)
    return rectangle["x"] + rectangle["width"] / 2, rectangle["y"] + rectangle["height"] / 2
