"""Our id in a work item's `metadata`, by which an item that the console created is found again.

P15 takes no id of ours and gives none before the call ends, so an item whose answer was lost is looked for in the
pages of its batch (P16). The other names here say where an item comes from; pages show those, but not our id.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.common.parsing import NotJson, read_json, read_uuid
from console.upstream import pagination
from console.upstream.cloudfactory import CloudFactory
from console.upstream.cloudfactory_requests import VENDOR
from console.upstream.errors import KeyRejected, Unreadable, UpstreamError
from console.upstream.response_models import NewWorkItem, Page, WorkItem

KEY = "annotation_console_id"
FILE = "file"
"""The original name of an uploaded file, with its folder."""
SLICE, DATASET, SLICE_ITEM, ASSET_KEY = "avala_slice", "avala_dataset", "avala_item", "avala_key"
"""`owner/slug` of the slice, the id of the dataset and of the slice's item, and the item's key."""

OTHER_ITEM = "CloudFactory answered with another work item than the one it was to create."

PAGE = 100
MOST_PAGES = 1_000


@dataclass(frozen=True)
class ConsoleIdMatches:
    """The items that carry one of the ids asked for; `is_whole`: the list came to its end and shows metadata, so it
    would have shown the others.

    An item's own id can be unusable, as everywhere: such an item is included.
    """

    items: Mapping[uuid.UUID, WorkItem]
    is_whole: bool


def with_console_id(metadata: Mapping[str, Any] | None, console_id: uuid.UUID) -> dict[str, Any]:
    return {**(metadata or {}), KEY: str(console_id)}


def without_console_id(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """What pages and files show."""
    return {name: value for name, value in (metadata or {}).items() if name != KEY}


def console_id_of(item: WorkItem) -> uuid.UUID | None:
    return read_uuid(_metadata_of(item).get(KEY))


def create_once(platform: CloudFactory, project: uuid.UUID, new: NewWorkItem, *, request_id: str) -> WorkItem:
    """P15, with our id in the metadata of `new`.

    An answer that carries another id of ours is about another item: Unreadable, so that ours is looked for.
    """
    created = platform.create_work_item(project, new, request_id=request_id)
    requested_id = (new.metadata or {}).get(KEY)
    if KEY in _metadata_of(created) and console_id_of(created) != read_uuid(requested_id):
        raise Unreadable(OTHER_ITEM, vendor=VENDOR)
    return created


def walk_batch(
    platform: CloudFactory,
    *,
    project: uuid.UUID,
    batch_id: int | None,
    created_from: datetime | None = None,
    cursor: str | None = None,
    most: int = MOST_PAGES,
) -> Iterator[Page[WorkItem]]:
    """The pages of a batch from `cursor` on, `most` of them; of the whole project without a batch.

    Only a last page that `is_last` says that nothing follows. Raises NextPageUnclear as `paging.pages` does.
    """

    def fetch(following: str | None) -> Page[WorkItem]:
        place = following or cursor
        return platform.list_work_items(
            project,
            cursor=place,
            direction="NEXT" if place else None,
            limit=PAGE,
            batch_ids=() if batch_id is None else (batch_id,),
            created_from=created_from,
        )

    return pagination.pages(fetch, most=most)


def find_by_console_ids(
    platform: CloudFactory,
    *,
    project: uuid.UUID,
    batch_id: int | None,
    ids: Collection[uuid.UUID],
    created_from: datetime | None = None,
) -> ConsoleIdMatches:
    """Reads the batch until all ids are found.

    Raises what happens at the first page; a later failure only leaves the others open, and so does a list that is cut.
    """
    requested_ids = set(ids)
    items: dict[uuid.UUID, WorkItem] = {}
    is_first, is_last = True, False
    has_rows = shows_metadata = False
    try:
        for page in walk_batch(platform, project=project, batch_id=batch_id, created_from=created_from):
            is_first, is_last = False, page.is_last
            has_rows = has_rows or bool(page.items or page.unusable)
            for item in page.items:
                shows_metadata = shows_metadata or bool(_metadata_of(item))
                console_id = console_id_of(item)
                if console_id is not None and console_id in requested_ids:
                    items.setdefault(console_id, item)
            if len(items) == len(requested_ids):
                return ConsoleIdMatches(items, is_whole=True)
    except UpstreamError as error:
        if is_first or isinstance(error, KeyRejected):
            raise
        is_last = False
    # A list that shows no metadata at all would not show our id either.
    return ConsoleIdMatches(items, is_whole=is_last and (shows_metadata or not has_rows))


def _metadata_of(item: WorkItem) -> Mapping[str, Any]:
    """Also where the vendor sends the object as a text of JSON."""
    spelled = item.extra.get("metadata")
    if item.metadata or not isinstance(spelled, str):
        return item.metadata
    try:
        value = read_json(spelled)
    except NotJson:
        return {}
    return value if isinstance(value, dict) else {}
