"""What became of an export, as a sentence behind the one that says it was asked for."""

from collections.abc import Collection

from django.utils import timezone

from console.audit import links
from console.exports.models import Plan
from console.words import moment

ENDS = {
    "FAILED": "CloudFactory could not make it; there is no file.",
    "DELETED": "It was deleted, with its file.",
}


def register() -> None:
    links.register_sequel("export.create", of)


def of(export_ids: Collection[str]) -> dict[str, str]:
    """One query; an export that still runs has no sequel."""
    ended = Plan.objects.filter(export_id__in=export_ids, ended_at__isnull=False)
    return {plan.export_id: _sentence(plan) for plan in ended}


def _sentence(plan: Plan) -> str:
    if plan.link_ends is None:
        return ENDS.get(plan.end_status, "")
    ends = plan.link_ends
    return f"Its link ends {moment(ends)}." if ends > timezone.now() else f"Its link ended {moment(ends)}."
