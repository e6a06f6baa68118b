"""What can go wrong on the way to a vendor and back.

UpstreamError                message for people, vendor, status, reference, vendor_text, outcome
├── NotSent                  nothing left this machine: not done
│   ├── Unreachable          no connection within the limit
│   ├── HeldBack             the circuit breaker is open for a while (retry_in)
│   └── OutOfTime            the request had used up its time
├── Unknown                  sent, no clear answer: a write may or may not be done
│   ├── TimedOut             silence or a drip beyond the limit
│   ├── Broken               the connection was cut
│   ├── Unreadable           too large, cut short, or not the JSON that was promised
│   │   └── NextPageUnclear  a list goes on, but its next page is not named
│   ├── ServerFailed         5xx
│   └── PointedElsewhere     3xx; redirects are not followed, the key would go along
└── Refused                  the vendor said no: not done
    ├── KeyRejected          401
    ├── Forbidden            403
    │   └── LinkExpired      a file's signed link is accepted no longer
    ├── NotFound             404 (405 for a guessed address; maybe_wrong_address)
    ├── Conflict             409
    ├── Invalid              400, 422, or our own check before the call (status None; fields)
    │   └── PageExpired      the cursor of a list was refused
    ├── RateLimited          429 (retry_in)
    └── OtherRefusal         any other 4xx
        └── RangeRefused     416 (total)

An error holds sentences and numbers, never a body, a header, an address with a query, or a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.common.errors import ConsoleError

VENDOR_NAMES = {"avala": "Avala", "cloudfactory": "CloudFactory", "storage": "The file store"}


def vendor_name(vendor: str) -> str:
    """The vendor's name as people write it."""
    return VENDOR_NAMES.get(vendor, vendor.capitalize() or "The service")


class UpstreamError(ConsoleError):
    """Base of everything a call to a vendor can raise."""

    is_unclear = False
    """Whether a list came, but not the way to the rest of it."""

    def __init__(
        self,
        message: str,
        *,
        vendor: str = "",
        status: int | None = None,
        reference: str | None = None,
        vendor_text: str = "",
        changes: bool = True,
    ) -> None:
        # A call that only reads changes nothing, however it ends.
        super().__init__(message, outcome=None if changes else "failed", status=status, reference=reference)
        self.vendor = vendor
        self.vendor_text = vendor_text
        """What the vendor said, cut short and with keys masked; outside text, to be escaped."""

    @property
    def is_silence(self) -> bool:
        """Whether the vendor said nothing about what was asked for, so that its last answer still tells the most."""
        return isinstance(self, NotSent | Unknown | RateLimited)

    @property
    def is_late(self) -> bool:
        """Whether time was all that was missing."""
        return isinstance(self, TimedOut | OutOfTime)

    @property
    def vendor_name(self) -> str:
        return vendor_name(self.vendor)


class NotSent(UpstreamError):
    """Nothing was sent."""


class Unreachable(NotSent):
    """No connection within the limit."""


class HeldBack(NotSent):
    """The circuit breaker is open: the vendor failed several times in a row, and calls fail at once for a while."""

    retry_in: float = 0.0


class OutOfTime(NotSent):
    """Earlier calls of the same request used up its time. Says nothing about the vendor's health or the key."""


class Unknown(UpstreamError):
    """Sent, and it is unknown whether it was done."""

    outcome = "unknown"


class TimedOut(Unknown):
    """No whole answer within the limit."""


class Broken(Unknown):
    """The connection was cut before the whole answer was here."""


class Unreadable(Unknown):
    """An answer came, but not a valid one."""


class NextPageUnclear(Unreadable):
    """A list goes on, but the vendor did not say how to get its next page."""

    is_unclear = True


class ServerFailed(Unknown):
    """The vendor answered 5xx."""


class PointedElsewhere(Unknown):
    """The vendor answered with a redirect."""


class Refused(UpstreamError):
    """The vendor said no."""


class KeyRejected(Refused):
    """401: the vendor does not know the key."""


class Forbidden(Refused):
    """403: the key may not do this."""


class LinkExpired(Forbidden):
    """The file store accepts a signed link no longer. Another link may work; another key changes nothing."""


class NotFound(Refused):
    """404: no such thing, or not for this key."""

    maybe_wrong_address: bool = False
    """True when the operation's address is only inferred, so that the address may be what is wrong."""


class Conflict(Refused):
    """409: the state of things does not allow it."""


class Invalid(Refused):
    """400 or 422, or (status None) refused by us before anything was sent."""

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        vendor: str = "",
        status: int | None = None,
        reference: str | None = None,
        vendor_text: str = "",
        changes: bool = True,
    ) -> None:
        super().__init__(
            message, vendor=vendor, status=status, reference=reference, vendor_text=vendor_text, changes=changes
        )
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}
        """Messages by field; nested ones are named like `sub_slices.0.dataset_uid`."""


class PageExpired(Invalid):
    """400 or 422 to a page of a list that was asked for by a cursor the vendor gave earlier."""


class RateLimited(Refused):
    """429: too many requests."""

    retry_in: float = 0.0


class OtherRefusal(Refused):
    """Any other 4xx."""


class RangeRefused(OtherRefusal):
    """416: the bytes that were asked for are not in the file."""

    total: int | None = None
    """How many bytes the file has, where the store said so."""


ACCESS_REFUSALS = (KeyRejected, Forbidden, NotFound)
"""After one of these the key can see less than before, and we don't know what it lost."""
