"""The server of uploads: a row per file, links just before use, and what became of each file."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Person, Place
from console.audit.models import Entry
from console.emulator.server import Running
from console.files.models import Upload, UploadFile
from tests.conftest import SPACE
from tests.files.uploading import UploadScript, file, put, states

ClientAs = Callable[[Person], Client]


@pytest.fixture
def script(emulator: Running, alice: Person, client_as: ClientAs) -> UploadScript:
    return UploadScript(client_as(alice))


def entries(script: UploadScript) -> list[Entry]:
    return list(Entry.objects.filter(group=script.id, opens=None).order_by("sequence"))


def asked_links(emulator: Running) -> list[dict[str, Any]]:
    return [
        one
        for one in emulator.requests("cloudfactory")
        if one["path"].endswith("/signedurls") and one["method"] == "GET"
    ]


def test_chosen_files_wait_in_the_ledger_of_the_upload(script: UploadScript, alice: Person) -> None:
    found = script.add(file("a.jpg", folder="day 1"), file("b.PNG", size=20))
    assert [one["state"] for one in found["files"]] == ["waiting", "waiting"]
    assert found["totals"]["files"] == 2
    assert found["totals"]["waiting"] == 2
    assert found["totals"]["bytes"] == 30
    upload = Upload.objects.get(pk=script.id)
    assert (upload.person, upload.space, upload.space_name) == (alice, SPACE, "Northwind")
    assert list(upload.files.values_list("folder", "name", "content_type")) == [
        ("day 1", "a.jpg", "image/jpeg"),
        ("", "b.PNG", "image/png"),
    ]


def test_a_file_gets_a_link_is_sent_and_saved_under_its_path(script: UploadScript, emulator: Running) -> None:
    (pk,) = script.add_ids(file("a.jpg", size=4))
    (link,) = script.links(pk)["files"]
    assert link["id"] == pk
    assert link["contentType"] == "image/jpeg"
    assert link["url"].startswith(emulator.storage_url)
    assert put(link["url"], b"abcd", link["contentType"]) == 200
    assert script.report("saved", pk)["totals"]["saved"] == 1
    row = UploadFile.objects.get(pk=pk)
    assert row.state == "saved"
    assert row.path.startswith("uploads/")
    (entry,) = entries(script)
    assert entry.outcome == "done"
    assert entry.detail["items"] == 1
    assert entry.thing_name == "Northwind"


def test_one_call_asks_for_the_links_of_ten_files(script: UploadScript, emulator: Running) -> None:
    ids = script.add_ids(*(file(f"{n}.jpg") for n in range(25)))
    assert len(script.links(*ids[:10])["files"]) == 10
    (asked,) = asked_links(emulator)
    assert asked["query"] in ("count=10", {"count": ["10"]}, {"count": "10"})
    assert script.post("links", {"files": ids[:11]}).status_code == 400


def test_the_same_files_again_are_the_same_rows_and_a_changed_one_is_new(script: UploadScript) -> None:
    first = script.add_ids(file("a.jpg"), file("b.jpg"))
    script.upload(first[0])
    again = script.add(file("a.jpg"), file("b.jpg"), file("a.jpg", modified=5))
    assert [one["id"] for one in again["files"][:2]] == first
    assert [one["state"] for one in again["files"]] == ["saved", "waiting", "waiting"]
    assert again["totals"]["files"] == 3


def test_a_file_saved_in_an_earlier_upload_is_there_already(script: UploadScript) -> None:
    (pk,) = script.add_ids(file("a.jpg"))
    script.upload(pk)
    other = UploadScript(script.client)
    (found,) = other.add(file("a.jpg"))["files"]
    assert found["state"] == "saved"
    assert found["message"].startswith("Already there: uploaded ")
    assert UploadFile.objects.get(pk=found["id"]).path == UploadFile.objects.get(pk=pk).path


def test_no_link_and_nothing_of_one_is_kept(script: UploadScript) -> None:
    (pk,) = script.add_ids(file("a.jpg"))
    (link,) = script.links(pk)["files"]
    signature = link["url"].partition("signature=")[2]
    assert signature
    kept = [*UploadFile.objects.values_list("path", "message"), *Entry.objects.values_list("detail", "words")]
    assert signature not in str(kept)


@pytest.mark.parametrize("status", ["401", "403", "429", "500", "503", "reset", "garbage"])
def test_where_no_links_come_the_files_wait_and_it_is_said(
    script: UploadScript, emulator: Running, status: str
) -> None:
    (pk,) = script.add_ids(file("a.jpg"))
    emulator.fault("cloudfactory", status, path="/signedurls", times=0)
    response = script.post("links", {"files": [pk]})
    assert response.status_code in {403, 502, 503, 504}
    assert response.json()["message"]
    assert states(script) == {"a.jpg": "waiting"}
    (entry,) = entries(script)
    assert entry.outcome == "failed"
    emulator.clear_faults()


def test_a_busy_platform_says_when_to_try_again(script: UploadScript, emulator: Running) -> None:
    (pk,) = script.add_ids(file("a.jpg"))
    emulator.fault("cloudfactory", "429", path="/signedurls", times=0)
    answer = script.post("links", {"files": [pk]}).json()
    assert answer["retryIn"] >= 1
    emulator.clear_faults()


def test_a_silent_platform_leaves_the_files_waiting(script: UploadScript, emulator: Running, settings: Any) -> None:
    settings.REQUEST_SECONDS = 1
    (pk,) = script.add_ids(file("a.jpg"))
    emulator.fault("cloudfactory", "slow-3", path="/signedurls", times=0)
    response = script.post("links", {"files": [pk]})
    assert response.status_code == 504
    assert "CloudFactory" in response.json()["message"]
    assert states(script) == {"a.jpg": "waiting"}
    emulator.clear_faults()


def test_where_fewer_links_come_the_rest_waits(script: UploadScript, emulator: Running) -> None:
    ids = script.add_ids(*(file(f"{n}.jpg") for n in range(4)))
    emulator.act("set_upload_links", fewer=3)
    found = script.links(*ids)
    assert [bool(one.get("url")) for one in found["files"]] == [True, False, False, False]
    assert found["message"].startswith("CloudFactory gave fewer links")
    assert sorted(states(script).values()) == ["sending", "waiting", "waiting", "waiting"]


def test_a_lost_answer_is_looked_up(script: UploadScript) -> None:
    ids = script.add_ids(file("a.jpg"), file("b.jpg"), file("c.jpg"))
    urls = [one["url"] for one in script.links(*ids)["files"]]
    put(urls[0], b"x" * 10, "image/jpeg")
    put(urls[2], b"x" * 3, "image/jpeg")
    script.report("unknown", *ids)
    found = [script.check(pk) for pk in ids]
    assert [one["state"] for one in found] == ["saved", "waiting", "waiting"]
    assert "Not in the file store" in found[1]["message"]
    assert "Only a part" in found[2]["message"]


def test_without_origins_it_is_said_before_anything_is_chosen(
    script: UploadScript, erin: Person, client_as: ClientAs, settings: Any
) -> None:
    settings.UPLOAD_ORIGINS = []
    url = reverse("files:upload")
    page = script.client.get(url).content.decode()
    assert "Uploading is not set up in this console. Ask Erin." in page
    assert "UPLOAD_ORIGINS" not in page
    assert "UPLOAD_ORIGINS is empty" in client_as(erin).get(url).content.decode()
    (pk,) = script.add_ids(file())
    refused = script.post("links", {"files": [pk]})
    assert refused.status_code == 409
    assert "Ask Erin" in refused.json()["message"]


def test_only_the_upload_pages_let_the_browser_send_to_the_store(script: UploadScript, emulator: Running) -> None:
    script.add(file())
    for url, expected in (
        (reverse("files:upload"), True),
        (reverse("files:upload_detail", args=[script.id]), True),
        (reverse("files:index"), False),
        (reverse("home:index"), False),
    ):
        policy = script.client.get(url)["Content-Security-Policy"]
        allowed = next(part for part in policy.split("; ") if part.startswith("connect-src"))
        assert (emulator.storage_url in allowed) is expected, url


def test_another_persons_upload_is_not_found(script: UploadScript, erin: Person, client_as: ClientAs) -> None:
    (pk,) = script.add_ids(file())
    other = UploadScript(client_as(erin), script.id)
    for name, body in (
        ("add", {"files": [file()]}),
        ("links", {"files": [pk]}),
        ("report", {"files": [{"id": pk, "state": "saved"}]}),
        ("check", {"file": pk}),
    ):
        assert other.post(name, body).status_code == 404, name
    assert other.client.get(reverse("files:upload_detail", args=[script.id])).status_code == 404
    assert other.client.get(reverse("files:upload_rows", args=[script.id])).status_code == 404


def test_an_ended_session_and_a_changed_role_are_said_in_json(script: UploadScript, alice: Person) -> None:
    (pk,) = script.add_ids(file())
    signed_out = UploadScript(Client(HTTP_HOST="localhost"), script.id).post("links", {"files": [pk]})
    assert signed_out.status_code == 401
    assert signed_out.json()["signIn"] is True
    alice.role = "reviewer"
    alice.save()
    refused = script.post("links", {"files": [pk]})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Your role doesn't allow this any more."


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[",
        "[]",
        "{}",
        '{"files": {}}',
        '{"files": [NaN]}',
        '{"files": ' + "[" * 3000,
        '{"files": [1, 1], "files": []}',
    ],
)
def test_a_body_that_is_none_of_ours_is_refused(script: UploadScript, body: str) -> None:
    script.add(file())
    for name in ("add", "links", "report", "check"):
        assert script.post(name, body).status_code in {400, 415}, name


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (file("", size=1), "no name"),
        (file("\u200b", size=1), "no name"),
        (file("a" * 5000), "longer than 300"),
        (file("a.jpg", folder="f" * 1001), "more than 1,000"),
        (file("a.jpg", size=0), "empty (0 bytes)"),
        (file("a.jpg", size=-1), "too large"),
        (file("a.jpg", size=10**18), "too large"),
        (file("a.jpg", modified=10**18), "too large"),
        ({"name": "a.jpg"}, "not a file"),
        ({"name": 5, "size": True}, "not a file"),
        ("a.jpg", "not a file"),
    ],
)
def test_what_cannot_be_uploaded_is_refused_with_a_sentence(script: UploadScript, chosen: Any, words: str) -> None:
    bad, good = script.add(chosen, file("good.jpg"))["files"]
    assert bad["id"] is None
    assert words in bad["message"]
    assert good["state"] == "waiting"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.jpg", "\u202egpj.exe", "<script>.jpg", "\ud800.jpg", "{{ x }}"]
)
def test_hostile_names_are_shown_as_text(script: UploadScript, name: str) -> None:
    assert script.add(file(name, folder="../" + name))["files"][0]["state"] == "waiting"
    page = script.client.get(reverse("files:upload_detail", args=[script.id]))
    assert page.status_code == 200
    assert "<script>.jpg" not in page.content.decode()


def test_the_upload_stays_in_its_space_after_a_switch(script: UploadScript, emulator: Running, alice: Person) -> None:
    (pk,) = script.add_ids(file())
    Place.objects.filter(person=alice, vendor="cloudfactory").update(is_current=False)
    Place.objects.create(person=alice, vendor="cloudfactory", value=str(uuid.uuid4()), name="Other", is_current=True)
    script.links(pk)
    assert SPACE in asked_links(emulator)[-1]["path"]
    other = UploadScript(script.client)
    other.add(file("b.jpg"), space=SPACE)
    assert Upload.objects.get(pk=other.id).space == SPACE


def test_nothing_goes_to_another_space_than_the_page_showed(script: UploadScript, alice: Person) -> None:
    response = script.post("add", {"files": [file()], "space": str(uuid.uuid4())})
    assert response.status_code == 409
    assert "no longer work in the space" in response.json()["message"]
    assert not Upload.objects.filter(person=alice).exists()
