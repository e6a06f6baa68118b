"""What both vendors' clients are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from console.common.parsing import NotJson
from console.upstream.errors import Invalid, PageExpired
from console.upstream.operations import VendorOperation
from console.upstream.status_errors import unreadable
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
        operation: VendorOperation,
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

    def _ask_page(self, cursor: str | None, *call: Any, **options: Any) -> Any:
        """As `_ask`, for a page of a list; a refusal of one asked for by a cursor is PageExpired."""
        try:
            return self._ask(*call, **options)
        except Invalid as error:
            if cursor is None or error.status is None:
                raise
            refused = error
        raise PageExpired(
            "This page of the list has expired. Start from the first page.",
            fields=refused.fields,
            vendor=refused.vendor,
            status=refused.status,
            reference=refused.reference,
            vendor_text=refused.vendor_text,
            changes=False,
        )
