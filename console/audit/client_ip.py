"""From where a request came: forwarded addresses count only from a configured proxy."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(request: HttpRequest | None) -> str:
    """The person's address, or "" outside a request.

    Proxies append on the right, so the list is read from there: the first address that is no proxy of ours is
    the person's, and whatever stands left of it was typed by a stranger.
    """
    if request is None:
        return ""
    nearest = _read(request.META.get("REMOTE_ADDR", ""))
    if nearest is None:
        return ""
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        further = _read(hop)
        if further is None or not _is_proxy(nearest):
            break
        nearest = further
    return str(nearest)


def comes_from_proxy(request: HttpRequest) -> bool:
    """Whether what the nearest machine says about the person may be believed."""
    nearest = _read(request.META.get("REMOTE_ADDR", ""))
    return nearest is not None and _is_proxy(nearest)


def _read(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_proxy(address: Address) -> bool:
    return any(address in ipaddress.ip_network(network, strict=False) for network in settings.TRUSTED_PROXIES)
