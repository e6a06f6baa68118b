"""Reading the work items of a plan, a hundred at a time, and what comes of it: numbers that can be sent, or a reason.

Ticked items are read by their ids. "All that match" is read as the table lists them, to the last page; when such a plan
is read again, its items that the filter has lost meanwhile are read by their ids at the end.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.rights import Right
from console.common.formatting import plural
from console.common.parsing import read_uuid
from console.items import table_selectors
from console.items.bulk import plans
from console.items.bulk import services as sending
from console.items.bulk.actions import BulkAction, action_named
from console.items.bulk.conflicts import find_conflicts
from console.items.bulk.selectors import to_be_sent
from console.items.decisions import services as decisions
from console.items.filters import ItemFilter
from console.items.models import BulkItem, BulkSignal
from console.items.runs import plan_reading
from console.items.selectors import MOST_IDS, ItemsById, item_name, read_by_ids
from console.items.sent_signals import in_portions
from console.jobs import handlers, parts
from console.jobs.handlers import Done, Result
from console.jobs.models import Operation, Part
from console.jobs.parts import Busy, Halt, PartDone, PartResult
from console.upstream.errors import NextPageUnclear, RateLimited, UpstreamError
from console.upstream.response_models import WorkItem

State, Kind = BulkSignal.State, BulkItem.Kind
MOST_NAME = 300

NEW_MATCH = "It has matched the filter since the plan before this one."
NO_MATCH = "It doesn’t match the filter any more."
TOO_MANY_MATCH = (
    f"More than {plans.MOST_ITEMS:,} work items match this filter, and a signal can’t go to more than that. "
    "Narrow the filter, then select again."
)
ENDLESS = "CloudFactory’s list doesn’t come to an end, so the work items couldn’t be counted."
ROLE_CHANGED = "Your role can’t signal work items any more."
READ_FIELDS = ("name", "status_seen", "status_before", "updated_before", "read_at", "kind", "message")


def register() -> None:
    plan_reading.register(BulkSignal, read_plan, title="Read work items for a plan")
    handlers.every_night(plans.delete_old)


def read_plan(operation: Operation) -> Result:
    """Reads what is left of a plan; at the end it can be sent, or says why not."""
    bulk = plan_reading.find_run(BulkSignal, operation)
    action = action_named(bulk.action) if bulk else None
    if bulk is None or action is None:
        return Done("Its plan was deleted, or has been read.")
    if not operation.parts.exists():
        _begin(operation, bulk)
    result = parts.run(operation, partial(_read_part, bulk, action), most=plan_reading.PARTS_A_TURN)
    if isinstance(result, Done) and result.message != parts.TAKEN_OVER:
        return plan_reading.end_reading(
            operation,
            bulk,
            result.message,
            finish=partial(_finish, operation),
            fail=_delete_too_many,
            lock=partial(decisions.lock_person, bulk.person),
        )
    return result


def _begin(operation: Operation, bulk: BulkSignal) -> None:
    with transaction.atomic():
        if bulk.is_all_matching:
            # What still has no moment after the last page is what the filter has lost, whatever the clocks say.
            bulk.items.update(read_at=None)
        parts.add(operation, _first_parts(bulk))


def _first_parts(bulk: BulkSignal) -> list[dict[str, Any]]:
    if bulk.is_all_matching:
        return [{"query": bulk.query}]
    return [{"after": start} for start in range(0, _last_position(bulk), MOST_IDS)]


def _last_position(bulk: BulkSignal) -> int:
    return bulk.items.aggregate(last=Max("position"))["last"] or 0


def _read_part(bulk: BulkSignal, action: BulkAction, operation: Operation, part: Part) -> PartResult:
    reading = _PlanReading(bulk, action, operation, part)
    try:
        if "query" in part.payload:
            return reading.read_page()
        if "after" in part.payload:
            start = int(part.payload["after"])
            return reading.read_rows(list(bulk.items.filter(position__gt=start, position__lte=start + MOST_IDS)))
        return reading.read_lost()
    except RateLimited as error:
        return reading.wait(error)
    except UpstreamError as error:
        return Halt(error.lasting_message)
    except ConnectionMissing as error:
        return Halt(error.message)


class _PlanReading:
    """One part of a reading. Done again after a kill, it comes to the same."""

    def __init__(self, bulk: BulkSignal, action: BulkAction, operation: Operation, part: Part) -> None:
        self.bulk, self.action, self.operation, self.part = bulk, action, operation, part

    def read_rows(self, rows: Sequence[BulkItem]) -> PartResult:
        """Up to a hundred items of the plan, by their ids."""
        if rows:
            listed = self._read_by_ids([str(row.item) for row in rows])
            self._store(rows, listed.items, is_whole=listed.is_whole)
        return PartDone()

    def read_page(self) -> PartResult:
        """One page of the filter; the next one becomes the next part."""
        item_filter = ItemFilter.from_query(str(self.part.payload["query"]), user=self.bulk.person)
        if item_filter.problems:
            return Halt(item_filter.problems[0].message)
        page_filter = replace(item_filter, size=MOST_IDS)
        page = table_selectors.read_items(user=self.bulk.person, project=self.bulk.project, item_filter=page_filter)
        if page.unclear:
            raise NextPageUnclear(page.unclear, vendor="cloudfactory", changes=False)
        status = item_filter.status
        items = {item.id: item for item in page.items if _has_status(item, status) and read_uuid(item.id)}
        rows = self._rows_of(items)
        self._store(rows, items, is_whole=True)
        if _last_position(self.bulk) > plans.MOST_ITEMS:
            return Halt(TOO_MANY_MATCH)
        if page.goes_round or (page.next and self._came_before(page.next.query())):
            return Halt(ENDLESS)
        if page.next is None:
            self._add_part({"lost": True})
        elif self.part.number >= plan_reading.MOST_PAGES:
            return Halt(ENDLESS)
        else:
            self._add_part({"query": page.next.query()})
        left_out = len(page.unusable) + sum(1 for item in page.items if not read_uuid(item.id))
        return PartDone({"left_out": left_out})

    def wait(self, error: RateLimited) -> PartResult:
        """The same part once more when the vendor wants it, for as long as a plan lasts; the page says why."""
        waits_since = (timezone.now() - self.operation.created_at).total_seconds()
        if waits_since > settings.SIGNAL_PLAN_LIFETIME:
            return Halt(error.lasting_message)
        self._say(error.lasting_message)
        return Busy(error.retry_in or plan_reading.WAIT, error.lasting_message)

    def _say(self, message: str) -> None:
        if self.bulk.message != message:
            self.bulk.message = message[:500]
            BulkSignal.objects.filter(pk=self.bulk.pk, state=State.READING).update(message=self.bulk.message)

    def read_lost(self) -> PartResult:
        """Up to a hundred items of the plan that the filter doesn't list any more."""
        rows = list(self.bulk.items.filter(read_at=None)[:MOST_IDS])
        result = self.read_rows(rows)
        if len(rows) == MOST_IDS:
            self._add_part({"lost": True})
        return result

    def _read_by_ids(self, ids: Sequence[str]) -> ItemsById:
        """What an answer leaves open is asked for once more."""
        platform = connections.cloudfactory(self.bulk.person)
        listed = read_by_ids(platform, project=self.bulk.project, ids=ids)
        missing = [one for one in ids if one not in listed.items]
        if listed.is_whole or not missing:
            return listed
        parts.keep(self.operation)
        try:
            rest = read_by_ids(platform, project=self.bulk.project, ids=missing)
        except UpstreamError as error:
            if not error.is_silence:
                raise
            return listed
        return ItemsById({**listed.items, **rest.items}, rest.is_whole)

    def _rows_of(self, items: Mapping[str, WorkItem]) -> list[BulkItem]:
        """The plan's rows of these items; those it doesn't have yet are added behind the others."""
        by_item = {row.item: row for row in self.bulk.items.filter(item__in=[uuid.UUID(one) for one in items])}
        last = _last_position(self.bulk)
        message = NEW_MATCH if self.bulk.read_at else ""
        rows = []
        for item_id in map(uuid.UUID, items):
            if item_id not in by_item:
                last += 1
                by_item[item_id] = BulkItem(bulk=self.bulk, position=last, item=item_id, message=message)
            rows.append(by_item[item_id])
        return rows

    def _store(self, rows: Sequence[BulkItem], items: Mapping[str, WorkItem], *, is_whole: bool) -> None:
        self._say("")
        conflicts = find_conflicts(user=self.bulk.person, project=self.bulk.project, ids=[row.item for row in rows])
        now = timezone.now()
        for row in rows:
            self._judge(row, items.get(str(row.item)), conflicts.get(row.item, ""), now, is_whole=is_whole)
            # A row that is there is found by its item, which is all the statement can stumble over.
            row.pk = None
        with transaction.atomic():
            # From here on no other worker has the plan until this is committed.
            parts.keep(self.operation)
            BulkItem.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["bulk", "item"],
                update_fields=READ_FIELDS,
            )

    def _judge(self, row: BulkItem, item: WorkItem | None, conflict: str, now: datetime, *, is_whole: bool) -> None:
        row.read_at = now
        row.message = conflict or (row.message if row.message == NEW_MATCH else "")
        if item is None:
            row.kind = Kind.GONE if is_whole else Kind.UNREAD
            return
        row.name, row.status_before = item_name(item)[:MOST_NAME], (item.status or "")[:40]
        row.updated_before = item.updated_at
        is_changed = row.status_seen not in ("", row.status_before)
        # Without a status of their own, what was read first is what the person sees in the plan.
        row.status_seen = row.status_seen or row.status_before
        if conflict:
            row.kind = Kind.HELD
        elif is_changed:
            row.kind = Kind.CHANGED
        elif "lost" in self.part.payload and self.bulk.is_all_matching:
            row.kind, row.message = Kind.CHANGED, NO_MATCH
        else:
            row.kind = Kind.UNLIKELY if self.action.choice.is_unlikely(row.status_before) else Kind.LIKELY

    def _came_before(self, query: str) -> bool:
        return self.operation.parts.filter(number__lte=self.part.number, payload={"query": query}).exists()

    def _add_part(self, payload: Mapping[str, Any]) -> None:
        """Behind this part, unless it was added before a kill."""
        if not self.operation.parts.filter(number__gt=self.part.number).exists():
            parts.add(self.operation, [payload])


