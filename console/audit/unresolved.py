"""A write that was sent and whose outcome is unknown, as every page shows it: what, why, and how to find out.

`record.audited_call` leaves its entry's id on the error, so that no view has to pass it on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from console.audit import actions, reconciliation, record, selectors, sentences
from console.audit.models import OPEN, UNKNOWN, Entry, GroupLine
from console.common.errors import ConsoleError


@dataclass(frozen=True)
class Unresolved:
    """What `components/_unresolved.html` needs."""

    entry: Entry
    why: str = ""
    back: str = ""
    """The page of ours that "Check now" returns to; the entry's own page where it is empty."""
    reference: str = ""

    @property
    def title(self) -> str:
        return f"We don't know whether {self.subject}."

    @property
    def subject(self) -> str:
        """The batch “X” was created."""
        return subject_of(self.entry)

    @cached_property
    def state(self) -> reconciliation.Reconciliation:
        """What the checks have found so far, and what can be done."""
        return reconciliation.state(self.entry)

    @property
    def check_url(self) -> str:
        return reverse("audit:reconcile", args=[self.entry.pk])

    @property
    def entry_url(self) -> str:
        return reverse("audit:detail", args=[self.entry.pk])


@dataclass(frozen=True)
class UnresolvedAct(Unresolved):
    """The same of an act of several entries: one strip for all its parts. `entry` is the first."""

    summary: sentences.EntrySummary = field(kw_only=True)
    group: UUID = field(kw_only=True)

    @property
    def subject(self) -> str:
        summary = self.summary
        return actions.whether(self.entry.action, f"“{summary.thing_name or 'without a name'}”", summary.detail)

    @cached_property
    def state(self) -> reconciliation.Reconciliation:
        """Of the part about which most can still be found out."""
        states = [now for _, now in reconciliation.parts_unresolved(self.group)]
        return min(states, key=lambda now: ORDER.index(now.status), default=reconciliation.Reconciliation("under way"))

    @property
    def check_url(self) -> str:
        return reverse("audit:reconcile_group", args=[self.group])

    @property
    def entry_url(self) -> str:
        return reverse("audit:group", args=[self.group])


ORDER = ("checking", "not found", "unsure", "under way", "done", "failed")


def of_line(line: selectors.EntryLine, *, back: str = "") -> Unresolved:
    """For a line that is known to be unresolved, also one of an act of several entries."""
    if line.group is None:
        return of_entry(line.entry, back=back)
    return UnresolvedAct(line.entry, back=back, summary=line.summary, group=line.group.pk)


def subject_of(entry: Entry) -> str:
    """What the act was about to bring about, as half a sentence."""
    name = f"“{entry.result_name or entry.thing_name or 'without a name'}”"
    detail = sentences.EntrySummary.whole(entry, entry.outcome).detail if "items" in entry.detail else entry.detail
    return actions.whether(entry.action, name, detail)


def of_error(error: ConsoleError, *, back: str = "") -> Unresolved | None:
    """For an error that leaves the outcome of a write unknown; None for every other error."""
    if error.entry_id is None or error.outcome != UNKNOWN:
        return None
    entry = Entry.objects.filter(pk=error.entry_id).first()
    if entry is None or entry.outcome not in (OPEN, UNKNOWN):
        return None
    return Unresolved(entry, error.message, back, error.reference or "")


def of_thing(person: Any, thing_kind: str, thing_id: str, *, back: str = "") -> list[Unresolved]:
    """What this person sent about a thing without an outcome so far, the newest first."""
    unreconciled = Entry.objects.unreconciled(timezone.now() - record.grace()).by(person)
    about_thing = unreconciled.naming(thing_kind, thing_id)
    entries = about_thing.prefetch_related("outcomes").order_by("-sequence")
    return of_entries(entries, back=back)


def of_anything(person: Any, *, most: int) -> tuple[list[tuple[selectors.EntryLine, Unresolved]], int]:
    """What this person can see without an outcome so far, the newest first, an act of several entries as one; and how
    many there are in all."""
    before = timezone.now() - record.grace()
    alone = Entry.objects.unreconciled(before).filter(group__isnull=True).visible_to(person)
    acts = Entry.objects.filter(sequence__in=GroupLine.objects.unreconciled(before).values("sequence")).visible_to(
        person
    )
    rows = sorted([*alone.newest(most), *acts.newest(most)], key=lambda row: row.sequence, reverse=True)[:most]
    lines = selectors.group_lines(rows)
    return [(one, of_line(one)) for one in lines], alone.count_lines() + acts.count()


def of_entries(entries: Iterable[Entry], *, back: str = "") -> list[Unresolved]:
    """One for each act, however many of its parts are among the entries."""
    acts: dict[Any, Unresolved] = {}
    for entry in entries:
        if (entry.group or entry.pk) not in acts:
            act = selectors.act_of(entry)
            acts[entry.group or entry.pk] = of_line(act, back=back) if act else of_entry(entry, back=back)
    return list(acts.values())


def of_entry(entry: Entry, *, back: str = "") -> Unresolved:
    """For an entry that is known to be unresolved, with the reason its outcome row gives."""
    newest = entry.newest_outcome
    reference = newest.vendor_reference if newest else ""
    return Unresolved(entry, str(entry.result.get("error") or ""), back, reference)
