"""What a new export may be made of: the space's projects and their batches, kept while a person chooses.

Every tick asks for the lists anew; for ticking, lists half a minute old will do, and CloudFactory is asked once.
Whoever opens the page may come from a batch made a moment ago, so that look is `fresh`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from accounts import connections
from accounts.models import Person
from console.common.coalescing import SharedAnswer
from console.upstream.errors import ACCESS_REFUSALS
from console.upstream.paging import pages
from console.upstream.types import Batch, Project

T = TypeVar("T", Project, Batch)
KEPT = 30.0


def projects(*, user: Person, fresh: bool = False) -> tuple[Project, ...]:
    """Those that can be named in a choice: one without a usable id can only be part of "all"."""
    space = connections.space(user).id
    listed = _kept(user, "projects", lambda: connections.cloudfactory(user).list_projects(space), fresh)
    return tuple(project for project in listed if project.id)


def batches(*, user: Person, project: str, fresh: bool = False) -> tuple[Batch, ...]:
    """All batches of a project, up to fifty pages."""
    client = connections.cloudfactory(user)
    walk = pages(lambda cursor: client.list_batches(project, cursor=cursor, direction="NEXT" if cursor else None))
    return _kept(user, f"batches:{project}", lambda: tuple(batch for page in walk for batch in page.items), fresh)


def _kept(user: Person, thing: str, fetch: Callable[[], tuple[T, ...]], fresh: bool) -> tuple[T, ...]:
    # The key's own: what one key can see of a project says nothing about another's.
    reader = connections.cache_scope(user, "cloudfactory")
    answer = SharedAnswer("cloudfactory", connections.space(user).id, f"offered:{reader}:{thing}")
    if fresh:
        answer.forget()
    return answer.read(lambda: _bare(fetch()), reader=reader, seconds=KEPT, refusals=ACCESS_REFUSALS)


def _bare(found: tuple[T, ...]) -> tuple[T, ...]:
    """Fields nobody described may hold links."""
    return tuple(replace(one, extra={}) for one in found)
