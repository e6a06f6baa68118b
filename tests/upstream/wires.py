"""The table of all operations as they must look on the wire (FACTS 1.4, 1.5, 2.4 to 2.9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from console.upstream.response_models import NewWorkItem, Organization, Priority, SignalItem, SubSlice
from tests.upstream import samples as s
from tests.upstream.clients import AVALA, PLATFORM, REQUEST_ID


@dataclass(frozen=True)
class Wire:
    """One operation as it must look on the wire."""

    name: str
    call: Callable[[Any], Any]
    method: str
    address: str
    answer: Any = None
    sent: Any = None
    status: int = 200

    @property
    def is_avala(self) -> bool:
        return self.name.startswith("A")


TOKYO = timezone(timedelta(hours=9))
PARTS = (
    SubSlice("dataset", s.DATASET_UID),
    SubSlice("dataset_items", s.DATASET_UID, item_uids=(s.ITEM_UID.upper(),)),
    SubSlice("filters", s.DATASET_UID, filters={"tag": ["night", "rain"]}),
)
SENT_PARTS = [
    {"type": "dataset", "dataset_uid": s.DATASET_UID},
    {"type": "dataset_items", "dataset_uid": s.DATASET_UID, "dataset_item_uids": [s.ITEM_UID]},
    {"type": "filters", "dataset_uid": s.DATASET_UID, "filters": {"tag": ["night", "rain"]}},
]

WIRES = [
    Wire(
        "A1",
        lambda c: c.list_slices("kim@x.org", page=2, ordering="-name"),
        "GET",
        f"{AVALA}/slices/kim%40x.org/list/?page=2&ordering=-name&limit=24",
        s.numbered(s.SLICE),
    ),
    Wire(
        "A2",
        lambda c: c.list_dataset_slices(UUID(s.DATASET_UID)),
        "GET",
        f"{AVALA}/slices/dataset/{s.DATASET_UID}/?page=1&limit=24",
        s.numbered(s.SLICE),
    ),
    Wire(
        "A3",
        lambda c: c.create_slice(
            name="Fog test",
            visibility="private",
            sub_slices=PARTS,
            organization=Organization("b1", "Northwind", "northwind", "admin"),
            random_selection_count=5,
            request_id=REQUEST_ID,
        ),
        "POST",
        f"{AVALA}/slices/",
        s.SLICE,
        {
            "name": "Fog test",
            "visibility": "private",
            "sub_slices": SENT_PARTS,
            "organization": {"uid": "b1", "name": "Northwind", "slug": "northwind"},
            "random_selection_count": 5,
        },
        201,
    ),
    Wire("A4", lambda c: c.get_slice("northwind", "fog"), "GET", f"{AVALA}/slices/northwind/fog/", s.SLICE),
    Wire(
        "A5",
        lambda c: c.list_slice_items("northwind", "fog", cursor="a+b=", limit=10),
        "GET",
        f"{AVALA}/slices/northwind/fog/items/list/?cursor=a%2Bb%3D&limit=10",
        s.cursored(s.ITEM),
    ),
    Wire(
        "A6",
        lambda c: c.validate_slice_name("Fog"),
        "POST",
        f"{AVALA}/slice/validate/name",
        {"name": "Fog", "isValid": True, "message": "free"},
        {"name": "Fog"},
    ),
    Wire(
        "A7",
        lambda c: c.get_slice_item("northwind", "fog", s.ITEM_UID),
        "GET",
        f"{AVALA}/slices/northwind/fog/items/{s.ITEM_UID}/",
        s.ITEM,
    ),
    Wire(
        "A8",
        lambda c: c.list_datasets(
            name="ra in", data_type="image", status="created", visibility="private", cursor="c", limit=5
        ),
        "GET",
        f"{AVALA}/datasets/?data_type=image&name=ra%20in&status=created&visibility=private&cursor=c&limit=5",
        s.cursored(s.DATASET),
    ),
    Wire(
        "A9",
        lambda c: c.list_owner_datasets("northwind"),
        "GET",
        f"{AVALA}/datasets/northwind/list/?page=1&limit=50",
        s.numbered(s.DATASET),
    ),
    Wire("A10", lambda c: c.get_dataset(s.DATASET_UID), "GET", f"{AVALA}/datasets/{s.DATASET_UID}/", s.DATASET),
    Wire("A11", lambda c: c.find_dataset("northwind", "rain"), "GET", f"{AVALA}/datasets/northwind/rain/", s.DATASET),
    Wire(
        "A12",
        lambda c: c.list_dataset_items("northwind", "rain", ordering="key"),
        "GET",
        f"{AVALA}/datasets/northwind/rain/items/?ordering=key&limit=48",
        s.cursored(s.ITEM),
    ),
    Wire(
        "A13",
        lambda c: c.get_dataset_item("northwind", "rain", s.ITEM_UID),
        "GET",
        f"{AVALA}/datasets/northwind/rain/items/{s.ITEM_UID}/",
        s.ITEM,
    ),
    Wire(
        "A14",
        lambda c: c.list_organizations(),
        "GET",
        f"{AVALA}/organizations/?page=1&limit=100",
        s.numbered(s.ORGANIZATION),
    ),
    Wire("A15", lambda c: c.get_organization("a_b-1"), "GET", f"{AVALA}/organizations/a_b-1/", s.ORGANIZATION),
    Wire("A16", lambda c: c.get_me(), "GET", f"{AVALA}/users/me/", {"uid": "u1"}),
    Wire(
        "P1",
        lambda c: c.upload_links(s.SPACE, count=3),
        "GET",
        f"{PLATFORM}/spaces/{s.SPACE}/signedurls?count=3",
        s.LINKS,
    ),
    Wire(
        "P2",
        lambda c: c.download_links(s.SPACE, [f"s3://bucket/spaces/{s.SPACE}/raw/0001.jpg"]),
        "POST",
        f"{PLATFORM}/spaces/{s.SPACE}/signedurls",
        s.LINKS,
        {"paths": ["raw/0001.jpg"]},
    ),
    Wire(
        "P3",
        lambda c: c.create_batch(s.PROJECT, name="Harbour", request_id=REQUEST_ID),
        "POST",
        f"{PLATFORM}/projects/{s.PROJECT}/batches",
        s.BATCH,
        {"name": "Harbour"},
        201,
    ),
    Wire(
        "P4",
        lambda c: c.list_batches(s.PROJECT, cursor="cDoy", direction="PREV", limit=2),
        "GET",
        f"{PLATFORM}/projects/{s.PROJECT}/batches?cursor=cDoy&page=PREV&limit=2",
        s.BATCHES,
    ),
    Wire(
        "P5",
        lambda c: c.get_priorities(s.PROJECT),
        "GET",
        f"{PLATFORM}/projects/{s.PROJECT}/batches/prioritization",
        s.PRIORITIES,
    ),
    Wire(
        "P6",
        lambda c: c.save_priorities(
            s.PROJECT, [Priority(42, 1, {"source": "planner"}), Priority(41, 2, id_field="id")], request_id=REQUEST_ID
        ),
        "PUT",
        f"{PLATFORM}/projects/{s.PROJECT}/batches/prioritization",
        s.PRIORITIES,
        {"items": [{"source": "planner", "batchId": 42, "priority": 1}, {"id": 41, "priority": 2}]},
    ),
    Wire(
        "P7",
        lambda c: c.update_batch(s.PROJECT, 42, name="Harbour", metadata={"camera": "north"}, request_id=REQUEST_ID),
        "PATCH",
        f"{PLATFORM}/projects/{s.PROJECT}/batches/42",
        s.BATCH,
        {"name": "Harbour", "metadata": {"camera": "north"}},
    ),
    Wire(
        "P8",
        lambda c: c.list_exports(s.SPACE, sort_by="name", sort_order="ASC"),
        "GET",
        f"{PLATFORM}/spaces/{s.SPACE}/exports?sortBy=name&sortOrder=ASC&limit=20",
        s.listed(s.COMPLETED),
    ),
    Wire(
        "P9",
        lambda c: c.create_export(
            s.SPACE,
            name="Weekly",
            project_ids=[UUID(s.PROJECT)],
            batch_ids=[41, 42],
            created_from=datetime(2026, 2, 1, 9, tzinfo=TOKYO),
            updated_to=datetime(2026, 2, 2, tzinfo=UTC),
            request_id=REQUEST_ID,
        ),
        "POST",
        f"{PLATFORM}/spaces/{s.SPACE}/exports",
        s.COMPLETED,
        {
            "name": "Weekly",
            "format": "COCO_JSON",
            "projectIds": [s.PROJECT],
            "batchIds": [41, 42],
            "createdAtFrom": "2026-02-01T00:00:00Z",
            "updatedAtTo": "2026-02-02T00:00:00Z",
        },
        201,
    ),
    Wire(
        "P10",
        lambda c: c.get_export(s.SPACE, s.EXPORT_ID),
        "GET",
        f"{PLATFORM}/spaces/{s.SPACE}/exports/{s.EXPORT_ID}",
        s.COMPLETED,
    ),
    Wire(
        "P11",
        lambda c: c.delete_export(s.SPACE, s.EXPORT_ID, request_id=REQUEST_ID),
        "DELETE",
        f"{PLATFORM}/spaces/{s.SPACE}/exports/{s.EXPORT_ID}",
        status=204,
    ),
    Wire(
        "P12",
        lambda c: c.list_projects(s.SPACE),
        "GET",
        f"{PLATFORM}/spaces/{s.SPACE}/projects",
        s.listed(s.PROJECT_DATA),
    ),
    Wire(
        "P13",
        lambda c: c.get_project(s.SPACE, s.PROJECT),
        "GET",
        f"{PLATFORM}/spaces/{s.SPACE}/projects/{s.PROJECT}",
        s.PROJECT_DATA,
    ),
    Wire(
        "P14",
        lambda c: c.send_signals(
            s.PROJECT,
            signal="complete",
            outcome="OK",
            task_type="external_review",
            items=[SignalItem(s.WORK_ITEM_ID), SignalItem(s.OTHER_ITEM_ID, "kim@x.org", {"comment": "!"}, "late")],
            request_id=REQUEST_ID,
        ),
        "POST",
        f"{PLATFORM}/projects/{s.PROJECT}/workItems/signals",
        s.SIGNAL_RESULTS,
        {
            "signal": "complete",
            "signalOutcome": "OK",
            "taskType": "external_review",
            "workItems": [
                {"workItemId": s.WORK_ITEM_ID},
                {
                    "workItemId": s.OTHER_ITEM_ID,
                    "assignee": "kim@x.org",
                    "feedback": {"comment": "!"},
                    "reason": "late",
                },
            ],
        },
    ),
    Wire(
        "P15",
        lambda c: c.create_work_item(
            s.PROJECT,
            NewWorkItem(
                "image",
                asset_id=501,
                batch_id=42,
                results_url="https://x.org/done",
                taxonomy_version_id=s.ITEM_UID,
                metadata={"row": 7},
                due_in_seconds=60,
                difficulty=0,
                labels=({"a": 1},),
            ),
            request_id=REQUEST_ID,
        ),
        "POST",
        f"{PLATFORM}/projects/{s.PROJECT}/workItems",
        s.WORK_ITEM,
        {
            "assetId": 501,
            "assetType": "image",
            "batchId": 42,
            "resultsUrl": "https://x.org/done",
            "taxonomyVersionId": s.ITEM_UID,
            "metadata": {"row": 7},
            "dueInSeconds": 60,
            "difficulty": 0,
            "labels": [{"a": 1}],
        },
        201,
    ),
    Wire(
        "P16",
        lambda c: c.list_work_items(
            s.PROJECT,
            ids=[s.WORK_ITEM_ID, s.OTHER_ITEM_ID],
            batch_ids=[41, 42],
            status="NEW",
            created_from=datetime(2026, 1, 1, tzinfo=UTC),
            limit=5,
        ),
        "GET",
        f"{PLATFORM}/projects/{s.PROJECT}/workItems?workItemIDs={s.WORK_ITEM_ID}&workItemIDs={s.OTHER_ITEM_ID}"
        "&batchIds=41&batchIds=42&status=NEW&createdAtFrom=2026-01-01T00%3A00%3A00Z&limit=5",
        s.listed(s.WORK_ITEM),
    ),
    Wire(
        "P17",
        lambda c: c.insert_labels(s.PROJECT, s.WORK_ITEM_ID, [{"a": 1}], request_id=REQUEST_ID),
        "POST",
        f"{PLATFORM}/projects/{s.PROJECT}/workItems/{s.WORK_ITEM_ID}/labels",
        sent={"labels": [{"a": 1}]},
        status=204,
    ),
    Wire(
        "P18",
        lambda c: c.get_annotation(s.PROJECT, s.WORK_ITEM_ID, coco=True),
        "GET",
        f"{PLATFORM}/projects/{s.PROJECT}/workItems/{s.WORK_ITEM_ID}/annotations?format=coco",
        s.ANNOTATION,
    ),
    Wire(
        "P19",
        lambda c: c.signal(
            s.PROJECT,
            s.WORK_ITEM_ID,
            signal="cancel",
            task_type="labeling",
            outcome="NOT_OK",
            assignee="kim@x.org",
            feedback={"comment": "no"},
            reason="twice",
            request_id=REQUEST_ID,
        ),
        "PUT",
        f"{PLATFORM}/projects/{s.PROJECT}/workItems/{s.WORK_ITEM_ID}/signals",
        sent={
            "signal": "cancel",
            "taskType": "labeling",
            "signalOutcome": "NOT_OK",
            "assignee": "kim@x.org",
            "feedback": {"comment": "no"},
            "reason": "twice",
        },
        status=204,
    ),
]
WRITES = {"A3", "P3", "P6", "P7", "P9", "P11", "P14", "P15", "P17", "P19"}
