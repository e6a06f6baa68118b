"""A form that is sent twice acts once, by its one-time id, and the duplicate gets the result of the first.

submission = Submission(user, "batch.rename", act_id)
if submission.was_done():
    return
try:
    with record.audited_call(act_id=act_id, ...):
        ...
except record.AlreadyActed as first:
    wait_for_result(first.entry)
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.connections import ConnectionMissing
from accounts.models import Person
from console.audit import record
from console.audit.models import DONE, FAILED, OPEN, Entry
from console.common import deadline
from console.common.errors import ConsoleError, retry_sentence
from console.upstream import errors

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
NO_ANSWER_YET = "Your first request hasn't been answered yet."
CUT_OFF = "The console stopped before an answer came."
NOT_DONE = "Your first request didn't go through. You can send it again."

CONNECTION_ERRORS = ("ConnectionMissing", "KeyMissing", "KeyUnreadable", "PlaceMissing")
ErrorFactories = Mapping[str, Callable[[], ConsoleError]]
"""Errors that are neither a vendor's nor of a connection, by the name of their class."""


class FirstSubmissionFailed(errors.Refused):
    """The first submission got no clear answer, and was later found not done."""


@dataclass(frozen=True)
class Submission:
    """A form that a person sends under its one-time id."""

    user: Person
    action: str
    act_id: uuid.UUID
    other_errors: ErrorFactories = field(default_factory=dict)

    def find_first(self) -> Entry | None:
        """The entry of the first submission; None where this is the first. Raises IdTaken for another act's id."""
        first = Entry.objects.filter(pk=self.act_id).first()
        if first is not None and (first.actor_id, first.action) != (self.user.pk, self.action):
            raise record.IdTaken
        return first

    def was_done(self) -> bool:
        """Whether the first submission has done it; waits for its end. Raises what it raised, and IdTaken.

        Asked before reading what the first submission can have changed, and again after that.
        """
        first = self.find_first()
        return first is not None and bool(wait_for_result(first, self.other_errors))

    def refuse_duplicate(self) -> None:
        """Raises AlreadyActed where this is not the first submission, and IdTaken."""
        if first := self.find_first():
            raise record.AlreadyActed(first)


def wait_for_result(first: Entry, other_errors: ErrorFactories | None = None) -> Entry:
    """The entry of the first submission once it is done; waits for that as long as the request can last.

    Raises what the first submission raised.
    """
    entry = _wait_for_end(first.pk)
    if entry.outcome == DONE:
        return entry
    error = _error_of(entry, other_errors or {})
    error.entry_id = entry.pk
    raise error


def _wait_for_end(entry_id: uuid.UUID) -> Entry:
    """The entry with its outcome, or still open when the time is up or its process is gone."""
    remaining = deadline.remaining()
    end = time.monotonic() + (settings.REQUEST_SECONDS if remaining is None else remaining)
    pause = FIRST_PAUSE
    while True:
        entry = Entry.objects.get(pk=entry_id)
        if entry.outcome != OPEN or entry.is_cut_off(timezone.now() - record.grace()) or time.monotonic() > end:
            return entry
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _error_of(entry: Entry, other_errors: ErrorFactories) -> ConsoleError:
    detail, newest = entry.result, entry.newest_outcome
    kind, message = str(detail.get("error_kind", "")), str(detail.get("error", ""))
    reference = newest.vendor_reference if newest else ""
    facts: dict[str, Any] = {"vendor": entry.vendor, "status": detail.get("status"), "reference": reference}
    if entry.outcome == FAILED and detail.get("found"):
        return FirstSubmissionFailed(NOT_DONE, **facts)
    if kind in other_errors:
        return other_errors[kind]()
    if kind in CONNECTION_ERRORS:
        return ConnectionMissing(entry.vendor, message)
    if entry.outcome == FAILED:
        return _with_wait(_class(kind, errors.Refused)(message, **facts), entry)
    waiting = NO_ANSWER_YET if not entry.is_cut_off(timezone.now() - record.grace()) else CUT_OFF
    return _class(kind, errors.Unknown)(message or waiting, **facts)


def _with_wait(error: errors.UpstreamError, entry: Entry) -> errors.UpstreamError:
    """The error with the seconds to wait of the first submission, while they last."""
    wait, newest = entry.result.get("retry_in"), entry.newest_outcome
    if isinstance(wait, int | float) and newest and newest.at + timedelta(seconds=wait) > timezone.now():
        error.retry_in = wait
        error.message = f"{error.message} {retry_sentence(wait)}"
    return error


def _class(kind: str, base: type[errors.UpstreamError]) -> type[errors.UpstreamError]:
    error_class = getattr(errors, kind, base)
    is_error = isinstance(error_class, type) and issubclass(error_class, errors.UpstreamError)
    return error_class if is_error and error_class.outcome == base.outcome else base
