"""Pasted paths: one call for all their links, what exists and how large it is, and every bad line named."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from console.emulator.server import Running
from console.files.models import PathList
from tests.conftest import SPACE
from tests.exports.making import HTMX, text_of
from tests.files.getting import listed, pasted, pictures, result_of, signings, stored

ClientAs = Callable[[Person], Client]


def page_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def test_what_exists_is_said_with_its_size(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    path, empty = stored(emulator, b"x" * 2_000), stored(emulator, b"")
    client = client_as(alice)
    page = page_of(client, listed(client, [path, empty, "nowhere/at-all.png"]))
    assert result_of(page, path).startswith(f"{path} Exists 2.0 kB Download")
    assert result_of(page, empty).startswith(f"{empty} Exists 0 bytes Download")
    assert result_of(page, "nowhere/at-all.png") == "nowhere/at-all.png Not there"
    assert "3 files: 2 exist (2.0 kB), 1 is not there." in page


def test_of_a_thousand_paths_with_twenty_bad_ones_980_are_answered_by_one_call(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    there = pictures(emulator, 40)
    good = [*there, *(f"missing/{number}.png" for number in range(980 - len(there)))]
    bad = [f"../{number}.png" for number in range(20)]
    lines = [*good[:500], *bad, *good[500:]]
    client = client_as(alice)
    emulator.forget_requests()
    address = listed(client, [*lines, *good[:100], f"s3://bucket/spaces/{SPACE}/{good[0]}"])
    (call,) = signings(emulator)
    assert call["body"]["paths"] == good
    shown = text_of(client.get(address))
    assert "980 files: 40 exist" in shown
    assert "940 are not there. 101 duplicates were left out." in shown
    assert "20 lines are not paths in this space" in shown
    assert "Line 501: This is not a path inside the space. ../0.png" in shown
    rows = []
    for number in range(1, 11):
        page = page_of(client, f"{address}?page={number}")
        rows += re.findall(r'<th scope="row">(.*?)</th>', page, re.S)
    assert len(rows) == 980
    assert len(signings(emulator)) == 1


def test_the_page_asks_nobody_and_as_few_statements_for_many_as_for_few(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    counts = []
    for many in (1, 300):
        address = listed(client, [f"missing/{number}.png" for number in range(many)])
        client.get(address)
        emulator.forget_requests()
        with CaptureQueriesContext(
            connection,
        ) as statements:
            client.get(address)
        counts.append(len(statements))
        assert emulator.requests("cloudfactory") == emulator.requests("storage") == []
    assert counts[0] == counts[1]


def test_no_link_is_stored_shown_or_logged(
    alice: Person, client_as: ClientAs, emulator: Running, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_as(alice)
    page = page_of(client, listed(client, pictures(emulator, 3)))
    stored_list = PathList.objects.get()
    everything = [page, caplog.text, str(stored_list.found), str(stored_list.paths), stored_list.problem]
    assert not any("signature=" in text for text in everything)


def test_when_no_line_is_a_path_nothing_is_asked_and_the_text_stays(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    response = pasted(client_as(alice), "../a.png\n/b.png")
    assert response.status_code == 422
    shown = text_of(response)
    assert "None of these lines is a path in this space." in shown
    assert "Line 2: This is not a path inside the space." in shown
    assert "../a.png\n/b.png" in response.content.decode()
    assert signings(emulator) == []
    assert not PathList.objects.exists()


@pytest.mark.parametrize("text", ["", "  \n\n ", "a\n" * 1_100_000])
def test_text_without_a_usable_path_is_refused_at_the_field(
    alice: Person, client_as: ClientAs, emulator: Running, text: str
) -> None:
    response = pasted(client_as(alice), text, **HTMX)
    assert response.status_code == 422
    assert "Paste " in text_of(response)


def test_hostile_paths_are_shown_harmlessly(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    lines = ["<script>alert(1)</script>.png", "a\0b", "\u202egnp.exe", "x" * 4_000, "<b>../../etc"]
    response = client.get(listed(client, lines))
    assert response.status_code == 200
    page = response.content.decode()
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "\0" not in page


def test_one_path_that_cloudfactory_refuses_takes_no_other_along(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    path, odd = stored(emulator, b"abc"), "odd\u00adname.png"
    client = client_as(alice)
    page = page_of(client, listed(client, [path, odd, *pictures(emulator, 5)]))
    assert "Exists" in result_of(page, path)
    assert "7 files: 6 exist" in page
    assert "1 can’t be accessed" in page


def test_a_link_that_the_store_refuses_is_no_access(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    path = stored(emulator, b"abc")
    emulator.fault("storage", "403", path=path, times=0)
    client = client_as(alice)
    assert "No access" in result_of(page_of(client, listed(client, path)), path)


def test_a_store_that_refuses_head_is_asked_for_the_first_byte(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    path = stored(emulator, b"abcdef")
    emulator.fault("storage", "403", method="HEAD", times=0)
    client = client_as(alice)
    assert "Exists 6 bytes" in result_of(page_of(client, listed(client, path)), path)


@pytest.mark.parametrize(("fault", "words"), [("503", "problem"), ("401", "key"), ("403", "not"), ("429", "busy")])
def test_a_list_outlives_a_cloudfactory_that_fails(
    alice: Person, client_as: ClientAs, emulator: Running, fault: str, words: str
) -> None:
    path = stored(emulator, b"abc")
    client = client_as(alice)
    emulator.fault("cloudfactory", fault, method="POST", path="signedurls", times=0)
    address = listed(client, path)
    shown = text_of(client.get(address))
    assert "Not every file could be checked" in shown
    assert words in shown.lower()
    assert "Check 1 file" in shown
    emulator.clear_faults()
    if fault == "401":
        return  # The key has to be replaced first.
    assert client.post(f"{address}sizes/").status_code == 302
    assert "1 file: 1 exists (3 bytes)." in text_of(client.get(address))


def test_a_silent_store_is_not_known_and_can_be_asked_again(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    path, good = stored(emulator, b"abc"), stored(emulator, b"defg")
    emulator.fault("storage", "reset", path=path, times=0)
    client = client_as(alice)
    address = listed(client, [path, good])
    assert "Unknown" in result_of(page_of(client, address), path)
    emulator.clear_faults()
    emulator.forget_requests()
    response = client.post(f"{address}sizes/", headers=HTMX)
    assert "2 files: 2 exist (7 bytes)." in text_of(response)
    (call,) = signings(emulator)
    assert call["body"]["paths"] == [path]


def test_what_the_time_was_too_short_for_is_checked_by_the_next_press(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.REQUEST_SECONDS = 3.5
    emulator.fault("storage", "slow-1", times=0)
    paths = [*pictures(emulator, 50), *(f"raw/{place}/big-1mb.bin" for place in range(30))]
    client = client_as(alice)
    address = listed(client, paths)
    shown = text_of(client.get(address))
    assert "the time for this page was used up" in shown.lower()
    open_ones = [path for path, one in zip(paths, PathList.objects.get().found, strict=True) if one[0] != "exists"]
    assert open_ones
    emulator.clear_faults()
    emulator.forget_requests()
    client.post(f"{address}sizes/")
    (call,) = signings(emulator)
    assert call["body"]["paths"] == open_ones
    assert "80 files: 80 exist" in text_of(client.get(address))


def test_a_store_that_points_elsewhere_is_not_followed(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    path = stored(emulator, b"abc")
    emulator.fault("storage", "redirect", path=path, times=0)
    client = client_as(alice)
    said = result_of(page_of(client, listed(client, path)), path)
    assert "Unknown" in said
    assert "pointed to another address" in said


def test_everything_is_checked_again_on_request(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    path = stored(emulator, b"abc")
    address = listed(client, path)
    emulator.fault("storage", "404", path=path, times=0)
    client.post(f"{address}sizes/", {"again": "1"})
    assert "Not there" in result_of(page_of(client, address), path)


def test_a_list_is_its_owners_alone(alice: Person, carol: Person, client_as: ClientAs, emulator: Running) -> None:
    address = listed(client_as(alice), pictures(emulator, 1))
    other = client_as(carol)
    for part in ("", "1/", "files.zip"):
        assert other.get(f"{address}{part}").status_code == 404
    assert other.post(f"{address}sizes/").status_code == 404


def test_an_auditor_gets_no_files(dana: Person, client_as: ClientAs, emulator: Running) -> None:
    assert client_as(dana).get("/files/get/").status_code == 403


def test_a_reviewer_can_check_files(bob: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(bob)
    assert "1 file: 1 exists" in text_of(client.get(listed(client, pictures(emulator, 1))))


def test_the_space_of_the_list_is_asked_after_another_was_chosen(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    path = stored(emulator, b"abc")
    address = listed(client, path)
    alice.places.filter(vendor="cloudfactory").update(value="11111111-0000-4000-8000-000000000001")
    emulator.forget_requests()
    client.post(f"{address}sizes/", {"again": "1"})
    (call,) = signings(emulator)
    assert SPACE in call["path"]


def test_without_a_key_the_form_says_how_to_connect_one(nobody: Person, client_as: ClientAs, db: Any) -> None:
    response = client_as(nobody).get("/files/get/")
    assert response.status_code == 200
    assert "CloudFactory key" in text_of(response)


def test_only_the_newest_lists_of_a_person_are_kept(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    PathList.objects.bulk_create(PathList(person=alice, space=SPACE, paths=["a"]) for _ in range(60))
    listed(client, pictures(emulator, 1))
    assert PathList.objects.filter(person=alice).count() < 60
