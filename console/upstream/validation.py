"""The vendors' bounds, checked before the call: what is refused here was never sent (FACTS 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from console.common.parsing import INT64, read_uuid, text_fault
from console.upstream.errors import Invalid, vendor_name


class Checks:
    """Collects what is wrong, field by field, and raises it all at once."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._fields: dict[str, list[str]] = {}

    def raise_errors(self) -> None:
        """Raises Invalid (status None) if anything was wrong."""
        if self._fields:
            text = f"Nothing was sent to {vendor_name(self._vendor)}: some entries are out of bounds."
            raise Invalid(text, vendor=self._vendor, fields=self._fields)

    def wrong(self, field: str, sentence: str) -> None:
        self._fields.setdefault(field, []).append(sentence)

    def text(self, field: str, value: str, most: int | None = None) -> None:
        if not isinstance(value, str) or not value.strip():
            self.wrong(field, "This must not be empty.")
        elif most is not None and len(value) > most:
            self.wrong(field, f"This is longer than {most} characters.")
        elif fault := text_fault(value):
            self.wrong(field, fault)

    def choice(self, field: str, value: object, allowed: Sequence[str]) -> None:
        if value not in allowed:
            self.wrong(field, f"This must be one of: {', '.join(allowed)}.")

    def number(self, field: str, value: object, least: int = INT64.start, most: int = INT64.stop - 1) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            bound = "of 64 bits" if (least, most) == (INT64.start, INT64.stop - 1) else f"from {least:,} to {most:,}"
            self.wrong(field, f"This must be a whole number {bound}.")

    def size(self, field: str, values: Sequence[Any], least: int, most: int) -> None:
        if not least <= len(values) <= most:
            self.wrong(field, f"There must be {least:,} to {most:,} of these, not {len(values):,}.")

    def uuid(self, field: str, value: object) -> str:
        """The plain spelling; empty, with a complaint, for what is none."""
        uuid = read_uuid(value)
        if uuid is None:
            self.wrong(field, "This is not a UUID.")
        return str(uuid or "")

    def uuids(self, field: str, values: Sequence[Any]) -> list[str]:
        return [self.uuid(field, value) for value in values]

    def objects(self, field: str, values: object) -> None:
        if not isinstance(values, Sequence) or not all(isinstance(entry, Mapping) for entry in values):
            self.wrong(field, "This must be a list of objects.")

    def span(self, field: str, start: datetime | None, end: datetime | None) -> None:
        if any(moment is not None and moment.tzinfo is None for moment in (start, end)):
            self.wrong(field, "A date needs a time zone.")
        elif start is not None and end is not None and start > end:
            self.wrong(field, "The end lies before the start.")


def wire_time(moment: datetime) -> str:
    """A moment as both vendors write it: UTC, with a Z."""
    try:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return moment.isoformat()
