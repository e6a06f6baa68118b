"""Whatever is sent, an answer comes: an emulator that falls over would look like a vendor that does."""

import base64
import io
import zipfile

import pytest

from console.emulator.people import SPACE
from console.emulator.sample import PROJECTS
from console.emulator.server import ASSETS, Running
from tests.emulator.conftest import Caller
from tests.emulator.test_storage import export

DIGITS = "9" * 5000
DEEP = base64.urlsafe_b64encode(b"[" * 3000 + b"]" * 3000).decode()
EYES = f"/projects/{PROJECTS['eyes']}"


@pytest.mark.parametrize(
    ("query", "status"), [(f"limit={DIGITS}", 400), (f"page={DIGITS}", 404), (f"page=%C2%B2&limit={DIGITS}", 400)]
)
def test_numbers_of_thousands_of_digits_are_refused_by_avala(avala: Caller, query: str, status: int) -> None:
    assert avala.get(f"/slices/northwind/list/?{query}").status == status


def test_a_cursor_that_is_nested_for_ever_is_no_cursor(avala: Caller, platform: Caller) -> None:
    assert avala.get(f"/datasets/?cursor={DEEP}").status == 404
    assert platform.get(f"{EYES}/batches?cursor={DEEP}").status == 400


@pytest.mark.parametrize(
    "path", [f"/spaces/{SPACE}/signedurls?count=", f"{EYES}/workItems?limit=", f"{EYES}/batches?limit="]
)
def test_numbers_of_thousands_of_digits_are_refused_by_the_platform(platform: Caller, path: str) -> None:
    assert platform.get(path + DIGITS).status == 400


def test_a_url_that_is_none_is_refused(platform: Caller) -> None:
    item = {"assetUrl": "raw/x.jpg", "assetType": "image", "resultsUrl": "http://["}
    reply = platform.post(f"{EYES}/workItems", item)
    assert (reply.status, reply.json) == (400, {"message": "resultsUrl must be an absolute URL"})


def test_a_picture_with_an_endless_name_is_not_there(running: Running) -> None:
    assert Caller(running.storage_url).get("/cdn/thumbnails/" + "a" * 3000).status == 404


@pytest.mark.parametrize("headers", [{"Content_Length": DIGITS}, {"Transfer_Encoding": "chunked"}])
def test_a_body_of_impossible_length_is_refused(platform: Caller, headers: dict[str, str]) -> None:
    assert platform("POST", f"{EYES}/batches", b"-5\r\n", **headers).status == 400


def test_names_that_no_file_can_have_end_in_a_zip_all_the_same(platform: Caller, running: Running) -> None:
    project = f"/projects/{PROJECTS['pilot']}"
    batch = platform.post(f"{project}/batches", {"name": "\ud800/.." + "x" * 70_000}).json["id"]
    item = {"assetUrl": "raw/\udfff.jpg", "assetType": "image", "batchId": batch}
    made = platform.post(f"{project}/workItems", item).json["id"]
    for style in ("COCO_JSON", "CSV"):
        link = export(platform, style, projectIds=[PROJECTS["pilot"]], format=style)
        with zipfile.ZipFile(io.BytesIO(Caller("").get(link).content)) as archive:
            assert made in archive.namelist()[0] + archive.read(archive.namelist()[0]).decode()


def test_a_range_of_thousands_of_digits_is_no_range(running: Running) -> None:
    picture = next((ASSETS / "thumbnails").iterdir())
    reply = Caller(running.storage_url).get(f"/cdn/thumbnails/{picture.name}", Range=f"bytes=0-{DIGITS}")
    assert (reply.status, len(reply.content)) == (200, picture.stat().st_size)
