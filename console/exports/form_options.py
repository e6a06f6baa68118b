"""What a new export may be made of: the space's projects and their batches, kept while a person chooses.

Every tick asks for the lists anew; for ticking, lists half a minute old will do, and CloudFactory is asked once.
A person who opens the page can have created a batch just before, so that read is `fresh`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from accounts import connections
from accounts.models import Person
from console.common.coalescing import SharedAnswer
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import ACCESS_REFUSALS, NextPageUnclear, UpstreamError
from console.upstream.pagination import collect
from console.upstream.response_models import Batch, Project

T = TypeVar("T")
Listed = TypeVar("Listed", Project, Batch)
CACHE_SECONDS = 30.0
ENDLESS = "CloudFactory's list of batches did not come to an end, so there may be more."


@dataclass(frozen=True)
class BatchList:
    """The batches of a project; `unclear` says why there may be more, and is empty where these are all."""

    batches: tuple[Batch, ...]
    unclear: str = ""


def read_projects(*, user: Person, fresh: bool = False) -> tuple[Project, ...]:
    """Those that can be named in a choice: one without a usable id can only be part of "all"."""
    return projects_reader(user=user, fresh=fresh)()


def projects_reader(*, user: Person, fresh: bool = False) -> Callable[[], tuple[Project, ...]]:
    """What reads them; it touches no database, so it can run beside others."""
    space, platform = connections.space(user).id, connections.cloudfactory(user)

    def fetch() -> tuple[Project, ...]:
        listed = platform.list_projects(space)
        named = (replace(project, name=project.name or "Unnamed project") for project in listed if project.id)
        return tuple(map(_without_extra, named))

    return partial(_cached_read(user, "projects", fresh), fetch)


def read_batches(*, user: Person, projects: Sequence[str], fresh: bool = False) -> dict[str, BatchList | UpstreamError]:
    """The batches of each project, up to fifty pages, or why they could not be read."""
    client = connections.cloudfactory(user)
    readers = [
        partial(_cached_read(user, f"batches:{key}", fresh), partial(_all_batches, client, key)) for key in projects
    ]
    return dict(zip(projects, connections.gather(readers), strict=True))


def _all_batches(client: CloudFactory, project: str) -> BatchList:
    collected = collect(
        lambda cursor: client.list_batches(project, cursor=cursor, direction="NEXT" if cursor else None)
    )
    if collected.problem is not None and not isinstance(collected.problem, NextPageUnclear):
        raise collected.problem
    unclear = collected.problem.message if collected.problem else ENDLESS if collected.more else ""
    named = (replace(batch, name=batch.name or f"Batch {batch.id}") for batch in collected.items)
    return BatchList(tuple(map(_without_extra, named)), unclear)


def _cached_read(user: Person, thing: str, fresh: bool) -> Callable[[Callable[[], T]], T]:
    """What reads a list for a while once; it touches no database."""
    # The key's own: what one key can see of a project says nothing about another's.
    reader = connections.cache_scope(user, "cloudfactory")
    answer = SharedAnswer("cloudfactory", connections.space(user).id, f"offered:{reader}:{thing}")
    if fresh:
        answer.forget()
    return lambda fetch: answer.read(fetch, reader=reader, seconds=CACHE_SECONDS, refusals=ACCESS_REFUSALS)


def _without_extra(listed: Listed) -> Listed:
    """Undocumented fields can hold links."""
    return replace(listed, extra={})
