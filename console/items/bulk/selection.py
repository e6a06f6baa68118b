"""Which work items of a project a person selected, kept here so that it survives paging, reloads and signing out."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Person
from console.common.errors import ConsoleError
from console.common.parsing import read_uuid
from console.items.filters import DEFAULT_SIZE, OLDEST, ItemFilter
from console.items.models import SelectedItem, Selection
from console.projects import selectors as projects

FIELDS = ("on", "off", "item", "was", "list")
"""Of the form of the boxes: what comes back after signing in again."""
MOST_SELECTED = 10_000
LASTS = timedelta(days=30)
MOST_STATUS = 40
ROWS_A_STATEMENT = 500


class NotSelected(ConsoleError):
    """The selection is as it was; `message` says why."""


TOO_MANY = f"You can select up to {MOST_SELECTED:,} work items. Nothing was changed."
ALL_MATCHING = "All matching work items are selected. Clear the selection to pick single ones."
UNUSABLE_FILTER = "This list can't be selected as a whole. Select its pages instead. Nothing was changed."


@dataclass(frozen=True)
class SelectionChange:
    """What was ticked, by id with the status the person saw, and what was unticked."""

    on: Mapping[uuid.UUID, str] = field(default_factory=dict)
    off: frozenset[uuid.UUID] = frozenset()
    command: str = ""
    """`clear`, or `all` for everything that matches the filter."""

    @classmethod
    def read(cls, data: QueryDict) -> "SelectionChange":
        """What a form asks for: the changes alone (`on`, `off`) or all boxes of a page (`was`, `item`).

        What is no work item's id is left out.
        """
        command = data.get("do", "")
        on, off = read_boxes(data.getlist("on")), set(read_boxes(data.getlist("off")))
        before, ticked = read_boxes(data.getlist("was")), read_boxes(data.getlist("item"))
        if command == "clear" and "was" in data:
            return cls(command=command)
        page = read_boxes(data.getlist("shown"))
        on |= {item: status for item, status in ticked.items() if item not in before}
        off = (off | (before.keys() - ticked.keys())) - ticked.keys()
        if command == "page":
            on, off = on | page, off - page.keys()
        if command == "none":
            off = off | page.keys()
        return cls({item: status for item, status in on.items() if item not in off}, frozenset(off), command)

    @property
    def is_empty(self) -> bool:
        return not self.on and not self.off


def read_boxes(texts: Iterable[str]) -> dict[uuid.UUID, str]:
    """The values of boxes, `id` or `id:status`, separated by commas: the status of each id."""
    boxes = {}
    for text in ",".join(texts).split(","):
        item_id, _, status = text.strip().partition(":")
        if item := read_uuid(item_id):
            boxes[item] = unquote(status).replace("\0", "")[:MOST_STATUS]
    return boxes


def change_selection(*, user: Person, project: uuid.UUID, change: SelectionChange, list_query: str) -> None:
    """Makes the change; `list_query` is the table's filter for `all`. Raises NotSelected.

    What was ticked after everything was deselected is selected.
    """
    if change.command == "clear":
        clear(user=user, project=project)
    if change.command == "all":
        select_all_matching(user=user, project=project, item_filter=ItemFilter.from_query(list_query, user=user))
    elif not change.is_empty:
        _tick(user, project, change)


def select_only(*, user: Person, project: uuid.UUID, items: Mapping[uuid.UUID, str]) -> None:
    """Selects these work items, by id with the status they were seen in, instead of others. Raises NotSelected."""
    if len(items) > MOST_SELECTED:
        raise NotSelected(TOO_MANY)
    with transaction.atomic():
        selection = _locked(user, project)
        selection.items.all().delete()
        _add(selection, items)
        _save(selection, query=None)


def select_all_matching(*, user: Person, project: uuid.UUID, item_filter: ItemFilter) -> None:
    """Keeps the filter, not the ids: what matches is counted when a plan is made. Raises NotSelected."""
    if not can_select_all(item_filter):
        raise NotSelected(UNUSABLE_FILTER)
    with transaction.atomic():
        selection = _locked(user, project)
        selection.items.all().delete()
        _save(selection, query=matching_query(item_filter))


def clear(*, user: Person, project: uuid.UUID) -> None:
    with transaction.atomic():
        # First the row: a request that ticks has finished then, and nothing of it stays behind.
        for selection in Selection.objects.select_for_update().filter(person=user, project=project):
            selection.delete()


def delete_old_selections() -> None:
    """Deletes selections that were not changed for 30 days."""
    Selection.objects.filter(updated_at__lt=timezone.now() - LASTS).delete()


def can_select_all(item_filter: ItemFilter) -> bool:
    """Not of a list that is itself the selection, which would then be about nothing."""
    return not item_filter.problems and not item_filter.is_selection


def matching_query(item_filter: ItemFilter) -> str:
    """The filter alone, whatever the order and the size of the pages."""
    return item_filter.changed(order=OLDEST, size=DEFAULT_SIZE).query()


def _tick(user: Person, project: uuid.UUID, change: SelectionChange) -> None:
    with transaction.atomic():
        selection = _locked(user, project)
        if selection.is_all_matching:
            raise NotSelected(ALL_MATCHING)
        _remove(selection, change.off)
        _add(selection, change.on)
        if change.on and selection.items.count() > MOST_SELECTED:
            raise NotSelected(TOO_MANY)
        _save(selection, query=None)


def _locked(user: Person, project: uuid.UUID) -> Selection:
    """Two tabs that change it at the same time do so one after the other."""
    space = projects.space_of(user=user, project=project).id
    locked = Selection.objects.select_for_update()
    selection, _ = locked.get_or_create(person=user, project=project, defaults={"space": space})
    selection.space = space
    return selection


def _add(selection: Selection, items: Mapping[uuid.UUID, str]) -> None:
    rows = [SelectedItem(selection=selection, item=item, status=status) for item, status in items.items()]
    SelectedItem.objects.bulk_create(
        rows,
        batch_size=ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=["selection", "item"],
        update_fields=["status"],
    )


def _remove(selection: Selection, items: Collection[uuid.UUID]) -> None:
    removed = list(items)
    for start in range(0, len(removed), ROWS_A_STATEMENT):
        selection.items.filter(item__in=removed[start : start + ROWS_A_STATEMENT]).delete()


def _save(selection: Selection, *, query: str | None) -> None:
    selection.is_all_matching, selection.query = query is not None, query or ""
    selection.updated_at = timezone.now()
    selection.save(update_fields=["space", "is_all_matching", "query", "updated_at"])
