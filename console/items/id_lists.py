"""Ids that don't fit into an address: a proxy or a browser cuts or refuses one of more than 8,000 characters.

They were pasted, or selected in the table; the address names the list or the selection.
"""

import hashlib
import re
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts import connections
from accounts.models import Person
from console.items.models import IdList, SelectedItem

MOST_IN_ADDRESS = 20
LASTS = timedelta(days=180)
MOST_STORED = 1_000
"""Lists of one space; about 40 MB."""
NOT_STORED = "This list of ids is no longer stored. Paste the ids again."

NOTHING_SELECTED = "None of these work items are selected any more."

_KEY = re.compile(r"(?:list|selection)-[0-9a-f]{32}", re.ASCII)


def read_key(text: str) -> str:
    """The text if it names a stored list or a selection, else ""."""
    return text if _KEY.fullmatch(text) else ""


def is_selection(key: str) -> bool:
    return key.startswith("selection-")


def missing_words(key: str) -> str:
    """What to say where there are no ids behind the key."""
    return NOTHING_SELECTED if is_selection(key) else NOT_STORED


def stored_ids(key: str, *, user: Person) -> tuple[str, ...]:
    """The ids of a list that was stored in one of the person's spaces; none where there is no such list.

    Those of a selection are for the person who selected them alone.
    """
    if is_selection(key):
        selected = SelectedItem.objects.filter(selection=uuid.UUID(key.partition("-")[2]), selection__person=user)
        return tuple(str(item) for item in selected.values_list("item", flat=True))
    spaces = [space.id for space in connections.spaces(user)]
    id_list = IdList.objects.filter(key=key.removeprefix("list-"), space__in=spaces).first()
    return tuple(id_list.ids) if id_list else ()


def store_ids(ids: Sequence[str], *, space: str) -> str:
    """Stores more ids than an address can hold and returns their key; "" for few.

    Deletes the oldest lists of the space beyond a thousand.
    Everybody who can work in the space can read them, nobody else.
    """
    if len(ids) <= MOST_IN_ADDRESS:
        return ""
    digest = hashlib.sha256("\n".join((space, *ids)).encode()).hexdigest()[:32]
    values = {"space": space, "ids": list(ids), "created_at": timezone.now()}
    with transaction.atomic():
        IdList.objects.update_or_create(key=digest, defaults=values)
        newest_first = IdList.objects.filter(space=space).order_by("-created_at").values_list("key", flat=True)
        IdList.objects.filter(key__in=list(newest_first[MOST_STORED : 2 * MOST_STORED])).delete()
    return f"list-{digest}"


def delete_old_lists() -> None:
    """Deletes lists of more than 180 days."""
    IdList.objects.filter(created_at__lt=timezone.now() - LASTS).delete()
