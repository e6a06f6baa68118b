"""Exports in a real browser: by mouse, by keyboard alone, without script; two people; no complaint in either scheme."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.conftest import PASSWORD
from tests.exports.making import made_by, sent, work
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]
EXPORT = re.compile(r"/exports/[0-9a-f-]{36}/$")


@pytest.fixture
def desk(page: Any, slow: Running, live: str, sign_in: SignIn, alice: Person) -> Any:
    page.set_default_timeout(20_000)
    sign_in(page, alice)
    page.goto(f"{live}/exports/new/?projects=all")
    page.locator("#export-contents strong").first.wait_for()
    return page


@pytest.fixture
def still(desk: Any, live: str) -> Iterator[Any]:
    """The same person in a browser without script."""
    state = desk.context.storage_state()
    with desk.context.browser.new_context(java_script_enabled=False, storage_state=state) as context:
        plain = context.new_page()
        plain.set_default_timeout(20_000)
        plain.goto(f"{live}/exports/new/")
        yield plain


def serious(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def saved(download: Any, tmp_path: Path) -> bytes:
    target = tmp_path / download.suggested_filename
    download.save_as(target)
    return target.read_bytes()


def test_from_the_choice_to_the_file_with_news_elsewhere(
    desk: Any, live: str, slow: Running, complaints: list[str], tmp_path: Path
) -> None:
    name = desk.get_by_label("Name", exact=True)
    desk.get_by_label("Eye screening", exact=True).check()
    desk.get_by_label("Uppsala").wait_for()
    expect(name).to_have_value(re.compile("^Eye screening, "))
    desk.get_by_role("button", name="Leave out Lund").click()
    desk.get_by_role("button", name="Leave out Lund").wait_for(state="detached")
    expect(desk.locator("input[name=batches]:checked")).to_have_count(2)
    expect(desk.get_by_label("Lund")).not_to_be_checked()
    name.fill("Eyes by mouse")
    desk.locator("#export-words", has_text=re.compile(r"Export \d+ items")).wait_for()
    desk.locator("button[value=now]").click()
    desk.wait_for_url(EXPORT)
    desk.get_by_text("You may leave").wait_for()
    address = desk.url
    desk.goto(f"{live}/exports/")
    row = desk.locator("tbody tr", has_text="Eyes by mouse")
    row.get_by_text("Alice").wait_for()
    slow.act("finish_export")
    work(2)
    row.get_by_text("Ready").wait_for()
    desk.get_by_text("Your export is ready").wait_for()
    work(2)
    desk.goto(address)
    desk.get_by_text("Fingerprint (SHA-256)").wait_for()
    with desk.expect_download() as coming:
        desk.get_by_role("link", name="Download", exact=True).click()
    assert saved(coming.value, tmp_path)[:2] == b"PK"
    expect(desk.locator("#export-status")).to_contain_text("Downloaded by Alice once.")
    expect(desk.locator("#export-history")).to_contain_text("Alice downloaded the export Eyes by mouse")
    body = sent(slow, "POST")[0]["body"]
    assert body["name"] == "Eyes by mouse"
    assert len(body["batchIds"]) == 2
    assert Entry.objects.lines().filter(action="export.download").count() == 1


def test_reload_back_and_a_new_session_bring_the_choices_back(
    desk: Any, live: str, alice: Person, sign_in: SignIn, complaints: list[str]
) -> None:
    everything, eyes = desk.get_by_label("All projects"), desk.get_by_label("Eye screening", exact=True)
    eyes.check()
    expect(everything).not_to_be_checked()
    desk.get_by_label("Lund").check()
    expect(desk.get_by_label("Name", exact=True)).to_have_value(re.compile("^Eye screening, 1 batch, "))
    desk.get_by_text("Only items created or changed at certain times").click()
    desk.get_by_label("Created from").fill("2026-03-01")
    desk.get_by_label("Name", exact=True).press_sequentially("!")
    address, name = desk.url, desk.get_by_label("Name", exact=True).input_value()

    def is_as_it_was() -> None:
        expect(desk.get_by_label("Lund")).to_be_checked()
        expect(eyes).to_be_checked()
        expect(everything).not_to_be_checked()
        expect(desk.get_by_label("Created from")).to_have_value("1 Mar 2026")
        expect(desk.get_by_label("Name", exact=True)).to_have_value(name)
        expect(desk).to_have_url(address)

    desk.evaluate("document.querySelector('#export-form').dataset.unsaved = ''")
    desk.reload()
    is_as_it_was()
    desk.goto(f"{live}/exports/")
    desk.go_back()
    is_as_it_was()
    desk.context.clear_cookies()
    desk.goto(f"{live}/exports/")
    desk.goto(address)
    desk.wait_for_url(re.compile("/account/login/"))
    desk.get_by_label("Email").fill(alice.email)
    desk.locator("input[name=password]").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in", exact=True).click()
    is_as_it_was()
    everything.check()
    expect(eyes).not_to_be_checked()
    desk.get_by_label("Lund").wait_for(state="detached")
    expect(desk.get_by_label("Name", exact=True)).to_have_value(name)
    expect(desk).not_to_have_url(re.compile("batches"))
    expect(desk).to_have_url(re.compile("projects=all"))


def test_a_session_that_ends_while_one_chooses_leads_back_to_the_last_choice(
    desk: Any, live: str, alice: Person
) -> None:
    desk.context.clear_cookies()
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.get_by_label("Eye screening", exact=True).click()
    desk.wait_for_url(re.compile("/account/login/"))
    desk.get_by_label("Email").fill(alice.email)
    desk.locator("input[name=password]").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in", exact=True).click()
    expect(desk.get_by_label("Eye screening", exact=True)).to_be_checked()
    expect(desk.get_by_label("All projects")).not_to_be_checked()
    expect(desk.get_by_label("Name", exact=True)).to_have_value(re.compile("^Eye screening, "))


def test_ten_quick_presses_start_one(desk: Any, slow: Running, complaints: list[str]) -> None:
    desk.evaluate("for (let n = 0; n < 10; n++) document.querySelector('button[value=now]').click()")
    desk.wait_for_url(EXPORT)
    assert len(sent(slow, "POST")) == 1


def test_by_keyboard_alone(desk: Any, slow: Running, complaints: list[str], tmp_path: Path) -> None:
    desk.locator("#id_name").focus()
    desk.keyboard.press("ControlOrMeta+a")
    desk.keyboard.type("By keys")
    tab_to(desk, "button[value=now]")
    desk.keyboard.press("Enter")
    desk.wait_for_url(EXPORT)
    slow.act("finish_export")
    desk.reload()
    tab_to(desk, "a.button-primary[href$='/download/']")
    with desk.expect_download() as coming:
        desk.keyboard.press("Enter")
    assert saved(coming.value, tmp_path)[:2] == b"PK"
    tab_to(desk, "[data-dialog-open='delete-dialog']", back=True)
    desk.keyboard.press("Enter")
    desk.get_by_role("dialog").wait_for()
    tab_to(desk, "dialog .button-danger")
    desk.keyboard.press("Enter")
    desk.get_by_text("are deleted, for everyone").wait_for()
    assert len(sent(slow, "DELETE")) == 1


def tab_to(page: Any, selector: str, *, back: bool = False) -> None:
    for _ in range(80):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"No way to {selector} by keyboard.")


def test_without_script_create_leave_out_follow_download_and_delete(
    still: Any, live: str, slow: Running, tmp_path: Path
) -> None:
    still.get_by_label("Name", exact=True).fill("Still")
    still.get_by_label("Eye screening", exact=True).check()
    still.get_by_role("button", name="Show their batches and count the items").click()
    still.get_by_role("button", name="Leave out Lund").click()
    expect(still.locator("input[name=batches]:checked")).to_have_count(2)
    still.get_by_role("button", name="Start the export").click()
    still.get_by_role("heading", name="Still").wait_for()
    slow.act("finish_export")
    still.reload()
    with still.expect_download() as coming:
        still.get_by_role("link", name="Download", exact=True).click()
    assert saved(coming.value, tmp_path)[:2] == b"PK"
    still.get_by_role("link", name="Delete").click()
    still.get_by_role("button", name="Delete “Still”").click()
    still.get_by_text("are deleted, for everyone").wait_for()
    assert len(sent(slow, "POST")) == 1


def stands_out(button: Any) -> bool:
    """Whether its colours are those of the one that is meant to be pressed."""
    accent = "(button) => getComputedStyle(button).borderColor === getComputedStyle(button).backgroundColor"
    return bool(button.evaluate(accent))


def test_two_people_one_slot(
    desk: Any, erin: Person, new_context: Any, live: str, sign_in: SignIn, slow: Running
) -> None:
    desk.get_by_label("Name", exact=True).fill("Alice first")
    desk.locator("button[value=now]").click()
    desk.wait_for_url(EXPORT)
    hers = new_context().new_page()
    hers.set_default_timeout(20_000)
    sign_in(hers, erin)
    hers.goto(f"{live}/exports/new/?projects=all")
    hers.get_by_text("started by Alice").wait_for()
    until(lambda: stands_out(hers.locator("button[value=free]")))
    until(lambda: not stands_out(hers.locator("button[value=now]")))
    hers.get_by_label("Name", exact=True).fill("Erin second")
    hers.locator("button[value=now]").click()
    hers.get_by_text("Nothing was started; everything you chose is still here").wait_for()
    expect(hers.get_by_label("Name", exact=True)).to_have_value("Erin second")
    expect(hers.get_by_text("No export is running.")).to_have_count(0)
    hers.get_by_role("button", name="Add to queue").click()
    hers.get_by_text("is next in the queue, after Alice first").wait_for()
    slow.act("finish_export")
    work()
    hers.wait_for_url(EXPORT)
    assert ExportRequest.objects.filter(name="Erin second", state="started").count() == 1
    assert [entry["body"]["name"] for entry in sent(slow, "POST") if entry["status"] == 201] == [
        "Alice first",
        "Erin second",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(desk: Any, live: str, alice: Person, slow: Running, scheme: str) -> None:
    # Loaded anew in its colours: a page that changes them is still on the way when axe looks.
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    desk.reload()
    desk.locator("#export-contents strong").first.wait_for()
    assert serious(desk) == []
    desk.locator("button[value=now]").click()
    desk.wait_for_url(EXPORT)
    assert serious(desk) == []
    slow.act("finish_export")
    work(2)
    queued = made_by(alice, state="queued", name="Waits", selection_data={"projects": [], "batches": []})
    unknown = made_by(alice, state="sending", name="Unknown")
    for address in (desk.url, f"{live}/exports/", f"{live}/exports/?show=failed", f"{desk.url}delete/"):
        desk.goto(address)
        desk.wait_for_load_state("networkidle")
        assert serious(desk) == []
    for export_request in (queued, unknown):
        desk.goto(f"{live}/exports/plan/{export_request.pk}/")
        assert serious(desk) == []


def test_a_list_wider_than_the_window_scrolls_by_itself(desk: Any, live: str) -> None:
    desk.set_viewport_size({"width": 800, "height": 800})
    desk.goto(f"{live}/exports/")
    expect(desk.locator("[data-rows] tr").first).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 800
