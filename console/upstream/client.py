"""What both vendors' clients are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from console.common.parsing import NotJson
from console.upstream.operations import Operation
from console.upstream.refusals import unreadable
from console.upstream.transport import Transport

T = TypeVar("T")


class Client:
    """A vendor as one key sees it. Everything goes through the transport's `send`, so that it can be watched."""

    vendor: str

    def __init__(self, transport: Transport, key: str) -> None:
        self._transport = transport
        self._key = key

    def _ask(
        self,
        shape: Callable[[Any], T],
        operation: Operation,
        place: Mapping[str, Any],
        *,
        params: Iterable[tuple[str, str]] | None = None,
        body: Any = None,
        request_id: str | None = None,
    ) -> T:
        """The answer in its shape; JSON of another shape is Unreadable, like no JSON at all."""
        answer = self._transport.send(operation, place, key=self._key, params=params, body=body, request_id=request_id)
        try:
            return shape(answer.data)
        except NotJson as error:
            failed = unreadable(
                operation, self.vendor, error, status=answer.status, headers=answer.headers, key=self._key
            )
        raise failed
