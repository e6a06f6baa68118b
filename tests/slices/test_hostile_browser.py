"""Names, links and metadata made to break out: they stay words, and no page breaks under them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Person
from console.emulator import drawing, slices
from console.emulator.server import Running
from tests.slices.making import COINS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]

WORDS = "<script>window.broken = 1</script>\u202e\u0000\"'><img src=x onerror=window.broken=1>" + "w" * 10_000
LINK = "javascript:window.broken=1"
METADATA = {WORDS: WORDS, "__proto__": {"a": [WORDS] * 3}, "deep": [[[[WORDS]]]], "none": None, "tag": [WORDS, 5]}


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, emulator: Running) -> None:
    """The vendor as a stranger's hands left it."""
    item, dataset, draw = drawing.item, drawing.dataset, slices.draw
    bad = {"key": WORDS, "url": LINK, "thumbnail": LINK, "thumbnails": [LINK], "metadata": METADATA}
    monkeypatch.setattr(drawing, "item", lambda *given: {**item(*given), **bad})
    monkeypatch.setattr(drawing, "dataset", lambda *given: {**dataset(*given), "name": WORDS})
    links = {"featured_slice_item_urls": [LINK, "data:text/html,x", "https://u:p@evil.example/x.png"]}
    recipe = [{"type": WORDS, "dataset_uid": COINS}, {"type": "filters", "dataset_uid": COINS, "filters": METADATA}]
    named = {"name": WORDS, "description": WORDS, "sub_slices": recipe, "source_data": recipe}
    monkeypatch.setattr(slices, "draw", lambda *given: {**draw(*given), **links, **named})


@pytest.mark.parametrize("width", [390, 1440])
def test_hostile_words_stay_words_and_break_no_page(
    page: Any, live: str, sign_in: SignIn, alice: Person, hostile: None, complaints: list[str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, alice)
    for address in ("/slices/?view=table", "/slices/?view=cards", "/slices/datasets/", "/slices/northwind/all-coins/"):
        page.goto(live + address)
        assert sound(page, width), address
    page.locator("a[data-open]").first.click()
    page.locator("[data-zoom-view] .picture-failed").wait_for()
    assert sound(page, width)
    page.goto(live + page.locator("a[data-open]").first.get_attribute("href"))
    assert sound(page, width)
    page.goto(f"{live}/slices/new/?from=northwind/all-coins")
    page.get_by_role("button", name="Start draft").click()
    page.locator(".row-dataset").first.wait_for()
    assert sound(page, width)
    for way in ("Choose items", "Filter"):
        page.goto(f"{live}/slices/new/")
        if start := page.get_by_role("button", name="Start draft").all():
            start[0].click()
        page.locator(".row-dataset").first.get_by_role("button", name=way).click()
        page.locator("#picker-tiles, #filter-form").first.wait_for()
        assert sound(page, width), way


def sound(page: Any, width: int) -> bool:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    return page.evaluate("window.broken === undefined") is True
