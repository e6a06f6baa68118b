"""Finding out, by reading alone, which files of an act are in the file store, where the browser didn't say so.

A file is saved where the store has one of its size at its path (P2 and HEAD). A browser says every minute that it is
still sending; one that was silent for ten has stopped.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from console.audit import reconciliation, record
from console.audit import signals as audit_signals
from console.audit.entries import Outcome
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.files import store_checks, upload_acts
from console.files.ledger import IS_SENT
from console.files.models import Upload, UploadFile
from console.upstream.errors import Unreadable

State = UploadFile.State
SILENT_FOR = timedelta(minutes=10)
# So many acts a minute: each is a row of the audit.
MOST_AT_ONCE = 100
INTERRUPTED = "The browser stopped before it said how it ended."
CAUSE = "the browser stopped before it said how it ended"
NOT_THERE = "Not in the file store."


class UnderWay(Exception):
    """A browser is sending these files: what is not there yet can still come."""


def register() -> None:
    reconciliation.register(upload_acts.ACTION, find_files)
    audit_signals.outcome_known.connect(_follow, dispatch_uid="files.follow")
    audit_signals.outcome_unknown.connect(_follow, dispatch_uid="files.follow_unknown")


def find_files(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Reads the files of the act that are on the way or unknown, and keeps what that proves of each."""
    upload = Upload.objects.filter(pk=entry.group).first() if entry.group else None
    if upload is None or entry.actor is None:
        return "unsure", {}
    rows = list(_under_way(entry))
    if any(row.updated_at > timezone.now() - SILENT_FOR for row in rows if row.state == State.SENDING):
        raise UnderWay("A browser is still sending.")
    findings = store_checks.look_up(entry.actor, upload.space, rows)
    is_final = bool(entry.result.get("not_found"))
    missing = {row.pk for row in rows if row.path and findings[row.pk].state == State.WAITING and not is_final}
    store_checks.save_findings(rows, {pk: one for pk, one in findings.items() if pk not in missing})
    if missing:
        _mark_missing(missing)
        return "not found", {}
    if _under_way(entry).exists():
        raise Unreadable(store_checks.NOT_SAID, vendor="storage", changes=False)
    figures = upload_acts.figures_of(entry)
    return ("done" if figures["items_done"] else "not sent"), figures


def give_up_silent_ones() -> None:
    """Every minute: acts whose browser has stopped become unknown, and are looked up.

    Files whose process was killed before their links came wait again.
    """
    silent = UploadFile.objects.filter(state__in=IS_SENT, updated_at__lt=timezone.now() - SILENT_FOR)
    without_link = silent.filter(state=State.SENDING, path="")
    killed = dict(without_link.values_list("pk", "act_id")[:MOST_AT_ONCE])
    without_link.filter(pk__in=killed).update(state=State.WAITING)
    upload_acts.end_acts({act_id for act_id in killed.values() if act_id}, by=None)
    acts = silent.filter(act_id__isnull=False).order_by().values("act_id")
    entries = Entry.objects.filter(pk__in=acts, state__outcome=OPEN).prefetch_related("outcomes").order_by("sequence")
    for entry in entries[:MOST_AT_ONCE]:
        if not _has_living(entry):
            _reconcile(entry, UNKNOWN, {"error": INTERRUPTED, "cause": CAUSE})


def _has_living(entry: Entry) -> bool:
    return _under_way(entry).filter(updated_at__gte=timezone.now() - SILENT_FOR).exists()


def _follow(entry: Entry, **kwargs: Any) -> None:
    """The files follow what a person said about their act, and what its checks found."""
    if entry.action != upload_acts.ACTION:
        return
    rest = _under_way(entry)
    if entry.outcome == DONE:
        rest.exclude(path="").update(state=State.SAVED, message="", updated_at=timezone.now())
    elif entry.outcome == FAILED:
        rest.update(state=State.FAILED, message=NOT_THERE, updated_at=timezone.now())
    elif entry.result.get("not_found"):
        # Three reads over ten minutes, and no browser that could still be sending.
        rest.update(state=State.FAILED, message=NOT_THERE, updated_at=timezone.now())
        figures = upload_acts.figures_of(entry)
        _reconcile(entry, DONE if figures["items_done"] else FAILED, {**figures, "found": "by looking"})


def _reconcile(entry: Entry, outcome: Outcome, detail: dict[str, Any]) -> None:
    try:
        record.reconcile(entry, outcome, detail)
    except record.AlreadyReconciled:
        return


def _mark_missing(ids: Collection[uuid.UUID]) -> None:
    UploadFile.objects.filter(pk__in=ids, state__in=IS_SENT).update(state=State.UNKNOWN, message=NOT_THERE)


def _under_way(entry: Entry) -> "QuerySet[UploadFile]":
    return UploadFile.objects.filter(act_id=entry.pk, state__in=IS_SENT)
