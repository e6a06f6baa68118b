"""Notes on a key's card how its calls went, without slowing them down."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, cast

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from accounts import key_capabilities, vendor_status
from accounts.models import ApiKey
from console.common import redaction, stale_cache, write_behind
from console.upstream import errors
from console.upstream.operations import VendorOperation
from console.upstream.transport import Answer, Transport

# A card that is a minute old is fresh enough; a write per call would not be.
NOTED_FOR = 60
KIND = "key-use"
FINDING = "finding:"

_put_off: ContextVar[list[Callable[[], None]] | None] = ContextVar("notes_put_off", default=None)


def record_calls(transport: Transport, key: ApiKey) -> Transport:
    """The same way to the vendor, with every call noted on the key's card."""
    return cast(Transport, RecordingTransport(transport, key))


@contextmanager
def deferred_notes() -> Iterator[None]:
    """Within it calls can run in threads: their notes need the database and are written at the end, in this thread.

    Nor is it asked before each call whether the person is still active: that was asked when the client was created.
    """
    notes: list[Callable[[], None]] = []
    token = _put_off.set(notes)
    try:
        yield
    finally:
        _put_off.reset(token)
        for note in notes:
            note()


class RecordingTransport:
    """Stands where the transport is expected: passes each call on and notes how it ended."""

    def __init__(self, transport: Transport, key: ApiKey) -> None:
        self._transport = transport
        self._key = key

    def send(self, operation: VendorOperation, *args: Any, **kwargs: Any) -> Answer:
        notes = _put_off.get()
        if notes is None:
            self._refuse_disabled()
        began = time.monotonic()
        try:
            answer = self._transport.send(operation, *args, **kwargs)
        except errors.UpstreamError as error:
            _note_now_or_later(notes, partial(self._failed, operation, error))
            raise
        _note_now_or_later(notes, partial(self._answered, operation, time.monotonic() - began))
        return answer

    def _failed(self, operation: VendorOperation, error: errors.UpstreamError) -> None:
        note_failure(self._key, error)
        if isinstance(error, errors.Forbidden):
            note_findings(self._key, {operation.name: "no"})

    def _answered(self, operation: VendorOperation, seconds: float) -> None:
        vendor_status.note_answer(self._key.vendor, seconds)
        note_success(self._key)
        note_findings(self._key, {operation.name: "yes"})

    def _refuse_disabled(self) -> None:
        """Asked before every call, because a long job keeps its client while its owner may be disabled."""
        if not ApiKey.objects.filter(pk=self._key.pk, person__is_active=True).exists():
            raise errors.NotSent("This key is not in use any more: nothing was sent.", vendor=self._key.vendor)


def _note_now_or_later(notes: list[Callable[[], None]] | None, note: Callable[[], None]) -> None:
    if notes is None:
        note()
    else:
        notes.append(note)


def scope(vendor: str, fingerprint: str) -> str:
    """Names a key in caches."""
    return f"{vendor}-{fingerprint}"


def note_success(key: ApiKey) -> None:
    if cache.add(f"key-worked:{key.pk}:{key.fingerprint}", True, NOTED_FOR) or key.rejected:
        _note(key, last_worked_at=timezone.now(), rejected=False)


def note_failure(key: ApiKey, error: errors.UpstreamError) -> None:
    """A 401 marks the key, a 403 does not. What is wrong with a form or a name is not the key's failure.

    A call that was held back, or that a page had no time for, was never sent: what went wrong before is noted already.
    """
    if isinstance(error, errors.HeldBack | errors.OutOfTime):
        return
    if isinstance(error, errors.KeyRejected):
        stale_cache.drop(scope(key.vendor, key.fingerprint))
        _note(key, rejected=True, last_failed_at=timezone.now(), last_failure=failure_message(error))
    elif not _about_the_key(error):
        note_success(key)
    elif cache.add(f"key-failed:{key.pk}:{type(error).__name__}", True, NOTED_FOR):
        _note(key, last_failed_at=timezone.now(), last_failure=failure_message(error))


def failure_message(error: errors.UpstreamError) -> str:
    """What is kept has no seconds in it that have gone by when it is read."""
    if isinstance(error, errors.RateLimited):
        return f"{error.vendor_name} was busy."
    return redaction.hide(error.message)[:300]


def _about_the_key(error: errors.UpstreamError) -> bool:
    if isinstance(error, errors.Refused):
        return isinstance(error, errors.Forbidden | errors.RateLimited)
    return True


def note_findings(key: ApiKey, findings: dict[str, str]) -> None:
    """Adds what a call has shown about the key's abilities; most calls show nothing new and note nothing."""
    operations = key_capabilities.operation_labels(key)
    new = {name: state for name, state in findings.items() if name in operations and key.findings.get(name) != state}
    if new:
        _note(key, **{f"{FINDING}{name}": state for name, state in new.items()})


def with_latest_notes(key: ApiKey) -> ApiKey:
    """The key as its latest calls left it; the row gets their notes a little later."""
    _apply(key, write_behind.pending(KIND, _name(key)))
    return key


def forget(key: ApiKey) -> None:
    """What was noted about this value before it was entered again."""
    write_behind.forget(KIND, _name(key))


def register() -> None:
    write_behind.register(KIND, _persist)


def _persist(name: str, fields: dict[str, Any]) -> None:
    """Only where the row still holds the same key: a call that was under way must not mark its successor."""
    pk, _, fingerprint = name.partition(":")
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(pk=pk, fingerprint=fingerprint).first()
        if key is not None:
            _apply(key, fields)
            key.save(update_fields={"findings" if field.startswith(FINDING) else field for field in fields})


def _note(key: ApiKey, **fields: Any) -> None:
    write_behind.note(KIND, _name(key), fields)
    _apply(key, fields)


def _apply(key: ApiKey, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name.startswith(FINDING):
            key.findings = key.findings | {name.removeprefix(FINDING): value}
        else:
            setattr(key, name, value)


def _name(key: ApiKey) -> str:
    return f"{key.pk}:{key.fingerprint}"
