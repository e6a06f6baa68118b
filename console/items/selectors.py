"""Reading work items from CloudFactory, with the person's own key."""

import uuid

from accounts import connections
from accounts.models import Person
from console.common.parsing import is_visible
from console.items.pictures import is_on_web
from console.upstream.errors import NotFound
from console.upstream.types import WorkItem

VENDOR = "cloudfactory"
MOST_NAME = 200


def get_item(*, user: Person, project: uuid.UUID, item: uuid.UUID) -> WorkItem:
    """The work item as it is now: one call to P16, which is the only way to read one (FACTS 2.4). Raises NotFound."""
    page = connections.cloudfactory(user).list_work_items(str(project), ids=(str(item),), limit=1)
    work_item = next((one for one in page.items if one.id == str(item)), None)
    if work_item is None:
        raise NotFound("This project has no such work item.", vendor=VENDOR, changes=False)
    return work_item


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
