"""The builder's forms. They refuse little: what is typed is stored in the draft first and checked before it is sent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.http import QueryDict

from console.common.errors import ConsoleError
from console.common.parsing import NotJson, read_int, read_json, read_uuid
from console.slices.builder import validation
from console.slices.builder.lookups import Field, SeenFields, as_text
from console.slices.builder.parts import CHOSEN_ITEMS, DETAIL_NAMES, FILTER, MOST_ITEMS, WHOLE, Details, RecipePart
from console.slices.builder.validation import Problems

LONGEST_TYPED = 20_000
GLANCE = 8


def check_uuid(text: str) -> None:
    if not validation.is_uuid(text):
        raise ValidationError("This is no dataset.", code="uuid")


class TypedText(forms.CharField):
    """Text as it was typed, with blanks and control characters: it is stored first and checked before it is sent."""

    def __init__(self, max_length: int | None = None) -> None:
        super().__init__(required=False, strip=False, max_length=max_length)
        self.validators = [check for check in self.validators if not isinstance(check, ProhibitNullCharactersValidator)]
        self.error_messages["max_length"] = f"This is too long: at most {max_length or 0:,} characters can be kept."

    def clean(self, value: Any) -> str:
        text = self.to_python(value) or ""
        if self.max_length and len(text) > self.max_length:
            raise ValidationError(self.error_messages["max_length"], code="max_length")
        return text


class SliceForm(forms.Form):
    """The fields beside the parts, and what this tab started from (`was_…`). A field that is missing stays as it is."""

    act = forms.CharField(required=False)
    name = TypedText(LONGEST_TYPED)
    visibility = TypedText(LONGEST_TYPED)
    organization = TypedText(LONGEST_TYPED)
    random_count = TypedText(LONGEST_TYPED)

    @property
    def detail_values(self) -> dict[str, str]:
        return {name: self.data[name] for name in DETAIL_NAMES if name in self.data}

    @property
    def base(self) -> dict[str, str]:
        """What the fields held when this tab opened the draft."""
        return {name: self.data[f"was_{name}"] for name in DETAIL_NAMES if f"was_{name}" in self.data}

    @property
    def act_id(self) -> UUID | None:
        return read_uuid(self.data.get("act", ""))

    def over(self, details: Details) -> Details:
        return replace(details, **self.detail_values)

    @property
    def problems(self) -> Problems:
        """Text that is too long to be stored even in a draft."""
        problems = Problems()
        for name in DETAIL_NAMES:
            for message in self.errors.get(name, ()):
                problems.on_field(name, str(message))
        return problems


class PartKindForm(forms.Form):
    """Whether a part takes a whole dataset, chosen items, or what a filter matches."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in (WHOLE, CHOSEN_ITEMS, FILTER)])


class PartForm(PartKindForm):
    """A new part: its kind and the uid of its dataset."""

    dataset = forms.CharField(strip=False, validators=[check_uuid])


# Chosen items


class UidsField(forms.CharField):
    """Uids of items with commas between them; what is no uid is left out."""

    def __init__(self) -> None:
        super().__init__(required=False)
        self.validators = []

    def clean(self, value: Any) -> tuple[str, ...]:
        return tuple(uid.lower() for uid in str(value or "").split(",") if validation.is_uuid(uid))


class UidListField(forms.MultipleChoiceField):
    """The boxes that are ticked."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def valid_value(self, value: str) -> bool:
        return True


class ItemsForm(forms.Form):
    """A change to the chosen items: with script what was ticked and unticked, without it a whole page of boxes.

    Valid, `added` and `removed` are the uids to take in and to leave out, and `is_cleared` empties the choice.
    """

    do = forms.CharField(required=False)
    item = UidListField()
    on = UidsField()
    off = UidsField()
    shown = UidsField()

    def clean(self) -> None:
        do = self.cleaned_data.get("do", "")
        self.is_cleared = do == "clear"
        self.added, self.removed = self._changes(do)

    def _changes(self, do: str) -> tuple[Sequence[str], Sequence[str]]:
        if "on" in self.data or "off" in self.data:
            return self.cleaned_data["on"], self.cleaned_data["off"]
        page = self.cleaned_data["shown"]
        if do in ("all", "none"):
            return (page, ()) if do == "all" else ((), page)
        ticked = set(self.cleaned_data["item"])
        return [uid for uid in page if uid in ticked], [uid for uid in page if uid not in ticked]

    def apply(self, part: RecipePart) -> RecipePart:
        """The part with the changed choice. Raises TooManyItems; the form must be valid."""
        if self.is_cleared:
            return replace(part, items=())
        removed = set(self.removed)
        items = [uid for uid in dict.fromkeys((*part.items, *self.added)) if uid not in removed]
        if len(items) > MOST_ITEMS:
            raise TooManyItems
        return replace(part, items=tuple(items))


class TooManyItems(ConsoleError):
    message = f"One part holds at most {MOST_ITEMS:,} chosen items. Add another part for more."


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
    return all(_is_plain(value) for values in filters.values() for value in _listed(values))


class RecipeFilterForm(forms.Form):
    """Fields and values of a filter: `f3` names the field of row 3, `v3` has its ticked values, `o3` its typed ones.

    Valid, `filters` is what the rows say. Fields without values and values without a field stay, to be finished.
    """

    def __init__(self, data: QueryDict, *, seen_fields: SeenFields, before: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._fields_data = data
        self._seen = {field.name: field for field in seen_fields.fields}
        self._before = before
        self.filters: dict[str, Any] = {}

    def clean(self) -> None:
        filters: dict[str, list[Any]] = {}
        for index in _row_numbers(self._fields_data):
            name = self._fields_data.get(f"f{index}", "").strip()
            values = self._values(index, name)
            if values or (name and name not in self._seen and f"offered{index}" not in self._fields_data):
                filters[name] = _unique([*filters.get(name, []), *values])
        self.filters = {name: _as_before(values, self._before.get(name)) for name, values in filters.items()}

    def _values(self, index: int, name: str) -> list[Any]:
        known_values = _known_values(self._seen.get(name), self._before.get(name))
        lines = (line.strip() for line in self._fields_data.get(f"o{index}", "").splitlines())
        typed_values = [_typed_value(line, known_values) for line in lines if line]
        return [*(_ticked(wire) for wire in self._fields_data.getlist(f"v{index}")), *typed_values]


def _row(index: int, name: str, filter_values: Any, field: Field | None) -> FilterRow:
    selected = {json.dumps(value): as_text(value) for value in _listed(filter_values)}
    values = field.values if field else ()
    offered_wires = {value.wire for value in values}
    choices = tuple(FilterChoice(value.wire, value.text, value.count, value.wire in selected) for value in values)
    others = "\n".join(text for wire, text in selected.items() if wire not in offered_wires)
    return FilterRow(index, name, choices, others, field.more if field else 0)


def _row_numbers(params: QueryDict) -> list[int]:
    numbers = (name[1:] for name in params if name[:1] == "f")
    return sorted({number for text in numbers if (number := read_int(text, 0, 9_999)) is not None})


def _ticked(wire: str) -> Any:
    try:
        value = read_json(wire, exact=True)
    except NotJson:
        return wire
    return value if _is_plain(value) else wire


def _known_values(field: Field | None, before: Any) -> dict[str, Any]:
    seen_fields = {value.text: json.loads(value.wire) for value in field.values} if field else {}
    return {**seen_fields, **{as_text(value): value for value in _listed(before)}}


def _typed_value(line: str, known_values: Mapping[str, Any]) -> Any:
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
