"""The order of a project's batches, without any call: ranks out of numbers, and numbers out of ranks.

CloudFactory keeps a number for each batch (FACTS 2.6) and does not say which end is worked on first (FACTS 4, row 5);
the setting PRIORITY_HIGH_FIRST does. Batches without a number stand at the end.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from console.upstream.types import Priority

LOWEST = 0
"""Nobody states a bound; a number below nought is the likeliest to be refused, so none is made up here."""


@dataclass(frozen=True)
class Place:
    """A batch in the order, with the vendor's number, or None where it has none."""

    batch_id: int
    number: int | None


@dataclass(frozen=True)
class Order:
    """Every batch once, the one worked on first at the top."""

    places: tuple[Place, ...]

    @cached_property
    def ids(self) -> tuple[int, ...]:
        return tuple(place.batch_id for place in self.places)

    @cached_property
    def ranks(self) -> dict[int, int]:
        """From batch to rank, counted from 1."""
        return {place.batch_id: rank for rank, place in enumerate(self.places, start=1)}

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
    def is_settled(self) -> bool:
        """Whether every batch has a number of its own."""
        return not self.tied and not self.unordered


def arranged(entries: Iterable[Priority], batch_ids: Iterable[int], *, high_first: bool) -> Order:
    """What the vendor's numbers mean. Equal numbers stand together, the older batch (smaller id) first.

    An entry whose batch is not among the listed ones is kept: it is part of what the vendor holds.
    """
    numbers = {entry.batch_id: entry.priority for entry in entries if entry.priority is not None}
    numbered = sorted(numbers, key=lambda batch_id: (_wanted(numbers[batch_id], high_first), batch_id))
    others = sorted(set(batch_ids).union(entry.batch_id for entry in entries) - numbers.keys())
    return Order(tuple(Place(batch_id, numbers.get(batch_id)) for batch_id in [*numbered, *others]))


def numbered(batch_ids: Sequence[int], *, high_first: bool) -> Order:
    """The order with fresh numbers: N to 1 from the top, or 1 to N where a low number is worked on first."""
    count = len(batch_ids)
    return Order(tuple(Place(batch_id, count - at if high_first else at + 1) for at, batch_id in enumerate(batch_ids)))


def restored(order: Order, current: Sequence[int], *, high_first: bool) -> Order:
    """An earlier order for the batches there are now, with its very numbers where they can be had.

    Batches made since then, and those that had no number, go to the end in the order they stand in now: a number cannot
    be taken away again, only given. Where no whole number is left at that end, all are numbered afresh.
    """
    here = set(current)
    kept = [place for place in order.places if place.batch_id in here and place.number is not None]
    known = {place.batch_id for place in kept}
    waiting = [place.batch_id for place in order.places if place.batch_id in here and place.batch_id not in known]
    rest = list(dict.fromkeys([*waiting, *(batch_id for batch_id in current if batch_id not in known)]))
    ids = [place.batch_id for place in kept] + rest
    spaced = _numbers_after([place.number for place in kept if place.number is not None], len(rest), high_first)
    if spaced is None:
        return numbered(ids, high_first=high_first)
    return Order((*kept, *(Place(batch_id, number) for batch_id, number in zip(rest, spaced, strict=True))))


def entries_to_send(order: Order, current: Mapping[int, Priority]) -> tuple[Priority, ...]:
    """Every entry from the top, with the fields nobody described as they came (FACTS 4, row 4)."""
    return tuple(_entry(place, current.get(place.batch_id)) for place in order.places)


def from_boxes(base: Sequence[int], wanted: Mapping[int, int]) -> tuple[int, ...]:
    """The order that number boxes ask for: each batch at the number typed into its box, counted from 1.

    Of batches that ask for the same place, one that was moved up comes first and one that was moved down last, so that
    changing a single box puts its batch exactly there.
    """
    ranks = {batch_id: rank for rank, batch_id in enumerate(base, start=1)}

    def key(batch_id: int) -> tuple[int, int, int]:
        asked, was = wanted.get(batch_id, ranks[batch_id]), ranks[batch_id]
        return asked, (asked > was) - (asked < was), was

    return tuple(sorted(base, key=key))


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
