"""From a folder on a disk to the work items of a batch, in a real browser: each file and each item once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import Person
from console.emulator.server import Running
from console.files.models import UploadFile
from console.items.models import Import
from tests.files.test_upload_browser import choose_folder, make_files, puts, said, stored
from tests.items.import_helpers import ARCHIVE, posts, run_workers
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]


def is_good(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_a_folder_with_failures_and_a_reload_becomes_25_items_that_keep_their_names(
    page: Page, sign_in: SignIn, live: str, alice: Person, emulator: Running, tmp_path: Path, settings: Any
) -> None:
    settings.UPLOAD_ARRIVES_WITHIN = 3
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    sign_in(page, alice)
    folder = tmp_path / "night ride"
    make_files(folder, 25, size=40_000)
    emulator.fault("storage", "400", method="PUT", times=3)
    emulator.act("set_upload_pace", bytes=40_000)
    page.goto(f"{live}/files/upload/")
    choose_folder(page, folder)
    until(lambda: len(stored(emulator)) >= 6)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    emulator.act("set_upload_pace", bytes=0)
    choose_folder(page, folder)
    expect(said(page)).to_have_text("25 files saved.")
    sent = stored(emulator)
    assert len(sent) == len({one["path"] for one in sent}) == 25
    assert {(one["content_type"], one["origin"]) for one in puts(emulator)} == {("image/jpeg", live)}
    assert all(one["key"] is None and one["cookie"] is None for one in puts(emulator))
    page.get_by_role("link", name="Create work items from 25 saved files").click()
    expect(page.get_by_role("heading", name="Create work items from files")).to_be_visible()
    is_good(page)
    page.locator(f'a[href^="/projects/{ARCHIVE}/items/from-files/"]').click()
    expect(page.get_by_text("25 files of this upload are saved.")).to_be_visible()
    is_good(page)
    page.get_by_label("Name of the new batch").fill("Night rides")
    page.get_by_role("button", name="Show the plan").click()
    page.wait_for_url(re.compile("/imports/"))
    is_good(page)
    page.get_by_role("button", name="Create 25 work items").click()
    expect(page.get_by_text("0 of 25")).to_be_visible()
    run_workers()
    expect(page.get_by_text("25 created").first).to_be_visible()
    bodies = posts(emulator)
    places = {row.path: f"night ride/{row.name}" for row in UploadFile.objects.all()}
    assert {body["assetUrl"]: body["metadata"]["file"] for body in bodies} == places
    assert {body["batchId"] for body in bodies} == {Import.objects.get().batch_id}
    assert len(bodies) == 25
