"""The only counter of work items. P16 gives no total (FACTS 2.2), so pages are read, `CALLS` of them at most.

Past that every figure is "at least": `1,000+`, never a false exact one. Several lists are read side by side and in
turn, so that one long list does not use up all calls.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.common import cache_versions
from console.common.formatting import number
from console.items import statuses
from console.items.statuses import Status
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import KeyRejected, NextPageUnclear, UpstreamError
from console.upstream.response_models import Page, WorkItem

VENDOR = "cloudfactory"
CALLS = 10
PAGE = 100
"""Rows of one call, and the most ids and batches that one call takes (FACTS 3)."""
LASTS = 60


@dataclass(frozen=True)
class Count:
    """A number of work items; `at_least` where counting stopped before the last page."""

    number: int
    at_least: bool = False

    def __str__(self) -> str:
        if self.at_least and not self.number:
            return "–"  # Nothing was counted, which does not mean that there is nothing.
        return f"{number(self.number)}{'+' if self.at_least else ''}"

    def __bool__(self) -> bool:
        """Whether there are any, as far as was counted."""
        return self.number > 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.number + other.number, self.at_least or other.at_least)


@dataclass(frozen=True)
class StatusCount:
    status: Status
    count: Count


@dataclass(frozen=True)
class StatusCounts:
    """The documented statuses in their order, also those without items, then others that were met.

    `problem` is why some could not be counted.
    """

    by_status: tuple[StatusCount, ...]
    problem: UpstreamError | None = None

    @property
    def total(self) -> Count:
        return sum((one.count for one in self.by_status), Count(0))

    def of(self, status: str) -> Count:
        return next((one.count for one in self.by_status if one.status.value == status), Count(0))


@dataclass(frozen=True)
class ItemQuery:
    """A list of work items; `filters` are keyword arguments of `CloudFactory.list_work_items`."""

    project: str
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class ItemWalk:
    """The pages of one list, as far as they were read. `problem` ended it early; nothing is lost that came before."""

    query: ItemQuery
    items: list[WorkItem] = field(default_factory=list)
    is_complete: bool = False
    problem: UpstreamError | None = None
    cursors: list[str] = field(default_factory=list)
    """Where pages began; the last is the next one to read."""

    @property
    def goes_on(self) -> bool:
        return not self.is_complete and self.problem is None and len(set(self.cursors)) == len(self.cursors)

    @property
    def count(self) -> Count:
        return Count(len(self.items), not self.is_complete)

    def fetch(self, platform: CloudFactory) -> Page[WorkItem] | UpstreamError:
        cursor = self.cursors[-1] if self.cursors else None
        direction = "NEXT" if cursor else None
        try:
            return platform.list_work_items(
                self.query.project, cursor=cursor, direction=direction, limit=PAGE, **self.query.filters
            )
        except UpstreamError as error:
            return error

    def take(self, page: Page[WorkItem] | UpstreamError) -> None:
        """Adds a page. An error ends this list alone; only KeyRejected, which the person has to mend, is raised."""
        if isinstance(page, KeyRejected):
            raise page
        if isinstance(page, UpstreamError):
            self.problem = page
            return
        known_ids = {item.id for item in self.items if item.id}
        self.items += [item for item in page.items if item.id not in known_ids and self._is_asked_for(item)]
        self.is_complete = page.is_last
        self.cursors += [page.next] if page.next is not None else []
        if page.unclear:
            self.problem = NextPageUnclear(page.unclear, changes=False)

    def _is_asked_for(self, item: WorkItem) -> bool:
        """An answer can hold others too. An item that doesn't say its status is taken to have the one asked for."""
        ids, status = self.query.filters.get("ids"), self.query.filters.get("status")
        has_status = not status or not item.status or item.status.upper() == status
        return has_status and (not ids or item.id in ids)


def read_lists(platform: CloudFactory, queries: Sequence[ItemQuery], *, calls: int = CALLS) -> list[ItemWalk]:
    """A page of each list in its turn, side by side, until all are complete or the calls are used up."""
    walks = [ItemWalk(query) for query in queries]
    waiting = walks
    while waiting and calls:
        turn, later = waiting[:calls], waiting[calls:]
        calls -= len(turn)
        for walk, page in zip(turn, _fetch(platform, turn), strict=True):
            walk.take(page)
        waiting = [*later, *(walk for walk in turn if walk.goes_on)]
    return walks


def read_list(platform: CloudFactory, query: ItemQuery, *, calls: int = CALLS) -> ItemWalk:
    """One list. Raises what happens at its first page, and every refusal; a later silence only ends it."""
    walk = read_lists(platform, [query], calls=calls)[0]
    if walk.problem is not None and not (walk.items and walk.problem.is_silence):
        raise walk.problem
    return walk


def count_by_status(*, user: Person, project: str, filters: Mapping[str, Any]) -> StatusCounts:
    """How many items of a filter have each status, also those it leaves out; cached for a minute, per API key.

    One call where a page holds them all, else one list for each status. More ids than one call takes are asked for in
    parts. Raises the error of the first call, or where nothing at all came.
    """
    any_status = _of_any_status(filters)
    key = _statuses_key(user, project, any_status)
    counts: StatusCounts | None = cache.get(key)
    if counts is None:
        counts = _count_by_status(connections.cloudfactory(user), project, any_status)
        if counts.problem is None:
            cache.set(key, counts, LASTS)
    return counts


