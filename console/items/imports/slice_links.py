"""Links of a slice's items that carry a signature: read again just before they are sent, because they are not kept."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from django.core.exceptions import ValidationError

from accounts import connections
from console.common.parsing import read_uuid
from console.items import console_ids
from console.items.imports.slice_reader import PAGE, place_of
from console.items.imports.slice_rows import link_of
from console.items.models import Import, ImportRow
from console.upstream.avala import Avala
from console.upstream.errors import Invalid, NotFound, UpstreamError
from console.upstream.response_models import Item

CHANGED = "The slice doesn’t hold it any more, or gives no link to it now."


def needs_link(row: ImportRow) -> bool:
    """Whether the row was stored without its link."""
    return not row.fields.get("asset_url") and not row.fields.get("asset_id")


def read_links(import_run: Import, rows: Sequence[ImportRow]) -> Mapping[int, str]:
    """Fresh links by the rows' keys: a call for each page of the slice that the rows came with, and one for each item
    that is not on its page any more. What the slice doesn't hold any more is missing.

    Raises UpstreamError and ConnectionMissing: CloudFactory was asked for nothing then.
    """
    avala, by_page = connections.avala(import_run.person), defaultdict(list)
    for row in filter(needs_link, rows):
        by_page[str(row.cells[0]) if row.cells else ""].append(row)
    links: dict[int, str] = {}
    for cursor, some in by_page.items():
        items = _page(avala, import_run, cursor)
        items |= _missing(avala, import_run, [uid for row in some if (uid := _uid_of(row)) not in items])
        for row in some:
            if link := _link(items.get(_uid_of(row))):
                links[row.pk] = link
    return links


def _page(avala: Avala, import_run: Import, cursor: str) -> dict[str, Item]:
    """A place in the list can expire; then its items are asked for one by one."""
    place = place_of(import_run)
    try:
        page = avala.list_slice_items(place.owner, place.slug, cursor=cursor or None, limit=PAGE)
    except Invalid:
        return {}
    return {item.uid: item for item in page.items}


def _missing(avala: Avala, import_run: Import, uids: Sequence[str]) -> dict[str, Item]:
    place = place_of(import_run)
    answers = connections.gather([partial(avala.get_slice_item, place.owner, place.slug, uid) for uid in uids if uid])
    for answer in answers:
        if isinstance(answer, UpstreamError) and not isinstance(answer, NotFound):
            raise answer
    return {item.uid: item for item in answers if isinstance(item, Item)}


def _uid_of(row: ImportRow) -> str:
    return str(read_uuid(row.fields.get("metadata", {}).get(console_ids.SLICE_ITEM)) or "")


def _link(item: Item | None) -> str:
    try:
        return link_of(item) if item else ""
    except ValidationError:
        return ""
