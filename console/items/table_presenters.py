"""What the table of work items shows: rows, status tabs, and a chip for each part of the filter."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.urls import reverse

from console.common.formatting import moment, plural
from console.common.parsing import read_uuid
from console.items import statuses
from console.items.detail_presenters import ItemFacts
from console.items.filter_form import LABELS
from console.items.filters import ENDS, ItemFilter
from console.items.pictures import Picture
from console.items.statuses import status_named
from console.items.table_selectors import ItemPage, needs_signing

MOST_CARRIED = 1500
"""Characters of a filter that each row's link can carry, so that a page with 100 links stays small."""


@dataclass(frozen=True)
class ItemRow(ItemFacts):
    """One work item. `url` is "" if its id can't be opened; `picture` is set if no link has to be requested."""

    url: str = ""
    picture: Picture | None = None

    @property
    def item_id(self) -> uuid.UUID | None:
        """None where nothing can be done with it."""
        return read_uuid(self.item.id)

    @property
    def box_value(self) -> str:
        """What its box sends: the id, and the status that the person sees."""
        return f"{self.item_id}:{quote(self.item.status or '', safe='')}"


@dataclass(frozen=True)
class Tab:
    """A status to choose; `value` is "" for all of them."""

    value: str
    word: str
    address: str
    is_current: bool

    @property
    def ident(self) -> str:
        return f"items-count-{self.value or 'all'}"


@dataclass(frozen=True)
class Chip:
    """A part of the filter in words, and the address of the list without it."""

    words: str
    address: str


@dataclass(frozen=True)
class BatchChoice:
    id: int
    name: str
    is_chosen: bool


def rows(
    page: ItemPage, *, project: uuid.UUID, item_filter: ItemFilter, pictures: Mapping[str, Picture]
) -> list[ItemRow]:
    """A row for each item; `pictures` are those that are known already."""
    query = item_filter.query()
    carried = f"?{urlencode({'list': query})}" if query and len(query) <= MOST_CARRIED else ""
    return [
        ItemRow(
            item,
            project,
            batch_name="" if item.batch_id is None else page.batch_names.get(item.batch_id, ""),
            url=_item_url(project, item.id, carried),
            picture=pictures.get(item.id),
        )
        for item in page.items
    ]


def waits_for_pictures(rows: Sequence[ItemRow]) -> bool:
    """Whether links have to be requested."""
    return any(row.picture is None and needs_signing(row.item) for row in rows)


def tabs(item_filter: ItemFilter, base: str) -> list[Tab]:
    choices = [("", "All"), *((status.value, status.word) for status in statuses.STATUSES)]
    unknown = item_filter.problem("status")
    return [
        Tab(value, word, item_filter.changed(status=value).address(base), value == item_filter.status and not unknown)
        for value, word in choices
    ]


def chips(item_filter: ItemFilter, base: str, batch_names: Mapping[int, str]) -> list[Chip]:
    return [Chip(words, without.address(base)) for words, without in _parts(item_filter, batch_names)]


def filter_words(item_filter: ItemFilter, batch_names: Mapping[int, str]) -> list[str]:
    """Each part of the filter in words."""
    return [words for words, _ in _parts(item_filter, batch_names)]


def batch_choices(item_filter: ItemFilter, batch_names: Mapping[int, str]) -> list[BatchChoice]:
    """The batches to choose from: those with a known name, and those in the filter."""
    names = {batch: batch_names.get(batch, f"Batch {batch}") for batch in (*item_filter.batches, *batch_names)}
    return [BatchChoice(batch, name, batch in item_filter.batches) for batch, name in names.items()]


def place_words(page: ItemPage, item_filter: ItemFilter) -> str:
    """The text beside the page links; the total number of items is unknown (FACTS 2.2)."""
    if item_filter.ids:
        count = len(item_filter.arguments()["ids"])
        kind = "Selected" if item_filter.is_selection else "Ids"
        return f"{kind} {item_filter.offset + 1:,} to {item_filter.offset + count:,} of {len(item_filter.ids):,}"
    return f"{plural(len(page.items), 'work item')} on this page"


def _parts(item_filter: ItemFilter, batch_names: Mapping[int, str]) -> Iterator[tuple[str, ItemFilter]]:
    if item_filter.status:
        yield status_named(item_filter.status).word, item_filter.changed(status="")
    for batch in item_filter.batches:
        others = tuple(other for other in item_filter.batches if other != batch)
        yield batch_names.get(batch, f"Batch {batch}"), item_filter.changed(batches=others)
    if item_filter.ids:
        count = len(item_filter.ids)
        yield f"{count:,} selected" if item_filter.is_selection else plural(count, "id"), item_filter.changed(ids=())
    for name in ENDS:
        if end := getattr(item_filter, name):
            yield f"{LABELS[name]} {moment(end)}", item_filter.changed(**{name: None})


def _item_url(project: uuid.UUID, item: str, carried: str) -> str:
    item_id = read_uuid(item)
    return reverse("items:detail", args=[project, item_id]) + carried if item_id else ""
