"""The space's one export slot: who uses it, and who waits for it (FACTS 2.7: one active export in a space)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.conf import settings

from accounts import connections
from accounts.models import Person
from console.common.coalescing import SharedAnswer
from console.exports.models import ExportRequest
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import ACCESS_REFUSALS, UpstreamError
from console.upstream.response_models import Export

T = TypeVar("T")
ACTIVE = ("PENDING", "IN_PROGRESS")
NEWEST = "newest-exports"
LOOKED_AT = 20


@dataclass(frozen=True)
class SlotUsage:
    active: Export | None
    export_request: ExportRequest | None
    """Of the active export, when it was started here."""
    waiting: Sequence[ExportRequest]
    is_known: bool = True
    """Whether CloudFactory said so, now or when it last answered."""
    error: UpstreamError | None = None
    """Why it gave no new answer."""

    @property
    def is_free(self) -> bool:
        return self.active is None

    @property
    def by(self) -> str:
        """Who started it: the person in the console, else what the vendor says."""
        if self.export_request is not None:
            return str(self.export_request.person)
        return (self.active.created_by or "someone") if self.active else ""

    @property
    def since(self) -> datetime | None:
        return self.active.created_at if self.active else None


def read_usage(*, user: Person, space: str | None = None) -> SlotUsage:
    """As it is now, from a read that everybody who looks at this space shares."""
    space = space or connections.space(user).id
    return build_usage(space, newest_reader(user=user, space=space)())


def read_usage_or_last(*, user: Person) -> SlotUsage:
    """As it is now, or was when CloudFactory last answered, or unknown."""
    reader = newest_reader(user=user)
    try:
        return usage_from(user=user, answer=reader())
    except UpstreamError as error:
        return usage_from(user=user, answer=error)


def newest_reader(*, user: Person, space: str | None = None) -> Callable[[], tuple[Export, ...]]:
    """The shared read of the newest exports. It touches no database, so it can run beside others."""
    space = space or connections.space(user).id
    reader = connections.cache_scope(user, "cloudfactory")
    return partial(
        _newest(space).read,
        partial(newest_exports, connections.cloudfactory(user), space),
        reader=reader,
        seconds=settings.SHARED_READ_SECONDS,
        refusals=ACCESS_REFUSALS,
    )


def sharing_reader(*, user: Person, read: Callable[[], T], newest: Callable[[T], Sequence[Export]]) -> Callable[[], T]:
    """A read that finds the newest exports among others, and shares them, so that they are not read once more."""
    return partial(
        _newest(connections.space(user).id).read_anew,
        read,
        reader=connections.cache_scope(user, "cloudfactory"),
        seconds=settings.SHARED_READ_SECONDS,
        part=lambda answer: _without_links(newest(answer)),
        refusals=ACCESS_REFUSALS,
    )


def usage_from(*, user: Person, answer: Sequence[Export] | UpstreamError) -> SlotUsage:
    """The slot out of an answer of `reading`; after an error as it was when CloudFactory last answered."""
    if isinstance(answer, UpstreamError):
        return last_known_usage(user=user, error=answer)
    return build_usage(connections.space(user).id, answer)


def last_known_usage(*, user: Person, error: UpstreamError | None = None) -> SlotUsage:
    """As it was when CloudFactory last answered, for the time in which it does not."""
    space = connections.space(user).id
    newest = _newest(space).last(reader=connections.cache_scope(user, "cloudfactory"))
    if newest is None:
        return unknown_usage(user=user, space=space, error=error)
    return replace(build_usage(space, newest), error=error)


def unknown_usage(*, user: Person, space: str, error: UpstreamError | None = None) -> SlotUsage:
    """Only this person's own exports are in its queue: their key may not read the space."""
    own = [export_request for export_request in list_queued(space) if export_request.person_id == user.pk]
    return SlotUsage(None, None, own, is_known=False, error=error)


def newest_exports(platform: CloudFactory, space: str) -> tuple[Export, ...]:
    """The newest exports without their signed links, which are not stored."""
    return _without_links(platform.list_exports(space, limit=LOOKED_AT).items)


def _without_links(exports: Sequence[Export]) -> tuple[Export, ...]:
    return tuple(replace(export, download_url=None) for export in exports[:LOOKED_AT])


def build_usage(space: str, newest: Sequence[Export]) -> SlotUsage:
    active = next((export for export in newest if export.status in ACTIVE), None)
    export_request = (
        ExportRequest.objects.select_related("person").filter(export_id=active.id).first()
        if active and active.id
        else None
    )
    return SlotUsage(active, export_request, list_queued(space))


def list_queued(space: str) -> list[ExportRequest]:
    """The queue, first come first."""
    queued = ExportRequest.objects.select_related("person").filter(space=space, state=ExportRequest.State.QUEUED)
    return list(queued.order_by("created_at", "pk"))


def forget_newest(space: str) -> None:
    _newest(space).forget()


def _newest(space: str) -> SharedAnswer:
    return SharedAnswer("cloudfactory", space, NEWEST)
