"""Vendors repeat what was sent to them, keys included, so their words are masked before anybody sees them."""

from __future__ import annotations

import re
from urllib.parse import quote

MASK = "••••"

# The forms Avala's own SDK masks (FACTS 1.3), bare keys of both vendors, and the query of a signed link.
_SECRETS = re.compile(
    r"""
      -----BEGIN[^-]*PRIVATE\ KEY-----.*?(?:-----END[^-]*-----|\Z)
    | \b(?:avk|cf|sk|pk|rk)[_-][A-Za-z0-9_-]{6,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}
    | \beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,2}
    | \bbearer\s+\S+
    | \b[0-9a-f]{40}\b
    | (?<=\?)[^\s?]*(?:signature|x-amz-|sig=|token|expires)[^\s"'<>]*
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# Whatever stands before the name in the same word stays as it is; looking for its start would take time squared.
_NAMED = re.compile(
    r"""((?:api[_-]?key|token|secret|password|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;}&]+)""",
    re.IGNORECASE,
)


def masked(text: str, key: str) -> str:
    """The text with this key, and whatever else looks like a secret, replaced by dots."""
    if key:
        shown = MASK + key[-4:] if len(key) >= 12 else MASK
        for form in {key, quote(key, safe="")}:
            text = re.sub(re.escape(form), lambda _: shown, text, flags=re.IGNORECASE)
    text = _NAMED.sub(lambda match: match[1] + (match[2] if MASK in match[2] else MASK), text)
    return _SECRETS.sub(MASK, text)
