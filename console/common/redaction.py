"""Secrets out of every text: keys in hand are masked by value, others by their shape.

Call `remember` wherever a key is opened, and pass every text for people, logs or the audit through `hide`.
Outside text can be as long and as hostile as it likes: every pattern here is linear, and `hide` cuts first.
"""

import logging
import re
from collections import OrderedDict
from threading import Lock
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

MASK = "••••"
KEPT = 2_000
# Characters of a text that are kept, and how many more are masked along, so that no secret is cut into an unknown half.
LONGEST = 20_000
OVERLAP = 2_000
CUT = "… (cut)"

_values: OrderedDict[str, None] = OrderedDict()
_lock = Lock()

# Shapes of secrets that we may never have held. Each takes a whole run of characters at once and gives nothing back:
# a pattern that tries again from every character of the run takes time squared.
_KEY = re.compile(r"\b(?:avk|cf)_[A-Za-z0-9_\-]{6,}")
_BEARER = re.compile(r"\bbearer\s+[A-Za-z0-9._\-]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+){0,2}")
_QUERY = re.compile(r"\?[^\s\"'<>]+")
_SIGNED = re.compile(r"signature|x-amz-|token|expires|sig=", re.IGNORECASE)
# Open links of ours: an invitation, and a new password.
_LINK = re.compile(r"((?:/|%2f)(?:join|reset(?:/|%2f)key)(?:/|%2f))[^/%\s\"'<>?#&]+", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_\-])[A-Za-z0-9_\-]{43}(?![A-Za-z0-9_\-])")
_RESET = re.compile(r"\b[0-9a-z]{6,7}-[0-9a-f]{32}\b")


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
        while len(_values) > KEPT:
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
        known = [value for value in _values if value in text]
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, MASK + value[-4:])
    text = _BEARER.sub(MASK, _KEY.sub(MASK, text))
    text = _JWT.sub(lambda found: MASK if found[0].count(".") == 2 else found[0], text)
    text = _QUERY.sub(lambda found: f"?{MASK}" if _SIGNED.search(found[0]) else found[0], text)
    text = _LINK.sub(rf"\1{MASK}", text)
    return _RESET.sub(MASK, _TOKEN.sub(lambda found: MASK if _is_random(found[0]) else found[0], text))


def _is_random(text: str) -> bool:
    """Whether 43 characters are 32 random bytes and not somebody's long word: these have all three kinds."""
    return any(map(str.isdigit, text)) and any(map(str.isupper, text)) and any(map(str.islower, text))


class LogFilter(logging.Filter):
    """Flattens a record to its masked text, so that no formatter behind it can see the arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a library's slip in its own line must not become the caller's error
            message = f"{record.msg} {record.args}"
        record.msg, record.args = hide(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = hide_before(record.exc_text)
        return True


class ReporterFilter(SafeExceptionReporterFilter):
    """Error reports and DEBUG pages: values are masked by what they are, not only by what their name suggests."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        return _hide_within(super().cleanse_setting(key, value))

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {name: hide(str(value)) for name, value in super().get_post_parameters(request).items()}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: Any) -> Any:
        found = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, _hide_within(value)) for name, value in found]


class Reporter(ExceptionReporter):
    """What the filter above never sees are the exception's own words, so the finished report is masked once more."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(mask(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(mask(super().get_traceback_text()))


def _hide_within(value: Any) -> Any:
    shown = repr(value) if not isinstance(value, str) else value
    hidden = hide(shown)
    return value if hidden == shown else hidden
