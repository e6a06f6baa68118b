"""Tools that save whatever comes get the file, or a line of text with a status that says why not, never a page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.audit.models import Entry
from console.emulator.server import Running
from console.exports.models import ExportRequest
from tests.exports.making import body_of, finish, start

ClientAs = Callable[[Person], Client]
TOOLS = {
    "a tool that resumes": {"Range": "bytes=5-", "Accept": "text/html"},
    "curl": {"Accept": "*/*"},
    "a script": {"Accept": "application/zip, application/json;q=0.9"},
    "Save link as": {"Accept": "text/html", "Sec-Fetch-Dest": "empty"},
}
FILES = ["/exports/7b4f7a52-8f8b-4b8e-9a3f-000000000001/download/", "/audit/export.csv", "/audit/handover.csv"]


@pytest.fixture
def ready(alice: Person, client_as: ClientAs, slow: Running) -> ExportRequest:
    export_request = start(client_as(alice), name="Eyes")
    finish(slow, export_request)
    return export_request


def is_line_of_text(response: Any) -> bool:
    return response["Content-Type"].startswith("text/plain") and b"<" not in response.content


@pytest.mark.django_db
@pytest.mark.parametrize("headers", TOOLS.values(), ids=TOOLS.keys())
@pytest.mark.parametrize("address", FILES)
def test_without_a_session_a_tool_is_told_so_and_saves_no_sign_in_page(address: str, headers: dict[str, str]) -> None:
    response = Client(HTTP_HOST="localhost").get(address, headers=headers)
    assert (response.status_code, is_line_of_text(response)) == (401, True)
    assert response["WWW-Authenticate"].startswith("Cookie ")
    assert "Location" not in response
    assert Client(HTTP_HOST="localhost").head(address).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("address", FILES)
def test_without_a_session_a_browser_is_led_to_the_sign_in_page(address: str) -> None:
    for headers in ({}, {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Dest": "document"}):
        assert Client(HTTP_HOST="localhost").get(address, headers=headers).status_code == 302


@pytest.mark.parametrize("headers", TOOLS.values(), ids=TOOLS.keys())
def test_a_tool_with_a_session_gets_the_file(
    ready: ExportRequest, alice: Person, client_as: ClientAs, headers: dict[str, str]
) -> None:
    response = client_as(alice).get(f"/exports/{ready.export_id}/download/", headers=headers)
    assert response["Content-Type"] == "application/zip"
    assert len(body_of(response)) == int(response["Content-Length"])


@pytest.mark.parametrize("headers", TOOLS.values(), ids=TOOLS.keys())
def test_what_there_is_no_file_for_is_a_line_of_text(
    ready: ExportRequest,
    alice: Person,
    bob: Person,
    dana: Person,
    client_as: ClientAs,
    slow: Running,
    headers: dict[str, str],
) -> None:
    def ask(person: Person, export: str = ready.export_id) -> Any:
        return client_as(person).get(f"/exports/{export}/download/", headers=headers)

    slow.act("expire_links", export=ready.export_id)
    mine, anothers = ask(alice), ask(bob)
    assert (mine.status_code, is_line_of_text(mine)) == (410, True)
    assert mine.content.startswith(
        b"The link to the file has expired, and CloudFactory gave no new one. Make it again: "
    )
    assert b"http://localhost/exports/new/?" in mine.content
    assert anothers.content == b"The link to the file has expired, and CloudFactory gave no new one.\n"
    refused = ask(dana)
    assert (refused.status_code, is_line_of_text(refused)) == (403, True)
    unknown = ask(alice, "7b4f7a52-8f8b-4b8e-9a3f-000000000000")
    assert (unknown.status_code, is_line_of_text(unknown)) == (404, True)
    slow.act("expire_links", export=ready.export_id, expired=False)
    slow.fault("storage", "500", times=0)
    failed = ask(alice)
    assert (failed.status_code, is_line_of_text(failed)) == (502, True)
    slow.fault("cloudfactory", "503", times=0)
    silent = ask(alice)
    assert (silent.status_code, is_line_of_text(silent)) == (502, True)


@pytest.mark.parametrize("headers", TOOLS.values(), ids=TOOLS.keys())
def test_without_a_key_a_tool_saves_no_page_about_keys(
    nobody: Person, client_as: ClientAs, headers: dict[str, str]
) -> None:
    response = client_as(nobody).get(FILES[0], headers=headers)
    assert (response.status_code, is_line_of_text(response)) == (409, True)
    assert b"You have not connected a CloudFactory key yet." in response.content
    assert client_as(nobody).get(FILES[0]).status_code == 200


def test_a_part_behind_the_end_is_a_line_of_text_with_the_length(
    ready: ExportRequest, alice: Person, client_as: ClientAs
) -> None:
    client, address = client_as(alice), f"/exports/{ready.export_id}/download/"
    size = client.head(address)["Content-Length"]
    response = client.get(address, headers={"Range": f"bytes={size}-"})
    assert (response.status_code, is_line_of_text(response)) == (416, True)
    assert response["Content-Range"] == f"bytes */{size}"


def test_head_says_what_get_brings_and_is_no_download(ready: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    client, address = client_as(alice), f"/exports/{ready.export_id}/download/"
    told = client.head(address)
    taken = client.get(address)
    assert told.status_code == 200
    assert int(told["Content-Length"]) == len(body_of(taken))
    for name in ("Content-Type", "Content-Disposition", "Accept-Ranges", "ETag", "Content-Length"):
        assert told[name] == taken[name]
    assert Entry.objects.lines().filter(action="export.download").count() == 1


@pytest.mark.parametrize("address", FILES[1:])
def test_head_of_a_sheet_takes_nothing_and_records_nothing(dana: Person, client_as: ClientAs, address: str) -> None:
    address += "?since=2026-11-01T00:00&until=2026-11-02T00:00" if "handover" in address else ""
    client = client_as(dana)
    told = client.head(address)
    assert (told.status_code, told["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "Content-Length" not in told
    assert not Entry.objects.filter(action="audit.export").exists()
    assert client.get(address)["Content-Disposition"] == told["Content-Disposition"]


@pytest.mark.parametrize("address", ["/audit/export.csv?since=nonsense", "/audit/handover.csv?since=nonsense"])
def test_a_filter_that_cannot_be_read_gives_a_tool_no_page(dana: Person, client_as: ClientAs, address: str) -> None:
    response = client_as(dana).get(address, headers={"Accept": "*/*"})
    assert (response.status_code, is_line_of_text(response)) == (422, True)
    assert client_as(dana).get(address).status_code == 302
