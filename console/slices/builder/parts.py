"""A recipe while it is put together: what a person typed and chose, finished or not. Plain values, no database."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from console.upstream.response_models import Dataset, SubSlice

WHOLE, CHOSEN_ITEMS, FILTER = "dataset", "dataset_items", "filters"
KINDS = (WHOLE, CHOSEN_ITEMS, FILTER)
KIND_WORDS = {WHOLE: "Whole dataset", CHOSEN_ITEMS: "Chosen items", FILTER: "Filter"}

MOST_PARTS = 50
MOST_ITEMS = 10_000


@dataclass(frozen=True)
class PartSource:
    """The dataset of a part, as far as it is known. A copied recipe knows only the uid at first."""

    uid: str
    name: str = ""
    slug: str = ""
    owner: str = ""
    item_count: int | None = None

    @property
    def label(self) -> str:
        return self.name or self.slug or f"dataset {self.uid[:8]}"

    @property
    def can_be_opened(self) -> bool:
        """Its items are listed by owner and slug (FACTS 1.5, A12)."""
        return bool(self.owner and self.slug)

    @classmethod
    def of(cls, dataset: Dataset) -> "PartSource":
        return cls(dataset.uid, dataset.name or "", dataset.slug or "", dataset.owner_name or "", dataset.item_count)


@dataclass(frozen=True)
class RecipePart:
    id: str
    kind: str
    source: PartSource
    items: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    json_text: str = ""
    """JSON that cannot be used yet: kept, so that it can be corrected."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    matches: int | None = None
    """How many items the filter took when it was written, where all of the dataset could be looked at."""

    @property
    def kind_words(self) -> str:
        return KIND_WORDS.get(self.kind, f"A part of the kind “{self.kind}”")

    @property
    def is_whole(self) -> bool:
        return self.kind == WHOLE

    @property
    def is_chosen(self) -> bool:
        return self.kind == CHOSEN_ITEMS

    @property
    def is_filter(self) -> bool:
        return self.kind == FILTER

    @property
    def known_count(self) -> tuple[int | None, bool]:
        """How many items it takes, and whether that is exact: of an uncounted filter the bound is known."""
        if self.is_chosen:
            return len(self.items), True
        if self.is_filter and self.matches is not None:
            return self.matches, True
        return self.source.item_count, not self.is_filter

    def sub_slice(self) -> SubSlice:
        """The part as Avala takes it; a kind we do not know goes back as it came."""
        if self.kind == CHOSEN_ITEMS:
            return SubSlice(self.kind, self.source.uid, item_uids=self.items)
        if self.kind == FILTER:
            return SubSlice(self.kind, self.source.uid, filters=dict(self.filters))
        return SubSlice(self.kind, self.source.uid, self.items, dict(self.filters) or None, dict(self.extra))


@dataclass(frozen=True)
class Details:
    """The fields beside the parts, exactly as typed."""

    name: str = ""
    visibility: str = "private"
    organization: str = ""
    random_count: str = ""


DETAIL_NAMES = ("name", "visibility", "organization", "random_count")


