"""Which hosts the browser may upload to: the setting `UPLOAD_ORIGINS`, in the page's policy and for each link."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse

from console.upstream.downloads import DEFAULT_PORTS, checked_link, origin_of
from console.upstream.errors import Invalid

V = TypeVar("V", bound=Callable[..., HttpResponse])


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
    return _is_plain(link) and origin_of(link) in {origin_of(origin) for origin in upload_origins()}


def strange_origin(links: Iterable[str]) -> str:
    """The first origin of these that would do if the setting named it; never a link, which is a key."""
    for link in links:
        if _is_plain(link) and not is_for_upload(link):
            scheme, host, port = origin_of(link)
            return f"{scheme}://{host}" if port == DEFAULT_PORTS.get(scheme) else f"{scheme}://{host}:{port}"
    return ""


def _is_plain(link: str) -> bool:
    try:
        checked_link(link, settings.TRUSTED_LOCAL_ORIGINS)
    except Invalid:
        return False
    return True
