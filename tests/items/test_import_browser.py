"""An import in a browser: started by keyboard, its progress in place, its end said, its notice elsewhere, axe."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.items.imports.services import NewRow
from console.items.models import Import, ImportRow
from console.items.runs import services as run_services
from tests.items.import_helpers import ITEMS, new_rows, ready_import, start

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
State, Outcome = Import.State, ImportRow.Outcome


def place(import_run: Import) -> str:
    return f"{ITEMS}imports/{import_run.pk}/"


def finish(import_run: Import, **figures: int) -> None:
    import_run.rows.filter(act_id__isnull=False).update(outcome=Outcome.CREATED)
    Import.objects.filter(pk=import_run.pk).update(state=State.ENDED, finished_at=timezone.now(), **figures)


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def test_it_is_started_by_keyboard_and_moves_in_place(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    import_run = ready_import(alice, 3)
    signed_in.goto(f"{live}{place(import_run)}")
    signed_in.get_by_role("button", name="Create 3 work items").press("Enter")
    bar = signed_in.get_by_role("progressbar", name="Creating 3 work items")
    expect(signed_in.get_by_text("0 of 3")).to_be_visible()
    signed_in.get_by_role("button", name="Stop").focus()
    Import.objects.filter(pk=import_run.pk).update(created_count=2, progressed_at=timezone.now())
    expect(signed_in.get_by_text("2 of 3")).to_be_visible()
    expect(bar).to_have_js_property("value", 2)
    expect(signed_in.get_by_role("button", name="Stop")).to_be_focused()
    finish(import_run, created_count=3)
    expect(signed_in.get_by_text("Finished: creating 3 work items").first).to_be_visible()
    expect(signed_in.get_by_role("status").filter(has_text="3 created.")).to_have_count(1)
    expect(signed_in.get_by_role("link", name="Show each item")).to_be_focused()
    expect(signed_in.get_by_role("link", name="Created 3")).to_be_visible()


def test_a_notice_tells_of_the_end_on_any_page(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    import_run = start(ready_import(alice, 2))
    signed_in.goto(f"{live}/profile/")
    finish(import_run, created_count=2)
    expect(signed_in.locator("#notices").get_by_text("Finished: creating 2 work items")).to_be_visible()
    signed_in.locator("#notices").get_by_role("link", name="Show the result").click()
    signed_in.wait_for_url(f"{live}{place(import_run)}")


def test_the_table_shows_what_is_under_way_and_its_end(
    signed_in: Page, live: str, alice: Person, emulator: Running, complaints: list[str]
) -> None:
    import_run = start(ready_import(alice, 3))
    signed_in.goto(f"{live}{ITEMS}?status=NEW")
    running = signed_in.get_by_role("region", name="Under way")
    expect(running.get_by_text("0 of 3")).to_be_visible()
    finish(import_run, created_count=3)
    expect(running.get_by_text("3 created.").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_result_fits_and_is_accessible(
    signed_in: Page, live: str, alice: Person, emulator: Running, width: int, scheme: Any
) -> None:
    signed_in.set_viewport_size({"width": width, "height": 844})
    signed_in.emulate_media(color_scheme=scheme)
    rows = [*new_rows(3), NewRow(4, "bad.jpg", errors=[["difficulty", "Type a whole number."]])]
    finished = start(ready_import(alice, rows, batch_name="Dashcam Q3"))
    finish(finished, created_count=2, refused_count=1)
    finished.rows.filter(number=2).update(
        outcome=Outcome.REFUSED, message="The asset can’t be read. " * 12, name="a-very-long-name-" * 14
    )
    paused = start(ready_import(alice, 3))
    run_services.pause(paused, "CloudFactory has a problem of its own.")
    for one in (finished, paused):
        signed_in.goto(f"{live}{place(one)}")
        expect(signed_in.locator("#import-results")).to_be_visible()
        assert signed_in.evaluate("document.documentElement.scrollWidth") <= width
        assert [results["id"] for results in Axe().run(signed_in).response["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_form_and_the_plan_of_a_csv_fit_and_are_accessible(
    signed_in: Page, live: str, emulator: Running, width: int, scheme: Any, complaints: list[str]
) -> None:
    signed_in.set_viewport_size({"width": width, "height": 844})
    signed_in.emulate_media(color_scheme=scheme)
    signed_in.goto(f"{live}{ITEMS}import/")
    is_good(signed_in)
    signed_in.get_by_role("button", name="Check lines").press("Enter")
    expect(signed_in.get_by_text("Choose a CSV file or paste its lines.").first).to_be_visible()
    is_good(signed_in)
    lines = ["asset_url,asset_type,dificulty,difficulty", *(f"raw/{'long-' * 30}{n}.jpg,image,," for n in range(3))]
    signed_in.get_by_label("Or paste lines").fill("\n".join([*lines, "raw/1.jpg,audio,,101", "raw/1.jpg,image,,"]))
    signed_in.get_by_role("button", name="Check lines").press("Enter")
    expect(signed_in.get_by_role("button", name="Create 4 work items")).to_be_visible()
    expect(signed_in.get_by_text("Did you mean “difficulty”?")).to_be_visible()
    is_good(signed_in)
    complaints[:] = [text for text in complaints if "422" not in text]


def is_good(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
