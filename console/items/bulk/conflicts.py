"""Work items about which something else is waiting or on its way."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from accounts.models import Person
from console.items.bulk.active_signals import read_under_way
from console.items.decisions import services as decisions
from console.items.models import BulkItem, BulkSignal, Decision
from console.items.sent_signals import in_portions

State = Decision.State
REACHED = (BulkItem.Outcome.SENDING, BulkItem.Outcome.DONE, BulkItem.Outcome.UNKNOWN)


def find_conflicts(*, user: Person, project: uuid.UUID, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """Those of the items that must not be signaled now, each with the reason as a sentence."""
    under_way = read_under_way(user=user, project=project, items=ids)
    reasons = {item: bulk.sentence for item, bulk in under_way.items()}
    mine = Decision.objects.filter(person=user, project=project, state__in=decisions.UNFINISHED)
    for some in in_portions(ids):
        for decision in mine.filter(item__in=some):
            if decisions.is_open(decision):
                reasons[decision.item] = _reason(decision)
    return reasons


def is_signaled_since(*, user: Person, project: uuid.UUID, ids: Collection[uuid.UUID], since: datetime) -> bool:
    """Whether the person sent one of the items a signal since it was read: what they planned can't know of that."""
    recent = BulkSignal.objects.filter(person=user, project=project, progressed_at__gte=since)
    reached = BulkItem.objects.filter(bulk__in=list(recent.values_list("pk", flat=True)), outcome__in=REACHED)
    decided = Decision.objects.filter(
        person=user, project=project, state__in=(State.SENT, State.UNKNOWN), finished_at__gte=since
    )
    signaled = {*reached.values_list("item", flat=True), *decided.values_list("item", flat=True)}
    return not signaled.isdisjoint(ids)


def _reason(decision: Decision) -> str:
    label = decisions.label_of(decision)
    if decision.state == State.WAITING:
        return f"Your own decision on it, “{label}”, isn’t sent yet."
    if decision.state == State.SENDING:
        return f"Your own decision on it, “{label}”, is being sent."
    return f"We don’t know yet whether your own decision on it, “{label}”, was done."
