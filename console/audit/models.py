"""Rows that are only ever added: an opening before each call, its outcome after it, and happenings of one row.

The database refuses every change (`guards.py`); `chain.py` ties each row to the one before.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from console.audit import actions, availability

OPEN: Final = "open"
DONE: Final = "done"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
# How long the handing over of a file may be under way.
LASTS = timedelta(hours=12)


class EntryQuerySet(models.QuerySet["Entry"]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if availability.is_left_out():
            self.query.set_empty()

    def lines(self) -> Self:
        """What a person reads as one line: outcomes belong to their opening and are left out."""
        return self.exclude(kind=Entry.Kind.OUTCOME)

    def with_outcome(self) -> Self:
        """Adds `now`, how each line stands: the newest outcome row, else what the row itself says."""
        newest = Entry.objects.filter(opens=OuterRef("pk")).order_by("-sequence").values("recorded_outcome")[:1]
        return self.annotate(now=Coalesce(Subquery(newest), "recorded_outcome"))

    def standing(self, *outcomes: str) -> Self:
        return self.with_outcome().filter(now__in=outcomes)

    def unsettled(self, before: datetime | None = None) -> Self:
        """Acts nobody knows the end of; with `before`, without those that began later and may be under way."""
        waiting = self.filter(kind=Entry.Kind.OPENING).standing(OPEN, UNKNOWN)
        if before is None:
            return waiting
        young = Q(at__gt=before) | Q(action__in=actions.LASTING, at__gt=before - LASTS)
        return waiting.exclude(young, now=OPEN)

    def in_group(self, group: str) -> Self:
        """Lines of one kind; "other" is every action that has no words of its own."""
        names = actions.in_group(group)
        return self.exclude(action__in=actions.ACTIONS) if group == "other" else self.filter(action__in=names)

    def within(self, since: datetime | None, until: datetime | None) -> Self:
        found = self.filter(at__gte=since) if since else self
        return found.filter(at__lt=until) if until else found

    def visible_to(self, person: Any) -> Self:
        """Auditors and administrators see every row, others what they did themselves."""
        return self if person.may("audit.all") else self.filter(actor=person)

    def about(self, thing_kind: str, thing_id: str) -> Self:
        """Lines about one thing, the one that made it included: there only the outcome knows the id."""
        made = Entry.objects.filter(opens=OuterRef("pk"), thing_kind=thing_kind, thing_id=thing_id)
        return self.lines().filter(Q(thing_kind=thing_kind, thing_id=thing_id) | Exists(made))

    def saying(self, words: str) -> Self:
        """Lines in which, or in whose outcomes, each of the words is found."""
        found = self
        for word in words.casefold().split():
            in_outcome = Entry.objects.filter(opens=OuterRef("pk"), words__contains=word)
            found = found.filter(Q(words__contains=word) | Exists(in_outcome))
        return found


class Entry(models.Model):
    class Kind(models.TextChoices):
        OPENING = "opening"
        OUTCOME = "outcome"
        EVENT = "event"

    # An opening's id is the one-time id of the form or draft it came from, so a second press finds it taken.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sequence = models.PositiveBigIntegerField(unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    opens = models.ForeignKey("self", models.PROTECT, null=True, related_name="outcomes", db_index=False)
    # Rows of one bulk act share a group.
    group = models.UUIDField(null=True)
    # The person is text as well, so that the sentence outlives a change of name.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    actor_name = models.CharField(max_length=150)
    actor_email = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=40)
    thing_kind = models.CharField(max_length=40, blank=True)
    thing_id = models.CharField(max_length=200, blank=True)
    thing_name = models.CharField(max_length=300, blank=True)
    vendor = models.CharField(max_length=20, blank=True)
    vendor_reference = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    key_fingerprint = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)
    page = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()
    recorded_outcome = models.CharField(max_length=7, db_column="outcome")
    detail = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    # The sentence and the names in it, case folded, for the search.
    words = models.TextField(blank=True)
    # Unique, so that two rows can never follow the same one.
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor", "-sequence"], name="audit_actor"),
            models.Index(fields=["action", "-sequence"], name="audit_action"),
            models.Index(fields=["thing_kind", "thing_id"], name="audit_thing"),
            models.Index(fields=["opens", "-sequence"], name="audit_opens"),
            models.Index(fields=["group"], name="audit_group"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.thing_name}".strip()

    @property
    def newest_outcome(self) -> "Entry | None":
        """The outcome row that counts. Reads the prefetched rows where a list has fetched them."""
        if self._state.adding:  # not written yet: to ask the database would be one more way to fail
            return None
        return max(self.outcomes.all(), key=lambda row: row.sequence, default=None)

    @property
    def outcome(self) -> str:
        newest = self.newest_outcome if self.kind == self.Kind.OPENING else None
        return newest.recorded_outcome if newest else self.recorded_outcome

    def is_cut_off(self, before: datetime) -> bool:
        """Open for longer than it can have been under way: the process that was at it is gone."""
        lasts = LASTS if self.action in actions.LASTING else timedelta()
        return self.outcome == OPEN and self.at <= before - lasts

    @property
    def ended_at(self) -> datetime | None:
        newest = self.newest_outcome
        return newest.at if newest else None

    @property
    def result(self) -> dict[str, Any]:
        """What is known in the end: the opening's detail, overlaid by its outcomes', oldest first."""
        merged = dict(self.detail)
        for row in sorted(self.outcomes.all(), key=lambda row: row.sequence):
            merged |= row.detail
        return merged

    @property
    def result_id(self) -> str:
        """The thing's id: for a thing the act made, only the outcome knows it."""
        newest = self.newest_outcome
        return (newest.thing_id if newest else "") or self.thing_id

    @property
    def result_name(self) -> str:
        newest = self.newest_outcome
        return (newest.thing_name if newest else "") or self.thing_name


class Lookup(models.Model):
    """How far the checks of one unresolved act have come. No part of the chain: without the row they start afresh."""

    entry = models.OneToOneField(Entry, models.CASCADE, primary_key=True, related_name="lookup")
    # Every read, also one that failed; `misses` are those that were answered and found nothing.
    checks = models.PositiveSmallIntegerField(default=0)
    misses = models.PositiveSmallIntegerField(default=0)
    finding = models.CharField(max_length=10, blank=True)
    first_check_at = models.DateTimeField()
    first_miss_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField()
    next_check_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.entry_id} {self.finding}"


class ChainHead(models.Model):
    """One row: the newest link, and the lock that lets one writer at a time add the next."""

    sequence = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.digest}"


class ChainCheck(models.Model):
    """One row: when all rows were last checked and what was found, for the auditors' banner."""

    at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.problem or f"{self.rows} rows in order"


class AnchorGap(models.Model):
    """Rows whose links the anchor file did not get, so that it shows after the file can be written to again."""

    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    since = models.DateTimeField()
    error = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.first} to {self.last}: {self.error}"
