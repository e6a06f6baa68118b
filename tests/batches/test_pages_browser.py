"""The other pages in a browser: changing in place, lines that come and go, figures that follow, axe in both schemes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.batches import boards
from tests.batches.boards import BATCHES, COINS, NAPLES_EARLY, ORDER, SECOND, START, WORN
from tests.waiting import held

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]

BATCH = f"{BATCHES}{NAPLES_EARLY}/"


def violations(page: Page) -> list[str]:
    axe_violations = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in axe_violations]


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def test_a_name_is_changed_in_place_with_enter(
    signed_in: Page, live: str, emulator: Running, complaints: list[str]
) -> None:
    signed_in.goto(live + BATCH)
    signed_in.get_by_role("link", name="Rename").click()
    field = signed_in.get_by_label("Name of the batch")
    expect(field).to_be_focused()
    field.fill("Night rain")
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Night rain")
    expect(signed_in.get_by_role("link", name="Rename")).to_be_focused()
    expect(signed_in.locator("#batch-history")).to_contain_text(
        "Alice renamed the batch Naples, early shift to Night rain"
    )
    assert [one["body"] for one in boards.changes(emulator)] == [{"name": "Night rain"}]


@pytest.mark.parametrize("width", [390, 1440])
def test_a_rename_that_fails_leaves_room_for_the_name(
    signed_in: Page, live: str, emulator: Running, width: int
) -> None:
    signed_in.set_viewport_size({"width": width, "height": 900})
    signed_in.goto(live + BATCH)
    signed_in.get_by_role("link", name="Rename").click()
    field = signed_in.get_by_label("Name of the batch")
    field.fill("fail-reset by night")
    signed_in.keyboard.press("Enter")
    notice = signed_in.locator("#batch-name [data-unresolved]")
    expect(notice).to_contain_text("The connection to CloudFactory dropped. We keep checking for ten minutes")
    above, below = notice.bounding_box(), field.bounding_box()
    assert above
    assert below
    assert below["y"] >= above["y"] + above["height"]
    assert below["width"] > 120


def test_escape_leaves_the_name_as_it_was(signed_in: Page, live: str, emulator: Running, complaints: list[str]) -> None:
    signed_in.goto(live + BATCH)
    signed_in.get_by_role("link", name="Rename").click()
    signed_in.get_by_label("Name of the batch").fill("Something else")
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Naples, early shift")
    assert boards.changes(emulator) == []


def test_escape_is_not_lost_before_its_script_is_there(signed_in: Page, live: str) -> None:
    with held(signed_in, "**/inline-edit.js"):
        signed_in.goto(f"{live}{BATCH}?edit=name")
        signed_in.get_by_label("Name of the batch").press("Escape")
    expect(signed_in.get_by_role("link", name="Rename")).to_be_visible()


def test_a_taken_name_is_said_at_the_field_with_what_was_typed(signed_in: Page, live: str) -> None:
    signed_in.goto(live + BATCHES)
    signed_in.get_by_label("Name of a new batch").fill("Worn edges")
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("#batches-new-errors")).to_contain_text("already has a batch with this name")
    expect(signed_in.get_by_label("Name of a new batch")).to_have_value("Worn edges")
    expect(signed_in.get_by_label("Name of a new batch")).to_be_focused()


def test_lines_of_metadata_come_and_go(signed_in: Page, live: str, emulator: Running, complaints: list[str]) -> None:
    signed_in.goto(live + BATCH)
    signed_in.locator("#batch-metadata").get_by_role("link", name="Change").click()
    lines = signed_in.locator("#batch-metadata .line")
    lines.nth(0).get_by_role("button", name="Remove this line").click()
    expect(lines.nth(0).get_by_label("Name")).to_be_focused()
    lines.last.get_by_label("Name").fill("trays")
    lines.last.get_by_label("Value", exact=True).fill("12")
    lines.last.get_by_label("Kind of value").select_option("number")
    signed_in.get_by_role("button", name="Another line").click()
    expect(lines.last.get_by_label("Name")).to_be_focused()
    lines.last.get_by_label("Name").fill("note")
    lines.last.get_by_label("Value", exact=True).fill("two\nlines")
    signed_in.get_by_role("button", name="Save metadata").click()
    expect(signed_in.locator("#batch-metadata table")).to_contain_text("trays")
    expect(signed_in.locator("#notices")).to_contain_text("The metadata is saved.")
    assert [one["body"] for one in boards.changes(emulator)] == [
        {"metadata": {"shift": "early", "trays": 12, "note": "two\nlines"}}
    ]


def test_another_line_is_added_though_its_script_is_late_and_nothing_typed_is_doubled(
    signed_in: Page, live: str
) -> None:
    signed_in.goto(f"{live}{BATCH}?edit=metadata")
    names = signed_in.locator("#batch-metadata .line").get_by_label("Name")
    before = names.count()
    with held(signed_in, "**/repeated-fields.js"):
        names.last.fill("trays")
        signed_in.get_by_role("button", name="Another line").click()
    expect(names).to_have_count(before + 1)
    expect(names.nth(before - 1)).to_have_value("trays")
    expect(names.last).to_have_value("")
    expect(names.last).to_be_focused()


def test_what_was_typed_before_the_watch_began_is_unsaved_too(signed_in: Page, live: str) -> None:
    form = signed_in.locator("#batch-metadata form")
    with held(signed_in, "**/unsaved.js"):
        signed_in.goto(f"{live}{BATCH}?edit=metadata")
        form.get_by_label("Name").last.fill("trays")
    expect(form).to_have_attribute("data-unsaved", "yes")


def test_refused_metadata_is_still_unsaved(signed_in: Page, live: str) -> None:
    signed_in.goto(f"{live}{BATCH}?edit=metadata")
    form = signed_in.locator("#batch-metadata form")
    form.get_by_label("Value", exact=True).last.fill("a value without a name")
    form.get_by_role("button", name="Save metadata").click()
    expect(form.locator(".field-error").first).to_be_visible()
    expect(form).to_have_attribute("data-unsaved", "yes")


def test_an_error_on_saving_metadata_keeps_what_was_typed(signed_in: Page, live: str, emulator: Running) -> None:
    signed_in.goto(f"{live}{BATCH}?edit=metadata")
    lines = signed_in.locator("#batch-metadata .line")
    lines.last.get_by_label("Name").fill("trays")
    emulator.fault("cloudfactory", "503", method="PATCH")
    signed_in.get_by_role("button", name="Save metadata").click()
    expect(signed_in.locator("#batch-metadata")).to_contain_text("We don't know whether the metadata of the batch")
    expect(lines.nth(-2).get_by_label("Name")).to_have_value("trays")
    expect(signed_in.locator("#batch-metadata form[data-repeated-fields]")).to_have_attribute("data-unsaved", "yes")


def test_figures_of_projects_follow_as_rows_come_into_view(signed_in: Page, live: str, complaints: list[str]) -> None:
    signed_in.goto(f"{live}/projects/")
    expect(signed_in.locator(f"#project-{COINS}")).to_contain_text("6 open, 2 finished")
    expect(signed_in.locator(f"#project-{COINS}")).to_contain_text("18 waiting")


def test_a_figure_that_fails_leaves_the_list(signed_in: Page, live: str, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", path="workItems", times=0)
    signed_in.goto(f"{live}/projects/")
    expect(signed_in.get_by_text("could not be loaded").first).to_be_visible()
    expect(signed_in.locator(".skeleton-line:visible")).to_have_count(0)
    expect(signed_in.get_by_role("link", name="Coin outlines")).to_be_visible()


def test_the_wait_for_a_silent_vendor_passes_where_it_is_named(signed_in: Page, live: str, emulator: Running) -> None:
    emulator.fault("cloudfactory", "503", times=0)
    for _ in range(3):
        signed_in.goto(f"{live}{ORDER}")
    countdown_line = signed_in.locator("[data-countdown]")
    expect(countdown_line).to_contain_text("Try again in")
    first = countdown_line.inner_text()
    expect(countdown_line).not_to_have_text(first)
    expect(countdown_line).to_contain_text(re.compile(r"Try again in \d+ s"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(signed_in: Page, live: str, emulator: Running, scheme: Any) -> None:
    page = signed_in
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    axe_violations: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_load_state("networkidle")
        axe_violations[name] = violations(page)

    for name, address in {
        "projects": "/projects/",
        "project": f"/projects/{COINS}/",
        "batches": BATCHES,
        "new": f"{BATCHES}new/",
        "batch": BATCH,
        "name": f"{BATCH}?edit=name",
        "metadata": f"{BATCH}?edit=metadata",
        "order": ORDER,
        "empty history": f"{ORDER}history/",
    }.items():
        page.goto(live + address)
        look(name)
    page.goto(live + ORDER)
    page.locator(f"#row-{WORN} [data-move=top]").click()
    page.locator(f"#row-{SECOND} [data-pick]").check()
    look("moved")
    page.locator(f"#row-{WORN} [data-move=to]").click()
    look("position")
    page.keyboard.press("Escape")
    emulator.act("reorder", order=START[::-1])
    page.get_by_role("button", name="Save order").click()
    expect(page.get_by_role("heading", name="Merged", exact=True)).to_be_visible()
    look("conflict")
    page.get_by_role("button", name="Save yours").click()
    expect(page.locator("#order-last")).to_contain_text("The order is saved.")
    look("saved")
    page.goto(f"{live}{ORDER}history/")
    look("history")
    page.locator(".timeline a").first.click()
    look("version")
    assert axe_violations == {name: [] for name in axe_violations}


@pytest.mark.parametrize("address", ["/projects/", f"/projects/{COINS}/", BATCHES, BATCH, ORDER, f"{ORDER}history/"])
def test_nothing_is_cut_off_on_a_phone(signed_in: Page, live: str, address: str) -> None:
    signed_in.set_viewport_size({"width": 390, "height": 844})
    signed_in.goto(live + address)
    signed_in.wait_for_load_state("networkidle")
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= 390
