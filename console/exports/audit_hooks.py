"""What became of an export, as a sentence behind the one that says it was asked for."""

from collections.abc import Collection

from django.utils import timezone

from console.audit.registry import Became, register_sequel
from console.common.formatting import moment
from console.exports.models import ExportRequest

ENDS = {
    "FAILED": Became("CloudFactory could not build it, so there is no file.", failed=True),
    "DELETED": Became("It was deleted, along with its file.", deleted=True),
}


def register() -> None:
    register_sequel("export.create", endings_of)


def endings_of(export_ids: Collection[str]) -> dict[str, Became]:
    """One query; an export that still runs has no sequel."""
    export_requests = ExportRequest.objects.filter(export_id__in=export_ids, ended_at__isnull=False)
    return {export_request.export_id: _became(export_request) for export_request in export_requests}


def _became(export_request: ExportRequest) -> Became:
    if export_request.link_ends is None:
        return ENDS.get(export_request.end_status, Became(""))
    ends = export_request.link_ends
    return Became(f"Its link {'expires' if ends > timezone.now() else 'expired'} {moment(ends)}.")
