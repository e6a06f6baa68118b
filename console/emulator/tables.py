"""Rows that a formula or a sample provides, and what people changed on top. Only the changes are kept on disk."""

import hashlib
from collections.abc import Iterator
from typing import Any, Protocol

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
    def stretch(self, batch: int) -> range: ...
    def batches_with(self, status: str) -> list[int]: ...


class FormulaTable:
    """Many rows that nobody stored: row `n` is made when it is looked at. Rows are only ever added at the end."""

    def __init__(self, count: int, formula: Formula) -> None:
        self._count = count
        self._formula = formula
        self._changed: dict[int, Row] = {}
        self._added: list[Row] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return self._count + len(self._added)

    def at(self, place: int) -> Row:
        if place >= self._count:
            return self._added[place - self._count]
        return self._changed.get(place) or self._formula.make(place)

    def peek(self, place: int) -> tuple[int, str]:
        """Batch and status without making the row, so that a search through many stays quick."""
        row = self._added[place - self._count] if place >= self._count else self._changed.get(place)
        return (row["batchId"], row["status"]) if row else self._formula.peek(place)

    def of_batches(self, batches: set[int]) -> list[int]:
        """The places where rows of these batches can be: their stretches, and all that was added."""
        stretches = [place for batch in sorted(batches) for place in self._formula.stretch(batch)]
        return [*stretches, *range(self._count, len(self))]

    def of_status(self, status: str) -> list[int]:
        """The places where rows of this status can be."""
        stretches = (self._formula.stretch(batch) for batch in self._formula.batches_with(status))
        found = {place for stretch in stretches for place in stretch} | self._changed.keys()
        return [*sorted(found), *range(self._count, len(self))]

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

    def changes(self) -> Row:
        return {"changed": sorted(self._changed.items()), "added": self._added}

    def restore(self, changes: Row) -> None:
        self._changed = {place: row for place, row in changes["changed"] if place < self._count}
        for row in changes["added"]:
            self.put(row)
