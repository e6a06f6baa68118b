"""What the platform checks in bodies and queries. One complaint at a time: `{"message": "..."}` and 400 (FACTS 2.3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from console.emulator.slice_forms import is_uuid
from console.emulator.tables import Row
from console.emulator.wire import Refusal, Request

LARGEST_INTEGER = 2**63 - 1


def refuse(message: str, status: int = 400) -> Refusal:
    return Refusal(status, {"message": message})


def body(request: Request) -> Row:
    try:
        data = request.json
    except ValueError:
        raise refuse("the body is not JSON") from None
    if not isinstance(data, dict):
        raise refuse("the body must be an object")
    return data


def text(data: Row, field: str, *, longest: int | None = None) -> str:
    value = data.get(field)
    if not isinstance(value, str):
        raise refuse(f"{field} is required and must be a string")
    if not value.strip():
        raise refuse(f"{field} must not be empty")
    if longest is not None and len(value) > longest:
        raise refuse(f"{field} must be at most {longest} characters")
    return value


def choice(data: Row, field: str, choices: Sequence[str], *, default: str | None = None, required: bool = False) -> Any:
    value = data.get(field)
    if value is None and not required:
        return default
    if not isinstance(value, str) or value not in choices:
        raise refuse(f"{field} must be one of {', '.join(choices)}")
    return value


def whole(value: Any, field: str, smallest: int = -LARGEST_INTEGER - 1, largest: int = LARGEST_INTEGER) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse(f"{field} must be an integer")
    if not smallest <= value <= largest:
        raise refuse(f"{field} must be between {smallest} and {largest}")
    return value


def entries(data: Row, field: str, *, fewest: int = 1, most: int | None = None) -> list[Any]:
    value = data.get(field)
    if not isinstance(value, list):
        raise refuse(f"{field} is required and must be an array")
    if len(value) < fewest or (most is not None and len(value) > most):
        raise refuse(f"{field} must have {fewest} to {most} entries" if most else f"{field} must not be empty")
    return value


def objects(data: Row, field: str, *, fewest: int = 1, most: int | None = None) -> list[Row]:
    values = entries(data, field, fewest=fewest, most=most)
    if not all(isinstance(entry, dict) for entry in values):
        raise refuse(f"{field} must be an array of objects")
    return values


def thing(data: Row, field: str) -> Row:
    value = data.get(field)
    if not isinstance(value, dict):
        raise refuse(f"{field} must be an object")
    return value


def uuid(value: Any, field: str) -> str:
    if not is_uuid(value):
        raise refuse(f"{field} must be a UUID")
    return str(value).lower()


def url(value: Any, field: str) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    if parts is None or not parts.scheme or not parts.netloc:
        raise refuse(f"{field} must be an absolute URL")
    return str(value)


def instant(value: Any, field: str) -> float:
    """A date-time with its zone, as seconds."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.timestamp()
    except (ValueError, OverflowError):
        pass
    raise refuse(f"{field} must be a date-time such as 2026-01-31T12:00:00Z")


def span(values: Row, name: str) -> tuple[float, float]:
    """`createdAtFrom` and `createdAtTo` (or `updated…`), both ends included."""
    start, end = values.get(f"{name}From"), values.get(f"{name}To")
    first = instant(start, f"{name}From") if start is not None else float("-inf")
    last = instant(end, f"{name}To") if end is not None else float("inf")
    if first > last:
        raise refuse(f"{name}From must not be after {name}To")
    return first, last
