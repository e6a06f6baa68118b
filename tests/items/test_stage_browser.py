"""The stage in a browser: zoom at the pointer, keys, classes, names, rows, and what stays for the next item."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.access import ACCESS, ANYONE
from accounts.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.items.stage_page")]
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
        expect(page.locator(".stage-frame")).to_have_class("stage-frame is-fitted")
        if name != "none":
            expect(page.locator("[data-labels-controls]")).to_be_visible()
        return page

    return enter


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found is not None
    return dict(found)


def test_the_drawing_lies_exactly_on_the_picture(open_stage: Open, complaints: list[str]) -> None:
    page = open_stage("looks")
    assert box(page, ".overlay") == pytest.approx(box(page, ".stage-frame img"), abs=0.6)
    page.keyboard.press("+")
    assert box(page, ".overlay") == pytest.approx(box(page, ".stage-frame img"), abs=0.6)
