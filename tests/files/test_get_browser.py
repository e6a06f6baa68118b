"""Files by their paths in a browser: checked in place, downloaded, by keyboard, on a phone, dark, without script."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from accounts.models import Person
from console.emulator.server import Running
from tests.files.getting import pictures, stored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
LONG = "folder-with-a-long-name/" * 40 + "picture.png"


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, bob: Person, live: str) -> Page:
    sign_in(page, bob)
    return page


def paste(page: Page, live: str, lines: list[str]) -> None:
    page.goto(f"{live}/files/get/")
    page.get_by_label("Paths").fill("\n".join(lines))
    page.get_by_role("button", name="Check files").click()
    expect(page.get_by_role("heading", name="Files by path")).to_be_visible()


def test_paths_are_checked_and_a_zip_is_downloaded(
    signed_in: Page, live: str, emulator: Running, complaints: list[str]
) -> None:
    path = stored(emulator, b"abc" * 1000)
    paste(signed_in, live, [path, "missing.png", "../bad.png"])
    expect(signed_in.get_by_text("2 files: 1 exists (3.0 kB), 1 is not there.")).to_be_visible()
    expect(signed_in.get_by_text("1 line is not a path in this space")).to_be_visible()
    expect(signed_in.get_by_text("Line 3: This is not a path inside the space.")).to_be_visible()
    with signed_in.expect_download() as caught:
        signed_in.get_by_role("link", name="Download 1 file as zip").click()
    archive = zipfile.ZipFile(Path(caught.value.path()))
    assert archive.read(archive.namelist()[0]) == b"abc" * 1000
    with signed_in.expect_download() as caught:
        signed_in.get_by_role("link", name=f"Download {path.rpartition('/')[2]}").click()
    assert Path(caught.value.path()).read_bytes() == b"abc" * 1000


def test_what_is_wrong_is_said_at_the_field_and_the_text_stays(signed_in: Page, live: str) -> None:
    signed_in.goto(f"{live}/files/get/")
    box = signed_in.get_by_label("Paths")
    box.fill("../a.png")
    signed_in.get_by_role("button", name="Check files").click()
    expect(signed_in.get_by_text("None of these lines is a path in this space.").first).to_be_visible()
    expect(signed_in.get_by_label("Paths")).to_have_value("../a.png")


def test_they_are_checked_again_in_place_by_keyboard_alone(signed_in: Page, live: str, emulator: Running) -> None:
    path = stored(emulator, b"abc")
    paste(signed_in, live, [path])
    emulator.fault("storage", "404", path=path, times=0)
    signed_in.get_by_role("button", name="Check again").focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("#files-list").get_by_text("1 file: 1 is not there.")).to_be_visible()
    expect(signed_in.locator("#live")).to_have_text("1 file: 1 is not there.")
    expect(signed_in.get_by_role("button", name="Check again")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_fit_and_are_accessible(
    signed_in: Page, live: str, emulator: Running, width: int, scheme: Any
) -> None:
    signed_in.emulate_media(color_scheme=scheme)
    signed_in.set_viewport_size({"width": width, "height": 844})
    signed_in.goto(f"{live}/files/get/")
    assert_fine(signed_in)
    paste(signed_in, live, [*pictures(emulator, 3), "missing.png", LONG, "odd\u00adname.png", "../bad", "x" * 5_000])
    expect(signed_in.get_by_text("2 lines are not paths in this space")).to_be_visible()
    assert_fine(signed_in)


def assert_fine(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_works_without_script(
    browser: Browser, sign_in: SignIn, bob: Person, live: str, emulator: Running
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, bob)
    paste(page, live, [*pictures(emulator, 1), "missing.png"])
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("2 files: 1 exists")).to_be_visible()
    page.get_by_role("link", name="Not there 1").click()
    expect(page.get_by_role("row")).to_have_count(2)
    context.close()
