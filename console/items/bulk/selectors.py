"""Reading the items of a bulk signal's plan."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from console.items.bulk.results import SKEW
from console.items.models import BulkItem, BulkSignal
from console.items.runs.result_selectors import filter_items


def to_be_sent(bulk: BulkSignal) -> "QuerySet[BulkItem]":
    """The items of its plan that are sent: the likely ones, and the unlikely ones if the person asked for them."""
    kinds = [BulkItem.Kind.LIKELY, *([BulkItem.Kind.UNLIKELY] if bulk.includes_unlikely else [])]
    return bulk.items.filter(kind__in=kinds)


def is_recent(read_at: datetime | None, seconds: float) -> bool:
    """Whether it was read within so many seconds. A time in the future was written by a clock that was wrong."""
    if read_at is None:
        return False
    age = timezone.now() - read_at
    return -SKEW <= age <= timedelta(seconds=seconds)


def count_plan(bulk: BulkSignal) -> dict[tuple[str, str], int]:
    """How many of its items have each kind and status."""
    groups = bulk.items.order_by().values_list("kind", "status_before").annotate(count=Count("pk"))
    return {(kind, status): count for kind, status, count in groups}


def read_statuses(bulk: BulkSignal, filter_name: str) -> dict[uuid.UUID, str]:
    """The items of one outcome with the status of each that was read last; none without an outcome."""
    if not filter_name:
        return {}
    statuses = filter_items(bulk, filter_name).values_list("item", "status_before", "status_after")
    return {item: after or before for item, before, after in statuses}
