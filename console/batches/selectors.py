"""Reading a project's batches and their order: all pages or an error; half of them only for pages that say so."""

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.batches.order import Order, arrange_order, restore_numbers
from console.common import cache_versions, stale_cache
from console.common.stale_cache import LastAnswer
from console.projects import services as project_services
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import ACCESS_REFUSALS, NextPageUnclear, NotFound, Unreadable, UpstreamError
from console.upstream.pagination import Collected, collect, pages
from console.upstream.response_models import Batch, Page, Priority

VENDOR = "cloudfactory"
RECENT = 20
HOUR = 60 * 60
NAME_PAGES = 3


@dataclass(frozen=True)
class Board:
    """A project's batches in the order they are worked on, read in one go."""

    batches: Mapping[int, Batch]
    entries: Mapping[int, Priority]
    order: Order
    problem: UpstreamError | None = None
    """Why the list of batches is incomplete. Such a board can be looked at, and never ordered or saved."""
    unusable: tuple[str, ...] = ()
    """Names of batches whose id cannot be read: they are shown, and can be neither opened nor ordered."""

    @property
    def names(self) -> dict[int, str]:
        return names_of(self.batches.values())


def read_batches(*, user: Person, project: uuid.UUID) -> tuple[Batch, ...]:
    """Every batch of the project with its figures, each once; an error where not all of them could be read."""
    batches = _collect(user, project, connections.cloudfactory(user))()
    if batches.problem is not None:
        raise _in_words(batches)
    return batches.items


def recent_batches(*, user: Person, project: uuid.UUID, age: int = RECENT) -> tuple[Batch, ...]:
    """As above, but what was read some seconds ago will do: for paging, searching and headings."""
    recent = _recent(user, project, age)
    return recent.items if recent and recent.is_complete else read_batches(user=user, project=project)


def recent_names(*, user: Person, project: uuid.UUID) -> dict[int, str]:
    """What the batches are called, as it was when the page was opened: a save needs them for its sentence alone."""
    return names_of(recent_batches(user=user, project=project, age=HOUR))


def names_reader(*, user: Person, project: uuid.UUID) -> Callable[[], dict[int, str]]:
    """The call that reads what the batches are called: of the first 300, remembered for an hour.

    It touches no database, so that it can go side by side with others.
    """
    cached, key = remembered_names(user=user, project=project), _names_key(user, project)
    platform = connections.cloudfactory(user)

    def read() -> dict[int, str]:
        names = cached
        if names is None:
            names = names_of(collect(_fetch(platform, project), most=NAME_PAGES).items)
            cache.set(key, names, HOUR)
        return names

    return read


def remembered_names(*, user: Person, project: uuid.UUID) -> dict[int, str] | None:
    """What the batches are called where that is remembered, None where CloudFactory would have to be asked."""
    recent = _recent(user, project, HOUR)
    names: dict[int, str] | None = names_of(recent.items) if recent else cache.get(_names_key(user, project))
    return names


def names_of(batches: Iterable[Batch]) -> dict[int, str]:
    return {batch.id: batch.name or f"Batch {batch.id}" for batch in batches}


def read_entries(*, user: Person, project: uuid.UUID) -> dict[int, Priority]:
    """What CloudFactory holds about the order, by batch."""
    return _by_batch(connections.cloudfactory(user).get_priorities(str(project)))


def read_board(*, user: Person, project: uuid.UUID, age: int = 0, partly: bool = False) -> Board:
    """The batches, read again unless they can be `age` seconds old, and beside them the order, always read again.

    With `partly` the pages that came will do, and `problem` says why there are no more; without it that is an error.
    """

    def fetch() -> Board:
        listed, entries = _read_side_by_side(user, project, age, partly)
        if listed.problem is not None and not partly:
            raise _in_words(listed)
        batches = {batch.id: batch for batch in listed.items}
        return Board(batches, entries, order_of(entries, batches, _finished(batches)), listed.problem, listed.unusable)

    return stale_cache.read(
        fetch, scope=connections.key_scope(user, VENDOR), thing=_thing(project), keep=_bare, refusals=ACCESS_REFUSALS
    )


def last_board(*, user: Person, project: uuid.UUID, problem: UpstreamError) -> LastAnswer | None:
    """The board as it last came, where CloudFactory does not answer; nothing where it is not known."""
    if not problem.is_silence:
        return None
    return stale_cache.last(scope=connections.key_scope(user, VENDOR), thing=_thing(project))


def order_of(entries: Mapping[int, Priority], batch_ids: Iterable[int], finished: Collection[int]) -> Order:
    return arrange_order(entries.values(), batch_ids, high_first=settings.PRIORITY_HIGH_FIRST, finished=finished)


