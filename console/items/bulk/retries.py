"""Sending a bulk signal again to those of its items to which it was surely not done."""

import uuid

from django.db.models import Q, QuerySet

from accounts.models import Person
from console.audit import settling
from console.audit.models import Entry
from console.items.bulk import planning
from console.items.bulk.actions import BulkAction
from console.items.models import BulkItem, BulkSignal

Outcome, State = BulkItem.Outcome, BulkSignal.State
FINAL = (State.STOPPED, State.ENDED)
NOT_ENDED = "It has not ended yet. Nothing was sent."
NOTHING_LEFT = "Nothing is left to retry. Nothing was sent."


def find_retryable(bulk: BulkSignal) -> "QuerySet[BulkItem]":
    """Refused ones, planned ones that were not sent, and unknown ones that the checks found not done."""
    if bulk.state not in FINAL:
        return bulk.items.none()
    surely_not = Q(outcome=Outcome.REFUSED) | Q(outcome=Outcome.NOT_SENT, act_id__isnull=False)
    return bulk.items.filter(surely_not | Q(outcome=Outcome.UNKNOWN, act_id__in=_found_not_done(bulk)))


def plan_retry(*, user: Person, bulk: BulkSignal, action: BulkAction, bulk_id: uuid.UUID) -> BulkSignal:
    """A plan of its own for them. A second press finds the first plan. Raises planning.NotPlanned."""
    if earlier := bulk.sequels.filter(pk=bulk_id, person=user).first():
        return earlier
    if bulk.state not in FINAL:
        raise planning.NotPlanned(NOT_ENDED)
    items = list(find_retryable(bulk))
    if not items:
        raise planning.NotPlanned(NOTHING_LEFT)
    return planning.create_sequel(
        user=user,
        origin=bulk,
        purpose=BulkSignal.Purpose.RETRY,
        action=action,
        bulk_id=bulk_id,
        items=items,
        list_query=bulk.list_query,
    )


def _found_not_done(bulk: BulkSignal) -> list[uuid.UUID]:
    """The requests with an unknown outcome of which the audit knows by now that nothing came."""
    if not bulk.unknown_count:
        return []
    unknown = bulk.items.filter(outcome=Outcome.UNKNOWN, act_id__isnull=False).order_by()
    acts = [act for act in unknown.values_list("act_id", flat=True).distinct() if act]
    entries = Entry.objects.filter(pk__in=acts).prefetch_related("outcomes")
    return [entry.pk for entry in entries if settling.state(entry).can_send_again]
