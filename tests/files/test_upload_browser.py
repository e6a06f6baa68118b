"""Files uploaded by a real browser to a store of another origin: each once, whatever breaks on the way."""

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
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[Any, Person], None]


@pytest.fixture
def signed_in(page: Page, sign_in: SignIn, alice: Person, live: str) -> Page:
    sign_in(page, alice)
    return page


def make_files(folder: Path, count: int = 25, *, size: int = 1_000) -> list[Path]:
    """Pictures by their names, each with bytes of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(1, count + 1):
        path = folder / f"shot-{number:02}.jpg"
        path.write_bytes(f"{number:08}".encode() * (size // 8))
        made.append(path)
    return made


def choose(page: Page, files: list[Path]) -> None:
    page.get_by_label("Choose files").set_input_files(files)


def choose_folder(page: Page, folder: Path) -> None:
    page.get_by_label("Choose a folder").set_input_files(folder)


def puts(emulator: Running) -> list[dict[str, Any]]:
    return [one for one in emulator.requests("storage") if one["method"] == "PUT"]


def stored(emulator: Running) -> list[dict[str, Any]]:
    return [one for one in puts(emulator) if one["status"] == 200]


def said(page: Page) -> Any:
    return page.locator('[data-upload-part="phase"]')


def test_files_go_straight_to_the_store_with_their_type_and_without_a_key(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path, complaints: list[str]
) -> None:
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 25))
    expect(said(signed_in)).to_have_text("25 files saved.")
    expect(signed_in.get_by_role("link", name="Create work items from 25 saved files")).to_be_visible()
    sent = stored(emulator)
    assert len(sent) == len({one["path"] for one in sent}) == 25
    assert {one["content_type"] for one in sent} == {"image/jpeg"}
    assert {one["origin"] for one in sent} == {live}
    assert all(one["key"] is None and one["cookie"] is None for one in sent)
    assert sorted(UploadFile.objects.values_list("state", flat=True)) == ["saved"] * 25
    assert sum("/signedurls" in one["path"] for one in emulator.requests("cloudfactory")) == 3


def test_after_a_reload_the_same_folder_sends_only_what_is_missing(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path, settings: Any
) -> None:
    settings.UPLOAD_ARRIVES_WITHIN = 3
    folder = tmp_path / "night"
    make_files(folder, 25, size=40_000)
    emulator.fault("storage", "400", method="PUT", times=3)
    emulator.act("set_upload_pace", bytes=40_000)
    signed_in.goto(f"{live}/files/upload/")
    choose_folder(signed_in, folder)
    until(lambda: len(stored(emulator)) >= 6)
    signed_in.on("dialog", lambda dialog: dialog.accept())
    signed_in.reload()
    expect(signed_in).to_have_url(re.compile(r"/files/upload/[0-9a-f-]{36}/$"))
    expect(signed_in.get_by_role("heading", name="Choose the same files again to continue")).to_be_visible()
    expect(signed_in.locator("[data-upload-drop]")).to_contain_text("This browser no longer has the other")
    emulator.act("set_upload_pace", bytes=0)
    before = len(stored(emulator))
    assert before < 22
    choose_folder(signed_in, folder)
    expect(said(signed_in)).to_have_text("25 files saved.")
    sent = stored(emulator)
    assert len(sent) == len({one["path"] for one in sent}) == 25
    assert {row.folder for row in UploadFile.objects.all()} == {"night"}
    assert set(UploadFile.objects.values_list("state", flat=True)) == {"saved"}


def test_what_failed_is_said_and_sent_again_on_request(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("storage", "400", method="PUT", times=3)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 25))
    expect(said(signed_in)).to_have_text("22 files saved, 3 failed.")
    expect(signed_in.locator("[data-upload-message]").get_by_text("The file store refused it (400).")).to_have_count(3)
    signed_in.get_by_role("button", name="Retry failed").click()
    expect(said(signed_in)).to_have_text("25 files saved.")
    assert len(stored(emulator)) == 25


def test_a_store_in_trouble_gets_the_same_file_again_to_the_same_place(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("storage", "503", method="PUT", times=2)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 1))
    expect(said(signed_in)).to_have_text("1 file saved.")
    sent = puts(emulator)
    assert [one["status"] for one in sent] == [503, 503, 200]
    assert len({one["path"] for one in sent}) == 1


def test_a_lost_answer_is_looked_up_before_anything_is_sent_again(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("storage", "drop-after", method="PUT", times=2)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 1))
    expect(said(signed_in)).to_have_text("1 file saved.")
    # Chromium itself repeats what a connection lost that was in use before.
    assert len({one["path"] for one in puts(emulator)}) == 1
    assert puts(emulator)[-1]["status"] is None
    assert "HEAD" in [one["method"] for one in emulator.requests("storage")]


def test_a_link_older_than_its_life_is_renewed_once(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("storage", "403", method="PUT", times=1)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 1))
    expect(said(signed_in)).to_have_text("1 file saved.")
    assert [one["status"] for one in puts(emulator)] == [403, 200]
    assert sum("/signedurls" in one["path"] for one in emulator.requests("cloudfactory")) == 2
    emulator.fault("storage", "403", method="PUT", times=0)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path / "more", 1, size=2_000))
    expect(said(signed_in)).to_have_text("0 files saved, 1 failed.")
    assert [one["status"] for one in puts(emulator)][2:] == [403, 403]


def test_links_that_no_longer_work_at_their_turn_are_asked_for_again(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    # The first six take three seconds, so that the links of the others are too old at their turn.
    emulator.act("set_link_life", seconds=2)
    emulator.act("set_upload_pace", bytes=2_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 9, size=6_000))
    expect(said(signed_in)).to_have_text("9 files saved.")
    assert len(stored(emulator)) == 9


@pytest.mark.parametrize("who", ["alice", "erin"])
def test_a_store_that_refuses_this_site_is_explained_to_each_in_their_words(
    who: str, page: Page, sign_in: SignIn, live: str, emulator: Running, tmp_path: Path, request: Any, erin: Person
) -> None:
    sign_in(page, request.getfixturevalue(who))
    emulator.act("set_cors", on=False)
    page.goto(f"{live}/files/upload/")
    choose(page, make_files(tmp_path, 25))
    expect(said(page)).to_contain_text({"alice": "Ask Erin.", "erin": "Access-Control-Allow-Origin"}[who])
    expect(page.locator("[data-upload-tab=failed]")).to_be_visible()
    assert puts(emulator) == []
    emulator.act("set_cors")
    page.get_by_role("button", name="Resume").click()
    expect(said(page)).to_have_text("25 files saved.")
    assert len(stored(emulator)) == 25


def test_pausing_finishes_what_is_sent_and_resuming_sends_the_rest(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.act("set_upload_pace", bytes=20_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 25, size=20_000))
    until(lambda: len(puts(emulator)) >= 6)
    signed_in.get_by_role("button", name="Pause").click()
    expect(said(signed_in)).to_contain_text("Paused.")
    expect(signed_in.get_by_role("button", name="Resume")).to_be_focused()
    expect(signed_in.get_by_role("button", name="Stop")).to_be_hidden()
    before = len(puts(emulator))
    assert before < 25
    assert len(stored(emulator)) == before
    emulator.act("set_upload_pace", bytes=0)
    signed_in.keyboard.press("Enter")
    expect(said(signed_in)).to_have_text("25 files saved.")
    assert len(stored(emulator)) == 25


def test_stopping_breaks_off_what_is_sent(signed_in: Page, live: str, emulator: Running, tmp_path: Path) -> None:
    emulator.act("set_upload_pace", bytes=100_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 8, size=9_000_000))
    expect(signed_in.locator("[data-upload-word]").first).to_have_text(re.compile(r"Uploading \d+ %"))
    signed_in.get_by_role("button", name="Stop").click()
    expect(said(signed_in)).to_contain_text("Stopped.")
    until(lambda: set(UploadFile.objects.values_list("state", flat=True)) <= {"waiting", "unknown"})
    assert stored(emulator) == []
    emulator.act("set_upload_pace", bytes=0)
    signed_in.get_by_role("button", name="Resume").click()
    expect(said(signed_in)).to_have_text("8 files saved.")
    assert len({one["path"] for one in stored(emulator)}) == 8


def test_leaving_warns_only_while_bytes_move(signed_in: Page, live: str, emulator: Running, tmp_path: Path) -> None:
    asked: list[str] = []
    signed_in.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    emulator.act("set_upload_pace", bytes=1_000_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 1, size=9_000_000))
    expect(signed_in.locator("[data-upload-word]").first).to_have_text(re.compile(r"Uploading \d+ %"))
    # Browsers ask only whoever has done something on the page.
    signed_in.get_by_role("heading", name="Progress").click()
    signed_in.goto(f"{live}/files/")
    assert asked == ["beforeunload"]
    emulator.act("set_upload_pace", bytes=0)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path / "more", 1))
    expect(said(signed_in)).to_have_text("1 file saved.")
    signed_in.get_by_role("heading", name="Progress").click()
    signed_in.goto(f"{live}/files/")
    assert asked == ["beforeunload"]


def test_an_ended_session_is_said_and_the_upload_goes_on_after_signing_in(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path, sign_in: SignIn, alice: Person
) -> None:
    emulator.act("set_upload_pace", bytes=20_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 25, size=20_000))
    until(lambda: len(puts(emulator)) >= 6)
    signed_in.context.clear_cookies()
    expect(said(signed_in)).to_contain_text("You were signed out.")
    # What was chosen is only in this page: nothing in it leads away to the sign-in page.
    with signed_in.expect_response(re.compile("/rows/")):
        signed_in.locator('[data-upload-tab=""]').click()
    expect(said(signed_in)).to_contain_text("You were signed out.")
    link = signed_in.get_by_role("link", name="Sign in in another tab")
    expect(link).to_have_attribute("target", "_blank")
    emulator.act("set_upload_pace", bytes=0)
    # What another tab does when somebody signs in there.
    sign_in(signed_in, alice)
    signed_in.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(said(signed_in)).to_have_text("25 files saved.")
    assert len({one["path"] for one in stored(emulator)}) == 25


def test_a_page_from_before_somebody_signed_in_again_goes_on_by_itself(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path, sign_in: SignIn, alice: Person
) -> None:
    signed_in.goto(f"{live}/files/upload/")
    # What another tab does; the page's token belongs to the earlier session.
    signed_in.context.clear_cookies()
    sign_in(signed_in, alice)
    choose(signed_in, make_files(tmp_path, 3))
    expect(said(signed_in)).to_have_text("3 files saved.")


def test_links_are_asked_for_before_the_last_ones_are_used_up(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("cloudfactory", "slow-3", path="signedurls", times=0)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 25))
    asked = lambda: sum("/signedurls" in one["path"] for one in emulator.requests("cloudfactory"))  # noqa: E731
    until(lambda: asked() >= 2)
    assert puts(emulator) == []
    expect(said(signed_in)).to_have_text("25 files saved.")
    assert asked() == 3


def test_going_on_while_links_are_still_being_asked_for_sends_every_file(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("cloudfactory", "slow-3", path="signedurls", times=1)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 3))
    until(
        lambda: (
            bool(emulator.requests("cloudfactory")) and "/signedurls" in emulator.requests("cloudfactory")[-1]["path"]
        )
    )
    signed_in.get_by_role("button", name="Pause").click()
    signed_in.get_by_role("button", name="Resume").click()
    expect(said(signed_in)).to_have_text("3 files saved.")
    assert len(stored(emulator)) == 3


def test_of_two_tabs_one_sends_and_the_other_waits_for_it(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    files = make_files(tmp_path, 12, size=20_000)
    emulator.act("set_upload_pace", bytes=20_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, files)
    until(lambda: len(puts(emulator)) >= 6)
    other = signed_in.context.new_page()
    other.goto(signed_in.url)
    choose(other, files)
    expect(other.get_by_text("This upload is open in another tab")).to_be_visible()
    expect(said(signed_in)).to_have_text("12 files saved.")
    signed_in.close(run_before_unload=False)
    expect(said(other)).to_have_text("12 files saved.")
    assert len(stored(emulator)) == len({one["path"] for one in stored(emulator)}) == 12


def test_files_without_bytes_or_with_odd_names_are_each_said(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    good = make_files(tmp_path, 2)
    empty = tmp_path / "empty.jpg"
    empty.touch()
    odd = tmp_path / "<img src=x onerror=alert(1)>\u202egpj.exe"
    odd.write_bytes(b"x" * 100)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, [*good, empty, odd])
    expect(said(signed_in)).to_have_text("3 files saved.")
    expect(signed_in.get_by_text("empty.jpg: This file is empty (0 bytes)")).to_be_visible()
    assert signed_in.locator("[data-upload-ledger] img").count() == 0
    assert {one["content_type"] for one in stored(emulator)} == {"image/jpeg", "application/octet-stream"}


def test_a_file_changed_or_deleted_while_it_waits_is_said(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    files = make_files(tmp_path, 8, size=20_000)
    emulator.act("set_upload_pace", bytes=10_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, files)
    until(lambda: len(puts(emulator)) >= 6)
    files[6].unlink()
    files[7].write_bytes(b"changed" * 3_000)
    emulator.act("set_upload_pace", bytes=0)
    expect(said(signed_in)).to_have_text("6 files saved, 2 failed.")
    expect(signed_in.get_by_text("It may have been moved, renamed or deleted.")).to_be_visible()
    expect(signed_in.get_by_text("The file was changed after it was chosen.")).to_be_visible()
    files[6].write_bytes(b"again" * 4_000)
    choose(signed_in, files)
    expect(said(signed_in)).to_have_text("8 files saved.")
    assert len(stored(emulator)) == 8


DROP = """
async (count) => {
  const folder = (name, children) => ({
    isDirectory: true, fullPath: `/${name}`,
    createReader() {
      const left = [...children];
      return { readEntries: (found) => setTimeout(found, 0, left.splice(0, 100)) };
    },
  });
  const entry = (number) => ({
    isDirectory: false, fullPath: `/night/${number}.jpg`,
    file: (found) => found(new File([`picture ${number}`], `${number}.jpg`, { lastModified: 1 })),
  });
  const night = folder("night", Array.from({ length: count }, (_, number) => entry(number)));
  const items = [{ kind: "file", webkitGetAsEntry: () => night }];
  const drop = new Event("drop", { bubbles: true, cancelable: true });
  drop.dataTransfer = { types: ["Files"], items };
  document.querySelector("[data-upload-drop]").dispatchEvent(drop);
}
"""


def test_a_dropped_folder_is_read_to_its_end(signed_in: Page, live: str, emulator: Running) -> None:
    signed_in.goto(f"{live}/files/upload/")
    signed_in.evaluate(DROP, 230)
    expect(said(signed_in)).to_have_text("230 files saved.", timeout=60_000)
    assert set(UploadFile.objects.values_list("folder", flat=True)) == {"night"}
    assert len(stored(emulator)) == 230
    expect(signed_in.locator("[data-upload-file]")).to_have_count(100)
    signed_in.get_by_role("link", name="Next").click()
    expect(signed_in.get_by_text("101 to 200 of 230 files")).to_be_visible()
    expect(said(signed_in)).to_have_text("230 files saved.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_accessible_and_fits_a_phone(
    width: int, scheme: Any, signed_in: Page, live: str, emulator: Running, tmp_path: Path, complaints: list[str]
) -> None:
    signed_in.set_viewport_size({"width": width, "height": 900})
    signed_in.emulate_media(color_scheme=scheme)
    emulator.fault("storage", "400", method="PUT", times=1)
    signed_in.goto(f"{live}/files/upload/")
    assert_accessible(signed_in)
    choose(signed_in, [*make_files(tmp_path / ("long" * 20), 5)])
    expect(said(signed_in)).to_have_text("4 files saved, 1 failed.")
    assert_accessible(signed_in)
    complaints[:] = [text for text in complaints if "400" not in text]


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_is_done_by_keyboard_alone(signed_in: Page, live: str, emulator: Running, tmp_path: Path) -> None:
    signed_in.goto(f"{live}/files/upload/")
    chooser = signed_in.get_by_label("Choose files")
    # Until its script has run, the page has no place for files, and nothing in it takes the focus.
    expect(signed_in.get_by_role("heading", name="Drop files or folders here")).to_be_visible()
    chooser.focus()
    with signed_in.expect_file_chooser() as opened:
        signed_in.keyboard.press("Enter")
    emulator.fault("storage", "400", method="PUT", times=1)
    opened.value.set_files(make_files(tmp_path, 3))
    expect(said(signed_in)).to_have_text("2 files saved, 1 failed.")
    expect(signed_in.locator("#live")).to_have_text("2 files saved, 1 failed.")
    signed_in.get_by_role("button", name="Retry failed").focus()
    signed_in.keyboard.press("Enter")
    expect(said(signed_in)).to_have_text("3 files saved.")
    expect(said(signed_in)).to_be_focused()


def test_without_script_the_page_says_that_it_needs_it(
    alice: Person, client_as: Callable[[Person], Any], emulator: Running
) -> None:
    page = client_as(alice).get("/files/upload/").content.decode()
    start = page.index("<noscript>")
    assert "Uploading needs JavaScript" in page[start : page.index("</noscript>")]
    assert re.search(r"data-upload-drop\s+hidden", page)


def test_links_that_are_refused_hold_the_upload_until_somebody_resumes_it(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("cloudfactory", "403", path="signedurls", times=0)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 3))
    resume = signed_in.get_by_role("button", name="Resume")
    expect(resume).to_be_visible()
    expect(said(signed_in)).to_contain_text("CloudFactory")
    assert puts(emulator) == []
    emulator.clear_faults()
    resume.click()
    expect(said(signed_in)).to_have_text("3 files saved.")


def test_fewer_links_than_asked_for_send_the_rest_a_little_later(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.act("set_upload_links", fewer=4)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 20))
    until(lambda: len(stored(emulator)) >= 6)
    emulator.act("set_upload_links", fewer=0)
    expect(said(signed_in)).to_have_text("20 files saved.")
    assert len(stored(emulator)) == len({one["path"] for one in stored(emulator)}) == 20


def test_a_busy_platform_is_waited_for(signed_in: Page, live: str, emulator: Running, tmp_path: Path) -> None:
    emulator.fault("cloudfactory", "429", path="signedurls", times=4)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 3))
    expect(said(signed_in)).to_have_text("3 files saved.", timeout=60_000)
    assert len(stored(emulator)) == 3


def test_a_store_that_falls_silent_is_given_up_on_and_asked_once_more(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    # So slow that the second piece of an upload is read only after its sender has lost patience.
    emulator.act("set_upload_pace", bytes=4_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 1, size=16_000_000))
    expect(signed_in.locator("[data-upload-word]").first).to_have_text(re.compile(r"Uploading [1-9]\d* %"))
    emulator.act("set_upload_pace", bytes=0)
    expect(said(signed_in)).to_have_text("1 file saved.", timeout=60_000)
    assert len(stored(emulator)) == 1
    assert UploadFile.objects.get().state == "saved"


def test_a_lost_answer_that_nobody_can_look_up_is_sent_again_to_the_same_place(
    signed_in: Page, live: str, emulator: Running, tmp_path: Path
) -> None:
    emulator.fault("cloudfactory", "403", method="POST", path="signedurls", times=0)
    emulator.fault("storage", "drop-after", method="PUT", times=2)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 2))
    expect(said(signed_in)).to_have_text("2 files saved.")
    assert len({one["path"] for one in puts(emulator)}) == 2
