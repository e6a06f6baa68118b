"""Outside JSON as lines for a table: a name and its value in one line of text each."""

import json
from collections.abc import Mapping
from typing import Any

MOST_ROWS = 60
MOST_TEXT = 400


def rows_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The first `MOST_ROWS` names with their values; a last line says how many are left out."""
    rows = [(str(name), text_of(value)) for name, value in list(values.items())[:MOST_ROWS]]
    rest = len(values) - MOST_ROWS
    return [*rows, ("…", f"{rest} more")] if rest > 0 else rows


def text_of(value: Any) -> str:
    """Lists of words as people write them, anything deeper as compact JSON; cut after `MOST_TEXT` characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) and value and not any(isinstance(one, dict | list) for one in value):
        text = ", ".join(text_of(one) for one in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
