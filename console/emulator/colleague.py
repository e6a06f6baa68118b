"""What a colleague, or the vendor's own machinery, does behind the console's back (`POST /_emulator/act`)."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from console.emulator import annotations, cloudfactory, exports, faults, slices, work_items
from console.emulator.choice import Choice
from console.emulator.people import CLOUDFACTORY_KEYS, OWNER, SPACE
from console.emulator.places import work_item_of
from console.emulator.plan import STATUSES
from console.emulator.sample import FIRST_BATCH, PROJECTS
from console.emulator.tables import Row
from console.emulator.wire import Refusal
from console.emulator.world import World

Words = Mapping[str, Any]
COLLEAGUE = CLOUDFACTORY_KEYS["cf_demo_admin"]


def act(world: World, do: str, words: Words) -> Row:
    """ValueError with a sentence if it cannot be done."""
    deed = DEEDS.get(do)
    if deed is None:
        raise ValueError(f"do must be one of {', '.join((*DEEDS, 'set_rate', 'reset'))}")
    try:
        return deed(world, words)
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is required or unknown") from None
    except (TypeError, AttributeError, OverflowError):
        raise ValueError(f"{do} does not understand one of these words") from None
    except Refusal as refusal:
        raise ValueError(refusal.answer.body.decode()) from None


def _reorder(world: World, words: Words) -> Row:
    """`order` (batch ids, most urgent first), or `priorities` (pairs), or else the present order upside down."""
    project = _project(world, words)
    table = world.priorities[project]
    if "priorities" in words:
        pairs = [(int(batch), int(priority)) for batch, priority in words["priorities"]]
    else:
        present = sorted(table, key=lambda entry: -entry["priority"])
        order = words.get("order") or [entry["batchId"] for entry in reversed(present)]
        pairs = [(int(batch), len(order) - place) for place, batch in enumerate(order)]
    for batch, priority in pairs:
        if world.batches[project].get(batch) is None:
            raise ValueError(f"batch {batch} is not in project {project}")
        table.put({**(table.get(batch) or {"batchId": batch}), "priority": priority})
    world.changed()
    return {"project": project, "items": list(table)}


def _add_batch(world: World, words: Words) -> Row:
    return {"batch": cloudfactory.add_batch(world, _project(world, words), str(words["name"]), COLLEAGUE.uid)}


def _rename_batch(world: World, words: Words) -> Row:
    project = _project(world, words)
    row = world.batches[project].get(int(words["batch"]))
    if row is None:
        raise ValueError(f"batch {words['batch']} is not in project {project}")
    changed = {**row, "name": str(words["name"])}
    world.batches[project].put(changed)
    world.changed()
    return {"batch": changed}


def _start_export(world: World, words: Words) -> Row:
    space = str(words.get("space", SPACE)).lower()
    if exports.active(world, space):
        raise ValueError("an export is already running in this space")
    email = str(words.get("by", COLLEAGUE.email))
    choice = {"projectIds": words["projectIds"]} if "projectIds" in words else {}
    name = str(words.get("name", "Started by a colleague"))
    row = exports.start(world, space, name, email, choice, "COCO_JSON", "ANNOTATION")
    if "seconds" in words:
        row["ready_at"] = time.time() + float(words["seconds"])
        row["starts_at"] = min(row["starts_at"], row["ready_at"])
    return {"export": exports.draw(world, row)}


def _finish_export(world: World, words: Words) -> Row:
    return _reconcile_export(world, words, None)


def _fail_export(world: World, words: Words) -> Row:
    return _reconcile_export(world, words, str(words.get("error", "the export could not be built")))


def _reconcile_export(world: World, words: Words, error: str | None) -> Row:
    row = {**_export(world, words), "error": error}
    row["starts_at"] = row["ready_at"] = time.time()
    world.exports.put(row)
    world.changed()
    return {"export": exports.draw(world, row, exports.BUILD_LIMIT)}


def _delete_export(world: World, words: Words) -> Row:
    row = _export(world, words)
    exports.remove(world, row)
    return {"export": row["id"]}


def _expire_links(world: World, words: Words) -> Row:
    """Every link given so far is too old. With `export`, its new ones are, too, until `"expired": false`."""
    if "export" in words:
        row = {**_export(world, words), "expired": bool(words.get("expired", True))}
        world.exports.put(row)
    world.generation += 1
    world.changed()
    return {}


def _set_link_life(world: World, words: Words) -> Row:
    world.settings.link_life = float(words["seconds"])
    world.settings.picture_life = float(words.get("pictures", world.settings.picture_life))
    return {"seconds": world.settings.link_life, "pictures": world.settings.picture_life}


def _set_pace(world: World, words: Words) -> Row:
    world.settings.pace = float(words["seconds"])
    return {"seconds": world.settings.pace}


def _set_upload_links(world: World, words: Words) -> Row:
    world.settings.fewer_upload_links = int(words["fewer"])
    return {"fewer": world.settings.fewer_upload_links}


def _set_upload_pace(world: World, words: Words) -> Row:
    world.settings.upload_pace = int(words["bytes"])
    return {"bytes": world.settings.upload_pace}


def _set_cors(world: World, words: Words) -> Row:
    """Which `origin` the storage lets in, with which `headers`; `"on": false` lets none in, no words all."""
    world.settings.cors_origin = str(words.get("origin", "*")) if words.get("on", True) else ""
    world.settings.cors_headers = str(words.get("headers", "*"))
    return {"origin": world.settings.cors_origin, "headers": world.settings.cors_headers}


def _finish_slice(world: World, words: Words) -> Row:
    return _reconcile_slice(world, words, fails=False)


def _fail_slice(world: World, words: Words) -> Row:
    return _reconcile_slice(world, words, fails=True)


def _reconcile_slice(world: World, words: Words, *, fails: bool) -> Row:
    rows = sorted(world.slices, key=lambda row: row["created_at"], reverse=True)
    owner = words.get("owner", OWNER)
    matches = [row for row in rows if row["owner"] == owner and words.get("slug", row["slug"]) == row["slug"]]
    if "slug" not in words:
        matches = [row for row in matches if slices.status(row) == "pending"]
    if not matches:
        raise ValueError("no such slice")
    row = {**matches[0], "fails": fails, "ready_at": time.time(), "status": words.get("status")}
    world.sample.slice_items.pop(row["uid"], None)
    world.slices.put(row)
    world.changed()
    return {"slice": slices.draw(world, row)}


def _set_status(world: World, words: Words) -> Row:
    """Of one `item`, or of all `items`: none is changed if one of them does not exist."""
    if words["status"] not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(STATUSES)}")
    now = time.time()
    changes = [
        (project, {**item, "status": words["status"], "updated_at": now}) for project, item in _items(world, words)
    ]
    for project, changed in changes:
        work_items.put(world, project, changed)
    rows = [work_items.draw(changed) for _, changed in changes]
    return {"items": rows} if "items" in words else {"item": rows[0]}


def _fail_items(world: World, words: Words) -> Row:
    """The next signal (`times`, 0 for all) to each of these goes wrong in the way that `how` says.

    With `times` below 0 they are as others again.
    """
    times = words.get("times", 1)
    how = words.get("how", "error")
    if not isinstance(times, int) or how not in faults.ITEM_FAULTS:
        raise ValueError(f"times must be a whole number and how one of {', '.join(faults.ITEM_FAULTS)}")
    text = str(words.get("error", "the item is locked by another process"))
    ids = [item["id"] for _, item in _items(world, words)]
    for item in ids:
        world.item_faults.pop(item, None)
        if times >= 0:
            world.item_faults[item] = faults.ItemFault(how, times, text, bool(words.get("done", True)))
    return {"items": ids}


def _set_annotation(world: World, words: Words) -> Row:
    """`coco` (text, or an object; null for no result), or `shapes` (so many outlines), or `missing` (the platform names
    a result that the store has not), or `absent` (P18 is 404). `inference` and `metadata` are answered as given."""
    project, item = _work_item(world, words)
    fields = {name: words[name] for name in ("inference", "metadata") if name in words}
    if words.get("absent"):
        fields["absent"] = True
    elif words.get("missing"):
        fields["result"] = ""
    elif "shapes" in words:
        fields["result"] = annotations.store_result(world, annotations.many_shapes(int(words["shapes"])))
    elif "coco" in words:
        fields["result"] = _result(world, words["coco"])
    changed = {**item, "annotation": fields, "updated_at": time.time()}
    work_items.put(world, project, changed)
    return {"item": work_items.draw(changed)}


def _result(world: World, coco: Any) -> str | None:
    if coco is None:
        return None
    return annotations.store_result(world, coco if isinstance(coco, str) else json.dumps(coco))


def _work(world: World, words: Words) -> Row:
    """A colleague labels `items` work items, the oldest first: they wait for review then."""
    project = _project(world, words)
    limit = int(words.get("items", 1))
    batches = {int(words["batch"])} if "batch" in words else None
    unfinished = [item for status in ("NEW", "IN_PROGRESS") for item in _with_status(world, project, batches, status)]
    now = time.time()
    labelled = {"status": "CLIENT_REVIEW", "updated_at": now, "is_labelled": True}
    finished = [{**item, **labelled} for item in unfinished[: max(limit, 0)]]
    for item in finished:
        work_items.put(world, project, item)
    return {"items": [work_items.draw(item) for item in finished]}


def _with_status(world: World, project: str, batches: set[int] | None, status: str) -> list[Row]:
    table, choice = world.work_items[project], Choice(batches, status)
    return [item for _, item in table.search(choice, table.places(choice))]


def _add_item(world: World, words: Words) -> Row:
    """One more work item, of any status and with anything in its fields: what P15 would refuse, too."""
    project = _project(world, words)
    now = time.time()
    item = {
        "id": str(uuid4()),
        "status": str(words.get("status", "NEW")),
        "assetUrl": words.get("asset", "raw/coins-on-velvet/coins-r1c1.jpg"),
        "assetId": words.get("asset_id"),
        "batchId": int(words.get("batch", FIRST_BATCH[world.projects.rows[project]["slug"]])),
        **{name: words.get(name) for name in work_items.OPTIONAL},
        "created_at": now,
        "updated_at": now,
        "metadata": words.get("metadata", {}),
        "assetType": words.get("type", "image"),
    }
    work_items.put(world, project, item)
    return {"item": work_items.draw(item)}


DEEDS: dict[str, Callable[[World, Words], Row]] = {
    "reorder": _reorder,
    "add_batch": _add_batch,
    "rename_batch": _rename_batch,
    "start_export": _start_export,
    "finish_export": _finish_export,
    "fail_export": _fail_export,
    "delete_export": _delete_export,
    "expire_links": _expire_links,
    "finish_slice": _finish_slice,
    "fail_slice": _fail_slice,
    "set_status": _set_status,
    "fail_items": _fail_items,
    "set_annotation": _set_annotation,
    "work": _work,
    "add_item": _add_item,
    "set_cors": _set_cors,
    "set_link_life": _set_link_life,
    "set_pace": _set_pace,
    "set_upload_links": _set_upload_links,
    "set_upload_pace": _set_upload_pace,
}


def _work_item(world: World, words: Words) -> tuple[str, Row]:
    item_id = str(words["item"]).lower()
    project = world.project_of(item_id)
    if project is None:
        raise ValueError("no such work item")
    return project, work_item_of(world, project, item_id)


def _items(world: World, words: Words) -> list[tuple[str, Row]]:
    """Each of `items`, or the one `item`, with its project."""
    ids = words["items"] if "items" in words else [words["item"]]
    if not isinstance(ids, list):
        raise ValueError("items must be a list")
    return [_work_item(world, {"item": item}) for item in ids]


def _project(world: World, words: Words) -> str:
    """By id, or by the sample's short name; the one with eight batches unless said otherwise."""
    name = str(words.get("project", "coins"))
    project = PROJECTS.get(name, name).lower()
    if world.projects.get(project) is None:
        raise ValueError(f"no project {name}")
    return project


def _export(world: World, words: Words) -> Row:
    """By id, by name, or else the one that runs, or else the newest."""
    export = words.get("export")
    rows = sorted(world.exports, key=lambda row: row["created_at"], reverse=True)
    if export is not None:
        rows = [row for row in rows if export in (row["id"], row["name"])]
    running = [row for row in rows if exports.status(world, row) in ("PENDING", "IN_PROGRESS")]
    if not rows:
        raise ValueError("no such export")
    return (running or rows)[0]
