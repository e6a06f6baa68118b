"""The demo's first day: datasets out of the pictures, slices, projects, batches, work items and exports.

Everything follows from the pictures, the scale and the moment of the first start, so that only what people change
has to be stored. At scale `large` the many rows are formulas, which keeps the start short.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from console.emulator import label_samples, plan
from console.emulator.people import CLOUDFACTORY_KEYS, HOME_ORGANIZATIONS, OWNER, SPACE
from console.emulator.plan import Batch, Project
from console.emulator.tables import FormulaTable, Ids, Row
from console.emulator.work_item_rows import DAY, Picture, WorkItemRows

NAMESPACE = UUID("b0a1c5d2-8f3e-4c6a-9b7d-2e4f6a8c0d1e")
COMPANY = "2d7f1a94-6b3c-4e8d-a5f0-7c9b1e3d5f60"
LARGE_DATASET = "ten-thousand-frames"
LARGE_ITEMS = 10_000
LARGE_SLICES = 500
ARCHIVE_BATCHES = 2_000
EVERY_PROJECT = (*plan.PROJECTS, plan.ARCHIVE, label_samples.PROJECT)
FIRST_BATCH = {project.slug: 100 * (place + 1) + 1 for place, project in enumerate(plan.PROJECTS)} | {
    "archive": 10_001,
    "samples": 801,
}


def uid_of(*parts: str) -> str:
    """The same thing has the same id in every world, so that tests and bookmarks can name it."""
    return str(uuid5(NAMESPACE, "/".join(parts)))


PROJECTS = {project.slug: uid_of("project", project.slug) for project in EVERY_PROJECT}
ORGANIZATIONS = {slug: uid_of("organization", slug) for slug in (*HOME_ORGANIZATIONS, "elsewhere")}


def fingerprint(assets: Path) -> str:
    """Changes when the pictures or the plan do."""
    text = repr((plan.PROJECTS, plan.ARCHIVE, plan.ARCHIVE_AT_LARGE_SCALE[:20], plan.SLICES, plan.EXPORTS))
    text += repr([(sample.name, sample.batch, sample.status) for sample in label_samples.SAMPLES])
    return hashlib.sha256((assets / "manifest.json").read_bytes() + text.encode()).hexdigest()[:16]


class Sample:
    def __init__(self, assets: Path, scale: str, started_at: float, pace: float) -> None:
        self.large = scale == "large"
        self.started_at = started_at
        self.pace = pace
        self.manifest = json.loads((assets / "manifest.json").read_text())
        self.slice_items: dict[str, list[Row]] = {}
        """What slices were found to hold; datasets never change, so it stays true as long as this world."""
        self._items: dict[str, list[Row]] = {}

    # --- Avala ------------------------------------------------------------------------------------------------

    @cached_property
    def pictures(self) -> list[Picture]:
        return [_picture(dataset["slug"], item) for dataset in self.manifest["datasets"] for item in dataset["items"]]

    @cached_property
    def by_asset(self) -> dict[str, Picture]:
        own = {f"raw/{picture.dataset}/{picture.key}": picture for picture in self.pictures}
        return own | dict(label_samples.pictures())

    @cached_property
    def datasets(self) -> dict[str, Row]:
        rows = [self._dataset(place, entry) for place, entry in enumerate(self.manifest["datasets"])]
        if self.large:
            entry = {"slug": LARGE_DATASET, "name": "Ten thousand frames", "items": range(LARGE_ITEMS)}
            rows.append(self._dataset(0, entry))
        return {row["uid"]: row for row in rows}

    def items_of(self, uid: str) -> list[Row]:
        """Newest first, as the vendor lists them. Made when first asked for."""
        if uid not in self._items:
            slug = self.datasets[uid]["slug"]
            pictures = self._frames() if slug == LARGE_DATASET else [p for p in self.pictures if p.dataset == slug]
            self._items[uid] = [self._item(uid, place, picture) for place, picture in enumerate(pictures)][::-1]
        return self._items[uid]

    def slices(self) -> list[Row]:
        rows = [self._slice(place, entry) for place, entry in enumerate(plan.SLICES)]
        if self.large:
            rows += [self._large_slice(number) for number in range(LARGE_SLICES - len(rows))]
        return rows

    def _dataset(self, place: int, entry: Row) -> Row:
        last = place == len(self.manifest["datasets"]) - 1
        created = self.started_at - (90 - 9 * place) * DAY
        return {
            "uid": uid_of("dataset", entry["slug"]),
            "slug": entry["slug"],
            "name": entry["name"],
            "description": entry.get("description", ""),
            "owner": HOME_ORGANIZATIONS[1] if last else OWNER,
            "visibility": "public" if place == 0 else "private",
            "item_count": len(entry["items"]),
            "labelled_count": sum(p.dataset == entry["slug"] and p.coco is not None for p in self.pictures),
            "created_at": created,
        }

    def _item(self, dataset: str, place: int, picture: Picture) -> Row:
        return {
            "uid": uid_of("item", picture.dataset, picture.key),
            "id": int(dataset[:6], 16) + place,
            "dataset": dataset,
            "key": picture.key,
            "picture": picture.picture,
            "thumbnail": picture.thumbnail,
            "metadata": picture.metadata,
            "created_at": self.datasets[dataset]["created_at"] + place * 90,
        }

    def _frames(self) -> list[Picture]:
        """The pictures over and over, under new names."""
        return [
            Picture(LARGE_DATASET, f"frame-{n:05}.jpg", p.picture, p.thumbnail, {**p.metadata, "frame": n}, p.coco)
            for n in range(LARGE_ITEMS)
            for p in (self.pictures[n % len(self.pictures)],)
        ]

    def _slice(self, place: int, entry: plan.Slice) -> Row:
        created = self.started_at - (len(plan.SLICES) - 1 - place) * 2.5 * DAY
        return {
            "uid": uid_of("slice", entry.slug),
            "name": entry.name,
            "slug": entry.slug,
            "owner": entry.owner,
            "organization": entry.owner if entry.owner != OWNER else None,
            "visibility": entry.visibility,
            "sub_slices": [self._part(part) for part in entry.parts],
            "random": entry.random,
            "created_at": created,
            "created_by": "ops",
            "fails": entry.fails,
            "ready_at": created if created < self.started_at else created + self.pace,
        }

    def _part(self, part: Mapping[str, Any]) -> Row:
        dataset = uid_of("dataset", part["dataset"])
        if "filters" in part:
            return {"type": "filters", "dataset_uid": dataset, "filters": part["filters"]}
        if "every" in part and dataset in self.datasets:
            uids = [item["uid"] for item in self.items_of(dataset)[:: part["every"]]]
            return {"type": "dataset_items", "dataset_uid": dataset, "dataset_item_uids": uids}
        return {"type": "dataset", "dataset_uid": dataset}

    def _large_slice(self, number: int) -> Row:
        datasets = list(self.datasets.values())
        dataset = datasets[-1] if number == 0 else datasets[number % (len(datasets) - 1)]
        part: Row = {"type": "dataset", "dataset_uid": dataset["uid"]}
        if number and number % 3 == 0:
            part = {"type": "filters", "dataset_uid": dataset["uid"], "filters": {"split": ["train", "val"]}}
        name = "Ten thousand frames" if number == 0 else f"{dataset['name']} cut {number:03}"
        slug = LARGE_DATASET if number == 0 else f"{dataset['slug']}-cut-{number:03}"
        created = self.started_at - 30 * DAY - number * 3600
        return {
            "uid": uid_of("slice", slug),
            "name": name,
            "slug": slug,
            "owner": OWNER,
            "organization": None,
            "visibility": "private",
            "sub_slices": [part],
            "random": None,
            "created_at": created,
            "created_by": "ops",
            "fails": False,
            "ready_at": created,
        }

    # --- platform ---------------------------------------------------------------------------------------------

    def projects(self) -> list[Row]:
        return [self._project(place, project) for place, project in enumerate(EVERY_PROJECT)]

    def batches(self, project: Row) -> list[Row]:
        first = FIRST_BATCH[project["slug"]]
        return [
            {
                "id": first + place,
                "project": project["id"],
                "name": batch.name,
                "created_by": CLOUDFACTORY_KEYS["cf_demo_ops" if place % 3 else "cf_demo_admin"].uid,
                "created_at": project["created_at"] + place * (3600 if project["slug"] == "archive" else DAY),
                "metadata": dict(batch.metadata),
                "default": place == 0,
            }
            for place, batch in enumerate(_batches(project["slug"]))
        ]

    def priorities(self, project: Row) -> list[Row]:
        first = FIRST_BATCH[project["slug"]]
        return [
            {"batchId": first + place, "priority": batch.priority, **batch.extra}
            for place, batch in enumerate(_batches(project["slug"]))
            if batch.priority is not None
        ]

    def work_items(self, project: Row) -> FormulaTable:
        spec = next(plan for plan in EVERY_PROJECT if plan.slug == project["slug"])
        if spec is label_samples.PROJECT:
            return self._label_samples(project)
        count = 100_000 if self.large and spec is plan.ARCHIVE else spec.items
        return self._work_items(project, spec, count)

    def exports(self) -> list[Row]:
        return [self._export(place, entry) for place, entry in enumerate(plan.EXPORTS)]

    def _project(self, place: int, project: Project) -> Row:
        return {
            "id": PROJECTS[project.slug],
            "slug": project.slug,
            "name": project.name,
            "description": project.description,
            "created_at": self.started_at - (120 - 11 * place) * DAY,
            "space": SPACE,
            "data_type": project.data_type,
            "company": COMPANY,
        }

    def _work_items(self, project: Row, spec: Project, count: int) -> FormulaTable:
        pictures = [p for p in self.pictures if p.dataset == spec.dataset] or self.pictures
        rows = WorkItemRows(
            ids=Ids(f"work-item/{spec.slug}"),
            batches=plan.ARCHIVE_AT_LARGE_SCALE if self.large and spec is plan.ARCHIVE else _batches(spec.slug),
            first_batch=FIRST_BATCH[spec.slug],
            first_asset=int(project["id"][:5], 16) * 1_000,
            asset_type="external" if spec is plan.ARCHIVE else "image",
            pictures=pictures,
            labelled=[p for p in pictures if p.coco] or pictures,
            oldest=project["created_at"] + DAY,
            newest=self.started_at - 3600,
            count=count,
            origin=f"{OWNER}/all-coins" if spec.slug == "coins" else "",
        )
        return FormulaTable(count, rows)

    def _label_samples(self, project: Row) -> FormulaTable:
        rows = label_samples.LabelSampleRows(
            ids=Ids("work-item/samples"),
            first_batch=FIRST_BATCH["samples"],
            first_asset=int(project["id"][:5], 16) * 1_000,
            oldest=project["created_at"] + DAY,
        )
        return FormulaTable(len(label_samples.SAMPLES), rows)

    def _export(self, place: int, entry: plan.Export) -> Row:
        created = self.started_at - entry.days_ago * DAY
        return {
            "id": uid_of("export", entry.name, str(place)),
            "space": SPACE,
            "name": entry.name,
            "format": "COCO_JSON",
            "content": "ANNOTATION",
            "created_by": entry.by,
            "created_at": created,
            "starts_at": created,
            "ready_at": created,
            "error": entry.error,
            "choice": {"projectIds": [PROJECTS[slug] for slug in entry.projects]} if entry.projects else {},
            "expired": entry.expired,
            "sample": True,
        }


def _picture(dataset: str, item: Row) -> Picture:
    uid = uid_of("item", dataset, item["key"])
    return Picture(dataset, item["key"], item["picture"], item["thumbnail"], item["metadata"], item["coco"], uid)


def _batches(slug: str) -> Sequence[Batch]:
    return plan.ARCHIVE_BATCHES if slug == "archive" else next(p for p in EVERY_PROJECT if p.slug == slug).batches
