"""What is checked before anything is sent (problems), and what is only worth a word (warnings)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.common import formatting
from console.common.parsing import NotJson, read_int, read_json, read_uuid, text_fault
from console.slices.builder.parts import DraftContents, RecipePart

LONGEST_NAME = 100
MOST_RANDOM = 2**31 - 1

LONGEST_FILTER = 20_000
MOST_FIELDS = 50
MOST_VALUES = 500
DEEPEST = 20


@dataclass
class Problems:
    """Messages by field and by part; `whole` belongs to neither."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.parts or self.whole)

    def on_field(self, name: str, message: str) -> None:
        self.fields.setdefault(name, []).append(message)

    def on_part(self, part_id: str, message: str) -> None:
        self.parts.setdefault(part_id, []).append(message)


class BadFilter(ValueError):
    """The sentence says what is wrong with the filter as typed."""


def name_problem(name: str) -> str:
    if not name.strip():
        return "Give the slice a name."
    if "\x00" in name or "\ufffd" in name:
        return "The name holds a character that cannot be sent."
    if fault := text_fault(name.strip()):
        return fault
    if len(name.strip()) > LONGEST_NAME:
        return f"This name has {len(name.strip()):,} characters; Avala takes at most {LONGEST_NAME}."
    return ""


def random_problem(text: str) -> str:
    if not text.strip():
        return ""
    if _whole_number(text) is None:
        return "Write a whole number, 1 or more, or leave it empty to keep all items."
    return ""


def random_count(text: str) -> int | None:
    return _whole_number(text)


def problems_of(contents: DraftContents) -> Problems:
    """Everything that would surely be refused. While there is one, no call is made."""
    problems = Problems()
    details = contents.details
    if problem := name_problem(details.name):
        problems.on_field("name", problem)
    if details.visibility not in ("private", "public"):
        problems.on_field("visibility", "Choose private or public.")
    if problem := random_problem(details.random_count):
        problems.on_field("random_count", problem)
    if not contents.parts:
        problems.whole.append("Add at least one part: a slice needs something to draw from.")
    for part in contents.parts:
        if problem := part_problem(part):
            problems.on_part(part.id, problem)
    return problems


def part_problem(part: RecipePart) -> str:
    if not is_uuid(part.source.uid):
        return "The dataset of this part has no usable id. Remove it and add the dataset again."
    if part.is_chosen and not part.items:
        return "No items are chosen yet. Choose some, or remove this part."
    if part.is_chosen and not all(is_uuid(item) for item in part.items):
        return "One of the chosen items has no usable id. Choose the items again."
    if part.is_filter and part.json_text:
        return "The JSON of this filter cannot be used yet. Mend it, or go back to fields."
    if part.is_filter and not part.filters:
        return "This filter has no field yet. Add one, or use the whole dataset."
    return filter_problem(part.filters) if part.is_filter else ""


def filter_problem(filters: Mapping[str, Any]) -> str:
    try:
        check_filter(filters)
    except BadFilter as problem:
        return str(problem)
    return ""


def warnings_of(contents: DraftContents) -> list[str]:
    """Worth a word before pressing Create; none of it stops anybody."""
    return [*_datasets_twice(contents), *_items_twice(contents), *_more_than_there_is(contents)]


def known_total(contents: DraftContents) -> tuple[int | None, bool]:
    """How many items the parts hold, and whether that is exact, or an upper bound."""
    total, exact = 0, True
    for part in contents.parts:
        count, is_counted = part.known_count
        if count is None:
            return None, False
        total, exact = total + count, exact and is_counted
    return total, exact


def read_filter(text: str) -> dict[str, Any]:
    """A filter typed as JSON, within bounds; BadFilter says in words what is wrong."""
    if len(text) > LONGEST_FILTER:
        raise BadFilter(f"This is too long: at most {LONGEST_FILTER:,} characters.")
    try:
        value = read_json(text, exact=True)
    except NotJson as error:
        where = f"This is not JSON yet: line {error.line}, column {error.column}."
        raise BadFilter(where if error.line else f"This can't be used: {error}.") from None
    if not isinstance(value, dict):
        raise BadFilter('A filter is an object, such as {"tag": ["night", "rain"]}.')
    check_filter(value)
    return value


def check_filter(filters: Mapping[str, Any]) -> None:
    if len(filters) > MOST_FIELDS:
        raise BadFilter(f"Too many fields: at most {MOST_FIELDS}.")
    for name, value in filters.items():
        if not name.strip():
            raise BadFilter("There are values without a field. Name the field they belong to.")
        if isinstance(value, list) and not value:
            raise BadFilter(f"The field {name[:60]} has no value yet. Choose or write one.")
        if isinstance(value, list) and len(value) > MOST_VALUES:
            raise BadFilter(f"Too many values: at most {MOST_VALUES} for one field.")
    _check_within(filters, DEEPEST)


def is_uuid(text: str) -> bool:
    return read_uuid(text) is not None


def _whole_number(text: str) -> int | None:
    return read_int(text.strip(), 1, MOST_RANDOM)


def _datasets_twice(contents: DraftContents) -> list[str]:
    """A whole dataset beside another part of it adds nothing; the same choice of items twice is handled below."""
    by_source: dict[str, list[RecipePart]] = {}
    for part in contents.parts:
        by_source.setdefault(part.source.uid, []).append(part)
    return [
        f"{some[0].source.label} is used in {len(some)} parts"
        + (", and one of them already takes all of it." if any(part.is_whole for part in some) else ".")
        for some in by_source.values()
        if len(some) > 1
    ]


def _items_twice(contents: DraftContents) -> list[str]:
    picked = Counter(item for part in contents.parts for item in part.items)
    twice = sum(1 for times in picked.values() if times > 1)
    if not twice:
        return []
    return ["1 item is chosen twice." if twice == 1 else f"{twice:,} items are chosen twice."]


def _more_than_there_is(contents: DraftContents) -> list[str]:
    value, (total, exact) = random_count(contents.details.random_count), known_total(contents)
    if value is None or total is None or not contents.parts or value <= total:
        return []
    held_text = formatting.plural(total, "item")
    if not exact:
        return [f"{value:,} at random is more than these parts can hold: at most {held_text}."]
    return [f"{value:,} at random is more than the {held_text} these parts hold."]


def _check_within(value: Any, levels: int) -> None:
    if levels == 0:
        raise BadFilter("This is nested too deeply.")
    if isinstance(value, str):
        _check_text([value])
    elif isinstance(value, Mapping):
        _check_text(value)
        for inner in value.values():
            _check_within(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_within(inner, levels - 1)
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise BadFilter("A number is too large.")


def _check_text(texts: Iterable[str]) -> None:
    for text in texts:
        if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise BadFilter("A text holds a character that cannot be sent.")
