"""Sending a bulk signal again to those of its items to which it was surely not done."""

import uuid

from django.db.models import Q, QuerySet

from accounts.models import Person
from console.items.bulk import plans
from console.items.bulk.actions import BulkAction
from console.items.models import BulkItem, BulkSignal

Outcome, State = BulkItem.Outcome, BulkSignal.State
FINAL = (State.STOPPED, State.ENDED)
NOT_ENDED = "It has not ended yet. Nothing was sent."
NOTHING_LEFT = "Nothing is left to retry. Nothing was sent."


def find_retryable(bulk: BulkSignal) -> "QuerySet[BulkItem]":
    """Refused ones, planned ones that were not sent, and unknown ones that three checks found not done.

    Without those that an earlier retry reached, or can have reached.
    """
    if bulk.state not in FINAL:
        return bulk.items.none()
    refused = Q(outcome=Outcome.REFUSED) | Q(outcome=Outcome.UNKNOWN, is_not_done=True)
    surely_not = refused | Q(outcome=Outcome.NOT_SENT, act_id__isnull=False)
    return bulk.items.filter(surely_not).exclude(item__in=_retried(bulk).values("item"))


def plan_retry(*, user: Person, bulk: BulkSignal, action: BulkAction, bulk_id: uuid.UUID) -> BulkSignal:
    """A plan of its own for them. A duplicate finds the first plan. raises plans.NotPlanned."""
    if earlier := bulk.sequels.filter(pk=bulk_id, person=user).first():
        return earlier
    if bulk.state not in FINAL:
        raise plans.NotPlanned(NOT_ENDED)
    items = list(find_retryable(bulk))
    if not items:
        raise plans.NotPlanned(NOTHING_LEFT)
    return plans.create_sequel(
        user=user,
        origin=bulk,
        purpose=BulkSignal.Purpose.RETRY,
        action=action,
        bulk_id=bulk_id,
        items=items,
        list_query=bulk.list_query,
    )


def _retried(bulk: BulkSignal) -> "QuerySet[BulkItem]":
    waiting = Q(outcome=Outcome.NONE, act_id__isnull=False)
    reached = waiting | Q(outcome__in=(Outcome.SENDING, Outcome.DONE)) | Q(outcome=Outcome.UNKNOWN, is_not_done=False)
    retries = bulk.sequels.filter(purpose=BulkSignal.Purpose.RETRY).exclude(state=State.TAKEN_BACK)
    return BulkItem.objects.filter(reached, bulk__in=retries)