def known_by_status(*, user: Person, project: str, filters: Mapping[str, Any]) -> StatusCounts | None:
    """What `count_by_status` counted within the last minute."""
    counts: StatusCounts | None = cache.get(_statuses_key(user, project, _of_any_status(filters)))
    return counts


def count_each(*, user: Person, queries: Sequence[ItemQuery]) -> list[Count | UpstreamError]:
    """The count of each list's first page, or its error: read in parallel, cached for a minute, per API key."""
    counts: list[Count | UpstreamError | None] = [known_count(user=user, query=query) for query in queries]
    missing = [place for place, count in enumerate(counts) if count is None]
    platform = connections.cloudfactory(user)
    walks = read_lists(platform, [queries[place] for place in missing], calls=len(missing))
    for place, walk in zip(missing, walks, strict=True):
        is_counted = walk.problem is None or walk.problem.is_unclear
        counts[place] = walk.count if is_counted else walk.problem
        if is_counted:
            keep_count(walk.count, user=user, query=walk.query)
    return [count for count in counts if count is not None]


def known_count(*, user: Person, query: ItemQuery) -> Count | None:
    """What `count_each` counted within the last minute."""
    count: Count | None = cache.get(_count_key(user, query))
    return count


def keep_count(count: Count, *, user: Person, query: ItemQuery) -> None:
    cache.set(_count_key(user, query), count, LASTS)


def cache_key(what: str, *, user: Person, project: str, about: object = "") -> str:
    """The cache key of a count in a project; `forget` invalidates it."""
    scope = connections.cache_scope(user, VENDOR)
    # Outside text never becomes a cache key.
    digest = hashlib.sha256(repr((project, about)).encode()).hexdigest()[:32]
    return f"items-{what}-{scope}-{cache_versions.versioned(_changes(project))}-{digest}"


def forget(*, project: str) -> None:
    """After a decision the next count is fresh, also while another count is running."""
    cache_versions.renew(_changes(project))


def tally(items: Sequence[WorkItem]) -> Counter[str]:
    """How many of the items have each status, by its value; those without one are under ""."""
    return Counter(item.status or "" for item in items)


def ordered(values: Collection[str]) -> list[Status]:
    """The documented statuses in their order, then the others among the values, by name."""
    documented = [status.value for status in statuses.STATUSES]
    return [statuses.status_named(value) for value in [*documented, *sorted(set(values) - set(documented))]]


def _count_by_status(platform: CloudFactory, project: str, filters: Mapping[str, Any]) -> StatusCounts:
    ids = filters.get("ids", ())
    if ids:
        parts = [{**filters, "ids": ids[start : start + PAGE]} for start in range(0, len(ids), PAGE)]
        return _added_up(read_lists(platform, [ItemQuery(project, part) for part in parts]))
    first = read_list(platform, ItemQuery(project, filters), calls=1)
    if first.is_complete:
        return _added_up([first])
    item_statuses = [status for status in ordered(tally(first.items)) if status.value]
    queries = [ItemQuery(project, {**filters, "status": status.value}) for status in item_statuses]
    walks = read_lists(platform, queries, calls=CALLS - 1)
    by_status = tuple(StatusCount(status, walk.count) for status, walk in zip(item_statuses, walks, strict=True))
    return StatusCounts(by_status, _problem(walks))


def _added_up(walks: Sequence[ItemWalk]) -> StatusCounts:
    """Lists of items of any status."""
    by_status = tally([item for walk in walks for item in walk.items])
    is_partial = not all(walk.is_complete for walk in walks)
    status_counts = tuple(StatusCount(one, Count(by_status[one.value], is_partial)) for one in ordered(by_status))
    return StatusCounts(status_counts, _problem(walks))


def _problem(walks: Sequence[ItemWalk]) -> UpstreamError | None:
    """The first one; raised where nothing came that could be counted."""
    problems = [walk.problem for walk in walks if walk.problem is not None]
    if problems and len(problems) == len(walks) and not any(walk.items for walk in walks):
        raise problems[0]
    return problems[0] if problems else None


def _fetch(platform: CloudFactory, walks: Sequence[ItemWalk]) -> list[Page[WorkItem] | UpstreamError]:
    # One alone needs no thread, and can itself be one of several calls that were gathered.
    if len(walks) == 1:
        return [walks[0].fetch(platform)]
    return connections.gather([partial(walk.fetch, platform) for walk in walks])


def _of_any_status(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if name != "status" and value}


def _statuses_key(user: Person, project: str, any_status: Mapping[str, Any]) -> str:
    return cache_key("statuses", user=user, project=project, about=sorted(any_status.items()))


def _count_key(user: Person, query: ItemQuery) -> str:
    return cache_key("count", user=user, project=query.project, about=sorted(query.filters.items()))


def _changes(project: str) -> str:
    return f"items-of-{project}"
