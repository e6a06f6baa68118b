"""Reading what the builder's forms send. Nothing typed is thrown away here: it is kept first and judged afterwards."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from console.common.errors import ConsoleError
from console.common.parsing import NotJson, read_int, read_json
from console.slices.builder import validation
from console.slices.builder.lookups import Field, SeenFields, as_text
from console.slices.builder.parts import CHOSEN, DETAIL_NAMES, FILTER, MOST_ITEMS, WHOLE, Details, RecipePart
from console.slices.builder.validation import Problems

LONGEST_TYPED = 20_000
GLANCE = 8


@dataclass(frozen=True)
class SliceForm:
    """The fields beside the parts, and what this tab started from (`was_…`)."""

    typed: Mapping[str, str]
    seen: Mapping[str, str]
    act: str

    @classmethod
    def read(cls, params: QueryDict) -> "SliceForm":
        return cls(
            typed={name: params.get(name, "") for name in DETAIL_NAMES if name in params},
            seen={name: params.get(f"was_{name}", "") for name in DETAIL_NAMES if f"was_{name}" in params},
            act=params.get("act", ""),
        )

    def over(self, stored: Details) -> Details:
        return replace(stored, **self.typed)

    def oversized(self) -> Problems:
        """Text nobody types: it is not even kept in the draft, only on the page."""
        problems = Problems()
        for name, text in self.typed.items():
            if len(text) > LONGEST_TYPED:
                problems.on_field(name, f"This is too long: at most {LONGEST_TYPED:,} characters can be kept.")
        return problems


def kind_of(text: str) -> str:
    return text if text in (WHOLE, CHOSEN, FILTER) else ""


# Chosen items


@dataclass(frozen=True)
class Picks:
    """A change to the choice: with script what was ticked and unticked, without it the whole page of boxes."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    clear: bool = False

    @classmethod
    def read(cls, params: QueryDict) -> "Picks":
        if params.get("do") == "clear":
            return cls(clear=True)
        if "on" in params or "off" in params:
            return cls(_uids(params.get("on", "")), _uids(params.get("off", "")))
        visible_uids, picked = _uids(params.get("shown", "")), set(params.getlist("item"))
        if params.get("do") == "all":
            return cls(on=visible_uids)
        if params.get("do") == "none":
            return cls(off=visible_uids)
        return cls(
            tuple(uid for uid in visible_uids if uid in picked), tuple(uid for uid in visible_uids if uid not in picked)
        )

    def apply(self, part: RecipePart) -> RecipePart:
        if self.clear:
            return replace(part, items=())
        removed = set(self.off)
        remaining = [uid for uid in dict.fromkeys((*part.items, *self.on)) if uid not in removed]
        if len(remaining) > MOST_ITEMS:
            raise TooManyItems
        return replace(part, items=tuple(remaining))


class TooManyItems(ConsoleError):
    message = f"One part holds at most {MOST_ITEMS:,} chosen items. Add another part for more."


def _uids(text: str) -> tuple[str, ...]:
    return tuple(uid.lower() for uid in text.split(",") if validation.is_uuid(uid))


# Filters


@dataclass(frozen=True)
class FilterChoice:
    wire: str
    text: str
    count: int
    checked: bool


@dataclass(frozen=True)
class FilterRow:
    """One field of a filter: values to tick, and room for others, one a line. The last row has no name yet."""

    index: int
    name: str
    choices: tuple[FilterChoice, ...]
    others: str
    more: int = 0

    @property
    def used(self) -> int:
        return sum(choice.checked for choice in self.choices) + len(self.others.split("\n") if self.others else ())

    @property
    def met(self) -> int:
        return len(self.choices) + self.more

    @property
    def is_open(self) -> bool:
        """A field in use, or one whose few values can be taken in at a glance."""
        return bool(self.used) or 0 < len(self.choices) <= GLANCE


def rows_of(filters: Mapping[str, Any], seen_fields: SeenFields) -> list[FilterRow]:
    offered = {field.name: field for field in seen_fields.fields}
    names = [*filters, *(name for name in offered if name not in filters)]
    rows = [_row(index, name, filters.get(name), offered.get(name)) for index, name in enumerate(names) if name]
    nameless = _listed(filters.get(""))
    return [*rows, FilterRow(len(names), "", (), "\n".join(as_text(value) for value in nameless))]


def fits_fields(filters: Mapping[str, Any]) -> bool:
    """Whether fields and values can show all of it; objects within objects cannot."""
    return all(_is_plain(value) for wanted in filters.values() for value in _listed(wanted))


def read_rows(params: QueryDict, seen_fields: SeenFields, before: Mapping[str, Any]) -> dict[str, Any]:
    """The filter that the rows say. Fields without values and values without a field are kept, to be finished."""
    fields = {field.name: field for field in seen_fields.fields}
    filters: dict[str, list[Any]] = {}
    for index in _row_numbers(params):
        name = params.get(f"f{index}", "").strip()
        known_values = _known_values(fields.get(name), before.get(name))
        values = [_ticked(wire) for wire in params.getlist(f"v{index}")]
        lines = (line.strip() for line in params.get(f"o{index}", "").splitlines())
        values += [_meant(line, known_values) for line in lines if line]
        if values or (name and name not in fields and f"offered{index}" not in params):
            filters[name] = _unique([*filters.get(name, []), *values])
    return {name: _as_before(values, before.get(name)) for name, values in filters.items()}


def _row(index: int, name: str, wanted: Any, field: Field | None) -> FilterRow:
    selected = {json.dumps(value): as_text(value) for value in _listed(wanted)}
    values = field.values if field else ()
    visible_uids = {value.wire for value in values}
    choices = tuple(FilterChoice(value.wire, value.text, value.count, value.wire in selected) for value in values)
    others = "\n".join(text for wire, text in selected.items() if wire not in visible_uids)
    return FilterRow(index, name, choices, others, field.more if field else 0)


def _row_numbers(params: QueryDict) -> list[int]:
    numbers = (name[1:] for name in params if name[:1] == "f")
    return sorted({problems for text in numbers if (problems := read_int(text, 0, 9_999)) is not None})


def _ticked(wire: str) -> Any:
    try:
        value = read_json(wire, exact=True)
    except NotJson:
        return wire
    return value if _is_plain(value) else wire


def _known_values(field: Field | None, before: Any) -> dict[str, Any]:
    seen_fields = {value.text: json.loads(value.wire) for value in field.values} if field else {}
    return {**seen_fields, **{as_text(value): value for value in _listed(before)}}


def _meant(line: str, known_values: Mapping[str, Any]) -> Any:
    """A typed 5 is the number where the field is known to hold only numbers, else a text."""
    if line in known_values:
        return known_values[line]
    if known_values and not any(isinstance(value, str) for value in known_values.values()):
        return _ticked(line)
    return line


def _as_before(values: list[Any], before: Any) -> Any:
    """A plain value that came as one (FACTS 1.5: `split`) stays one while it is not changed."""
    return before if not isinstance(before, list) and values == [before] else values


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool | int | float)


def _unique(values: Iterable[Any]) -> list[Any]:
    return list({json.dumps(value): value for value in values}.values())
