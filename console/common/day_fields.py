"""Days and moments as people type them and pages show them: `3 Nov 2026` and `3 Nov 2026, 18:00`.

They are fields of plain text. The browsers' own date fields send nothing for a day that is half typed, and some show
today's date while they are empty. The calendar beside the field is the browser's own and needs script.
"""

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

DAY = "Write the day like this: 3 Nov 2026."
MOMENT = "Write it like this: 3 Nov 2026, 18:00."
NO_SUCH_DAY = "This month has no such day."
DAY_FORMATS = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y-%m-%d")
MOMENT_FORMATS = [
    f"{day}{gap}{clock}" for day in DAY_FORMATS for gap in (", ", " ", "T") for clock in ("%H:%M", "%H:%M:%S")
]


_DAY_OF_MONTH = re.compile(r"(?<![0-9:.])(?:[0-9]{1,2}(?= [A-Za-z]| ?,)|(?<=-[0-9][0-9]-)[0-9]{2})", re.ASCII)


class DayInput(forms.TextInput):
    template_name = "components/_day_input.html"
    formats: tuple[str, ...] = DAY_FORMATS
    example = "e.g. 3 Nov 2026"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"placeholder": self.example, "autocomplete": "off", "spellcheck": "false"} | (attrs or {}))

    def format_value(self, value: Any) -> str | None:
        """The usual spelling of a day or moment, or of a text that can be read as one; any other text as typed."""
        day = _read(value, self.formats) if isinstance(value, str) else value
        return self.spell(day) if isinstance(day, date) else value or None

    def spell(self, value: date) -> str:
        return f"{value.day} {value:%b} {value.year}"


class MomentInput(DayInput):
    formats = tuple(MOMENT_FORMATS)
    example = "e.g. 3 Nov 2026, 18:00"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-moment": True} | (attrs or {}))

    def spell(self, value: date) -> str:
        return f"{super().spell(value)}, {value:%H:%M}"


class DayField(forms.DateField):
    """Cleaned to a `date`. Dates with numbers alone are read as 2026-11-03 only, whose order is the same everywhere."""

    def __init__(self, **options: Any) -> None:
        messages = {"invalid": DAY} | options.pop("error_messages", {})
        super().__init__(
            **{"widget": DayInput, "input_formats": DAY_FORMATS, **options, "error_messages": messages},
        )

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str) and names_no_day(value, DAY_FORMATS):
            raise ValidationError(NO_SUCH_DAY, code="no_such_day")
        return super().to_python(value)


class MomentField(forms.DateTimeField):
    """Cleaned to a moment; what is typed is meant in the reader's zone."""

    def __init__(self, **options: Any) -> None:
        messages = {"invalid": MOMENT} | options.pop("error_messages", {})
        super().__init__(
            **{"widget": MomentInput, "input_formats": MOMENT_FORMATS, **options, "error_messages": messages},
        )

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, str) and names_no_day(value, tuple(MOMENT_FORMATS)):
            raise ValidationError(NO_SUCH_DAY, code="no_such_day")
        return super().to_python(value)


def names_no_day(text: str, formats: tuple[str, ...]) -> bool:
    """Whether a text is spelled well and names a day that its month does not have, such as 31 Feb 2026."""
    return _read(text, formats) is None and _read(_DAY_OF_MONTH.sub("01", text, count=1), formats) is not None


def _read(text: str, formats: tuple[str, ...]) -> datetime | None:
    for one in formats:
        try:
            return datetime.strptime(text.strip(), one)
        except ValueError:
            continue
    return None
