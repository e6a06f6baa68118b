"""Annotations of work items (P18) and the COCO documents behind them, as the sample has them or an act has set them."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

from console.emulator import faults, label_samples
from console.emulator.bodies import refuse
from console.emulator.places import project_of, work_item_of
from console.emulator.sample import NAMESPACE
from console.emulator.tables import Row
from console.emulator.wire import Answer, Request, json_answer
from console.emulator.work_item_rows import Picture
from console.emulator.world import World, moment

BUCKET = "northwind-annotations"
ANNOTATED = ("COMPLETED", "CLIENT_REVIEW")
MOST_SHAPES = 2_000_000


def get_annotation(world: World, request: Request, project: str, item: str) -> Answer:
    row = project_of(world, request.caller, project)
    work_item = work_item_of(world, row["id"], item)
    style = request.one("format")
    if style not in (None, "coco"):
        raise refuse("format must be coco")
    if _annotation_of(work_item).get("absent"):
        raise refuse("annotation not found", 404)
    return json_answer(200, _draw(world, row, work_item, coco=style == "coco"))


def picture_of(world: World, path: str | None) -> Picture | None:
    """The sample's picture at this path in the space; a name that asks for a fault may stand before the file's own."""
    folder, slash, name = (path or "").rpartition("/")
    return world.sample.by_asset.get(path or "") or world.sample.by_asset.get(f"{folder}{slash}{faults.without(name)}")


def coco(world: World, item: Row) -> str | None:
    """The item's result as one COCO document, in text; None while there is none, or when the store has lost it."""
    result = result_file(world, item)
    if result is not None:
        return result.read_text(errors="replace")
    if not _has_result(world, item) or "result" in _annotation_of(item):
        return None
    picture = picture_of(world, item["assetUrl"])
    if picture is None:
        return _marked_coco(item)
    info = {"description": f"Work item {item['id']}", "asset_url": item["assetUrl"]}
    return f'{{"info": {json.dumps(info)}, {_annotations(world.assets, picture.coco)}'


def bare_coco(item: Row) -> str:
    """The image of an item without a result, with nothing marked in it."""
    return json.dumps(_bare(item))


def _marked_coco(item: Row) -> str:
    """What a colleague found in a picture that is not the sample's: one box."""
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [8, 8, 32, 32], "area": 1024, "iscrowd": 0}
    return json.dumps({**_bare(item), "annotations": [box], "categories": [{"id": 1, "name": "object"}]})


def _bare(item: Row) -> Row:
    info = {"description": f"Work item {item['id']}", "asset_url": item["assetUrl"]}
    image = {"id": 1, "file_name": (item["assetUrl"] or f"{item['assetId']}").rpartition("/")[2]}
    return {"info": info, "images": [image], "annotations": [], "categories": []}


def result_file(world: World, item: Row) -> Path | None:
    """The file of a result that `set_annotation` has set."""
    name = _annotation_of(item).get("result")
    return world.results / name if name else None


def store_result(world: World, text: str | Iterator[str]) -> str:
    """Writes a result to disk, so that 50 MiB do not stay in memory; the name of its file."""
    world.results.mkdir(parents=True, exist_ok=True)
    name = f"{uuid4().hex}.json"
    with (world.results / name).open("w", errors="surrogatepass") as file:
        file.writelines([text] if isinstance(text, str) else text)
    return name


def many_shapes(count: int) -> Iterator[str]:
    """A COCO document of so many outlines with 24 points each, about 460 bytes a shape, on a 1000 x 1000 image."""
    if not 0 <= count <= MOST_SHAPES:
        raise ValueError(f"shapes must be between 0 and {MOST_SHAPES}")
    yield '{"images": [{"id": 1, "file_name": "many.jpg", "width": 1000, "height": 1000}], "categories": '
    yield '[{"id": 1, "name": "odd"}, {"id": 2, "name": "even"}], "annotations": ['
    for number in range(1, count + 1):
        yield f"{', ' if number > 1 else ''}{json.dumps(_ring(number))}"
    yield "]}"


def _ring(number: int) -> Row:
    left, top = number * 37 % 960 + number % 7 / 10, number * 59 % 960 + number % 3 / 10
    points = [round(value, 1) for x, y in _TOOTHED for value in (left + x, top + y)]
    box = [round(left, 1), round(top, 1), 40, 40]
    return {
        "id": number,
        "image_id": 1,
        "category_id": 1 + number % 2,
        "segmentation": [points],
        "bbox": box,
        "area": 1200,
        "iscrowd": 0,
    }


_TOOTHED = (
    *((x, 0 if x % 2 else 4) for x in range(2, 14)),
    *((40 - x, 40 if x % 2 else 36) for x in range(2, 14)),
)


@lru_cache(maxsize=512)
def _annotations(assets: Path, name: str | None) -> str:
    """A picture's annotations as they ship, without the opening brace."""
    if name in label_samples.BY_ASSET:
        return label_samples.document(assets, name).removeprefix("{")
    if name is None:
        return '"images": [], "annotations": [], "categories": []}'
    return (assets / name).read_text().lstrip().removeprefix("{")


def _annotation_of(item: Row) -> Row:
    """What an act has made of the item's annotation, or else the sample."""
    return item.get("annotation") or label_samples.annotation_of(item["assetUrl"])


def _draw(world: World, project: Row, item: Row, *, coco: bool) -> Row:
    annotation = _annotation_of(item)
    return {
        "id": str(uuid5(NAMESPACE, f"annotation/{item['id']}")),
        "projectID": project["id"],
        "workItemID": item["id"],
        "inference": annotation.get("inference", {}),
        "groundTruthReviewer": "CONSENSUS_REVIEW",
        "createdAt": moment(item["created_at"]),
        "updatedAt": moment(item["updated_at"]),
        "metadata": _metadata(world, project, item, coco=coco),
    }


def _metadata(world: World, project: Row, item: Row, *, coco: bool) -> Any:
    annotation = _annotation_of(item)
    metadata = annotation.get("metadata", {})
    if not isinstance(metadata, dict):
        return metadata
    attributes: Row = {"label_count": _label_count(world, item)} | metadata
    if coco and _has_result(world, item):
        attributes["coco_results_url"] = f"s3://{BUCKET}/spaces/{project['space']}/coco_output/{item['id']}.json"
    return attributes


def _label_count(world: World, item: Row) -> int:
    """The labels that P17 has brought and those of the sample's picture; a result that an act has set is not read."""
    count = len(item.get("labels", []))
    if "result" in _annotation_of(item) or not _has_result(world, item):
        return count
    picture = picture_of(world, item["assetUrl"])
    return count + (1 if picture is None else _drawn_count(world.assets, picture.coco))


@lru_cache(maxsize=512)
def _drawn_count(assets: Path, name: str | None) -> int:
    return len(json.loads(f"{{{_annotations(assets, name)}")["annotations"])


def _has_result(world: World, item: Row) -> bool:
    """Whether the platform says there is one, be it in the store or not."""
    annotation = _annotation_of(item)
    if "result" in annotation:
        return bool(annotation["result"] is not None)
    is_drawn = item.get("is_labelled") or picture_of(world, item["assetUrl"]) is not None
    return item["status"] in ANNOTATED and bool(is_drawn)
