"""What the batch pages take in. Everything is checked here before a service sees it."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict

from console.batches.order import BadOrder, BadPositions, Order, check_order, from_boxes
from console.common.fields import IdField, NameField
from console.common.parsing import INT64, NotJson, clean, read_int, read_json, read_uuid, text_fault

LONGEST_NAME = 255
LONGEST_NOTE = 500
MOST_LINES = 200
LONGEST_KEY = 200
LONGEST_VALUE = 20_000

TEXT, NUMBER, YES_NO, DATA = "text", "number", "yes-no", "data"
KINDS = ((TEXT, "Text"), (NUMBER, "Number"), (YES_NO, "Yes or no"), (DATA, "Data (JSON)"))


class NameForm(forms.Form):
    """A batch's name. CloudFactory names no longest length; ours keeps it readable."""

    name = NameField(
        label="Name",
        max_length=LONGEST_NAME,
        error_messages={
            "required": "Give the batch a name.",
            "max_length": f"A name has at most {LONGEST_NAME} characters; this one has %(show_value)d.",
        },
    )
    act_id = IdField(error_messages={"required": "Open this page again."})


def act_id_of(sent: QueryDict) -> uuid.UUID | None:
    """The one-time id of a form that has no other field."""
    return read_uuid(sent.get("act_id"))


def batch_ids_of(asked: QueryDict) -> list[int]:
    """The batches an address names; what is no id of a batch is nobody's and left out."""
    return [found for text in asked.getlist("batch") if (found := read_int(text, INT64.start)) is not None]


@dataclass
class OrderForm:
    """The order a page sends: the batches as they stand, or without script a typed position for each open one."""

    act_id: uuid.UUID | None
    base: str
    ids: list[int] = field(default_factory=list)
    boxes: list[str] | None = None
    note: str = ""
    error: str = ""

    @classmethod
    def read(cls, sent: QueryDict) -> "OrderForm":
        note = sent.get("note", "") or sent.get("note_plain", "")
        form = cls(act_id_of(sent), sent.get("base", ""), note=" ".join(note.split()))
        listed = sent.getlist("batch") or [part for part in sent.get("order", "").split(",") if part]
        ids = [read_int(part, INT64.start) for part in listed]
        if None in ids:
            form.error = "The order holds something that is no batch. Nothing was sent."
        else:
            form.ids = [batch_id for batch_id in ids if batch_id is not None]
        if boxes := sent.getlist("place"):
            form.boxes = boxes
        if form.act_id is None or not form.base:
            form.error = "Something of this page was lost on the way. Open it again; nothing was sent."
        if len(form.note) > LONGEST_NOTE:
            form.error = f"A note has at most {LONGEST_NOTE} characters. Nothing was sent."
        if fault := text_fault(form.note):
            form.error = f"The note can't be kept. {fault} Nothing was sent."
        return form

    def read_order(self, base: Order) -> tuple[int, ...]:
        """The order asked for, checked against the one the page was opened with; BadOrder or BadPositions."""
        check_order(base, self.ids)
        if self.boxes is None:
            return tuple(self.ids)
        return base.rearranged(from_boxes(base.open_ids, self._typed_positions(base)))

    def texts(self, base: Order) -> dict[int, str]:
        """What stands in the box of each open batch: what was typed, or with script the rank it was moved to."""
        open_ids = self._open(base)
        texts = map(str, range(1, len(open_ids) + 1)) if self.boxes is None else self.boxes
        return dict(zip(open_ids, texts, strict=False))

    def _typed_positions(self, base: Order) -> dict[int, int]:
        """Positions that differ from the rank their box came with, no two alike."""
        if len(self.boxes or []) != len(self._open(base)):
            raise BadOrder("A number box was lost on the way. Open the page again; nothing was sent.")
        last, ranks = len(base.open_ids), base.ranks
        texts = {batch_id: text.strip() for batch_id, text in self.texts(base).items()}
        positions = {batch: read_int(text, 1, last) for batch, text in texts.items() if text != str(ranks[batch])}
        often = Counter(positions.values())
        if wrong := [batch for batch, position in positions.items() if position is None or often[position] > 1]:
            raise BadPositions({batch: _position_error(positions[batch], often, last) for batch in wrong})
        return {batch: position for batch, position in positions.items() if position is not None}

    def _open(self, base: Order) -> list[int]:
        return [batch_id for batch_id in self.ids if batch_id not in base.finished]


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
    def read(cls, sent: QueryDict) -> "MetadataForm":
        keys, values, kinds = sent.getlist("key"), sent.getlist("value"), sent.getlist("kind")
        base = _parsed(sent.get("base", ""))
        form = cls([], base if isinstance(base, dict) else {}, act_id_of(sent))
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
        text, known = value.replace("\r\n", "\n"), self.base.get(key)
        if isinstance(known, str) and known.replace("\r\n", "\n") == text:
            text = known
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
        said = {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())
        return said, "" if said is not None else "Write yes or no."
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


def _position_error(position: int | None, often: Mapping[int | None, int], last: int) -> str:
    if position is None:
        return f"Type a whole number from 1 to {last}."
    return f"Position {position} is typed for {often[position]} batches. Each needs its own."
