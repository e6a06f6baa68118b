"""The third listener: pictures as on a CDN, and the object store behind signed links. No keys here, only signatures."""

import hashlib
import mimetypes
import time
import uuid
from pathlib import Path
from xml.sax.saxutils import escape

from console.emulator import annotations, exports, links, zips
from console.emulator.bigzip import BigZip
from console.emulator.places import work_item_of
from console.emulator.ranges import Blob, bytes_blob, file_blob, serve
from console.emulator.routes import Route
from console.emulator.tables import Row
from console.emulator.wire import Answer, Refusal, Request
from console.emulator.world import World

CORS = {
    "Access-Control-Allow-Methods": "GET, HEAD, PUT",
    "Access-Control-Expose-Headers": "ETag, Content-Range, Content-Length, Accept-Ranges, x-amz-request-id",
    "Access-Control-Max-Age": "600",
}
A_DAY = {"Cache-Control": "public, max-age=86400, immutable"}
A_WHILE = {"Cache-Control": "private, max-age=300"}
LARGEST_UPLOAD = 5 * 1024**3
LONGEST_NAME = 200  # more would be an error of the file system's, not a missing file


def cors(world: World, request: Request) -> dict[str, str]:
    """What `set_cors` lets in; nothing for another origin, as stores answer. Without an origin it is not checked."""
    allowed = world.settings.cors_origin
    if not allowed or allowed not in ("*", request.headers.get("Origin", allowed)):
        return {}
    return {
        **CORS,
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Allow-Headers": world.settings.cors_headers,
        **({} if allowed == "*" else {"Vary": "Origin"}),
    }


def refusal(status: int, code: str, message: str) -> Refusal:
    """The stores' own kind of error body."""
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
    refusal = Refusal(status, None)
    refusal.answer = Answer(status, text.encode(), {"Content-Type": "application/xml"})
    return refusal


def thumbnail(world: World, request: Request, name: str) -> Answer:
    return serve(request, _asset(world, f"thumbnails/{name}"), A_DAY)


def picture(world: World, request: Request, name: str) -> Answer:
    _signed(world, request)
    return serve(request, _asset(world, f"pictures/{name}"), A_WHILE)


def export_zip(world: World, request: Request, export: str, name: str) -> Answer:
    _signed(world, request)
    with world.lock:
        row = world.exports.get(export)
    if row is None:
        raise _no_such_key()
    size = zips.synthetic_size(row["name"])
    attachment = {"Content-Disposition": f'attachment; filename="{name}"'}
    if size is None:
        blob = file_blob(exports.ready_zip(world, row), "application/zip")
    else:
        blob = Blob(size, f'"{row["id"]}"', "application/zip", BigZip(size).read)
    return serve(request, blob, attachment)


def download(world: World, request: Request, space: str) -> Answer:
    _signed(world, request)
    path = request.path_text.removeprefix(f"/spaces/{space}/")
    return serve(request, _object(world, space, path), A_WHILE)


def upload(world: World, request: Request, space: str) -> Answer:
    """The bytes go to disk piece by piece; the link is good for one path and one verb."""
    _signed(world, request)
    content_type = request.headers.get("Content-Type")
    if not content_type:
        raise refusal(400, "MissingContentType", "A Content-Type header is required.")
    path = request.path_text.removeprefix(f"/spaces/{space}/")
    response = _store(world, request)
    with world.lock:
        world.uploads.put({"path": f"{space}/{path}", "type": content_type, "at": time.time(), **response})
        world.changed()
    return Answer(200, headers={"ETag": response["etag"]})


ROUTES = (
    Route("S1", "GET", "/cdn/thumbnails/{name}", thumbnail),
    Route("S2", "GET", "/media/pictures/{name}", picture),
    Route("S3", "GET", "/exports/{export}/{name}", export_zip),
    Route("S4", "GET", "/spaces/{space}/.+", download),
    Route("S5", "PUT", "/spaces/{space}/.+", upload),
)


def _signed(world: World, request: Request) -> None:
    """Signatures cover the path as text, so that its spelling in the address does not matter."""
    fault = links.fault_of(world, request.method, request.path_text, request.one("expires"), request.one("signature"))
    if fault:
        raise refusal(403, *fault)


def _no_such_key() -> Refusal:
    return refusal(404, "NoSuchKey", "The specified key does not exist.")


def _asset(world: World, name: str) -> Blob:
    path = world.assets / name
    if len(name) > LONGEST_NAME or path.parent.parent != world.assets or not path.is_file():
        raise _no_such_key()
    return file_blob(path, mimetypes.guess_type(path.name)[0] or "application/octet-stream")


def _object(world: World, space: str, path: str) -> Blob:
    """Something people uploaded, the raw picture of a work item, or the result of one."""
    with world.lock:
        upload = world.uploads.get(f"{space}/{path}")
        if upload:
            return file_blob(world.state_dir / "uploads" / upload["file"], upload["type"], upload["etag"])
        size = zips.synthetic_size(path.rpartition("/")[2])
        if size is not None:
            return Blob(size, f'"big-{size}"', "application/octet-stream", BigZip(size).read)
        raw = annotations.picture_of(world, path)
        if raw:
            return _asset(world, raw.picture)
        return _result(world, path)


def _result(world: World, path: str) -> Blob:
    item_id = path.removeprefix("coco_output/").removesuffix(".json")
    project = world.project_of(item_id) if path == f"coco_output/{item_id}.json" else None
    item = work_item_of(world, project, item_id) if project else None
    result = annotations.result_file(world, item) if item else None
    if result is not None:
        return file_blob(result, "application/json")
    document = annotations.coco(world, item) if item else None
    if document is None:
        raise _no_such_key()
    content = document.encode()
    return bytes_blob(content, "application/json", f'"{hashlib.sha256(content).hexdigest()[:24]}"')


def _store(world: World, request: Request) -> Row:
    folder = world.state_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    name, digest, size = uuid.uuid4().hex, hashlib.sha256(), 0
    with (folder / name).open("wb") as file:
        for piece in request.chunks:
            size += len(piece)
            if size > LARGEST_UPLOAD:
                Path(file.name).unlink()
                raise refusal(413, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
            digest.update(piece)
            file.write(piece)
            if world.settings.upload_pace:
                time.sleep(len(piece) / world.settings.upload_pace)
    return {"file": name, "size": size, "etag": f'"{digest.hexdigest()[:32]}"'}
