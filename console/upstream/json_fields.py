"""A tolerant reader of one JSON object: text, numbers, dates and ids of the vendors.

FACTS rules 1 and 2 and its section 4: names are compared without regard to case, everything but
identifiers may be missing or null, a value of an unexpected kind is not an error. What was not
understood stays in `rest()`, so that it can still be shown or sent back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from console.common.parsing import INT64, NotJson, read_int, read_uuid

T = TypeVar("T")

MOST_ROWS = 20_000

# Years outside overflow as soon as somebody shows them in another time zone.
_YEARS = range(1900, 9000)


class Misshapen(NotJson):
    """JSON, but without the list or the identifier that makes it an answer."""


class NoUsableId(Misshapen):
    """A thing whose id cannot be read; `name` is what it is called, if it says so."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class Fields:
    """One object; each reading method takes the possible names, the best one first."""

    def __init__(self, data: Any, what: str) -> None:
        if not isinstance(data, dict):
            raise Misshapen(f"{what} is not there")
        self._data = data
        self._what = what
        self._names = {name.lower(): name for name in reversed(data)}
        self._used: set[str] = set()

    def name_of(self, *names: str) -> str | None:
        """The first of the names that is there and not null, as the vendor spells it."""
        for name in names:
            spelled = name if name in self._data else self._names.get(name.lower())
            if spelled is not None and self._data[spelled] is not None:
                return spelled
        return None

    def any(self, *names: str) -> Any:
        return self._take(lambda value: value, *names)

    def text(self, *names: str) -> str | None:
        return self._take(as_text, *names)

    def number(self, *names: str) -> int | None:
        return self._take(_as_number, *names)

    def flag(self, *names: str) -> bool | None:
        return self._take(lambda value: value if isinstance(value, bool) else None, *names)

    def moment(self, *names: str) -> datetime | None:
        return self._take(_as_moment, *names)

    def mapping(self, *names: str) -> dict[str, Any]:
        return self._take(lambda value: value if isinstance(value, dict) else None, *names) or {}

    def texts(self, *names: str) -> tuple[str, ...]:
        return self._take(_as_texts, *names) or ()

    def uuid(self, *names: str) -> str:
        """An identifier that can stand in an address: a UUID in its plain spelling, lower case.

        Empty where the vendor sent none or something else, which then stays in `rest()`: such a thing is shown, but
        has no address.
        """
        return self._take(_as_uuid, *names) or ""

    def id_text(self, *names: str) -> str:
        """An identifier: without it the answer is no answer."""
        value = self.text(*names)
        if not value:
            raise Misshapen(f"{self._what} has no {names[0]}")
        return value

    def id_number(self, *names: str) -> int:
        value = self.number(*names)
        if value is None:
            raise NoUsableId(f"{self._what} has no {names[0]}", self.text("name") or "")
        return value

    def rest(self) -> dict[str, Any]:
        """Every field that was not read, or that had another type than expected."""
        return {name: value for name, value in self._data.items() if name not in self._used}

    def _take(self, read: Callable[[Any], T | None], *names: str) -> T | None:
        # A null counts as read as well: there is nothing in it to keep.
        self._used |= {self._names.get(name.lower(), name) for name in names if self._is_null(name)}
        spelled = self.name_of(*names)
        value = None if spelled is None else read(self._data[spelled])
        if value is not None and spelled is not None:
            self._used.add(spelled)
        return value

    def _is_null(self, name: str) -> bool:
        spelled = self._names.get(name.lower())
        return spelled is not None and self._data[spelled] is None


def identified(shape: Callable[[Any], T], *names: str) -> Callable[[Any], T]:
    """A reader of an answer about one thing: one that names no thing at all, such as `{"error": …}`, is Misshapen."""

    def read(data: Any) -> T:
        if Fields(data, "the answer").name_of(*names) is None:
            raise Misshapen(f"it has no {names[0]}")
        return shape(data)

    return read


def entries(data: Any, name: str, shape: Callable[[Any], T]) -> tuple[T, ...]:
    """The list under that name, or the data itself where a server answers with a bare array (FACTS 2.2).

    A list that is not there is never a short one: that would hide what was cut off. Nor is one of more than
    `MOST_ROWS`, which no operation answers with: to shape them would keep the process busy for seconds.
    """
    value = data
    if isinstance(data, dict):
        spelled = next((key for key in data if key.lower() == name), None)
        if spelled is None:
            raise Misshapen(f"the list of {name} is missing")
        value = data[spelled] if data[spelled] is not None else []
    if not isinstance(value, list):
        raise Misshapen(f"the list of {name} is missing")
    if len(value) > MOST_ROWS:
        raise Misshapen(f"the list of {name} is too long")
    return tuple(shape(entry) for entry in value)


def without_doubles(items: tuple[T, ...], identities: set[Any]) -> tuple[T, ...]:
    """The items whose `uid` or `id` was not seen yet (FACTS 4, row 25). Those without one are all kept."""
    unique = []
    for item in items:
        identity = getattr(item, "uid", None) or getattr(item, "id", None)
        if identity in (None, "") or identity not in identities:
            unique.append(item)
            identities.add(identity)
    return tuple(unique)


def as_text(value: Any) -> str | None:
    """Anything as text, null and nothing else as None."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _as_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer() and int(value) in INT64:
        return int(value)
    if isinstance(value, str):
        return read_int(value, INT64.start)
    return value if isinstance(value, int) else None


def _as_uuid(value: Any) -> str | None:
    uuid = read_uuid(value)
    return str(uuid) if uuid else None


def _as_moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def _as_texts(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return None
    return tuple(text for entry in value if (text := as_text(entry)) is not None)
