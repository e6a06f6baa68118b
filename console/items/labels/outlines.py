"""From the runs of a mask to closed rings along the edges of its pixels, and from points to SVG path data.

A ring goes around what is filled with the filled side on its right, so that holes turn the other way and the fill rule
`nonzero`, which is SVG's default, leaves them open. Pixels that touch at a corner only belong to different rings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from console.upstream.rle import Mask, filled_spans

Point = tuple[int, int]
Ring = list[Point]

_BOTTOM, _TOP = 0, 1


class TooDetailed(Exception):
    """The outline has more corners than are drawn."""


def trace_mask(mask: Mask, *, most: int) -> list[Ring]:
    """Closed rings of whole coordinates, straight edges as one. Raises TooDetailed beyond `most` corners.

    Column by column, the ends of the filled runs are compared with those of the column before: an end that both have
    goes straight on, any other is a corner. Between each two of these, downwards, lies an upright edge.
    """
    corners: list[Point] = []
    across: list[int] = []
    """For each corner the one at the other end of its level edge."""
    lines: dict[int, int] = {}
    """Level edges that go on to the right: where their left end is."""
    starts: list[int] = []
    before: frozenset[int] = frozenset()
    for x, ends in _columns(mask):
        for code in sorted(ends ^ before):
            here = len(corners)
            corners.append((x, code >> 1))
            if code in ends:
                lines[code] = here
                across.append(here)
                if code & 1 == _TOP:
                    starts.append(here)
            else:
                left_corner = lines.pop(code)
                across[left_corner] = here
                across.append(left_corner)
        if len(corners) > most:
            raise TooDetailed
        before = ends
    return _rings(corners, across, starts)


def ring_path(rings: Iterable[Ring]) -> str:
    """SVG path data of rings whose edges are level and upright in turn, beginning with a level one."""
    return "".join(_ring_data(ring) for ring in rings)


def polygon_path(polygons: Sequence[Sequence[float]], *, is_closed: bool = True) -> str:
    """SVG path data of `x, y, x, y …` lists, one subpath each. All turn the same way, so that they fill as one."""
    scale = _scale(polygons)
    end = "z" if is_closed else ""
    parts = [[round(value * scale) for value in polygon] for polygon in polygons if len(polygon) >= 2]
    if len(parts) > 1 and is_closed:
        parts = [_clockwise(part) for part in parts]
    return "".join(_polygon_data(part, scale) + end for part in parts)


def _columns(mask: Mask) -> Iterator[tuple[int, frozenset[int]]]:
    """Where the filled runs change: a column, and the ends of its runs, which hold until the next one given.

    An end is twice its height, plus one where something filled begins: so what ends sorts before what begins there.
    """
    height = mask.height
    ends: set[int] = set()
    column = -1
    for start, end in filled_spans(mask):
        first, top = divmod(start, height)
        last, bottom = divmod(end - 1, height)
        if first != column:
            if column >= 0:
                yield column, frozenset(ends)
                if first > column + 1:
                    yield column + 1, frozenset()
            ends, column = set(), first
        ends.add(2 * top + _TOP)
        if first == last:
            ends.add(2 * (bottom + 1) + _BOTTOM)
            continue
        ends.add(2 * height + _BOTTOM)
        yield first, frozenset(ends)
        if last > first + 1:
            yield first + 1, frozenset({_TOP, 2 * height + _BOTTOM})
        ends, column = {_TOP, 2 * (bottom + 1) + _BOTTOM}, last
    if column >= 0:
        yield column, frozenset(ends)
        yield column + 1, frozenset()


def _rings(corners: list[Point], across: list[int], starts: list[int]) -> list[Ring]:
    rings: list[Ring] = []
    is_walked = bytearray(len(corners))
    for start in starts:
        if is_walked[start]:
            continue
        ring: Ring = []
        at = start
        while not is_walked[at]:
            other = across[at]
            is_walked[at] = is_walked[other] = 1
            ring += (corners[at], corners[other])
            # The corners of a column come in pairs, which an upright edge joins.
            at = other ^ 1
        rings.append(ring)
    return rings


def _ring_data(ring: Ring) -> str:
    x, y = ring[0]
    data = [f"M{x} {y}"]
    for index in range(1, len(ring)):
        if index & 1:
            data.append(f"h{ring[index][0] - x}")
            x = ring[index][0]
        else:
            data.append(f"v{ring[index][1] - y}")
            y = ring[index][1]
    data.append("z")
    return "".join(data)


def _scale(polygons: Sequence[Sequence[float]]) -> int:
    """Steps per pixel to which points are rounded: a hundred, more where the whole shape is only some pixels large."""
    axes = ([value for polygon in polygons for value in polygon[axis::2]] for axis in (0, 1))
    extent = max(max(values) - min(values) if values else 0.0 for values in axes)
    scale = 100
    while 0 < extent < 10 and scale < 1_000_000:
        scale, extent = scale * 10, extent * 10
    return scale


def _clockwise(part: list[int]) -> list[int]:
    xs, ys = part[0::2], part[1::2]
    doubled = sum(
        x * below - right * y for x, y, right, below in zip(xs, ys, xs[1:] + xs[:1], ys[1:] + ys[:1], strict=True)
    )
    if doubled >= 0:
        return part
    part = part[::-1]
    part[0::2], part[1::2] = part[1::2], part[0::2]
    return part


def _polygon_data(part: list[int], scale: int) -> str:
    x, y = part[0], part[1]
    data = [f"M{_text(x, scale)} {_text(y, scale)}"]
    command = "l"
    for to_x, to_y in zip(part[2::2], part[3::2], strict=False):
        if to_x == x and to_y == y:
            continue
        across, down = _text(to_x - x, scale), _text(to_y - y, scale)
        data += (command, across, " ", down)
        x, y, command = to_x, to_y, " "
    return "".join(data).replace(" -", "-")


def _text(steps: int, scale: int) -> str:
    """The number as short as SVG reads it: `12`, `.5`, `-3.25`."""
    whole, rest = divmod(abs(steps), scale)
    sign = "-" if steps < 0 else ""
    if not rest:
        return f"{sign}{whole}"
    # The leading one keeps the zeros behind the point.
    return f"{sign}{whole or ''}.{str(scale + rest)[1:].rstrip('0')}"
