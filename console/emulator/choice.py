"""Which work items are meant, in the words that P16 and exports share, and the arithmetic of spans of row numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[float, float]
ALWAYS: Span = (float("-inf"), float("inf"))


@dataclass(frozen=True)
class Choice:
    """Times are seconds, both ends included; what is None is not looked at."""

    batches: set[int] | None = None
    status: str | None = None
    created: Span = ALWAYS
    updated: Span = ALWAYS

    def takes(self, batch: int, status: str) -> bool:
        return (self.batches is None or batch in self.batches) and self.status in (None, status)

    def takes_times(self, created: float, updated: float) -> bool:
        return is_within(self.created, created) and is_within(self.updated, updated)

    @property
    def has_times(self) -> bool:
        return (self.created, self.updated) != (ALWAYS, ALWAYS)


def is_within(span: Span, seconds: float) -> bool:
    return span == ALWAYS or span[0] <= as_shown(seconds) <= span[1]


def as_shown(seconds: float) -> float:
    """A time in the milliseconds it is shown with: a client that sends back what it read includes that very item."""
    part, whole = math.modf(seconds)
    return (int(whole) * 1000 + round(part * 1_000_000) // 1000) / 1000


def joined(ranges: Iterable[range]) -> list[range]:
    """The numbers of all these ranges, each once, in ascending ranges that do not touch."""
    merged: list[range] = []
    for one in sorted(filter(None, ranges), key=lambda one: one.start):
        if merged and one.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(one.stop, merged[-1].stop))
        else:
            merged.append(one)
    return merged


def common(first: Sequence[range], second: Sequence[range]) -> list[range]:
    """The numbers that are in both, both given as `joined` gives them."""
    ranges, place, other = [], 0, 0
    while place < len(first) and other < len(second):
        one, two = first[place], second[other]
        if both := range(max(one.start, two.start), min(one.stop, two.stop)):
            ranges.append(both)
        if one.stop <= two.stop:
            place += 1
        else:
            other += 1
    return ranges


def beyond(ranges: Sequence[range], mark: int | None, *, backwards: bool) -> list[range]:
    """What comes after the mark on the way, without the mark, in the order of the way."""
    if not backwards:
        return common(ranges, [range(mark + 1, ranges[-1].stop)]) if ranges and mark is not None else list(ranges)
    remaining = ranges if mark is None else common(ranges, [range(max(mark, 0))])
    return [one[::-1] for one in reversed(remaining)]
