"""Batches as the pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from console.batches.order import Order
from console.batches.order_diff import compared_ranks
from console.batches.selectors import Board
from console.upstream.response_models import Batch


@dataclass(frozen=True)
class BatchRow:
    """A batch at its place in the order. `batch` is None where the order names one the list does not have."""

    id: int
    place: int
    """Counted from 1 with the finished ones."""
    rank: int | None
    """Counted from 1 among the open ones; None for a finished batch beside open ones."""
    name: str
    number: int | None
    tied: bool
    batch: Batch | None
    box: str = ""
    """The text of the number box, where there is no script."""
    errors: tuple[str, ...] = field(default=())

    @property
    def finished(self) -> bool:
        return self.batch is not None and self.batch.is_finished

    @property
    def total(self) -> int | None:
        return self.batch.total_count if self.batch else None

    @property
    def completed(self) -> int:
        return (self.batch.completed_count or 0) if self.batch else 0

    @property
    def work(self) -> str:
        """The progress in words, beside the bar."""
        if self.batch is None:
            return "not in the list of batches"
        if self.total is None:
            return "not counted"
        if not self.total:
            return "no work items yet"
        return f"all {self.total:,} finished" if self.finished else f"{self.completed:,} of {self.total:,} finished"


def build_rows(board: Board, order: Order | None = None) -> list[BatchRow]:
    """The batches in the order they are worked on, or in another, proposed one.

    Of an incomplete board only those that were read: of the others nothing is known but their rank.
    """
    now, names = board.order, board.names
    order = order or now
    return [
        BatchRow(
            id=batch_id,
            place=place,
            rank=order.ranks.get(batch_id),
            name=names.get(batch_id) or f"Batch {batch_id}",
            number=now.numbers.get(batch_id),
            tied=batch_id in now.tied,
            batch=board.batches.get(batch_id),
            box=str(order.ranks.get(batch_id, "")),
        )
        for place, batch_id in enumerate(order.ids, start=1)
        if board.problem is None or batch_id in board.batches
    ]


def can_fold(rows: Sequence[BatchRow]) -> bool:
    """Finished ones fold away, unless nothing would be left to see."""
    return 0 < sum(row.finished for row in rows) < len(rows)


def add_gaps(rows: Iterable[BatchRow], *, after: int, until: int) -> list["BatchRow | Gap"]:
    """Rows of a list with what is folded away between the place before them and the one behind the last."""
    lines: list[BatchRow | Gap] = []
    for row in rows:
        lines += [Gap(row.place - after - 1)] if row.place > after + 1 else []
        lines.append(row)
        after = row.place
    return lines + ([Gap(until - after)] if until > after else [])


def filter_rows(rows: Iterable[BatchRow], search: str) -> list[BatchRow]:
    words = search.casefold().split()
    return [row for row in rows if all(word in f"{row.name} {row.id}".casefold() for word in words)]


@dataclass(frozen=True)
class ComparedBatch:
    """One line of two orders side by side: rank before and after, and how far it moved. A finished batch has none."""

    id: int
    name: str
    was: int | None
    now: int | None
    finished: bool = False

    @property
    def step(self) -> int:
        """Positive where it moved up."""
        return self.was - self.now if self.was is not None and self.now is not None else 0

    @property
    def same(self) -> bool:
        return self.was == self.now


AROUND = 1
"""Lines that stay are shown only next to one that moved, where an order is long."""
SHORT = 40


@dataclass(frozen=True)
class Gap:
    """Lines left out because they are the same."""

    count: int


def compare_orders(
    before: Order, after: Order, names: dict[int, str], *, whole: bool = False
) -> list[ComparedBatch | Gap]:
    """The second order line by line against the first; in long orders runs of unchanged lines become a gap."""
    was, now = compared_ranks(before, after)
    lines = [
        ComparedBatch(
            id=batch_id,
            name=names.get(batch_id) or f"Batch {batch_id}",
            was=was.get(batch_id),
            now=now.get(batch_id),
            finished=batch_id in after.finished,
        )
        for batch_id in after.ids
    ]
    if whole or len(lines) <= SHORT:
        return list(lines)
    near = {at + step for at, line in enumerate(lines) if not line.same for step in range(-AROUND, AROUND + 1)}
    shortened: list[ComparedBatch | Gap] = []
    for at, line in enumerate(lines):
        if at in near:
            shortened.append(line)
        elif shortened and isinstance(shortened[-1], Gap):
            shortened[-1] = Gap(shortened[-1].count + 1)
        else:
            shortened.append(Gap(1))
    return shortened