def restored_order(order: Order, current: Order) -> Order:
    """An earlier order for the batches there are now."""
    high_first = settings.PRIORITY_HIGH_FIRST
    return restore_numbers(order, current.ids, high_first=high_first, finished=current.finished)


def find_batch(*, user: Person, project: uuid.UUID, batch_id: int) -> Batch | None:
    """One batch out of the list, read afresh page by page until it comes: there is no call for one (FACTS 2.4)."""
    batch_pages = pages(_fetch(connections.cloudfactory(user), project))
    return next((batch for page in batch_pages for batch in page.items if batch.id == batch_id), None)


def get_batch(*, user: Person, project: uuid.UUID, batch_id: int) -> Batch:
    batch = find_batch(user=user, project=project, batch_id=batch_id)
    if batch is None:
        raise NotFound("This project has no such batch.", vendor=VENDOR, changes=False)
    return batch


def forget(*, project: uuid.UUID) -> None:
    """After a change made here, the next read is fresh, whatever is under way."""
    cache_versions.renew(_thing(project))
    project_services.forget_figures(project=project)


def _read_side_by_side(
    user: Person, project: uuid.UUID, age: int, partly: bool
) -> tuple[Collected[Batch], dict[int, Priority]]:
    platform, recent = connections.cloudfactory(user), _recent(user, project, age)
    if recent is not None and (partly or recent.is_complete):
        return recent, _by_batch(platform.get_priorities(str(project)))
    collect_batches = _collect(user, project, platform)
    calls: list[Callable[[], Any]] = [collect_batches, lambda: platform.get_priorities(str(project))]
    listed, priorities = (_value(answer) for answer in connections.gather(calls))
    return listed, _by_batch(priorities)


def _value(answer: Any) -> Any:
    if isinstance(answer, UpstreamError):
        raise answer
    return answer


def _collect(user: Person, project: uuid.UUID, platform: CloudFactory) -> Callable[[], Collected[Batch]]:
    """The call that reads the list; it touches no database. What it gives is remembered."""
    # The key is taken before the call: what is changed meanwhile makes it another one.
    key = _key(user, project)

    def call() -> Collected[Batch]:
        batches = collect(_fetch(platform, project))
        if batches.more and batches.problem is None:
            endless = "CloudFactory's list of batches did not come to an end, so there may be more."
            batches = replace(batches, problem=NextPageUnclear(endless, vendor=VENDOR, changes=False))
        cache.set(key, (time.time(), batches), HOUR)
        return batches

    return call


def _fetch(platform: CloudFactory, project: uuid.UUID) -> Callable[[str | None], Page[Batch]]:
    def fetch(cursor: str | None) -> Page[Batch]:
        return platform.list_batches(str(project), cursor=cursor, direction="NEXT" if cursor else None, limit=100)

    return fetch


def _recent(user: Person, project: uuid.UUID, age: int) -> Collected[Batch] | None:
    recent = cache.get(_key(user, project)) if age else None
    return recent[1] if recent is not None and time.time() - recent[0] <= age else None


def _by_batch(priorities: Iterable[Priority]) -> dict[int, Priority]:
    return {entry.batch_id: entry for entry in priorities}


def _in_words(batches: Collected[Batch]) -> UpstreamError:
    """What ended the list early, said so that it is clear what is missing."""
    problem = batches.problem or Unreadable("", vendor=VENDOR, changes=False)
    if isinstance(problem, NextPageUnclear):
        return problem
    why = "was too slow" if problem.is_late else "failed"
    problem.message = f"Only {len(batches.items):,} batches could be read, then CloudFactory {why}."
    return problem


def _finished(batches: Mapping[int, Batch]) -> frozenset[int]:
    """Batches without a rank: the finished ones, or none where all are finished and there would be nothing to order."""
    finished = frozenset(batch.id for batch in batches.values() if batch.is_finished)
    return finished if len(finished) < len(batches) else frozenset()


def _bare(board: Board) -> Board | None:
    """Without the fields that can hold links, which the list does not show either; no incomplete one."""
    if board.problem is not None:
        return None
    batches = {batch.id: replace(batch, metadata={}, extra={}) for batch in board.batches.values()}
    return Board(batches, {}, board.order)


def _key(user: Person, project: uuid.UUID) -> str:
    return f"batches-{connections.cache_scope(user, VENDOR)}-{cache_versions.versioned(_thing(project))}"


def _names_key(user: Person, project: uuid.UUID) -> str:
    return f"{_key(user, project)}-names"


def _thing(project: uuid.UUID) -> str:
    return f"batches-of-{project}"
