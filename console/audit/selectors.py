"""Reading the audit for pages: lines of sentences, pages of them, and what else belongs to one entry."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone

from console.audit import actions, download_states, multi_item, record, registry, sentences
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry, EntryQuerySet, GroupLine

PAGE, CHUNK = 50, 500
# Each chunk of a filtered list is a new query.
LONG_CHUNK = 2_000
EXPORTED = "export.create"
TONES = {DONE: "good", FAILED: "bad", UNKNOWN: "warn", OPEN: "info"}
STATES = {DONE: "Done", FAILED: "Failed", UNKNOWN: "Unresolved", OPEN: "Running"}
HOW_FOUND = {"by looking": "found by checking", "by a person": "closed by a person"}


@dataclass(frozen=True)
class EntryLine:
    """One entry as a person reads it."""

    entry: Entry
    summary: sentences.EntrySummary
    after: str = ""
    failure: str = ""
    """Why nothing came of what had been begun well, where that showed only later."""
    group: GroupLine | None = None
    """The act of several entries that it is the line of; `entry` is the first of them."""

    @property
    def address(self) -> str:
        """The page of the entry, or of the act of several."""
        if self.group is not None:
            return reverse("audit:group", args=[self.group.pk])
        return reverse("audit:detail", args=[self.entry.pk])

    @property
    def pieces(self) -> list[sentences.SentencePiece]:
        return sentences.pieces(self.summary)

    @property
    def text(self) -> str:
        return sentences.plain(self.summary)

    @property
    def at(self) -> datetime:
        return self.entry.at

    @property
    def day(self) -> Any:
        return timezone.localtime(self.at).date()

    @property
    def clock(self) -> str:
        return f"{timezone.localtime(self.at):%H:%M}"

    @property
    def full(self) -> str:
        return f"{utc(self.at)} UTC"

    @property
    def zone(self) -> str:
        return timezone.localtime(self.at).tzname() or "UTC"

    @property
    def outcome(self) -> str:
        return self.summary.outcome

    @property
    def tone(self) -> str:
        return TONES[FAILED] if self.failure else _tone(self.entry.action, self.outcome, self.summary.detail)

    @property
    def state(self) -> str:
        return "Failed later" if self.failure else _state(self.entry.action, self.outcome, self.summary.detail)

    @property
    def place(self) -> str:
        """Where in the console it was done, from the name of the view."""
        return place_of(self.entry.page)

    @property
    def notes(self) -> list[str]:
        """What a person wrote about it when it was done, and when it was closed."""
        newest = self.entry.newest_outcome
        return [note for note in (self.entry.note, newest.note if newest else "") if note]

    @property
    def note(self) -> str:
        return "; ".join(self.notes)


@dataclass(frozen=True)
class EntryPage:
    """Some lines, and the sequences from which the newer and the older ones are read."""

    lines: list[EntryLine]
    newer: int | None
    older: int | None


@dataclass(frozen=True)
class Step:
    """One row of an act's story: begun, and each outcome that was written since."""

    at: datetime
    tone: str
    text: str
    by: str
    note: str


def _state(action: str, outcome: str, detail: Mapping[str, Any]) -> str:
    """A file of which only a part was handed over is not done, nor are many things of which some were not."""
    is_part = (
        action in actions.long_running()
        and outcome == DONE
        and download_states.transfer(detail).state == download_states.State.PART
    )
    return (
        "In part" if is_part or (outcome in (DONE, FAILED) and multi_item.is_partly_done(detail)) else STATES[outcome]
    )


def _tone(action: str, outcome: str, detail: Mapping[str, Any]) -> str:
    return TONES[UNKNOWN] if _state(action, outcome, detail) == "In part" else TONES[outcome]


def steps(entry: Entry) -> list[Step]:
    text = "Recorded, then sent" if entry.kind == Entry.Kind.OPENING else STATES[entry.recorded_outcome]
    tone = "" if entry.kind == Entry.Kind.OPENING else TONES[entry.recorded_outcome]
    began = Step(entry.at, tone, text, entry.actor_name, entry.note)
    return [began, *(_step(row, entry) for row in sorted(entry.outcomes.all(), key=lambda row: row.sequence))]


def _step(row: Entry, opening: Entry) -> Step:
    if row.detail.get("sent_again"):
        return Step(row.at, "", "Sent again", row.actor_name, row.note)
    of_part = {"items": opening.detail.get("items"), **row.detail}
    how_found, text = str(row.detail.get("found") or ""), _state(row.action, row.recorded_outcome, of_part)
    if row.detail.get("not_found"):
        text = f"Not found so far, in {row.detail.get('checks')} checks"
    elif how_found:
        text = f"{text}, {HOW_FOUND.get(how_found, f'found {how_found}')}"
    why = str(row.detail.get("error") or "")
    tone = _tone(row.action, row.recorded_outcome, of_part)
    return Step(row.at, tone, f"{text}: {why}" if why else text, row.actor_name, row.note)


