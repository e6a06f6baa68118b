"""What became of one work item of a part: judged from what CloudFactory's answer said and how the item was read
afterwards.

The console never computes a status (FACTS 2.9): a signal that was taken and can't be seen yet is unknown, and so is an
item of which a clear answer does not speak (FACTS 4, row 7).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.items.models import BulkItem
from console.items.statuses import status_named
from console.upstream.response_models import SignalResult, WorkItem

Outcome = BulkItem.Outcome
# The two clocks need not agree to the second.
SKEW = timedelta(seconds=5)
NOT_NAMED = "CloudFactory’s answer doesn’t say clearly what became of it."
FOUND_BY_READING = "No clear answer came. Reading it showed that it was done."


@dataclass(frozen=True)
class Result:
    """`is_as_before`: it was read and nothing on it had changed since the plan."""

    outcome: str
    message: str = ""
    status_after: str = ""
    is_as_before: bool = False


@dataclass(frozen=True)
class Sent:
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


def judge(sent: Sent, said: SignalResult | None, *, unclear: str = NOT_NAMED) -> Result:
    """`said` is what the answer said of this item, None without a clear word; `unclear` then says why."""
    if said is None:
        return _judge_by_reading(sent, unclear)
    if said.error is not None:
        return Result(Outcome.REFUSED, said.error[:500], sent.status_after)
    seen = sent.status_after or (said.status or "")[:40]
    if sent.expected is not None and seen == sent.before != sent.expected:
        word = status_named(seen).word
        message = f"CloudFactory took it, but the item was still “{word}” afterwards."
        return Result(Outcome.UNKNOWN, message, seen, sent.is_as_before)
    return Result(Outcome.DONE, "" if sent.after else "It could not be read afterwards.", seen)


def refuse(sent: Sent, message: str) -> Result:
    """CloudFactory refused the whole call."""
    return Result(Outcome.REFUSED, message[:500], sent.status_after)


def _judge_by_reading(sent: Sent, unclear: str) -> Result:
    if sent.is_surely_done:
        return Result(Outcome.DONE, FOUND_BY_READING, sent.status_after)
    return Result(Outcome.UNKNOWN, unclear[:500], sent.status_after, sent.is_as_before)
