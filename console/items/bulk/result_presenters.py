"""One bulk signal in words, from its countdown to its result, and what became of each of its items."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from console.common.formatting import number, plural
from console.items.bulk.actions import START, BulkAction, action_named
from console.items.models import BulkItem, BulkSignal
from console.items.runs.presenters import Mark, RunResults, RunStatus
from console.items.statuses import Status, status_named

State, Purpose, Outcome = BulkSignal.State, BulkSignal.Purpose, BulkItem.Outcome
FOUND_NOT_DONE = "Three checks found it unchanged."


@dataclass(frozen=True)
class SignalStatus(RunStatus[BulkSignal]):
    """The progress of a bulk signal, from its countdown to its result."""

    NAME = "bulk"
    NOTHING = "Nothing was sent"

    @property
    def action(self) -> BulkAction:
        return action_of(self.run)

    @property
    def is_waiting(self) -> bool:
        return self.state == State.WAITING

    @property
    def is_final(self) -> bool:
        return super().is_final or self.state == State.TAKEN_BACK

    @cached_property
    def seconds(self) -> int:
        due_at = self.run.due_at
        return max(0, math.ceil((due_at - timezone.now()).total_seconds())) if due_at else 0

    @property
    def heading(self) -> str:
        return f"{self.action.verb} {plural(self.planned, 'item')}"

    @property
    def purpose(self) -> str:
        return {Purpose.RETRY: "Retry", Purpose.UNDO: "Undo"}.get(Purpose(self.run.purpose), "")

    @property
    def title(self) -> str:
        doing = f"{self.action.choice.doing} {plural(self.planned, 'item')}"
        if self.is_waiting:
            return f"{doing} in {self.seconds} s" if self.seconds else f"{doing} now"
        lower = doing[:1].lower() + doing[1:]
        return {
            State.SENDING: doing,
            State.PAUSED: f"Paused: {lower}",
            State.STOPPED: f"Stopped: {lower}",
            State.READY: f"Not sent yet: {lower}",
            State.NOT_READ: f"Not sent: {lower}",
            State.TAKEN_BACK: f"Undone: {lower}",
        }.get(State(self.state), f"Finished: {lower}")

    @property
    def summary(self) -> str:
        if self.is_waiting:
            return "Nothing has been sent yet."
        if self.state == State.TAKEN_BACK:
            return "Nothing was sent."
        if self.state == State.READY:
            return "Items changed since you read the plan. Read it once more, then send it."
        return super().summary

    @property
    def reason(self) -> str:
        return "" if self.state == State.TAKEN_BACK else super().reason

    @property
    def counts(self) -> list[tuple[int, str]]:
        return [
            (self.run.done_count, self.action.done_word),
            (self.run.refused_count, "refused"),
            (self.run.unknown_count, "unknown"),
            (self.not_sent, "not sent"),
        ]

    @property
    def tone(self) -> str:
        return "info" if self.state == State.TAKEN_BACK else super().tone

    @property
    def icon(self) -> str:
        return "undo-2" if self.state == State.TAKEN_BACK else super().icon

    @property
    def expected_since(self) -> datetime | None:
        return self.run.due_at if self.is_waiting else super().expected_since


_MARKS: Mapping[str, Mark] = {
    Outcome.DONE: Mark("Done", "good", "circle-check"),
    Outcome.REFUSED: Mark("Refused", "bad", "circle-x"),
    Outcome.UNKNOWN: Mark("Unknown", "warn", "circle-question-mark"),
    Outcome.NOT_SENT: Mark("Not sent", "quiet", "ban"),
    Outcome.SENDING: Mark("Being sent", "info", "hourglass"),
    Outcome.NONE: Mark("Waiting", "quiet", "hourglass"),
}
NOT_DONE = Mark("Not done", "bad", "circle-x")
LEFT_OUT = Mark("Left out", "quiet", "ban")


@dataclass(frozen=True)
class SignalResultRow:
    """One item: its status before, the one asked for, the one it has now, and what was said about it."""

    item: BulkItem
    action: BulkAction
    list_query: str = ""

    @property
    def name(self) -> str:
        return self.item.name or str(self.item.item)

    @property
    def url(self) -> str:
        carried = f"?{urlencode({'list': self.list_query})}" if self.list_query else ""
        return reverse("items:detail", args=[self.item.bulk.project, self.item.item]) + carried

    @property
    def before(self) -> Status:
        return status_named(self.item.status_before)

    @property
    def expected(self) -> str:
        """The status that should follow, where one is known; else the action."""
        status = self.action.choice.leads_to.get(self.item.status_before)
        return status_named(status).word if status else self.action.verb

    @property
    def after(self) -> Status | None:
        return status_named(self.item.status_after) if self.item.status_after else None

    @property
    def mark(self) -> Mark:
        if self.item.is_not_done:
            return NOT_DONE
        is_left_out = self.item.act_id is None and self.item.outcome in (Outcome.NONE, Outcome.NOT_SENT)
        return LEFT_OUT if is_left_out else _MARKS.get(self.item.outcome, _MARKS[Outcome.UNKNOWN])

    @property
    def message(self) -> str:
        return f"{self.item.message} {FOUND_NOT_DONE}".strip() if self.item.is_not_done else self.item.message


@dataclass(frozen=True)
class SignalResults(RunResults[BulkSignal]):
    """A page of a bulk signal's items."""

    TABS = {
        "": "All",
        "done": "Done",
        "refused": "Refused",
        "unknown": "Unknown",
        "not-sent": "Not sent",
        "waiting": "Waiting",
        "left-out": "Left out of the plan",
    }
    ID = "bulk-results"

    @cached_property
    def rows(self) -> list[SignalResultRow]:
        action = action_of(self.run)
        for item in self.page.items:
            item.bulk = self.run
        return [SignalResultRow(item, action, self.run.list_query) for item in self.page.items]

    @property
    def select_label(self) -> str:
        """`Select 12 refused`; "" for all items, of which many have nothing left to do."""
        if not self.filter_name or not self.counts[self.filter_name]:
            return ""
        word = self.TABS[self.filter_name].removesuffix(" of the plan").lower()
        return f"Select {number(self.counts[self.filter_name])} {word}"

    @property
    def select_url(self) -> str:
        return reverse("items:bulk_select", args=[self.run.project, self.run.pk])

    @property
    def sheet_url(self) -> str:
        query = f"?{urlencode({'outcome': self.filter_name})}" if self.filter_name else ""
        return reverse("items:bulk_results", args=[self.run.project, self.run.pk]) + query


def action_of(bulk: BulkSignal) -> BulkAction:
    return action_named(bulk.action) or START
