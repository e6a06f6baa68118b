"""A plan in a browser: read in place with the focus kept, its lists beside what was typed, its button in numbers."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.bulk import plans
from console.items.bulk.actions import action_named
from console.items.models import BulkSignal
from tests.items.bulk_plan_helpers import absent, page_url, read_plans, select
from tests.items.decision_helpers import PROJECT, item_ids

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
State = BulkSignal.State


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def planned(person: Person, items: list[str], action: str, status: str = "") -> BulkSignal:
    """The plan as the bar makes it, still to be read."""
    select(person, items, status)
    bulk_action = action_named(action)
    assert bulk_action is not None
    return plans.create_plan(
        user=person, project=uuid.UUID(PROJECT), action=bulk_action, bulk_id=uuid.uuid4(), list_query=""
    )


def test_a_plan_arrives_in_place_and_says_its_numbers(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = planned(alice, item_ids(alice, "COMPLETED", 3), "reopen", "COMPLETED")
    signed_in.goto(f"{live}{page_url(bulk)}")
    expect(signed_in.get_by_text("Reading 3 items…")).to_be_visible()
    back = signed_in.get_by_role("link", name="Back to the list")
    back.focus()
    with signed_in.expect_response(lambda answer: "/plan/" in answer.url):
        pass
    expect(back).to_be_focused()
    read_plans()
    expect(signed_in.get_by_role("button", name="Reopen 3 items")).to_be_visible()
    expect(signed_in.locator("#live")).to_contain_text("3 will be reopened.")
    expect(signed_in.get_by_role("link", name="Back to the list")).to_be_focused()


def test_the_button_counts_the_unlikely_ones_where_their_box_is_ticked(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    items = [*item_ids(alice, "COMPLETED", 2), *item_ids(alice, "NEW", 3)]
    bulk = planned(alice, items, "reopen")
    read_plans()
    signed_in.goto(f"{live}{page_url(bulk)}")
    signed_in.get_by_role("checkbox", name="Also reopen the 3 unlikely items").focus()
    signed_in.keyboard.press("Space")
    expect(signed_in.get_by_role("button", name="Reopen 5 items")).to_be_visible()
    signed_in.keyboard.press("Space")
    expect(signed_in.get_by_role("button", name="Reopen 2 items")).to_be_visible()


def test_a_list_opens_beside_the_form_and_what_was_typed_stays(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = planned(alice, [*item_ids(alice, "NEW", 2), absent(7)], "cancel")
    read_plans()
    signed_in.goto(f"{live}{page_url(bulk)}")
    signed_in.get_by_label("Reason").fill("duplicates")
    link = signed_in.get_by_role("link", name="1 is not in this project")
    link.focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("table").get_by_text(absent(7))).to_be_visible()
    expect(signed_in).to_have_url(f"{live}{page_url(bulk)}?show=gone#plan-items")
    expect(link).to_be_focused()
    expect(link).to_have_attribute("aria-current", "true")
    expect(signed_in.get_by_label("Reason")).to_have_value("duplicates")
    signed_in.reload()
    expect(signed_in.get_by_role("table").get_by_text(absent(7))).to_be_visible()


def test_a_missing_reason_is_said_at_its_field(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    bulk = planned(alice, item_ids(alice, "NEW", 2), "cancel", "NEW")
    read_plans()
    signed_in.goto(f"{live}{page_url(bulk)}")
    signed_in.get_by_label("Note").fill("kept")
    with signed_in.expect_navigation():
        signed_in.get_by_role("button", name="Cancel 2 items").click()
    expect(signed_in.get_by_text("Say why you are canceling them.").first).to_be_visible()
    expect(signed_in.get_by_label("Note")).to_have_value("kept")
    complaints[:] = [text for text in complaints if "422" not in text]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_plan_is_accessible_and_fits_a_phone(
    width: int, scheme: Any, signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    emulated = {"width": width, "height": 900}
    signed_in.set_viewport_size(emulated)  # type: ignore[arg-type]
    signed_in.emulate_media(color_scheme=scheme)
    items = [*item_ids(alice, "NEW", 3), *item_ids(alice, "COMPLETED", 2), absent(7)]
    bulk = planned(alice, items, "cancel")
    for is_read in (False, True):
        if is_read:
            read_plans()
        signed_in.goto(f"{live}{page_url(bulk)}")
        results = Axe().run(signed_in)
        assert results.violations_count == 0, results.generate_report()
        assert signed_in.evaluate("document.documentElement.scrollWidth <= innerWidth")
