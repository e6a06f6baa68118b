"""The AI platform's nineteen operations (FACTS 2), one short method each.

Every method can raise what errors.py draws: 401 KeyRejected, 403 Forbidden, 404 NotFound (with
`maybe_wrong_address` where the address is only a guess), 429 RateLimited, and all that can happen on
the way. Invalid with status None means that a bound was checked here and nothing was sent. Lists take
`limit` 1..100; `cursor` goes forward unless `direction` is "PREV". IDs are UUIDs, but those of batches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from console.upstream import cloudfactory_parsers as parsers
from console.upstream import cloudfactory_requests as request_bodies
from console.upstream import operations
from console.upstream.cloudfactory_requests import VENDOR
from console.upstream.json_fields import Misshapen, identified
from console.upstream.operations import VendorOperation
from console.upstream.pagination import platform_page
from console.upstream.response_models import (
    Annotation,
    Batch,
    Export,
    Json,
    NewWorkItem,
    Page,
    Priority,
    Project,
    SignalItem,
    SignalResult,
    SignedUrl,
    WorkItem,
)
from console.upstream.validation import Checks
from console.upstream.vendor_client import Client

T = TypeVar("T")
Id = str | UUID


class CloudFactory(Client):
    """The platform as one key sees it."""

    vendor = VENDOR

    def upload_links(self, space: Id, *, count: int = 1) -> tuple[SignedUrl, ...]:
        """P1 (FACTS 2.5): 1..10 links to PUT files to, with a Content-Type and without the key."""
        checks = Checks(VENDOR)
        checks.number("count", count, 1, request_bodies.MOST_UPLOADS)
        checks.raise_errors()
        params = [("count", str(count))]
        return self._ask(parsers.signed_urls_of, operations.UPLOAD_LINKS, {"space": space}, params=params)

    def download_links(self, space: Id, paths: Sequence[str]) -> tuple[SignedUrl, ...]:
        """P2 (FACTS 2.5): a link for each of 1..1000 paths, relative to the space or as `s3://` of it.

        In the order asked for and with the path as it was given, each path once. One the platform left out, or named
        twice with different links, is missing. One bad path is Invalid, and nothing is sent: `path_in_space` tells.
        """
        relative = request_bodies.relative_paths(space, tuple(dict.fromkeys(paths)))
        body = {"paths": list(dict.fromkeys(relative.values()))}
        links = self._ask(parsers.download_links_of, operations.DOWNLOAD_LINKS, {"space": space}, body=body)
        pairs = ((address, links.get(path) or links.get(address)) for address, path in relative.items())
        return tuple(SignedUrl(address, link) for address, link in pairs if link)

    def create_batch(self, project: Id, *, name: str, request_id: str) -> Batch:
        """P3 (FACTS 2.6): the new batch. The name must not be empty; a taken one is Conflict."""
        body = request_bodies.batch_name(name)
        place = {"project": project}
        return self._ask(parsers.batch_of, operations.CREATE_BATCH, place, body=body, request_id=request_id)

    def list_batches(
        self, project: Id, *, cursor: str | None = None, direction: str | None = None, limit: int = 100
    ) -> Page[Batch]:
        """P4 (FACTS 2.6): batches with their counts of work items, in all and completed. There is no total."""
        return self._page(parsers.batch_of, operations.LIST_BATCHES, {"project": project}, cursor, direction, limit)

    def get_priorities(self, project: Id) -> tuple[Priority, ...]:
        """P5 (FACTS 2.6; 4, row 4): a number for each batch that has one; which end is urgent is not known."""
        return self._ask(parsers.priorities_of, operations.GET_PRIORITIES, {"project": project})

    def save_priorities(self, project: Id, entries: Sequence[Priority], *, request_id: str) -> tuple[Priority, ...]:
        """P6 (FACTS 2.6): saved all or none; send every entry that P5 gave, changed or not.

        Answers the saved entries, or nothing at all; read them again either way.
        """
        return self._ask(
            _saved_priorities(entries),
            operations.SAVE_PRIORITIES,
            {"project": project},
            body=request_bodies.priorities(entries),
            request_id=request_id,
        )

    def update_batch(
        self,
        project: Id,
        batch_id: int,
        *,
        name: str | None = None,
        metadata: Json | None = None,
        request_id: str,
    ) -> Batch:
        """P7 (FACTS 2.6): rename, or replace the metadata; only what is given is sent. A taken name is Conflict."""
        return self._ask(
            _or_none(_same_batch(batch_id), Batch(batch_id, str(project), name, metadata=dict(metadata or {}))),
            operations.UPDATE_BATCH,
            {"project": project, "batch_id": batch_id},
            body=request_bodies.batch_change(name, metadata),
            request_id=request_id,
        )

    def list_exports(
        self,
        space: Id,
        *,
        cursor: str | None = None,
        direction: str | None = None,
        limit: int = 20,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> Page[Export]:
        """P8 (FACTS 2.7): newest first unless asked otherwise; `sort_order` ASC or DESC."""
        extra = request_bodies.sorting(sort_by, sort_order)
        return self._page(parsers.export_of, operations.LIST_EXPORTS, {"space": space}, cursor, direction, limit, extra)

    def create_export(
        self,
        space: Id,
        *,
        name: str,
        project_ids: Sequence[Id] | None = None,
        batch_ids: Sequence[int] | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
        request_id: str,
    ) -> Export:
        """P9 (FACTS 2.7): the new export, PENDING, as COCO_JSON. Conflict while one is active in the space.

        Bounds: name 1..255 characters, up to 50 projects and 100 batches (none = all); times are those
        of the work items, with a zone, both ends included.
        """
        body = request_bodies.export(
            name, project_ids, batch_ids, request_bodies.spans(created_from, created_to, updated_from, updated_to)
        )
        place = {"space": space}
        return self._ask(
            parsers.created(parsers.export_of), operations.CREATE_EXPORT, place, body=body, request_id=request_id
        )

    def get_export(self, space: Id, export_id: Id) -> Export:
        """P10 (FACTS 2.7): `download_url` only when COMPLETED, `error` only when FAILED; a deleted one is NotFound.

        The link is good for 7 days, from when is not known: use it at once, keep it nowhere.
        """
        shape = identified(parsers.export_of, "exportId", "id")
        export = self._ask(shape, operations.GET_EXPORT, {"space": space, "export_id": export_id})
        # It was asked for under this id, whatever the answer calls it.
        return replace(export, id=str(export_id).lower())

    def delete_export(self, space: Id, export_id: Id, *, request_id: str) -> None:
        """P11 (FACTS 2.7): the export and its zip, in every status; an active one frees the space.

        NotFound if it was deleted already.
        """
        place = {"space": space, "export_id": export_id}
        return self._ask(_no_error, operations.DELETE_EXPORT, place, request_id=request_id)

    def list_projects(self, space: Id) -> tuple[Project, ...]:
        """P12 (FACTS 2.8): all projects of the space; there is no paging. An unknown space is NotFound."""
        return self._ask(parsers.projects_of, operations.LIST_PROJECTS, {"space": space})

    def get_project(self, space: Id, project: Id) -> Project:
        """P13 (FACTS 2.8): one project; NotFound if it is not in this space."""
        shape = identified(parsers.project_of, "id")
        details = self._ask(shape, operations.GET_PROJECT, {"space": space, "project": project})
        return replace(details, id=str(project).lower())

    def send_signals(
        self,
        project: Id,
        *,
        signal: str,
        outcome: str | None = None,
        task_type: str | None = None,
        items: Sequence[SignalItem],
        request_id: str,
    ) -> tuple[SignalResult, ...]:
        """P14 (FACTS 2.9): one signal to 1..100 work items, each named once; `task_type` is needed to complete.

        A result for each item of which the answer says one thing; an item without one is unknown: look it up.
        """
        return self._ask(
            parsers.signal_results_of(item.work_item_id for item in items),
            operations.SEND_SIGNALS,
            {"project": project},
            body=request_bodies.signals(signal, outcome, task_type, items),
            request_id=request_id,
        )

    def create_work_item(self, project: Id, new: NewWorkItem, *, request_id: str) -> WorkItem:
        """P15 (FACTS 2.9): by `asset_url` or `asset_id`; `due_in_seconds` 1..2592000, `difficulty` 0..100.

        Without `batch_id` it lands in the project's batch `Default`. Conflict as FACTS 2.3 guesses.
        """
        place, body = {"project": project}, request_bodies.work_item(new)
        shape = parsers.created(parsers.work_item_of)
        return self._ask(shape, operations.CREATE_WORK_ITEM, place, body=body, request_id=request_id)

    def list_work_items(
        self,
        project: Id,
        *,
        cursor: str | None = None,
        direction: str | None = None,
        limit: int = 100,
        ids: Sequence[Id] = (),
        batch_ids: Sequence[int] = (),
        status: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
    ) -> Page[WorkItem]:
        """P16 (FACTS 2.9): up to 100 ids and 100 batches; the filters have to be given again for every page.

        Times need a zone and include both ends; one `status`, or None for all. There is no total.
        """
        spans = request_bodies.spans(created_from, created_to, updated_from, updated_to)
        extra = request_bodies.work_item_filters(ids, batch_ids, status, spans)
        place = {"project": project}
        return self._page(parsers.work_item_of, operations.LIST_WORK_ITEMS, place, cursor, direction, limit, extra)

    def insert_labels(self, project: Id, item_id: Id, labels: Sequence[Json], *, request_id: str) -> None:
        """P17 (FACTS 2.9; 4, row 9): ground-truth labels, a list of objects; it cannot be read back.

        At least one; what is in an object is not published and not checked here. Conflict if the status does not suit.
        """
        place, body = {"project": project, "item_id": item_id}, request_bodies.labels(labels)
        return self._ask(_no_error, operations.INSERT_LABELS, place, body=body, request_id=request_id)

    def get_annotation(self, project: Id, item_id: Id, *, coco: bool = False) -> Annotation:
        """P18 (FACTS 2.9): with `coco`, `coco_results_url` may name the file; get it by `download_links`."""
        params = [("format", "coco")] if coco else None
        place = {"project": project, "item_id": item_id}
        return self._ask(parsers.annotation_of, operations.GET_ANNOTATION, place, params=params)

    def signal(
        self,
        project: Id,
        item_id: Id,
        *,
        signal: str,
        task_type: str,
        outcome: str,
        assignee: str | None = None,
        feedback: Json | None = None,
        reason: str | None = None,
        request_id: str,
    ) -> None:
        """P19 (FACTS 2.9): one signal to one work item; Conflict if its status does not suit. Read it again after."""
        place = {"project": project, "item_id": item_id}
        body = request_bodies.signal(signal, task_type, outcome, assignee, feedback, reason)
        return self._ask(_no_error, operations.SIGNAL, place, body=body, request_id=request_id)

    def _page(
        self,
        shape: Callable[[Any], T],
        operation: VendorOperation,
        place: Mapping[str, Any],
        cursor: str | None,
        direction: str | None,
        limit: int,
        extra: Sequence[tuple[str, str]] = (),
    ) -> Page[T]:
        params = [*extra, *request_bodies.keyset(cursor, direction, limit)]
        answer: Page[T] = self._ask_page(
            cursor, lambda data: platform_page(data, shape), operation, place, params=params
        )
        return answer


def _no_error(data: Any) -> None:
    """No body has to come (FACTS 2.4). An object without an error is believed, nothing else is."""
    if data is None:
        return
    if not isinstance(data, dict):
        raise Misshapen("it is no object")
    if data.get("error") or data.get("errors") or data.get("success") is False:
        raise Misshapen("it speaks of an error")


def _saved_priorities(entries: Sequence[Priority]) -> Callable[[Any], tuple[Priority, ...]]:
    """The saved entries, none for an empty body. An answer that does not hold what was sent says nothing was saved."""
    priorities = {entry.batch_id: entry.priority for entry in entries}

    def shape(data: Any) -> tuple[Priority, ...]:
        if data is None:
            return ()
        saved_entries = parsers.priorities_of(data)
        named = [entry for entry in saved_entries if entry.batch_id in priorities]
        if not named or any(entry.priority != priorities[entry.batch_id] for entry in named):
            raise Misshapen("it holds another order")
        return saved_entries

    return shape


def _same_batch(batch_id: int) -> Callable[[Any], Batch]:
    def shape(data: Any) -> Batch:
        batch = parsers.batch_of(data)
        if batch.id != batch_id:
            raise Misshapen("it is about another batch")
        return batch

    return shape


def _or_none(shape: Callable[[Any], T], instead: T) -> Callable[[Any], T]:
    """A 2xx without a body means done as well (FACTS 2.4)."""
    return lambda data: instead if data is None else shape(data)
