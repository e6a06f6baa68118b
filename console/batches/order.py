"""The order of a project's batches, without any call: ranks out of numbers, and numbers out of ranks.

CloudFactory keeps a number for each batch (FACTS 2.6) and does not say which end is worked on first (FACTS 4, row 5);
the setting PRIORITY_HIGH_FIRST does. Batches without a number stand at the end. Ranks count open batches only:
nobody works on a finished one, so it has no rank and keeps its place among the others.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from console.common.errors import ConsoleError
from console.upstream.response_models import Priority

LOWEST = 0
"""Nobody states a bound; a number below nought is the likeliest to be refused, so none is made up here."""


class BadOrder(ConsoleError):
    """What was sent is not an order of these batches. Nothing was sent on."""


class BadPositions(Exception):
    """Typed positions that no order can fulfil: a message for each batch that has one."""

    def __init__(self, messages: Mapping[int, str]) -> None:
        super().__init__("; ".join(messages.values()))
        self.messages = messages


@dataclass(frozen=True)
class Place:
    """A batch in the order, with the vendor's number, or None where it has none."""

    batch_id: int
    number: int | None
    finished: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Order:
    """Every batch once, the one worked on first at the top."""

    places: tuple[Place, ...]

    @cached_property
    def ids(self) -> tuple[int, ...]:
        return tuple(place.batch_id for place in self.places)

    @cached_property
    def finished(self) -> frozenset[int]:
        return frozenset(place.batch_id for place in self.places if place.finished)

    @cached_property
    def open_ids(self) -> tuple[int, ...]:
        return tuple(place.batch_id for place in self.places if not place.finished)

    @cached_property
    def ranks(self) -> dict[int, int]:
        """From open batch to rank, counted from 1."""
        return {batch_id: rank for rank, batch_id in enumerate(self.open_ids, start=1)}

    @cached_property
    def numbers(self) -> dict[int, int]:
        """What the vendor holds; batches without a number are left out."""
        return {place.batch_id: place.number for place in self.places if place.number is not None}

    @cached_property
    def tied(self) -> frozenset[int]:
        """Batches that share their number with another one."""
        often = Counter(self.numbers.values())
        return frozenset(batch_id for batch_id, number in self.numbers.items() if often[number] > 1)

    @property
    def unordered(self) -> int:
        return len(self.places) - len(self.numbers)

    @property
    def is_resolved(self) -> bool:
        """Whether every batch has a number of its own."""
        return not self.tied and not self.unordered

    def rearranged(self, open_ids: Sequence[int]) -> tuple[int, ...]:
        """All batches with the open ones in another order; finished ones stay where they are."""
        following = iter(open_ids)
        return tuple(place.batch_id if place.finished else next(following) for place in self.places)


def arranged(
    entries: Iterable[Priority], batch_ids: Iterable[int], *, high_first: bool, finished: Collection[int] = frozenset()
) -> Order:
    """What the vendor's numbers mean. Equal numbers stand together, the older batch (smaller id) first.

    An entry whose batch is not among the listed ones is kept: it is part of what the vendor holds.
    """
    numbers = {entry.batch_id: entry.priority for entry in entries if entry.priority is not None}
    numbered = sorted(numbers, key=lambda batch_id: (_wanted(numbers[batch_id], high_first), batch_id))
    others = sorted(set(batch_ids).union(entry.batch_id for entry in entries) - numbers.keys())
    ids = [*numbered, *others]
    return Order(tuple(Place(batch_id, numbers.get(batch_id), batch_id in finished) for batch_id in ids))


def numbered(batch_ids: Sequence[int], *, high_first: bool, finished: Collection[int] = frozenset()) -> Order:
    """The order with fresh numbers: N to 1 from the top, or 1 to N where a low number is worked on first."""
    count = len(batch_ids)
    numbers = range(count, 0, -1) if high_first else range(1, count + 1)
    places = zip(batch_ids, numbers, strict=True)
    return Order(tuple(Place(batch_id, number, batch_id in finished) for batch_id, number in places))


def restored(
    order: Order, current: Sequence[int], *, high_first: bool, finished: Collection[int] = frozenset()
) -> Order:
    """An earlier order for the batches there are now, with its very numbers where they can be had.

    Batches made since then, and those that had no number, go to the end in the order they stand in now: a number cannot
    be taken away again, only given. Where no whole number is left at that end, all are numbered afresh.
    """
    here = set(current)
    kept = [
        Place(place.batch_id, place.number, place.batch_id in finished)
        for place in order.places
        if place.batch_id in here and place.number is not None
    ]
    known = {place.batch_id for place in kept}
    waiting = [place.batch_id for place in order.places if place.batch_id in here and place.batch_id not in known]
    rest = list(dict.fromkeys([*waiting, *(batch_id for batch_id in current if batch_id not in known)]))
    ids = [place.batch_id for place in kept] + rest
    spaced = _numbers_after([place.number for place in kept if place.number is not None], len(rest), high_first)
    if spaced is None:
        return numbered(ids, high_first=high_first, finished=finished)
    added = zip(rest, spaced, strict=True)
    return Order((*kept, *(Place(batch_id, number, batch_id in finished) for batch_id, number in added)))


def entries_to_send(order: Order, current: Mapping[int, Priority]) -> tuple[Priority, ...]:
    """Every entry from the top, with the fields nobody described as they came (FACTS 4, row 4)."""
    return tuple(_entry(place, current.get(place.batch_id)) for place in order.places)


def check_order(base: Order, proposed: Sequence[int]) -> None:
    """Every batch of the page exactly once, and no other; BadOrder if not."""
    asked, here = set(proposed), set(base.ids)
    if len(asked) != len(proposed):
        raise BadOrder("A batch is in the order twice. Nothing was sent.")
    if strangers := asked - here:
        raise BadOrder(f"Batch {min(strangers)} does not belong to this project’s order. Nothing was sent.")
    if missing := here - asked:
        raise BadOrder(f"Batch {min(missing)} is missing from the order. Nothing was sent.")


def from_boxes(base: Sequence[int], typed: Mapping[int, int]) -> tuple[int, ...]:
    """The order that typed positions ask for, each from 1 and no two alike: a batch with a position stands exactly
    there, all others fill the gaps in the order they had."""
    placed = {position: batch_id for batch_id, position in typed.items()}
    others = (batch_id for batch_id in base if batch_id not in typed)
    return tuple(placed[at] if at in placed else next(others) for at in range(1, len(base) + 1))


def _wanted(number: int, high_first: bool) -> int:
    return -number if high_first else number


def _numbers_after(numbers: Sequence[int], count: int, high_first: bool) -> list[int] | None:
    if not high_first:
        last = max(numbers, default=0)
        return [last + step for step in range(1, count + 1)]
    last = min(numbers, default=LOWEST + count)
    found = [last - step for step in range(1, count + 1)]
    return found if not found or found[-1] >= LOWEST else None


def _entry(place: Place, current: Priority | None) -> Priority:
    if current is None:
        return Priority(place.batch_id, place.number)
    return Priority(place.batch_id, place.number, current.extra, current.id_field)
