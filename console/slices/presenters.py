"""Slices and items as the pages show them: words instead of enums, addresses, pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from console.common import formatting, value_rows
from console.slices import provenance, selectors
from console.slices.provenance import Origin
from console.slices.recipes import Recipe
from console.upstream.response_models import Item, Slice


@dataclass(frozen=True)
class State:
    """A state in words. `tone` chooses the colour, never the only sign."""

    text: str
    tone: str
    building: bool = False
    failed: bool = False
    ready: bool = False


STATES = {
    "pending": State("Being built", "info", building=True),
    "created": State("Ready", "good", ready=True),
    "failed": State("Failed", "bad", failed=True),
}

VISIBILITIES = {"private": "Private", "public": "Public"}
WHO_CAN_SEE = {
    "private": "Only you or your organization can see it.",
    "public": "Anyone on Avala can see it.",
}
"""The same sentence in the builder and on the slice's page."""


def state_of(avala_slice: Slice) -> State:
    """An undocumented value is shown as it came (FACTS, rule 2), and counts as an end."""
    return state_named(avala_slice.status) if avala_slice.status else State("State not given", "quiet")


def state_named(status: str) -> State:
    return STATES.get(status) or State(status, "quiet")


@dataclass(frozen=True)
class SliceRow:
    """A slice in the list."""

    slice: Slice
    state: State
    recipe: Recipe | None
    address: str
    origin: Origin | None

    @property
    def name(self) -> str:
        return self.slice.name or self.slice.slug or "Unnamed slice"

    @property
    def visibility(self) -> str:
        return VISIBILITIES.get(self.slice.visibility or "", self.slice.visibility or "Not given")

    @property
    def who_can_see(self) -> str:
        return WHO_CAN_SEE.get(self.slice.visibility or "", "")

    @property
    def ident(self) -> str:
        return f"slice-{_safe(self.slice.uid or self.slice.slug or self.name)}"

    @property
    def notice(self) -> str:
        """How it ended, in one line."""
        items = f", {formatting.plural(self.slice.item_count, 'item')}" if self.slice.item_count is not None else ""
        return f"{formatting.show_controls(self.name)}: {self.state.text}{'' if self.state.failed else items}"


def rows(slices: Iterable[Slice], names: Mapping[str, str]) -> list[SliceRow]:
    """Each slice once: a list that is paged by number may repeat one (FACTS 4, row 25)."""
    unique = {one.uid or f"nameless {place}": one for place, one in enumerate(slices)}.values()
    origins = provenance.origins_of(unique)
    return [_row(one, names, origins.get(provenance.thing_id(one))) for one in unique]


def row(avala_slice: Slice, names: Mapping[str, str]) -> SliceRow:
    return rows([avala_slice], names)[0]


def _row(avala_slice: Slice, names: Mapping[str, str], origin: Origin | None) -> SliceRow:
    recipe = selectors.recipe_of(avala_slice, names, origin.random_count if origin else None)
    return SliceRow(avala_slice, state_of(avala_slice), recipe, slice_address(avala_slice), origin)


def slice_address(avala_slice: Slice) -> str:
    """The slice's page, or "" where Avala gave no owner or slug, or one that no address can hold."""
    return reverse("slices:detail", args=avala_slice.address) if avala_slice.address else ""


@dataclass(frozen=True)
class Tile:
    """An item in the gallery."""

    item: Item
    address: str
    fresh_address: str
    """Where its picture alone is asked for again, by a press."""
    fresh_page: str
    """Where the pictures of its whole page are asked for again in one call: signed links age together."""
    dataset: str

    @property
    def name(self) -> str:
        return self.item.key or self.item.uid or "Unnamed item"

    @property
    def picture(self) -> str:
        return self.item.thumbnail or self.item.url or ""

    @property
    def large(self) -> str:
        """The item at full size; what is no picture has a preview at most."""
        return self.item.url or self.item.thumbnail or ""

    @property
    def ident(self) -> str:
        return f"item-{_safe(self.item.uid or self.name)}"

    @property
    def metadata(self) -> list[tuple[str, str]]:
        """What Avala keeps of the item besides its picture, one line each."""
        return value_rows.rows_of(self.item.metadata)


Names = Mapping[tuple[str, str], str]


def tiles(items: Iterable[Item], *, owner: str, slug: str, cursor: str = "", names: Names | None = None) -> list[Tile]:
    unique = {one.uid or f"nameless {place}": one for place, one in enumerate(items)}
    return [tile(one, owner=owner, slug=slug, cursor=cursor, names=names) for one in unique.values()]


def tile(item: Item, *, owner: str, slug: str, cursor: str = "", names: Names | None = None) -> Tile:
    query = f"?{urlencode({'cursor': cursor})}" if cursor else ""
    # Without a usable id it is shown, but there is no page to open.
    address = reverse("slices:item", args=[owner, slug, item.uid]) + query if item.uid else ""
    fresh = reverse("slices:renew", args=[owner, slug, item.uid]) if item.uid else ""
    page = reverse("slices:items", args=[owner, slug], query={"renew": 1, "cursor": cursor})
    dataset_path = place_of(item)
    return Tile(item, address, fresh, page, (names or {}).get(dataset_path) or " / ".join(filter(None, dataset_path)))


def place_of(item: Item) -> tuple[str, str]:
    """The owner and slug of its dataset, all that an item tells of it."""
    return item.dataset_owner_name or "", item.dataset_slug or ""


def _safe(uid: str) -> str:
    """Outside text as part of an id: letters, digits and hyphens only."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in uid)
