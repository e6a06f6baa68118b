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
from console.items.imports import result_writer
from console.items.imports.result_writer import OPEN_OUTCOMES, Result
from console.items.models import Import, ImportRow
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
CLOSED = "Closed by a person, with a note in the audit."
NOT_THERE = "Not created: three checks did not find it."


def is_of_import(entry: Entry) -> bool:
    return entry.action in ACTIONS and entry.group is not None


def is_proven(entry: Entry) -> bool:
    """Whether three reads over AUDIT_SETTLE_SPAN did not find what this entry may have created."""
    return entry.outcome == UNKNOWN and bool(entry.result.get("not_found"))


def find_missing(entry: Entry) -> "QuerySet[ImportRow]":
    """Those rows of an entry that three reads of the batch did not find."""
    return ImportRow.objects.filter(act_id=entry.pk, outcome=Outcome.UNKNOWN, misses__gte=reconciliation.LEAST_MISSES)


def look_for(platform: CloudFactory, import_: Import, rows: Sequence[ImportRow]) -> dict[int, Result]:
    """What the batches hold of these rows. Raises UpstreamError where nothing could be read."""
    by_batch: dict[int | None, list[ImportRow]] = defaultdict(list)
    for row in rows:
        by_batch[row.batch_id].append(row)
    if len(by_batch) > MOST_BATCHES:
        by_batch = defaultdict(list, {None: list(rows)})
    results: dict[int, Result] = {}
    for batch_id, some in by_batch.items():
        results |= _look_in_batch(platform, import_, batch_id, some)
    return results


def _look_in_batch(
    platform: CloudFactory, import_: Import, batch_id: int | None, rows: Collection[ImportRow]
) -> dict[int, Result]:
    since = min((row.sent_at for row in rows if row.sent_at), default=import_.created_at)
    witnesses = _witnesses(import_, batch_id, since)
    found = find_by_console_ids(
        platform,
        project=import_.project,
        batch_id=batch_id,
        ids={row.console_id for row in rows} | witnesses,
        created_from=since - SKEW,
    )
    is_believed = found.is_whole and witnesses <= found.items.keys()
    results = {}
    for row in rows:
        item = found.items.get(row.console_id)
        if item is not None:
            results[row.pk] = Result(Outcome.CREATED, result_writer.FOUND_BY_READING, item=read_uuid(item.id))
        else:
            results[row.pk] = Result(Outcome.UNKNOWN, row.message or result_writer.CUT_OFF, is_missing=is_believed)
    return results


def _witnesses(import_: Import, batch_id: int | None, since: datetime) -> set[uuid.UUID]:
    """Our ids of items that the same list has to show, because CloudFactory said that it created them.

    A list that is behind, was cut, or is filtered by a clock that goes wrong lacks them as well, and proves nothing.
    """
    created = import_.rows.filter(outcome=Outcome.CREATED, item__isnull=False, sent_at__gte=since - WITNESSES_SINCE)
    of_batch = created if batch_id is None else created.filter(batch_id=batch_id)
    return set(of_batch.order_by("-sent_at").values_list("console_id", flat=True)[:MOST_WITNESSES])


def find_rows(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Reads the batches for those rows of the part whose outcome nobody knows, and keeps what that proves of each.

    The act is done once all of them are known. "Not found" is said while one is missing.
    """
    parts.check_not_in_hand(entry.pk)
    import_ = Import.objects.filter(pk=entry.group).first() if entry.group else None
    if import_ is None or entry.actor is None:
        return "unsure", {}
    rows = list(ImportRow.objects.filter(act_id=entry.pk, outcome__in=OPEN_OUTCOMES))
    if rows:
        results = look_for(connections.cloudfactory(entry.actor), import_, rows)
        result_writer.write(import_.pk, results, only=OPEN_OUTCOMES, act=entry.pk)
        counts.forget(project=str(import_.project))
        missing = [result for result in results.values() if result.is_missing]
        if missing:
            # A row can have been missed less often than its act: it follows at a later check.
            follow(entry)
            return "not found", {}
        if any(result.outcome == Outcome.UNKNOWN for result in results.values()):
            raise Unreadable(NOT_ANSWERED, vendor=VENDOR, changes=False)
    return _finding(entry)


def follow(entry: Entry) -> None:
    """The rows follow what a person said about their act, and what its checks found.

    While the job is under way it sends again by itself what the checks did not find.
    """
    if entry.group is None:
        return
    of_act = ImportRow.objects.filter(act_id=entry.pk, outcome__in=OPEN_OUTCOMES)
    write = partial(result_writer.write_all, entry.group, only=OPEN_OUTCOMES, act=entry.pk)
    if is_proven(entry):
        over = of_act.filter(
            misses__gte=reconciliation.LEAST_MISSES, import_run__state__in=(State.STOPPED, State.ENDED)
        )
        write(_keys(over), Result(Outcome.NOT_CREATED, NOT_THERE))
        reconcile_known(entry)
    elif entry.outcome in (DONE, FAILED):
        write(_keys(of_act), Result(Outcome.CREATED if entry.outcome == DONE else Outcome.NOT_CREATED, CLOSED))


def reconcile_known(entry: Entry) -> None:
    """Ends an entry once none of its rows is unknown any more: those not found are sent under another one."""
    tally = result_writer.count_part(entry.pk)
    if entry.outcome in (OPEN, UNKNOWN) and not tally.unknown:
        with suppress(record.AlreadyReconciled):
            record.reconcile(entry, tally.outcome, {**tally.detail, "found": "by looking"})


def _finding(entry: Entry) -> tuple[reconciliation.Finding, dict[str, Any]]:
    """Of an act whose rows are all known, how it ended."""
    found = result_writer.count_part(entry.pk)
    if found.unknown:
        return "unsure", {}
    return "done" if found.created else "not sent", found.detail


def _keys(rows: Any) -> list[int]:
    return list(rows.values_list("pk", flat=True))
