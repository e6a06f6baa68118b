"""Turning values into words: numbers, moments, durations, and text and addresses that came from outside."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

# Changes of writing direction: in a name they can make the rest of the page read backwards.
DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


# The vendors' kinds of data, as people call them.
DATA_KINDS = {
    "image": "pictures",
    "image_sequence": "picture sequences",
    "video": "videos",
    "lidar": "laser scans",
    "text": "texts",
    "audio": "sound",
}


def data_kind(kind: str) -> str:
    """A kind without a description is shown as it came."""
    return DATA_KINDS.get(kind, kind.replace("_", " "))


def number(value: object) -> str:
    """`1240` as `1,240`; anything that is not a number as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def plural(count: object, one: str, many: str = "") -> str:
    """`3, "slice"` as `3 slices`."""
    word = one if count == 1 else (many or f"{one}s")
    return f"{number(count)} {word}"


def join_with_and(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def with_article(noun: str) -> str:
    """`an Avala`, `a CloudFactory`: by the first letter, which is right for every word this console puts there."""
    return f"{'an' if noun[:1].casefold() in tuple('aeiou') else 'a'} {noun}"


def file_size(count: int) -> str:
    if count == 1:
        return "1 byte"
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if round(size) < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


def aware(value: datetime) -> datetime:
    """The vendors speak UTC where they name no zone."""
    return value if timezone.is_aware(value) else value.replace(tzinfo=UTC)


def moment(value: datetime) -> str:
    """In the reader's zone, which is always named: `3 Nov 2026, 14:02 GMT`."""
    local = timezone.localtime(aware(value))
    return f"{local.day} {local:%b %Y, %H:%M} {zone_of(local)}"


def zone_of(local: datetime) -> str:
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[:1] in "+-" else name


def in_utc(value: datetime) -> str:
    return f"{aware(value).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(value: datetime, now: datetime | None = None) -> str:
    """`5 min ago`, `in 6 h`: rough, to be shown beside or above the exact moment. What is to come is rounded, so that
    seven days less a minute are no six."""
    seconds = ((now or timezone.now()) - aware(value)).total_seconds()
    if abs(seconds) < 10:
        return "just now"
    return f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(_rounded(-seconds))}"


def _rounded(seconds: float) -> float:
    """To the unit in which it is said."""
    unit = 60 if seconds < 3600 else 3600 if seconds < 48 * 3600 else 86400
    return seconds if seconds < 60 else seconds + unit / 2


def duration(value: float | timedelta) -> str:
    """One unit, rounded down: `40 s`, `6 min`, `3 h`, `2 days`."""
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def show_controls(value: object) -> str:
    """Text from outside with its invisible characters made visible: control characters and changes of direction."""
    return "".join(_show_character(character) for character in str(value))


def _show_character(character: str) -> str:
    if character in "\n\t":
        return " "
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return chr(0x2400 + code) if code < 0x20 else "\u2421"
    if character in DIRECTION_MARKS or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
        return f"[U+{code:04X}]"
    return character


def untrusted_url(value: object) -> str:
    """An address from outside that may stand in `href`, or nothing: https (or a trusted origin), no credentials."""
    parts = _parts(value)
    if parts is None:
        return ""
    scheme, origin = parts
    return str(value) if scheme == "https" or origin in settings.TRUSTED_LOCAL_ORIGINS else ""


def picture_url(value: object) -> str:
    """An address that may stand in the `src` of a picture: only origins the page's own policy lets through."""
    parts = _parts(value)
    is_allowed = parts is not None and parts[1] in {*settings.MEDIA_ORIGINS, *settings.TRUSTED_LOCAL_ORIGINS}
    return str(value) if is_allowed else ""


def _parts(value: object) -> tuple[str, str] | None:
    """Scheme and origin of a plain absolute address; browsers read backslashes and blanks otherwise than we do."""
    text = str(value or "")
    if any(character.isspace() or character == "\\" or ord(character) < 0x20 for character in text):
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or parts.scheme not in {"http", "https"}:
        return None
    return parts.scheme, f"{parts.scheme}://{parts.netloc.lower()}" if port is not None else f"{parts.scheme}://{host}"
