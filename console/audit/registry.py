"""What the apps know about a thing beside its entry: its page, for the links within sentences, and what became of it.

Both are asked for on reading and never stored.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

Address = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Became:
    """A sentence on what became of a thing.

    `failed`: nothing came of the act after all. `deleted`: the thing is no more, so that it has no page.
    """

    words: str
    failed: bool = False
    deleted: bool = False


Sequel = Callable[[Collection[str]], Mapping[str, Became]]

Act = Callable[[Any, uuid.UUID], str]

_known: dict[str, Address] = {}
_acts: list[Act] = []
_sequels: dict[str, Sequel] = {}


def register(thing_kind: str, address: Address) -> None:
    """An app says where its things live: a function from the thing's id and the detail to an address."""
    _known[thing_kind] = address


def register_sequel(action: str, sequel: Sequel) -> None:
    """An app says what became of the things of an action: for each id where there is something to say."""
    _sequels[action] = sequel


def register_act(address: Act) -> None:
    """An app says where the results of its acts of several entries are: from reader and group to an address, or ""."""
    if address not in _acts:
        _acts.append(address)


def address_of_act(reader: Any, group: uuid.UUID) -> str:
    """Where the results of an act of several entries are, or "" where the reader can't open them, or they are gone."""
    return next(filter(None, (address(reader, group) for address in _acts)), "")


def sequels(action: str, thing_ids: Collection[str]) -> Mapping[str, Became]:
    return _sequels[action](thing_ids) if action in _sequels and thing_ids else {}


def address_of(thing_kind: str, thing_id: str, detail: Mapping[str, Any]) -> str:
    """The thing's address, or "" where it has no page: not made, or of a kind that has none."""
    find = _known.get(thing_kind)
    if not thing_id or find is None:
        return ""
    try:
        return find(thing_id, detail)
    except (NoReverseMatch, LookupError, TypeError, ValueError):
        return ""


def _slice(thing_id: str, detail: Mapping[str, Any]) -> str:
    owner, _, slug = thing_id.partition("/")
    return reverse("slices:detail", args=[owner, slug])


def _export(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("exports:detail", args=[thing_id])


def _project(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("batches:index", args=[thing_id])


def _batch(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("batches:detail", args=[detail["project_id"], thing_id])


def _item(thing_id: str, detail: Mapping[str, Any]) -> str:
    return reverse("items:detail", args=[detail["project_id"], thing_id])


register("slice", _slice)
register("export", _export)
register("project", _project)
register("batch", _batch)
register("item", _item)
