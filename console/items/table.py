"""What the table of work items shows: rows, status tabs, and a chip for each part of the filter."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from console.common.parsing import read_uuid
from console.items import statuses
from console.items.filter_form import LABELS
from console.items.filters import ENDS, ItemFilter
from console.items.pictures import Picture
from console.items.presenters import ItemFacts
from console.items.statuses import status_named
from console.items.table_selectors import ItemPage, needs_signing
from console.words import moment, plural

MOST_CARRIED = 1500
"""Characters of a filter that each row's link can carry, so that a page with 100 links stays small."""


@dataclass(frozen=True)
class ItemRow(ItemFacts):
    """One work item. `url` is "" where its id can't be opened; `picture` is known where no link has to be asked for."""

    url: str = ""
    picture: Picture | None = None


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


def rows(page: ItemPage, *, project: uuid.UUID, wanted: ItemFilter, pictures: Mapping[str, Picture]) -> list[ItemRow]:
    """A row for each item; `pictures` are those that are known already."""
    query = wanted.query()
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
    """Whether links have to be asked for."""
    return any(row.picture is None and needs_signing(row.item) for row in rows)


def tabs(wanted: ItemFilter, base: str) -> list[Tab]:
    choices = [("", "All"), *((status.value, status.word) for status in statuses.STATUSES)]
    unknown = wanted.problem("status")
    return [
        Tab(value, word, wanted.changed(status=value).address(base), value == wanted.status and not unknown)
        for value, word in choices
    ]


def chips(wanted: ItemFilter, base: str, batch_names: Mapping[int, str]) -> list[Chip]:
    return [Chip(words, without.address(base)) for words, without in _parts(wanted, batch_names)]


def batch_choices(wanted: ItemFilter, batch_names: Mapping[int, str]) -> list[BatchChoice]:
    """The batches to choose from: those with a known name, and whatever is chosen already."""
    known = {batch: batch_names.get(batch, f"Batch {batch}") for batch in (*wanted.batches, *batch_names)}
    return [BatchChoice(batch, name, batch in wanted.batches) for batch, name in known.items()]


def place_words(page: ItemPage, wanted: ItemFilter) -> str:
    """Beside the ways to other pages. Nobody says how many items there are in all (FACTS 2.2)."""
    if wanted.ids:
        asked = len(wanted.arguments()["ids"])
        return f"Ids {wanted.offset + 1:,} to {wanted.offset + asked:,} of {len(wanted.ids):,}"
    return f"{plural(len(page.items), 'work item')} on this page"


def _parts(wanted: ItemFilter, batch_names: Mapping[int, str]) -> Iterator[tuple[str, ItemFilter]]:
    if wanted.status:
        yield status_named(wanted.status).word, wanted.changed(status="")
    for batch in wanted.batches:
        others = tuple(other for other in wanted.batches if other != batch)
        yield batch_names.get(batch, f"Batch {batch}"), wanted.changed(batches=others)
    if wanted.ids:
        yield plural(len(wanted.ids), "id"), wanted.changed(ids=())
    for name in ENDS:
        if end := getattr(wanted, name):
            yield f"{LABELS[name]} {moment(end)}", wanted.changed(**{name: None})


def _item_url(project: uuid.UUID, item: str, carried: str) -> str:
    found = read_uuid(item)
    return reverse("items:detail", args=[project, found]) + carried if found else ""
