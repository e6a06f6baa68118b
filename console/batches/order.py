"""The order of a project's batches, without any call: ranks out of numbers, and numbers out of ranks.

CloudFactory keeps a number for each batch (FACTS 2.6) and does not say which end is worked on first (FACTS 4, row 5);
the setting PRIORITY_HIGH_FIRST does. Batches without a number are at the end. Ranks count open batches only:
a finished one has no rank and keeps its place among the others.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from console.upstream.response_models import Priority

LOWEST_NUMBER = 0
"""No bound is documented; a negative number is the likeliest to be refused, so none is made up here."""


@dataclass(frozen=True)
class OrderPlace:
    """A batch in the order, with the vendor's number, or None where it has none."""

    batch_id: int
    number: int | None
    finished: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Order:
    """Every batch once, the one worked on first at the top."""

    places: tuple[OrderPlace, ...]

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

    def agrees_with(self, other: "Order") -> bool:
        """Whether the batches in both are in the same order; new ones at the end do no harm."""
        both = set(self.ids) & set(other.ids)
        return [one for one in self.ids if one in both] == [one for one in other.ids if one in both]

    def rearranged(self, open_ids: Sequence[int]) -> tuple[int, ...]:
        """All batches with the open ones in another order; finished ones stay where they are."""
        following = iter(open_ids)
        return tuple(place.batch_id if place.finished else next(following) for place in self.places)


def arrange_order(
    entries: Iterable[Priority], batch_ids: Iterable[int], *, high_first: bool, finished: Collection[int] = frozenset()
) -> Order:
    """What the vendor's numbers mean. Equal numbers are together, the older batch (smaller id) first.

    An entry whose batch is not among the listed ones is kept: it is part of what the vendor holds.
    """
    numbers = {entry.batch_id: entry.priority for entry in entries if entry.priority is not None}
    numbered = sorted(numbers, key=lambda batch_id: (_sort_key(numbers[batch_id], high_first), batch_id))
    others = sorted(set(batch_ids).union(entry.batch_id for entry in entries) - numbers.keys())
    ids = [*numbered, *others]
    return Order(tuple(OrderPlace(batch_id, numbers.get(batch_id), batch_id in finished) for batch_id in ids))


def number_afresh(batch_ids: Sequence[int], *, high_first: bool, finished: Collection[int] = frozenset()) -> Order:
    """The order with fresh numbers: N to 1 from the top, or 1 to N where a low number is worked on first."""
    count = len(batch_ids)
    numbers = range(count, 0, -1) if high_first else range(1, count + 1)
    places = zip(batch_ids, numbers, strict=True)
    return Order(tuple(OrderPlace(batch_id, number, batch_id in finished) for batch_id, number in places))


def restore_numbers(
    order: Order, current: Sequence[int], *, high_first: bool, finished: Collection[int] = frozenset()
) -> Order:
    """An earlier order for the batches there are now, with its own numbers where that is possible.

    Batches created since then, and those that had no number, go to the end in their present order: a number cannot
    be taken away again, only given. Where no whole number is left at that end, all are numbered afresh.
    """
    present = set(current)
    places = [
        OrderPlace(place.batch_id, place.number, place.batch_id in finished)
        for place in order.places
        if place.batch_id in present and place.number is not None
    ]
    numbered_ids = {place.batch_id: None for place in places}
    without_number = [place.batch_id for place in order.places if place.batch_id in present]
    rest = [batch_id for batch_id in dict.fromkeys([*without_number, *current]) if batch_id not in numbered_ids]
    spaced = _numbers_after([place.number for place in places if place.number is not None], len(rest), high_first)
    if spaced is None:
        return number_afresh([*numbered_ids, *rest], high_first=high_first, finished=finished)
    added = zip(rest, spaced, strict=True)
    return Order((*places, *(OrderPlace(batch_id, number, batch_id in finished) for batch_id, number in added)))


def entries_to_send(order: Order, current: Mapping[int, Priority]) -> tuple[Priority, ...]:
    """Every entry from the top, with undocumented fields as they came (FACTS 4, row 4)."""
    return tuple(_entry(place, current.get(place.batch_id)) for place in order.places)


def _sort_key(number: int, high_first: bool) -> int:
    return -number if high_first else number


def _numbers_after(numbers: Sequence[int], count: int, high_first: bool) -> list[int] | None:
    if not high_first:
        last = max(numbers, default=0)
        return [last + step for step in range(1, count + 1)]
    last = min(numbers, default=LOWEST_NUMBER + count)
    lower = [last - step for step in range(1, count + 1)]
    return lower if not lower or lower[-1] >= LOWEST_NUMBER else None


def _entry(place: OrderPlace, current: Priority | None) -> Priority:
    if current is None:
        return Priority(place.batch_id, place.number)
    return Priority(place.batch_id, place.number, current.extra, current.id_field)
