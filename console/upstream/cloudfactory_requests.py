"""What is sent to the platform: bodies and queries, their bounds checked first (FACTS 2.5 to 2.9, 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.upstream.response_models import Json, NewWorkItem, Priority, SignalItem
from console.upstream.storage_paths import PathRefused, path_in_space
from console.upstream.validation import Checks, wire_time

VENDOR = "cloudfactory"
MOST_LIMIT = 100
MOST_UPLOADS = 10
MOST_PATHS = 1000
MOST_EXPORT_NAME = 255
MOST_PROJECTS = 50
MOST_BATCHES = 100
MOST_IDS = 100
MOST_SIGNALS = 100
MOST_DUE = 2_592_000
MOST_DIFFICULTY = 100

SIGNALS = ("start", "release", "complete", "cancel", "reopen")
OUTCOMES = ("OK", "NOT_OK")
ASSET_TYPES = ("image", "video")
EXPORT_FORMAT = "COCO_JSON"
SIGNAL_ITEM_ID = "workItemId"
"""A guess (FACTS 4, row 6)."""

Pairs = list[tuple[str, str]]


def keyset(cursor: str | None, direction: str | None, limit: int) -> Pairs:
    """`limit` always; `cursor` and `page` together, or neither for the first page (FACTS 2.2).

    PREV without a cursor asks for the last page: a guess, which the emulator shares.
    """
    checks = Checks(VENDOR)
    checks.number("limit", limit, 1, MOST_LIMIT)
    if direction is not None:
        checks.choice("direction", direction, ("NEXT", "PREV"))
    checks.raise_errors()
    place = [("cursor", cursor)] if cursor else []
    if cursor or direction == "PREV":
        place.append(("page", direction or "NEXT"))
    return [*place, ("limit", str(limit))]


def relative_paths(space: object, paths: Sequence[str]) -> dict[str, str]:
    """From each path to the same as P2 wants it, `s3://<bucket>/spaces/<space>/` taken off (FACTS 2.5)."""
    checks = Checks(VENDOR)
    own = checks.uuid("space", space)
    checks.size("paths", paths, 1, MOST_PATHS)
    relative = {path: _relative(f"paths.{index}", path, own, checks) for index, path in enumerate(paths)}
    checks.raise_errors()
    return relative


def _relative(field: str, path: str, space: str, checks: Checks) -> str:
    try:
        return path_in_space(space, path)
    except PathRefused as refused:
        checks.wrong(field, str(refused))
        return ""


def batch_name(name: str) -> dict[str, Any]:
    checks = Checks(VENDOR)
    checks.text("name", name)
    checks.raise_errors()
    return {"name": name}


def batch_change(name: str | None, metadata: Json | None) -> dict[str, Any]:
    checks = Checks(VENDOR)
    if name is None and metadata is None:
        checks.wrong("name", "Nothing was changed.")
    if name is not None:
        checks.text("name", name)
    checks.raise_errors()
    return _without_none(name=name, metadata=None if metadata is None else dict(metadata))


def priorities(entries: Sequence[Priority]) -> dict[str, Any]:
    """All entries, each batch once, with whatever else the server said of them."""
    checks = Checks(VENDOR)
    if not entries:
        checks.wrong("items", "There is no batch to order.")
    if len({entry.batch_id for entry in entries}) != len(entries):
        checks.wrong("items", "A batch stands there twice.")
    for index, entry in enumerate(entries):
        checks.number(f"items.{index}.batchId", entry.batch_id)
        if entry.priority is not None:
            checks.number(f"items.{index}.priority", entry.priority)
    checks.raise_errors()
    return {"items": [entry.to_wire() for entry in entries]}


def sorting(sort_by: str | None, sort_order: str | None) -> Pairs:
    checks = Checks(VENDOR)
    if sort_order is not None:
        checks.choice("sort_order", sort_order, ("ASC", "DESC"))
    checks.raise_errors()
    return [(name, value) for name, value in (("sortBy", sort_by), ("sortOrder", sort_order)) if value]


def spans(
    created_from: datetime | None,
    created_to: datetime | None,
    updated_from: datetime | None,
    updated_to: datetime | None,
) -> dict[str, str]:
    """The four ends that an export and the list of work items share."""
    checks = Checks(VENDOR)
    checks.span("created_to", created_from, created_to)
    checks.span("updated_to", updated_from, updated_to)
    checks.raise_errors()
    ends = {
        "createdAtFrom": created_from,
        "createdAtTo": created_to,
        "updatedAtFrom": updated_from,
        "updatedAtTo": updated_to,
    }
    return {name: wire_time(moment) for name, moment in ends.items() if moment is not None}


def export(
    name: str, project_ids: Sequence[object] | None, batch_ids: Sequence[int] | None, ends: Mapping[str, str]
) -> dict[str, Any]:
    """P9's body. Left out means all; an empty list would not (FACTS 2.7)."""
    checks = Checks(VENDOR)
    checks.text("name", name, MOST_EXPORT_NAME)
    body: dict[str, Any] = {"name": name, "format": EXPORT_FORMAT}
    if project_ids:
        checks.size("project_ids", project_ids, 1, MOST_PROJECTS)
        body["projectIds"] = checks.uuids("project_ids", project_ids)
    if batch_ids:
        _check_batches(batch_ids, checks)
        body["batchIds"] = list(batch_ids)
    checks.raise_errors()
    return {**body, **ends}


