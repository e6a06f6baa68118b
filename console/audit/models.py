"""Rows that are only ever added: an opening before each call, its outcome after it, and happenings of one row.

The database refuses every change (`triggers.py`); `chain.py` ties each row to the one before.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q
from django.db.models.functions import Coalesce

from console.audit import actions, availability
from console.audit.search import TABLE, WordsField, folded
from console.common.parsing import read_uuid

OPEN: Final = "open"
DONE: Final = "done"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
ITEM: Final = "item"
# How long the handing over of a file may be under way.
LASTS = timedelta(hours=12)
# By how much the clocks of the machines that write can differ: a row can come after one of a later moment.
CLOCK_ERROR = timedelta(hours=1)


class WithoutIndex(Func):
    """A column whose own index is not used: SQLite would sort all it finds there. PostgreSQL knows what that costs."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


class EntryQuerySet(models.QuerySet["Entry"]):
    """Filters that stay quick in a long audit: each knows the index that gives its lines in the order of the chain."""

    place = "sequence"
    """The field that is the place in the chain, in the table whose index finds the lines."""
    branches: tuple[tuple[Q, str], ...] = ()
    """Parts of the lines that have an index each, with their `place`: of several actions or outcomes every one is read
    by itself."""
    bounds: tuple[tuple[str, int], ...] = ()
    """Places in the chain between which the lines are, for branches whose places differ."""
    is_grouped = False
    """Whether the parts of one act are one line."""

    is_led = False
    """Whether an index leads that few lines pass: then those of persons and actions are left alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if availability.is_left_out():
            self.query.set_empty()

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # the library types its public part alone
        clone.place, clone.branches, clone.is_led = self.place, self.branches, self.is_led
        clone.is_grouped, clone.bounds = self.is_grouped, self.bounds
        return clone

    def _through_index(self, place: str, branches: Iterable[tuple[Q, str]] = ()) -> Self:
        """The first filter that has an index leads; those after it check what it finds."""
        clone = self._clone()
        if not self.is_led:
            clone.place, clone.branches, clone.is_led = place, tuple(branches), True
        return clone

    def newest(self, most: int, *, before: int | None = None) -> list["Entry"]:
        """So many lines, the newest first; with `before`, those before this place in the chain."""
        rows = self._bounded("lt", before) if before is not None else self
        return self._picked(sorted(rows._places("-", most), reverse=True)[:most])

    def oldest(self, most: int, *, after: int | None = None) -> list["Entry"]:
        """So many lines, the oldest first; with `after`, those after this place in the chain."""
        rows = self._bounded("gt", after) if after is not None else self
        return self._picked(sorted(rows._places("", most))[:most])

    def count_lines(self) -> int:
        return sum(part.count() for part, _ in self._parts())

    def _parts(self) -> list[tuple[Self, str]]:
        return [(self._branch(branch, place), place) for branch, place in self.branches] or [(self, self.place)]

    def _branch(self, branch: Q, place: str) -> Self:
        return self.filter(branch, **{f"{place}__{lookup}": bound for lookup, bound in self.bounds})

    def _places(self, direction: str, most: int) -> set[int]:
        parts = [part.order_by(direction + place) for part, place in self._parts()]
        return {place for part in parts for place in part.values_list("sequence", flat=True)[:most]}

    def _bounded(self, lookup: str, bound: int) -> Self:
        """Only the lines before ("lt") or behind ("gt") this place in the chain."""
        if all(place == self.place for _, place in self.branches):
            return self.filter(**{f"{self.place}__{lookup}": bound})
        clone = self.alias(bounded=WithoutIndex("sequence")).filter(**{f"bounded__{lookup}": bound})
        clone.bounds = (*self.bounds, (lookup, bound))
        return clone

    def _picked(self, places: list[int]) -> list["Entry"]:
        rows = Entry.objects.filter(sequence__in=places).prefetch_related("outcomes")
        order = {place: number for number, place in enumerate(places)}
        return sorted(rows, key=lambda row: order[row.sequence])

    def lines(self) -> Self:
        """What a person reads as one line: outcomes belong to their opening and are left out."""
        return self.exclude(kind=Entry.Kind.OUTCOME)

    def grouped(self) -> Self:
        """Lines as lists show them: the parts of one act are one line, in the place of the first.

        The filters after it ask what holds of any of the parts.
        """
        earlier = GroupLine.objects.filter(pk=OuterRef("group"), sequence__lt=OuterRef("sequence"))
        rows = self.lines().filter(Q(group__isnull=True) | ~Exists(earlier))
        rows.is_grouped = True
        return rows

    def standing(self, *outcomes: str) -> Self:
        """Lines that stand like this now."""
        if self.is_grouped:
            return self._groups_standing(outcomes)
        if DONE in outcomes:
            return self.filter(_stands(outcomes))
        branches = [(Q(state__outcome=outcome), "state__sequence") for outcome in outcomes]
        return self.filter(_stands(outcomes))._through_index("state__sequence", branches)

    def _groups_standing(self, outcomes: tuple[str, ...]) -> Self:
        groups = GroupLine.objects.standing(*outcomes).values("sequence")
        rows = self.alias(of_group=WithoutIndex("group"), checked_place=WithoutIndex("sequence"))
        rows = rows.filter(Q(_stands(outcomes), of_group__isnull=True) | Q(checked_place__in=groups))
        if DONE in outcomes:
            return rows
        alone = [Q(state__outcome=outcome, of_group__isnull=True) for outcome in outcomes]
        branches = [*((branch, "state__sequence") for branch in alone), (Q(sequence__in=groups), "sequence")]
        return rows._through_index("state__sequence", branches)

    def unreconciled(self, before: datetime | None = None) -> Self:
        """Acts without a known outcome; with `before`, without those that began later and can still be running."""
        waiting = self.filter(kind=Entry.Kind.OPENING).standing(OPEN, UNKNOWN)
        if before is None:
            return waiting
        young = Q(at__gt=before) | Q(action__in=actions.long_running(), at__gt=before - LASTS)
        return waiting.exclude(young, at__lte=before + CLOCK_ERROR, state__outcome=OPEN)

    def of(self, names: Iterable[str]) -> Self:
        """Lines of these actions."""
        listed = sorted(names)
        if self.is_led:
            return self.alias(action_checked=WithoutIndex("action")).filter(action_checked__in=listed)
        rows = self.filter(action__in=listed)
        rows.branches = tuple((Q(action=name), rows.place) for name in listed)
        return rows

    def within(self, since: datetime | None, until: datetime | None) -> Self:
        """Lines of these hours. The places in the chain bound them, too: what is found by another index ends there."""
        rows = self.alias(moment=WithoutIndex("at"))
        rows = rows.filter(moment__gte=since) if since else rows
        rows = rows.filter(moment__lt=until) if until else rows
        if ClockStep.objects.exists():
            return rows
        # A row comes at most CLOCK_ERROR after one of a later moment, so nothing asked for stands beyond these two.
        before = _last_before(since - CLOCK_ERROR) if since else None
        after = _first_since(until + CLOCK_ERROR) if until else None
        rows = rows._bounded("gt", before) if before else rows
        return rows._bounded("lt", after) if after else rows

    def visible_to(self, person: Any) -> Self:
        """Auditors and administrators see every row, others what they did themselves."""
        return self if person.can("audit.all") else self.by(person)

    def by(self, person: Any) -> Self:
        """Lines of this person; None is the console itself."""
        if self.is_led:
            return self.checked(actor=getattr(person, "pk", person))
        return self.filter(actor=person)

    def checked(self, **values: Any) -> Self:
        """Lines with exactly these values, looked for among what is found by another index than theirs."""
        rows = self.alias(**{f"{name}_checked": WithoutIndex(name) for name in values})
        return rows.filter(**{f"{name}_checked": value for name, value in values.items()})

    def about(self, thing_kind: str, thing_id: str) -> Self:
        """Lines about one thing, the one that made it included: there only the outcome knows the id."""
        rows = Entry.objects.filter(thing_kind=thing_kind, thing_id=thing_id)
        pks = rows.values_list(Coalesce("opens", "pk"))
        if thing_kind == ITEM and (item := read_uuid(thing_id)):
            pks = pks.union(self._naming(item).values_list("pk"))
        return self.lines().filter(pk__in=pks)._through_index("sequence")

    def naming(self, thing_kind: str, thing_id: str) -> Self:
        """Those about this thing, looked for among what is found by another index than theirs."""
        checked = {"kind_checked": WithoutIndex("thing_kind"), "id_checked": WithoutIndex("thing_id")}
        about = Q(kind_checked=thing_kind, id_checked=thing_id)
        if thing_kind == ITEM and (item := read_uuid(thing_id)):
            named = NamedItem.objects.filter(item=item).values("entry")
            return self.alias(**checked, place=WithoutIndex("sequence")).filter(about | Q(place__in=named))
        return self.alias(**checked).filter(about)

    def saying(self, words: str) -> Self:
        """Lines in which, or in whose outcomes, each of the words is found, and those that name a work item so."""
        typed_words = folded(words).split()
        items = [item for word in typed_words if (item := read_uuid(word))]
        if not typed_words:
            return self
        if any(self._naming(item).exists() for item in items):
            return self._saying_or_naming(typed_words)
        return self.filter(search__words__holds=" ".join(typed_words))._through_index("search__entry_id")

    def _saying_or_naming(self, words: list[str]) -> Self:
        """Where one of the words is the id of a work item that some acts name among others."""
        rows = self._clone()
        for word in words:
            places = SearchText.objects.filter(words__holds=word).values_list("pk")
            if item := read_uuid(word):
                places = places.union(self._naming(item).values_list("sequence"))
            rows = rows.filter(sequence__in=places)
        return rows._through_index("sequence")

    def _naming(self, item: uuid.UUID) -> models.QuerySet["Entry"]:
        """Entries, or in a grouped list the first ones of their acts, that name this work item among others."""
        place = "line" if self.is_grouped else "entry"
        return Entry.objects.filter(sequence__in=NamedItem.objects.filter(item=item).values(place))


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
            models.Index(fields=["actor", "action", "-sequence"], name="audit_actor_action"),
            models.Index(fields=["thing_kind", "thing_id", "action"], name="audit_thing"),
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
        """Open for longer than it can have been under way: the process that was at it is gone.

        A moment to come was written by a clock that was wrong, and proves nothing.
        """
        lasts = LASTS if self.action in actions.long_running() else timedelta()
        return self.outcome == OPEN and not before - lasts < self.at <= before + CLOCK_ERROR

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


class LineState(models.Model):
    """How a line stands that is not done: open, unknown or failed. What has no row is done.

    No part of the chain: written together with each row of it, and made anew from it by `manage.py settle --rebuild`.
    """

    entry = models.OneToOneField(Entry, models.CASCADE, primary_key=True, related_name="state")
    outcome = models.CharField(max_length=7)
    # The entry's, so that a list of one outcome is read in its order.
    sequence = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["outcome", "-sequence"], name="audit_state")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.outcome}"


class GroupLineQuerySet(models.QuerySet["GroupLine"]):
    def standing(self, *outcomes: str) -> Self:
        """Those of which any part, or any thing within a part, has one of these outcomes."""
        conditions = [STANDING[outcome] for outcome in outcomes]
        return self.filter(Q(*conditions, _connector=Q.OR))

    def unreconciled(self, before: datetime) -> Self:
        """Those with a part without a known outcome, as `EntryQuerySet.unreconciled`."""
        return self.filter(Q(unknown_parts__gt=0) | Q(open_parts__gt=0, latest_at__lte=before))


class GroupLine(models.Model):
    """An act of several entries, its parts, as lists show it: one line in the place of the first one.

    No part of the chain, as `LineState`.
    """

    group = models.UUIDField(primary_key=True)
    # Of the first part.
    sequence = models.PositiveBigIntegerField(unique=True)
    # When the newest row of any part was written.
    latest_at = models.DateTimeField()
    parts = models.PositiveIntegerField(default=0)
    open_parts = models.PositiveIntegerField(default=0)
    unknown_parts = models.PositiveIntegerField(default=0)
    # The things of all parts, as far as the parts say how many they were.
    items = models.PositiveIntegerField(default=0)
    items_done = models.PositiveIntegerField(default=0)
    items_failed = models.PositiveIntegerField(default=0)
    items_unknown = models.PositiveIntegerField(default=0)

    objects: ClassVar = GroupLineQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["-sequence"],
                condition=Q(unknown_parts__gt=0) | Q(open_parts__gt=0),
                name="audit_groups_unsettled",
            ),
            models.Index(fields=["-sequence"], condition=Q(items_failed__gt=0), name="audit_groups_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.parts} parts from {self.sequence} on"


# Which groups a filter by outcome finds.
STANDING = {
    DONE: Q(items_done__gt=0),
    FAILED: Q(items_failed__gt=0),
    UNKNOWN: Q(unknown_parts__gt=0),
    OPEN: Q(open_parts__gt=0),
}


class NamedItem(models.Model):
    """A work item that an entry about many names by its id. No part of the chain, as `LineState`."""

    item = models.UUIDField()
    # The places in the chain of the entry and of its line.
    entry = models.PositiveBigIntegerField(db_index=True)
    line = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["item"], name="audit_named_items")]

    def __str__(self) -> str:
        return f"{self.item} in {self.entry}"


def _stands(outcomes: Iterable[str]) -> Q:
    """What has no row of its own is done."""
    stands = Q(state__outcome__in=outcomes)
    return stands | Q(state__isnull=True) if DONE in outcomes else stands


def actions_of(group: str) -> set[str]:
    """The actions of one kind; "other" are those recorded that have no words of their own."""
    return _recorded_actions() - set(actions.ACTIONS) if group == actions.OTHER else set(actions.in_group(group))


def _recorded_actions() -> set[str]:
    """Every action that any row has, each found by one step through the index."""
    names: set[str] = set()
    rows = Entry.objects.order_by("action").values_list("action", flat=True)
    name = rows.first()
    while name is not None:
        names.add(name)
        name = rows.filter(action__gt=name).first()
    return names


def _last_before(moment: datetime) -> int | None:
    """The place in the chain of the last row before this moment."""
    return Entry.objects.filter(at__lt=moment).order_by("-at").values_list("sequence", flat=True).first()


def _first_since(moment: datetime) -> int | None:
    """The place in the chain of the first row of this moment or later."""
    return Entry.objects.filter(at__gte=moment).order_by("at").values_list("sequence", flat=True).first()


class SearchText(models.Model):
    """The words of a line and of its outcomes, in the search index. No part of the chain, as `LineState`."""

    entry = models.OneToOneField(
        Entry,
        models.DO_NOTHING,
        to_field="sequence",
        db_column="rowid",
        primary_key=True,
        related_name="search",
        db_constraint=False,
    )
    words = WordsField()

    class Meta:
        managed = False
        db_table = TABLE

    def __str__(self) -> str:
        return f"{self.entry_id}"


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
    # The latest moment of any row.
    latest = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.sequence} {self.digest}"

    def note(self, moment: datetime) -> bool:
        """Takes the moment of the next row. False when it lies before an earlier row's: a clock is or was wrong."""
        self.latest = max(moment, self.latest or moment)
        return moment >= self.latest - CLOCK_ERROR


class ClockStep(models.Model):
    """One row, once the moments no longer rise with the chain. Lists of some days then read the chain further."""

    sequence = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.sequence}"


class ChainCheck(models.Model):
    """One row: when all rows were last checked and what was found, for the auditors' banner."""

    at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.problem or f"{self.rows} rows in order"


class ChainCheckRun(models.Model):
    """One row: the check of all rows that was started last, and how far it is."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        FINISHED = "finished"
        STOPPED = "stopped"

    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    started_by = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    rows = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    # Why it ended without a verdict.
    words = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.state} {self.rows}/{self.total}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class AnchorGap(models.Model):
    """Rows whose links the anchor file did not get, so that it shows after the file can be written to again."""

    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    since = models.DateTimeField()
    error = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.first} to {self.last}: {self.error}"
