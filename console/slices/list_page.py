"""What the list page shows: rows, what is still being built, the way to other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts import connections
from accounts.models import Person
from console.common import formatting, polling, stale_cache
from console.common.errors import ConsoleError
from console.slices import build_times, list_query, presenters, selectors
from console.slices.list_query import ListQuery
from console.upstream.errors import ACCESS_REFUSALS, UpstreamError
from console.upstream.response_models import Page, Slice

MOST_NAMES = 50
MOST_BUILDING = 100
MOST_ITEMS_STORED = 5_000

Addresses = Sequence[tuple[str, str]]


def listed(*, user: Person, query: ListQuery) -> dict[str, Any]:
    """The page asked for, in one call: names of datasets that are not remembered follow by themselves."""
    page = stale_cache.read(
        lambda: selectors.list_slices(user=user, query=query),
        scope=connections.key_scope(user, "avala"),
        thing=_thing(query),
        keep=_bare,
        refusals=ACCESS_REFUSALS,
    )
    context = _listed(user, query, page)
    building = [row for row in context["rows"] if row.state.building and row.address]
    for row in building:
        build_times.building(user=user, avala_slice=row.slice)
    return context | next_look(addresses(building), 0)


def last_listed(*, user: Person, query: ListQuery, problem: UpstreamError) -> dict[str, Any]:
    """The same page as it last came, where Avala does not answer; nothing where it is not known."""
    last = stale_cache.last(scope=connections.key_scope(user, "avala"), thing=_thing(query))
    if last is None or not problem.is_silence:
        return {}
    return _listed(user, query, last.value) | {"kept_at": last.at}


def _thing(query: ListQuery) -> str:
    # The search is ours and looks at the page that came.
    return f"slices: {replace(query, search='').query()}"


def _bare(page: Page[Slice]) -> Page[Slice] | None:
    """Without pictures and undocumented fields, which can be links; None for more than a cache should hold."""
    named = sum(len(part.item_uids) for one in page.items for part in (*one.sub_slices, *(one.source_data or ())))
    if named > MOST_ITEMS_STORED:
        return None
    return replace(page, items=tuple(replace(one, featured_urls=(), extra={}) for one in page.items))


def _listed(user: Person, query: ListQuery, page: Page[Slice]) -> dict[str, Any]:
    rows = presenters.rows(page.items, selectors.known_names(user=user, uids=selectors.recipe_datasets(page.items)))
    matching = [row for row in rows if query.search.casefold() in row.name.casefold()]
    return {
        "page": page,
        "rows": matching,
        "on_page": len(rows),
        "unnamed": _unnamed(matching),
        "unordered": _is_unordered(query, page.items),
        "look": 0,
        **_pager(query, page, len(rows)),
    }


def built(*, user: Person, waiting: Addresses, look: int) -> dict[str, Any]:
    """How the slices stand that were being built: a few are asked for, in turn, so that each gets its look."""
    asked_addresses, later = waiting[: selectors.PENDING_ASKED], waiting[selectors.PENDING_ASKED :]
    slices, unanswered = selectors.get_slices(user=user, addresses=asked_addresses)
    names = selectors.known_names(user=user, uids=selectors.recipe_datasets(slices))
    rows = presenters.rows(slices, names)
    changed = [row for row in rows if not row.state.building]
    for row in rows:
        note = build_times.building if row.state.building else build_times.record_build_time
        note(user=user, avala_slice=row.slice)
    still = [*later, *unanswered, *addresses([row for row in rows if row.state.building])]
    return {"changed": changed, "out_of_band": True, "still": still, **next_look(still, look)}


def next_look(waiting: Addresses, look: int, error: UpstreamError | None = None) -> dict[str, Any]:
    query = [("slice", f"{owner}/{slug}") for owner, slug in waiting[:MOST_BUILDING]]
    return {
        "delay": later(look, error) if waiting else None,
        "waiting": len(waiting),
        "error": error,
        "building_query": urlencode(query),
    }


def later(look: int, error: ConsoleError | None = None) -> int | None:
    """Seconds until the next look: our own growing delay, or as long as the vendor asks for."""
    delay = polling.SLICE_BUILD.delay(look)
    wait = (error.retry_in if error else 0) or 0
    return None if delay is None else max(delay, min(round(wait) + 1, 120) if wait else 0)


def addresses(rows: Sequence[presenters.SliceRow]) -> list[tuple[str, str]]:
    return [row.slice.address for row in rows if row.slice.address]


def read_addresses(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [text.rpartition("/") for text in dict.fromkeys(texts)]
    return [pair for owner, _, slug in pairs if (pair := Slice("", owner_name=owner, slug=slug).address)][
        :MOST_BUILDING
    ]


def orderings(query: ListQuery) -> Mapping[str, str]:
    """The choices, and the one in the address if it is another."""
    return {**list_query.ORDERINGS, query.ordering: list_query.ORDERINGS.get(query.ordering, query.ordering)}


def address(current: ListQuery, **changed: Any) -> str:
    query = replace(current, **changed).query()
    return reverse("slices:index") + (f"?{query}" if query else "")


def _is_unordered(query: ListQuery, slices: Sequence[Slice]) -> bool:
    """Whether Avala ignored the requested order. It refuses no unknown name, and the page must not claim it."""
    if query.ordering.removeprefix("-") != "item_count":
        return False
    counts = [one.item_count or 0 for one in slices]
    return counts != sorted(counts, reverse=query.ordering.startswith("-"))


def _unnamed(rows: Sequence[presenters.SliceRow]) -> str:
    uids = {part.dataset_uid for row in rows if row.recipe for part in row.recipe.clauses if not part.named}
    return urlencode([("d", uid) for uid in sorted(uids) if selectors.is_uid(uid)][:MOST_NAMES])


def _pager(query: ListQuery, page: Page[Slice], on_page: int) -> dict[str, str]:
    first = (query.page - 1) * query.limit + 1
    last = first + on_page - 1
    total = f" of {formatting.plural(page.count, 'slice')}" if page.count is not None else ""
    return {
        # A search says itself how many of the page it found.
        "pager_text": ""
        if not on_page or query.search
        else f"{formatting.number(first)} to {formatting.number(last)}{total}",
        "previous_url": address(query, page=query.page - 1) if query.page > 1 else "",
        "next_url": address(query, page=query.page + 1) if page.next else "",
    }
