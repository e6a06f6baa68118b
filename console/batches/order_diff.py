"""What changed between two orders, as a sentence: "Night rain 7th to 1st; six batches move down one".

The batches that keep their places relative to each other (the longest run of them) count as shifted, the others as
moved; a batch whose rank is the same is neither. `static/js/reorder-words.js` words it the same way during a drag; a
test keeps the two equal. Whether a colleague changed the order meanwhile is found by `order_services.save_order`.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.batches.order import Order

MOST_NAMED = 3
"""More moves than this are counted instead of named."""
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Move:
    batch_id: int
    name: str
    was: int
    now: int

    @property
    def text(self) -> str:
        return f"{ordinal(self.was)} to {ordinal(self.now)}"


@dataclass(frozen=True)
class OrderChange:
    """The batches somebody moved, and in words what that did to the others."""

    moves: tuple[Move, ...]
    rest: str

    @property
    def named(self) -> tuple[Move, ...]:
        """The moves a sentence can name, or none where they are too many."""
        return self.moves if len(self.moves) <= MOST_NAMED else ()

    @property
    def moved_text(self) -> str:
        return f"{count_in_words(len(self.moves))} moved"

    @property
    def text(self) -> str:
        if not self.moves:
            return self.rest or "nothing moves"
        moves = ", ".join(f"{move.name} {move.text}" for move in self.named) or self.moved_text
        return f"{moves}; {self.rest}" if self.rest else moves

    def __bool__(self) -> bool:
        return bool(self.moves or self.rest)


def difference(before: Order, after: Order, names: Mapping[int, str]) -> OrderChange:
    """What happened to the ranks of the batches both orders know, and a word about the rest where none has another."""
    was, now = compared_ranks(before, after)
    both = [batch_id for batch_id in now if batch_id in was]
    moved = find_moved([was[batch_id] for batch_id in both])
    changed = [batch_id for batch_id in both if was[batch_id] != now[batch_id]]
    moves = tuple(
        Move(batch_id, names.get(batch_id) or f"Batch {batch_id}", was[batch_id], now[batch_id])
        for batch_id in changed
        if was[batch_id] in moved
    )
    shifts = [now[batch_id] - was[batch_id] for batch_id in changed if was[batch_id] not in moved]
    return OrderChange(moves, _rest(shifts) or ("" if moves else _without_ranks(before, after)))


def compared_ranks(before: Order, after: Order) -> tuple[dict[int, int], dict[int, int]]:
    """The ranks in both orders. What is finished in the later one has none in either: finishing moves no batch."""
    was = (batch_id for batch_id in before.ids if batch_id not in after.finished)
    return {batch_id: rank for rank, batch_id in enumerate(was, start=1)}, after.ranks


def find_moved(ranks: Sequence[int]) -> frozenset[int]:
    """Of former ranks in their new order: those outside the longest run that still goes upwards."""
    tails: list[int] = []
    piles: list[int] = []
    for rank in ranks:
        pile = bisect_left(tails, rank)
        tails[pile : pile + 1] = [rank]
        piles.append(pile)
    run: list[int] = []
    for rank, pile in zip(reversed(ranks), reversed(piles), strict=True):
        if pile == len(tails) - 1 - len(run) and (not run or rank < run[-1]):
            run.append(rank)
    return frozenset(ranks).difference(run)


def ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def count_in_words(number: int) -> str:
    words = NUMBER_WORDS[number] if number < len(NUMBER_WORDS) else f"{number:,}"
    return f"{words} {'batch' if number == 1 else 'batches'}"


def _rest(shifts: Sequence[int]) -> str:
    """What became of those that were not moved but whose rank is another now."""
    if not shifts:
        return ""
    if len(set(shifts)) > 1:
        return f"{count_in_words(len(shifts))} shift"
    verb, far = "moves" if len(shifts) == 1 else "move", abs(shifts[0])
    steps = NUMBER_WORDS[far] if far < len(NUMBER_WORDS) else f"{far:,}"
    return f"{count_in_words(len(shifts))} {verb} {'down' if shifts[0] > 0 else 'up'} {steps}"


def _without_ranks(before: Order, after: Order) -> str:
    """What else is different where no open batch has another rank."""
    both = set(before.ids) & set(after.ids)
    if [one for one in before.ids if one in both] != [one for one in after.ids if one in both]:
        return "only finished batches change places"
    changed = sum(before.numbers.get(batch_id) != number for batch_id, number in after.numbers.items())
    if not changed:
        return ""
    return f"the order stays; {count_in_words(changed)} {'gets' if changed == 1 else 'get'} another number"
