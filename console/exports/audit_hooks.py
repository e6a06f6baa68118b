"""What became of an export, as a sentence behind the one that says it was asked for."""

from collections.abc import Collection

from django.utils import timezone

from console.audit.registry import FollowUp, register_follow_ups
from console.common.formatting import moment
from console.exports.models import ExportRequest

ENDS = {
    "FAILED": FollowUp("CloudFactory could not build it, so there is no file.", is_failed=True),
    "DELETED": FollowUp("It was deleted, along with its file.", is_deleted=True),
}


def register() -> None:
    register_follow_ups("export.create", endings_of)


def endings_of(export_ids: Collection[str]) -> dict[str, FollowUp]:
    """One query; an export that still runs has no follow-up."""
    export_requests = ExportRequest.objects.filter(export_id__in=export_ids, ended_at__isnull=False)
    return {export_request.export_id: _follow_up_of(export_request) for export_request in export_requests}


def _follow_up_of(export_request: ExportRequest) -> FollowUp:
    if export_request.link_ends is None:
        return ENDS.get(export_request.end_status, FollowUp(""))
    ends = export_request.link_ends
    return FollowUp(f"Its link {'expires' if ends > timezone.now() else 'expired'} {moment(ends)}.")
