"""Writing the audit: `audited_call` round every call that changes something, `event` for what happens in one moment.

    with record.audited_call(actor=user, action="slice.create", ..., act_id=draft.act_id) as act:
        made = connections.avala(user).create_slice(..., request_id=str(act.id))
        act.done(thing_id=made.slug, thing_name=made.name)

The opening row is committed before the block runs; if that fails, `NotRecorded` is raised and nothing is sent.
"""

import logging
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest
from django.utils import timezone

from console import json_logging
from console.audit import chain, entries, signals
from console.audit.client_ip import address_of
from console.audit.entries import Outcome, Person
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, EntryQuerySet
from console.common import database
from console.common.errors import ConsoleError

log = logging.getLogger(__name__)

_latest: ContextVar[tuple[str, uuid.UUID] | None] = ContextVar("latest_act", default=None)


class NotRecorded(ConsoleError):
    """The database took no entry, so nothing was sent."""

    message = "Not started: it could not be recorded. Nothing was sent."


class IdTaken(NotRecorded):
    """The one-time id belongs to another person or another act. The message does not say whose or which."""

    message = "Not started: this form can no longer be used. Open it again. Nothing was sent."


class AlreadyActed(Exception):
    """The same person submitted twice. `entry.outcome` and `entry.result` are those of the first submission."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(f"Already acted: {entry.action}")


class AlreadyReconciled(Exception):
    """Somebody else reconciled this entry meanwhile."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(f"Already reconciled: {entry.action}")


class audited_call:  # noqa: N801 - reads as a verb: `with record.audited_call(...)`
    """One act: entering writes its opening, `done` or leaving writes its outcome.

    Must not run inside a transaction: the opening has to be there even when everything around it fails.
    """

    def __init__(
        self,
        *,
        actor: Person | None,
        action: str,
        thing_kind: str = "",
        thing_id: object = "",
        thing_name: str = "",
        vendor: str = "",
        request: HttpRequest | None = None,
        act_id: uuid.UUID | None = None,
        group: uuid.UUID | None = None,
        detail: Mapping[str, Any] | None = None,
        note: str = "",
        key: str = "",
        again: bool = False,
    ) -> None:
        """With `again`, an act of the same id that was surely not done is sent once more, under its one entry."""
        self.entry = entries.build_entry(
            Entry.Kind.OPENING,
            actor=actor,
            action=action,
            thing_kind=thing_kind,
            thing_id=thing_id,
            thing_name=thing_name,
            vendor=vendor,
            request=request,
            group=group,
            detail=detail,
            note=note,
            key=key,
            outcome=OPEN,
        )
        # Exactly as it is read back, or the digest of the row would not fit.
        self.entry.id = uuid.UUID(str(act_id)) if act_id else uuid.uuid4()
        self._ended = False
        self._thing_name = ""
        self._again = again

    @property
    def id(self) -> uuid.UUID:
        return self.entry.id

    def __enter__(self) -> Self:
        try:
            with transaction.atomic(durable=True):
                chain.lock()
                if first := Entry.objects.filter(pk=self.id).first():
                    self._open_again(first)
                else:
                    _add(self.entry)
        except (DatabaseError, InterfaceError) as error:
            log.error("Not recorded: %s (%s)", self.entry.action, error)
            database.note_failure()
            raise NotRecorded from error
        _latest.set((json_logging.request_id.get(), self.id))
        return self

    def name_thing(self, thing_name: str) -> None:
        """Sets the thing's name where only the act itself finds it out; recorded with every outcome."""
        self._thing_name = thing_name

    def detach(self) -> None:
        """Leave the block without an outcome: the code that continues the act, such as a stream, ends it later."""
        self._ended = True

    def done(self, **fields: Any) -> None:
        """The call succeeded. Takes `thing_id`, `thing_name`, `detail`, `reference` and `note`."""
        self._end(DONE, **fields)

    def failed(self, **fields: Any) -> None:
        """The call was surely not done."""
        self._end(FAILED, **fields)

    def unknown(self, **fields: Any) -> None:
        """The call was sent and its outcome is unknown."""
        self._end(UNKNOWN, **fields)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """No error is done; an error says itself whether it is failed or unknown. A kill leaves the act open.

        The error gets the entry's id as `entry_id`, so that the page that is shown can link to the entry.
        """
        if isinstance(error, ConsoleError):
            error.entry_id = self.id
        if self._ended:
            return
        if error is None:
            self.done()
        elif isinstance(error, Exception):
            outcome = error.outcome if isinstance(error, ConsoleError) else UNKNOWN
            self._end(outcome, **entries.of_error(error))

    def _end(self, outcome: Outcome, **fields: Any) -> None:
        self._ended = True
        row = entries.outcome(self.entry, outcome, by=self.entry.actor, **{"thing_name": self._thing_name, **fields})
        try:
            with transaction.atomic():
                chain.lock()
                if outcome == UNKNOWN and Entry.objects.get(pk=self.id).outcome == DONE:
                    return  # A check found it done before this call gave up.
                _add(row)
        except (DatabaseError, InterfaceError) as error:
            # The call was sent: to raise now would read as "failed" and people would submit again. The entry
            # stays open and is looked up by reading, as after a crash.
            log.error("The outcome of %s %s was not recorded: %s (%s)", self.entry.action, self.id, outcome, error)
            return
        if outcome == UNKNOWN:
            signals.outcome_unknown.send_robust(Entry, entry=self.entry)

    def _open_again(self, first: Entry) -> None:
        """From here on the act counts as sent, so that after a crash it is looked up and not taken for refused.

        Raises AlreadyActed where it isn't known to be undone, so of two workers the second finds it taken.
        """
        if not self._again or first.outcome != FAILED or isinstance(self._error_of_taken_id(first), IdTaken):
            raise self._error_of_taken_id(first)
        changed = {name: value for name, value in self.entry.detail.items() if first.detail.get(name) != value}
        sent_again = {"error": "", "error_kind": "", **changed, "sent_again": True}
        row = entries.outcome(first, UNKNOWN, by=self.entry.actor, detail=sent_again)
        _add(row)
        self.entry = first

    def _error_of_taken_id(self, first: Entry) -> AlreadyActed | IdTaken:
        entry = self.entry
        same = (first.actor_id, first.action, first.kind) == (entry.actor_id, entry.action, Entry.Kind.OPENING)
        return AlreadyActed(first) if same else IdTaken()


