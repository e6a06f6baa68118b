"""Bulk signals that are not finished with a work item."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from accounts import connections
from accounts.models import Person
from console.audit import reconciliation
from console.audit.models import Entry
from console.common.formatting import plural
from console.items.bulk.actions import action_named
from console.items.models import BulkItem, BulkSignal
from console.items.sent_signals import in_portions

State = BulkSignal.State
Outcome = BulkItem.Outcome
UNFINISHED = (Outcome.NONE, Outcome.SENDING, Outcome.UNKNOWN)
_WORDS = {State.WAITING: "isn’t sent yet", State.SENDING: "is being sent", State.PAUSED: "is paused"}


@dataclass(frozen=True)
class BulkUnderWay:
    """A bulk signal of `person` that still has to reach an item, or of which it is unknown whether it did."""

    bulk: BulkSignal
    person: Person
    is_own: bool
    is_unknown: bool

    @property
    def sentence(self) -> str:
        if self.is_unknown:
            return f"We don’t know yet whether {self._name} reached this item."
        return f"{self._name[0].upper()}{self._name[1:]} {_WORDS[State(self.bulk.state)]}."

    @property
    def url(self) -> str:
        return reverse("items:bulk", args=[self.bulk.project, self.bulk.pk])

    @property
    def _name(self) -> str:
        action = action_named(self.bulk.action)
        whose = "your" if self.is_own else f"{self.person}’s"
        verb = f"“{action.verb}” for " if action else "signal to "
        return f"{whose} {verb}{plural(self.bulk.planned_count, 'item')}"


def read_under_way(
    *, user: Person, project: uuid.UUID, items: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, BulkUnderWay]:
    """What is under way for each of these items: one's own first.

    Of colleagues only what is about to be sent by itself: one that is paused reads its items again before it goes on.
    """
    spaces = {space.id for space in connections.spaces(user)}
    about_to_be_sent = Q(outcome__in=(Outcome.NONE, Outcome.SENDING), bulk__state__in=(State.WAITING, State.SENDING))
    own = Q(bulk__person=user) & (
        Q(outcome__in=(Outcome.NONE, Outcome.SENDING), bulk__state=State.PAUSED)
        | Q(outcome=Outcome.UNKNOWN, is_not_done=False)
    )
    by_item: dict[uuid.UUID, BulkUnderWay] = {}
    for ids in in_portions(items):
        # The items lead: by the project, each would be looked for in every signal that there ever was.
        unfinished = BulkItem.objects.filter(item__in=ids, outcome__in=UNFINISHED, act_id__isnull=False)
        rows = unfinished.filter(about_to_be_sent | own).select_related("bulk__person").order_by("-bulk__created_at")
        listed = [row for row in rows if row.bulk.project == project and row.bulk.space in spaces]
        unknown = _open_acts({row.act_id for row in listed if row.outcome == Outcome.UNKNOWN and row.act_id})
        for row in sorted(listed, key=lambda row: row.bulk.person_id != user.pk):
            is_unknown = row.outcome == Outcome.UNKNOWN
            if not is_unknown or row.act_id in unknown:
                is_own = row.bulk.person_id == user.pk
                by_item.setdefault(row.item, BulkUnderWay(row.bulk, row.bulk.person, is_own, is_unknown))
    return by_item


def _open_acts(acts: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the acts whose outcome is still unknown, and that can't be sent again."""
    states = {
        entry.pk: reconciliation.state(entry)
        for entry in Entry.objects.prefetch_related("outcomes").filter(pk__in=acts)
    }
    return {pk for pk, state in states.items() if not state.is_resolved and not state.can_send_again}
