"""What became of one work item of a part: judged from what CloudFactory's answer said and how the item was read
afterwards.

The console never computes a status (FACTS 2.9): a signal that was taken and can't be seen yet is unknown, and so is an
item of which a clear answer does not speak (FACTS 4, row 7).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.items.models import BulkItem
from console.items.runs.result_writer import ItemResult
from console.items.statuses import status_named
from console.upstream.response_models import SignalResult, WorkItem

Outcome = BulkItem.Outcome
# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)
NOT_NAMED = "CloudFactory’s answer doesn’t say clearly what became of it."
FOUND_BY_READING = "No clear answer came. Reading it showed that it was done."


@dataclass(frozen=True)
class BulkResult(ItemResult):
    """`is_miss`: it was read and nothing on it had changed since the plan."""

    status_after: str = ""

    @property
    def values(self) -> dict[str, Any]:
        status = {"status_after": self.status_after} if self.status_after else {}
        is_known = {"is_not_done": False} if self.outcome != Outcome.UNKNOWN else {}
        return {**super().values, **status, **is_known}


@dataclass(frozen=True)
class SentItem:
    """One item as it was sent, and as it was read afterwards; `after` is None where it could not be read.

    `expected` is the status that should follow, None for an unlikely signal.
    """

    before: str
    expected: str | None
    at: datetime
    updated_before: datetime | None = None
    after: WorkItem | None = None
    is_perhaps_of_another: bool = False
    """Whether another act can have led to the expected status meanwhile."""

    @property
    def status_after(self) -> str:
        return (self.after.status or "")[:40] if self.after else ""

    @property
    def is_as_before(self) -> bool:
        """False also where the item changed and has its earlier status once more."""
        if self.after is None or self.status_after != self.before or self.expected == self.before:
            return False
        updated = self.after.updated_at
        return self.updated_before is None or updated is None or updated <= self.updated_before

    @property
    def is_surely_done(self) -> bool:
        """Whether the item alone proves it, with no word from CloudFactory."""
        if not self.status_after or self.status_after in ("", self.before) or self.status_after != self.expected:
            return False
        updated = self.after.updated_at if self.after else None
        return not self.is_perhaps_of_another and (updated is None or updated >= self.at - SKEW)


def judge(item: SentItem, answer: SignalResult | None, *, unclear: str = NOT_NAMED) -> BulkResult:
    """`answer` is what CloudFactory's answer says of this item, None without a clear word; `unclear` then says why."""
    if answer is None:
        return _judge_by_reading(item, unclear)
    if answer.error is not None:
        return refuse(item, answer.error)
    status = item.status_after or (answer.status or "")[:40]
    if item.expected is not None and status == item.before != item.expected:
        word = status_named(status).word
        message = f"CloudFactory took it, but the item was still “{word}” afterwards."
        return BulkResult(Outcome.UNKNOWN, message, status, is_miss=item.is_as_before)
    return BulkResult(Outcome.DONE, "" if item.after else "It could not be read afterwards.", status)


def refuse(item: SentItem, message: str) -> BulkResult:
    """CloudFactory refused the item, or the whole call."""
    return BulkResult(Outcome.REFUSED, message[:500], item.status_after)


def _judge_by_reading(item: SentItem, unclear: str) -> BulkResult:
    if item.is_surely_done:
        return BulkResult(Outcome.DONE, FOUND_BY_READING, item.status_after)
    return BulkResult(Outcome.UNKNOWN, unclear[:500], item.status_after, is_miss=item.is_as_before)
