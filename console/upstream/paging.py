"""Pages: what comes next, without ever following an address from an answer (FACTS 1.2, 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from console.upstream.errors import UpstreamError
from console.upstream.fields import Fields, Misshapen, entries, without_doubles
from console.upstream.types import Page

T = TypeVar("T")

MOST_PAGES = 50
MOST_CURSOR = 4_000


def pages(fetch: Callable[[str | None], Page[T]], *, most: int = MOST_PAGES) -> Iterator[Page[T]]:
    """Every page, first to last; `fetch` gets None, then what the page before named as next.

    Ends at a cursor that came before or after `most` pages (then the last page's `next` is set), and
    leaves out items that stood on an earlier page.
    """
    cursor: str | None = None
    cursors: set[str] = set()
    seen: set[Any] = set()
    for _ in range(most):
        page = fetch(cursor)
        yield replace(page, items=without_doubles(page.items, seen))
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

    @property
    def is_complete(self) -> bool:
        return not self.more and self.problem is None


def collect(fetch: Callable[[str | None], Page[T]], *, most: int = MOST_PAGES) -> Collected[T]:
    """What the pages hold, as far as they came: silence after the first page ends the walk, and loses nothing.

    Raises what happens at the first page, and every refusal.
    """
    items: list[T] = []
    following: str | None = ""
    try:
        for page in pages(fetch, most=most):
            items += page.items
            following = page.next
    except UpstreamError as error:
        if following == "" or not error.is_silence:
            raise
        return Collected(tuple(items), True, error)
    return Collected(tuple(items), following is not None)


def avala_page(data: Any, shape: Callable[[Any], T], *, numbered: bool) -> Page[T]:
    """A page of either style: `results`, or a bare array; `next` as its cursor or page number."""
    items = without_doubles(entries(data, "results", shape), set())
    if isinstance(data, list):
        return Page(items)
    fields = Fields(data, "the page")
    following, before = fields.text("next"), fields.text("previous")
    return Page(
        items,
        next=_place(following) if following else None,
        # The first page's address may go without a number, or without a cursor: that one is asked for by none.
        previous=(_place(before, missing=None) or ("1" if numbered else "")) if before else None,
        count=fields.number("count"),
    )


def platform_page(data: Any, shape: Callable[[Any], T]) -> Page[T]:
    """A keyset page: `items` and `meta`; null, missing or empty cursors end the walk."""
    items = without_doubles(entries(data, "items", shape), set())
    meta = Fields(data.get("meta") or {}, "meta") if isinstance(data, dict) else Fields({}, "meta")
    return Page(
        items,
        next=meta.text("cursorNext", "cursor_next") or None,
        previous=meta.text("cursorPrev", "cursor_prev") or None,
        limit=meta.number("limit"),
    )


def _place(address: str, *, missing: str | None = "") -> str | None:
    """The cursor, else the page number, in an address that names a host we do not care about."""
    try:
        query = parse_qs(urlsplit(address).query, max_num_fields=100)
    except ValueError:
        raise Misshapen("its next page cannot be read") from None
    found = next((query[name][0] for name in ("cursor", "page") if query.get(name)), missing)
    if found == "" or (found is not None and len(found) > MOST_CURSOR):
        raise Misshapen("its next page cannot be read")
    return found
