"""The storage listener: pictures, signed links that end, resumable downloads, uploads, and files of any size."""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from console.emulator.bigzip import BigZip
from console.emulator.people import SPACE
from console.emulator.sample import PROJECTS
from console.emulator.server import ASSETS, Running
from tests.emulator.conftest import Caller

EXPORTS = f"/spaces/{SPACE}/exports"


def item_of(avala: Caller) -> Any:
    return avala.get("/slices/northwind/all-coins/items/list/?limit=1").json["results"][0]


def export(platform: Caller, name: str, **choice: object) -> str:
    """The link to its file. It is due at once, but a busy machine may need a moment to build it."""
    made = platform.post(EXPORTS, {"name": name, **choice}).json
    while (found := platform.get(f"{EXPORTS}/{made['exportId']}").json)["status"] != "COMPLETED":
        time.sleep(0.05)
    return str(found["downloadUrl"])


def test_pictures_are_the_ones_that_ship_and_may_be_cached(avala: Caller, storage: Caller) -> None:
    item = item_of(avala)
    full, small = storage.get(item["url"]), storage.get(item["thumbnails"][0])
    assert full.content == (ASSETS / "pictures" / item["key"]).read_bytes()
    assert (full.headers["Content-Type"], small.headers["Content-Type"]) == ("image/jpeg", "image/jpeg")
    assert "public" in small.headers["Cache-Control"]
    assert len(small.content) < len(full.content)
    again = storage.get(item["thumbnails"][0], If_None_Match=small.headers["ETag"])
    assert (again.status, again.content) == (304, b"")


def test_the_link_of_a_picture_stays_the_same_for_a_while(avala: Caller) -> None:
    assert item_of(avala)["url"].partition("?")[0] == item_of(avala)["url"].partition("?")[0]


def test_a_picture_needs_its_signature_and_a_thumbnail_does_not(avala: Caller, storage: Caller) -> None:
    bare = item_of(avala)["url"].partition("?")[0]
    assert storage.get(bare).status == 403
    assert storage.get(f"{bare}?expires=99999999999.000-0&signature=00").status == 403
    assert storage.get("/cdn/thumbnails/nothing.jpg").status == 404
    assert storage.get("/cdn/thumbnails/..%2Fmanifest.json").status == 404


def test_links_end_in_time_with_the_stores_own_kind_of_error(avala: Caller, storage: Caller, running: Running) -> None:
    running.act("set_link_life", seconds=-1, pictures=-1)
    reply = storage.get(item_of(avala)["url"])
    assert (reply.status, reply.headers["Content-Type"]) == (403, "application/xml")
    assert b"<Message>Request has expired</Message>" in reply.content


def test_all_links_grow_old_at_once_and_new_ones_work(platform: Caller, storage: Caller, running: Running) -> None:
    old = export(platform, "Mine", projectIds=[PROJECTS["eyes"]])
    running.act("expire_links")
    assert storage.get(old).status == 403
    fresh = platform.get(f"{EXPORTS}?limit=1").json["items"][0]["downloadUrl"]
    assert storage.get(fresh).status == 200


def test_one_export_can_be_too_old_for_good(platform: Caller, storage: Caller, running: Running) -> None:
    export(platform, "Mine", projectIds=[PROJECTS["eyes"]])
    for expired, status in ((True, 403), (False, 200)):
        running.act("expire_links", export="Mine", expired=expired)
        link = platform.get(f"{EXPORTS}?limit=1").json["items"][0]["downloadUrl"]
        assert storage.get(link).status == status


def test_the_zip_holds_every_item_and_nothing_is_marked_in_unfinished_ones(platform: Caller, storage: Caller) -> None:
    rows = platform.get(f"/projects/{PROJECTS['surfaces']}/workItems?limit=100").json["items"]
    wanted = {row["id"]: row["assetUrl"] for row in rows}
    unfinished = {row["id"] for row in rows if row["status"] not in ("COMPLETED", "CLIENT_REVIEW")}
    reply = storage.get(export(platform, "Yards: all of it", projectIds=[PROJECTS["surfaces"]]))
    assert reply.headers["Content-Type"] == "application/zip"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="Yards-all-of-it.zip"'
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        documents = {Path(name).stem: json.loads(archive.read(name)) for name in archive.namelist()}
    assert {name: found["info"]["asset_url"] for name, found in documents.items()} == wanted
    assert all(len(found["images"]) == 1 for found in documents.values())
    assert unfinished
    assert not any(documents[item]["annotations"] for item in unfinished)
    finished = [found for item, found in documents.items() if item not in unfinished]
    assert any(not found["annotations"] for found in finished)
    assert any(found["annotations"] for found in finished)


