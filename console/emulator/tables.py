"""Rows that a formula or a sample provides, and what people changed on top. Only the changes are kept on disk."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from console.emulator.choice import Choice, beyond, joined

Row = dict[str, Any]


class Table:
    """Few rows: all of them in memory."""

    def __init__(self, key: str, rows: list[Row]) -> None:
        self._key = key
        self.rows: dict[Any, Row] = {row[key]: row for row in rows}
        self._changed: set[Any] = set()
        self._gone: set[Any] = set()

    def get(self, key: Any) -> Row | None:
        return self.rows.get(key)

    def put(self, row: Row) -> None:
        self.rows[row[self._key]] = row
        self._changed.add(row[self._key])

    def delete(self, key: Any) -> None:
        self.rows.pop(key, None)
        self._changed.discard(key)
        self._gone.add(key)

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self.rows.values()))

    def __len__(self) -> int:
        return len(self.rows)

    def changes(self) -> Row:
        return {"put": [self.rows[key] for key in self.rows if key in self._changed], "gone": sorted(self._gone)}

    def restore(self, changes: Row) -> None:
        for key in changes["gone"]:
            self.delete(key)
        for row in changes["put"]:
            self.put(row)


class Ids:
    """UUIDs for row number 0, 1, 2 … that can be turned back into the number without a list of them all."""

    _STRIDE = 0x9E3779B97F4B  # odd, so that multiplying by it can be undone
    _SIZE = 1 << 48

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def make(self, number: int) -> str:
        head = hashlib.blake2b(f"{self._namespace}/{number}".encode(), digest_size=8).hexdigest()
        tail = number * self._STRIDE % self._SIZE
        return f"{head[:8]}-{head[8:12]}-4{head[12:15]}-a{head[13:16]}-{tail:012x}"

    def number(self, text: str) -> int | None:
        try:
            tail = int(text[-12:], 16)
        except ValueError:
            return None
        number = tail * pow(self._STRIDE, -1, self._SIZE) % self._SIZE
        return number if self.make(number) == text.lower() else None


class Formula(Protocol):
    """What makes row number `n`."""

    @property
    def ids(self) -> Ids: ...
    def make(self, number: int) -> Row: ...
    def peek(self, number: int) -> tuple[int, str]: ...
    def times(self, number: int) -> tuple[float, float]: ...
    def spans(self, choice: Choice) -> list[range]: ...


class FormulaTable:
    """Many rows that are not stored: row `n` is computed when it is read. Rows are only added at the end."""

    def __init__(self, count: int, formula: Formula) -> None:
        self._count = count
        self._formula = formula
        self._changed: dict[int, Row] = {}
        self._added: list[Row] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return self._count + len(self._added)

    def snapshot(self) -> "FormulaTable":
        """The table as it is now, to be read outside of the lock. Rows are replaced, never changed."""
        table = FormulaTable(self._count, self._formula)
        table._changed, table._added, table._places = dict(self._changed), list(self._added), dict(self._places)
        return table

    def at(self, place: int) -> Row:
        return self._own(place) or self._formula.make(place)

    def peek(self, place: int) -> tuple[int, str]:
        """Batch and status without making the row, so that a search through many stays quick."""
        row = self._own(place)
        return (row["batchId"], row["status"]) if row else self._formula.peek(place)

    def times(self, place: int) -> tuple[float, float]:
        """When the row was created and updated, without making it."""
        row = self._own(place)
        return (row["created_at"], row["updated_at"]) if row else self._formula.times(place)

    def places(self, choice: Choice, mark: int | None = None, *, backwards: bool = False) -> Iterator[int]:
        """Where to look for such rows, from the mark on: where the formula can have some, what was changed or added."""
        changed = (range(place, place + 1) for place in self._changed)
        ranges = joined([*self._formula.spans(choice), *changed, range(self._count, len(self))])
        for one in beyond(ranges, mark, backwards=backwards):
            yield from one

    def search(self, choice: Choice, places: Iterable[int]) -> Iterator[tuple[int, Row]]:
        """Place and row of those among the places that are meant."""
        for place in places:
            if choice.takes(*self.peek(place)) and (not choice.has_times or choice.takes_times(*self.times(place))):
                yield place, self.at(place)

    def place(self, row_id: str) -> int | None:
        if row_id in self._places:
            return self._places[row_id]
        number = self._formula.ids.number(row_id)
        return number if number is not None and number < self._count else None

    def get(self, row_id: str) -> Row | None:
        place = self.place(row_id)
        return None if place is None else self.at(place)

    def put(self, row: Row) -> None:
        place = self.place(row["id"])
        if place is None:
            self._places[row["id"]] = len(self)
            self._added.append(row)
        elif place < self._count:
            self._changed[place] = row
        else:
            self._added[place - self._count] = row

    def _own(self, place: int) -> Row | None:
        return self._added[place - self._count] if place >= self._count else self._changed.get(place)

    def changes(self) -> Row:
        return {"changed": sorted(self._changed.items()), "added": self._added}

    def restore(self, changes: Row) -> None:
        self._changed = {place: row for place, row in changes["changed"] if place < self._count}
        for row in changes["added"]:
            self.put(row)
