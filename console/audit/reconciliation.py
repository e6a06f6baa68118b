"""Reconciliation: finding out by reading what became of acts whose outcome is unknown.

An app registers one function for each action it can look up:

    # find_slice(entry) -> ("done", {"thing_id": "northwind/rain"})
    reconciliation.register("slice.create", find_slice)

Such a function only reads. "done" is believed at once, and "not sent" where our own database proves it. "not found" is
never "not done", because a vendor's list can be behind: checks go on, backed off, for AUDIT_SETTLE_SPAN seconds, and
then the entry says so and stays unknown. "unsure" is for a person. After both, slow checks go on for a day, so that a
late find still counts.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from console.audit import record, sentences
from console.audit.entries import Outcome
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, Lookup

log = logging.getLogger(__name__)

Finding = Literal["done", "not found", "unsure", "not sent"]
Find = Callable[[Entry], tuple[Finding, dict[str, Any]]]
Status = Literal["done", "failed", "under way", "checking", "not found", "unsure"]

UNREADABLE: Final = "unreadable"
LEAST_MISSES = 3
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=2)
OUTAGE_WAIT = timedelta(minutes=10)
# Of an act of many: each is a call to the vendor, and somebody waits for the page.
PARTS_AT_ONCE = 3
SLOW_WAIT, LAST_CHECK = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Reconciler:
    find: Find
    is_exact: bool = False


_reconcilers: dict[str, Reconciler] = {}


@dataclass(frozen=True)
class Reconciliation:
    """What is known of an act's outcome, in one value for pages.

    `status` is `done` or `failed`; `under way` (too young to have been cut off); `checking` (checks go on by
    themselves, `next_check_at`); `not found` (nothing in ten minutes of checks: sending again can be offered, with the
    words of `message`); or `unsure` (for a person, who closes the entry with a note).
    """

    status: Status
    vendor: str = "the service"
    finding: str = ""
    is_exact: bool = False
    checks: int = 0
    checked_at: datetime | None = None
    next_check_at: datetime | None = None
    can_check: bool = False

    @property
    def is_resolved(self) -> bool:
        return self.status in (DONE, FAILED)

    @property
    def is_unresolved(self) -> bool:
        return self.status in ("checking", "not found", "unsure")

    @property
    def can_send_again(self) -> bool:
        return self.status == "not found"

    @property
    def message(self) -> str:
        """What a page says about it, in one or two sentences; "" once it is settled."""
        if self.is_resolved:
            return ""
        if self.status == "under way":
            return f"{self.vendor} has not answered yet."
        if self.status == "not found":
            return self._not_found
        if self.status == "unsure":
            return (
                f"Checking can't tell whether it worked. Check in {self.vendor} and close this entry with a note."
                if self.can_check
                else f"It can't be checked from here. Check in {self.vendor} and close this entry with a note."
            )
        if self.finding == "not found":
            finding = "Still as before" if self.is_exact else "Not found yet"
            return f"{finding}. {self.vendor} may be behind; we keep checking for {span_in_words()}."
        if self.finding == UNREADABLE:
            return f"{self.vendor} could not be read at the last check. We keep checking."
        return f"We keep checking for {span_in_words()} whether it worked."

    @property
    def _not_found(self) -> str:
        if self.is_exact:
            return f"Still as before after {span_in_words()} of checks. It can be sent again."
        return f"Not found in {span_in_words()} of checks. It can be sent again, but a second one may result."


def register(action: str, find: Find, *, is_exact: bool = False) -> None:
    """`is_exact`: the reconciler compares a thing with what it was before, so sending again makes no second one."""
    _reconcilers[action] = Reconciler(find, is_exact)


def can_look(entry: Entry) -> bool:
    """Whether reading can tell: the app knows how, and the person whose key is used is still there."""
    return entry.action in _reconcilers and entry.actor is not None and entry.actor.is_active


def state(entry: Entry) -> Reconciliation:
    """What is known now. Reads only our own database."""
    lookup = None if entry.outcome in (DONE, FAILED) else Lookup.objects.filter(pk=entry.pk).first()
    return _state(entry, lookup)


def check(entry: Entry) -> Reconciliation:
    """As `look`, where something can still be found out; else what is known. A request under way is not looked up."""
    now = state(entry)
    return look(entry) if now.is_unresolved and now.can_check else now


def look(entry: Entry) -> Reconciliation:
    """Reads once at the vendor, records what that proves, and returns what is known then."""
    finding, detail = _ask(entry)
    if finding in ("done", "not sent"):
        _reconcile(entry, DONE if finding == "done" else FAILED, detail)
        return state(_fresh(entry))
    lookup = _remember(entry, finding)
    if finding == "not found" and _is_enough(lookup) and not entry.result.get("not_found"):
        _mark_not_found(entry, lookup)
    fresh = _fresh(entry)
    Lookup.objects.filter(pk=entry.pk).update(next_check_at=_next_check(fresh, lookup))
    return state(fresh)


def parts_unresolved(group: uuid.UUID) -> list[tuple[Entry, Reconciliation]]:
    """A few parts of an act without a known outcome, with what is known of each: those first that are checked next."""
    parts = record.open_or_unknown().filter(group=group).select_related("actor").prefetch_related("outcomes")
    entries = list(parts.order_by(F("lookup__next_check_at").asc(nulls_last=True), "sequence")[:PARTS_AT_ONCE])
    lookups = Lookup.objects.in_bulk([part.pk for part in entries])
    return [(part, _state(part, lookups.get(part.pk))) for part in entries]


def check_parts(group: uuid.UUID) -> None:
    """Checks a few unresolved parts of an act; the others are due then, for the background."""
    parts = parts_unresolved(group)
    for part, now in parts:
        if now.is_unresolved and now.can_check:
            look(part)
    others = Lookup.objects.filter(entry__group=group, next_check_at__isnull=False)
    others.exclude(pk__in=[part.pk for part, _ in parts]).update(next_check_at=timezone.now())


def mark_cut_off() -> list[Entry]:
    """Open entries older than the grace become unknown: their process stopped before an answer came."""
    return [entry for entry in record.open_or_unknown().standing(OPEN) if _is_marked_unknown(entry)]


def due() -> list[Entry]:
    """Unknown entries that can be looked up and whose next check has come; first those never checked."""
    now = timezone.now()
    waiting = record.open_or_unknown().standing(UNKNOWN).select_related("actor")
    # No check is put off for longer than SLOW_WAIT, except by a clock that was wrong.
    has_come = Q(lookup__next_check_at__lte=now) | Q(lookup__next_check_at__gt=now + SLOW_WAIT)
    entries = waiting.filter(Q(lookup__isnull=True) | has_come)
    return [entry for entry in entries.order_by(F("lookup__next_check_at").asc(nulls_first=True)) if can_look(entry)]


def look_up_all() -> list[tuple[Entry, Reconciliation]]:
    """Looks once at everything that is open or unknown and can be looked up, due or not."""
    mark_cut_off()
    waiting = list(record.open_or_unknown().select_related("actor"))
    return [(entry, look(entry)) for entry in waiting if can_look(entry)]


def span_in_words() -> str:
    seconds = settings.AUDIT_SETTLE_SPAN
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds} seconds"
    return {1: "a minute", 10: "ten minutes"}.get(minutes, f"{minutes} minutes")


def _state(entry: Entry, lookup: Lookup | None) -> Reconciliation:
    outcome = entry.outcome
    if outcome == DONE:
        return Reconciliation("done")
    if outcome == FAILED:
        return Reconciliation("failed")
    reconciler, is_checkable = _reconcilers.get(entry.action), can_look(entry)
    return Reconciliation(
        status=_status(entry, lookup, is_checkable),
        vendor=sentences.VENDORS.get(entry.vendor, "the service"),
        finding=lookup.finding if lookup else "",
        is_exact=reconciler is not None and reconciler.is_exact,
        checks=lookup.checks if lookup else 0,
        checked_at=lookup.checked_at if lookup else None,
        next_check_at=lookup.next_check_at if lookup else None,
        can_check=is_checkable,
    )


def _status(entry: Entry, lookup: Lookup | None, is_checkable: bool) -> Status:
    if entry.outcome == OPEN and not entry.is_cut_off(timezone.now() - record.grace()):
        return "under way"
    if entry.result.get("not_found"):
        return "not found"
    is_over = lookup is not None and (lookup.finding == "unsure" or lookup.next_check_at is None)
    return "unsure" if is_over or not is_checkable else "checking"


def _ask(entry: Entry) -> tuple[str, dict[str, Any]]:
    try:
        return _reconcilers[entry.action].find(entry)
    except Exception as error:  # Any app's reading may fail in its own way; the other entries must still be looked up.
        log.warning("Could not look up %s %s: %s", entry.action, entry.pk, error)
        return UNREADABLE, {}


def _reconcile(entry: Entry, outcome: Outcome, detail: dict[str, Any]) -> None:
    cut_off = entry.outcome == OPEN or entry.result.get("cut_off")
    finding_detail = {**detail, "found": "after a restart" if cut_off else "by looking"}
    try:
        record.reconcile(
            entry, outcome, finding_detail, thing_id=detail.get("thing_id", ""), thing_name=detail.get("thing_name", "")
        )
    except record.AlreadyReconciled as meanwhile:
        log.info("Settled meanwhile: %s", meanwhile.entry.pk)
    Lookup.objects.filter(pk=entry.pk).delete()


def _remember(entry: Entry, finding: str) -> Lookup:
    """Adds one check to the entry's row. The ten minutes run from the first read that found nothing."""
    now = timezone.now()
    lookup, _ = Lookup.objects.get_or_create(pk=entry.pk, defaults={"first_check_at": now, "checked_at": now})
    lookup.checks, lookup.checked_at, lookup.finding = lookup.checks + 1, now, finding
    if finding == "not found":
        lookup.misses += 1
        lookup.first_miss_at = lookup.first_miss_at or now
    lookup.next_check_at = now + LONGEST_WAIT
    lookup.save()
    return lookup


