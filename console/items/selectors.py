"""Reading work items from CloudFactory, with the person's own key."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts import connections
from accounts.models import Person
from console.common.parsing import is_visible
from console.items.pictures import is_on_web
from console.upstream import pagination
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import KeyRejected, NotFound, Unreadable, UpstreamError
from console.upstream.response_models import Page, WorkItem

VENDOR = "cloudfactory"
MOST_NAME = 200
MOST_IDS = 100
MOST_PAGES = 5
NOT_ANSWERED = "CloudFactory’s answer doesn’t hold what was asked for."


@dataclass(frozen=True)
class ItemsById:
    """The requested items that the answer holds; `is_whole`: the others do not exist."""

    items: Mapping[str, WorkItem]
    is_whole: bool


def get_item(*, user: Person, project: uuid.UUID, item: uuid.UUID) -> WorkItem:
    """The work item as it is now: one call to P16, which is the only way to read one (FACTS 2.4).

    Raises NotFound, and Unreadable for an answer about something else.
    """
    page = connections.cloudfactory(user).list_work_items(str(project), ids=(str(item),), limit=1)
    work_item = next((one for one in page.items if one.id == str(item)), None)
    if work_item is not None:
        return work_item
    if page.items or not page.is_last:
        raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    raise NotFound("This project has no such work item.", vendor=VENDOR, changes=False)


def read_by_ids(platform: CloudFactory, *, project: uuid.UUID, ids: Sequence[str], **filters: Any) -> ItemsById:
    """These work items, up to 100: one call to P16, `MOST_PAGES` at most where its pages are smaller than asked for.

    An item that isn't in an answer is only missing if the list is complete and holds nothing that wasn't asked for.
    Raises what happens at the first page, and Unreadable where nothing is known of any of them; a later failure only
    leaves the answer incomplete.
    """

    def fetch(cursor: str | None) -> Page[WorkItem]:
        direction = "NEXT" if cursor else None
        return platform.list_work_items(
            str(project), ids=ids, cursor=cursor, direction=direction, limit=MOST_IDS, **filters
        )

    items: dict[str, WorkItem] = {}
    is_whole = False
    try:
        for page in pagination.pages(fetch, most=MOST_PAGES):
            asked_for = {item.id: item for item in page.items if item.id in ids}
            items |= asked_for
            is_about_others = len(asked_for) < len(page.items)
            is_whole = page.is_last and not is_about_others
            if is_about_others or len(items) == len(ids):
                break
    except UpstreamError as error:
        if isinstance(error, KeyRejected) or not items:
            raise
    if not items and not is_whole:
        raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    return ItemsById(items, is_whole or len(items) == len(ids))


def item_name(item: WorkItem) -> str:
    """What people call it: its asset's file name, else the asset's or its own id; `MOST_NAME` characters at most."""
    name = asset_file_name(item)
    if not is_visible(name):
        name = f"Asset {item.asset_id}" if item.asset_id is not None else f"Item {item.id[:8]}"
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 21]}…{name[-20:]}"


def asset_file_name(item: WorkItem) -> str:
    """The last part of its asset's address, by which a COCO file names the picture; "" without an address."""
    address = item.asset_url or ""
    return (address.split("?")[0] if is_on_web(item) else address).rstrip("/").rpartition("/")[2]
