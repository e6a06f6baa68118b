"""What the batch pages take in. Everything is checked here before a service sees it."""

import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django import forms
from django.core import signing
from django.http import QueryDict

from console.batches.order import Order, OrderPlace
from console.common.errors import ConsoleError
from console.common.fields import IdField, NameField
from console.common.parsing import INT64, read_int, read_uuid, text_fault

LONGEST_NAME = 255
LONGEST_NOTE = 500
SALT = "batches.order"


class BadOrder(ConsoleError):
    """What was sent is not an order of these batches. Nothing was sent on."""


class BadPositions(Exception):
    """Typed positions that no order can fulfil: a message for each batch that has one."""

    def __init__(self, messages: Mapping[int, str]) -> None:
        super().__init__("; ".join(messages.values()))
        self.messages = messages


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


def read_act_id(data: QueryDict) -> uuid.UUID | None:
    """The one-time id of a form that has no other field."""
    return read_uuid(data.get("act_id"))


def read_batch_ids(query: QueryDict) -> list[int]:
    """The batches an address names; what is no id of a batch is left out."""
    ids = [read_int(text, INT64.start) for text in query.getlist("batch")]
    return [batch_id for batch_id in ids if batch_id is not None]


@dataclass(frozen=True)
class PageOrder:
    """The order a page was opened with, and when that was."""

    order: Order
    opened_at: datetime


def sign_page_order(project: uuid.UUID, order: Order) -> str:
    """The order a page starts from, signed: what comes back unsigned or from another project is refused."""
    places = [[place.batch_id, place.number, int(place.finished)] for place in order.places]
    return signing.dumps([str(project), places, time.time()], salt=SALT, compress=True)


def read_page_order(project: uuid.UUID, signed: str) -> PageOrder:
    """What `sign_page_order` signed; BadOrder for anything else."""
    try:
        of_project, places, opened_at = signing.loads(signed, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise BadOrder("This page's order was changed on the way. Open the page again.") from None
    if of_project != str(project):
        raise BadOrder("This order belongs to another project. Open the page again.")
    # A page opened before finished batches were marked sends pairs.
    order = Order(tuple(OrderPlace(batch_id, number, any(finished)) for batch_id, number, *finished in places))
    return PageOrder(order, datetime.fromtimestamp(opened_at, UTC))


@dataclass
class OrderForm:
    """The order a page sends: the batches in their order, or without script a typed position for each open one."""

    act_id: uuid.UUID | None
    base: str
    ids: list[int] = field(default_factory=list)
    boxes: list[str] | None = None
    note: str = ""
    error: str = ""
    page_order: PageOrder | None = None
    """The order that `base` signs."""

    @classmethod
    def read(cls, data: QueryDict, project: uuid.UUID) -> "OrderForm":
        note = data.get("note", "") or data.get("note_plain", "")
        form = cls(read_act_id(data), data.get("base", ""), note=" ".join(note.split()))
        texts = data.getlist("batch") or [part for part in data.get("order", "").split(",") if part]
        ids = [read_int(part, INT64.start) for part in texts]
        if None in ids:
            form.error = "The order holds something that is no batch. Nothing was sent."
        else:
            form.ids = [batch_id for batch_id in ids if batch_id is not None]
        if boxes := data.getlist("place"):
            form.boxes = boxes
        if form.act_id is None or not form.base:
            form.error = "Something of this page was lost on the way. Open it again; nothing was sent."
        if len(form.note) > LONGEST_NOTE:
            form.error = f"A note has at most {LONGEST_NOTE} characters. Nothing was sent."
        if fault := text_fault(form.note):
            form.error = f"The note can't be kept. {fault} Nothing was sent."
        try:
            form.page_order = read_page_order(project, form.base)
        except BadOrder as problem:
            form.error = form.error or problem.message
        return form

    def read_order(self, base: Order) -> tuple[int, ...]:
        """The order asked for, checked against the one the page was opened with; BadOrder or BadPositions."""
        check_order(base, self.ids)
        if self.boxes is None:
            return tuple(self.ids)
        return base.rearranged(order_from_positions(base.open_ids, self._read_positions(base)))

    def texts(self, base: Order) -> dict[int, str]:
        """What is in the box of each open batch: what was typed, or with script the rank it was moved to."""
        open_ids = self._open_ids(base)
        texts = map(str, range(1, len(open_ids) + 1)) if self.boxes is None else self.boxes
        return dict(zip(open_ids, texts, strict=False))

    def _read_positions(self, base: Order) -> dict[int, int]:
        """Positions that differ from the rank their box came with, no two alike."""
        if len(self.boxes or []) != len(self._open_ids(base)):
            raise BadOrder("A number box was lost on the way. Open the page again; nothing was sent.")
        last, ranks = len(base.open_ids), base.ranks
        texts = {batch_id: text.strip() for batch_id, text in self.texts(base).items()}
        positions = {batch: read_int(text, 1, last) for batch, text in texts.items() if text != str(ranks[batch])}
        often = Counter(positions.values())
        if wrong := [batch for batch, position in positions.items() if position is None or often[position] > 1]:
            raise BadPositions({batch: _position_error(positions[batch], often, last) for batch in wrong})
        return {batch: position for batch, position in positions.items() if position is not None}

    def _open_ids(self, base: Order) -> list[int]:
        return [batch_id for batch_id in self.ids if batch_id not in base.finished]


def check_order(base: Order, proposed: Sequence[int]) -> None:
    """Every batch of the page exactly once, and no other; BadOrder if not."""
    ids, base_ids = set(proposed), set(base.ids)
    if len(ids) != len(proposed):
        raise BadOrder("A batch is in the order twice. Nothing was sent.")
    if strangers := ids - base_ids:
        raise BadOrder(f"Batch {min(strangers)} does not belong to this project’s order. Nothing was sent.")
    if missing := base_ids - ids:
        raise BadOrder(f"Batch {min(missing)} is missing from the order. Nothing was sent.")


def order_from_positions(base: Sequence[int], positions: Mapping[int, int]) -> tuple[int, ...]:
    """The order that typed positions ask for, each from 1 and no two alike: a batch with a position is put exactly
    there, all others fill the gaps in the order they had."""
    at_position = {position: batch_id for batch_id, position in positions.items()}
    others = (batch_id for batch_id in base if batch_id not in positions)
    return tuple(at_position[at] if at in at_position else next(others) for at in range(1, len(base) + 1))


def _position_error(position: int | None, often: Mapping[int | None, int], last: int) -> str:
    if position is None:
        return f"Type a whole number from 1 to {last}."
    return f"Position {position} is typed for {often[position]} batches. Each needs its own."
