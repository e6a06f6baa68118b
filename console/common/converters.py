"""Path converters for ids of the vendors: anything else is no page (404), and makes no link."""

from __future__ import annotations

from console.common.parsing import INT64, read_int, read_segment


class Segment:
    """A vendor's name for a thing, such as an owner or a slug; the names in `reserved` mean something else there."""

    regex = "[^/]+"
    reserved: tuple[str, ...] = ()

    def to_python(self, value: str) -> str:
        segment = read_segment(value)
        if segment is None or segment in self.reserved:
            raise ValueError
        return segment

    def to_url(self, value: object) -> str:
        return self.to_python(value if isinstance(value, str) else "")


class Int64:
    """A whole number of 64 bits, which can be negative: the ids of batches."""

    regex = "-?[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = read_int(value, INT64.start)
        if number is None:
            raise ValueError
        return number

    def to_url(self, value: object) -> str:
        return str(self.to_python(str(value)))