def _has_status(item: WorkItem, status: str) -> bool:
    """An answer can hold others too. An item that doesn't say its status is taken to have the one asked for."""
    return not status or not item.status or item.status.upper() == status


def _delete_too_many(bulk: BulkSignal, problem: str) -> None:
    if problem == TOO_MANY_MATCH:
        bulk.items.all().delete()


def _finish(operation: Operation, bulk: BulkSignal) -> None:
    """Sends a plan that was pressed if it still means the same items; else it can be read and pressed once more."""
    bulk.read_at, bulk.message = timezone.now(), _left_out_words(operation)
    bulk.save(update_fields=["read_at", "message"])
    _mark_held(bulk)
    is_same = operation.payload.get("pressed") == plans.fingerprint(bulk)
    may_send = bulk.person.is_active and bulk.person.can(Right.SIGNAL) and not plans.is_undo_over(bulk)
    if bulk.is_pressed and is_same and may_send:
        sending.start(bulk)
        return
    bulk.state = State.READY
    bulk.save(update_fields=["state"])


def _mark_held(bulk: BulkSignal) -> None:
    """Another signal can have begun behind the part that read its item."""
    items = list(to_be_sent(bulk).values_list("item", flat=True))
    by_reason: dict[str, list[uuid.UUID]] = defaultdict(list)
    for item, reason in find_conflicts(user=bulk.person, project=bulk.project, ids=items).items():
        by_reason[reason].append(item)
    for reason, held_items in by_reason.items():
        for some in in_portions(held_items):
            bulk.items.filter(item__in=some).update(kind=Kind.HELD, message=reason)


def _left_out_words(operation: Operation) -> str:
    came = operation.parts.values_list("result", flat=True)
    count = sum(part.get("left_out", 0) for part in came)
    if not count:
        return ""
    return f"{plural(count, 'row')} of CloudFactory’s list {'has' if count == 1 else 'have'} no usable id."
