"""Tags and filters of every page: `{% load shell %}`. What they say is decided in `console.common.formatting`."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from console.common import formatting, glossary

register = template.Library()

SPRITE = Path(__file__).resolve().parents[2] / "static" / "icons.svg"

register.filter("data_kind", formatting.data_kind)
register.filter("number", formatting.number)
register.filter("duration", formatting.duration)
register.filter("show_controls", formatting.show_controls)
register.filter("untrusted_url", formatting.untrusted_url)
register.filter("picture_url", formatting.picture_url)
register.filter("file_size", formatting.file_size)
register.filter("with_article", formatting.with_article)


@cache
def shapes() -> dict[str, str]:
    """The shapes of every icon by name. The file is ours, so they may stand in the page unescaped."""
    return dict(re.findall(r'<symbol id="([a-z0-9-]+)"[^>]*>(.*?)</symbol>', SPRITE.read_text(encoding="utf-8")))


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon inside the page, so that it costs no request. Without a label it is decoration beside words."""
    if name not in shapes():
        raise template.TemplateSyntaxError(f"There is no icon “{name}” in static/icons.svg.")
    meaning = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" {}>{}</svg>',
        f" icon-{size}" if size else "",
        meaning,
        mark_safe(shapes()[name]),  # noqa: S308
    )


@register.simple_tag
def is_practice() -> bool:
    """Whether this is the practice space, also on pages that are drawn without a request."""
    return bool(settings.PRACTICE)


@register.simple_tag
def moment(value: datetime | None, style: str = "") -> SafeString | str:
    """A `<time>` with its zone and UTC on hover; `"ago"` shows how long ago, with the moment on hover."""
    if not value:
        return ""
    text, hint = formatting.moment(value), formatting.in_utc(value)
    if style == "ago":
        text, hint = formatting.ago(value), f"{text} ({hint})"
    return format_html('<time datetime="{}" title="{}">{}</time>', formatting.aware(value).isoformat(), hint, text)


@register.filter
def tone(kind: str) -> str:
    """Our four tones and their names in `django.contrib.messages` are one thing to a notice."""
    return {"success": "good", "error": "bad", "warning": "warn", "debug": "info", "": "info"}.get(kind, kind)


@register.filter
def tone_icon(tone: str) -> str:
    return {"good": "circle-check", "warn": "triangle-alert", "bad": "circle-x"}.get(tone, "info")


@register.filter
def in_utc(value: datetime) -> str:
    """The moment as it is sent to a vendor."""
    return formatting.in_utc(value)


@register.filter
def ago(value: datetime | None) -> str:
    return formatting.ago(value) if value else ""


@register.filter
def plural(count: object, forms: str) -> str:
    """`{{ count|plural:"slice" }}`, or `"batch,batches"` where an s is not enough."""
    one, _, many = forms.partition(",")
    return formatting.plural(count, one, many)


@register.filter
def untrusted(value: object) -> SafeString:
    """Text from outside: escaped, kept in its own direction, nothing invisible."""
    return format_html("<bdi>{}</bdi>", formatting.show_controls(value))


@register.inclusion_tag("components/_term.html")
def term(name: str, text: str = "") -> dict[str, Any]:
    """A word of the vocabulary with its meaning a press away: `{% term "batch" %}`, `{% term "batch" "Batches" %}`."""
    meaning = glossary.TERMS[name]
    return {"text": text or name, "meaning": meaning, "id": f"term-{uuid4().hex[:8]}"}