def test_an_export_of_batches_and_dates_holds_those_only(platform: Caller, storage: Caller) -> None:
    rows = platform.get(f"/projects/{PROJECTS['sky']}/workItems?limit=100").json["items"]
    batch = rows[0]["batchId"]
    chosen = [row for row in rows if row["batchId"] == batch][:2]
    link = export(
        platform, "Two", batchIds=[batch], createdAtFrom=chosen[0]["createdAt"], createdAtTo=chosen[1]["createdAt"]
    )
    with zipfile.ZipFile(io.BytesIO(storage.get(link).content)) as archive:
        assert sorted(Path(name).stem for name in archive.namelist()) == sorted(row["id"] for row in chosen)


def test_a_deleted_export_takes_its_file_along(platform: Caller, storage: Caller) -> None:
    link = export(platform, "Mine", projectIds=[PROJECTS["eyes"]])
    newest = platform.get(f"{EXPORTS}?limit=1").json["items"][0]["exportId"]
    platform("DELETE", f"{EXPORTS}/{newest}")
    assert storage.get(link).status == 404


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=3-3", 3, 4)],
)
def test_a_range_is_a_206_with_those_bytes(
    platform: Caller, storage: Caller, wanted: str, start: int, end: int | None
) -> None:
    link = export(platform, "Mine", projectIds=[PROJECTS["eyes"]])
    whole = storage.get(link)
    part = storage.get(link, Range=wanted, If_Range=whole.headers["ETag"])
    assert (part.status, part.content) == (206, whole.content[start:end])
    size = len(whole.content)
    first = start % size
    assert part.headers["Content-Range"] == f"bytes {first}-{first + len(part.content) - 1}/{size}"
    assert storage.get(link, Range=wanted, If_Range='"another"').status == 200


def test_a_range_beyond_the_end_is_416_and_nonsense_is_ignored(platform: Caller, storage: Caller) -> None:
    link = export(platform, "Mine", projectIds=[PROJECTS["eyes"]])
    size = len(storage.get(link).content)
    reply = storage.get(link, Range=f"bytes={size}-")
    assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{size}")
    for nonsense in ("bytes=9-3", "bytes=-", "lines=1-2", "bytes=0-1,4-5"):
        assert storage.get(link, Range=nonsense).status == 200


def test_head_tells_size_and_mark(platform: Caller, storage: Caller) -> None:
    link = export(platform, "Mine", projectIds=[PROJECTS["eyes"]])
    head, whole = storage("HEAD", link), storage.get(link)
    assert (head.status, head.content) == (200, b"")
    for name in ("Content-Length", "ETag", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]


def test_an_upload_needs_a_content_type_and_is_found_again(platform: Caller, storage: Caller) -> None:
    link = platform.get(f"/spaces/{SPACE}/signedurls").json["items"][0]
    content = bytes(range(256)) * 1000
    assert storage("PUT", link["signedUrl"], content).status == 400
    assert storage("PUT", link["signedUrl"], content, Content_Type="image/png").status == 200
    assert storage.get(link["signedUrl"]).status == 403
    back = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [link["path"]]}).json["items"][0]["signedUrl"]
    reply = storage.get(back)
    assert (reply.headers["Content-Type"], reply.content) == ("image/png", content)


def test_a_browser_may_upload_from_another_origin(platform: Caller, storage: Caller) -> None:
    link = platform.get(f"/spaces/{SPACE}/signedurls").json["items"][0]["signedUrl"]
    asked = storage("OPTIONS", link, None, Origin="http://console.example", Access_Control_Request_Method="PUT")
    assert asked.status == 204
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    assert storage("PUT", link, b"x", Content_Type="text/plain").headers["Access-Control-Allow-Origin"] == "*"


def test_a_signed_path_that_holds_nothing_is_404(platform: Caller, storage: Caller) -> None:
    paths = ["coco_output/nothing.json", "raw/nothing.jpg", "uploads/../x y%20z"[:8] + "x y%20ä"]
    for link in platform.post(f"/spaces/{SPACE}/signedurls", {"paths": paths}).json["items"]:
        reply = storage.get(link["signedUrl"])
        assert (reply.status, b"NoSuchKey" in reply.content) == (404, True)


def test_a_file_of_any_size_is_a_zip_that_can_be_resumed(platform: Caller, storage: Caller) -> None:
    link = export(platform, "big-3mb")
    whole = storage.get(link).content
    assert len(whole) == 3 * 1024 * 1024
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert set(json.loads(archive.read("annotations.json"))) >= {"images", "annotations", "categories"}
    parts = [
        storage.get(link, Range=f"bytes={start}-{start + 999_999}").content for start in range(0, len(whole), 1_000_000)
    ]
    assert b"".join(parts) == whole


