"""A receipt says only what is true of the file, whatever the file store does, and ends."""

import io
import json
import resource
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.common import write_behind
from console.emulator.server import Running
from console.exports import coco_archive
from console.exports.models import ExportRequest
from tests.exports.making import SURFACES, finish, start, text_of, work
from tests.exports.test_download_hostile_store import raw
from tests.upstream.rawserver import RawServer, Script, serving

ClientAs = Callable[[Person], Client]
COCO = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}


def zipped(document: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.json", json.dumps(document))
    return buffer.getvalue()


@pytest.fixture
def counted(alice: Person, client_as: ClientAs, slow: Running, settings: Any) -> Iterator[Callable[[Script], str]]:
    """What the page says after the worker's turn, when the store does what the script says."""
    client, servers = client_as(alice), list[Any]()
    export_request: ExportRequest = start(client, name="Yards", projects=[SURFACES])
    finish(slow, export_request)
    client.get(f"/exports/{export_request.export_id}/")
    write_behind.flush()
    vendor_address = settings.CLOUDFACTORY_BASE_URL

    def turn(script: Script) -> str:
        servers.append(serving(script))
        store: RawServer = servers[-1].__enter__()
        settings.TRUSTED_LOCAL_ORIGINS = [store.origin]
        export = {"exportId": export_request.export_id, "status": "COMPLETED", "name": "Yards"}
        answer = json.dumps({**export, "downloadUrl": f"{store.origin}/e.zip?signature=x"}).encode()
        servers.append(serving(lambda peer: peer.request() and peer.answer(answer)))
        settings.CLOUDFACTORY_BASE_URL = servers[-1].__enter__().base
        work()
        settings.CLOUDFACTORY_BASE_URL = vendor_address
        return text_of(client.get(f"/exports/{export_request.export_id}/"))

    yield turn
    for server in reversed(servers):
        server.__exit__(None, None, None)


def test_a_part_nobody_asked_for_is_not_taken_for_the_file(counted: Callable[[Script], str]) -> None:
    data = zipped(COCO)
    for first, last in ((0, 49), (50, len(data) - 1)):
        part = data[first : last + 1]
        place = f"206 Partial Content\r\nContent-Range: bytes {first}-{last}/{len(data)}"
        said = counted(raw(place, part, length=len(part)))
        assert "Checking the file…" in said
        assert "whole zip" not in said
    assert "Images 1" in counted(raw("200 OK", data, length=len(data)))


def test_a_file_that_drips_is_given_up(counted: Callable[[Script], str], settings: Any) -> None:
    settings.RECEIPT_MOST_SECONDS = 1
    data = zipped(COCO)
    said = counted(lambda peer: (
        peer.request(), peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"), peer.drip(data * 30, 0.05)
    ))  # fmt: skip
    assert "Not checked: the file store is too slow." in said


def test_classes_for_which_the_disk_has_no_room_are_an_error_of_the_disk() -> None:
    """As on a full disk: no file can grow beyond some kilobytes, which the zip fits in."""
    classes = [{"id": number, "name": f"{number:x}" * 15} for number in range(90_000)]
    data = zipped({**COCO, "categories": classes, "annotations": [
        {"image_id": 1, "category_id": number} for number in range(90_000)]})  # fmt: skip
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) + 100_000, hard))
    try:
        with pytest.raises(OSError, match="Classes could not be counted"):
            coco_archive.read([data])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_failure_of_our_own_is_said_without_its_insides(counted: Callable[[Script], str]) -> None:
    ExportRequest.objects.all().delete()
    data, said = zipped(COCO), ""
    for _ in range(4):
        said = counted(raw("200 OK", data, length=len(data)))
    assert "Not checked: the console failed to count the file." in said
    assert "matching query" not in said
