"""Sending a slice in a browser: from its page to the plan, by keyboard, on a small screen, light and dark."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.models import Import
from tests.items.decision_helpers import PROJECT
from tests.items.import_helpers import run_workers
from tests.items.slice_helpers import create_items, make_batch, make_slice, read_plans

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def is_accessible(page: Page, context: str | None = None) -> bool:
    source = Axe().run(page, context=context)
    return source.violations_count == 0 or pytest.fail(source.generate_report())


def test_a_slice_is_sent_by_keyboard_and_its_plan_arrives_in_place(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    source = make_slice(alice, emulator, "By keyboard", 7)
    page = signed_in
    page.goto(f"{live}/slices/{'/'.join(source.address or ())}/")
    page.get_by_role("link", name="Send to a batch").press("Enter")
    page.locator(f'a[href^="/projects/{PROJECT}/items/from-slice/"]').press("Enter")
    expect(page.get_by_text("The slice has 7 items.")).to_be_visible()
    page.get_by_label("Name of the new batch").fill("Typed by hand")
    page.get_by_role("button", name="Show the plan").press("Enter")
    expect(page.get_by_text("The slice is being read, then the batch.")).to_be_visible()
    read_plans()
    expect(page.get_by_role("button", name="Create 7 work items")).to_be_visible()
    expect(page.get_by_text("7 items, 7 will be created.")).to_be_visible()
    expect(page.get_by_text("7 of these items have links that expire.")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("7 work items will be created.")
    page.get_by_role("button", name="Create 7 work items").press("Enter")
    run_workers(2)
    expect(page.get_by_text("7 created").first).to_be_visible()
    page.goto(f"{live}/slices/{'/'.join(source.address or ())}/")
    expect(page.get_by_text("0 of 7 completed")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_fit_a_small_screen_and_are_accessible(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str], scheme: Any, tmp_path: Any
) -> None:
    source, batch = (
        make_slice(alice, emulator, "Small screen", 7),
        make_batch(alice, "A batch with quite a long name"),
    )
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    slice_url = f"{live}/slices/{'/'.join(source.address or ())}/"
    for address in (
        f"{slice_url}projects/",
        f"{live}/slices/choose/?project={PROJECT}&batch={batch}&owner=northwind",
        f"{live}/projects/{PROJECT}/items/from-slice/{'/'.join(source.address or ())}/?batch={batch}",
    ):
        page.goto(address)
        assert fits(page), address
        assert is_accessible(page)
    page.get_by_role("button", name="Show the plan").click()
    page.wait_for_url(re.compile("/imports/"))
    assert is_accessible(page)
    read_plans()
    expect(page.get_by_role("button", name="Create 7 work items")).to_be_visible()
    assert fits(page)
    assert is_accessible(page)
    import_run = Import.objects.get()
    create_items(alice, import_run, 3)
    Import.objects.update(state=Import.State.ENDED)
    page.goto(slice_url)
    expect(page.get_by_text("0 of 3 completed")).to_be_visible()
    assert fits(page)
    assert is_accessible(page, "[aria-labelledby=slice-batches-title]")
