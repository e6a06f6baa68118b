"""Pages: what comes next, without ever following an address from an answer (FACTS 1.2, 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from console.common.parsing import read_cursor
from console.upstream.errors import NextPageUnclear, UpstreamError, vendor_name
from console.upstream.json_fields import Fields, NoUsableId, entries, without_doubles
from console.upstream.response_models import Page

T = TypeVar("T")

MOST_PAGES = 50


def pages(fetch: Callable[[str | None], Page[T]], *, most: int = MOST_PAGES) -> Iterator[Page[T]]:
    """Every page, first to last; `fetch` gets None, then what the page before named as next.

    Ends at a cursor that came before or after `most` pages (then the last page's `next` is set), and
    leaves out items that stood on an earlier page. Raises NextPageUnclear after a page that does not say what follows.
    """
    cursor: str | None = None
    cursors: set[str] = set()
    identities: set[Any] = set()
    for _ in range(most):
        page = fetch(cursor)
        yield replace(page, items=without_doubles(page.items, identities))
        if page.unclear:
            raise NextPageUnclear(page.unclear, changes=False)
        cursor = page.next
        if cursor is None or cursor in cursors:
            return
        cursors.add(cursor)


@dataclass(frozen=True)
class Collected(Generic[T]):
    """Items of several pages; `problem` is what ended the walk early, `more` that pages were left unread."""

    items: tuple[T, ...]
    more: bool
    problem: UpstreamError | None = None
    unusable: tuple[str, ...] = ()
    """Names of rows whose id cannot be read."""

    @property
    def is_complete(self) -> bool:
        return not self.more and self.problem is None


def collect(fetch: Callable[[str | None], Page[T]], *, most: int = MOST_PAGES) -> Collected[T]:
    """What the pages hold, as far as they came: silence after the first page ends the walk, and loses nothing.

    Raises what happens at the first page, and every refusal.
    """
    items: list[T] = []
    unusable: list[str] = []
    following: str | None = ""
    try:
        for page in pages(fetch, most=most):
            items += page.items
            unusable += page.unusable
            following = page.next
    except UpstreamError as error:
        if following == "" or not error.is_silence:
            raise
        return Collected(tuple(items), True, error, tuple(unusable))
    return Collected(tuple(items), following is not None, None, tuple(unusable))


def avala_page(data: Any, shape: Callable[[Any], T], *, numbered: bool) -> Page[T]:
    """A page of either style: `results`, or a bare array; `next` as its cursor or page number."""
    items = without_doubles(entries(data, "results", shape), set())
    if isinstance(data, list):
        return Page(items)
    fields = Fields(data, "the page")
    following, before = fields.any("next"), fields.text("previous")
    place = _place(following)
    return Page(
        items,
        next=place,
        # The first page's address may go without a number, or without a cursor: that one is asked for by none.
        previous=(_place(before) or ("1" if numbered else "")) if before else None,
        count=fields.number("count"),
        unclear=_unclear("avala") if following and place is None else "",
    )


def platform_page(data: Any, shape: Callable[[Any], T]) -> Page[T]:
    """A keyset page: `items` and `meta`; null, missing or empty cursors end the walk."""
    unusable: list[str] = []

    def row(entry: Any) -> T | None:
        try:
            return shape(entry)
        except NoUsableId as nameless:
            unusable.append(nameless.name)
            return None

    rows = entries(data, "items", row)
    items = without_doubles(tuple(one for one in rows if one is not None), set())
    raw_meta = data.get("meta") if isinstance(data, dict) else None
    meta = Fields(raw_meta if isinstance(raw_meta, dict) else {}, "meta")
    following = meta.any("cursorNext", "cursor_next")
    cursor = read_cursor(following)
    is_unclear = (following not in (None, "") and cursor is None) or (bool(raw_meta) and not isinstance(raw_meta, dict))
    return Page(
        items,
        next=cursor,
        previous=read_cursor(meta.text("cursorPrev", "cursor_prev")),
        limit=meta.number("limit"),
        unclear=_unclear("cloudfactory") if is_unclear else "",
        unusable=tuple(unusable),
    )


def _place(address: Any) -> str | None:
    """The cursor, else the page number, in an address that names a host we do not care about; None without either."""
    try:
        query = parse_qs(urlsplit(address).query, max_num_fields=100) if isinstance(address, str) else {}
    except ValueError:
        return None
    return read_cursor(next((query[name][0] for name in ("cursor", "page") if query.get(name)), None))


def _unclear(vendor: str) -> str:
    return f"{vendor_name(vendor)} didn't say how to get the next page, so there may be more."
