"""How the audit words, groups and links what is done to slices."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from console.audit import actions, phrases, registry
from console.audit.actions import Action
from console.audit.phrases import Detail


def _batch_clause(detail: Detail) -> str:
    """` to the batch Harbour of Coins (2 refused)`."""
    batch, project = phrases.batch(detail) or "a batch", str(detail.get("project_name") or "")
    return f" to {batch}{f' of {project}' if project else ''}{phrases.other_counts(detail)}"


ACTIONS: dict[str, Action] = {
    "slice.create": Action(
        "slices",
        "created the slice {thing}",
        "create the slice {thing}",
        phrases.count_of_items,
        whether="the slice {thing} was created",
    ),
    "slice.send": Action(
        "slices",
        "sent the slice {thing} to a batch",
        "send the slice {thing} to a batch",
        phrases.count_of_items,
        whether="the slice {thing} was sent to a batch",
        of_many={
            "": Action(
                "slices",
                "sent {many} of the slice {thing}",
                "send {many} of the slice {thing}",
                _batch_clause,
                whether="{many} of the slice {thing} {were} sent to a batch",
                noun="item",
            )
        },
    ),
}

PAGES = {
    "slices:choose": "send a slice to a batch",
    "slices:projects": "send a slice to a batch",
    "slices:create": "create a slice",
    "slices:draft": "create a slice",
    "slices:draft_save": "create a slice",
    "slices:draft_discard": "create a slice",
    "slices:draft_again": "create a slice",
    "slices:draft_name": "create a slice",
    "slices:draft_organizations": "create a slice",
    "slices:draft_datasets": "create a slice",
    "slices:part_add": "create a slice",
    "slices:part_restore": "create a slice",
    "slices:part_move": "create a slice",
    "slices:part_kind": "create a slice",
    "slices:part_remove": "create a slice",
    "slices:part_items": "create a slice",
    "slices:part_filter": "create a slice",
}


def register() -> None:
    actions.register_group("slices", "Slices", position=10, section="Slices and batches")
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("slices", "Slices")
    registry.register_thing("slice", _address)


def _address(thing_id: str, detail: Mapping[str, Any]) -> str:
    owner, _, slug = thing_id.partition("/")
    return reverse("slices:detail", args=[owner, slug])
