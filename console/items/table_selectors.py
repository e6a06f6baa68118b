"""One page of the table of work items: a single call to P16, the names of batches beside it, its pictures later."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.batches import selectors
from console.common.formatting import number
from console.common.parsing import read_uuid
from console.items import pictures
from console.items.filters import IDS_A_CALL, ItemFilter
from console.items.pictures import Picture
from console.items.selectors import VENDOR, ItemsById, read_by_ids
from console.upstream.errors import KeyRejected, UpstreamError
from console.upstream.response_models import Page, WorkItem

FILES_KEPT = 10 * 60
VIDEO = "This is a video. Its page has the link to the file."


@dataclass(frozen=True)
class ItemPage:
    """`items` in the order of the page. `previous` and `next` are the filters of the pages beside it."""

    items: tuple[WorkItem, ...]
    batch_names: dict[int, str]
    previous: ItemFilter | None = None
    next: ItemFilter | None = None
    missing: tuple[str, ...] = ()
    """Pasted ids of this page that the answer doesn't hold."""
    unclear: str = ""
    unusable: tuple[str, ...] = ()
    goes_round: bool = False
    """Whether the answer's next cursor is its own, so that the next page is unknown."""


def read_page(*, user: Person, project: uuid.UUID, item_filter: ItemFilter) -> ItemPage:
    """The page that a filter without problems asks for. Batches without a name are fine; P16's error is raised."""
    read_items = _reader(user, project, item_filter)
    calls: list[Callable[[], Any]] = [read_items, selectors.names_reader(user=user, project=project)]
    page, names = connections.gather(calls)
    for answer in (page, names):
        if isinstance(answer, KeyRejected):
            raise answer
    if isinstance(page, UpstreamError):
        raise page
    item_page = _arranged(page, item_filter)
    _keep_files(user, project, item_filter, item_page.items)
    return replace(item_page, batch_names={} if isinstance(names, UpstreamError) else names)


def read_items(*, user: Person, project: uuid.UUID, item_filter: ItemFilter) -> ItemPage:
    """The same without names of batches."""
    return _arranged(_reader(user, project, item_filter)(), item_filter)


def pictures_at_hand(*, user: Person, project: uuid.UUID, page: ItemPage, signs_now: bool) -> dict[str, Picture]:
    """The pictures that need no link, by item, and why a video has none. With `signs_now` the others too, by P2."""
    videos = {item.id: Picture(reason=VIDEO) for item in page.items if item.asset_type == "video"}
    others = [item for item in page.items if item.id not in videos and (signs_now or not needs_signing(item))]
    return videos | (pictures.sign_pictures(user=user, project=project, items=others) if others else {})


def needs_signing(item: WorkItem) -> bool:
    """Whether its picture is stored in the space and needs a signed link; one on the web is used as it is."""
    return read_uuid(item.id) is not None and item.asset_type != "video" and not pictures.is_on_web(item)


def sign_page(*, user: Person, project: uuid.UUID, item_filter: ItemFilter) -> dict[str, Picture]:
    """The pictures of a page that was read a short time ago, by item: P2 alone, unless the page is forgotten."""
    files: Sequence[WorkItem] | None = cache.get(_files_key(user, project, item_filter))
    if files is None:
        files = read_items(user=user, project=project, item_filter=item_filter).items
    return pictures.sign_pictures(user=user, project=project, items=[item for item in files if needs_signing(item)])


def _reader(user: Person, project: uuid.UUID, item_filter: ItemFilter) -> Callable[[], Page[WorkItem] | ItemsById]:
    platform = connections.cloudfactory(user)
    if item_filter.ids:
        return partial(read_by_ids, platform, project=project, **item_filter.arguments())
    return partial(platform.list_work_items, str(project), **item_filter.arguments(), **item_filter.place())


def _arranged(page: Page[WorkItem] | ItemsById, item_filter: ItemFilter) -> ItemPage:
    if isinstance(page, ItemsById):
        return _arranged_as_pasted(page, item_filter)
    items, before, after = page.items, page.previous, page.next
    if item_filter.is_newest_first:
        items, before, after = _newest_first(items), page.next, page.previous
    following = _beside(item_filter, after, is_back=False)
    return ItemPage(
        items,
        {},
        previous=_beside(item_filter, before, is_back=True) if item_filter.cursor else None,
        next=following,
        goes_round=bool(after) and following is None,
        unclear=page.unclear,
        unusable=page.unusable,
    )


def _arranged_as_pasted(answer: ItemsById, item_filter: ItemFilter) -> ItemPage:
    asked_ids = item_filter.arguments()["ids"]
    unanswered = tuple(item_id for item_id in asked_ids if item_id not in answer.items)
    before, after = item_filter.offset - IDS_A_CALL, item_filter.offset + IDS_A_CALL
    return ItemPage(
        tuple(answer.items[item_id] for item_id in asked_ids if item_id in answer.items),
        {},
        previous=replace(item_filter, cursor=str(before or "")) if before >= 0 else None,
        next=replace(item_filter, cursor=str(after)) if after < len(item_filter.ids) else None,
        missing=unanswered if answer.is_whole else (),
        unclear="" if answer.is_whole else _unanswered(len(unanswered)),
    )


def _unanswered(count: int) -> str:
    return f"CloudFactory’s answer says nothing about {number(count)} of these ids."


def _newest_first(items: tuple[WorkItem, ...]) -> tuple[WorkItem, ...]:
    """By time of creation: the order within a page is not documented when the list is read backwards."""
    backwards = items[::-1]
    dated = [(item.created_at, item) for item in backwards if item.created_at]
    if len(dated) < len(backwards):
        return backwards
    return tuple(item for _, item in sorted(dated, key=itemgetter(0), reverse=True))


def _beside(item_filter: ItemFilter, cursor: str | None, *, is_back: bool) -> ItemFilter | None:
    # A list that names the same cursor again would never end.
    if not cursor or (cursor == item_filter.cursor and is_back == item_filter.is_back):
        return None
    return replace(item_filter, cursor=cursor, is_back=is_back)


def _keep_files(user: Person, project: uuid.UUID, item_filter: ItemFilter, items: Sequence[WorkItem]) -> None:
    """Where the files of a page lie, for its pictures; never an address on the web, which can be a signed link."""
    files = [WorkItem(item.id, asset_url=item.asset_url) for item in items if needs_signing(item)]
    cache.set(_files_key(user, project, item_filter), files, FILES_KEPT)


def _files_key(user: Person, project: uuid.UUID, item_filter: ItemFilter) -> str:
    digest = hashlib.sha256(f"{project}?{item_filter.query()}".encode()).hexdigest()
    return f"items-files-{connections.cache_scope(user, VENDOR)}-{digest}"
