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
    def read(cls, sent: QueryDict) -> "SliceForm":
        return cls(
            typed={name: sent.get(name, "") for name in DETAIL_NAMES if name in sent},
            seen={name: sent.get(f"was_{name}", "") for name in DETAIL_NAMES if f"was_{name}" in sent},
            act=sent.get("act", ""),
        )

    def over(self, stored: Details) -> Details:
        return replace(stored, **self.typed)

    def oversized(self) -> Problems:
        """Text nobody types: it is not even kept in the draft, only on the page."""
        found = Problems()
        for name, text in self.typed.items():
            if len(text) > LONGEST_TYPED:
                found.on_field(name, f"This is too long: at most {LONGEST_TYPED:,} characters can be kept.")
        return found


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
    def read(cls, sent: QueryDict) -> "Picks":
        if sent.get("do") == "clear":
            return cls(clear=True)
        if "on" in sent or "off" in sent:
            return cls(_uids(sent.get("on", "")), _uids(sent.get("off", "")))
        shown, picked = _uids(sent.get("shown", "")), set(sent.getlist("item"))
        if sent.get("do") == "all":
            return cls(on=shown)
        if sent.get("do") == "none":
            return cls(off=shown)
        return cls(tuple(uid for uid in shown if uid in picked), tuple(uid for uid in shown if uid not in picked))

    def apply(self, part: RecipePart) -> RecipePart:
        if self.clear:
            return replace(part, items=())
        gone = set(self.off)
        kept = [uid for uid in dict.fromkeys((*part.items, *self.on)) if uid not in gone]
        if len(kept) > MOST_ITEMS:
            raise TooManyItems
        return replace(part, items=tuple(kept))


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


def rows_of(filters: Mapping[str, Any], seen: SeenFields) -> list[FilterRow]:
    offered = {field.name: field for field in seen.fields}
    names = [*filters, *(name for name in offered if name not in filters)]
    rows = [_row(index, name, filters.get(name), offered.get(name)) for index, name in enumerate(names) if name]
    nameless = _listed(filters.get(""))
    return [*rows, FilterRow(len(names), "", (), "\n".join(as_text(value) for value in nameless))]


def fits_fields(filters: Mapping[str, Any]) -> bool:
    """Whether fields and values can show all of it; objects within objects cannot."""
    return all(_is_plain(value) for wanted in filters.values() for value in _listed(wanted))


def read_rows(sent: QueryDict, seen: SeenFields, before: Mapping[str, Any]) -> dict[str, Any]:
    """The filter that the rows say. Fields without values and values without a field are kept, to be finished."""
    fields = {field.name: field for field in seen.fields}
    filters: dict[str, list[Any]] = {}
    for index in _row_numbers(sent):
        name = sent.get(f"f{index}", "").strip()
        known = _known_values(fields.get(name), before.get(name))
        values = [_ticked(wire) for wire in sent.getlist(f"v{index}")]
        lines = (line.strip() for line in sent.get(f"o{index}", "").splitlines())
        values += [_meant(line, known) for line in lines if line]
        if values or (name and name not in fields and f"offered{index}" not in sent):
            filters[name] = _unique([*filters.get(name, []), *values])
    return {name: _as_before(values, before.get(name)) for name, values in filters.items()}


def _row(index: int, name: str, wanted: Any, field: Field | None) -> FilterRow:
    chosen = {json.dumps(value): as_text(value) for value in _listed(wanted)}
    values = field.values if field else ()
    shown = {value.wire for value in values}
    choices = tuple(FilterChoice(value.wire, value.text, value.count, value.wire in chosen) for value in values)
    others = "\n".join(text for wire, text in chosen.items() if wire not in shown)
    return FilterRow(index, name, choices, others, field.more if field else 0)


def _row_numbers(sent: QueryDict) -> list[int]:
    numbers = (name[1:] for name in sent if name[:1] == "f")
    return sorted({found for text in numbers if (found := read_int(text, 0, 9_999)) is not None})


def _ticked(wire: str) -> Any:
    try:
        value = read_json(wire, exact=True)
    except NotJson:
        return wire
    return value if _is_plain(value) else wire


def _known_values(field: Field | None, before: Any) -> dict[str, Any]:
    seen = {value.text: json.loads(value.wire) for value in field.values} if field else {}
    return {**seen, **{as_text(value): value for value in _listed(before)}}


def _meant(line: str, known: Mapping[str, Any]) -> Any:
    """A typed 5 is the number where the field is known to hold only numbers, else a text."""
    if line in known:
        return known[line]
    if known and not any(isinstance(value, str) for value in known.values()):
        return _ticked(line)
    return line


def _as_before(values: list[Any], before: Any) -> Any:
    """A plain value that came as one (FACTS 1.5: `split`) stays one while it is not changed."""
    return before if not isinstance(before, list) and values == [before] else values


def _listed(wanted: Any) -> list[Any]:
    if wanted is None:
        return []
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool | int | float)


def _unique(values: Iterable[Any]) -> list[Any]:
    return list({json.dumps(value): value for value in values}.values())
