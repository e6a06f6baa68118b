"""The three ways the vendors cut a list: page numbers and cursors (Avala, FACTS 1.2), keysets (platform, FACTS 2.2)."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from console.emulator.wire import Refusal, Request

LARGEST_PAGE = 100
Draw = Callable[[Any], Any]


def page_number(request: Request, rows: Sequence[Any], draw: Draw, *, default: int = 100) -> dict[str, Any]:
    limit = avala_limit(request, default)
    page = _page(request.one("page"))
    start = (page - 1) * limit
    if page > 1 and start >= len(rows):
        raise Refusal(404, {"detail": "Invalid page."})
    return {
        "count": len(rows),
        "next": _link(request, page=page + 1) if start + limit < len(rows) else None,
        "previous": _link(request, page=page - 1) if page > 1 else None,
        "results": [draw(row) for row in rows[start : start + limit]],
    }


def cursor(request: Request, rows: Sequence[Any], draw: Draw, *, default: int = 100) -> dict[str, Any]:
    """The rows under a cursor never change their order, so a position will do as the cursor's content."""
    limit = avala_limit(request, default)
    start = _position(request.one("cursor"))
    return {
        "next": _link(request, cursor=pack(start + limit)) if start + limit < len(rows) else None,
        "previous": _link(request, cursor=pack(max(0, start - limit))) if start else None,
        "results": [draw(row) for row in rows[start : start + limit]],
    }


def avala_limit(request: Request, default: int) -> int:
    value = request.one("limit")
    if value is None:
        return default
    if not is_number(value):
        raise Refusal(400, {"limit": ["A valid integer is required."]})
    if int(value) < 1:
        raise Refusal(400, {"limit": ["Ensure this value is greater than or equal to 1."]})
    if int(value) > LARGEST_PAGE:
        raise Refusal(400, {"limit": [f"Ensure this value is less than or equal to {LARGEST_PAGE}."]})
    return int(value)


def is_number(text: str) -> bool:
    """Plain digits, and not more of them than anybody needs: thousands would stop `int`."""
    return text.isascii() and text.isdigit() and len(text) <= 9


def _page(value: str | None) -> int:
    if value is None:
        return 1
    if not is_number(value) or int(value) < 1:
        raise Refusal(404, {"detail": "Invalid page."})
    return int(value)


def _position(value: str | None) -> int:
    if not value:
        return 0
    position = unpack(value)
    if not isinstance(position, int) or isinstance(position, bool) or position < 0:
        raise Refusal(404, {"detail": "Invalid cursor"})
    return position


def _link(request: Request, **changed: Any) -> str:
    """An absolute URL to a neighbour, with the caller's other parameters as they came."""
    params = [(name, value) for name, values in request.params.items() if name not in changed for value in values]
    return f"{request.base}{request.path}?{urlencode([*params, *changed.items()])}"


def pack(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def unpack(text: str) -> Any:
    """The content of a cursor, None if it is not one of ours."""
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None


# --- keyset -----------------------------------------------------------------------------------------------------


def keyset(
    request: Request,
    kind: str,
    walk: Callable[[Any, bool], Iterable[tuple[Any, Any]]],
    draw: Draw,
    *,
    default: int = 20,
) -> dict[str, Any]:
    """`walk(after, backwards)` yields (mark, row) from the mark on, without the row at the mark itself."""
    limit = platform_limit(request, default)
    mark, direction = _keyset_place(request)
    backwards = direction == "PREV"
    try:
        rows = _take(iter(walk(mark, backwards)), limit + 1)
    except TypeError:  # a mark made by hand, of another type than ours
        raise Refusal(400, {"message": "cursor is not valid"}) from None
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    has_next = mark is not None and bool(rows) if backwards else more
    has_previous = more if backwards else mark is not None and bool(rows)
    return {
        "items": [draw(row) for _, row in rows],
        "meta": {
            "object": kind,
            "limit": limit,
            "page": direction,
            "cursorNext": pack([rows[-1][0]]) if has_next else None,
            "cursorPrev": pack([rows[0][0]]) if has_previous else None,
        },
    }


def sorted_walk(rows: Iterable[Any], key: Callable[[Any], Any], *, descending: bool) -> Callable[..., Iterator[Any]]:
    """A walk over rows that fit in memory; marks are sort keys, so that a deleted row leaves no hole."""
    ordered = sorted(((key(row), row) for row in rows), key=lambda pair: pair[0], reverse=descending)

    def walk(mark: Any, backwards: bool) -> Iterator[Any]:
        place = tuple(mark) if isinstance(mark, list) else mark
        ahead = descending == backwards
        for position, row in reversed(ordered) if backwards else ordered:
            if place is None or (position > place if ahead else position < place):
                yield position, row

    return walk


def platform_limit(request: Request, default: int) -> int:
    value = request.one("limit")
    if value is None:
        return default
    if not is_number(value) or not 1 <= int(value) <= LARGEST_PAGE:
        raise Refusal(400, {"message": f"limit must be an integer between 1 and {LARGEST_PAGE}"})
    return int(value)


def _keyset_place(request: Request) -> tuple[Any, str | None]:
    direction = request.one("page")
    if direction not in (None, "NEXT", "PREV"):
        raise Refusal(400, {"message": "page must be NEXT or PREV"})
    text = request.one("cursor")
    if not text:
        return None, direction
    content = unpack(text)
    if not isinstance(content, list) or len(content) != 1 or isinstance(content[0], bool | None):
        raise Refusal(400, {"message": "cursor is not valid"})
    return content[0], direction


def _take(rows: Iterator[Any], count: int) -> list[Any]:
    return [row for row, _ in zip(rows, range(count), strict=False)]
