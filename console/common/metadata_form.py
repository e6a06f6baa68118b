"""Metadata of a batch or a work item as lines of key, value and kind, which a person can type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from console.common.fields import IdField
from console.common.parsing import NotJson, clean, read_json, text_fault

MOST_LINES = 200
LONGEST_KEY = 200
LONGEST_VALUE = 20_000

INCOMPLETE = "Something of this form was lost on the way. Open the page again; nothing was sent."

TEXT, NUMBER, YES_NO, DATA = "text", "number", "yes-no", "data"
KINDS = ((TEXT, "Text"), (NUMBER, "Number"), (YES_NO, "Yes or no"), (DATA, "Data (JSON)"))


@dataclass
class MetadataLine:
    """One key with its value, as typed."""

    key: str
    value: str
    kind: str
    errors: list[str] = field(default_factory=list)

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        return [(kind, words, kind == self.kind) for kind, words in KINDS]


class MetadataForm(forms.Form):
    """Metadata as lines of key, value and kind, and the metadata the page was opened with. Blank lines are left out.

    Valid, `metadata` has what was typed. A line has its own errors, `error` is about the whole form.
    """

    act_id = IdField(required=False)

    def __init__(self, data: QueryDict | None = None, *, metadata: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.metadata: dict[str, Any] = {}
        self.base: dict[str, Any] = dict(metadata or {})
        self.lines = [_line(key, value) for key, value in self.base.items()]
        self._is_complete, self._is_checked, self._sent_lines = True, False, 0
        if data is not None:
            self._read_lines(data)

    @property
    def blank(self) -> MetadataLine:
        """The empty line at the end, to write a new one into."""
        return MetadataLine("", "", TEXT)

    @property
    def base_text(self) -> str:
        return json.dumps(self.base, ensure_ascii=False)

    @property
    def error(self) -> str:
        """What is wrong with the whole form, once it was checked."""
        return next((str(error) for error in self.non_field_errors() if error), "") if self._is_checked else ""

    def clean(self) -> None:
        self._is_checked = True
        for line in self.lines:
            self._clean_line(line)
        if self._sent_lines > MOST_LINES:
            raise ValidationError(f"At most {MOST_LINES} lines. Nothing was sent.")
        if not self._is_complete or self.cleaned_data.get("act_id") is None:
            raise ValidationError(INCOMPLETE)
        if any(line.errors for line in self.lines):
            raise ValidationError("", code="lines")

    def check_key(self, key: str) -> None:
        """Raises ValidationError for a key that can't be typed here."""

    def _read_lines(self, data: QueryDict) -> None:
        keys, values, kinds = data.getlist("key"), data.getlist("value"), data.getlist("kind")
        base = _read_json(data.get("base", ""))
        self.base = base if isinstance(base, dict) else {}
        self._is_complete = isinstance(base, dict) and len(keys) == len(values) == len(kinds)
        lines = [self._typed_line(*parts) for parts in zip(keys, values, kinds, strict=False)]
        self._sent_lines = len(lines)
        self.lines = [line for line in lines if line.key or line.value.strip()]

    def _typed_line(self, key: str, value: str, kind: str) -> MetadataLine:
        """A browser sends each line break as two characters, and a key may really end in a blank."""
        text, before = value.replace("\r\n", "\n"), self.base.get(key)
        if isinstance(before, str) and before.replace("\r\n", "\n") == text:
            text = before
        return MetadataLine(key if key in self.base else key.strip(), text, kind)

    def _clean_line(self, line: MetadataLine) -> None:
        if not line.key:
            line.errors.append("Name this line, or empty its value to remove it.")
        elif line.key in self.metadata:
            line.errors.append("This name stands twice.")
        elif len(line.key) > LONGEST_KEY:
            line.errors.append(f"At most {LONGEST_KEY} characters.")
        elif fault := text_fault(line.key):
            line.errors.append(fault)
        elif clean(line.value) != line.value:
            line.errors.append("Remove the control characters.")
        elif len(line.value) > LONGEST_VALUE:
            line.errors.append(f"At most {LONGEST_VALUE} characters.")
        else:
            value, error = _value(line)
            line.errors += [error] if error else []
            self.metadata[line.key] = value
        try:
            self.check_key(line.key)
        except ValidationError as error_of_key:
            line.errors += error_of_key.messages


def _line(key: str, value: Any) -> MetadataLine:
    if isinstance(value, str):
        return MetadataLine(key, value, TEXT)
    if isinstance(value, bool):
        return MetadataLine(key, "yes" if value else "no", YES_NO)
    text = json.dumps(value, ensure_ascii=False)
    return MetadataLine(key, text, NUMBER if isinstance(value, int | float) else DATA)


def _value(line: MetadataLine) -> tuple[Any, str]:
    text = line.value.strip()
    if line.kind == TEXT:
        return line.value, ""
    if line.kind == YES_NO:
        boolean = {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())
        return boolean, "" if boolean is not None else "Write yes or no."
    value = _read_json(text)
    if line.kind == NUMBER:
        return value, "" if isinstance(value, int | float) and not isinstance(value, bool) else "This is not a number."
    return value, "" if value is not NOT_JSON else "This is not valid JSON."


NOT_JSON: Any = object()


def _read_json(text: str) -> Any:
    """JSON from a person, or NOT_JSON."""
    try:
        return read_json(text, exact=True)
    except NotJson:
        return NOT_JSON
