"""Files uploaded by a real browser to a store of another origin: each once, whatever breaks on the way."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
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
    expect(signed_in.get_by_role("heading", name="Choose the same files again to go on")).to_be_visible()
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
    emulator.act("set_link_life", seconds=0.3)
    emulator.act("set_upload_pace", bytes=2_000)
    signed_in.goto(f"{live}/files/upload/")
    choose(signed_in, make_files(tmp_path, 9, size=2_000))
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
