"""Files of a list as downloads: exact, recorded, resumed, and all of them as one zip that says what is not in it."""

import csv
import hashlib
import io
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.bigzip import BigZip
from console.emulator.server import Running
from console.files.models import Upload, UploadFile
from tests.conftest import SPACE
from tests.exports.making import body_of, broken_off, text_of
from tests.files.getting import listed, pictures, signings, stored, unzipped

ClientAs = Callable[[Person], Client]
CONTENT = bytes(range(256)) * 100


def recorded() -> list[Entry]:
    return list(Entry.objects.lines().filter(action="file.download").order_by("sequence"))


def names_in(archive: Any) -> list[list[str]]:
    text = archive.read("original names.csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def test_one_file_is_the_stores_byte_for_byte_and_recorded(
    bob: Person, client_as: ClientAs, emulator: Running, caplog: pytest.LogCaptureFixture
) -> None:
    path = stored(emulator, CONTENT)
    client = client_as(bob)
    address = listed(client, ["missing.png", path])
    emulator.forget_requests()
    response = client.get(f"{address}2/")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="{path.rpartition("/")[2]}"'
    assert response["Content-Length"] == str(len(CONTENT))
    assert body_of(response) == CONTENT
    assert len(signings(emulator)) == 1
    (entry,) = recorded()
    assert (entry.actor_name, entry.outcome, entry.thing_name) == ("Bob", "done", path)
    assert f"Bob downloaded the file {path}" in text_of(client.get("/audit/"))
    everything = [str(response.headers), caplog.text, *(str(entry.detail) for entry in Entry.objects.all())]
    assert not any("signature=" in text for text in everything)


