"""Uploads under strain: two tabs at once, ten thousand files, and whatever else arrives in place of what was meant."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import ApiKey, Person
from console.audit import record
from console.audit.models import Entry
from console.emulator.server import Running
from console.files.browser_file import ChosenFile, NotChosen, read_chosen_file
from console.files.content_types import content_type_of
from console.files.failure_reasons import Reported
from console.files.models import Upload, UploadFile
from console.files.store_checks import save_findings
from tests.files.uploading import UploadScript, answered, file, states
from tests.rewriting_proxy import Vendor, rewriting

ClientAs = Callable[[Person], Client]
OTHER_FILE = "uploads/11111111-1111-4111-8111-111111111111"


@pytest.fixture
def script(emulator: Running, alice: Person, client_as: ClientAs) -> UploadScript:
    return UploadScript(client_as(alice))


@pytest.fixture
def platform(emulator: Running, settings: Any) -> Iterator[Vendor]:
    with rewriting(emulator, settings, "cloudfactory") as vendor:
        yield vendor


def side_by_side(calls: list[Callable[[], Any]]) -> list[Any]:
    """The answers of calls that are made in the same moment."""
    together, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        together.wait()
        try:
            found[number] = calls[number]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_tabs_that_add_the_same_files_at_once_make_one_row_each(
    transactional_db: None, emulator: Running, alice: Person, client_as: ClientAs
) -> None:
    upload_id = uuid.uuid4()
    tabs = [UploadScript(client_as(alice), upload_id) for _ in range(4)]
    files = [file(f"{n}.jpg") for n in range(20)]
    found = side_by_side([lambda tab=tab: tab.add_ids(*files) for tab in tabs])
    assert all(ids == found[0] for ids in found)
    assert UploadFile.objects.filter(upload=upload_id).count() == 20


def test_of_two_tabs_that_ask_for_a_link_at_once_one_gets_it(
    transactional_db: None, emulator: Running, alice: Person, client_as: ClientAs
) -> None:
    upload_id = uuid.uuid4()
    tabs = [UploadScript(client_as(alice), upload_id) for _ in range(4)]
    (pk,) = tabs[0].add_ids(file())
    found = side_by_side([lambda tab=tab: tab.links(pk)["files"][0] for tab in tabs])
    assert sum("url" in one for one in found) == 1
    assert Entry.objects.filter(group=upload_id, opens=None).count() == 1


def test_of_two_people_with_one_upload_id_the_second_is_not_let_in(
    transactional_db: None, emulator: Running, alice: Person, erin: Person, client_as: ClientAs
) -> None:
    upload_id = uuid.uuid4()
    tabs = [UploadScript(client_as(person), upload_id) for person in (alice, erin)]
    found = side_by_side([lambda tab=tab: tab.post("add", {"files": [file()]}).status_code for tab in tabs])
    assert sorted(found) == [200, 404]


def test_ten_thousand_files_cost_each_call_the_same(script: UploadScript, emulator: Running) -> None:
    counts, ids = [], []
    for first in range(0, 10_000, 500):
        with CaptureQueriesContext(connection) as asked:
            ids += script.add_ids(*(file(f"{n}.jpg", folder="day 1") for n in range(first, first + 500)))
        counts.append(len(asked))
    assert max(counts[1:]) == min(counts[1:]) <= 25
    for name, body in (("links", {"files": ids[-10:]}), ("report", {"files": [{"id": ids[-1], "state": "saved"}]})):
        with CaptureQueriesContext(connection) as asked:
            answered(script.post(name, body))
        assert len(asked) <= 60, name
    with CaptureQueriesContext(connection) as asked:
        page = script.client.get(reverse("files:upload_detail", args=[script.id]) + "?page=100")
    assert len(asked) <= 25
    assert "9,901 to 10,000 of 10,000 files" in page.content.decode()


def links_of(*paths: str) -> Callable[[Any], Any]:
    """P1 with these paths in place of its own."""

    def change(answer: Any) -> Any:
        return {"items": [{**one, "path": path} for one, path in zip(answer["items"], paths, strict=False)]}

    return change


@pytest.mark.parametrize(
    "path",
    [
        "../up.jpg",
        "/etc/passwd",
        "a//b",
        "https://elsewhere.example/a",
        "s3://bucket/spaces/00000000-0000-4000-8000-000000000000/a.jpg",
        "a\x07b",
        "x" * 1025,
        "\u00e9" * 600,
    ],
)
def test_a_path_that_is_none_of_the_space_is_not_used(script: UploadScript, platform: Vendor, path: str) -> None:
    platform.rewrite("GET", "/signedurls", links_of(path))
    (pk,) = script.add_ids(file())
    found = script.links(pk)
    assert "url" not in found["files"][0]
    assert found["message"] == "CloudFactory gave links that can't be used."
    assert states(script) == {"a.jpg": "waiting"}


def test_a_path_given_twice_is_used_once(script: UploadScript, platform: Vendor) -> None:
    platform.rewrite("GET", "/signedurls", links_of("uploads/a", "uploads/a", "uploads/b"))
    ids = script.add_ids(*(file(f"{n}.jpg") for n in range(3)))
    assert ["url" in one for one in script.links(*ids)["files"]] == [True, True, False]
    assert UploadFile.objects.exclude(path="").values("path").distinct().count() == 2


def test_a_path_at_which_another_file_is_saved_is_not_used_again(script: UploadScript, platform: Vendor) -> None:
    platform.rewrite("GET", "/signedurls", links_of(OTHER_FILE))
    first, second = script.add_ids(file("a.jpg"), file("b.jpg"))
    script.links(first)
    script.report("saved", first)
    assert "url" not in script.links(second)["files"][0]
    assert states(script) == {"a.jpg": "saved", "b.jpg": "waiting"}


@pytest.mark.parametrize(
    "url",
    [
        "http://store.example.com/a?signature=1",
        "https://other.example.com/a?signature=1",
        "https://user:password@store.example.com/a",
        "https://store.example.com.evil.example/a",
        "https://store.example.com:8443/a",
        "https://store.example.com:0/a",
        "https://store.example.com/" + "a" * 20_000,
        "javascript:alert(1)",
        "//store.example.com/a",
        "https://store.example.com\\@evil.example/a",
        "",
    ],
)
def test_a_link_elsewhere_is_not_given_to_the_browser(
    script: UploadScript, platform: Vendor, settings: Any, url: str
) -> None:
    settings.UPLOAD_ORIGINS = ["https://store.example.com"]
    platform.rewrite("GET", "/signedurls", lambda answer: {"items": [{"path": "uploads/a", "signedUrl": url}]})
    (pk,) = script.add_ids(file())
    response = script.post("links", {"files": [pk]})
    assert "url" not in json.dumps(response.json().get("files", []))
    assert states(script) == {"a.jpg": "waiting"}


def test_links_to_a_host_that_is_not_set_say_so(
    emulator: Running, alice: Person, erin: Person, client_as: ClientAs, settings: Any
) -> None:
    """An administrator reads which; nobody reads the link."""
    settings.UPLOAD_ORIGINS = ["https://store.example.com"]
    told = []
    for person in (alice, erin):
        script = UploadScript(client_as(person))
        (pk,) = script.add_ids(file())
        found = script.links(pk)
        assert found["message"] == found["files"][0]["message"]
        assert "signature" not in found["message"]
        told.append(found["message"])
    assert told == [
        "CloudFactory's links lead to a file store that this console doesn't know. Ask Erin.",
        f"CloudFactory's links lead to {emulator.storage_url}, which the setting UPLOAD_ORIGINS doesn't name.",
    ]


def test_a_link_of_a_listed_host_is_given(script: UploadScript, platform: Vendor, settings: Any) -> None:
    settings.UPLOAD_ORIGINS = ["https://store.example.com"]
    link = {"path": "uploads/a", "signedUrl": "https://store.example.com:443/a?signature=1"}
    platform.rewrite("GET", "/signedurls", lambda answer: {"items": [link]})
    (pk,) = script.add_ids(file())
    assert script.links(pk)["files"][0]["url"] == link["signedUrl"]


def test_what_cannot_be_recorded_is_not_sent(script: UploadScript, emulator: Running) -> None:
    (pk,) = script.add_ids(file())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_gone")
    try:
        response = script.post("links", {"files": [pk]})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_gone RENAME TO audit_entry")
    assert response.status_code == 503
    assert response.json()["message"]
    assert states(script) == {"a.jpg": "waiting"}
    assert not [one for one in emulator.requests("cloudfactory") if one["path"].endswith("/signedurls")]


def test_a_database_that_fails_is_said_in_json(script: UploadScript) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE files_uploadfile RENAME TO files_gone")
    try:
        response = script.post("add", {"files": [file()]})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE files_gone RENAME TO files_uploadfile")
    assert response.status_code == 503
    assert response.json()["message"].startswith("The console's database can't be written to")
    assert response.json()["retryIn"] == 10


def test_a_page_of_an_ended_session_is_told_from_one_that_is_too_old(script: UploadScript, alice: Person) -> None:
    (pk,) = script.add_ids(file())
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    without_session = UploadScript(strict, script.id).post("links", {"files": [pk]})
    assert (without_session.status_code, without_session.json().get("signIn")) == (401, True)
    strict.force_login(alice)
    too_old = UploadScript(strict, script.id).post("links", {"files": [pk]})
    assert (too_old.status_code, too_old.json().get("expired")) == (403, True)


def test_a_disabled_person_gets_no_link(script: UploadScript, alice: Person) -> None:
    (pk,) = script.add_ids(file())
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    response = script.post("links", {"files": [pk]})
    assert response.status_code == 401
    assert states(script) == {"a.jpg": "waiting"}


def test_a_key_that_was_removed_meanwhile_is_named(script: UploadScript, alice: Person) -> None:
    (pk,) = script.add_ids(file())
    ApiKey.objects.filter(person=alice, vendor="cloudfactory").delete()
    response = script.post("links", {"files": [pk]})
    assert response.status_code == 409
    assert "CloudFactory key" in response.json()["message"]
    assert states(script) == {"a.jpg": "waiting"}


def test_a_path_of_a_file_that_failed_is_not_used_for_another(script: UploadScript, platform: Vendor) -> None:
    """The first may be in the store all the same, and would be overwritten."""
    platform.rewrite("GET", "/signedurls", links_of(OTHER_FILE))
    first, second = script.add_ids(file("a.jpg"), file("b.jpg"))
    script.links(first)
    script.report("failed", first, reason="silence")
    assert "url" not in script.links(second)["files"][0]
    assert states(script) == {"a.jpg": "failed", "b.jpg": "waiting"}


def test_a_link_that_cannot_be_renewed_ends_its_act(script: UploadScript, emulator: Running) -> None:
    (pk,) = script.add_ids(file())
    script.links(pk)
    emulator.fault("cloudfactory", "429", path="/signedurls", times=0)
    assert script.post("links", {"files": [pk], "again": True}).status_code == 503
    emulator.clear_faults()
    assert states(script) == {"a.jpg": "waiting"}
    assert [entry.outcome for entry in Entry.objects.filter(group=script.id, opens=None)] == ["failed"]
    script.upload(pk)
    assert states(script) == {"a.jpg": "saved"}


def test_a_sentence_with_many_hosts_fits_into_the_ledger(
    erin: Person, emulator: Running, client_as: ClientAs, settings: Any
) -> None:
    """SQLite would take it, PostgreSQL would not."""
    settings.UPLOAD_ORIGINS = [*settings.UPLOAD_ORIGINS, *(f"https://store-{n}.eu.example.com" for n in range(20))]
    script = UploadScript(client_as(erin))
    (pk,) = script.add_ids(file())
    script.links(pk)
    (row,) = script.report("failed", pk, reason="refused-origin")["files"]
    UploadFile.objects.get(pk=pk).clean_fields()
    for word in (emulator.storage_url, "Access-Control-Allow-Origin", "UPLOAD_ORIGINS"):
        assert word in row["message"]
    settings.UPLOAD_ORIGINS = []
    assert "UPLOAD_ORIGINS" in script.report("failed", pk, reason="refused-origin")["files"][0]["message"]


def test_a_report_cannot_take_back_what_is_saved_or_save_what_was_never_sent(script: UploadScript) -> None:
    sent, waiting = script.add_ids(file("a.jpg"), file("b.jpg"))
    script.upload(sent)
    script.report("failed", sent, reason="silence")
    script.report("saved", waiting)
    assert states(script) == {"a.jpg": "saved", "b.jpg": "waiting"}


@pytest.mark.parametrize("reported", [{"state": "gone"}, {"state": None}, {"state": ["saved"]}, "saved", {}])
def test_a_report_that_is_none_changes_nothing(script: UploadScript, reported: Any) -> None:
    (pk,) = script.add_ids(file())
    body = {"files": [{"id": pk, **reported} if isinstance(reported, dict) else reported]}
    assert script.post("report", body).status_code == 400
    assert states(script) == {"a.jpg": "waiting"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"reason": "silence"}, "did not answer"),
        ({"reason": "changed"}, "Choose it again"),
        ({"reason": "gone"}, "Choose it again"),
        ({"reason": "stopped"}, "Stopped."),
        ({"reason": "status", "status": 403}, "(403)"),
        ({"reason": "status", "status": 507}, "had a problem (507)"),
        ({"reason": "status", "status": "x"}, "refused it."),
        ({"reason": ["x"]}, ""),
    ],
)
def test_the_reason_becomes_a_sentence(script: UploadScript, said: dict[str, Any], words: str) -> None:
    (pk,) = script.add_ids(file())
    script.links(pk)
    (row,) = script.report("failed", pk, **said)["files"]
    assert words in row["message"]


def test_a_refused_origin_names_whom_to_ask_and_tells_an_administrator_what_to_set(
    script: UploadScript, emulator: Running, erin: Person, client_as: ClientAs
) -> None:
    told = []
    for one in (script, UploadScript(client_as(erin))):
        (pk,) = one.add_ids(file())
        one.links(pk)
        told.append(one.report("failed", pk, reason="refused-origin")["files"][0]["message"])
    assert told[0] == "The file store doesn't accept uploads from this console. Ask Erin."
    for word in (emulator.storage_url, "http://localhost", "Access-Control-Allow-Origin", "PUT", "UPLOAD_ORIGINS"):
        assert word in told[1]


def test_the_words_for_many_stores_can_be_kept(
    emulator: Running, erin: Person, client_as: ClientAs, settings: Any
) -> None:
    settings.UPLOAD_ORIGINS = [emulator.storage_url, *(f"https://{n}{'a' * 60}.example.com" for n in range(20))]
    one = UploadScript(client_as(erin))
    (pk,) = one.add_ids(file())
    one.links(pk)
    one.report("failed", pk, reason="refused-origin")
    message = UploadFile.objects.get(pk=pk).message
    assert "Access-Control-Allow-Origin" in message
    assert "UPLOAD_ORIGINS" in message
    assert len(message) <= UploadFile._meta.get_field("message").max_length


def test_what_was_looked_up_is_not_said_of_a_file_that_is_sent_again(script: UploadScript) -> None:
    (pk,) = script.add_ids(file())
    script.links(pk)
    before = UploadFile.objects.get(pk=pk)
    script.links(pk, again=True)
    save_findings([before], {before.pk: Reported("saved")})
    assert states(script) == {"a.jpg": "sending"}


def test_an_upload_cannot_join_the_acts_of_somebody_else(script: UploadScript, bob: Person, emulator: Running) -> None:
    theirs = record.event(actor=bob, action="item.create", group=uuid.uuid4(), detail={"items": 3})
    mine = UploadScript(script.client, theirs.group)
    assert mine.post("add", {"files": [file()]}).status_code == 404
    assert not Upload.objects.filter(pk=theirs.group).exists()


def test_a_body_too_large_is_refused_in_json(script: UploadScript) -> None:
    response = script.post("add", {"files": [file("a" * 13_000_000)]})
    assert response.status_code == 400
    assert response.json()["message"]


FIELDS = ("name", "folder", "size", "modified")
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@given(VALUES | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, st.text() | st.integers())))
def test_whatever_is_chosen_is_a_file_or_refused_in_words(found: Any) -> None:
    try:
        chosen, words = read_chosen_file(found), ""
    except NotChosen as error:
        chosen, words = None, str(error)
    if chosen is None:
        assert words.endswith(".")
    else:
        assert 0 < len(chosen.name) <= 300
        assert "\0" not in chosen.name + chosen.folder


@given(st.text(), st.text(), st.integers(1, 10**9), st.integers(0, 10**12))
def test_a_file_is_the_same_only_with_the_same_folder_name_size_and_time(
    folder: str, name: str, size: int, modified: int
) -> None:
    one = ChosenFile(folder, name, size, modified)
    assert one.digest == ChosenFile(folder, name, size, modified).digest
    others = (
        ChosenFile(folder + name, "", size, modified),
        ChosenFile(folder, name, size + 1, modified),
        ChosenFile(folder, name, size, modified + 1),
    )
    assert all(one.digest != other.digest for other in others if other != one)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "image/jpeg"),
        ("A.JPEG", "image/jpeg"),
        ("a.b.png", "image/png"),
        ("jpg", "application/octet-stream"),
        (".png", "image/png"),
        ("a.", "application/octet-stream"),
        ("a.exe", "application/octet-stream"),
        ("video.MP4", "video/mp4"),
    ],
)
def test_the_content_type_goes_by_the_name(name: str, expected: str) -> None:
    assert content_type_of(name) == expected
