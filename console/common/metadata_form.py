"""Metadata of a batch or a work item as lines of key, value and kind, which a person can type."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from console.common.parsing import NotJson, clean, read_json, read_uuid, text_fault

MOST_LINES = 200
LONGEST_KEY = 200
LONGEST_VALUE = 20_000

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


class MetadataForm:
    """Metadata as lines of key, value and kind. Blank lines count as removed."""

    def __init__(self, lines: Sequence[MetadataLine], base: Mapping[str, Any], act_id: uuid.UUID | None = None) -> None:
        self.lines, self.base, self.act_id = list(lines), dict(base), act_id
        self.error = ""
        self.wanted: dict[str, Any] = {}

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> "MetadataForm":
        return cls([_line(key, value) for key, value in metadata.items()], metadata, uuid.uuid4())

    @classmethod
    def read(cls, post: QueryDict) -> "MetadataForm":
        keys, values, kinds = post.getlist("key"), post.getlist("value"), post.getlist("kind")
        base = _parsed(post.get("base", ""))
        form = cls([], base if isinstance(base, dict) else {}, read_uuid(post.get("act_id")))
        lines = [form._typed(*parts) for parts in zip(keys, values, kinds, strict=False)]
        form.lines = [line for line in lines if line.key or line.value.strip()]
        if form.act_id is None or not isinstance(base, dict) or not len(keys) == len(values) == len(kinds):
            form.error = "Something of this form was lost on the way. Open the page again; nothing was sent."
        if len(lines) > MOST_LINES:
            form.error = f"At most {MOST_LINES} lines. Nothing was sent."
        return form

    @property
    def blank(self) -> MetadataLine:
        """The empty line at the end, to write a new one into."""
        return MetadataLine("", "", TEXT)

    @property
    def base_text(self) -> str:
        return json.dumps(self.base, ensure_ascii=False)

    def is_valid(self) -> bool:
        for line in self.lines:
            self._take(line)
        return not self.error and not any(line.errors for line in self.lines)

    def _typed(self, key: str, value: str, kind: str) -> MetadataLine:
        """A browser sends each line break as two characters, and a key may really end in a blank."""
        text, base = value.replace("\r\n", "\n"), self.base.get(key)
        if isinstance(base, str) and base.replace("\r\n", "\n") == text:
            text = base
        return MetadataLine(key if key in self.base else key.strip(), text, kind)

    def _take(self, line: MetadataLine) -> None:
        if not line.key and not line.value.strip():
            return
        if not line.key:
            line.errors.append("Name this line, or empty its value to remove it.")
        elif line.key in self.wanted:
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
            self.wanted[line.key] = value


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
    value = _parsed(text)
    if line.kind == NUMBER:
        return value, "" if isinstance(value, int | float) and not isinstance(value, bool) else "This is not a number."
    return value, "" if value is not NOT_JSON else "This is not valid JSON."


NOT_JSON: Any = object()


def _parsed(text: str) -> Any:
    """JSON from a person, or NOT_JSON."""
    try:
        return read_json(text, exact=True)
    except NotJson:
        return NOT_JSON
