"""The page of a plan: what will become of the items in numbers, each number's list, and the form that sends it."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.urls import reverse

from console.common.formatting import duration, number, plural
from console.items.bulk import plans
from console.items.bulk.actions import SEND_BACK_MANY, BulkAction
from console.items.bulk.forms import SendForm
from console.items.bulk.plan_reader import TOO_MANY_MATCH
from console.items.counts import ordered
from console.items.models import BulkItem, BulkSignal
from console.items.runs.plan_presenters import RunPlan
from console.items.statuses import Status, status_named

State, Kind = BulkSignal.State, BulkItem.Kind
UNDO_TIME = "an hour"

Counts = Mapping[tuple[str, str], int]
"""How many items of the plan have each kind and status."""


@dataclass(frozen=True)
class PlannedItem:
    """One item of the list."""

    row: BulkItem
    project: uuid.UUID

    @property
    def url(self) -> str:
        """Its page; "" for an item that the project doesn't have."""
        return "" if self.row.kind == Kind.GONE else reverse("items:detail", args=[self.project, self.row.item])

    @property
    def id(self) -> str:
        return str(self.row.item)

    @property
    def name(self) -> str:
        return self.row.name or f"Item {self.row.item}"

    @property
    def earlier_status(self) -> Status | None:
        """What it was when it was selected, where it is something else now."""
        is_other = self.row.status_seen and self.row.status_seen != self.row.status_before
        return status_named(self.row.status_seen) if is_other else None

    @property
    def now(self) -> Status | None:
        is_known = self.row.kind not in (Kind.GONE, Kind.UNREAD)
        return status_named(self.row.status_before) if is_known else None

    @property
    def words(self) -> str:
        if self.row.kind == Kind.GONE:
            return "This project has no such work item."
        if self.row.kind == Kind.UNREAD:
            return "CloudFactory’s answer says nothing about it."
        return self.row.message


