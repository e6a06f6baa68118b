"""What a second press of a form is answered: the result of the first one, waited for while that is under way."""

import time
import uuid
from collections.abc import Callable, Mapping
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
CLOSED = "Your first request didn't go through. You can send it again."

CONNECTION_ERRORS = ("ConnectionMissing", "KeyMissing", "KeyUnreadable", "PlaceMissing")
Kinds = Mapping[str, Callable[[], ConsoleError]]


class FirstSubmissionFailed(errors.Refused):
    """The first press got no clear answer, and was found not done since."""


def find_first(*, act_id: uuid.UUID, user: Person, action: str) -> Entry | None:
    """The entry of the first press. Asked before reading what the first press may have changed, and again after it.

    Raises IdTaken where the id belongs to somebody else's or another act.
    """
    first = Entry.objects.filter(pk=act_id).first()
    if first is not None and (first.actor_id, first.action) != (user.pk, action):
        raise record.IdTaken
    return first


def was_done(*, act_id: uuid.UUID, user: Person, action: str, also: Kinds | None = None) -> bool:
    """Whether a first press has done it; waits for its end. Raises what it raised, and IdTaken."""
    first = find_first(act_id=act_id, user=user, action=action)
    return first is not None and bool(wait_for_result(first, also=also))


def wait_for_result(first: Entry, *, also: Kinds | None = None) -> Entry:
    """The entry of the first press once it is done; waits for that as long as the request may last.

    Raises what the first press raised. `also` makes the errors that are neither a vendor's nor of a connection, by
    the name of their class.
    """
    entry = _ended(first.pk)
    if entry.outcome == DONE:
        return entry
    error = _error_of(entry, also or {})
    error.entry_id = entry.pk
    raise error


def _ended(entry_id: uuid.UUID) -> Entry:
    """The entry with its outcome, or still open when the time is up or its process is gone."""
    left = deadline.remaining()
    end = time.monotonic() + (settings.REQUEST_SECONDS if left is None else left)
    pause = FIRST_PAUSE
    while True:
        entry = Entry.objects.get(pk=entry_id)
        if entry.outcome != OPEN or entry.is_cut_off(timezone.now() - record.grace()) or time.monotonic() > end:
            return entry
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _error_of(entry: Entry, also: Kinds) -> ConsoleError:
    said, newest = entry.result, entry.newest_outcome
    kind, message = str(said.get("error_kind", "")), str(said.get("error", ""))
    reference = newest.vendor_reference if newest else ""
    facts: dict[str, Any] = {"vendor": entry.vendor, "status": said.get("status"), "reference": reference}
    if entry.outcome == FAILED and said.get("found"):
        return FirstSubmissionFailed(CLOSED, **facts)
    if kind in also:
        return also[kind]()
    if kind in CONNECTION_ERRORS:
        return ConnectionMissing(entry.vendor, message)
    if entry.outcome == FAILED:
        return _with_wait(_class(kind, errors.Refused)(message, **facts), entry)
    waiting = NO_ANSWER_YET if not entry.is_cut_off(timezone.now() - record.grace()) else CUT_OFF
    return _class(kind, errors.Unknown)(message or waiting, **facts)


def _with_wait(error: errors.UpstreamError, entry: Entry) -> errors.UpstreamError:
    """The error with the seconds to wait that the first press was told, while they last."""
    wait, newest = entry.result.get("retry_in"), entry.newest_outcome
    if isinstance(wait, int | float) and newest and newest.at + timedelta(seconds=wait) > timezone.now():
        error.retry_in = wait
        error.message = f"{error.message} {retry_sentence(wait)}"
    return error


def _class(kind: str, base: type[errors.UpstreamError]) -> type[errors.UpstreamError]:
    found = getattr(errors, kind, base)
    is_error = isinstance(found, type) and issubclass(found, errors.UpstreamError)
    return found if is_error and found.outcome == base.outcome else base
