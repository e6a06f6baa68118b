"""One bulk signal in words, from its countdown to its result, and what became of each of its items."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from console.common.formatting import number, plural
from console.items.bulk import services
from console.items.bulk.actions import START, BulkAction, action_named
from console.items.bulk.result_selectors import ResultPage
from console.items.bulk.selectors import PLANNING
from console.items.models import BulkItem, BulkSignal
from console.items.runs import progress
from console.items.runs.presenters import OVERDUE, Mark, RunStatus, Tab
from console.items.statuses import Status, status_named
from console.jobs import parts

State, Outcome = BulkSignal.State, BulkItem.Outcome
UNDER_WAY = (State.WAITING, State.SENDING, State.PAUSED)
FINAL = (State.TAKEN_BACK, State.STOPPED, State.ENDED)
FOUND_NOT_DONE = "Three checks found it unchanged."


@dataclass(frozen=True)
class SignalStatus(RunStatus):
    """The progress of a bulk signal."""

    bulk: BulkSignal

    @property
    def run(self) -> BulkSignal:
        return self.bulk

    @property
    def state(self) -> str:
        return self.bulk.state

    @property
    def action(self) -> BulkAction:
        return action_of(self.bulk)

    @property
    def ident(self) -> str:
        return f"bulk-{self.bulk.pk}"

    @property
    def is_waiting(self) -> bool:
        return self._state == State.WAITING

    @property
    def is_sending(self) -> bool:
        return self._state == State.SENDING

    @property
    def is_paused(self) -> bool:
        return self._state == State.PAUSED

    @property
    def is_final(self) -> bool:
        return self._state in FINAL

    @cached_property
    def seconds(self) -> int:
        """Until it is sent, while it can be taken back."""
        due_at = self.bulk.due_at
        return max(0, math.ceil((due_at - timezone.now()).total_seconds())) if due_at else 0

    @property
    def things(self) -> str:
        return plural(self.planned, "item")

    @property
    def heading(self) -> str:
        """`Reopen 250 items`: what it is about, in any state."""
        return f"{self.action.verb} {self.things}"

    @property
    def purpose(self) -> str:
        return {BulkSignal.Purpose.RETRY: "Retry", BulkSignal.Purpose.UNDO: "Undo"}.get(
            BulkSignal.Purpose(self.bulk.purpose), ""
        )

    @property
    def link_label(self) -> str:
        return "Show the result" if self.is_final else "Show the plan" if self._state in PLANNING else "Show it"

    @property
    def title(self) -> str:
        doing = f"{self.action.choice.doing} {self.things}"
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
        }.get(self._state, f"Finished: {lower}")

    @property
    def text(self) -> str:
        """What came of it, or why it doesn't go on; the bar says how far it is."""
        message = self.bulk.message
        is_said = self._state == State.TAKEN_BACK or message == parts.STOPPED
        return " ".join(filter(None, [self.note, self._words, "" if is_said else message]))

    @property
    def result_words(self) -> str:
        """`100 reopened, 7 refused, 143 not sent.`"""
        bulk = self.bulk
        parts = [
            (bulk.done_count, self.action.done),
            (bulk.refused_count, "refused"),
            (bulk.unknown_count, "unknown"),
            (self.not_sent, "not sent"),
        ]
        said = ", ".join(f"{number(count)} {word}" for count, word in parts if count)
        return f"{said or 'Nothing was sent'}."

    @property
    def not_sent(self) -> int:
        bulk = self.bulk
        return max(0, bulk.planned_count - bulk.done_count - bulk.refused_count - bulk.unknown_count)

    @property
    def tone(self) -> str:
        if self.is_under_way:
            return "warn" if self.is_paused else "info"
        if self._state in PLANNING:
            return "warn"
        if self._state == State.TAKEN_BACK:
            return "info"
        if self.bulk.unknown_count or self._state == State.STOPPED:
            return "warn"
        return "bad" if self.bulk.refused_count or self.not_sent else "good"

    @property
    def icon(self) -> str:
        if self.is_under_way:
            return "triangle-alert" if self.is_paused else "hourglass"
        if self._state == State.TAKEN_BACK:
            return "undo-2"
        return {"good": "circle-check", "bad": "circle-x"}.get(self.tone, "triangle-alert")

    @property
    def is_unattended(self) -> bool:
        """Whether a worker should have got further by now, and none has said why it hasn't."""
        if self.bulk.message not in ("", services.STOPPING):
            return False
        since = self.bulk.due_at if self.is_waiting else self.bulk.progressed_at or self.bulk.started_at
        is_expected = self.is_waiting or self.is_sending
        return is_expected and since is not None and timezone.now() - since > OVERDUE

    @property
    def started_by(self) -> str:
        """Who can stop it, for everybody else."""
        return "" if self.is_own else self.bulk.person.name or self.bulk.person.email

    @property
    def results_id(self) -> str:
        return "bulk-results"

    @property
    def results_label(self) -> str:
        return "Show each item"

    @property
    def progress_url(self) -> str:
        return f"{self._url('items:bulk_progress')}?{self.query(look=self.look + 1)}"

    @property
    def url(self) -> str:
        return self._url("items:bulk")

    @property
    def stop_url(self) -> str:
        return f"{self._url('items:bulk_stop')}?{self.query()}"

    @property
    def carry_on_url(self) -> str:
        return f"{self._url('items:bulk_carry_on')}?{self.query()}"

    @property
    def _words(self) -> str:
        if self.is_waiting:
            return "Nothing has been sent yet."
        if self._state == State.TAKEN_BACK:
            return "Nothing was sent."
        if self._state == State.READY:
            return "Items changed since you read the plan. Read it once more, then send it."
        return self.result_words if self.is_final else ""

    @property
    def _state(self) -> BulkSignal.State:
        return State(self.bulk.state)

    def _url(self, view: str) -> str:
        return reverse(view, args=[self.bulk.project, self.bulk.pk])


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
class ResultRow:
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
    def asked(self) -> str:
        """The status that should follow, where one is known; else the action."""
        expected = self.action.choice.leads_to.get(self.item.status_before)
        return status_named(expected).word if expected else self.action.verb

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


