"""A signal to all that match, in a browser by keyboard alone, with a real worker; a colleague watches in another."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Person
from console.audit import verify
from console.emulator.server import Running
from console.items.models import BulkSignal
from tests.items import bulk_helpers
from tests.workers import Start, environment, workers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
SignIn = Callable[[Any, Person], None]


@pytest.fixture
def worker(emulator: Running, audit_anchor: Path) -> Iterator[Start]:
    with workers(environment(emulator, audit_anchor)) as begin:
        yield begin


def press(button: Locator) -> None:
    """By keyboard."""
    button.focus()
    button.press("Enter")


def test_250_items_are_reopened_and_7_of_them_again_while_a_colleague_watches(
    page: Page,
    browser: Browser,
    sign_in: SignIn,
    alice: Person,
    bob: Person,
    live: str,
    emulator: Running,
    worker: Start,
    complaints: list[str],
) -> None:
    items = bulk_helpers.archive_ids(alice)
    failing = items[::40]
    emulator.act("fail_items", items=failing, error="locked")
    emulator.fault("cloudfactory", "slow-2", method="POST", path=bulk_helpers.SIGNALS, times=3)
    worker()
    table = f"{live}{bulk_helpers.ITEMS}?status=COMPLETED&order=newest&size=10"
    sign_in(page, alice)
    page.goto(table)
    press(page.get_by_role("button", name="Select all 250 matching"))
    expect(page.locator("#selection-bar")).to_contain_text("All 250 matching")
    press(page.get_by_role("button", name="Reopen…"))
    press(page.get_by_role("button", name="Reopen 250 items"))
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    result = page.url

    colleague = browser.new_context().new_page()
    sign_in(colleague, bob)
    colleague.goto(result)
    expect(colleague.get_by_role("progressbar")).to_be_visible()
    expect(colleague.get_by_role("button", name="Stop")).to_have_count(0)

    page.goto(f"{live}/profile/")
    notice = page.locator("#notices")
    expect(notice.get_by_role("link", name="Show the result")).to_be_visible(timeout=60_000)
    for place in (notice, colleague.locator("#main")):
        expect(place).to_contain_text("243 reopened")
        expect(place).to_contain_text("7 refused")
    assert Counter(bulk_helpers.statuses(emulator, items)) == {"NEW": 243, "COMPLETED": 7}
    press(notice.get_by_role("link", name="Show the result"))
    press(page.get_by_role("button", name=re.compile("Retry 7")))
    press(page.get_by_role("button", name="Reopen 7 items"))
    expect(page.locator("#main")).to_contain_text("7 reopened", timeout=60_000)
    assert sorted(bulk_helpers.signals(emulator)[-1]) == sorted(failing)
    assert set(bulk_helpers.statuses(emulator, items)) == {"NEW"}

    page.goto(result)
    press(page.get_by_role("link", name="Back to the list").first)
    expect(page).to_have_url(re.compile(r"status=COMPLETED.*order=newest|order=newest.*status=COMPLETED"))
    assert BulkSignal.objects.count() == 2
    assert verify.check().is_whole
