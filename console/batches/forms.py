"""What the batch pages take in. Everything is checked here before a service sees it."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django import forms
from django.http import QueryDict

from console.batches.order import BadOrder, BadPositions, Order, check_order, from_boxes
from console.common.fields import IdField, NameField
from console.common.parsing import INT64, read_int, read_uuid, text_fault

LONGEST_NAME = 255
LONGEST_NOTE = 500


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


def _position_error(position: int | None, often: Mapping[int | None, int], last: int) -> str:
    if position is None:
        return f"Type a whole number from 1 to {last}."
    return f"Position {position} is typed for {often[position]} batches. Each needs its own."