def _is_enough(lookup: Lookup) -> bool:
    spread = lookup.checked_at - (lookup.first_miss_at or lookup.checked_at)
    return lookup.misses >= LEAST_MISSES and spread >= timedelta(seconds=settings.AUDIT_SETTLE_SPAN)


def _next_check(entry: Entry, lookup: Lookup) -> datetime | None:
    """Each wait is as long as all waits before it together, 2 s to 2 min; hourly once the ten minutes are over.

    A service that could not be read for an hour is asked every ten minutes: the key may have been refused.
    """
    now, age = lookup.checked_at, lookup.checked_at - lookup.first_check_at
    if age > LAST_CHECK:
        return None
    if lookup.finding == "unsure" or entry.result.get("not_found"):
        return now + SLOW_WAIT
    return now + min(max(age, SHORTEST_WAIT), LONGEST_WAIT if age < SLOW_WAIT else OUTAGE_WAIT)


def _mark_not_found(entry: Entry, lookup: Lookup) -> None:
    try:
        record.reconcile(entry, UNKNOWN, {"not_found": True, "checks": lookup.misses})
    except record.AlreadyReconciled as meanwhile:
        log.info("Settled meanwhile: %s", meanwhile.entry.pk)


def _is_marked_unknown(entry: Entry) -> bool:
    try:
        record.reconcile(entry, UNKNOWN, {"error": "The console stopped before an answer came.", "cut_off": True})
    except record.AlreadyReconciled as meanwhile:
        log.info("Settled meanwhile: %s", meanwhile.entry.pk)
        return False
    return True


def _fresh(entry: Entry) -> Entry:
    return Entry.objects.select_related("actor").get(pk=entry.pk)
