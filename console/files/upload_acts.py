"""The audit's entries of uploads: what each act is about, and how it ended.

An act is a set of files whose links were asked for at once; it has ended when none of them is on the way or unknown.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from accounts import connections
from accounts.models import Person
from console.audit import record
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, GroupLine
from console.files.ledger import IS_SENT
from console.files.models import Upload, UploadFile

State = UploadFile.State
ACTION, VENDOR = "file.upload", "cloudfactory"
MOST_NAME = 200


def describe_act(user: Person, upload: Upload, rows: Sequence[UploadFile], *, again: int) -> dict[str, Any]:
    """`again` of the files were counted as not uploaded before. Their names outlive the ledger here."""
    size = sum(row.size for row in rows)
    names = [f"{row.folder}/{row.name}".strip("/")[-MOST_NAME:] for row in rows]
    return {
        "actor": user,
        "action": ACTION,
        "thing_kind": "space",
        "thing_id": upload.space,
        "thing_name": upload.space_name,
        "vendor": VENDOR,
        "key": connections.key_fingerprint(user, VENDOR),
        "group": upload.pk,
        "detail": {"items": len(rows), "files": names, "bytes": size, **({"items_again": again} if again else {})},
    }


def read_outcomes(act_ids: Collection[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """Of those acts that were recorded."""
    entries = Entry.objects.filter(pk__in=act_ids).prefetch_related("outcomes")
    return {entry.pk: entry.outcome for entry in entries}


def count_earlier_failures(upload: Upload, count: int) -> int:
    """How many of so many files the audit counts as not uploaded."""
    line = GroupLine.objects.filter(pk=upload.pk).first() if count else None
    return min(count, line.items_failed) if line else 0


def end_acts(act_ids: Collection[uuid.UUID], *, by: Person | None) -> None:
    """Records how those acts ended of whose files none is on the way or unknown any more."""
    if not act_ids:
        return
    busy = set(UploadFile.objects.filter(act_id__in=act_ids, state__in=IS_SENT).values_list("act_id", flat=True))
    for entry in Entry.objects.filter(pk__in=set(act_ids) - busy).prefetch_related("outcomes"):
        if entry.outcome in (OPEN, UNKNOWN):
            _end(entry, by)


def _end(entry: Entry, by: Person | None) -> None:
    figures = figures_of(entry)
    try:
        record.reconcile(entry, DONE if figures["items_done"] else FAILED, {**figures, **_reason(entry)}, by=by)
    except record.AlreadyReconciled:
        return


def figures_of(entry: Entry) -> dict[str, int]:
    """How many files of the act are saved; those that are neither on the way nor unknown were not uploaded."""
    states = list(UploadFile.objects.filter(act_id=entry.pk).values_list("state", flat=True))
    saved_count, unknown = states.count(State.SAVED), sum(state in IS_SENT for state in states)
    items = entry.detail.get("items", 0)
    return {"items_done": saved_count, "items_refused": max(0, items - saved_count - unknown), "items_unknown": unknown}


def _reason(entry: Entry) -> dict[str, str]:
    """Why files of the act failed, where all of them failed for the same reason."""
    failed = UploadFile.objects.filter(act_id=entry.pk, state=State.FAILED).exclude(message="")
    messages = list(failed.order_by().values_list("message", flat=True).distinct()[:2])
    return {"error": messages[0]} if len(messages) == 1 else {}
