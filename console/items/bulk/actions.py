"""What can be done to many work items at once, in words, and by which signal it can be undone."""

from dataclasses import dataclass

from console.items.signals import APPROVE, OTHERS, SEND_BACK, SignalChoice


@dataclass(frozen=True)
class BulkAction:
    """`verb` is the word on the button, `done_word` completes "86 items were …", `tells` says what CloudFactory hears.

    `undone_from` are the statuses before it that the signal named by `undone_by` restores (DECISIONS, Signals).
    """

    choice: SignalChoice
    verb: str
    done_word: str
    tells: str
    needs_reason: bool = False
    waits: bool = False
    """Whether it waits REVIEW_GRACE seconds before it is sent, because nothing leads back."""
    undone_by: str = ""
    undone_from: frozenset[str] = frozenset()

    @property
    def value(self) -> str:
        return self.choice.value

    def can_undo(self, status_before: str) -> bool:
        return status_before in self.undone_from


_OTHER = {choice.value: choice for choice in OTHERS}

START = BulkAction(
    _OTHER["start"],
    "Start",
    "started",
    "Tells CloudFactory that work on each item has started.",
    undone_by="release",
    undone_from=frozenset({"NEW"}),
)
RELEASE = BulkAction(
    _OTHER["release"],
    "Release",
    "released",
    "Tells CloudFactory to give each item back to the queue.",
    undone_by="start",
    undone_from=frozenset({"IN_PROGRESS"}),
)
APPROVE_MANY = BulkAction(
    APPROVE, "Approve", "approved", "Tells CloudFactory that each item’s review is complete and OK.", waits=True
)
SEND_BACK_MANY = BulkAction(
    SEND_BACK,
    "Send back",
    "sent back",
    "Tells CloudFactory that each item’s review is complete and not OK, with your reason.",
    needs_reason=True,
    waits=True,
)
CANCEL = BulkAction(
    _OTHER["cancel"],
    "Cancel",
    "canceled",
    "Tells CloudFactory that nobody should work on these items.",
    needs_reason=True,
    undone_by="reopen",
    undone_from=frozenset({"NEW"}),
)
REOPEN = BulkAction(
    _OTHER["reopen"],
    "Reopen",
    "reopened",
    "Tells CloudFactory to start work on each item again.",
    undone_by="cancel",
    undone_from=frozenset({"CANCELED"}),
)
BULK_ACTIONS = (START, RELEASE, APPROVE_MANY, SEND_BACK_MANY, CANCEL, REOPEN)
"""In the order of the action bar."""


def action_named(value: str) -> BulkAction | None:
    return next((action for action in BULK_ACTIONS if action.value == value), None)


def action_of(value: str) -> BulkAction:
    """The action of a plan. Raises LookupError for one that is none."""
    action = action_named(value)
    if action is None:
        raise LookupError(f"No action is called {value}.")
    return action
