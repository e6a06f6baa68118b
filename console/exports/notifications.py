"""Tells a person once, on any page, that an export of theirs has ended."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Person
from console.exports.models import ExportRequest
from console.exports.monitor import DELETED

_HAS_ENDED = Q(ended_at__isnull=False) & (~Q(export_id="") | Q(end_status="DROPPED"))


def take_notifications(*, user: Person) -> list[ExportRequest]:
    """Exports of this person that ended and that they were not notified of yet; each is returned once."""
    not_notified = ExportRequest.objects.filter(_HAS_ENDED, person=user, notified_at=None)
    ended_exports = [each for each in not_notified if _mark_notified(each)]
    return [each for each in ended_exports if each.end_status != DELETED]


def _mark_notified(export_request: ExportRequest) -> bool:
    not_notified = ExportRequest.objects.filter(pk=export_request.pk, notified_at=None)
    return bool(not_notified.update(notified_at=timezone.now()))


def awaits_notification(user: Person) -> bool:
    """Whether this person waits for an export: only then their pages ask for notifications."""
    return list_awaited(user).exists()


def list_awaited(user: Person) -> "QuerySet[ExportRequest]":
    """Exports whose end the person was not notified of yet."""
    unfinished = [ExportRequest.State.QUEUED, ExportRequest.State.STARTED, ExportRequest.State.SENDING]
    return ExportRequest.objects.filter(Q(state__in=unfinished) | _HAS_ENDED, person=user, notified_at=None)
