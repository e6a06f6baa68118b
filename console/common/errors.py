"""The base of every error that a page can show. Pure Python, so that `console.upstream` can import it as well."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

Outcome = Literal["failed", "unknown"]


def retry_sentence(seconds: float) -> str:
    """The sentence that follows a message until the seconds have passed."""
    return f"Try again in {max(1, round(seconds))} s."


class ConsoleError(Exception):
    """An error with a sentence for people.

    A subclass can set each value for all of its errors. Everything has a default, so that copies and pickles work.
    """

    message: str = ""
    outcome: Outcome = "failed"
    """`failed`: surely nothing was changed. `unknown`: a write was sent and may have been done."""
    status: int | None = None
    reference: str | None = None
    """The vendor's number for the request, if it gave one."""
    retry_in: float | None = None
    """Seconds until another try makes sense, if known."""
    entry_id: UUID | None = None
    """The audit entry of the call that failed."""

    def __init__(
        self,
        message: str = "",
        *,
        outcome: Outcome | None = None,
        status: int | None = None,
        reference: str | None = None,
    ) -> None:
        self.message = message or self.message
        super().__init__(self.message)
        self.outcome = outcome or self.outcome
        self.status = self.status if status is None else status
        self.reference = reference or self.reference

    @property
    def lasting_message(self) -> str:
        """The message without the seconds to wait, for people who read it later."""
        return self.message.partition(" Try again in ")[0] if self.retry_in is not None else self.message
