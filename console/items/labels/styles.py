"""Styles that distinguish classes, and positions for the names of shapes."""

import zlib
from collections.abc import Iterable

from console.items.labels.paths import Extent


def choose_styles(names: Iterable[str], most: int) -> dict[str, int]:
    """A number from 1 to `most` for each name: by the name alone, unless one before it has that and one is free."""
    styles: dict[str, int] = {}
    for name in names:
        preferred = zlib.crc32(name.encode()) % most
        free = (style for step in range(most) if (style := (preferred + step) % most + 1) not in styles.values())
        styles[name] = next(free, preferred + 1)
    return styles


class Anchors:
    """Places for the names of shapes: a corner of the shape, or its middle, where no other name is near yet."""

    # A name takes about as much of a picture as one of these cells.
    _COLUMNS, _ROWS = 10, 40

    def __init__(self, width: float, height: float) -> None:
        self._width, self._height = width, height
        self._taken: set[tuple[int, int]] = set()

    def place(self, extent: Extent) -> tuple[float, float]:
        left, top, right, bottom = extent
        corners = ((left, top), (right, top), (left, bottom), (right, bottom), ((left + right) / 2, (top + bottom) / 2))
        spots = [(self._within(x, self._width), self._within(y, self._height)) for x, y in corners]
        spot = next((spot for spot in spots if self._cell(spot) not in self._taken), spots[0])
        self._taken.add(self._cell(spot))
        return spot

    @staticmethod
    def _within(value: float, most: float) -> float:
        return round(min(max(value, 0.0), most), 2)

    def _cell(self, spot: tuple[float, float]) -> tuple[int, int]:
        return int(spot[0] / self._width * self._COLUMNS), int(spot[1] / self._height * self._ROWS)
