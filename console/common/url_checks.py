"""Checks of addresses and hosts. Pure Python, so that the settings and `console.upstream` can import it."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine: `localhost` or a loopback address."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def is_local_name(host: str) -> bool:
    """Whether a browser looks for this host on its own machine; a resolver need not know `*.localhost`."""
    return is_loopback(host) or host.lower().endswith(".localhost")


def is_on_this_machine(url: str) -> bool:
    return is_local_name(urlsplit(url).hostname or "")


def is_origin(text: str) -> bool:
    """`scheme://host[:port]` of one host and nothing behind it, as a content security policy wants it."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises where it is no port
    except ValueError:
        return False
    plain = re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?", parts.netloc, re.ASCII)
    return parts.scheme in {"http", "https"} and bool(plain) and text == f"{parts.scheme}://{parts.netloc}"


def is_host(text: str) -> bool:
    """One host's name or address as a `Host` header has it, without a port; no pattern for several."""
    if text.startswith("["):
        return text.endswith("]") and is_address_or_network(text[1:-1])
    return bool(re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text))


def is_address_or_network(text: str) -> bool:
    """One machine or a network of them: `10.0.0.7`, `10.1.0.0/16`. Half of all addresses is no network of proxies."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (8 if network.version == 4 else 16)
