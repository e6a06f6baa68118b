"""Versions of names in the cache: what was stored under an older version is never found again.

A reader takes the version before it asks and stores under that one. So a change made meanwhile wins, whatever the order
in which the two end.
"""

import hashlib
import uuid

from django.core.cache import cache

LASTS = 24 * 60 * 60
"""Longer than anything that is stored under a version."""


def current(name: str) -> str:
    """The version of a name. A lost one is replaced by a new one, so nothing old comes back."""
    key = _key(name)
    version: str | None = cache.get(key)
    if version is None:
        cache.add(key, uuid.uuid4().hex, LASTS)
        version = cache.get(key)
    return version or uuid.uuid4().hex


def versioned(name: str) -> str:
    """The name with its version, as a part of cache keys."""
    return f"{name}-{current(name)}"


def renew(name: str) -> None:
    """From now on nothing is found that was stored under the name before."""
    cache.set(_key(name), uuid.uuid4().hex, LASTS)


def _key(name: str) -> str:
    # Outside text never becomes a cache key.
    return f"version-{hashlib.sha256(name.encode()).hexdigest()}"
