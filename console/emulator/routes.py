"""From method and path to a handler; both APIs describe themselves as tuples of Route."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from console.emulator.wire import Answer

Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    operation: str
    method: str
    path: str
    handler: Handler
    right: str = "look"
    locked: bool = True
    """Whether the world stands still meanwhile; a handler that searches for long takes the lock itself."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    def arguments(self, path: str) -> dict[str, Any] | None:
        match = self.pattern.fullmatch(path)
        return {name: unquote(value) for name, value in match.groupdict().items()} if match else None


@dataclass(frozen=True)
class Match:
    route: Route | None
    arguments: dict[str, Any]
    allowed: tuple[str, ...]
    """The methods that the path has; empty when nothing lives there."""


def find(routes: Sequence[Route], method: str, path: str) -> Match:
    """The first route whose path fits decides what the address means, as in the vendors' own routers."""
    fitting = [(route, args) for route in routes if (args := route.arguments(path)) is not None]
    if not fitting:
        return Match(None, {}, ())
    shape = fitting[0][0].path
    same = [(route, args) for route, args in fitting if route.path == shape]
    route_method = "GET" if method == "HEAD" else method
    for route, args in same:
        if route.method == route_method:
            return Match(route, args, ())
    return Match(None, {}, tuple(route.method for route, _ in same))
