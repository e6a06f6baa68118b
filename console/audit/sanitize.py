"""What may be written into a row: masked, valid in both databases, and the same when it is read back."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from console.audit import actions, sentences
from console.audit.groups import IDS
from console.audit.models import Entry
from console.common.redaction import hide

CONSOLE = "The console"

# PostgreSQL takes no NUL, and half a surrogate pair cannot be encoded.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: object, longest: int | None = None) -> str:
    """Text as it may be stored; None is no text. Enumerations of text become their value."""
    cleaned = UNSTORABLE.sub("\ufffd", hide("" if text is None else str(text)))
    return cleaned if longest is None or len(cleaned) <= longest else cleaned[: longest - 1] + "…"


class _Lenient(DjangoJSONEncoder):
    """What JSON does not know is written as text: after a call nothing may keep its outcome from being recorded."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def clean_detail(detail: Mapping[str, Any] | None) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(detail or {}, cls=_Lenient))
    cleaned: dict[str, Any] = _cleaned(plain)
    return cleaned


def name_of(person: Any, action: str = "") -> str:
    """A person as text; None is the console itself, or the action's author, as at a failed sign-in."""
    if person is None:
        return actions.for_entry(action, {}).author or CONSOLE
    return str(getattr(person, "name", "") or getattr(person, "email", "") or person)


def search_words(entry: Entry) -> str:
    """Everything of a row that a person may search for, case folded: the sentence as it reads and the names in it.

    Not the ids of the work items of an act on many, a hundred a row: those have an index of their own.
    """
    parts = [
        sentences.plain(sentences.EntrySummary.alone(entry)),
        entry.actor_email,
        entry.thing_name,
        entry.thing_id,
        entry.vendor_reference,
        entry.note,
        *_texts(entry.detail),
    ]
    return "\n".join(part for part in parts if part).casefold()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    if isinstance(value, float):
        return _exact(value)
    return value


def _exact(number: float) -> int | float | str:
    """PostgreSQL keeps numbers as decimals: a whole float comes back as an int, and infinity not at all."""
    if number != number or number in (float("inf"), float("-inf")):
        return str(number)
    return int(number) if number.is_integer() else number


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        inner: Iterable[Any] = [inner for name, inner in value.items() if name != IDS]
    else:
        inner = value if isinstance(value, list) else ()
    return [text for part in inner for text in _texts(part)]
