"""The builder as its pages show it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts import connections
from accounts.models import Vendor
from console.slices import recipes
from console.slices.builder import drafts, validation
from console.slices.builder.drafts import FieldConflict
from console.slices.builder.lookups import NameCheck
from console.slices.builder.parts import Details, DraftContents, RecipePart
from console.slices.builder.validation import Problems
from console.slices.models import Draft
from console.slices.presenters import VISIBILITIES, WHO_CAN_SEE

FIELD_WORDS = {
    "name": "Name",
    "visibility": "Visibility",
    "organization": "Organization",
    "random_count": "Random selection",
}


@dataclass(frozen=True)
class PartClause:
    """A clause of the sentence and the part it speaks of."""

    pieces: tuple[recipes.RecipePiece, ...]
    part_id: str
    bad: bool


@dataclass(frozen=True)
class PartCard:
    """A part with its place and what is wrong with it."""

    part: RecipePart
    place: int
    total: int
    problems: Sequence[str]

    @property
    def is_first(self) -> bool:
        return self.place == 1

    @property
    def is_last(self) -> bool:
        return self.place == self.total

    @property
    def filter_words(self) -> str:
        """What the filter says, without the dataset that the card names anyway."""
        clause = recipes.sentence([self.part.sub_slice()], {}).clauses[0]
        return "".join(piece.text for piece in clause.pieces[2:]).strip()


@dataclass(frozen=True)
class ClashShown:
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Failure:
    """What came of the last press."""

    title: str
    text: str
    reference: str = ""
    keys: bool = False


def builder(
    draft: Draft,
    *,
    details: Details | None = None,
    problems: Problems | None = None,
    clashes: Sequence[FieldConflict] = (),
    verdict: NameCheck | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Everything the builder's page and its parts need."""
    contents, problems = drafts.contents(draft), problems or _of_failure(draft)
    if any(key.vendor == Vendor.AVALA for key in connections.rejected(draft.person)):
        contents = contents.without_names()
    return {
        "draft": draft,
        "details": details or contents.details,
        "stored": contents.details,
        "copied_from": contents.copied_from or draft.source,
        "problems": problems,
        "failure": _failure(draft),
        "clashes": [_clash(clash) for clash in clashes],
        "visibilities": [(value, word, WHO_CAN_SEE[value]) for value, word in VISIBILITIES.items()],
        "verdict": verdict or NameCheck("quiet", "1 to 100 characters."),
        **parts(contents, problems),
        **more,
    }


def parts(contents: DraftContents, problems: Problems | None = None) -> dict[str, Any]:
    problems = problems or Problems()
    total, exact = validation.known_total(contents)
    return {
        "cards": [
            PartCard(part, place, len(contents.parts), problems.parts.get(part.id, ()))
            for place, part in enumerate(contents.parts, 1)
        ],
        "removed": contents.removed,
        "warnings": validation.warnings_of(contents),
        "clauses": _clauses(contents, problems),
        "ending": _ending(contents),
        "total": total,
        "total_is_exact": exact,
    }


def filter_json(part: RecipePart) -> str:
    return part.json_text or json.dumps(dict(part.filters), ensure_ascii=False, indent=2)


def _clauses(contents: DraftContents, problems: Problems) -> list[PartClause]:
    clauses = recipes.sentence(contents.sub_slices(), contents.names()).clauses
    return [
        PartClause(clause.pieces, part.id, bool(validation.part_problem(part) or problems.parts.get(part.id)))
        for clause, part in zip(clauses, contents.parts, strict=True)
    ]


def _ending(contents: DraftContents) -> str:
    count = validation.random_count(contents.details.random_count)
    return recipes.sentence(contents.sub_slices(), contents.names(), count).ending


def _of_failure(draft: Draft) -> Problems:
    failure = draft.failure or {}
    return Problems(dict(failure.get("fields", {})), dict(failure.get("parts", {})))


def _failure(draft: Draft) -> Failure | None:
    failure = draft.failure
    if not failure:
        return None
    return Failure(failure["title"], failure["text"], failure.get("reference", ""), failure.get("keys", False))


def _clash(clash: FieldConflict) -> ClashShown:
    def shown_value(text: str) -> str:
        return VISIBILITIES.get(text, text) or "(empty)"

    return ClashShown(FIELD_WORDS[clash.name], shown_value(clash.mine), shown_value(clash.theirs))
