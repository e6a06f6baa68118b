"""How the audit words, groups and links what is done to batches and their order."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from console.audit import actions, phrases, registry
from console.audit.actions import Action

ACTIONS: dict[str, Action] = {
    "batch.create": Action(
        "batches",
        "created the batch {thing}",
        "create the batch {thing}",
        whether="the batch {thing} was created",
    ),
    "batch.rename": Action(
        "batches",
        "renamed the batch {thing}",
        "rename the batch {thing}",
        phrases.new_name,
        whether="the batch {thing} was renamed",
    ),
    "batch.metadata": Action(
        "batches",
        "changed the metadata of the batch {thing}",
        "change the metadata of the batch {thing}",
        phrases.summary,
        whether="the metadata of the batch {thing} was changed",
    ),
    "order.save": Action(
        "order",
        "changed the order of {thing}",
        "change the order of {thing}",
        phrases.summary,
        whether="the order of {thing} was saved",
    ),
    "order.undo": Action(
        "order",
        "undid a change to the order of {thing}",
        "undo a change to the order of {thing}",
        phrases.summary,
        whether="the change to the order of {thing} was undone",
    ),
    "order.restore": Action(
        "order",
        "restored an earlier order of {thing}",
        "restore an earlier order of {thing}",
        phrases.summary,
        whether="the earlier order of {thing} was restored",
    ),
}

PAGES = {
    "batches:check": "check a change to the order of batches",
    "batches:create": "create a batch",
    "batches:metadata": "change the metadata of a batch",
    "batches:order": "change the order of batches",
    "batches:rename": "rename a batch",
    "batches:restore": "restore an earlier order of batches",
    "batches:restore_before": "restore an earlier order of batches",
    "batches:undo": "undo a change to the order of batches",
}


def register() -> None:
    actions.register_group("batches", "Batches", position=20, section="Slices and batches")
    actions.register_group("order", "Order of batches", position=30, section="Order changes")
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("batches", "Batches")
    registry.register_thing("batch", _address)


def _address(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("batches:detail", args=[detail["project_id"], thing_id])
