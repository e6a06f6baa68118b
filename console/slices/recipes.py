"""The recipe of a slice as a sentence a person would say.

"Everything in City day + 12 chosen items from Tunnel + items in Rain tagged night or rain; then 500 at random."

The sentence comes in clauses, one for each part, and a clause in pieces, so that a page can make a clause clickable and
set names apart. Names and values are outside text: a template escapes them and puts them into `<bdi>`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from console.upstream.response_models import SubSlice

SHOWN_VALUES = 6
"""Longer lists of values are cut, so that the sentence stays readable."""


@dataclass(frozen=True)
class RecipePiece:
    """A run of text: our words, the name of a dataset, or a value out of a filter."""

    text: str
    role: Literal["word", "dataset", "value"] = "word"


@dataclass(frozen=True)
class RecipeClause:
    """What one part says. `index` is the part's place in the recipe."""

    index: int
    kind: str
    dataset_uid: str
    pieces: tuple[RecipePiece, ...]
    named: bool
    """False when the dataset's name is not known and its id stands in for it."""

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Recipe:
    """The whole sentence. `ending` comes behind the clauses: the random choice, if any, and the full stop."""

    clauses: tuple[RecipeClause, ...]
    ending: str

    @property
    def text(self) -> str:
        return " + ".join(clause.text for clause in self.clauses) + self.ending

    def __str__(self) -> str:
        return self.text


def sentence(parts: Sequence[SubSlice], names: Mapping[str, str], random_count: int | None = None) -> Recipe:
    """Say what a recipe selects. `names` maps dataset uids to names; one that is missing shows its id."""
    clauses = tuple(_clause(index, part, names) for index, part in enumerate(parts))
    if not clauses:
        return Recipe((), "Nothing yet.")
    ending = f"; then {_number(random_count)} at random." if random_count is not None else "."
    return Recipe(clauses, ending)


def dataset_uids(parts: Sequence[SubSlice]) -> tuple[str, ...]:
    """The datasets a recipe draws from, each once, in the order of its parts."""
    return tuple(dict.fromkeys(part.dataset_uid for part in parts if part.dataset_uid))


def _clause(index: int, part: SubSlice, names: Mapping[str, str]) -> RecipeClause:
    name = names.get(part.dataset_uid)
    dataset = RecipePiece(name or _stand_in(part.dataset_uid), "dataset")
    first, *rest = _pieces(part, dataset)
    if index == 0:
        first = RecipePiece(first.text[:1].upper() + first.text[1:], first.role)
    return RecipeClause(index, part.type, part.dataset_uid, (first, *rest), named=bool(name))


def _pieces(part: SubSlice, dataset: RecipePiece) -> list[RecipePiece]:
    if part.type == "dataset":
        return [RecipePiece("everything in "), dataset]
    if part.type == "dataset_items":
        noun = "chosen item" if len(part.item_uids) == 1 else "chosen items"
        return [RecipePiece(f"{_number(len(part.item_uids))} {noun} from "), dataset]
    if part.type == "filters":
        return [RecipePiece("items in "), dataset, *_filters(part.filters or {})]
    # Not one of the three kinds of FACTS 1.4: named as it came, never dropped.
    return [RecipePiece("a part of the kind “"), RecipePiece(part.type, "value"), RecipePiece("” from "), dataset]


def _filters(filters: Mapping[str, Any]) -> list[RecipePiece]:
    """All keys must match, and of each key any one value (FACTS 4, row 21)."""
    if not filters:
        return [RecipePiece(" that match an empty filter")]
    pieces: list[RecipePiece] = []
    for key, value in filters.items():
        pieces.append(RecipePiece(" and " if pieces else " "))
        pieces += (
            [RecipePiece("tagged ")]
            if key == "tag"
            else [RecipePiece("with "), RecipePiece(key, "value"), RecipePiece(" ")]
        )
        pieces += _values(value)
    return pieces


def _values(filter_value: Any) -> list[RecipePiece]:
    values = (
        [_as_text(one) for one in filter_value] if isinstance(filter_value, list | tuple) else [_as_text(filter_value)]
    )
    if not values:
        return [RecipePiece("nothing")]
    pieces: list[RecipePiece] = []
    for value in values[:SHOWN_VALUES]:
        pieces += [RecipePiece(" or "), RecipePiece(value, "value")] if pieces else [RecipePiece(value, "value")]
    if (remaining := len(values) - SHOWN_VALUES) > 0:
        pieces.append(RecipePiece(f" or {remaining} more"))
    return pieces


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _number(count: int) -> str:
    return f"{count:,}"


def _stand_in(uid: str) -> str:
    return f"dataset {uid[:8]}" if uid else "an unnamed dataset"
