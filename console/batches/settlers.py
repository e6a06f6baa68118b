"""Finding out what became of a change to batches, by reading alone."""

import uuid
from typing import Any

from accounts.models import Person
from console.audit import settling
from console.audit.models import Entry
from console.batches import reading
from console.batches.models import OrderSnapshot


def register() -> None:
    for action in ("order.save", "order.undo", "order.restore"):
        settling.register(action, find_order, is_exact=True)
    settling.register("batch.create", find_new_batch)
    settling.register("batch.rename", find_name, is_exact=True)
    settling.register("batch.metadata", find_metadata, is_exact=True)


def find_order(entry: Entry) -> tuple[settling.Finding, dict[str, Any]]:
    """Compares what CloudFactory holds with the order before and after; a third order leaves it to a person."""
    snapshot = OrderSnapshot.objects.filter(entry=entry.pk).first()
    if snapshot is None:
        return "not found", {}  # The snapshot is written before the call, so nothing was sent.
    held = reading.read_entries(user=_person(entry), project=uuid.UUID(snapshot.project))
    numbers = {batch_id: found.priority for batch_id, found in held.items() if found.priority is not None}
    if numbers == snapshot.order_after.numbers:
        return "done", {}
    return ("not found", {}) if numbers == snapshot.order_before.numbers else ("unsure", {})


def find_new_batch(entry: Entry) -> tuple[settling.Finding, dict[str, Any]]:
    """By its name, which is unique within the project (FACTS 2.6)."""
    project = uuid.UUID(entry.detail["project_id"])
    found = [one for one in reading.read_batches(user=_person(entry), project=project) if one.name == entry.thing_name]
    return ("done", {"thing_id": str(found[0].id), "created_by": found[0].created_by}) if found else ("not found", {})


def find_name(entry: Entry) -> tuple[settling.Finding, dict[str, Any]]:
    return _find(entry, lambda name, metadata: name, entry.detail.get("before"), entry.detail.get("after"))


def find_metadata(entry: Entry) -> tuple[settling.Finding, dict[str, Any]]:
    return _find(entry, lambda name, metadata: metadata, entry.detail.get("before"), entry.detail.get("after"))


def _person(entry: Entry) -> Person:
    """Whose key is used: the person's who pressed. Nobody else's may look."""
    if entry.actor is None:
        raise LookupError("The person who did this is gone, and their key with them.")
    return entry.actor


def _find(entry: Entry, part: Any, before: Any, after: Any) -> tuple[settling.Finding, dict[str, Any]]:
    project = uuid.UUID(entry.detail["project_id"])
    found = reading.find_batch(user=_person(entry), project=project, batch_id=int(entry.thing_id))
    if found is None:
        return "unsure", {}
    now = part(found.name, found.metadata)
    if now == after:
        return "done", {}
    return ("not found", {}) if now == before else ("unsure", {})