def test_no_two_blocks_of_a_big_file_are_alike() -> None:
    blocks = [
        hashlib.sha256(b"".join(BigZip(1024 * 1024).read(at, at + 65536))).digest() for at in range(0, 2**20, 65536)
    ]
    assert len(set(blocks)) == len(blocks)


def test_keys_that_reach_the_storage_are_seen(storage: Caller, running: Running) -> None:
    storage.get("/cdn/thumbnails/x", X_API_Key="cf_demo_ops")
    assert running.requests("storage")[0]["key"] == hashlib.sha256(b"cf_demo_ops").hexdigest()[:8]


def upload_link(platform: Caller) -> Any:
    return platform.get(f"/spaces/{SPACE}/signedurls").json["items"][0]


def stored(platform: Caller, storage: Caller, path: str) -> bytes:
    link = platform.post(f"/spaces/{SPACE}/signedurls", {"paths": [path]}).json["items"][0]["signedUrl"]
    return storage.get(link).content


def test_the_log_says_what_kind_of_file_came_from_which_page(
    platform: Caller, storage: Caller, running: Running
) -> None:
    link = upload_link(platform)["signedUrl"]
    storage("PUT", link, b"x" * 100_000, Content_Type="image/png", Origin="http://console.example")
    entry = running.requests("storage")[-1]
    assert (entry["content_type"], entry["origin"], entry["size"]) == ("image/png", "http://console.example", 100_000)
    assert (entry["key"], entry["cookie"], entry["status"]) == (None, None, 200)


def test_a_store_can_refuse_all_other_origins_or_all_but_one(
    platform: Caller, storage: Caller, running: Running
) -> None:
    link = upload_link(platform)["signedUrl"]
    for words, origin, is_let_in in (
        ({"on": False}, "http://console.example", False),
        ({"origin": "http://console.example"}, "http://console.example", True),
        ({"origin": "http://console.example"}, "http://other.example", False),
        ({"headers": "x-other"}, "http://console.example", True),
        ({}, "http://other.example", True),
    ):
        running.act("set_cors", **words)
        asked = storage("OPTIONS", link, None, Origin=origin, Access_Control_Request_Method="PUT")
        assert asked.status == (204 if is_let_in else 403)
        assert ("Access-Control-Allow-Origin" in asked.headers) == is_let_in
        if is_let_in:
            assert asked.headers["Access-Control-Allow-Headers"] == words.get("headers", "*")
        sent = storage("PUT", link, b"x", Content_Type="text/plain", Origin=origin)
        assert sent.status == 200
        assert ("Access-Control-Allow-Origin" in sent.headers) == is_let_in


def test_fewer_links_than_asked_for(platform: Caller, running: Running) -> None:
    running.act("set_upload_links", fewer=3)
    assert len(platform.get(f"/spaces/{SPACE}/signedurls?count=10").json["items"]) == 7
    assert platform.get(f"/spaces/{SPACE}/signedurls?count=2").json["items"] == []


def test_an_upload_whose_answer_is_lost_is_stored_and_one_that_is_refused_is_not(
    platform: Caller, storage: Caller, running: Running
) -> None:
    content = b"y" * 300_000
    lost, refused = upload_link(platform), upload_link(platform)
    running.fault("storage", "drop-after", method="PUT")
    with pytest.raises(OSError, match="without response"):
        storage("PUT", lost["signedUrl"], content, Content_Type="image/png")
    assert stored(platform, storage, lost["path"]) == content
    running.fault("storage", "503", method="PUT")
    assert storage("PUT", refused["signedUrl"], content, Content_Type="image/png").status == 503
    assert b"NoSuchKey" in stored(platform, storage, refused["path"])


def test_an_upload_link_grows_old(platform: Caller, storage: Caller, running: Running) -> None:
    link = upload_link(platform)["signedUrl"]
    running.act("expire_links")
    assert storage("PUT", link, b"x", Content_Type="text/plain").status == 403
    fresh = upload_link(platform)["signedUrl"]
    assert storage("PUT", fresh, b"x", Content_Type="text/plain").status == 200


def test_a_slow_store_keeps_all_of_a_file(platform: Caller, storage: Caller, running: Running) -> None:
    running.act("set_upload_pace", bytes=1_000_000)
    link, content = upload_link(platform), b"x" * 100_000
    assert storage("PUT", link["signedUrl"], content, Content_Type="text/plain").status == 200
    assert stored(platform, storage, link["path"]) == content


def test_a_file_named_for_its_size_is_that_large(platform: Caller, storage: Caller) -> None:
    assert len(stored(platform, storage, "raw/big-2mb.bin")) == 2 * 1024 * 1024
