"""The signals that can be sent for one work item, and the statuses each one suits (FACTS 2.9).

It is not documented which signal changes which status, so an unlikely pair is marked but never refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.conf import settings

OK, NOT_OK = "OK", "NOT_OK"
APPROVED, SENT_BACK, SIGNALED = "item.approve", "item.send_back", "item.signal"
ACTIONS = (APPROVED, SENT_BACK, SIGNALED)


@dataclass(frozen=True)
class SignalChoice:
    """`leads_to` maps each status the signal suits to the status that should follow."""

    value: str
    action: str
    signal: str
    outcome: str
    label: str
    doing: str
    past: str
    tells: str
    leads_to: Mapping[str, str]

    def is_unlikely(self, status: str | None) -> bool:
        return (status or "") not in self.leads_to

    @property
    def task_type(self) -> str:
        return str(settings.LABEL_TASK_TYPE if self.action == SIGNALED else settings.REVIEW_TASK_TYPE)


@dataclass(frozen=True)
class Remarks:
    """What goes along with a signal; all of it can be left out."""

    reason: str = ""
    assignee: str = ""
    feedback: Mapping[str, Any] | None = None

    @property
    def feedback_texts(self) -> list[tuple[str, str]]:
        """Each key of the feedback with its value as text, for people."""
        texts = (self.feedback or {}).items()
        return [(key, value if isinstance(value, str) else json.dumps(value)) for key, value in texts]


def _choice(
    value: str, action: str, signal: str, outcome: str, words: tuple[str, str, str], tells: str, **leads_to: str
) -> SignalChoice:
    return SignalChoice(value, action, signal, outcome, *words, tells, MappingProxyType(leads_to))


APPROVE = _choice(
    "approve",
    APPROVED,
    "complete",
    OK,
    ("Approve", "Approving", "Approved"),
    "Tells CloudFactory that the review is complete and OK.",
    CLIENT_REVIEW="COMPLETED",
)
SEND_BACK = _choice(
    "send-back",
    SENT_BACK,
    "complete",
    NOT_OK,
    ("Send back", "Sending back", "Sent back"),
    "Tells CloudFactory that the review is complete and not OK, with your reason.",
    CLIENT_REVIEW="IN_PROGRESS",
)
OTHERS = (
    _choice(
        "start",
        SIGNALED,
        "start",
        OK,
        ("Start work", "Starting work on", "Work started"),
        "Tells CloudFactory that work on this item has started.",
        NEW="IN_PROGRESS",
    ),
    _choice(
        "release",
        SIGNALED,
        "release",
        OK,
        ("Release", "Releasing", "Released"),
        "Tells CloudFactory to give this item back to the queue.",
        IN_PROGRESS="NEW",
    ),
    _choice(
        "complete-ok",
        SIGNALED,
        "complete",
        OK,
        ("Complete as OK", "Completing", "Completed as OK"),
        "Tells CloudFactory that the labels are complete and OK.",
        IN_PROGRESS="COMPLETED",
    ),
    _choice(
        "complete-not-ok",
        SIGNALED,
        "complete",
        NOT_OK,
        ("Complete as not OK", "Completing as not OK", "Completed as not OK"),
        "Tells CloudFactory that the work is complete and not OK.",
        IN_PROGRESS="FAILED",
    ),
    _choice(
        "cancel",
        SIGNALED,
        "cancel",
        OK,
        ("Cancel item", "Canceling", "Canceled"),
        "Tells CloudFactory that nobody should work on this item.",
        NEW="CANCELED",
        IN_PROGRESS="CANCELED",
        CLIENT_REVIEW="CANCELED",
    ),
    _choice(
        "reopen",
        SIGNALED,
        "reopen",
        OK,
        ("Reopen", "Reopening", "Reopened"),
        "Tells CloudFactory to start work on this item again.",
        COMPLETED="NEW",
        FAILED="NEW",
        CANCELED="NEW",
    ),
)
CHOICES = (APPROVE, SEND_BACK, *OTHERS)


def choice_of(action: str, signal: object, outcome: object) -> SignalChoice | None:
    """The choice that such a decision, or the entry of one in the audit, was."""
    key = (action, signal, outcome)
    return next((one for one in CHOICES if (one.action, one.signal, one.outcome) == key), None)


def other_named(value: str) -> SignalChoice | None:
    return next((one for one in OTHERS if one.value == value), None)
