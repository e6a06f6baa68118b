"""Secrets out of every text: remembered keys are masked by value, others by their shape.

Call `remember` wherever a key is decrypted, and pass every text for people, logs or the audit through `hide`. A
vendor's own words go through `mask_vendor_text` as well, which is stricter. Pure Python, so that `console.upstream` can
import it. Every pattern takes time that grows with the text and not with its square, and `hide` cuts first.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from urllib.parse import quote

MASK = "••••"
MOST_VALUES = 2_000
# Characters of a text that are kept, and how many more are masked along, so that no secret is cut into an unknown half.
LONGEST = 20_000
OVERLAP = 2_000
CUT = "… (cut)"

_values: OrderedDict[str, None] = OrderedDict()
_lock = Lock()

# Shapes of secrets that this console has never stored. Each takes a whole run of characters at once and gives nothing
# back: a pattern that tries again from every character of the run takes time squared.
_KEY = re.compile(r"\b(?:avk|cf)_[A-Za-z0-9_\-]{6,}")
_BEARER = re.compile(r"\bbearer\s+[A-Za-z0-9._\-]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+){0,2}")
_QUERY = re.compile(r"\?[^\s\"'<>]+")
_SIGNED = re.compile(r"signature|x-amz-|token|expires|sig=", re.IGNORECASE)
# Open links of ours: an invitation, and a new password.
_LINK = re.compile(r"((?:/|%2f)(?:join|reset(?:/|%2f)key)(?:/|%2f))[^/%\s\"'<>?#&]+", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_\-])[A-Za-z0-9_\-]{43}(?![A-Za-z0-9_\-])")
_RESET = re.compile(r"\b[0-9a-z]{6,7}-[0-9a-f]{32}\b")

_Shape = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
_SHAPES: tuple[_Shape, ...] = (
    (_KEY, lambda match: MASK),
    (_BEARER, lambda match: MASK),
    (_JWT, lambda match: MASK if match[0].count(".") == 2 else match[0]),
    (_QUERY, lambda match: f"?{MASK}" if _SIGNED.search(match[0]) else match[0]),
    (_LINK, lambda match: match[1] + MASK),
    (_TOKEN, lambda match: MASK if _is_random(match[0]) else match[0]),
    (_RESET, lambda match: MASK),
)

# Vendors repeat what was sent to them, keys included. In their words more shapes are masked, which elsewhere would
# garble names and numbers: what Avala's own SDK masks (FACTS 1.3), keys of other services, the query of a signed link.
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
# What stands before the name in the same word stays as it is; looking for its start would take time squared.
_NAMED = re.compile(
    r"""((?:api[_-]?key|token|secret|password|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;}&]+)""",
    re.IGNORECASE,
)
_VENDOR_SHAPES: tuple[_Shape, ...] = (
    (_NAMED, lambda match: match[1] + (match[2] if MASK in match[2] else MASK)),
    (_SECRETS, lambda match: MASK),
)


def remember(secret: str) -> bool:
    """Mask this value from now on; says whether it was not masked before.

    Short texts are left alone: masking them would garble ordinary words.
    """
    if len(secret) < 6:
        return False
    with _lock:
        is_new = secret not in _values
        _values[secret] = None
        _values.move_to_end(secret)
        while len(_values) > MOST_VALUES:
            _values.popitem(last=False)
    return is_new


def forget(secret: str) -> None:
    """Takes back a `remember`: what turned out to be no key may be an ordinary word, even a colleague's name."""
    with _lock:
        _values.pop(secret, None)


def hide(text: str) -> str:
    """The first 20,000 characters, with every secret masked; a known one keeps its last four characters."""
    if len(text) <= LONGEST:
        return mask(text)
    return mask(text[: LONGEST + OVERLAP])[:LONGEST] + CUT


def hide_before(text: str) -> str:
    """Like `hide`, but of a longer text the end is kept: a trace says last what went wrong."""
    if len(text) <= LONGEST:
        return mask(text)
    return CUT + mask(text[-LONGEST - OVERLAP :])[-LONGEST:]


def mask(text: str) -> str:
    """The whole text, however long, with every secret masked."""
    with _lock:
        secrets = [value for value in _values if value in text]
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, MASK + value[-4:])
    return _mask_shapes(text, _SHAPES)


def mask_vendor_text(text: str, key: str) -> str:
    """A vendor's words with this key, and whatever else looks like a secret, masked."""
    if key:
        shape = MASK + key[-4:] if len(key) >= 12 else MASK
        for spelling in {key, quote(key, safe="")}:
            text = re.sub(re.escape(spelling), lambda _: shape, text, flags=re.IGNORECASE)
    return _mask_shapes(text, _VENDOR_SHAPES)


def _mask_shapes(text: str, shapes: tuple[_Shape, ...]) -> str:
    for pattern, masked in shapes:
        text = pattern.sub(masked, text)
    return text


def _is_random(text: str) -> bool:
    """Whether 43 characters are 32 random bytes and not a long word: random ones have all three kinds."""
    return any(map(str.isdigit, text)) and any(map(str.isupper, text)) and any(map(str.islower, text))


class LogFilter(logging.Filter):
    """Flattens a record to its masked text, so that no formatter behind it can see the arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a library's mistake in its own line must not become the caller's error
            message = f"{record.msg} {record.args}"
        record.msg, record.args = hide(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = hide_before(record.exc_text)
        return True
