"""What a slice holds and how far it is: its items follow from its parts, its status from the clock."""

import random
import time
from collections.abc import Mapping
from typing import Any

from console.emulator import links
from console.emulator.people import Person
from console.emulator.sample import ORGANIZATIONS
from console.emulator.tables import Row
from console.emulator.world import World

PREVIEWS = 4
NAMES = {"northwind": "Northwind", "northwind-labs": "Northwind Labs", "elsewhere": "Elsewhere"}


def status(row: Row) -> str:
    if time.time() < row["ready_at"]:
        return "pending"
    return "failed" if row["fails"] else str(row.get("status") or "created")


def visible(world: World, person: Person) -> list[Row]:
    return [row for row in world.slices if row["owner"] in person.organizations]


def items(world: World, row: Row) -> list[Row]:
    """The items so far: none while it is built or when it failed."""
    if status(row) != "created":
        return []
    cache: dict[str, list[Row]] = world.sample.slice_items
    if row["uid"] not in cache:
        cache[row["uid"]] = _collect(world, row)
    return cache[row["uid"]]


def draw(world: World, row: Row) -> Row:
    slice_items = items(world, row)
    return {
        "name": row["name"],
        "slug": row["slug"],
        "uid": row["uid"],
        "owner_name": row["owner"],
        "organization": organization(row["organization"]),
        "visibility": row["visibility"],
        "sub_slices": row["sub_slices"],
        "source_data": row["sub_slices"],
        "status": status(row),
        "featured_slice_item_urls": [links.public(world, thumbnail_path(item)) for item in slice_items[:PREVIEWS]],
        "item_count": len(slice_items),
    }


def organization(slug: str | None) -> Row | None:
    return {"uid": ORGANIZATIONS[slug], "name": NAMES[slug], "slug": slug} if slug else None


def thumbnail_path(item: Row) -> str:
    return f"/cdn/{item['thumbnail']}"


def matches(metadata: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """All keys must match; a key matches if any accepted value is among the item's values (FACTS 4, question 21)."""
    return all(key in metadata and _texts(metadata[key]) & _texts(accepted) for key, accepted in filters.items())


def _texts(value: Any) -> set[str]:
    return {str(entry) for entry in value} if isinstance(value, list) else {str(value)}


def _collect(world: World, row: Row) -> list[Row]:
    """Each item once, in the order of the parts; a random choice is the same at every look."""
    by_uid = {item["uid"]: item for part in row["sub_slices"] for item in _of_part(world, part)}
    selection = list(by_uid.values())
    count = row["random"]
    if count is None or count >= len(selection):
        return selection
    places = sorted(random.Random(row["uid"]).sample(range(len(selection)), count))
    return [selection[place] for place in places]


def _of_part(world: World, part: Row) -> list[Row]:
    every = world.dataset_items(part["dataset_uid"])
    if part["type"] == "dataset_items":
        uids = set(part["dataset_item_uids"])
        return [item for item in every if item["uid"] in uids]
    if part["type"] == "filters":
        return [item for item in every if matches(item["metadata"], part["filters"])]
    return every
