"""Pasted ids that don't fit into an address: a proxy or a browser cuts or refuses one of more than 8,000 characters."""

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from console.items.models import IdList

MOST_IN_ADDRESS = 20
LASTS = timedelta(days=180)
NOT_STORED = "This list of ids is no longer stored. Paste the ids again."

_KEY = re.compile(r"list-([0-9a-f]{32})", re.ASCII)


def read_key(text: str) -> str:
    """The text if it names a stored list, else ""."""
    return text if _KEY.fullmatch(text) else ""


def stored_ids(key: str) -> tuple[str, ...]:
    """The ids of a stored list; none where it is unknown or was deleted."""
    found = IdList.objects.filter(key=key.removeprefix("list-")).first()
    return tuple(found.ids) if found else ()


def store_ids(ids: Sequence[str]) -> str:
    """Stores so many ids that an address can't hold them, and returns their key; "" for few. Deletes old lists."""
    if len(ids) <= MOST_IN_ADDRESS:
        return ""
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
    with transaction.atomic():
        IdList.objects.filter(created_at__lt=timezone.now() - LASTS).delete()
        IdList.objects.update_or_create(key=digest, defaults={"ids": list(ids), "created_at": timezone.now()})
    return f"list-{digest}"
