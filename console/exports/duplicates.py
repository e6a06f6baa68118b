"""The same choice, made before by the same person, or ready to be downloaded."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.exports import monitor
from console.exports.models import LINK_LASTS, ExportRequest
from console.exports.selection import ExportSelection
from console.upstream.errors import UpstreamError

ONE_MINUTE, ONE_DAY = timedelta(minutes=1), timedelta(days=1)


def find_recent_equal(*, user: Person, selection: ExportSelection) -> ExportRequest | None:
    """The same choice by the same person within a minute, or of which we don't know within a day whether it was
    started: asked about before a second one is started."""
    now = timezone.now()
    recent = Q(created_at__gte=now - ONE_MINUTE) | Q(created_at__gte=now - ONE_DAY, state=ExportRequest.State.SENDING)
    candidates = ExportRequest.objects.filter(recent, person=user).exclude(state=ExportRequest.State.DROPPED)
    return next(
        (export_request for export_request in candidates if export_request.selection.key == selection.key), None
    )


def find_ready(*, user: Person, selection: ExportSelection) -> ExportRequest | None:
    """A finished export of the same choice whose link can still be had; a deleted one is none."""
    space = connections.space(user)
    ready = ExportRequest.objects.filter(
        space=space.id, end_status="COMPLETED", ended_at__gte=timezone.now() - LINK_LASTS
    ).select_related("person")[:100]
    equal = next((export_request for export_request in ready if export_request.selection.key == selection.key), None)
    return equal if equal and _is_there(user, equal) else None


def _is_there(user: Person, export_request: ExportRequest) -> bool:
    """It can have been deleted outside the console. A vendor that does not answer is no reason to hide it; one that
    refuses this person's key is."""
    try:
        monitor.read_state(user=user, export_id=export_request.export_id)
    except UpstreamError as error:
        return error.is_silence
    return True