@dataclass(frozen=True)
class DraftContents:
    """All of a draft. Every change gives a new one."""

    details: Details = Details()
    parts: tuple[RecipePart, ...] = ()
    removed: RecipePart | None = None
    removed_from: int = 0
    copied_from: str = ""
    """The name of the slice whose recipe this began as."""

    @property
    def is_blank(self) -> bool:
        return self.details == Details() and not self.parts

    def part(self, part_id: str) -> RecipePart | None:
        return next((part for part in self.parts if part.id == part_id), None)

    def position(self, part_id: str) -> int:
        return next(index for index, part in enumerate(self.parts) if part.id == part_id)

    def with_part(self, part: RecipePart) -> "DraftContents":
        return replace(self, parts=(*self.parts, part), removed=None)

    def changed(self, part: RecipePart) -> "DraftContents":
        return replace(self, parts=tuple(part if one.id == part.id else one for one in self.parts), removed=None)

    def moved(self, part_id: str, step: int) -> "DraftContents":
        old = self.position(part_id)
        new = min(max(old + step, 0), len(self.parts) - 1)
        rest = [part for part in self.parts if part.id != part_id]
        rest.insert(new, self.parts[old])
        return replace(self, parts=tuple(rest), removed=None)

    def without(self, part_id: str) -> "DraftContents":
        """The part is kept aside for one Undo."""
        place = self.position(part_id)
        remaining = tuple(part for part in self.parts if part.id != part_id)
        return replace(self, parts=remaining, removed=self.parts[place], removed_from=place)

    def restored(self) -> "DraftContents":
        if self.removed is None or self.part(self.removed.id):
            return replace(self, removed=None)
        parts = list(self.parts)
        parts.insert(min(self.removed_from, len(parts)), self.removed)
        return replace(self, parts=tuple(parts), removed=None)

    def without_names(self) -> "DraftContents":
        """The datasets by their ids alone, for a person whose key Avala refuses: never to be stored."""
        nameless = tuple(replace(part, source=PartSource(part.source.uid)) for part in self.parts)
        removed = self.removed and replace(self.removed, source=PartSource(self.removed.source.uid))
        return replace(self, parts=nameless, removed=removed, copied_from="")

    def sub_slices(self) -> tuple[SubSlice, ...]:
        return tuple(part.sub_slice() for part in self.parts)

    def names(self) -> dict[str, str]:
        return {part.source.uid: part.source.name for part in self.parts if part.source.name}


def new_part(
    kind: str, source: PartSource, *, items: Sequence[str] = (), filters: Mapping[str, Any] | None = None
) -> RecipePart:
    return RecipePart(uuid.uuid4().hex[:12], kind, source, tuple(items), filters or {})


def of_kind(part: RecipePart, kind: str) -> RecipePart:
    """Items and filters stay with the part, so that the way back loses nothing."""
    return replace(part, kind=kind)


def from_sub_slice(sub: SubSlice, source: PartSource) -> RecipePart:
    part = new_part(sub.type, source, items=sub.item_uids, filters=sub.filters)
    return replace(part, extra=dict(sub.extra))


def to_json(contents: DraftContents) -> dict[str, Any]:
    return {
        **{name: getattr(contents.details, name) for name in DETAIL_NAMES},
        "parts": [_part_to_json(part) for part in contents.parts],
        "removed": _part_to_json(contents.removed) if contents.removed else None,
        "removed_from": contents.removed_from,
        "copied_from": contents.copied_from,
    }


def from_json(data: Mapping[str, Any]) -> DraftContents:
    removed = data.get("removed")
    return DraftContents(
        details=Details(**{name: data[name] for name in DETAIL_NAMES if name in data}),
        parts=tuple(_part_from_json(part) for part in data.get("parts", ())),
        removed=_part_from_json(removed) if removed else None,
        removed_from=data.get("removed_from", 0),
        copied_from=data.get("copied_from", ""),
    )


def _part_to_json(part: RecipePart) -> dict[str, Any]:
    source = part.source
    return {
        "id": part.id,
        "kind": part.kind,
        "dataset": [source.uid, source.name, source.slug, source.owner, source.item_count],
        "items": list(part.items),
        # Pairs, because a database may put the keys of an object into another order, and the sentence follows theirs.
        "filters": [[name, value] for name, value in part.filters.items()],
        "typed": part.json_text,
        "extra": dict(part.extra),
        "matches": part.matches,
    }


def _part_from_json(data: Mapping[str, Any]) -> RecipePart:
    return RecipePart(
        id=data["id"],
        kind=data["kind"],
        source=PartSource(*data["dataset"]),
        items=tuple(data["items"]),
        filters=dict(data["filters"]),
        json_text=data["typed"],
        extra=data["extra"],
        matches=data.get("matches"),
    )
