"""Finding out, by reading alone, which rows of a part were created whose answer was lost."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet

from accounts import connections
from console.audit import reconciliation, record
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.common.parsing import read_uuid
from console.items import counts
from console.items.console_ids import find_by_console_ids
from console.items.imports import results
from console.items.imports.results import RowResult
from console.items.models import Import, ImportRow
from console.items.runs import result_writer
from console.items.selectors import NOT_ANSWERED, VENDOR
from console.jobs import parts
from console.upstream.cloudfactory import CloudFactory
from console.upstream.errors import Unreadable

Outcome, State = ImportRow.Outcome, Import.State
ACTIONS = ("item.create", "slice.send")
# The two clocks need not agree, nor the zones they are set to.
SKEW = timedelta(days=1)
WITNESSES_SINCE, MOST_WITNESSES = timedelta(hours=1), 10
# Of more batches than these the items of the whole project are read, as far back as the import began.
MOST_BATCHES = 3
BY_HAND = "Closed by a person, with a note in the audit."
NOT_THERE = "Not created: three checks did not find it."


def is_of_import(entry: Entry) -> bool:
    return entry.action in ACTIONS and entry.group is not None


def is_proven(entry: Entry) -> bool:
    """Whether three reads over AUDIT_SETTLE_SPAN did not find what this entry may have created."""
    return entry.outcome == UNKNOWN and bool(entry.result.get("not_found"))


def find_missing(entry: Entry) -> "QuerySet[ImportRow]":
    """Those rows of an entry that three reads of the batch did not find."""
    return ImportRow.objects.filter(act_id=entry.pk, outcome=Outcome.UNKNOWN, misses__gte=reconciliation.LEAST_MISSES)


def look_for(platform: CloudFactory, import_run: Import, rows: Sequence[ImportRow]) -> dict[int, RowResult]:
    """What the batches hold of these rows. Raises UpstreamError where nothing could be read."""
    by_batch: dict[int | None, list[ImportRow]] = defaultdict(list)
    for row in rows:
        by_batch[row.batch_id].append(row)
    if len(by_batch) > MOST_BATCHES:
        by_batch = defaultdict(list, {None: list(rows)})
    by_row: dict[int, RowResult] = {}
    for batch_id, some in by_batch.items():
        by_row |= _look_in_batch(platform, import_run, batch_id, some)
    return by_row


def _look_in_batch(
    platform: CloudFactory, import_run: Import, batch_id: int | None, rows: Collection[ImportRow]
) -> dict[int, RowResult]:
    since = min((row.sent_at for row in rows if row.sent_at), default=import_run.created_at)
    witnesses = _witnesses(import_run, batch_id, since)
    listed = find_by_console_ids(
        platform,
        project=import_run.project,
        batch_id=batch_id,
        ids={row.console_id for row in rows} | witnesses,
        created_from=since - SKEW,
    )
    is_believed = listed.is_whole and witnesses <= listed.items.keys()
    by_row = {}
    for row in rows:
        item = listed.items.get(row.console_id)
        if item is not None:
            by_row[row.pk] = RowResult(Outcome.CREATED, results.FOUND_BY_READING, item=read_uuid(item.id))
        else:
            by_row[row.pk] = RowResult(Outcome.UNKNOWN, row.message or result_writer.CUT_OFF, is_miss=is_believed)
    return by_row


def _witnesses(import_run: Import, batch_id: int | None, since: datetime) -> set[uuid.UUID]:
    """Our ids of items that the same list has to show, because CloudFactory said that it created them.

    A list that is behind, was cut, or is filtered by a clock that goes wrong lacks them as well, and proves nothing.
    """
    created = import_run.rows.filter(outcome=Outcome.CREATED, item__isnull=False, sent_at__gte=since - WITNESSES_SINCE)
    of_batch = created if batch_id is None else created.filter(batch_id=batch_id)
    return set(of_batch.order_by("-sent_at").values_list("console_id", flat=True)[:MOST_WITNESSES])


def find_rows(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Reads the batches for those rows of the part whose outcome is unknown, and stores what that proves of each.

    The act is done once all of them are known. "Not found" is said while one is missing.
    """
    parts.check_not_in_hand(entry.pk)
    import_run = Import.objects.filter(pk=entry.group).first() if entry.group else None
    if import_run is None or entry.actor is None:
        return "unsure", {}
    rows = list(ImportRow.objects.filter(act_id=entry.pk, outcome__in=ImportRow.OPEN_OUTCOMES))
    if rows:
        by_row = look_for(connections.cloudfactory(entry.actor), import_run, rows)
        result_writer.write(Import, import_run.pk, by_row, only=ImportRow.OPEN_OUTCOMES, act=entry.pk)
        counts.forget(project=str(import_run.project))
        missing = [result for result in by_row.values() if result.is_miss]
        if missing:
            # A row can have been missed less often than its act: it follows at a later check.
            follow(entry)
            return "not found", {}
        if any(result.outcome == Outcome.UNKNOWN for result in by_row.values()):
            raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    return _finding(entry)


def follow(entry: Entry) -> None:
    """The rows follow what a person said about their act, and what its checks found.

    While the job is under way it sends again by itself what the checks did not find.
    """
    if entry.group is None:
        return
    of_act = ImportRow.objects.filter(act_id=entry.pk, outcome__in=ImportRow.OPEN_OUTCOMES)
    write = partial(result_writer.write_all, Import, entry.group, only=ImportRow.OPEN_OUTCOMES, act=entry.pk)
    if is_proven(entry):
        over = of_act.filter(
            misses__gte=reconciliation.LEAST_MISSES, import_run__state__in=(State.STOPPED, State.ENDED)
        )
        write(over, RowResult(Outcome.NOT_CREATED, NOT_THERE))
        reconcile_known(entry)
    elif entry.outcome in (DONE, FAILED):
        write(of_act, RowResult(Outcome.CREATED if entry.outcome == DONE else Outcome.NOT_CREATED, BY_HAND))


def reconcile_known(entry: Entry) -> None:
    """Ends an entry once none of its rows is unknown any more: those not found are sent under another one."""
    tally = result_writer.count_part(ImportRow, entry.pk)
    if entry.outcome in (OPEN, UNKNOWN) and not tally.unknown_count:
        with suppress(record.AlreadyReconciled):
            record.reconcile(entry, tally.outcome, {**tally.detail, "found": "by looking"})


def _finding(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Of an act whose rows are all known, how it ended."""
    tally = result_writer.count_part(ImportRow, entry.pk)
    if tally.unknown_count:
        return "unsure", {}
    return "done" if tally.done_count else "not sent", tally.detail
