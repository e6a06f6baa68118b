"""Reading what a person selected, for the bar below the table."""

import uuid
from collections.abc import Collection, Mapping

from django.db.models import Count as CountOf

from accounts.models import Person
from console.batches import selectors
from console.items import counts
from console.items.bulk.selection import SelectionChange
from console.items.bulk.selection_presenters import SelectionBar
from console.items.counts import Count
from console.items.filters import ItemFilter
from console.items.models import SelectedItem, Selection


def read_bar(
    *,
    user: Person,
    project: uuid.UUID,
    item_filter: ItemFilter,
    page_ids: Collection[uuid.UUID] = (),
    batch_names: Mapping[int, str] | None = None,
    unsaved: SelectionChange | None = None,
    problem: str = "",
    tells_selected: bool = False,
) -> SelectionBar:
    """What is selected, and which of these items are: no calls, and as many statements for 100 items as for one."""
    selection = Selection.objects.filter(person=user, project=project).annotate(ticked=CountOf("items")).first()
    is_all = selection is not None and selection.is_all_matching
    kept_filter = ItemFilter.from_query(selection.query, user=user) if selection is not None and is_all else None
    selected = (
        SelectedItem.objects.filter(selection=selection, item__in=list(page_ids)) if selection and page_ids else None
    )
    if batch_names is None:
        batch_names = selectors.remembered_names(user=user, project=project) or {}
    return SelectionBar(
        project,
        item_filter,
        selection,
        ticked_count=selection.ticked if selection is not None else 0,
        selected=frozenset(selected.values_list("item", flat=True)) if selected is not None else frozenset(),
        unsaved=unsaved or SelectionChange(),
        kept_filter=kept_filter,
        batch_names=batch_names,
        matching=_known_count(user, project, item_filter),
        kept_count=_known_count(user, project, kept_filter) if kept_filter is not None else None,
        problem=problem,
        tells_selected=tells_selected,
    )


def _known_count(user: Person, project: uuid.UUID, item_filter: ItemFilter) -> Count | None:
    """What the tabs of this filter showed within the last minute."""
    filters = item_filter.arguments() | {"ids": item_filter.ids}
    names = counts.known_by_status(user=user, project=str(project), filters=filters)
    if names is None:
        return None
    return names.of(item_filter.status) if item_filter.status else names.total
