"""What a new export may be made of: the space's projects and their batches, kept while a person chooses.

Every tick asks for the lists anew; for ticking, lists half a minute old will do, and CloudFactory is asked once.
"""

from collections.abc import Callable
from typing import TypeVar

from accounts import connections
from accounts.models import Person
from console.exports import reads
from console.upstream.paging import pages
from console.upstream.types import Batch, Project

T = TypeVar("T")
KEPT = 30.0


def projects(*, user: Person) -> tuple[Project, ...]:
    space = connections.space(user).id
    return _kept(user, "projects", lambda: connections.cloudfactory(user).list_projects(space))


def batches(*, user: Person, project: str) -> tuple[Batch, ...]:
    """All batches of a project, up to fifty pages."""
    client = connections.cloudfactory(user)
    walk = pages(lambda cursor: client.list_batches(project, cursor=cursor, direction="NEXT" if cursor else None))
    return _kept(user, f"batches:{project}", lambda: tuple(batch for page in walk for batch in page.items))


def _kept(user: Person, thing: str, fetch: Callable[[], T]) -> T:
    # The person's own: what one key may see of a project says nothing about another's.
    space = connections.space(user).id
    return reads.shared(user=user, space=space, thing=f"offered:{user.pk}:{thing}", fetch=fetch, seconds=KEPT)
