"""Which hosts the browser may upload to: the setting `UPLOAD_ORIGINS`, in the page's policy and for each link."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse

from console.upstream.errors import Invalid
from console.upstream.storage import checked_link

V = TypeVar("V", bound=Callable[..., HttpResponse])
_PORTS = {"https": 443, "http": 80}


def upload_origins() -> tuple[str, ...]:
    return tuple(settings.UPLOAD_ORIGINS)


def sends_files(view: V) -> V:
    """Lets the scripts of this page, and of no other, send to the file stores."""

    @wraps(view)
    def allowing(*args: Any, **kwargs: Any) -> HttpResponse:
        # The setting is read for each request, which the decorator alone would not do.
        allowed = csp_update({"connect-src": list(upload_origins())})(view) if upload_origins() else view
        return cast(HttpResponse, allowed(*args, **kwargs))

    return cast(V, allowing)


def is_for_upload(link: str) -> bool:
    """Whether the browser may send a file to this link: https, or trusted although local, and of a known origin."""
    try:
        checked_link(link, settings.TRUSTED_LOCAL_ORIGINS)
    except Invalid:
        return False
    return _origin(link) in {_origin(origin) for origin in upload_origins()}


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
