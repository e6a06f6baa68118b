"""The platform's nineteen operations, P1 to P19 (FACTS 2.4): the table, and what belongs to spaces and batches."""

import time
from uuid import uuid4

from console.emulator import annotations, bodies, exports, links, paging, signals, work_items
from console.emulator.bodies import refuse
from console.emulator.places import project_of, require_space
from console.emulator.routes import Route
from console.emulator.tables import Row
from console.emulator.wire import Answer, Request, json_answer
from console.emulator.world import World, moment

ROOT = "/api/v1"
SPACE = f"{ROOT}/spaces/{{space}}"
PROJECT = f"{ROOT}/projects/{{project}}"
UPLOAD_LIFE = 15 * 60
DOWNLOAD_LIFE = 15 * 60


# --- signed URLs ------------------------------------------------------------------------------------------------


def upload_links(world: World, request: Request, space: str) -> Answer:
    require_space(request.caller, space)
    count = "1" if (count_text := request.one("count")) is None else count_text
    if not paging.is_number(count) or not 1 <= int(count) <= 10:
        raise refuse("count must be an integer between 1 and 10")
    links = range(max(int(count) - world.settings.fewer_upload_links, 0))
    return json_answer(200, {"items": [_link(world, "PUT", space, f"uploads/{uuid4()}") for _ in links]})


def download_links(world: World, request: Request, space: str) -> Answer:
    require_space(request.caller, space)
    paths = bodies.entries(bodies.body(request), "paths", most=1000)
    return json_answer(200, {"items": [_link(world, "GET", space, _relative(path)) for path in paths]})


def _relative(path: object) -> str:
    if not isinstance(path, str) or not path:
        raise refuse("paths must be non-empty strings")
    if "://" in path or path.startswith("/") or ".." in path.split("/") or not path.isprintable():
        raise refuse(f"{path} is not relative to the space")
    return path


def _link(world: World, method: str, space: str, path: str) -> Row:
    life = min(UPLOAD_LIFE if method == "PUT" else DOWNLOAD_LIFE, world.settings.link_life)
    return {"path": path, "signedUrl": links.signed(world, method, f"/spaces/{space.lower()}/{path}", life)}


# --- projects ---------------------------------------------------------------------------------------------------


def list_projects(world: World, request: Request, space: str) -> Answer:
    require_space(request.caller, space)
    return json_answer(200, {"items": [_draw_project(row) for row in world.projects if row["space"] == space.lower()]})


def get_project(world: World, request: Request, space: str, project: str) -> Answer:
    require_space(request.caller, space)
    row = project_of(world, request.caller, project)
    if row["space"] != space.lower():
        raise refuse("project not found", 404)
    return json_answer(200, _draw_project(row))


def _draw_project(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "createdAt": moment(row["created_at"]),
        "spaceID": row["space"],
        "dataType": row["data_type"],
        "companyID": row["company"],
    }


# --- batches ----------------------------------------------------------------------------------------------------


def create_batch(world: World, request: Request, project: str) -> Answer:
    row = project_of(world, request.caller, project)
    name = bodies.text(bodies.body(request), "name").strip()
    batch = add_batch(world, row["id"], name, request.caller.uid)
    return json_answer(201, _draw_batch(world, batch))


def add_batch(world: World, project: str, name: str, created_by: str) -> Row:
    _name_is_free(world, project, name)
    batch = {
        "id": world.next_batch_id(),
        "project": project,
        "name": name,
        "created_by": created_by,
        "created_at": time.time(),
        "metadata": {},
        "default": False,
    }
    world.batches[project].put(batch)
    world.changed()
    return batch


def list_batches(world: World, request: Request, project: str) -> Answer:
    row = project_of(world, request.caller, project)
    walk = paging.sorted_walk(world.batches[row["id"]], lambda batch: batch["id"], descending=False)
    counts = work_items.counts(world, row["id"])
    return json_answer(
        200,
        paging.keyset(request, "batch", walk, lambda batch: _draw_batch(world, batch, counts.get(batch["id"], [0, 0]))),
    )


