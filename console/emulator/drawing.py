"""Avala's datasets, items and organizations as they go over the wire (FACTS 1.5)."""

from console.emulator import links, slices
from console.emulator.people import Person
from console.emulator.sample import ORGANIZATIONS
from console.emulator.tables import Row
from console.emulator.work_item_rows import DAY
from console.emulator.world import World, moment


def dataset(world: World, row: Row) -> Row:
    return {
        "uid": row["uid"],
        "name": row["name"],
        "slug": row["slug"],
        "description": row["description"],
        "item_count": row["item_count"],
        "owner_name": row["owner"],
        "status": "created",
        "data_type": "image",
        "is_sequence": False,
        "visibility": row["visibility"],
        "project_count": 1,
        "size_bytes": row["item_count"] * 27_000,
        "annotations_count": row["labelled_count"],
        "predefined_labels": None,
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["created_at"] + DAY),
    }


def item(world: World, row: Row) -> Row:
    """The picture's own link is signed and lives an hour, its thumbnail is public, as on the vendor's hosts."""
    source = world.sample.datasets[row["dataset"]]
    life = world.settings.picture_life
    return {
        "id": row["id"],
        "uid": row["uid"],
        "is_hidden": False,
        "key": row["key"],
        "dataset": row["dataset"],
        "dataset_owner_name": source["owner"],
        "dataset_slug": source["slug"],
        "url": links.signed(world, "GET", f"/media/{row['picture']}", life, step=min(life, 300)),
        "gpu_texture_url": None,
        "thumbnails": [links.public(world, slices.thumbnail_path(row))],
        "video_thumbnail": None,
        "metadata": row["metadata"],
        "export_snippet": None,
        "annotations": None,
        "crop_data": None,
        "related_items": None,
        "related_sequence_uid": None,
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["created_at"]),
    }


def organization(world: World, person: Person, slug: str) -> Row:
    datasets = [row for row in world.sample.datasets.values() if row["owner"] == slug]
    return {
        "uid": ORGANIZATIONS[slug],
        "name": slices.NAMES[slug],
        "slug": slug,
        "handle": slug,
        "description": None,
        "logo": None,
        "visibility": "private",
        "plan": "pro",
        "role": "admin" if "change" in person.rights else "member",
        "member_count": 4 if slug != "elsewhere" else 1,
        "dataset_count": len(datasets),
        "slice_count": sum(row["owner"] == slug for row in world.slices),
        "is_verified": True,
        "is_active": True,
        "created_at": moment(world.started_at - 200 * DAY),
        "updated_at": moment(world.started_at - 20 * DAY),
    }
