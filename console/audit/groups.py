"""The parts of one act as one line, and the work items that an entry about many names: kept beside the chain."""

import uuid
from collections.abc import Iterable

from django.db.models import F, Min

from console.audit import multi_item
from console.audit.models import Entry, GroupLine, NamedItem
from console.common.parsing import read_uuid

IDS = "ids"


def add(group: uuid.UUID, entry: Entry, line: Entry, outcomes: list[Entry]) -> GroupLine:
    """Counts a row of a part; `outcomes` are those of its line, this row included, the oldest first."""
    first = {"sequence": line.sequence, "latest_at": entry.at}
    group_line, _ = GroupLine.objects.get_or_create(pk=group, defaults=first)
    before = None if line is entry else multi_item.share_of(line, outcomes[:-1])
    changes = multi_item.changes_between(before, multi_item.share_of(line, outcomes))
    figures = {name: F(name) + change for name, change in changes.items() if change}
    GroupLine.objects.filter(pk=group_line.pk).update(latest_at=max(group_line.latest_at, entry.at), **figures)
    return group_line


def note_items(line: Entry, place: int) -> None:
    """Remembers which work items the entry names; `place` is that of its line."""
    NamedItem.objects.bulk_create(NamedItem(item=item, entry=line.sequence, line=place) for item in _items(line))


def rebuild(first: int, last: int) -> None:
    """Makes the groups anew whose first part was begun in this stretch of the chain, and what its lines name."""
    entries = Entry.objects.lines().filter(sequence__range=(first, last))
    groups = _groups_begun(first, last)
    GroupLine.objects.filter(sequence__range=(first, last)).delete()
    GroupLine.objects.filter(pk__in=groups).delete()
    for group, place in groups.items():
        GroupLine.objects.create(**_count_parts(group, place))
    NamedItem.objects.filter(entry__range=(first, last)).delete()
    rows = list(entries.filter(detail__has_key=IDS))
    places = dict(GroupLine.objects.filter(pk__in={row.group for row in rows}).values_list("pk", "sequence"))
    for row in rows:
        note_items(row, places.get(row.group, row.sequence) if row.group else row.sequence)


def is_right(first: int, last: int) -> bool:
    """Whether the groups that were begun in this stretch are counted as the chain has them."""
    groups = _groups_begun(first, last)
    lines = GroupLine.objects.filter(sequence__range=(first, last))
    names = ("group", *_FIGURES)
    right = {tuple(_count_parts(group, place)[name] for name in names) for group, place in groups.items()}
    return set(lines.values_list(*names)) == right


_FIGURES = (
    "sequence",
    "parts",
    "open_parts",
    "unknown_parts",
    "items",
    "items_done",
    "items_failed",
    "items_unknown",
)


def _groups_begun(first: int, last: int) -> dict[uuid.UUID, int]:
    """The place of the first part of each group that was begun in this stretch."""
    near = Entry.objects.filter(sequence__range=(first, last), group__isnull=False).order_by()
    groups = set(near.values_list("group", flat=True).distinct())
    first_places = (
        Entry.objects.filter(group__in=groups).order_by().values_list("group").annotate(first=Min("sequence"))
    )
    return {group: place for group, place in first_places if first <= place <= last and group is not None}


def _count_parts(group: uuid.UUID, place: int) -> dict[str, object]:
    rows = list(Entry.objects.filter(group=group).order_by("sequence"))
    outcomes: dict[uuid.UUID, list[Entry]] = {}
    for row in rows:
        if row.opens_id is not None:
            outcomes.setdefault(row.opens_id, []).append(row)
    totals = dict.fromkeys(_FIGURES, 0)
    for row in rows:
        if row.opens_id is None:
            for name, count in multi_item.changes_between(
                None, multi_item.share_of(row, outcomes.get(row.pk, []))
            ).items():
                totals[name] += count
    return {**totals, "group": group, "sequence": place, "latest_at": max(row.at for row in rows)}


def _items(line: Entry) -> Iterable[uuid.UUID]:
    ids = line.detail.get(IDS)
    return dict.fromkeys(item for one in ids if (item := read_uuid(one))) if isinstance(ids, list) else ()
