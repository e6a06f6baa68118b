"""Reading a project's batches and their order: all pages, or an error, never half of them."""

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.batches.order import Order, arranged
from console.common import cache_versions, stale_cache
from console.common.stale_cache import LastAnswer
from console.projects import services as projects
from console.upstream.errors import ACCESS_REFUSALS, Unreadable, UpstreamError
from console.upstream.paging import pages
from console.upstream.types import Batch, Page, Priority

VENDOR = "cloudfactory"
RECENT = 20
KEPT = 60 * 60


@dataclass(frozen=True)
class Board:
    """A project's batches in the order they are worked on, read in one go."""

    batches: Mapping[int, Batch]
    entries: Mapping[int, Priority]
    order: Order

    @property
    def names(self) -> dict[int, str]:
        return names_of(self.batches.values())


def read_batches(*, user: Person, project: uuid.UUID) -> tuple[Batch, ...]:
    """Every batch of the project with its figures, each once."""
    # The key is taken before the call: what is changed meanwhile makes it another one.
    platform, last, key = connections.cloudfactory(user), None, _key(user, project)
    found: dict[int, Batch] = {}

    def fetch(cursor: str | None) -> Page[Batch]:
        return platform.list_batches(str(project), cursor=cursor, direction="NEXT" if cursor else None, limit=100)

    for page in pages(fetch):
        found |= {batch.id: batch for batch in page.items}
        last = page.next
    if last is not None:
        raise Unreadable(
            "CloudFactory's list of batches did not come to an end, so no part of it is shown.",
            vendor="cloudfactory",
            changes=False,
        )
    batches = tuple(found.values())
    cache.set(key, (time.time(), batches), KEPT)
    return batches


def recent_batches(*, user: Person, project: uuid.UUID, age: int = RECENT) -> tuple[Batch, ...]:
    """As above, but what was read some seconds ago will do: for paging, searching and headings."""
    recent = cache.get(_key(user, project)) if age else None
    if recent is None or time.time() - recent[0] > age:
        return read_batches(user=user, project=project)
    batches: tuple[Batch, ...] = recent[1]
    return batches


def recent_names(*, user: Person, project: uuid.UUID) -> dict[int, str]:
    """What the batches are called, as it was when the page was opened: a save needs them for its sentence alone."""
    return names_of(recent_batches(user=user, project=project, age=KEPT))


def names_of(batches: Iterable[Batch]) -> dict[int, str]:
    return {batch.id: batch.name or f"Batch {batch.id}" for batch in batches}


def read_entries(*, user: Person, project: uuid.UUID) -> dict[int, Priority]:
    """What CloudFactory holds about the order, by batch."""
    return {entry.batch_id: entry for entry in connections.cloudfactory(user).get_priorities(str(project))}


def read_board(*, user: Person, project: uuid.UUID, age: int = 0) -> Board:
    """The batches, read again unless they may be some seconds old, and the order, which is always read again."""

    def fetch() -> Board:
        listed = recent_batches(user=user, project=project, age=age)
        entries = read_entries(user=user, project=project)
        batches = {batch.id: batch for batch in listed}
        return Board(batches, entries, order_of(entries, batches))

    return stale_cache.read(
        fetch, scope=connections.key_scope(user, VENDOR), thing=_thing(project), keep=_bare, refusals=ACCESS_REFUSALS
    )


def last_board(*, user: Person, project: uuid.UUID, problem: UpstreamError) -> LastAnswer | None:
    """The board as it last came, where CloudFactory does not answer; nothing where it is not known."""
    if not problem.is_silence:
        return None
    return stale_cache.last(scope=connections.key_scope(user, VENDOR), thing=_thing(project))


def order_of(entries: Mapping[int, Priority], batches: Mapping[int, object]) -> Order:
    return arranged(entries.values(), batches, high_first=settings.PRIORITY_HIGH_FIRST)


def find_batch(*, user: Person, project: uuid.UUID, batch_id: int) -> Batch | None:
    """One batch out of the list, read afresh page by page: there is no call for a single one (FACTS 2.4)."""
    return next((batch for batch in read_batches(user=user, project=project) if batch.id == batch_id), None)


def forget(*, project: uuid.UUID) -> None:
    """After a change made here, the next read is fresh, whatever is under way."""
    cache_versions.renew(_thing(project))
    projects.forget_figures(project=project)


def _thing(project: uuid.UUID) -> str:
    return f"batches-of-{project}"


def _bare(board: Board) -> Board:
    """Without the fields that may hold links, which the list does not show either."""
    batches = {batch.id: replace(batch, metadata={}, extra={}) for batch in board.batches.values()}
    return Board(batches, {}, board.order)


def _key(user: Person, project: uuid.UUID) -> str:
    return f"batches-{connections.cache_scope(user, VENDOR)}-{cache_versions.versioned(_thing(project))}"
