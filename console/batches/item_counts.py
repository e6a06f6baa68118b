"""How many work items of a batch have each status, and how many wait for review."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.items import counts
from console.items.counts import Count, ItemQuery, StatusCount
from console.items.statuses import CLIENT_REVIEW, status_named

COUNT_SECONDS = 30
MOST_BATCHES = 100
"""More than this the vendor does not take in one filter (FACTS 2.9)."""


@dataclass(frozen=True)
class BatchCounts:
    """Work items by status. `at_least` is true where counting stopped at its bound."""

    by_status: tuple[StatusCount, ...]
    total: int
    at_least: bool
    overdue: int = 0
    next_due: datetime | None = None
    """The soonest date, not passed yet, of an item somebody still has to work on or look at."""

    @property
    def in_review(self) -> Count:
        return next((one.count for one in self.by_status if one.status is CLIENT_REVIEW), Count(0))


def count_items(*, user: Person, project: uuid.UUID, batch_id: int) -> BatchCounts:
    """Walks the batch's items, ten calls at most; past that the figures are a lower bound and say so."""
    key = counts.cache_key("batch", user=user, project=str(project), about=batch_id)
    batch_counts: BatchCounts | None = cache.get(key)
    if batch_counts is None:
        batch_counts = _count_items(user, project, batch_id)
        cache.set(key, batch_counts, COUNT_SECONDS)
    return batch_counts


def count_waiting(*, user: Person, project: uuid.UUID, batch_ids: Sequence[int]) -> dict[int, Count]:
    """How many items of each batch wait for the client's review: one walk for all, cached for a short time."""
    ids = sorted(set(batch_ids))[:MOST_BATCHES]
    key = counts.cache_key("waiting", user=user, project=str(project), about=ids)
    by_batch: dict[int, Count] | None = cache.get(key)
    if by_batch is None:
        by_batch = _count_waiting(user, project, ids)
        cache.set(key, by_batch, COUNT_SECONDS)
    return by_batch


def _count_items(user: Person, project: uuid.UUID, batch_id: int) -> BatchCounts:
    query = ItemQuery(str(project), {"batch_ids": (batch_id,)})
    walk = counts.read_list(connections.cloudfactory(user), query)
    tally, at_least = counts.tally(walk.items), not walk.is_complete
    statuses = [status for status in counts.ordered(tally) if tally[status.value]]
    unfinished = [item for item in walk.items if status_named(item.status).is_unfinished]
    due, now = [item.due_at for item in unfinished if item.due_at], timezone.now()
    return BatchCounts(
        by_status=tuple(StatusCount(status, Count(tally[status.value], at_least)) for status in statuses),
        total=tally.total(),
        at_least=at_least,
        overdue=sum(moment <= now for moment in due),
        next_due=min((moment for moment in due if moment > now), default=None),
    )


def _count_waiting(user: Person, project: uuid.UUID, batch_ids: Sequence[int]) -> dict[int, Count]:
    if not batch_ids:
        return {}
    query = ItemQuery(str(project), {"batch_ids": batch_ids, "status": CLIENT_REVIEW.value})
    walk = counts.read_list(connections.cloudfactory(user), query)
    tally = Counter(item.batch_id for item in walk.items)
    return {batch_id: Count(tally[batch_id], not walk.is_complete) for batch_id in batch_ids}
