"""The forms for deciding on an item, and the strip that follows one decision from its countdown to its outcome."""

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.forms import Form
from django.urls import reverse
from django.utils import timezone

from console.audit.unresolved import Unresolved
from console.common import polling
from console.items.bulk.active_signals import BulkUnderWay
from console.items.models import Decision, ReviewRun
from console.items.signals import APPROVE, OTHERS, SEND_BACK, SignalChoice, choice_of
from console.items.statuses import Status, status_named

State = Decision.State
OVERDUE = 30.0


def unlikely_reason(status: str | None) -> str:
    """Why CloudFactory will probably refuse a signal that does not suit this status."""
    return f"Unlikely: the item is “{status_named(status).word}”."


def ask_words(people: Sequence[str]) -> str:
    """Whom to ask for a right that is missing."""
    if not people:
        return "Ask an administrator of this console."
    first, last = people[:-1], people[-1]
    return f"Ask {', '.join(first)} or {last}." if first else f"Ask {last}."


@dataclass(frozen=True)
class SignalButton:
    choice: SignalChoice
    is_unlikely: bool


@dataclass(frozen=True)
class DecidePanel:
    """`form` is what was typed and refused; `ask` are the people who can give the right that is missing.

    `under_way` is a bulk signal, one's own or a colleague's, that is not finished with the item.
    """

    project: uuid.UUID
    item_id: str
    name: str
    status: Status
    act_id: uuid.UUID
    reasons: Sequence[str]
    run: ReviewRun | None = None
    may_decide: bool = True
    ask: Sequence[str] = ()
    form: Form | None = None
    under_way: BulkUnderWay | None = None

    @property
    def approve(self) -> SignalButton:
        return self._button(APPROVE)

    @property
    def send_back(self) -> SignalButton:
        return self._button(SEND_BACK)

    @property
    def others(self) -> list[SignalButton]:
        """Those that suit the item's status first."""
        return sorted((self._button(choice) for choice in OTHERS), key=lambda button: button.is_unlikely)

    @property
    def approve_url(self) -> str:
        return self._url("items:approve")

    @property
    def send_back_url(self) -> str:
        return self._url("items:send_back")

    @property
    def signal_url(self) -> str:
        return self._url("items:signal")

    @property
    def item_url(self) -> str:
        return self._url("items:detail")

    @property
    def unlikely_reason(self) -> str:
        return unlikely_reason(self.status.value)

    @property
    def whom_to_ask(self) -> str:
        return ask_words(self.ask)

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the fields, and which expert fields are in use."""
        data: Mapping[str, str] = self.form.data if self.form is not None else {}
        return {name: data.get(name) or "" for name in ("reason", "comment", "assignee", "feedback")}

    @property
    def has_expert_text(self) -> bool:
        return bool(self.values["assignee"] or self.values["feedback"])

    def _button(self, choice: SignalChoice) -> SignalButton:
        return SignalButton(choice, choice.is_unlikely(self.status.value))

    def _url(self, view: str) -> str:
        return reverse(view, args=[self.project, self.item_id])


@dataclass(frozen=True)
class DecisionStrip:
    """`look` counts the polls; `event` is triggered on the page when the strip arrives."""

    decision: Decision
    look: int = 0
    event: str = ""
    unresolved: Unresolved | None = None
    note: str = ""
    panel: DecidePanel | None = None
    """The forms for the item as it is now, where the decision changed it."""

    @cached_property
    def act_id(self) -> uuid.UUID:
        """A one-time id for the next decision on the same page."""
        return uuid.uuid4()

    @property
    def is_waiting(self) -> bool:
        return self.decision.state == State.WAITING

    @property
    def is_under_way(self) -> bool:
        return self.decision.state in (State.WAITING, State.SENDING)

    @property
    def is_unknown(self) -> bool:
        return self.decision.state == State.UNKNOWN

    @property
    def has_failed(self) -> bool:
        return self.decision.state == State.FAILED

    @property
    def is_quiet(self) -> bool:
        """Whether it can go by itself: nothing is left to do about it."""
        return self.decision.state in (State.SENT, State.TAKEN_BACK)

    @property
    def tone(self) -> str:
        return {State.SENT: "good", State.FAILED: "bad", State.UNKNOWN: "warn"}.get(self._state, "info")

    @property
    def icon(self) -> str:
        icons = {State.SENT: "circle-check", State.FAILED: "circle-x", State.UNKNOWN: "circle-question-mark"}
        return {**icons, State.TAKEN_BACK: "undo-2"}.get(self._state, "hourglass")

    @property
    def seconds(self) -> int:
        """Until it is sent."""
        return max(0, math.ceil((self.decision.due_at - timezone.now()).total_seconds()))

    @property
    def title(self) -> str:
        name, choice = self.decision.item_name, self._choice
        if self.is_waiting and self.seconds:
            return f"{choice.doing} “{name}” in {self.seconds} s"
        if self.is_under_way:
            return f"{choice.doing} “{name}” now"
        if self.decision.state == State.SENT:
            return f"{choice.past}: “{name}”"
        if self.decision.state == State.TAKEN_BACK:
            return f"Undone: “{name}”"
        return f"{choice.doing} “{name}” failed"

    @property
    def text(self) -> str:
        if self.note:
            return self.note
        if self.decision.state == State.SENT:
            return self._status_words
        if self.decision.state == State.TAKEN_BACK:
            return "Nothing was sent."
        if self.is_waiting and self._overdue:
            return "No background worker has picked this up yet. It will be sent once one runs."
        if self.is_under_way and self._overdue:
            return "There is no answer yet. It is sent once at most."
        return self.decision.message

    @property
    def announcement(self) -> str:
        """For the live region."""
        title = self.unresolved.title if self.unresolved else f"{self.title}."
        undo = "Press u to undo." if self.is_waiting and self.decision.person.single_keys else ""
        return " ".join(filter(None, [title, self.text, undo]))

    @property
    def delay(self) -> int | None:
        """Seconds until the page asks again; None where nothing changes by itself any more."""
        delay = polling.DECISION.delay(self.look)
        return None if self.is_quiet or self.has_failed or delay is None else self.seconds + delay

    @property
    def next_look(self) -> int:
        return self.look + (0 if self.is_waiting and self.seconds else 1)

    @property
    def item_url(self) -> str:
        return reverse("items:detail", args=[self.decision.project, self.decision.item])

    @property
    def url(self) -> str:
        return reverse("items:decision", args=[self.decision.project, self.decision.pk])

    @property
    def take_back_url(self) -> str:
        return reverse("items:take_back", args=[self.decision.project, self.decision.pk])

    @property
    def _state(self) -> State:
        return State(self.decision.state)

    @property
    def _choice(self) -> SignalChoice:
        return choice_of(self.decision.action, self.decision.signal, self.decision.outcome) or APPROVE

    @property
    def _overdue(self) -> bool:
        return (timezone.now() - self.decision.due_at).total_seconds() > OVERDUE

    @property
    def _status_words(self) -> str:
        if not self.decision.status_after:
            return "It was sent. Its new status could not be read."
        return f"CloudFactory shows it as “{status_named(self.decision.status_after).word}” now."
