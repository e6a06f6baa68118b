"""Importing a CSV in a browser: a file, its plan by keyboard alone, lists in place; narrow, dark and axe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.items.importing import FORM, lines, sheet, writes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
Scheme = Literal["light", "dark"]
MIXED = [*lines(120), ("javascript:alert(1)", "audio", "No such batch", "101"), ("x" * 300, "image", "", "x" * 300)]


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def write_csv(folder: Path, rows: Any) -> Path:
    path = folder / "dashcam.csv"
    path.write_text(sheet(rows, ("asset_url", "asset_type", "batch", "dificulty" if len(rows) == 1 else "difficulty")))
    return path


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_file_is_chosen_and_its_plan_read_by_keyboard(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path, complaints: list[str]
) -> None:
    signed_in.goto(f"{live}{FORM}")
    signed_in.get_by_label("CSV file").set_input_files(write_csv(tmp_path, MIXED))
    signed_in.get_by_role("button", name="Check lines").focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Import dashcam.csv")
    expect(signed_in.get_by_role("button", name="Create 120 work items")).to_be_visible()
    expect(signed_in.get_by_role("table")).to_contain_text("Line 122")
    expect(signed_in.get_by_role("table")).to_contain_text("line 122, batch: This project has no batch")
    link = signed_in.get_by_role("link", name="120 work items will be created.")
    link.focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("table")).to_contain_text("raw/00001.jpg")
    expect(link).to_be_focused()
    signed_in.get_by_role("link", name="Next").click()
    expect(signed_in.get_by_role("table")).to_contain_text("raw/00120.jpg")
    assert writes(emulator) == []


def test_refused_lines_are_downloaded_and_what_was_pasted_stays(signed_in: Page, live: str, emulator: Running) -> None:
    signed_in.goto(f"{live}{FORM}")
    pasted = signed_in.get_by_label("Or paste lines")
    pasted.fill('asset_url\tasset_type\nraw/1.jpg\t"image')
    signed_in.get_by_role("button", name="Check lines").click()
    expect(signed_in.get_by_role("alert").first).to_contain_text("isn’t closed")
    assert Axe().run(signed_in).response["violations"] == []
    expect(pasted).to_have_value('asset_url\tasset_type\nraw/1.jpg\t"image')
    pasted.fill("asset_url\tasset_type\nraw/1.jpg\taudio")
    signed_in.get_by_role("button", name="Check lines").click()
    with signed_in.expect_download() as saved:
        signed_in.get_by_role("link", name="Download these lines").click()
    assert saved.value.suggested_filename == "pasted lines-not-imported.csv"
    assert "raw/1.jpg,audio,asset_type: Enter image or video." in saved.value.path().read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_the_pages_fit(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path, scheme: Scheme, width: int, complaints: list[str]
) -> None:
    signed_in.emulate_media(color_scheme=scheme)
    signed_in.set_viewport_size({"width": width, "height": 900})
    for rows in (MIXED, [("raw/1.jpg", "image", "", "1")]):
        signed_in.goto(f"{live}{FORM}")
        assert Axe().run(signed_in).response["violations"] == []
        assert fits(signed_in)
        signed_in.get_by_label("CSV file").set_input_files(write_csv(tmp_path, rows))
        signed_in.get_by_role("button", name="Check lines").click()
        expect(signed_in.get_by_role("table")).to_be_visible()
        assert Axe().run(signed_in).response["violations"] == []
        assert fits(signed_in)
