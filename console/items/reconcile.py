"""Finding out whether a signal reached its work item, and whether a new one was created, by reading alone."""

import uuid
from datetime import timedelta
from typing import Any

from accounts import connections
from accounts.models import Person
from console.audit import reconciliation
from console.audit import signals as audit_signals
from console.audit.models import DONE, FAILED, Entry
from console.items import create_services, signals
from console.items.bulk import reconcile as bulk_reconcile
from console.items.console_ids import find_by_console_ids
from console.items.decisions import sending
from console.items.imports import reconcile as import_reconcile
from console.items.models import Decision
from console.items.selectors import NOT_ANSWERED, VENDOR, get_item
from console.upstream.errors import NotFound, Unreadable

# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)


def register() -> None:
    for action in signals.ACTIONS:
        reconciliation.register(action, find_signal, is_exact=True)
    for action in import_reconcile.ACTIONS:
        reconciliation.register(action, find_created)
    audit_signals.outcome_known.connect(_follow, dispatch_uid="items.follow")
    audit_signals.outcome_unknown.connect(_follow, dispatch_uid="items.follow_unknown")


def find_signal(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Compares the item's status with the one before and the one that should follow (FACTS 2.9)."""
    if bulk_reconcile.is_of_bulk(entry):
        return bulk_reconcile.find_signals(entry)
    decision = Decision.objects.filter(pk=entry.pk).first()
    choice = signals.choice_of(entry.action, entry.detail.get("signal"), entry.detail.get("outcome"))
    if decision is None or choice is None:
        return "unsure", {}
    try:
        item = get_item(user=_actor(entry), project=uuid.UUID(entry.detail["project_id"]), item=decision.item)
    except NotFound:
        return "unsure", {}
    expected = choice.leads_to.get(decision.status_before)
    if item.status == decision.status_before:
        return ("unsure" if expected == item.status else "not found"), {}
    if expected is None or item.status != expected or (item.updated_at and item.updated_at < entry.at - SKEW):
        return "unsure", {}
    if _is_perhaps_of_another(decision, expected):
        return "unsure", {}
    return "done", sending.change_of(decision, expected)


def find_created(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Looks for new work items by our ids in their metadata; the id of a single one is the entry's."""
    if import_reconcile.is_of_import(entry):
        return import_reconcile.find_rows(entry)
    matches = find_by_console_ids(
        connections.cloudfactory(_actor(entry)),
        project=uuid.UUID(entry.detail["project_id"]),
        batch_id=entry.detail.get("batch_id"),
        ids=[entry.pk],
        created_from=entry.at - import_reconcile.SKEW,
    )
    if item := matches.items.get(entry.pk):
        return "done", {"thing_id": item.id}
    if not matches.is_whole:
        raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    return "not found", {}


def _is_perhaps_of_another(decision: Decision, status: str) -> bool:
    """Whether another act can have led to this status since the decision read the one before."""
    for signal in sending.other_signals(decision):
        entry, choice = signal.entry, signal.choice
        is_later = entry.ended_at is None or entry.ended_at >= decision.created_at
        if is_later and signal.outcome != FAILED and choice and status in choice.leads_to.values():
            return True
    return False


def _actor(entry: Entry) -> Person:
    """The key for the look-up: only that of the person who decided."""
    if entry.actor is None:
        raise connections.KeyMissing(VENDOR)
    return entry.actor


def _follow(entry: Entry, **kwargs: Any) -> None:
    """A decision follows what the audit finds out about its act."""
    if import_reconcile.is_of_import(entry):
        import_reconcile.follow(entry)
        return
    if entry.action == create_services.ACTION and entry.outcome == DONE:
        create_services.forget(uuid.UUID(entry.detail["project_id"]))
        return
    if entry.action not in signals.ACTIONS:
        return
    if bulk_reconcile.is_of_bulk(entry):
        bulk_reconcile.follow(entry)
        return
    decision = Decision.objects.filter(pk=entry.pk).first()
    if decision is not None and (entry.outcome in (DONE, FAILED) or entry.result.get("cut_off")):
        sending.follow(decision, entry)
