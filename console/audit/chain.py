"""How a row is tied to the one before: an HMAC over what it says and the digest before it.

The secret stands apart from the database, so that write access to rows is not enough to compute digests.
"""

import errno
import hashlib
import hmac
import json
import logging
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from console.audit import line_index
from console.audit.models import AnchorGap, ChainHead, ClockStep, Entry
from console.common.parsing import read_int

log = logging.getLogger(__name__)

START = "0" * 64


def add(entry: Entry) -> None:
    """Ties the row to the newest one and saves it. The caller holds `lock()` in an open transaction."""
    head = lock()
    entry.sequence, entry.previous = head.sequence + 1, head.digest
    entry.digest = digest(entry)
    entry.save(force_insert=True)
    line_index.add(entry)
    head.sequence, head.digest = entry.sequence, entry.digest
    if not head.note(entry.at):
        ClockStep.objects.get_or_create(pk=1, defaults={"sequence": entry.sequence})
    head.save()
    newest = (entry.sequence, entry.digest)
    # Robust: a row that is committed stays valid where the file can't be written; the gap is recorded.
    transaction.on_commit(lambda: publish(*newest), robust=True)


def lock() -> ChainHead:
    """The newest link, held until the transaction ends. On SQLite the immediate transaction itself is the lock."""
    return ChainHead.objects.select_for_update().get_or_create(pk=1)[0]


def digest(entry: Entry) -> str:
    secret = settings.AUDIT_SECRET.encode()
    return hmac.new(secret, canonical(entry).encode(), hashlib.sha256).hexdigest()


def canonical(entry: Entry) -> str:
    """The row as one exact text. Empty fields are left out, so that a column added later changes no old digest."""
    fields = {field.attname: _plain(getattr(entry, field.attname)) for field in Entry._meta.concrete_fields}
    del fields["digest"]
    values = {name: value for name, value in fields.items() if value not in (None, "", {})}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, uuid.UUID) else value


def publish(sequence: int, newest: str) -> None:
    """Tells the log and the anchor file of the newest link, so that a cut tail shows."""
    log.info("Audit chain now at %d %s", sequence, newest)
    try:
        _append(f"{sequence} {newest}\n")
    except OSError as error:
        log.error("The chain head %d could not be written to the anchor file: %s", sequence, error)
        _remember_gap(sequence, error.strerror or type(error).__name__)


def _append(line: str) -> None:
    """The file is only ever added to: were it replaced, rows written after a cut would hide it.

    One write of one short line is whole or not there, also between processes, unless the disk is full or the machine
    stops: then the next line begins on a line of its own.
    """
    path = Path(settings.AUDIT_ANCHOR)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = f"\n{line}"
        count = os.write(handle, line.encode())
    finally:
        os.close(handle)
    if count < len(line):  # a disk that was full in the middle of the line
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _remember_gap(sequence: int, error: str) -> None:
    """One row for neighbouring links. If the database takes none either, `verify` still finds the gap in the file."""
    try:
        with transaction.atomic():
            lock()
            gap = AnchorGap.objects.filter(last__gte=sequence - 1, first__lte=sequence + 1).first()
            if gap is None:
                AnchorGap.objects.create(first=sequence, last=sequence, since=timezone.now(), error=error[:200])
            else:
                gap.first, gap.last = min(gap.first, sequence), max(gap.last, sequence)
                gap.save()
    except (DatabaseError, InterfaceError) as failure:
        log.error("The gap in the anchor file could not be recorded: %s", failure)


def published() -> Iterator[tuple[int, str]]:
    """The links in the anchor file, in the order they were written. A line cut by a crash is passed over.

    Raises OSError where the file can't be read. What is no regular file, such as a pipe, has nothing to read back.
    """
    path = Path(settings.AUDIT_ANCHOR)
    if not path.is_file():
        return
    with path.open("r", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if link := read_link(line):
                yield link


def read_link(line: str) -> tuple[int, str] | None:
    sequence, _, newest = line.strip().partition(" ")
    number = read_int(sequence)
    return (number, newest) if number is not None and len(newest) == len(START) else None
