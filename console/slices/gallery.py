"""The items of a slice as tiles: a page of them, one with its neighbours, one with fresh links."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from accounts.models import Person
from console.slices import presenters, selectors
from console.upstream.errors import KeyRejected, NotFound, PageExpired, UpstreamError
from console.upstream.response_models import Item, Page

UNCLEAR = "Avala didn't say how to get the next page, so there may be more."


def page(*, user: Person, owner: str, slug: str, cursor: str) -> dict[str, Any]:
    """A page of tiles. What goes wrong here is said in the gallery's place: the rest of the page stands."""
    try:
        listed = selectors.list_items(user=user, owner=owner, slug=slug, cursor=cursor or None)
    except KeyRejected:
        raise
    except UpstreamError as error:
        return {"problem": error, "cursor": cursor, "lost": bool(cursor) and isinstance(error, NotFound | PageExpired)}
    names = _datasets(user, listed.items)
    tiles = presenters.tiles(listed.items, owner=owner, slug=slug, cursor=cursor, names=names)
    # A list that names the same cursor again would never end.
    following = listed.next if listed.next != cursor else None
    unclear = listed.unclear or (UNCLEAR if listed.next and not following else "")
    return {
        "tiles": tiles,
        "cursor": cursor,
        "next_cursor": following,
        "previous_cursor": listed.previous,
        "unclear": unclear,
    }


def one(*, user: Person, owner: str, slug: str, item_uid: str, cursor: str) -> dict[str, Any]:
    """An item with the ways to its neighbours; one call where the address still tells the right page of the list."""
    try:
        listed = selectors.list_items(user=user, owner=owner, slug=slug, cursor=cursor or None)
    except (NotFound, PageExpired):
        listed = Page(items=())
    position = next((place for place, one in enumerate(listed.items) if one.uid == item_uid), None)
    if position is None:
        item = selectors.get_item(user=user, owner=owner, slug=slug, item_uid=item_uid)
        return {"tile": presenters.tile(item, owner=owner, slug=slug, names=_datasets(user, [item]))}
    item = listed.items[position]
    return {
        "tile": presenters.tile(item, owner=owner, slug=slug, cursor=cursor, names=_datasets(user, [item])),
        "position": position + 1,
        "on_page": len(listed.items),
        "previous_address": _beside(listed, position, -1, owner=owner, slug=slug, cursor=cursor),
        "next_address": _beside(listed, position, 1, owner=owner, slug=slug, cursor=cursor),
    }


def renewed(*, user: Person, owner: str, slug: str, item_uid: str, large: bool) -> dict[str, Any]:
    """One item read again for a fresh link. Where that fails the reason is said; to ask again is left to the person."""
    context = {
        "again": reverse("slices:renew", args=[owner, slug, item_uid], query={"size": "large"} if large else None)
    }
    try:
        item = selectors.get_item(user=user, owner=owner, slug=slug, item_uid=item_uid)
    except KeyRejected:
        raise
    except UpstreamError as error:
        return context | {"reason": error.message}
    fresh = presenters.tile(item, owner=owner, slug=slug)
    return context | {"url": fresh.large if large else fresh.picture, "alt": fresh.name}


def end_of_page(user: Person, owner: str, slug: str, cursor: str, *, last: bool) -> str:
    """The address of the first or last item of a page, for turning over from the page beside it."""
    item = selectors.list_items(user=user, owner=owner, slug=slug, cursor=cursor or None).items
    return presenters.tile(item[-1 if last else 0], owner=owner, slug=slug, cursor=cursor).address if item else ""


def _datasets(user: Person, items: Iterable[Item]) -> presenters.Names:
    return selectors.names_of_places(user=user, places={presenters.place_of(one) for one in items})


def _beside(listed: Page[Item], position: int, step: int, *, owner: str, slug: str, cursor: str) -> str:
    """The neighbour on the same page of the list, else the end of the page beside it."""
    place = position + step
    if 0 <= place < len(listed.items):
        return presenters.tile(listed.items[place], owner=owner, slug=slug, cursor=cursor).address
    beyond = listed.next if step > 0 else listed.previous
    if beyond is None or beyond == cursor:
        return ""
    which = "first" if step > 0 else "last"
    return reverse("slices:items", args=[owner, slug], query={"cursor": beyond, "open": which})
