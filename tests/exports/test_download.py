"""Taking a file home: recorded first, bytes exact, resumed where it broke, and said in words how far it came."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import requests
from django.test import Client

from accounts.models import Person
from console.audit import record
from console.audit.models import Entry
from console.common.file_names import attachment, file_name
from console.emulator.bigzip import BigZip
from console.emulator.server import Running
from console.exports.models import ExportRequest
from console.upstream.errors import UpstreamError
from tests.exports.making import EXPORTS, body_of, broken_off, finish, sent, start, text_of
from tests.upstream.rawserver import serving

FOREIGN = "5c1f1a5e-0000-4000-8000-000000000001"
ClientAs = Callable[[Person], Client]


@pytest.fixture
def ready(alice: Person, client_as: ClientAs, slow: Running) -> ExportRequest:
    export_request = start(client_as(alice), name="Eyes")
    finish(slow, export_request)
    return export_request


def download(client: Client, export_request: ExportRequest, **headers: str) -> Any:
    return client.get(f"/exports/{export_request.export_id}/download/", headers=headers)


def taken() -> list[Entry]:
    return list(Entry.objects.lines().filter(action="export.download").order_by("sequence"))


def said(client: Client, export_request: ExportRequest) -> str:
    return text_of(client.get(f"/exports/{export_request.export_id}/"))


def original(slow: Running, export_request: ExportRequest) -> bytes:
    """As somebody with the key fetches it without the console."""
    headers = {"X-API-Key": "cf_demo_ops"}
    origin = slow.cloudfactory_url.removesuffix("/api/v1")
    link = requests.get(f"{origin}{EXPORTS}/{export_request.export_id}", headers=headers, timeout=10).json()[
        "downloadUrl"
    ]
    return requests.get(link, timeout=10).content


def test_the_bytes_are_those_of_the_vendor_and_it_is_recorded(
    ready: ExportRequest, alice: Person, bob: Person, client_as: ClientAs, slow: Running
) -> None:
    response = download(client_as(bob), ready)
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == 'attachment; filename="Eyes.zip"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Accel-Buffering"] == "no"
    data = body_of(response)
    assert len(data) == int(response["Content-Length"])
    assert data == original(slow, ready)
    assert zipfile.ZipFile(BytesIO(data)).testzip() is None
    (entry,) = taken()
    assert (entry.actor_name, entry.outcome, entry.thing_id) == ("Bob", "done", ready.export_id)
    assert "Downloaded by Bob once." in said(client_as(alice), ready)


def test_the_signed_link_never_leaves(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, caplog: Any
) -> None:
    client = client_as(alice)
    response = download(client, ready)
    body_of(response)
    pages = [client.get(address).content.decode() for address in ("/exports/", f"/exports/{ready.export_id}/")]
    everything = [*pages, str(response.headers), caplog.text, *(str(entry.detail) for entry in Entry.objects.all())]
    assert not any(
        "signature=" in text.lower() or "/exports/" + ready.export_id + "/Eyes" in text for text in everything
    )


def test_a_fresh_link_is_asked_for_each_time(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    first = body_of(download(client, ready))
    slow.act("expire_links")
    assert body_of(download(client, ready)) == first


def test_a_download_is_resumed_where_it_broke_off(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    whole = original(slow, ready)
    response = download(client, ready)
    begun = broken_off(response)
    rest = download(client, ready, Range=f"bytes={len(begun)}-", **{"If-Range": response["ETag"]})
    assert rest.status_code == 206
    assert rest["Content-Range"] == f"bytes {len(begun)}-{len(whole) - 1}/{len(whole)}"
    assert begun + body_of(rest) == whole
    first, second = taken()
    assert (first.outcome, second.outcome) == ("done", "done")
    assert second.detail["from"] == f"bytes={len(begun)}-"
    history = text_of(client.get("/audit/"))
    assert history.count("(resumed,") == history.count("then it broke off)") > 0


def test_breaking_off_is_told_in_words(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    export_request = start(client, name="big-5mb")
    finish(slow, export_request)
    response = download(client, export_request)
    begun = broken_off(response)
    assert 0 < len(begun) < 5 * 1024**2
    assert "then it broke off" in said(client, export_request)
    rest = body_of(download(client, export_request, Range=f"bytes={len(begun)}-"))
    whole = hashlib.sha256(b"".join(BigZip(5 * 1024**2).read(0, 5 * 1024**2))).hexdigest()
    assert hashlib.sha256(begun + rest).hexdigest() == whole
    assert "Downloaded by Alice" in said(client, export_request)


@pytest.mark.parametrize(
    "asked", ["bytes=0-", "bytes=x-y", "bytes=-", "bytes=0-1,5-6", "items=0-5", "bytes=5", "bytes=5-3"]
)
def test_a_range_that_is_none_brings_the_whole(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, asked: str
) -> None:
    assert body_of(download(client_as(alice), ready, Range=asked)) == original(slow, ready)
    assert "from" not in taken()[0].detail


def test_a_part_of_another_file_is_not_resumed(ready: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    response = download(client_as(alice), ready, Range="bytes=100-", **{"If-Range": '"another"'})
    assert response.status_code == 200
    assert len(body_of(response)) == int(response["Content-Length"])


@pytest.mark.parametrize("asked", ["bytes=-999999999", "bytes=00-"])
def test_a_range_that_holds_all_of_a_file_is_a_download(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, asked: str
) -> None:
    client = client_as(alice)
    body_of(download(client, ready, Range=asked))
    assert "Downloaded by Alice once." in said(client, ready)


def test_a_part_behind_the_end_is_416(ready: ExportRequest, alice: Person, client_as: ClientAs) -> None:
    assert download(client_as(alice), ready, Range="bytes=999999999-").status_code == 416
    assert taken()[0].outcome == "failed"


def test_head_tells_the_name_and_takes_nothing(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    response = client_as(alice).head(f"/exports/{ready.export_id}/download/")
    assert (response.status_code, response["Accept-Ranges"]) == (200, "bytes")
    assert taken() == []
    assert [one for one in slow.requests("storage") if one["method"] == "GET"] == []


def test_a_link_that_cannot_be_renewed_says_why(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    slow.act("expire_links", export=ready.export_id)
    response = download(client_as(alice), ready)
    assert response.status_code == 410
    assert "The link to the file has expired, and CloudFactory gave no new one." in text_of(response)
    assert "“ Eyes ” cannot be downloaded" in text_of(response)
    assert "Make it again with the same choices" in text_of(response)
    assert taken()[0].outcome == "failed"


def test_a_file_that_was_tried_in_vain_is_offered_as_expired(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client = client_as(alice)
    slow.act("expire_links", export=ready.export_id)
    download(client, ready)
    [row] = client.get("/exports/").context["rows"][:1]
    page = text_of(client.get(f"/exports/{ready.export_id}/row/"))
    assert (row.name, row.state.text) == ("Eyes", "Expired")
    assert "Make it again instead of Eyes" in page
    assert "Download" not in page
    assert "Try once more" in said(client, ready)
    assert "Eyes" not in text_of(client.get("/exports/?show=ready"))
    slow.act("expire_links", export=ready.export_id, expired=False)
    body_of(download(client, ready))
    assert "Download Eyes" in text_of(client.get(f"/exports/{ready.export_id}/row/"))


def test_an_export_of_others_is_called_by_its_name_also_where_its_link_has_expired(
    alice: Person, client_as: ClientAs, slow: Running
) -> None:
    client, theirs = client_as(alice), str(slow.act("start_export", name="Weekly COCO")["export"]["exportId"])
    slow.act("finish_export", export=theirs)
    slow.act("expire_links", export=theirs)
    page = text_of(client.get(f"/exports/{theirs}/download/"))
    assert "“ Weekly COCO ” cannot be downloaded" in page
    assert "Choose for a new export" in page
    audit = text_of(client.get("/audit/"))
    assert "Alice tried to download the export Weekly COCO , but it failed: The link" in audit
    assert theirs not in audit


def test_what_is_not_ready_has_no_file_yet(alice: Person, client_as: ClientAs, slow: Running) -> None:
    client = client_as(alice)
    export_request = start(client)
    response = download(client, export_request)
    assert response.status_code == 409
    assert "There is no file yet" in text_of(response)
    slow.act("fail_export", error="disk full")
    failed = download(client, export_request)
    assert failed.status_code == 410
    assert "disk full" in text_of(failed)


def test_a_foreign_or_unknown_export_has_no_file(
    ready: ExportRequest, carol: Person, alice: Person, client_as: ClientAs
) -> None:
    assert download(client_as(carol), ready).status_code == 404
    unknown = client_as(alice).get("/exports/7b4f7a52-8f8b-4b8e-9a3f-000000000000/download/")
    assert unknown.status_code == 404
    assert client_as(alice).get("/exports/..%2f..%2fx/download/").status_code == 404


def test_the_auditor_takes_nothing_home(ready: ExportRequest, dana: Person, client_as: ClientAs, slow: Running) -> None:
    assert download(client_as(dana), ready).status_code == 403
    page = client_as(dana).get(f"/exports/{ready.export_id}/").content.decode()
    assert "/download/" not in page
    assert "Your role can see this export, but not download it." in page
    assert "recorded with your name" not in page
    assert slow.requests("storage") == []


def test_no_entry_no_file(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(entry: Entry) -> None:
        raise record.DatabaseError("full")

    monkeypatch.setattr("console.audit.record._add", refuse)
    assert download(client_as(alice), ready).status_code == 503
    assert slow.requests("storage") == []


def test_by_setting_the_browser_is_sent_to_the_store(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, settings: Any
) -> None:
    settings.EXPORT_DOWNLOAD = "redirect"
    response = download(client_as(alice), ready)
    assert response.status_code == 302
    assert requests.get(response["Location"], timeout=10).content == original(slow, ready)
    assert taken()[0].result["redirected"] is True
    settings.TRUSTED_LOCAL_ORIGINS = []
    assert download(client_as(alice), ready).status_code == 422


def test_the_browser_is_sent_to_the_link_as_it_was_signed(
    alice: Person, client_as: ClientAs, emulator: Running, settings: Any
) -> None:
    settings.EXPORT_DOWNLOAD = "redirect"
    link = "https://files.example/a%2fb~|^`{}.zip?X-Amz-Security-Token=" + "a%2F+" * 800
    export = {"exportId": FOREIGN, "status": "COMPLETED", "name": "Eyes", "downloadUrl": link}
    with serving(lambda peer: peer.request() and peer.answer(json.dumps(export).encode())) as vendor:
        settings.CLOUDFACTORY_BASE_URL = vendor.base
        response = client_as(alice).get(f"/exports/{FOREIGN}/download/")
    assert (response.status_code, response["Location"]) == (302, link)


@pytest.mark.parametrize("fault", ["503", "reset", "truncated"])
def test_a_store_that_fails_is_told(
    ready: ExportRequest, alice: Person, client_as: ClientAs, slow: Running, fault: str
) -> None:
    slow.fault("storage", fault, times=0)
    response = download(client_as(alice), ready)
    if response.status_code == 200:
        with pytest.raises(UpstreamError):
            body_of(response)
        assert taken()[0].result["interrupted"] is True
    else:
        assert response.status_code in (502, 503)
        assert taken()[0].outcome in ("failed", "unknown")
    assert sent(slow, "GET", f"{EXPORTS}/{ready.export_id}")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Eyes", "Eyes.zip"),
        ("../../etc/passwd", "etc-passwd.zip"),
        ("CON: a\r\nb", "CON- a-b.zip"),
        ("CON", "_CON.zip"),
        ("con.zip", "_con.zip"),
        ("aux .zip", "_aux.zip"),
        ("Nul.tar", "_Nul.tar.zip"),
        ("LPT¹", "_LPT¹.zip"),
        ("COM0", "_COM0.zip"),
        ("ＰＲＮ", "_ＰＲＮ.zip"),
        ("CONOUT$", "_CONOUT.zip"),
        ("aux  . x", "_aux  . x.zip"),
        ("\u202eCON\u202c", "_CON.zip"),
        ("../NUL/", "_NUL.zip"),
        ("CONTOUR", "CONTOUR.zip"),
        ("COM10", "COM10.zip"),
        ("Eyes.ZIP", "Eyes.zip"),
        ("\u3164\u115f", "export.zip"),
        ("CON\u3164", "_CON.zip"),
        ("\u0301\u0301", "export.zip"),
        ("Eyes. . ", "Eyes.zip"),
        ('a<b>c|d?e*f"g', "a-b-c-d-e-f-g.zip"),
        ("x" * 79 + ". y", "x" * 79 + ".zip"),
        ("…", "export.zip"),
        ("x" * 255, "x" * 80 + ".zip"),
        ('"; filename="evil.exe', "filename-evil.exe.zip"),
        ("Eye screening, 26 Nov", "Eye screening, 26 Nov.zip"),
        ("Ögon & hornhinna (2)", "Ögon & hornhinna (2).zip"),
        ("नमूना", "नमूना.zip"),
        ("a\u202egpj.exe", "a-gpj.exe.zip"),
        ("漢" * 80, "漢" * 66 + ".zip"),
    ],
)
def test_a_file_name_is_only_a_name(name: str, plain: str) -> None:
    assert file_name(name) == plain


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Eyes", 'attachment; filename="Eyes.zip"'),
        ("Ögon", "attachment; filename=\"Ogon.zip\"; filename*=UTF-8''%C3%96gon.zip"),
        (
            "नमूना",
            "attachment; filename=\"export.zip\"; filename*=UTF-8''%E0%A4%A8%E0%A4%AE%E0%A5%82%E0%A4%A8%E0%A4%BE.zip",
        ),
        ("LPT¹", "attachment; filename=\"_LPT1.zip\"; filename*=UTF-8''_LPT%C2%B9.zip"),
        ("ĈON", "attachment; filename=\"_CON.zip\"; filename*=UTF-8''%C4%88ON.zip"),
        ("日本 CON", "attachment; filename=\"_CON.zip\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%20CON.zip"),
    ],
)
def test_a_tool_that_reads_only_ascii_gets_a_name_too(name: str, header: str) -> None:
    assert attachment(file_name(name)) == header
