"""The job that resolves unknown outcomes: reads with the key of the person who acted, backed off, until it is known."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from console.audit import reconciliation, sentences, signals
from console.audit.models import Entry
from console.jobs import handlers, services
from console.jobs.handlers import Done, Result, Retry
from console.jobs.models import Operation

KIND = "audit.reconcile"
# How long a vendor gets to show what it was just asked for, before the first check.
FIRST_WAIT = 2.0


def register() -> None:
    handlers.register(KIND, reconcile, title="Check whether a request with no clear answer worked", address=_address)
    handlers.every_minute(sweep)
    signals.outcome_unknown.connect(_enqueue, dispatch_uid="jobs.reconcile")


def reconcile(operation: Operation) -> Result:
    """One check of one entry. It goes on for a day at most; what is unknown then is for a person."""
    entry = Entry.objects.select_related("actor").get(pk=operation.subject)
    if reconciliation.state(entry).is_resolved:
        return Done("The outcome is known.")
    if not reconciliation.can_look(entry):
        return Done("It can't be checked: somebody closes it with a note.")
    now = reconciliation.look(entry)
    if now.is_resolved:
        return Done("The outcome is known.")
    if now.next_check_at is None:
        return Done("Nothing was found in a day: somebody closes it with a note.")
    wait = (now.next_check_at - timezone.now()).total_seconds()
    return Retry(max(wait, 0.0), now.message)


def sweep() -> None:
    """Every minute: marks what a killed process left open, and picks up whatever is due without a job."""
    reconciliation.mark_cut_off()
    for entry in reconciliation.due():
        _enqueue_entry(entry, 0)


def _address(operation: Operation) -> str:
    return reverse("audit:detail", args=[operation.subject])


def _enqueue(entry: Entry, **more: Any) -> None:
    """An entry that was cut off has waited for a minute already."""
    if reconciliation.can_look(entry):
        _enqueue_entry(entry, 0 if entry.result.get("cut_off") else FIRST_WAIT)


def _enqueue_entry(entry: Entry, delay: float) -> None:
    about = {"about": sentences.plain(sentences.EntrySummary.alone(entry))}
    services.enqueue(kind=KIND, subject=str(entry.pk), person=entry.actor, payload=about, delay=delay)
