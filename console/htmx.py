"""The only place that redirects htmx: Django checks `Location`, but not `HX-Redirect`."""

import re
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import escape_leading_slashes, url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect


def is_ours(request: HttpRequest, address: str) -> bool:
    """Whether an address stays within this console.

    The query names no host, so only what stands before it is checked: Django refuses more than 2,048 characters, and
    the choices of a page can be more.
    """
    before = re.split("[?#]", address, maxsplit=1)[0] or (address and ".")
    return url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure())


def redirect(request: HttpRequest, address: str) -> HttpResponse:
    """Redirects to one of our own pages: a browser gets a 302, htmx its header."""
    if not is_ours(request, address):
        raise ValueError("A redirect must stay within the console.")
    if is_htmx(request):
        page, _, _ = address.partition("#")
        # To a place on the page it already shows, a browser only scrolls: the page would not be loaded again.
        return HttpResponseClientRedirect(page if page == page_address(request) else address)
    return HttpResponseRedirect(address)


def is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def page_address(request: HttpRequest) -> str:
    """The page the person looks at: htmx names it in a header, which is believed only as a path of ours."""
    if not is_htmx(request):
        return request.get_full_path() if request.method == "GET" else _referring_path(request)
    current = request.headers.get("HX-Current-URL", "")
    return _path_of(request, current) or "/"


def _referring_path(request: HttpRequest) -> str:
    return _path_of(request, request.headers.get("Referer", "")) or request.path


def _path_of(request: HttpRequest, address: str) -> str:
    if not address or not is_ours(request, address):
        return ""
    parts = urlsplit(address)
    # A path of ours may start with two slashes; as an address that would be another host.
    return escape_leading_slashes(parts.path) + (f"?{parts.query}" if parts.query else "")
