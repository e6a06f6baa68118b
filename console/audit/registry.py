"""What the apps know about a thing beside its entry: its page, for the links within sentences, and what became of it.

Both are asked for on reading and never stored.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch

Address = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class FollowUp:
    """A sentence on what became of a thing.

    `is_failed`: the act failed after all. `is_deleted`: the thing is deleted, so that it has no page.
    """

    sentence: str
    is_failed: bool = False
    is_deleted: bool = False


FollowUpReader = Callable[[Collection[str]], Mapping[str, FollowUp]]

Act = Callable[[Any, uuid.UUID], str]

_addresses: dict[str, Address] = {}
_places: dict[str, str] = {}
_acts: list[Act] = []
_follow_ups: dict[str, FollowUpReader] = {}


def register_thing(thing_kind: str, address: Address) -> None:
    """`address` makes the address of a thing's page from its id and the entry's detail."""
    _addresses[thing_kind] = address


def register_follow_ups(action: str, read: FollowUpReader) -> None:
    """`read` returns what became of the things of an action, for each id where there is something to say."""
    _follow_ups[action] = read


def register_act(address: Act) -> None:
    """`address` makes the address of the results of an act of several entries from reader and group, or ""."""
    if address not in _acts:
        _acts.append(address)


def register_place(namespace: str, title: str) -> None:
    """What the part of the console is called whose views have this namespace, or begin with this word."""
    _places[namespace] = title


def place(namespace: str) -> str:
    return _places.get(namespace, "")


def address_of_act(reader: Any, group: uuid.UUID) -> str:
    """Where the results of an act of several entries are, or "" where the reader can't open them, or they are gone."""
    return next(filter(None, (address(reader, group) for address in _acts)), "")


def follow_ups(action: str, thing_ids: Collection[str]) -> Mapping[str, FollowUp]:
    return _follow_ups[action](thing_ids) if action in _follow_ups and thing_ids else {}


def address_of(thing_kind: str, thing_id: str, detail: Mapping[str, Any]) -> str:
    """The thing's address, or "" where it has no page: not made, or of a kind that has none."""
    find = _addresses.get(thing_kind)
    if not thing_id or find is None:
        return ""
    try:
        return find(thing_id, detail)
    except (NoReverseMatch, LookupError, TypeError, ValueError):
        return ""
