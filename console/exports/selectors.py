"""Reads exports: those started here from the database, all of the space from CloudFactory."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.audit import selectors as audit
from console.common import coalescing
from console.exports import monitor
from console.exports.models import LINK_LASTS, ExportRequest
from console.upstream.pagination import collect
from console.upstream.response_models import Export, Page

ONE_DAY = timedelta(days=1)
WITHOUT_FILE = ("FAILED", "DROPPED")
LISTED = 20
HOLDING_LOOKED_AT, HOLDING_SHOWN = 200, 5
SORTS = ("createdAt", "name")


def list_not_downloaded(*, user: Person) -> list[tuple[ExportRequest, str]]:
    """This person's ready exports that they have not downloaded while the link lives, and how much they have of each.

    The oldest first.
    """
    since = timezone.now() - LINK_LASTS
    ready = list(
        ExportRequest.objects.filter(person=user, end_status="COMPLETED", ended_at__gte=since).order_by("ended_at")
    )
    downloads = audit.downloads_of([export_request.export_id for export_request in ready])
    shares = [(each, downloads[each.export_id].of(user.pk) if each.export_id in downloads else None) for each in ready]
    return [(each, share.partial if share else "") for each, share in shares if not (share and share.has_file)]


def ids_started_since(*, user: Person, since: datetime) -> set[str]:
    """The ids of this person's exports whose files can have been there since then."""
    recent = ExportRequest.objects.filter(person=user, created_at__gte=since - LINK_LASTS)
    return set(recent.exclude(export_id="").values_list("export_id", flat=True))


def list_failed(*, user: Person) -> list[ExportRequest]:
    """This person's exports of the last day that ended without a file, and were not asked for again since."""
    recent = ExportRequest.objects.filter(person=user, created_at__gte=timezone.now() - LINK_LASTS)
    newest = {each.selection.key: each for each in recent.order_by("created_at")}
    day_ago = timezone.now() - ONE_DAY
    return [
        each
        for each in newest.values()
        if each.end_status in WITHOUT_FILE and each.ended_at is not None and each.ended_at > day_ago
    ]


def page_reader(
    *, user: Person, cursor: str | None, direction: str | None, sort: str, order: str
) -> Callable[[], Page[Export]]:
    """What reads one page of the space's exports: one call, and no database."""
    space, platform = connections.space(user).id, connections.cloudfactory(user)
    reader = connections.cache_scope(user, "cloudfactory")

    def read() -> Page[Export]:
        page = platform.list_exports(
            space, cursor=cursor, direction=direction, limit=LISTED, sort_by=sort, sort_order=order
        )
        coalescing.note_own_read("cloudfactory", space, reader)
        return page

    return read


def newest_reader(*, user: Person, most: int = 5) -> Callable[[], tuple[list[Export], bool]]:
    """What reads the newest exports for a filter the vendor does not have, and whether these were all."""
    space, client = connections.space(user), connections.cloudfactory(user)

    def read() -> tuple[list[Export], bool]:
        collected = collect(
            lambda cursor: client.list_exports(
                space.id, cursor=cursor, direction="NEXT" if cursor else None, limit=100
            ),
            most=most,
        )
        return list(collected.items), collected.is_complete

    return read


def list_covering(*, user: Person, project: str, batch: int | None = None) -> list[ExportRequest]:
    """The newest exports started here that hold something of a project, or of one batch. The vendor is not asked."""
    here = ExportRequest.objects.filter(
        space=connections.space(user).id, state=ExportRequest.State.STARTED
    ).select_related("person")
    started = here.exclude(end_status=monitor.DELETED)
    return [
        export_request
        for export_request in started[:HOLDING_LOOKED_AT]
        if export_request.selection.covers(project, batch)
    ][:HOLDING_SHOWN]
