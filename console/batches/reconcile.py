"""Finding out what became of a change to batches, by reading alone."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from accounts.models import Person
from console.audit import reconciliation, sanitize, signals
from console.audit.models import DONE, Entry
from console.batches import selectors
from console.batches.models import OrderSnapshot
from console.common.parsing import INT64, read_int
from console.upstream.response_models import Batch

# A batch created later than this comes from another submission, which ten minutes of checks have offered.
WINDOW = timedelta(minutes=5)
# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)


ORDER_ACTIONS = ("order.save", "order.undo", "order.restore")
RECONCILED_ACTIONS = (*ORDER_ACTIONS, "batch.create", "batch.rename", "batch.metadata")


def register() -> None:
    for action in ORDER_ACTIONS:
        reconciliation.register(action, find_order, is_exact=True)
    reconciliation.register("batch.create", find_new_batch)
    reconciliation.register("batch.rename", find_name, is_exact=True)
    reconciliation.register("batch.metadata", find_metadata, is_exact=True)
    signals.outcome_known.connect(_forget, dispatch_uid="batches.forget")


def find_order(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Compares what CloudFactory holds with the order before and after; a third order leaves it to a person."""
    snapshot = OrderSnapshot.objects.filter(entry=entry.pk).first()
    if snapshot is None:
        return "not sent", {}  # The snapshot is written before the call.
    entries = selectors.read_entries(user=_person(entry), project=uuid.UUID(snapshot.project))
    before, after = snapshot.order_before.numbers, snapshot.order_after.numbers
    # What was ordered since is another act's; of these batches, all have a number after the save.
    ours = {
        batch_id: one.priority for batch_id, one in entries.items() if batch_id in after and one.priority is not None
    }
    if ours == after:
        return "done", {}
    return ("not found", {}) if ours == before else ("unsure", {})


def find_new_batch(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """By its name, which is unique within the project (FACTS 2.6); one that another submission created is not ours."""
    project = uuid.UUID(entry.detail["project_id"])
    batches = selectors.read_batches(user=_person(entry), project=project)
    batch = next((one for one in batches if sanitize.clean(one.name, 300) == entry.thing_name), None)
    if batch is None or not _is_in_time(batch, entry) or _is_claimed(batch, entry):
        return "not found", {}
    return "done", {"thing_id": str(batch.id), "created_by": batch.created_by}


def find_name(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    return _find(entry, lambda batch: batch.name)


def find_metadata(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    return _find(entry, lambda batch: batch.metadata)


def _person(entry: Entry) -> Person:
    """The person who did it, whose key is the only one used."""
    if entry.actor is None:
        raise LookupError("The person who did this is gone, and their key with them.")
    return entry.actor


def _find(entry: Entry, part: Callable[[Batch], Any]) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Compares a part of the batch with what was before and after. The audit masks, so both are compared masked."""
    project = uuid.UUID(entry.detail["project_id"])
    batch_id = read_int(entry.thing_id, INT64.start)
    batch = None if batch_id is None else selectors.find_batch(user=_person(entry), project=project, batch_id=batch_id)
    before, after = entry.detail.get("before"), entry.detail.get("after")
    if batch is None or before == after:
        return "unsure", {}
    now = sanitize.clean_detail({"now": part(batch)})["now"]
    if now == after:
        return "done", {}
    return ("not found", {}) if now == before else ("unsure", {})


def _is_in_time(batch: Batch, entry: Entry) -> bool:
    return batch.created_at is None or entry.at - SKEW <= batch.created_at <= entry.at + WINDOW


def _is_claimed(batch: Batch, entry: Entry) -> bool:
    """Whether another entry is known to have created it."""
    others = Entry.objects.filter(thing_kind="batch", thing_id=str(batch.id), action=entry.action)
    return others.filter(recorded_outcome=DONE, kind=Entry.Kind.OUTCOME).exclude(opens=entry).exists()


def _forget(entry: Entry, **signal: Any) -> None:
    """A new outcome changes the project's pages."""
    project = entry.thing_id if entry.action.startswith("order.") else entry.detail.get("project_id")
    if project and entry.action in RECONCILED_ACTIONS:
        selectors.forget(project=uuid.UUID(str(project)))
