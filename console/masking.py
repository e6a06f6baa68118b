"""No secret in words: keys in hand are masked by value wherever a message passes.

Whoever opens a key calls `remember`; whatever writes text for people, logs or the audit passes it through `hide`.
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

_values: OrderedDict[str, None] = OrderedDict()
_lock = Lock()

# Shapes of secrets that we may never have held: the vendors' keys, bearer tokens, and the query of any signed link.
_SHAPES = (
    re.compile(r"\b(?:avk|cf)_[A-Za-z0-9_\-]{6,}"),
    re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._\-]+"),
    re.compile(r"\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+"),
    re.compile(r"(?<=\?)[^\s\"'<>]*(?:signature|x-amz-|token|expires|sig=)[^\s\"'<>]*", re.IGNORECASE),
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
        while len(_values) > KEPT:
            _values.popitem(last=False)
    return is_new


def forget(secret: str) -> None:
    """Takes back a `remember`: what turned out to be no key may be an ordinary word, even a colleague's name."""
    with _lock:
        _values.pop(secret, None)


def hide(text: str) -> str:
    """The text with every known secret shown as `••••` and its last four characters."""
    with _lock:
        known = [value for value in _values if value in text]
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, MASK + value[-4:])
    for shape in _SHAPES:
        text = shape.sub(MASK, text)
    return text


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
            record.exc_text = hide(record.exc_text)
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
        return SafeString(hide(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(hide(super().get_traceback_text()))


def _hide_within(value: Any) -> Any:
    shown = repr(value) if not isinstance(value, str) else value
    hidden = hide(shown)
    return value if hidden == shown else hidden
