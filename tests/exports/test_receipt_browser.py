"""A receipt with much in it, in a real browser: it fits narrow windows, and axe finds nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Person
from console.emulator.server import Running
from console.exports.models import Receipt
from tests.exports.making import SURFACES, finish, start, work
from tests.exports.test_browser import serious
from tests.exports.test_receipt import coco, swap_file, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_full_receipt_fits_and_can_be_read_by_everybody(
    page: Any,
    live: str,
    alice: Person,
    client_as: Callable[[Person], Any],
    sign_in: Callable[[Any, Person], None],
    slow: Running,
    scheme: str,
) -> None:
    export_request = start(client_as(alice), name="Yards", projects=[SURFACES])
    finish(slow, export_request)
    document = coco(
        {f"class {'x' * 60} {n}": 200 - n for n in range(150)}, images=[{"id": 1}, {"id": 1, "file_name": "b"}]
    )
    odd = {f"a/very/long/folder/name/{'meta-' * 9}{n}.json": "{}" for n in range(25)}
    swap_file(slow, export_request, b"#!" + zip_of({"a.json": document, **odd, "images/1.jpg": "x", "Thumbs.db": "x"}))
    work(2)
    assert Receipt.objects.get().state == Receipt.State.CHECKED
    sign_in(page, alice)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live}/exports/{export_request.export_id}/")
    page.get_by_text("25 JSON files").click()
    expect(page.get_by_text("and 5 more JSON files")).to_be_visible()
    for link in (None, "All 150 classes", "Next"):
        if link:
            page.get_by_role("link", name=link).click()
            page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert serious(page) == []
    expect(page.get_by_text("101 to 150 of 150")).to_be_visible()