@dataclass(frozen=True)
class SignalPlan(RunPlan[BulkSignal]):
    """`form` is what was typed."""

    LISTS = {
        **{kind.value: kind for kind in (Kind.LIKELY, Kind.UNLIKELY, Kind.CHANGED, Kind.GONE, Kind.HELD)},
        "could-not-be-read": Kind.UNREAD,
    }
    ICONS = {Kind.LIKELY: ("circle-check", "good"), Kind.GONE: ("circle-x", "bad")}
    ID = "bulk-plan"
    LIST_ID = "plan-items"
    NAME = "plan"
    FOLDER = "items/bulk"

    action: BulkAction
    plan_counts: Counts
    form: SendForm | None = None

    @property
    def is_too_many(self) -> bool:
        """Whether reading once more would change nothing."""
        return self.run.message == TOO_MANY_MATCH

    @property
    def is_expired(self) -> bool:
        return plans.is_expired(self.run)

    @property
    def is_second(self) -> bool:
        """It was pressed and read again, and means something else now."""
        return self.run.is_pressed and not self.is_reading

    @property
    def title(self) -> str:
        title = f"{self.action.verb} work items"
        if self.run.purpose == BulkSignal.Purpose.FIRST:
            return title
        return f"{'Undo' if self.run.purpose == BulkSignal.Purpose.UNDO else 'Retry'}: {title.lower()}"

    @property
    def reading_words(self) -> str:
        if self.is_counting:
            return f"Reading work items: {number(self.total)} so far…" if self.total else "Reading work items…"
        return f"Reading {plural(self.total, 'item')}{'' if self.run.read_at is None else ' once more'}…"

    @property
    def read_words(self) -> str:
        """How far the first reading is, where the end is known."""
        read_count = self.total - self.count(Kind.UNREAD)
        is_shown = read_count and self.run.read_at is None and not self.is_counting
        return f"{number(read_count)} of {number(self.total)} read" if is_shown else ""

    @property
    def is_counting(self) -> bool:
        """Whether it is not known yet how many there are."""
        return self.run.is_all_matching and self.run.read_at is None

    @property
    def total(self) -> int:
        return sum(self.plan_counts.values())

    def count(self, kind: str) -> int:
        return sum(count for (one, _), count in self.plan_counts.items() if one == kind)

    @property
    def likely_count(self) -> int:
        return self.count(Kind.LIKELY)

    @property
    def unlikely_count(self) -> int:
        return self.count(Kind.UNLIKELY)

    @property
    def changed_count(self) -> int:
        return self.count(Kind.CHANGED)

    @property
    def can_send(self) -> bool:
        has_items = self.likely_count + self.unlikely_count > 0
        return self.is_own and has_items and self.run.state == State.READY and not self.is_expired

    @property
    def button(self) -> str:
        """`Reopen 86 items`; where only unlikely ones are left, their number, because it can only send those."""
        return self._button(self.likely_count or self.unlikely_count)

    @property
    def button_with_unlikely(self) -> str:
        return self._button(self.likely_count + self.unlikely_count)

    @property
    def reasons(self) -> Sequence[str]:
        """Ready-made reasons for sending items back."""
        return settings.REVIEW_REASONS if self.action is SEND_BACK_MANY else ()

    @property
    def unlikely_label(self) -> str:
        also = f"Also {self.action.verb.lower()}" if self.likely_count else self.action.verb
        return f"{also} the {plural(self.unlikely_count, 'unlikely item')}"

    @cached_property
    def undo_words(self) -> list[str]:
        """What of it can be undone, said before it is sent."""
        if self.action.waits:
            grace = duration(settings.REVIEW_GRACE)
            return [
                f"This can’t be undone: nothing leads back to review. For {grace} after you press the button, "
                "you can take it back."
            ]
        return [words for words in (self._undo_of(Kind.LIKELY), self._undo_of(Kind.UNLIKELY)) if words]

    @property
    def post_url(self) -> str:
        return self._url("items:bulk_send")

    @property
    def read_again_url(self) -> str:
        return self._url("items:bulk_read_again")

    @property
    def poll_url(self) -> str:
        return f"{self._url('items:bulk_plan')}?look={self.look + 1}"

    @property
    def lifetime(self) -> str:
        return duration(settings.SIGNAL_PLAN_LIFETIME)

    @property
    def can_take_changed(self) -> bool:
        """Whether the list is that of the changed ones, and they can be meant as they are now."""
        return self.is_own and self.shown_kind == Kind.CHANGED and self.run.purpose == BulkSignal.Purpose.FIRST

    @property
    def take_changed_words(self) -> str:
        count = self.changed_count
        return "Plan it as it is now" if count == 1 else f"Plan all {number(count)} as they are now"

    def words_of(self, kind: str) -> str:
        count = self.count(kind)
        are, them = ("is", "it is") if count == 1 else ("are", "they are")
        if kind == Kind.LIKELY:
            return f"{number(count)} will be {self.action.done_word}."
        if kind == Kind.UNLIKELY:
            return f"{number(count)} {are} unlikely to be: {self._status_words(kind)}."
        if kind == Kind.CHANGED:
            return f"{number(count)} changed while you looked, so {them} left out."
        if kind == Kind.GONE:
            return f"{number(count)} {are} not in this project, so {them} left out."
        if kind == Kind.HELD:
            return f"{number(count)} {'has' if count == 1 else 'have'} another signal under way, so {them} left out."
        return f"{number(count)} couldn’t be read, so {them} left out."

    def _status_words(self, kind: str) -> str:
        """`not started`, or with several `7 not started, 2 in progress`."""
        by_status = self._by_status(kind)
        if len(by_status) == 1:
            return by_status[0][0].in_sentence.lower() if by_status[0][0].value else "status not given"
        return ", ".join(f"{number(count)} {status.in_sentence}" for status, count in by_status)

    def _by_status(self, kind: str) -> list[tuple[Status, int]]:
        tally = Counter({status: count for (one, status), count in self.plan_counts.items() if one == kind})
        return [(status, tally[status.value]) for status in ordered(tally) if tally[status.value]]

    def _undo_of(self, kind: str) -> str:
        """For one kind: which of its items can't be undone later, by their status."""
        by_status = self._by_status(kind)
        final = [(status, count) for status, count in by_status if not self.action.can_undo(status.value)]
        total, count = sum(one for _, one in by_status), sum(one for _, one in final)
        if not total:
            return ""
        group = "" if kind == Kind.LIKELY else "unlikely "
        if not count:
            return f"You can undo {'this' if kind == Kind.LIKELY else 'the unlikely ones'} for {UNDO_TIME} afterwards."
        why = " or ".join(f"“{status.word}”" for status, _ in final)
        if count == total:
            they = f"{number(total)} {group}{'item' if total == 1 else 'items'}"
            return f"This can’t be undone later for the {they}: {'it is' if total == 1 else 'they are'} {why}."
        rest = total - count
        return (
            f"{number(count)} of the {number(total)} {group}items can’t be undone later, because "
            f"{'it is' if count == 1 else 'they are'} {why}. "
            f"The other {number(rest)} can be undone for {UNDO_TIME}."
        )

    def _button(self, count: int) -> str:
        return f"{self.action.verb} {plural(count, 'item')}"

    def _url(self, view: str) -> str:
        return reverse(view, args=[self.run.project, self.run.pk])
