"""The six statuses of a work item (FACTS 2.9): word, tone, icon, and whether it still needs work.

One place for every page. A status nobody documented is shown as it came (FACTS, rule 2).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """`tone` chooses a colour, never the only sign; no two statuses share an icon."""

    value: str
    word: str
    tone: str
    icon: str
    is_unfinished: bool = False

    @property
    def is_documented(self) -> bool:
        """Whether lists can be filtered by it."""
        return self.value in _BY_VALUE

    @property
    def in_sentence(self) -> str:
        """`12 waiting for review`: the word behind a number. An undocumented status stays as it is."""
        return self.word[:1].lower() + self.word[1:] if self.is_documented else self.word


NEW = Status("NEW", "Not started", "quiet", "circle-dashed", is_unfinished=True)
IN_PROGRESS = Status("IN_PROGRESS", "In progress", "info", "circle-dot", is_unfinished=True)
CLIENT_REVIEW = Status("CLIENT_REVIEW", "Waiting for review", "warn", "eye", is_unfinished=True)
COMPLETED = Status("COMPLETED", "Completed", "good", "circle-check")
FAILED = Status("FAILED", "Failed", "bad", "circle-x")
CANCELED = Status("CANCELED", "Canceled", "quiet", "ban")

STATUSES = (NEW, IN_PROGRESS, CLIENT_REVIEW, COMPLETED, FAILED, CANCELED)
_BY_VALUE = {status.value: status for status in STATUSES}


def status_named(value: str | None) -> Status:
    """The status of this value; an unknown one under its own name, a missing one as "Status not given"."""
    return _BY_VALUE.get(value or "") or Status(
        value or "", value or "Status not given", "quiet", "circle-question-mark"
    )
