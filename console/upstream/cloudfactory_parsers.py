"""The platform's JSON into types (FACTS 2.5 to 2.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from console.common.parsing import read_uuid
from console.upstream.json_fields import Fields, Misshapen, entries
from console.upstream.response_models import (
    Annotation,
    Batch,
    Export,
    Priority,
    Project,
    SignalResult,
    SignedUrl,
    WorkItem,
)

ModelT = TypeVar("ModelT", Export, WorkItem)
SIGNAL_RESULT_IDS = ("workitemid", "id")
"""The names an entry of P14's answer may have its item under, in lower case (FACTS 4, row 7)."""


def signed_urls_of(data: Any) -> tuple[SignedUrl, ...]:
    return entries(data, "items", _signed_url)


def download_links_of(data: Any) -> dict[str, str]:
    """Links by path. An entry without path or link is left out, and so is a path that got different ones."""
    urls: dict[str, set[str]] = {}
    for link in entries(data, "items", _signed_url_or_none):
        if link is not None:
            urls.setdefault(link.path, set()).add(link.signed_url)
    return {path: links.pop() for path, links in urls.items() if len(links) == 1}


def _signed_url_or_none(data: Any) -> SignedUrl | None:
    try:
        return _signed_url(data)
    except Misshapen:
        return None


def _signed_url(data: Any) -> SignedUrl:
    fields = Fields(data, "the link")
    return SignedUrl(path=fields.id_text("path"), signed_url=fields.id_text("signedUrl", "signed_url"))


def batch_of(data: Any) -> Batch:
    fields = Fields(data, "the batch")
    return Batch(
        id=fields.id_number("id"),
        project_id=fields.text("projectId"),
        name=fields.text("name"),
        created_by=fields.text("createdBy"),
        created_at=fields.moment("createdAt"),
        metadata=fields.mapping("metadata"),
        priority=fields.number("priority"),
        total_count=fields.number("totalCount"),
        completed_count=fields.number("completedCount"),
        extra=fields.rest(),
    )


def priorities_of(data: Any) -> tuple[Priority, ...]:
    return entries(data, "items", _priority)


def _priority(data: Any) -> Priority:
    fields = Fields(data, "the priority")
    spelled = fields.name_of("batchId", "id")
    number = fields.id_number("batchId", "id")
    priority = fields.number("priority")
    return Priority(batch_id=number, priority=priority, extra=fields.rest(), id_field=spelled or "batchId")


def export_of(data: Any) -> Export:
    fields = Fields(data, "the export")
    return Export(
        id=fields.uuid("exportId", "id"),
        name=fields.text("name"),
        status=fields.text("status"),
        format=fields.text("format"),
        content=fields.text("content"),
        created_by=fields.text("createdBy"),
        download_url=fields.text("downloadUrl"),
        error=fields.text("error"),
        created_at=fields.moment("createdAt"),
        extra=fields.rest(),
    )


def created(shape: Callable[[Any], ModelT]) -> Callable[[Any], ModelT]:
    """A reader of the answer to a write that creates: without a usable id it is unknown what was created."""

    def read(data: Any) -> ModelT:
        value = shape(data)
        if not value.id:
            raise Misshapen("it names nothing that was created")
        return value

    return read


def projects_of(data: Any) -> tuple[Project, ...]:
    return entries(data, "items", project_of)


def project_of(data: Any) -> Project:
    fields = Fields(data, "the project")
    return Project(
        id=fields.uuid("id"),
        name=fields.text("name"),
        description=fields.text("description"),
        created_at=fields.moment("createdAt"),
        space_id=fields.text("spaceID"),
        # One value or a comma-separated list (FACTS 2.8).
        data_types=tuple(kind.strip() for text in fields.texts("dataType") for kind in text.split(",") if kind.strip()),
        company_id=fields.text("companyID"),
        extra=fields.rest(),
    )


def work_item_of(data: Any) -> WorkItem:
    fields = Fields(data, "the work item")
    return WorkItem(
        id=fields.uuid("id"),
        status=fields.text("status"),
        asset_url=fields.text("assetUrl"),
        asset_id=fields.number("assetId"),
        asset_type=fields.text("assetType"),
        batch_id=fields.number("batchId"),
        results_url=fields.text("resultsUrl", "resultUrl"),
        created_at=fields.moment("createdAt"),
        updated_at=fields.moment("updatedAt"),
        taxonomy_version_id=fields.text("taxonomyVersionId"),
        metadata=fields.mapping("metadata"),
        due_in_seconds=fields.number("dueInSeconds"),
        difficulty=fields.number("difficulty"),
        extra=fields.rest(),
    )


def signal_results_of(items: Iterable[str]) -> Callable[[Any], tuple[SignalResult, ...]]:
    """A reader of what became of those work items, in their order and under their ids as sent (FACTS 4, row 7).

    An item of which the answer does not speak, or speaks twice and not alike, has no result: it is unknown, never done.
    """
    ids = {str(read_uuid(item)): item for item in items}

    def shape(data: Any) -> tuple[SignalResult, ...]:
        if data is None:
            return ()
        try:
            results = entries(data, "items", lambda entry: _signal_result(entry, ids))
        except Misshapen:
            return ()
        by_item: dict[str, set[SignalResult]] = {}
        for result in results:
            if result is not None:
                by_item.setdefault(result.work_item_id, set()).add(result)
        return tuple(by_item[item].pop() for item in ids.values() if len(by_item.get(item, ())) == 1)

    return shape


def _signal_result(data: Any, ids: Mapping[str, str]) -> SignalResult | None:
    """None for an entry about no item that was sent, or about two of them."""
    if not isinstance(data, dict):
        return None
    named = {ids[item] for item in map(_item_named, data, data.values()) if item in ids}
    if len(named) != 1:
        return None
    fields = Fields(data, "the result")
    error = fields.any("error") or fields.any("errors")
    refused = bool(error) or fields.flag("success") is False
    message = _words_of(error) or fields.text("message") or "refused"
    return SignalResult(named.pop(), fields.text("status"), message if refused else None)


def _item_named(name: str, value: Any) -> str:
    return str(read_uuid(value)) if name.lower() in SIGNAL_RESULT_IDS else ""


def _words_of(error: Any) -> str | None:
    """What an error says: text, an object with a `message`, or a list of either."""
    if isinstance(error, list):
        return "; ".join(filter(None, map(_words_of, error))) or None
    if isinstance(error, dict):
        return Fields(error, "the error").text("message")
    return error if isinstance(error, str) else None


def annotation_of(data: Any) -> Annotation:
    fields = Fields(data, "the annotation")
    return Annotation(
        id=fields.text("id"),
        project_id=fields.text("projectID"),
        work_item_id=fields.text("workItemID"),
        inference=fields.any("inference"),
        ground_truth_reviewer=fields.text("groundTruthReviewer"),
        created_at=fields.moment("createdAt"),
        updated_at=fields.moment("updatedAt"),
        metadata=fields.mapping("metadata"),
        extra=fields.rest(),
    )