def line(entry: Entry) -> EntryLine:
    return EntryLine(entry, sentences.EntrySummary.whole(entry, standing(entry)))


def group_line(first: Entry, group: GroupLine) -> EntryLine:
    """An act of several entries as one line."""
    summary = sentences.EntrySummary.of_group(first, group, standing_of_group(group))
    return EntryLine(first, summary, group=group if group.parts > 1 else None)


def group_lines(rows: Iterable[Entry]) -> list[EntryLine]:
    """The lines of a grouped list: one query more where it has acts of several entries."""
    listed = list(rows)
    groups = GroupLine.objects.in_bulk({row.group for row in listed if row.group})
    return [group_line(row, groups[row.group]) if row.group in groups else line(row) for row in listed]


def place_of(page: str) -> str:
    """Where in the console a view is, from its name; "" for work in the background."""
    return registry.place(page.partition(":")[0] if ":" in page else page.partition("_")[0])


def utc(moment: datetime) -> str:
    """For files, whose columns name the zone: "2026-11-03 18:00:00"."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def standing(entry: Entry) -> str:
    """How it stands. An open act older than the grace was cut off, also before `settle` has recorded that."""
    return UNKNOWN if entry.is_cut_off(timezone.now() - record.grace()) else entry.outcome


def standing_of_group(group: GroupLine) -> str:
    """The outcome of the act as a whole, as far as one word can say it."""
    if group.unknown_parts or (group.open_parts and group.latest_at < timezone.now() - record.grace()):
        return UNKNOWN
    if group.open_parts:
        return OPEN
    return DONE if group.items_done or not group.items else FAILED


def page(entries: EntryQuerySet, *, before: int | None = None, after: int | None = None, size: int = PAGE) -> EntryPage:
    """A page by the place in the chain, which never moves: reloading shows the same lines however many came since."""
    lines = entries.lines()
    if after is not None and before is None:
        rows = lines.oldest(size + 1, after=after)
        more_newer, rows = len(rows) > size, rows[:size][::-1]
        more_older = bool(rows)
    else:
        rows = lines.newest(size + 1, before=before)
        more_older, rows = len(rows) > size, rows[:size]
        more_newer = before is not None and bool(rows)
    newer = rows[0].sequence if rows and more_newer else None
    return EntryPage(with_downloads(group_lines(rows)), newer, rows[-1].sequence if rows and more_older else None)


def history(thing_kind: str, thing_id: str, *, limit: int = 20, person: Any = None) -> list[EntryLine]:
    """What happened to one thing, newest first, for pages of other apps; with `person`, what that person can see."""
    about = Entry.objects.grouped().about(thing_kind, thing_id)
    entries = about if person is None else about.visible_to(person)
    return with_downloads(group_lines(entries.newest(limit)))


def latest(person: Any, *, limit: int = 6) -> list[EntryLine]:
    """The newest lines that this person can see, without sign-ins."""
    rows = Entry.objects.grouped().visible_to(person).exclude(action__in=actions.sign_ins())
    return with_downloads(group_lines(rows.newest(limit)))


def newest(actions: Iterable[str], *, each: int) -> list[EntryLine]:
    """The newest lines of some actions, at most `each` of every one: as many statements as actions, however long the
    audit is."""
    queries = [Entry.objects.grouped().filter(action=action).order_by("-sequence") for action in actions]
    ids = [pk for rows in queries for pk in rows.values_list("pk", flat=True)[:each]]
    rows = Entry.objects.filter(pk__in=ids).prefetch_related("outcomes").order_by("-sequence")
    return group_lines(rows)


def act_of(entry: Entry) -> EntryLine | None:
    """The act of several entries that this one is a part of."""
    group = GroupLine.objects.filter(pk=entry.group, parts__gt=1).first() if entry.group else None
    return whole_act(group) if group else None


def whole_act(group: GroupLine) -> EntryLine:
    return group_line(Entry.objects.prefetch_related("outcomes").get(sequence=group.sequence), group)


def parts(group: GroupLine, *, after: int = 0, most: int = PAGE) -> list[EntryLine]:
    """So many parts of an act, the oldest first; with `after`, those behind this place in the chain."""
    rows = Entry.objects.lines().filter(group=group.pk, sequence__gt=after).prefetch_related("outcomes")
    return [line(row) for row in rows.order_by("sequence")[:most]]


def nearest(entries: EntryQuerySet, since: datetime | None, until: datetime | None) -> datetime | None:
    """The moment of the entry closest to an empty range."""
    rows = entries.lines()
    earlier = _at(rows.within(None, since).newest(1)) if since else None
    later = _at(rows.within(until, None).oldest(1)) if until else None
    if earlier and later and since and until:
        return earlier if since - earlier <= later - until else later
    return earlier or later


def _at(rows: list[Entry]) -> datetime | None:
    return rows[0].at if rows else None


def with_downloads(lines: Iterable[EntryLine]) -> list[EntryLine]:
    """Adds to each export who took it home and until when it can be had: "Downloaded by Maria twice and by Tom once."

    No line links to an export that was deleted. Four queries for all lines.
    """
    listed = list(lines)
    about = {one.summary.thing_id for one in listed if _is_about_export(one)}
    export_ids = {one.summary.thing_id for one in listed if _is_export(one)}
    downloads_by_export = downloads_of(export_ids) if export_ids else {}
    follow_ups = registry.follow_ups(EXPORTED, about)
    deleted = _deleted(about) | {export_id for export_id, end in follow_ups.items() if end.is_deleted}
    linked = [
        _without_page(one) if _is_about_export(one) and one.summary.thing_id in deleted else one for one in listed
    ]
    return [_with_follow_up(one, downloads_by_export, follow_ups) if _is_export(one) else one for one in linked]


def rows(entries: EntryQuerySet, *, before: int) -> Iterator[EntryLine]:
    """Every entry of a grouped list, the newest first: an act of several by its parts. Some thousand are in memory at a
    time, and only what was recorded before this place in the chain.
    """
    place: int | None = before
    while some := entries.newest(LONG_CHUNK, before=place):
        place = some[-1].sequence
        for one in with_downloads(map(line, some)):
            yield from _parts_before(one, before) if one.entry.group else [one]


def count_rows(entries: EntryQuerySet) -> int:
    """How many `rows` there are."""
    groups = GroupLine.objects.filter(sequence__in=entries.filter(group__isnull=False).order_by().values("sequence"))
    return entries.count_lines() + (groups.aggregate(more=Sum("parts") - Count("pk"))["more"] or 0)


def _parts_before(first: EntryLine, before: int) -> Iterator[EntryLine]:
    """The parts of one act, the newest first."""
    place = before
    rows = Entry.objects.lines().filter(group=first.entry.group).prefetch_related("outcomes").order_by("-sequence")
    while some := list(rows.filter(sequence__lt=place)[:CHUNK]):
        place = some[-1].sequence
        yield from with_downloads(map(line, some))


def _is_export(one: EntryLine) -> bool:
    return one.entry.action == EXPORTED and bool(one.summary.thing_id)


def _is_about_export(one: EntryLine) -> bool:
    return one.entry.thing_kind == "export" and bool(one.summary.thing_id)


def _deleted(export_ids: Collection[str]) -> set[str]:
    """Those that were deleted here."""
    if not export_ids:
        return set()
    rows = Entry.objects.lines().filter(action="export.delete", thing_kind="export", thing_id__in=export_ids)
    return set(rows.standing(DONE).values_list("thing_id", flat=True))


def _without_page(one: EntryLine) -> EntryLine:
    return replace(one, summary=replace(one.summary, has_page=False))


def _with_follow_up(
    one: EntryLine,
    downloads_by_export: Mapping[str, download_states.Downloads],
    follow_ups: Mapping[str, registry.FollowUp],
) -> EntryLine:
    follow_up = follow_ups.get(one.summary.thing_id, registry.FollowUp(""))
    have = downloads_by_export.get(one.summary.thing_id)
    after = " ".join(filter(None, [have.sentence if have else "", follow_up.sentence]))
    return replace(one, after=after, failure=follow_up.sentence if follow_up.is_failed else "")


def downloads_of(export_ids: Iterable[str]) -> dict[str, download_states.Downloads]:
    """Who has how much of each export. Two queries."""
    rows = Entry.objects.lines().filter(action="export.download", thing_kind="export", thing_id__in=list(export_ids))
    by_export: dict[str, download_states.Downloads] = {}
    # Sorted here: to give them in order a database would walk through all downloads there ever were.
    for entry in sorted(rows.prefetch_related("outcomes"), key=lambda row: row.sequence):
        one = download_states.transfer(entry.result, standing(entry))
        of_export = by_export.setdefault(entry.thing_id, download_states.Downloads())
        of_export.add(entry.actor_id, entry.actor_name, entry.actor_email, one)
    return by_export


def not_handed_over(export_ids: Iterable[str], reasons: Collection[str]) -> set[str]:
    """Those whose newest download ended for one of these reasons."""
    rows = Entry.objects.filter(action="export.download", thing_kind="export", thing_id__in=list(export_ids))
    ends = rows.filter(kind=Entry.Kind.OUTCOME).values_list("sequence", "thing_id", "detail")
    newest = {export_id: detail for _, export_id, detail in sorted(ends, key=itemgetter(0))}
    return {export_id for export_id, detail in newest.items() if detail.get("error") in reasons}
