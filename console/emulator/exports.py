"""Exports, P8 to P11 (FACTS 2.7): one at a time in a space, ready after a while, downloaded over a signed link."""

import re
import threading
import time
from pathlib import Path
from uuid import uuid4

from console.emulator import bodies, links, paging, zips
from console.emulator.bodies import refuse
from console.emulator.people import Person
from console.emulator.places import project_of, require_space
from console.emulator.tables import Row
from console.emulator.wire import Answer, Request, json_answer
from console.emulator.world import World, moment

FORMATS = ("COCO_JSON", "JSON", "CSV")
CONTENTS = ("ANNOTATION", "INFERENCE", "ASSET_METADATA")
SORTS = {"createdAt": "created_at", "name": "name", "format": "format", "createdBy": "created_by"}
BUILD_PATIENCE = 0.5
"""How long the first look at a zip that is due waits for it; after that it is still IN_PROGRESS."""
BUILD_LIMIT = 60
"""How long a request to finish an export waits for it, in seconds."""
_BUILDERS: dict[str, threading.Thread] = {}


def list_exports(world: World, request: Request, space: str) -> Answer:
    require_space(request.caller, space)
    style = bodies.choice({"format": request.one("format")}, "format", FORMATS)
    sort = bodies.choice({"sortBy": request.one("sortBy")}, "sortBy", (*SORTS, "status"), default="createdAt")
    order = bodies.choice({"sortOrder": request.one("sortOrder")}, "sortOrder", ("ASC", "DESC"), default="DESC")
    rows = [row for row in of_space(world, space) if style in (None, row["format"])]
    walk = paging.sorted_walk(
        rows,
        lambda row: (status(world, row) if sort == "status" else row[SORTS[sort]], row["id"]),
        descending=order == "DESC",
    )
    return json_answer(200, paging.keyset(request, "export", walk, lambda row: draw(world, row)))


def create_export(world: World, request: Request, space: str) -> Answer:
    require_space(request.caller, space)
    data = bodies.body(request)
    name = bodies.text(data, "name", longest=255)
    style = bodies.choice(data, "format", FORMATS, default="COCO_JSON")
    content = bodies.choice(data, "content", CONTENTS, default="ANNOTATION")
    if style == "COCO_JSON" and content != "ANNOTATION":
        raise refuse(f"content {content} is not supported with format COCO_JSON")
    choice = _choice(world, request.caller, data)
    if active(world, space):
        raise refuse("an export is already running in this space", 409)
    row = start(world, space.lower(), name, request.caller.email, choice, style, content)
    return json_answer(201, draw(world, row))


def get_export(world: World, request: Request, space: str, export: str) -> Answer:
    require_space(request.caller, space)
    return json_answer(200, draw(world, _export(world, space, export)))


def delete_export(world: World, request: Request, space: str, export: str) -> Answer:
    require_space(request.caller, space)
    remove(world, _export(world, space, export))
    return Answer(204)


def start(world: World, space: str, name: str, email: str, choice: Row, style: str, content: str) -> Row:
    now, pace = time.time(), world.settings.pace
    row = {
        "id": str(uuid4()),
        "space": space,
        "name": name,
        "format": style,
        "content": content,
        "created_by": email,
        "created_at": now,
        "starts_at": now + pace / 3,
        "ready_at": now + pace,
        "error": "the export could not be built" if name.startswith("fail-build") else None,
        "choice": choice,
        "expired": False,
    }
    world.exports.put(row)
    world.changed()
    return row


def remove(world: World, row: Row) -> None:
    world.exports.delete(row["id"])
    _BUILDERS.pop(row["id"], None)
    zip_path(world, row).unlink(missing_ok=True)
    world.changed()


def of_space(world: World, space: str) -> list[Row]:
    return [row for row in world.exports if row["space"] == space.lower()]


def active(world: World, space: str) -> Row | None:
    running = ("PENDING", "IN_PROGRESS")
    return next((row for row in of_space(world, space) if status(world, row) in running), None)


