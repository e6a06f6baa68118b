"""The space's one export lane: who uses it, and who waits for it (FACTS 2.7: one active export in a space)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.conf import settings

from accounts import connections
from accounts.models import Person
from console.common.coalescing import SharedAnswer
from console.exports.models import Plan
from console.upstream.errors import ACCESS_REFUSALS
from console.upstream.types import Export

ACTIVE = ("PENDING", "IN_PROGRESS")
NEWEST = "newest-exports"
LOOKED_AT = 20


@dataclass(frozen=True)
class Lane:
    active: Export | None
    plan: Plan | None
    """Of the active export, when it was started here."""
    waiting: Sequence[Plan]

    @property
    def is_free(self) -> bool:
        return self.active is None

    @property
    def by(self) -> str:
        """Who started it: the person in the console, else what the vendor says."""
        if self.plan is not None:
            return str(self.plan.person)
        return (self.active.created_by or "someone") if self.active else ""

    @property
    def since(self) -> datetime | None:
        return self.active.created_at if self.active else None


def of(*, user: Person, space: str | None = None) -> Lane:
    """As it is now, from a read that everybody who looks at this space shares."""
    space = space or connections.space(user).id
    fetch = partial(newest_exports, user, space)
    reader = connections.cache_scope(user, "cloudfactory")
    newest = _newest(space).read(fetch, reader=reader, seconds=settings.SHARED_READ_SECONDS, refusals=ACCESS_REFUSALS)
    return build(space, newest)


def last_known(*, user: Person) -> Lane | None:
    """As it was when CloudFactory last answered, for the time in which it does not."""
    space = connections.space(user).id
    newest = _newest(space).last(reader=connections.cache_scope(user, "cloudfactory"))
    return None if newest is None else build(space, newest)


def newest_exports(user: Person, space: str) -> tuple[Export, ...]:
    """The newest exports without their links, which are nobody's to keep."""
    found = connections.cloudfactory(user).list_exports(space, limit=LOOKED_AT).items
    return tuple(replace(export, download_url=None) for export in found)


def build(space: str, newest: Sequence[Export]) -> Lane:
    active = next((export for export in newest if export.status in ACTIVE), None)
    plan = Plan.objects.select_related("person").filter(export_id=active.id).first() if active and active.id else None
    return Lane(active, plan, waiting(space))


def waiting(space: str) -> list[Plan]:
    """The queue, first come first."""
    queued = Plan.objects.select_related("person").filter(space=space, state=Plan.State.QUEUED)
    return list(queued.order_by("created_at", "pk"))


def changed(space: str) -> None:
    _newest(space).forget()


def _newest(space: str) -> SharedAnswer:
    return SharedAnswer("cloudfactory", space, NEWEST)
