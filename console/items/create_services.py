"""Creating one work item (P15), once, under an id of ours in its metadata."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts import connections
from accounts.models import Person
from console.audit import record, unresolved
from console.audit.unresolved import Unresolved
from console.batches import selectors as batches
from console.duplicate_submissions import wait_for_result
from console.items import counts
from console.items.console_ids import create_once
from console.items.item_fields import new_work_item
from console.items.selectors import VENDOR, item_name
from console.upstream.errors import Conflict, Invalid
from console.upstream.response_models import NewWorkItem, WorkItem

ACTION = "item.create"


@dataclass(frozen=True)
class CreatedItem:
    """`id` is "" where CloudFactory's answer had none that can be used."""

    id: str
    name: str


def create_item(
    *,
    user: Person,
    project: uuid.UUID,
    fields: Mapping[str, Any],
    batch_id: int | None,
    batch_name: str,
    act_id: uuid.UUID,
    request: HttpRequest | None = None,
) -> CreatedItem:
    """`fields` as `item_fields` cleans them.

    A duplicate gets the first result, or raises what the first submission raised.
    """
    name = item_name(WorkItem("", asset_url=fields.get("asset_url"), asset_id=fields.get("asset_id")))
    new = new_work_item(fields, batch_id=batch_id, console_id=act_id)
    act = record.audited_call(
        actor=user,
        action=ACTION,
        thing_kind="item",
        thing_name=name,
        vendor=VENDOR,
        request=request,
        act_id=act_id,
        key=connections.key_fingerprint(user, VENDOR),
        detail={"project_id": str(project), "batch_id": batch_id, "batch": batch_name, **_labels_of(fields)},
    )
    try:
        with act:
            created = _in_words(user, project, new, act)
    except record.AlreadyActed as first:
        entry = wait_for_result(first.entry)
        return CreatedItem(entry.result_id, entry.thing_name)
    forget(project)
    return CreatedItem(created.id, name)


def unresolved_items(*, user: Person, project: uuid.UUID, back: str) -> list[Unresolved]:
    """New work items of this person of which it is unknown whether they were created."""
    acts = unresolved.of_thing(user, "item", "", back=back)
    return [one for one in acts if one.entry.detail.get("project_id") == str(project)]


def forget(project: uuid.UUID) -> None:
    """The figures of the project and its batches are other ones now."""
    counts.forget(project=str(project))
    batches.forget(project=project)


def _labels_of(fields: Mapping[str, Any]) -> dict[str, int]:
    """The number of labels: they can't be read back, so the audit has no other trace of them."""
    return {"labels": len(fields["labels"])} if fields.get("labels") else {}


def _in_words(user: Person, project: uuid.UUID, new: NewWorkItem, act: record.audited_call) -> WorkItem:
    """Adds CloudFactory's reason for the refusal, if it gives one."""
    try:
        created = create_once(connections.cloudfactory(user), project, new, request_id=str(act.id))
    except (Conflict, Invalid) as refusal:
        if refusal.vendor_text:
            refusal.message = f"CloudFactory refused this: {refusal.vendor_text}"
        raise
    act.done(thing_id=created.id)
    return created
