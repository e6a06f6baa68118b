"""A write that was sent and whose outcome is unknown, as every page shows it: what, why, and how to find out.

`record.act` leaves its entry's id on the error, so that no view has to pass it on.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from console.audit import actions, record, settling
from console.audit.models import OPEN, UNKNOWN, Entry


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
    def state(self) -> settling.Reconciliation:
        """What the checks have found so far, and what can be done."""
        return settling.state(self.entry)

    @property
    def check_url(self) -> str:
        return reverse("audit:settle", args=[self.entry.pk])

    @property
    def entry_url(self) -> str:
        return reverse("audit:detail", args=[self.entry.pk])


def subject_of(entry: Entry) -> str:
    """What the act was about to bring about, as half a sentence."""
    name = f"“{entry.result_name or entry.thing_name or 'without a name'}”"
    return actions.whether(entry.action, name, entry.detail)


def of_error(error: Exception, *, back: str = "") -> Unresolved | None:
    """For an error that leaves the outcome of a write unknown; None for every other error."""
    entry_id = vars(error).get("entry_id")
    if not isinstance(entry_id, UUID) or getattr(error, "outcome", UNKNOWN) != UNKNOWN:
        return None
    entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None or entry.outcome not in (OPEN, UNKNOWN):
        return None
    return Unresolved(entry, getattr(error, "message", ""), back, getattr(error, "reference", None) or "")


def of_thing(person: Any, thing_kind: str, thing_id: str, *, back: str = "") -> list[Unresolved]:
    """What this person sent about a thing without an outcome so far, the newest first."""
    mine = Entry.objects.unsettled(timezone.now() - record.grace()).by(person)
    found = mine.checked(thing_kind=thing_kind, thing_id=thing_id)
    entries = found.prefetch_related("outcomes").order_by("-sequence")
    return [of_entry(entry, back=back) for entry in entries]


def of_entry(entry: Entry, *, back: str = "") -> Unresolved:
    """For an entry that is known to be unresolved, with the reason its outcome row gives."""
    newest = entry.newest_outcome
    reference = newest.vendor_reference if newest else ""
    return Unresolved(entry, str(entry.result.get("error") or ""), back, reference)
