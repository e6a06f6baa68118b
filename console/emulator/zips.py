"""The file of an export: one COCO document for each work item, or a synthetic file of a wished size.

Everything that matches goes in, finished or not (FACTS 2.7): what is not done yet is an image without annotations.

The layout (`project/batch/work-item.json`, with `info.asset_url`) follows the vendor's own client, which writes single
results "to match API output"; nobody publishes the real one.
"""

import csv
import io
import json
import os
import re
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.emulator import annotations, bodies
from console.emulator.choice import Choice
from console.emulator.tables import FormulaTable, Row
from console.emulator.world import World

NOTHING = "no work item matches"
UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
LARGEST_SYNTHETIC = 4 * 1024**3 - 2 * 1024**2
SMALLEST_SYNTHETIC = 4 * 1024
_BIG = re.compile(r"big-(\d{1,6})(kb|mb|gb)\b")


def synthetic_size(name: str) -> int | None:
    """An export named `big-50mb` is a file of that size, for tests of memory and resumption."""
    match = _BIG.match(name)
    if match is None:
        return None
    return min(max(int(match[1]) * UNITS[match[2]], SMALLEST_SYNTHETIC), LARGEST_SYNTHETIC)


@dataclass(frozen=True)
class Shelf:
    """The work items of one project as they are now, and its batches by name, to be searched outside of the lock."""

    project: str
    batches: dict[int, str]
    items: FormulaTable


def shelves(world: World, export: Row) -> list[Shelf]:
    """Those that the export takes from."""
    with world.lock:
        return [
            Shelf(
                project["name"],
                {batch["id"]: batch["name"] for batch in world.batches[project["id"]]},
                world.work_items[project["id"]].snapshot(),
            )
            for project in world.projects
            if project["space"] == export["space"]
            and project["id"] in export["choice"].get("projectIds", [project["id"]])
        ]


def select_items(export: Row, shelves: list[Shelf]) -> list[tuple[str, Row]]:
    """Entry name and work item of everything that goes in, whatever its status."""
    export_choice = export["choice"]
    choice = Choice(
        set(export_choice["batchIds"]) if "batchIds" in export_choice else None,
        None,
        bodies.span(export_choice, "createdAt"),
        bodies.span(export_choice, "updatedAt"),
    )
    return [
        (_entry(shelf.project, shelf.batches[item["batchId"]], item["id"]), item)
        for shelf in shelves
        for _, item in shelf.items.search(choice, shelf.items.places(choice))
    ]


def write(world: World, export: Row, entries: list[tuple[str, Row]], path: Path) -> None:
    """First under another name, so that a kill leaves no half file that looks whole."""
    try:
        _write(world, export, entries, path)
    except FileNotFoundError:
        return  # the world was reset or taken away meanwhile, and its folder with it
    if world.exports.get(export["id"]) is None:
        path.unlink(missing_ok=True)  # deleted while it was built


def _write(world: World, export: Row, entries: list[tuple[str, Row]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{uuid.uuid4().hex[:8]}.new")
    zip_time = time.gmtime(export["created_at"])[:6]
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _texts(world, export, entries):
            content = text.encode(errors="replace")  # half a character can be written in JSON alone
            archive.writestr(zipfile.ZipInfo(name, zip_time), content, zipfile.ZIP_DEFLATED, 1)
    os.replace(fresh, path)


def _texts(world: World, export: Row, entries: list[tuple[str, Row]]) -> Iterator[tuple[str, str]]:
    if export["format"] == "COCO_JSON":
        for name, item in entries:
            yield name, annotations.coco(world, item) or annotations.bare_coco(item)
    elif export["format"] == "JSON":
        yield "annotations.json", json.dumps([_plain(world, export, item) for _, item in entries])
    else:
        yield "annotations.csv", _table([_plain(world, export, item) for _, item in entries])


def _plain(world: World, export: Row, item: Row) -> Row:
    row = {"workItemId": item["id"], "batchId": item["batchId"], "assetUrl": item["assetUrl"]}
    if export["content"] == "ASSET_METADATA":
        return {**row, "metadata": item["metadata"]}
    document = annotations.coco(world, item)
    return {**row, "annotations": json.loads(document)["annotations"] if document else []}


def _table(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: value if isinstance(value, str) else json.dumps(value) for name, value in row.items()})
    return out.getvalue()


def _entry(project: str, batch: str, item: str) -> str:
    names = (project[:100], batch[:100], f"{item}.json")
    return "/".join(re.sub(r'[\\/:*?"<>|\x00-\x1f\ud800-\udfff]', "_", name) for name in names)