def status(world: World, row: Row, patience: float = BUILD_PATIENCE) -> str:
    """From the clock, so that a restart changes nothing; COMPLETED only once the zip is on disk."""
    now = time.time()
    if now < row["starts_at"]:
        return "PENDING"
    if now < row["ready_at"]:
        return "IN_PROGRESS"
    if row["error"]:
        return "FAILED"
    if zips.synthetic_size(row["name"]) is not None:
        return "COMPLETED"
    return _built(world, row, patience)


def ready_zip(world: World, row: Row) -> Path:
    """The zip of a COMPLETED export; the sample's are only made when somebody downloads them."""
    path = zip_path(world, row)
    if not path.exists():
        zips.write(world, row, zips.select_items(row, zips.shelves(world, row)), path)
    return path


def zip_path(world: World, row: Row) -> Path:
    return world.state_dir / "exports" / f"{row['id']}.zip"


def file_name(row: Row) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", row["name"].removesuffix(".zip")).strip("-.")
    return f"{plain[:80] or row['id']}.zip"


def draw(world: World, row: Row, patience: float = BUILD_PATIENCE) -> Row:
    state = status(world, row, patience)
    return {
        "exportId": row["id"],
        "name": row["name"],
        "status": state,
        "format": row["format"],
        "content": row["content"],
        "createdBy": row["created_by"],
        "downloadUrl": _download_link(world, row) if state == "COMPLETED" else None,
        "error": (row["error"] or zips.NOTHING) if state == "FAILED" else None,
        "createdAt": moment(row["created_at"]),
    }


def _download_link(world: World, row: Row) -> str:
    """Signed afresh at every look; an export marked as expired gets a link that is already too old."""
    life = -1.0 if row["expired"] else world.settings.link_life
    return links.signed(world, "GET", f"/exports/{row['id']}/{file_name(row)}", life)


def _export(world: World, space: str, export: str) -> Row:
    row = world.exports.get(export.lower())
    if row is None or row["space"] != space.lower():
        raise refuse("export not found", 404)
    return row


def _choice(world: World, person: Person, data: Row) -> Row:
    """Which work items go in; what the body leaves out means all."""
    choice: Row = {}
    if data.get("projectIds") is not None:
        ids = [bodies.uuid(entry, "projectIds") for entry in bodies.entries(data, "projectIds", most=50)]
        choice["projectIds"] = [project_of(world, person, entry)["id"] for entry in ids]
    if data.get("batchIds") is not None:
        choice["batchIds"] = [bodies.whole(entry, "batchIds") for entry in bodies.entries(data, "batchIds", most=100)]
    for name in ("createdAt", "updatedAt"):
        bodies.span(data, name)
        choice |= {field: data[field] for field in (f"{name}From", f"{name}To") if data.get(field) is not None}
    return choice


def _built(world: World, row: Row, patience: float) -> str:
    """Builds the zip when it is due and the export is read; the first reader waits for short ones."""
    if row.get("sample") or zip_path(world, row).exists():
        return "COMPLETED"
    builder = _BUILDERS.get(row["id"])
    if builder is None:
        builder = _BUILDERS[row["id"]] = threading.Thread(
            target=_build, args=(world, row, zips.shelves(world, row)), daemon=True
        )
        builder.start()
    elif patience <= BUILD_PATIENCE:
        patience = 0  # the world stands still for as long as somebody waits
    builder.join(patience)
    if builder.is_alive():
        return "IN_PROGRESS"
    _BUILDERS.pop(row["id"], None)
    return "FAILED" if (world.exports.get(row["id"]) or row)["error"] else "COMPLETED"


def _build(world: World, row: Row, shelves: list[zips.Shelf]) -> None:
    """Outside of the lock, which a waiting request can hold: a hundred thousand rows take seconds to choose."""
    rows = zips.select_items(row, shelves)
    if rows:
        zips.write(world, row, rows, zip_path(world, row))
    elif world.exports.get(row["id"]):
        world.exports.put({**row, "error": zips.NOTHING})
        world.changed()
