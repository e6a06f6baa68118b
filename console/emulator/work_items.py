"""Work items (FACTS 2.9): list, create, labels."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from console.emulator import bodies, paging
from console.emulator.bodies import refuse
from console.emulator.choice import Choice, beyond, joined
from console.emulator.places import project_of, work_item_of
from console.emulator.plan import STATUSES
from console.emulator.tables import FormulaTable, Row
from console.emulator.wire import Answer, Request, json_answer
from console.emulator.world import World, moment

MOST_IDS = 100
LONGEST_DUE = 2_592_000
OPTIONAL = ("resultsUrl", "taxonomyVersionId", "dueInSeconds", "difficulty")


def list_work_items(world: World, request: Request, project: str) -> Answer:
    """Without the world's lock but for the snapshot: no request waits for a search through a hundred thousand rows."""
    with world.lock:
        row = project_of(world, request.caller, project)
        table = world.work_items[row["id"]].snapshot()
    ids, filters = _ids(request), _filter(request)

    def walk(mark: Any, backwards: bool) -> Iterator[tuple[int, Row]]:
        if mark is not None and not isinstance(mark, int):
            raise refuse("cursor is not valid")
        places = table.places(filters, mark, backwards=backwards)
        return table.search(filters, places if ids is None else _places_of(table, ids, mark, backwards=backwards))

    return json_answer(200, paging.keyset(request, "work_item", walk, draw))


def create_work_item(world: World, request: Request, project: str) -> Answer:
    row = project_of(world, request.caller, project)
    data = bodies.body(request)
    url, number = _asset(data)
    now = time.time()
    item = {
        "id": str(uuid4()),
        "status": "NEW",
        "assetUrl": url,
        "assetId": number,
        "batchId": _batch(world, row["id"], data.get("batchId")),
        **dict.fromkeys(OPTIONAL),
        **_optional(data),
        "created_at": now,
        "updated_at": now,
        "metadata": bodies.thing(data, "metadata") if data.get("metadata") is not None else {},
        "assetType": bodies.choice(data, "assetType", ("image", "video"), required=True),
        "labels": bodies.objects(data, "labels", fewest=0) if data.get("labels") is not None else [],
    }
    put(world, row["id"], item)
    return json_answer(201, draw(item))


def insert_labels(world: World, request: Request, project: str, item: str) -> Answer:
    row = project_of(world, request.caller, project)
    work_item = work_item_of(world, row["id"], item)
    labels = bodies.objects(bodies.body(request), "labels")
    if work_item["status"] == "CANCELED":
        raise refuse("labels cannot be added: status is CANCELED", 409)
    all_labels = [*work_item.get("labels", []), *labels]
    put(world, row["id"], {**work_item, "labels": all_labels, "updated_at": time.time()})
    return Answer(204)


def put(world: World, project: str, item: Row) -> None:
    """Stores the item and keeps the counts of its batch right."""
    table = world.work_items[project]
    before = table.get(item["id"])
    if project in world.counts:
        if before is not None:
            _count(world.counts[project], (before["batchId"], before["status"]), -1)
        _count(world.counts[project], (item["batchId"], item["status"]), +1)
    table.put(item)
    world.changed()


def counts(world: World, project: str) -> dict[int, list[int]]:
    """Work items and completed ones by batch: added up once, kept by `put` from then on."""
    if project not in world.counts:
        table = world.work_items[project]
        counts: dict[int, list[int]] = {}
        for place in range(len(table)):
            _count(counts, table.peek(place), +1)
        world.counts[project] = counts
    return world.counts[project]


def draw(item: Row) -> Row:
    return {
        "id": item["id"],
        "status": item["status"],
        "assetUrl": item["assetUrl"],
        "assetId": item["assetId"],
        "batchId": item["batchId"],
        "resultsUrl": item["resultsUrl"],
        "createdAt": moment(item["created_at"]),
        "updatedAt": moment(item["updated_at"]),
        "taxonomyVersionId": item["taxonomyVersionId"],
        "metadata": item["metadata"],
        "dueInSeconds": item["dueInSeconds"],
        "difficulty": item["difficulty"],
        "assetType": item["assetType"],
    }


def _ids(request: Request) -> list[str] | None:
    ids = request.many("workItemIDs")
    if len(ids) > MOST_IDS:
        raise refuse(f"workItemIDs must have at most {MOST_IDS} entries")
    return [bodies.uuid(entry, "workItemIDs") for entry in ids] or None


def _filter(request: Request) -> Choice:
    status = request.one("status")
    if status is not None and status not in STATUSES:
        raise refuse(f"status must be one of {', '.join(STATUSES)}")
    values = {name: request.one(name) for name in ("createdAtFrom", "createdAtTo", "updatedAtFrom", "updatedAtTo")}
    return Choice(_batch_ids(request), status, bodies.span(values, "createdAt"), bodies.span(values, "updatedAt"))


def _places_of(table: FormulaTable, ids: list[str], mark: int | None, *, backwards: bool) -> Iterator[int]:
    rows = joined(range(place, place + 1) for entry in ids if (place := table.place(entry)) is not None)
    for one in beyond(rows, mark, backwards=backwards):
        yield from one


def _batch_ids(request: Request) -> set[int] | None:
    texts = request.many("batchIds")
    if len(texts) > MOST_IDS:
        raise refuse(f"batchIds must have at most {MOST_IDS} entries")
    if not all(re.fullmatch(r"-?[0-9]{1,19}", text) for text in texts):
        raise refuse("batchIds must be integers")
    return {bodies.whole(int(text), "batchIds") for text in texts} or None


def _asset(data: Row) -> tuple[str | None, int | None]:
    if data.get("assetId") is not None:
        return None, bodies.whole(data["assetId"], "assetId", 0)
    if data.get("assetUrl") is None:
        raise refuse("assetUrl or assetId is required")
    return bodies.text(data, "assetUrl"), None


def _batch(world: World, project: str, number: Any) -> int:
    table = world.batches[project]
    if number is None:
        return next(int(row["id"]) for row in table if row["default"])
    if table.get(bodies.whole(number, "batchId")) is None:
        raise refuse(f"batch {number} is not in this project")
    return int(number)


def _optional(data: Row) -> Row:
    checks: dict[str, Callable[[Any], Any]] = {
        "resultsUrl": lambda value: bodies.url(value, "resultsUrl"),
        "taxonomyVersionId": lambda value: bodies.uuid(value, "taxonomyVersionId"),
        "dueInSeconds": lambda value: bodies.whole(value, "dueInSeconds", 1, LONGEST_DUE),
        "difficulty": lambda value: bodies.whole(value, "difficulty", 0, 100),
    }
    return {name: check(data[name]) for name, check in checks.items() if data.get(name) is not None}


def _count(counts: dict[int, list[int]], key: tuple[int, str], step: int) -> None:
    batch, status = key
    pair = counts.setdefault(batch, [0, 0])
    pair[0] += step
    pair[1] += step * (status == "COMPLETED")
