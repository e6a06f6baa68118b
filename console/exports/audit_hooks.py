"""What became of an export, as a sentence behind the one that says it was asked for."""

from collections.abc import Collection

from django.utils import timezone

from console.audit.registry import Became, register_sequel
from console.common.formatting import moment
from console.exports.models import Plan

ENDS = {
    "FAILED": Became("CloudFactory could not build it, so there is no file.", failed=True),
    "DELETED": Became("It was deleted, along with its file.", deleted=True),
}


def register() -> None:
    register_sequel("export.create", of)


def of(export_ids: Collection[str]) -> dict[str, Became]:
    """One query; an export that still runs has no sequel."""
    ended = Plan.objects.filter(export_id__in=export_ids, ended_at__isnull=False)
    return {plan.export_id: _became(plan) for plan in ended}


def _became(plan: Plan) -> Became:
    if plan.link_ends is None:
        return ENDS.get(plan.end_status, Became(""))
    ends = plan.link_ends
    return Became(f"Its link {'expires' if ends > timezone.now() else 'expired'} {moment(ends)}.")