_TAB_WORDS: Mapping[str, str] = {
    "": "All",
    "done": "Done",
    "refused": "Refused",
    "unknown": "Unknown",
    "not-sent": "Not sent",
    "waiting": "Waiting",
    "left-out": "Left out of the plan",
}


@dataclass(frozen=True)
class ResultList:
    """A page of a bulk signal's items."""

    bulk: BulkSignal
    counts: Mapping[str, int]
    chosen: str
    page: ResultPage

    @cached_property
    def rows(self) -> list[ResultRow]:
        action = action_of(self.bulk)
        for item in self.page.items:
            item.bulk = self.bulk
        return [ResultRow(item, action, self.bulk.list_query) for item in self.page.items]

    @property
    def tabs(self) -> list[Tab]:
        """All, and every outcome that some item has."""
        shown = [name for name in _TAB_WORDS if not name or self.counts[name] or name == self.chosen]
        return [
            Tab(name, _TAB_WORDS[name], self.counts[name], self._address(name), name == self.chosen) for name in shown
        ]

    @property
    def select_label(self) -> str:
        """`Select 12 refused`; "" for all items, of which many have nothing left to do."""
        word = _TAB_WORDS[self.chosen].removesuffix(" of the plan").lower()
        return f"Select {number(self.counts[self.chosen])} {word}" if self.chosen and self.counts[self.chosen] else ""

    @property
    def select_url(self) -> str:
        return reverse("items:bulk_select", args=[self.bulk.project, self.bulk.pk])

    @property
    def words(self) -> str:
        page = self.page
        return progress.place_in_words(page.first, page.last, page.total) if page.items else ""

    @property
    def previous_url(self) -> str:
        return self._address(self.chosen, self.page.number - 1) if self.page.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self._address(self.chosen, self.page.number + 1) if self.page.has_next else ""

    @property
    def sheet_url(self) -> str:
        query = f"?{urlencode({'outcome': self.chosen})}" if self.chosen else ""
        return reverse("items:bulk_results", args=[self.bulk.project, self.bulk.pk]) + query

    def _address(self, name: str, page: int = 1) -> str:
        query = {**({"outcome": name} if name else {}), **({"page": str(page)} if page > 1 else {})}
        base = reverse("items:bulk", args=[self.bulk.project, self.bulk.pk])
        return f"{base}?{urlencode(query)}#bulk-results" if query else f"{base}#bulk-results"


def action_of(bulk: BulkSignal) -> BulkAction:
    return action_named(bulk.action) or START
