"""Which files of a space's store can be asked for (FACTS 2.5): one rule, for what is sent and for what pages offer."""

from __future__ import annotations

import re
from urllib.parse import unquote

from console.common.parsing import text_fault

MOST_PATH = 4_096
"""Object stores take keys of up to 1,024 bytes; what is much longer was not written for one."""

_STORED_ADDRESS = re.compile(r"s3://[^/]+/spaces/([^/]+)/(.+)", re.DOTALL)
# RFC 3986, 4.2: a relative reference has no colon in its first segment, or it would be taken for a scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class PathRefused(ValueError):
    """A path that is not asked for. Its text is a sentence for people, which does not quote the path."""


def path_in_space(space: str, address: str) -> str:
    """The path relative to the space, of a path or an `s3://<bucket>/spaces/<space>/…` address.

    `space` is a UUID in its plain spelling. Raises PathRefused for a file of another space, and for everything that is
    no plain relative path: a scheme, a leading or double slash, `..` (percent-encoded too), control characters, more
    than `MOST_PATH` characters.
    """
    if not address.strip():
        raise PathRefused("This must not be empty.")
    if len(address) > MOST_PATH:
        raise PathRefused(f"This is longer than {MOST_PATH} characters.")
    if fault := text_fault(address):
        raise PathRefused(fault)
    match = _STORED_ADDRESS.fullmatch(address)
    if match and match[1].lower() != space.lower():
        raise PathRefused("This file belongs to another space.")
    path = match[2] if match else address
    if not _is_relative(path):
        raise PathRefused("This is not a path inside the space.")
    return path


def _is_relative(path: str) -> bool:
    # A server that unquotes twice must not find a way up either.
    plain = unquote(unquote(path)).replace("\\", "/")
    segments = plain.split("/")
    has_way_up = any(segment in ("", ".", "..") for segment in segments)
    return not has_way_up and not _SCHEME.match(plain.lstrip()) and not text_fault(plain)