def signals(signal: str, outcome: str | None, task_type: str | None, items: Sequence[SignalItem]) -> dict[str, Any]:
    checks = Checks(VENDOR)
    checks.choice("signal", signal, SIGNALS)
    if outcome is not None:
        checks.choice("outcome", outcome, OUTCOMES)
    if signal == "complete":
        checks.text("task_type", task_type or "")
    checks.size("items", items, 1, MOST_SIGNALS)
    entries = [_signal_item(f"items.{index}", item, checks) for index, item in enumerate(items)]
    if len({entry[SIGNAL_ITEM_ID] for entry in entries}) < len(entries):
        checks.wrong("items", "A work item is named twice.")
    checks.raise_errors()
    return {**_without_none(signal=signal, signalOutcome=outcome, taskType=task_type or None), "workItems": entries}


def _signal_item(field: str, item: SignalItem, checks: Checks) -> dict[str, Any]:
    feedback = dict(item.feedback) if item.feedback else None
    return {
        SIGNAL_ITEM_ID: checks.uuid(f"{field}.work_item_id", item.work_item_id),
        **_without_none(assignee=item.assignee or None, feedback=feedback, reason=item.reason or None),
    }


def signal(
    name: str, task_type: str, outcome: str, assignee: str | None, feedback: Json | None, reason: str | None
) -> dict[str, Any]:
    """P19's visible form: its three required fields always, whatever the signal (FACTS 2.9)."""
    checks = Checks(VENDOR)
    checks.choice("signal", name, SIGNALS)
    checks.text("task_type", task_type)
    checks.choice("outcome", outcome, OUTCOMES)
    checks.raise_errors()
    optional = _without_none(
        assignee=assignee or None, feedback=dict(feedback) if feedback else None, reason=reason or None
    )
    return {"signal": name, "taskType": task_type, "signalOutcome": outcome, **optional}


def work_item(new: NewWorkItem) -> dict[str, Any]:
    checks = Checks(VENDOR)
    checks.choice("asset_type", new.asset_type, ASSET_TYPES)
    if (new.asset_url is None) == (new.asset_id is None):
        checks.wrong("asset_url", "Name the asset by its address or by its number, not both.")
    if new.asset_url is not None:
        checks.text("asset_url", new.asset_url)
    for field, value, least, most in (
        ("asset_id", new.asset_id, 0, 2**63 - 1),
        ("batch_id", new.batch_id, -(2**63), 2**63 - 1),
        ("due_in_seconds", new.due_in_seconds, 1, MOST_DUE),
        ("difficulty", new.difficulty, 0, MOST_DIFFICULTY),
    ):
        if value is not None:
            checks.number(field, value, least, most)
    taxonomy = new.taxonomy_version_id
    body = _without_none(
        assetUrl=new.asset_url,
        assetId=new.asset_id,
        assetType=new.asset_type,
        batchId=new.batch_id,
        resultsUrl=new.results_url or None,
        taxonomyVersionId=checks.uuid("taxonomy_version_id", taxonomy) if taxonomy else None,
        metadata=None if new.metadata is None else dict(new.metadata),
        dueInSeconds=new.due_in_seconds,
        difficulty=new.difficulty,
        labels=None if new.labels is None else _labels(new.labels, checks),
    )
    checks.raise_errors()
    return body


def labels(values: Sequence[Json]) -> dict[str, Any]:
    checks = Checks(VENDOR)
    labels = _labels(values, checks)
    if not labels:
        checks.wrong("labels", "There is no label to insert.")
    checks.raise_errors()
    return {"labels": labels}


def _labels(values: Sequence[Json], checks: Checks) -> list[Any]:
    """Any objects are accepted: what they hold is not documented (FACTS 4, row 9)."""
    checks.objects("labels", values)
    return list(values)


def work_item_filters(
    ids: Sequence[object], batch_ids: Sequence[int], status: str | None, ends: Mapping[str, str]
) -> Pairs:
    """P16's filters, a repeated name for each value."""
    checks = Checks(VENDOR)
    checks.size("ids", ids, 0, MOST_IDS)
    plain = checks.uuids("ids", ids)
    _check_batches(batch_ids, checks)
    checks.raise_errors()
    named = [("workItemIDs", item) for item in plain] + [("batchIds", str(batch)) for batch in batch_ids]
    return [*named, *([("status", status)] if status else []), *ends.items()]


def _check_batches(batch_ids: Sequence[int], checks: Checks) -> None:
    checks.size("batch_ids", batch_ids, 0, MOST_BATCHES)
    for index, batch in enumerate(batch_ids):
        checks.number(f"batch_ids.{index}", batch)


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
