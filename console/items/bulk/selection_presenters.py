"""The bar below the table that says what is selected and what can be done with it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from django.urls import reverse

from console.common.formatting import number
from console.items.bulk.actions import BULK_ACTIONS, BulkAction
from console.items.bulk.selection import SelectionChange, can_select_all, matching_query
from console.items.counts import Count
from console.items.filters import ItemFilter
from console.items.models import Selection
from console.items.table_presenters import ItemRow, filter_words


@dataclass(frozen=True)
class SelectionBar:
    """`item_filter` is the table's, `kept_filter` the one that all matching items were selected with.

    `selected` are those of the page. `matching` is how many match the table's filter, `kept_count` the other one's;
    None where that isn't counted yet.
    """

    project: uuid.UUID
    item_filter: ItemFilter
    selection: Selection | None = None
    ticked_count: int = 0
    selected: Collection[uuid.UUID] = frozenset()
    unsaved: SelectionChange = field(default_factory=SelectionChange)
    kept_filter: ItemFilter | None = None
    batch_names: Mapping[int, str] = field(default_factory=dict)
    matching: Count | None = None
    kept_count: Count | None = None
    problem: str = ""
    tells_selected: bool = False
    """Whether the answer says which of the page are selected, because it can be another tab that changed it."""

    @property
    def is_all_matching(self) -> bool:
        return self.kept_filter is not None

    @property
    def is_this_filter(self) -> bool:
        """Whether the items that are selected as a whole are those of the table."""
        own_filter = self.kept_filter
        return (
            own_filter is not None
            and not own_filter.problems
            and matching_query(own_filter) == matching_query(self.item_filter)
        )

    @property
    def mode(self) -> str:
        """What the boxes of the page are: `ticked` one by one, `all` of this list, or of some `other` filter."""
        return "all" if self.is_this_filter else "other" if self.is_all_matching else "ticked"

    @property
    def is_empty(self) -> bool:
        return not self.is_all_matching and not self.ticked_count

    @property
    def count_text(self) -> str:
        return number(self.ticked_count)

    @property
    def kept_words(self) -> str:
        """The filter in words; "" for the whole list."""
        return ", ".join(filter_words(self.kept_filter, self.batch_names)) if self.kept_filter else ""

    @property
    def is_kept_filter_unusable(self) -> bool:
        return bool(self.kept_filter and self.kept_filter.problems)

    @property
    def can_select_all(self) -> bool:
        return can_select_all(self.item_filter) and not self.is_this_filter

    @property
    def show_url(self) -> str:
        """The table with what is selected alone."""
        base = reverse("items:index", args=[self.project])
        if self.kept_filter is not None:
            return self.kept_filter.address(base)
        return f"{base}?ids=selection-{self.selection.pk.hex}" if self.selection and self.ticked_count else ""

    @property
    def actions(self) -> Sequence[BulkAction]:
        return BULK_ACTIONS

    @cached_property
    def bulk_id(self) -> uuid.UUID:
        return uuid.uuid4()

    @property
    def selected_values(self) -> str:
        return ",".join(str(item) for item in self.selected)

    @property
    def unsaved_on(self) -> str:
        return ",".join(f"{item}:{quote(status, safe='')}" for item, status in self.unsaved.on.items())

    @property
    def unsaved_off(self) -> str:
        return ",".join(str(item) for item in self.unsaved.off)

    def is_ticked(self, row: ItemRow) -> bool:
        """Whether its box is ticked on the page."""
        if self.is_all_matching:
            return self.is_this_filter
        is_on = row.item_id in self.selected or row.item_id in self.unsaved.on
        return is_on and row.item_id not in self.unsaved.off