def is_group(group: uuid.UUID) -> bool:
    """Whether acts of this group are recorded. An id that a form brings for new ones belongs to none yet."""
    return Entry.objects.filter(group=group).exists()


def event(
    *,
    actor: Person | None,
    action: str,
    thing_kind: str = "",
    thing_id: object = "",
    thing_name: str = "",
    vendor: str = "",
    request: HttpRequest | None = None,
    group: uuid.UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    note: str = "",
    key: str = "",
    outcome: Outcome = "done",
    reference: str = "",
) -> Entry:
    """A happening of one row. Inside a transaction it is recorded exactly if that commits."""
    entry = entries.build_entry(
        Entry.Kind.EVENT,
        actor=actor,
        action=action,
        thing_kind=thing_kind,
        thing_id=thing_id,
        thing_name=thing_name,
        vendor=vendor,
        request=request,
        group=group,
        detail=detail,
        note=note,
        key=key,
        outcome=outcome,
        reference=reference,
    )
    try:
        with transaction.atomic():
            _add(entry)
    except (DatabaseError, InterfaceError) as error:
        log.error("Not recorded: %s (%s)", action, error)
        database.note_failure()
        raise NotRecorded from error
    return entry


def reconcile(
    entry: Entry,
    outcome: Outcome,
    detail: Mapping[str, Any] | None = None,
    *,
    by: Person | None = None,
    note: str = "",
    thing_id: object = "",
    thing_name: str = "",
    request: HttpRequest | None = None,
) -> Entry:
    """Appends how an open or unknown act ended, found by reading or said by a person.

    Raises AlreadyReconciled where the act has ended meanwhile.
    """
    row = entries.outcome(entry, outcome, by=by, note=note, detail=detail, thing_id=thing_id, thing_name=thing_name)
    row.address, row.page = address_of(request), entries.page_of(request)
    with transaction.atomic():
        chain.lock()
        fresh = Entry.objects.get(pk=entry.pk)
        if fresh.outcome not in (OPEN, UNKNOWN):
            raise AlreadyReconciled(fresh)
        _add(row)
    signal = signals.outcome_unknown if outcome == UNKNOWN else signals.outcome_known
    signal.send_robust(Entry, entry=Entry.objects.get(pk=entry.pk))
    return row


def act_of_this_request() -> uuid.UUID | None:
    """The entry of the newest act that this request has begun, so that an error page doesn't say nothing was sent."""
    request_id, entry_id = _latest.get() or ("", None)
    return entry_id if request_id and request_id == json_logging.request_id.get() else None


def open_or_unknown(action: str | None = None) -> EntryQuerySet:
    """Acts without a known outcome, oldest first. An open one younger than the grace period is still running."""
    waiting = Entry.objects.unreconciled(timezone.now() - grace()).order_by("sequence")
    return waiting.checked(action=action) if action else waiting


def grace() -> timedelta:
    """How long an act may be under way before it counts as cut off: longer than any call may last."""
    return timedelta(seconds=settings.AUDIT_GRACE)


def _add(entry: Entry) -> Entry:
    entry.at = timezone.now()
    chain.add(entry)
    return entry
