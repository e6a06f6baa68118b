"""Addresses a key may travel to: the base address, checked segments in it, and nothing else."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from console.common.parsing import INT64, read_segment, read_uuid
from console.common.url_checks import is_loopback
from console.upstream.errors import Invalid, vendor_name
from console.upstream.operations import VendorOperation

_PRINTABLE = re.compile(r"[\x21-\x7e]{1,1000}")


def base_url(address: str) -> str:
    """The base address without its last slash; ValueError with a sentence if a key must not go there."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"{address!r} is not an address.") from None
    if not (parts.scheme == "https" and host) and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError(f"{address!r} must start with https:// (http:// is for this machine only).")
    if parts.username is not None or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f\\]", address):
        raise ValueError(f"{address!r} must be a plain address, without name, query or spaces.")
    if any(part in (".", "..") for part in parts.path.split("/")) or "//" in parts.path:
        raise ValueError(f"{address!r} must not hold '.', '..' or '//' in its path.")
    return address.rstrip("/")


def path(operation: VendorOperation, values: Mapping[str, Any], vendor: str) -> str:
    """The operation's path with every segment checked and quoted; Invalid names the first bad one."""
    built = ""
    for literal, name, kind, _ in string.Formatter().parse(operation.path):
        built += literal
        if name is not None:
            built += _segment(name, kind or "", values[name], vendor)
    return built


def checked_uuid(name: str, value: Any, vendor: str) -> str:
    """The UUID in its one plain spelling, in lower case."""
    uuid = read_uuid(value)
    if uuid is None:
        raise _bad(vendor, name, "This is not a UUID.")
    return str(uuid)


def checked_key(key: str, vendor: str) -> str:
    """The key, if it can stand in a header. The sentence never holds it."""
    if not _PRINTABLE.fullmatch(key):
        raise _bad(vendor, "key", "A key is printable ASCII without spaces.")
    return key


def checked_id(request_id: str | None) -> str:
    """The one-time id of a write; a missing one is a fault of the caller's."""
    if request_id is None or not _PRINTABLE.fullmatch(request_id):
        raise ValueError("A write needs a request_id of printable ASCII.")
    return request_id


def _segment(name: str, kind: str, value: Any, vendor: str) -> str:
    if kind == "uuid":
        return checked_uuid(name, value, vendor)
    if kind == "int":
        if isinstance(value, bool) or not isinstance(value, int) or value not in INT64:
            raise _bad(vendor, name, "This is not a whole number of 64 bits.")
        return str(value)
    text = read_segment(value)
    if text is None:
        raise _bad(vendor, name, "This cannot be part of an address.")
    return quote(text, safe="")


def _bad(vendor: str, name: str, sentence: str) -> Invalid:
    return Invalid(f"Nothing was sent to {vendor_name(vendor)}: {sentence}", vendor=vendor, fields={name: [sentence]})