def update_batch(world: World, request: Request, project: str, batch: str) -> Answer:
    row = _batch(world, project_of(world, request.caller, project)["id"], batch)
    data = bodies.body(request)
    changed = dict(row)
    if "name" not in data and "metadata" not in data:
        raise refuse("name or metadata is required")
    if "name" in data:
        changed["name"] = bodies.text(data, "name").strip()
        if changed["name"] != row["name"]:
            _name_is_free(world, row["project"], changed["name"])
    if "metadata" in data:
        changed["metadata"] = bodies.thing(data, "metadata")
    world.batches[row["project"]].put(changed)
    world.changed()
    return json_answer(200, _draw_batch(world, changed))


def get_priorities(world: World, request: Request, project: str) -> Answer:
    row = project_of(world, request.caller, project)
    return json_answer(200, {"items": list(world.priorities[row["id"]])})


def save_priorities(world: World, request: Request, project: str) -> Answer:
    """All or nothing; entries that are not named stay as they are (FACTS 4, question 5 leaves it open)."""
    row = project_of(world, request.caller, project)
    table = world.priorities[row["id"]]
    new = [_priority(world, row["id"], entry) for entry in bodies.objects(bodies.body(request), "items")]
    if len({entry["batchId"] for entry in new}) < len(new):
        raise refuse("items name a batch twice")
    for entry in new:
        table.put({**(table.get(entry["batchId"]) or {}), **entry})
    world.changed()
    return json_answer(200, {"items": list(table)})


def _priority(world: World, project: str, entry: Row) -> Row:
    batch = bodies.whole(entry.get("batchId", entry.get("id")), "batchId")
    if world.batches[project].get(batch) is None:
        raise refuse(f"batch {batch} is not in this project")
    priority = bodies.whole(entry.get("priority"), "priority")
    return {**{name: value for name, value in entry.items() if name != "id"}, "batchId": batch, "priority": priority}


def _batch(world: World, project: str, batch: str) -> Row:
    row = world.batches[project].get(int(batch)) if batch.isascii() and batch.isdigit() and len(batch) < 20 else None
    if row is None:
        raise refuse("batch not found", 404)
    return row


def _name_is_free(world: World, project: str, name: str) -> None:
    if any(row["name"] == name for row in world.batches[project]):
        raise refuse(f"a batch named {name} already exists in this project", 409)


def _draw_batch(world: World, row: Row, counts: list[int] | None = None) -> Row:
    entry = world.priorities[row["project"]].get(row["id"])
    fields = {
        "id": row["id"],
        "projectId": row["project"],
        "name": row["name"],
        "createdBy": row["created_by"],
        "createdAt": moment(row["created_at"]),
        "metadata": row["metadata"],
        "priority": entry["priority"] if entry else None,
    }
    return fields if counts is None else {**fields, "totalCount": counts[0], "completedCount": counts[1]}


ITEMS = f"{PROJECT}/workItems"
ROUTES = (
    Route("P1", "GET", f"{SPACE}/signedurls", upload_links, "change"),
    Route("P2", "POST", f"{SPACE}/signedurls", download_links),
    Route("P3", "POST", f"{PROJECT}/batches", create_batch, "change"),
    Route("P4", "GET", f"{PROJECT}/batches", list_batches),
    Route("P5", "GET", f"{PROJECT}/batches/prioritization", get_priorities),
    Route("P6", "PUT", f"{PROJECT}/batches/prioritization", save_priorities, "change"),
    Route("P7", "PATCH", f"{PROJECT}/batches/{{batch}}", update_batch, "change"),
    Route("P8", "GET", f"{SPACE}/exports", exports.list_exports),
    Route("P9", "POST", f"{SPACE}/exports", exports.create_export, "change"),
    Route("P10", "GET", f"{SPACE}/exports/{{export}}", exports.get_export),
    Route("P11", "DELETE", f"{SPACE}/exports/{{export}}", exports.delete_export, "change"),
    Route("P12", "GET", f"{SPACE}/projects", list_projects),
    Route("P13", "GET", f"{SPACE}/projects/{{project}}", get_project),
    Route("P14", "POST", f"{ITEMS}/signals", signals.signal_many, "signal"),
    Route("P15", "POST", ITEMS, work_items.create_work_item, "change"),
    Route("P16", "GET", ITEMS, work_items.list_work_items, locked=False),
    Route("P17", "POST", f"{ITEMS}/{{item}}/labels", work_items.insert_labels, "change"),
    Route("P18", "GET", f"{ITEMS}/{{item}}/annotations", annotations.get_annotation),
    Route("P19", "PUT", f"{ITEMS}/{{item}}/signals", signals.signal_one, "signal"),
)
