"""What a handler is given and what it gives back. Nothing here knows a vendor."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote

from console.emulator.people import Person


class Refusal(Exception):
    """An answer that is not the wished one; handlers raise it from any depth."""

    def __init__(self, status: int, data: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, data)
        self.answer = json_answer(status, data, headers)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None
    length: int | None = None
    """The Content-Length to claim; left out it is the body's own."""
    ending: str = "keep"
    """`keep` the connection, `close` it after the bytes, `drop` it without a byte, or `reset` it."""

    def with_headers(self, more: Mapping[str, str]) -> "Answer":
        return replace(self, headers={**more, **self.headers})

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300


def json_answer(status: int, data: Any, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(data).encode()
    return Answer(status, body, {"Content-Type": "application/json", **(headers or {})})


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))
    """The body of an upload, which is never held in memory as a whole."""
    base: str = ""
    """Scheme and host as the caller wrote them; `next` links are built on it."""
    person: Person | None = None
    refused: int | None = None
    """The status for a body that cannot be read: too large, or with wrong framing."""

    @property
    def path_text(self) -> str:
        """The path with its percent signs resolved."""
        return unquote(self.path)

    @cached_property
    def params(self) -> dict[str, list[str]]:
        return parse_qs(self.query, keep_blank_values=True)

    def one(self, name: str) -> str | None:
        values = self.params.get(name)
        return values[-1] if values else None

    def many(self, name: str) -> list[str]:
        """A list parameter: the key repeated, one comma-separated value, or both."""
        return [part for value in self.params.get(name, []) for part in value.split(",") if part]

    @cached_property
    def json(self) -> Any:
        """The body; ValueError if it is not JSON (NaN is not, nor what becomes it), or too deep for any reader."""
        try:
            return json.loads(self.body, parse_constant=_finite, parse_float=_finite)
        except RecursionError:
            raise ValueError("too deeply nested") from None

    @property
    def name_in_body(self) -> str:
        """The `name` of a create or rename body, which may ask for a fault."""
        try:
            data = self.json
        except ValueError:
            return ""
        name = data.get("name") if isinstance(data, dict) else None
        return name if isinstance(name, str) else ""

    @property
    def caller(self) -> Person:
        """Whose key it is; routes are only entered with a known one."""
        if self.person is None:
            raise LookupError("nobody asked")
        return self.person


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a number")
    return number