def test_a_download_is_resumed_where_it_broke_off(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    path = stored(emulator, CONTENT * 20)
    client = client_as(alice)
    address = f"{listed(client, path)}1/"
    response = client.get(address)
    begun = broken_off(response)
    rest = client.get(address, headers={"Range": f"bytes={len(begun)}-", "If-Range": response["ETag"]})
    assert rest.status_code == 206
    assert begun + body_of(rest) == CONTENT * 20
    assert "then it broke off" in text_of(client.get("/audit/"))


def test_a_part_behind_the_end_is_416(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = f"{listed(client, stored(emulator, b'abc'))}1/"
    response = client.get(address, headers={"Range": "bytes=10-"})
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */3")


def test_an_empty_file_is_a_file(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(f"{listed(client, stored(emulator, b''))}1/")
    assert response.status_code == 200
    assert body_of(response) == b""


def test_a_fresh_link_is_asked_for_each_time(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = listed(client, stored(emulator, CONTENT))
    emulator.act("expire_links")
    assert body_of(client.get(f"{address}1/")) == CONTENT


def test_a_missing_file_says_so_and_is_recorded_as_failed(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    address = listed(client, "missing.png")
    response = client.get(f"{address}1/")
    assert response.status_code == 410
    assert "There is no file at this path." in text_of(response)
    assert [entry.outcome for entry in recorded()] == ["failed"]
    tool = client.get(f"{address}1/", headers={"Accept": "*/*"})
    assert (tool.status_code, tool.content) == (410, b"There is no file at this path.\n")


def test_a_number_that_is_not_in_the_list_is_404(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = listed(client, "missing.png")
    assert [client.get(f"{address}{number}/").status_code for number in (0, 2, 99999999999)] == [404, 404, 404]
    assert recorded() == []


def test_head_takes_nothing_and_records_nothing(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = listed(client, stored(emulator, CONTENT))
    assert client.head(f"{address}1/")["Content-Length"] == str(len(CONTENT))
    assert client.head(f"{address}files.zip")["Content-Type"] == "application/zip"
    assert recorded() == []


def test_the_link_itself_is_given_where_the_settings_say_so(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.EXPORT_DOWNLOAD = "redirect"
    client = client_as(alice)
    response = client.get(f"{listed(client, stored(emulator, CONTENT))}1/")
    assert (response.status_code, response["Location"].startswith(emulator.storage_url)) == (302, True)
    assert "was given a link to the file" in text_of(client.get("/audit/"))


def test_the_zip_has_every_file_byte_for_byte_under_a_name_of_its_own(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    contents = {stored(emulator, CONTENT + bytes([number])): CONTENT + bytes([number]) for number in range(3)}
    same_names = [path for path in pictures(emulator, 500) if path.rpartition("/")[2].startswith("coins-r1c1")]
    client = client_as(bob)
    address = listed(client, [*contents, *same_names, "missing.png"])
    emulator.forget_requests()
    response = client.get(f"{address}files.zip")
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="Northwind files 20')
    archive = unzipped(response)
    rows = names_in(archive)
    assert [row[1] for row in rows] == [*contents, *same_names, "missing.png"]
    assert rows[-1][2:] == ["missing.png", "", "", "not included: there is no file at this path."]
    for row in rows[:3]:
        assert archive.read(row[3]) == contents[row[1]]
        assert row[4:] == [str(len(CONTENT) + 1), "included"]
    assert len(archive.namelist()) == len(set(archive.namelist())) == len(rows)
    assert len(signings(emulator)) == 1
    entries = recorded()
    assert [entry.outcome for entry in entries] == ["done"] * (len(rows) - 1)
    assert len({entry.group for entry in entries}) == 1
    assert all(entry.request_id for entry in entries)


def test_a_file_that_fails_in_the_middle_is_named_and_not_in_the_zip(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    before, cut, after = (stored(emulator, CONTENT * 10) for _ in range(3))
    client = client_as(alice)
    address = listed(client, [before, cut, after])
    emulator.fault("storage", "truncated", method="GET", path=cut, times=0)
    archive = unzipped(client.get(f"{address}files.zip"))
    first, second, third = names_in(archive)
    assert (first[5], third[5]) == ("included", "included")
    assert second[3] == ""
    assert second[5].startswith("not included: ")
    assert sorted(archive.namelist()) == sorted([first[3], third[3], "original names.csv"])
    assert archive.read(third[3]) == CONTENT * 10
    assert [entry.outcome for entry in recorded()][::2] == ["done", "done"]


def test_links_that_age_while_the_zip_is_sent_are_renewed(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    paths = [stored(emulator, CONTENT) for _ in range(4)]
    client = client_as(alice)
    address = listed(client, paths)
    response = client.get(f"{address}files.zip")
    emulator.act("expire_links")
    archive = unzipped(response)
    assert [row[5] for row in names_in(archive)] == ["included"] * 4


def test_more_files_than_are_signed_at_once_are_all_in_the_zip(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    paths = pictures(emulator, 60)
    client = client_as(alice)
    address = listed(client, paths)
    emulator.forget_requests()
    archive = unzipped(client.get(f"{address}files.zip"))
    assert [row[5] for row in names_in(archive)] == ["included"] * 60
    assert [len(call["body"]["paths"]) for call in signings(emulator)] == [50, 10]


def test_a_zip_is_one_line_of_the_audit_and_each_file_an_entry(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    paths = pictures(emulator, 3)
    client = client_as(alice)
    body_of(client.get(f"{listed(client, paths)}files.zip"))
    assert "Alice downloaded 3 files as a zip" in text_of(client.get("/audit/"))
    page = text_of(client.get(f"/audit/{recorded()[1].pk}/"))
    assert f"Alice downloaded the file {paths[1]}" in page
    assert "downloaded 3 files as a zip" in text_of(client.get("/audit/handover/"))


def test_a_zip_of_which_a_file_failed_says_so_in_the_audit(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    first, second = stored(emulator, CONTENT), stored(emulator, CONTENT)
    client = client_as(alice)
    address = listed(client, [first, second])
    emulator.fault("storage", "404", path=second, times=0)
    body_of(client.get(f"{address}files.zip"))
    assert "Alice downloaded 1 of 2 files as a zip (1 failed)" in text_of(client.get("/audit/"))


def test_a_list_of_missing_files_makes_no_zip(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(f"{listed(client, ['missing.png', 'gone.png'])}files.zip")
    assert response.status_code == 410
    assert "None of these files could be found" in text_of(response)
    assert recorded() == []


def test_a_cloudfactory_that_fails_is_an_error_page_and_no_zip(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    address = listed(client, pictures(emulator, 2))
    emulator.fault("cloudfactory", "403", method="POST", path="signedurls", times=0)
    response = client.get(f"{address}files.zip")
    assert response.status_code == 403
    assert recorded() == []


def test_what_was_not_reached_is_named_when_links_stop_coming(
    alice: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(alice)
    address = listed(client, pictures(emulator, 60))
    response = client.get(f"{address}files.zip")
    emulator.fault("cloudfactory", "403", method="POST", path="signedurls", times=0)
    rows = names_in(unzipped(response))
    assert [row[5] for row in rows[:50]] == ["included"] * 50
    assert all(row[5].startswith("not included: ") for row in rows[50:])
    assert [entry.outcome for entry in recorded()][49:] == ["done", "failed"]


def test_a_disabled_person_gets_no_further_links(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(f"{listed(client, pictures(emulator, 60))}files.zip")
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    rows = names_in(unzipped(response))
    assert all(row[5].startswith("not included: ") for row in rows[50:])


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "auditor"}])
def test_a_right_that_is_lost_ends_the_zip_with_the_file_that_is_sent(
    alice: Person, client_as: ClientAs, emulator: Running, change: dict[str, Any]
) -> None:
    """Although the links of the others were made before."""
    client = client_as(alice)
    response = client.get(f"{listed(client, pictures(emulator, 5))}files.zip")
    Person.objects.filter(pk=alice.pk).update(**change)
    rows = names_in(unzipped(response))
    lost = "not included: Your role can’t download files any more."
    assert [row[5] for row in rows] == ["included", lost, lost, lost, lost]
    assert [entry.outcome for entry in recorded()] == ["done"]


def test_a_person_whose_role_was_changed_gets_no_further_files(
    bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    client = client_as(bob)
    response = client.get(f"{listed(client, pictures(emulator, 60))}files.zip")
    Person.objects.filter(pk=bob.pk).update(role="auditor")
    emulator.forget_requests()
    rows = names_in(unzipped(response))
    assert {row[5] for row in rows[50:]} == {"not included: Your role can’t download files any more."}
    assert signings(emulator) == []


def test_files_that_were_uploaded_here_are_called_as_they_were_on_the_disk(
    alice: Person, bob: Person, client_as: ClientAs, emulator: Running
) -> None:
    paths = [stored(emulator, CONTENT) for _ in range(2)]
    upload = Upload.objects.create(person=alice, space=SPACE)
    for place, path in enumerate(paths):
        UploadFile.objects.create(
            upload=upload,
            position=place,
            name="Münze 1.PNG",
            size=len(CONTENT),
            modified=0,
            content_type="image/png",
            digest=f"{place}",
            state="saved",
            path=path,
        )
    client = client_as(bob)
    address = listed(client, paths)
    assert text_of(client.get(address)).count("Münze 1.PNG") == 2
    assert "M%C3%BCnze%201.png" in client.get(f"{address}1/")["Content-Disposition"]
    rows = names_in(unzipped(client.get(f"{address}files.zip")))
    assert [row[1:4] for row in rows] == [
        [paths[0], "Münze 1.PNG", "Münze 1.png"],
        [paths[1], "Münze 1.PNG", "Münze 1 (2).png"],
    ]


def test_whoever_goes_away_has_only_a_part(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    paths = [stored(emulator, CONTENT * 40) for _ in range(3)]
    client = client_as(alice)
    broken_off(client.get(f"{listed(client, paths)}files.zip"))
    (entry,) = recorded()
    assert entry.outcome == "done"
    said = "Alice tried to download 1 file as a zip, but it failed: The connection closed before the zip was complete."
    assert said in text_of(client.get("/audit/"))
    assert "Alice downloaded part of the file" in text_of(client.get(f"/audit/{entry.pk}/"))


def test_a_formula_in_a_path_is_harmless_in_the_list(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    address = listed(client, ["=1+1.png", *pictures(emulator, 1)])
    (row, _) = names_in(unzipped(client.get(f"{address}files.zip")))
    assert row[1] == "'=1+1.png"


def resident() -> int:
    """Bytes of memory that this process has in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_gigabyte_passes_through_flat_memory(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    client = client_as(alice)
    response = client.get(f"{listed(client, ['raw/big-1gb.bin'])}files.zip")
    before, most, total = resident(), 0, 0
    for number, piece in enumerate(response.streaming_content):
        total += len(piece)
        most = max(most, resident()) if number % 500 == 0 else most
    assert total > 1024**3
    assert most - before < 30 * 2**20


def test_a_large_file_in_the_zip_is_exact(alice: Person, client_as: ClientAs, emulator: Running) -> None:
    size = 20 * 1024**2
    client = client_as(alice)
    archive = unzipped(client.get(f"{listed(client, ['raw/big-20mb.bin'])}files.zip"))
    whole = hashlib.sha256(b"".join(BigZip(size).read(0, size))).hexdigest()
    assert hashlib.sha256(archive.read("big-20mb.bin")).hexdigest() == whole
