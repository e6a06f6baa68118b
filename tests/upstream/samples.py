"""The samples of FACTS, and the smallest valid answers where it has none."""

from typing import Any

DATASET_UID = "7f0c2f66-3a55-4c39-8f54-5f1f2f0f9a01"
ITEM_UID = "550e8400-e29b-41d4-a716-446655440000"
SPACE = "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"
PROJECT = "3d0c6a52-8d0e-4d1b-9d57-3b8f3a1c7e01"
EXPORT_ID = "6b9a7d0a-1d43-4f43-8a3e-0c3b1f9d2a10"
WORK_ITEM_ID = "e2a6e1c4-4b0e-4d0b-8f5e-1f6d5a7c3b20"
OTHER_ITEM_ID = "7c1b2a3d-5e4f-4a6b-8c9d-0e1f2a3b4c22"

SLICE: dict[str, Any] = {
    "name": "Fog test",
    "slug": "fog-test",
    "uid": "0b6e7c1e-6f0e-4b7a-9f0e-2b9b8a1f7d10",
    "owner_name": "northwind",
    "organization": None,
    "visibility": "private",
    "sub_slices": [{"type": "dataset", "dataset_uid": DATASET_UID}],
    "source_data": [{"type": "dataset", "dataset_uid": DATASET_UID}],
    "status": "pending",
    "featured_slice_item_urls": [],
    "item_count": 0,
}
ITEM: dict[str, Any] = {
    "uid": ITEM_UID,
    "key": "0001.jpg",
    "url": "https://cdn.avala.ai/0001.jpg?sig=x",
    "thumbnails": ["https://cdn.avala.ai/0001-small.jpg"],
    "metadata": {"tag": ["night"]},
    "created_at": "2026-02-03T08:00:00Z",
}
DATASET: dict[str, Any] = {
    "uid": DATASET_UID,
    "name": "Rain",
    "slug": "rain",
    "owner_name": "northwind",
    "item_count": 3,
}
ORGANIZATION: dict[str, Any] = {"uid": "b1", "name": "Northwind", "slug": "northwind", "role": "admin"}

BATCHES: dict[str, Any] = {
    "items": [
        {
            "id": 41,
            "projectId": PROJECT,
            "name": "Default",
            "createdBy": "9a4b2f10-51f3-4c35-8a53-0f6f4f1f2c11",
            "createdAt": "2026-02-03T08:00:00Z",
            "metadata": {},
            "priority": 0,
            "totalCount": 120,
            "completedCount": 80,
        },
        {
            "id": 42,
            "projectId": PROJECT,
            "name": "Harbour",
            "createdBy": "9a4b2f10-51f3-4c35-8a53-0f6f4f1f2c11",
            "createdAt": "2026-02-04T08:00:00Z",
            "metadata": {"camera": "north"},
            "priority": 5,
            "totalCount": 10,
            "completedCount": 0,
        },
    ],
    "meta": {"object": "batch", "limit": 2, "page": "NEXT", "cursorNext": "bjo0", "cursorPrev": "cDoy"},
}
BATCH = BATCHES["items"][1]
PRIORITIES = {"items": [{"batchId": 41, "priority": 2}, {"batchId": 42, "priority": 1, "source": "planner"}]}
COMPLETED: dict[str, Any] = {
    "exportId": EXPORT_ID,
    "name": "Weekly",
    "status": "COMPLETED",
    "format": "COCO_JSON",
    "createdBy": "kim@example.com",
    "createdAt": "2026-02-05T06:00:00Z",
    "downloadUrl": "https://store.example.com/exports/weekly.zip?signature=abc",
    "error": None,
}
PROJECT_DATA: dict[str, Any] = {
    "id": PROJECT,
    "name": "Coins",
    "description": "Outlines",
    "createdAt": "2026-01-01T00:00:00Z",
    "spaceID": SPACE,
    "dataType": "image, image_sequence",
    "companyID": "2d7f1a94-6b3c-4e8d-a5f0-7c9b1e3d5f60",
}
WORK_ITEM: dict[str, Any] = {
    "id": WORK_ITEM_ID,
    "status": "CLIENT_REVIEW",
    "assetUrl": "raw/0001.jpg",
    "assetId": 501,
    "batchId": 42,
    "resultsUrl": None,
    "createdAt": "2026-02-04T08:10:00Z",
    "updatedAt": "2026-02-05T09:00:00Z",
    "taxonomyVersionId": None,
    "metadata": {"row": 7},
    "dueInSeconds": 86400,
    "difficulty": 30,
    "assetType": "image",
}
ANNOTATION: dict[str, Any] = {
    "id": "0f4c1d5e-9b3a-4f8e-a1c2-7d6e5f4a3b21",
    "projectID": PROJECT,
    "workItemID": WORK_ITEM_ID,
    "inference": {},
    "groundTruthReviewer": "CONSENSUS_REVIEW",
    "createdAt": "2026-02-05T09:00:00Z",
    "updatedAt": "2026-02-05T09:00:00Z",
    "metadata": {"coco_results_url": "s3://bucket/spaces/SPACE-UUID/coco_output/0001.json"},
}
SIGNAL_RESULTS = {
    "items": [
        {"workItemId": WORK_ITEM_ID, "status": "COMPLETED"},
        {"workItemId": OTHER_ITEM_ID, "error": "status is NEW"},
    ]
}
LINKS = {"items": [{"path": "raw/0001.jpg", "signedUrl": "https://store.example.com/0001?signature=a"}]}


def numbered(*results: Any) -> dict[str, Any]:
    return {"count": len(results), "next": None, "previous": None, "results": list(results)}


def cursored(*results: Any) -> dict[str, Any]:
    return {"next": None, "previous": None, "results": list(results)}


def listed(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "meta": {"limit": 20, "cursorNext": None, "cursorPrev": None}}
