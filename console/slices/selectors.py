"""What the slice pages read from Avala, always through the person's own connection.

Only the names of datasets are kept for a while; no answer that holds a link is kept anywhere.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.common.parsing import read_uuid
from console.slices.list_query import ListQuery
from console.slices.recipes import Recipe, dataset_uids, sentence
from console.upstream.errors import KeyRejected, NotFound, Refused, UpstreamError
from console.upstream.response_models import Dataset, Item, Page, Slice

ITEMS = 48
"""Items a gallery asks for at once."""

NAMES_KEPT = 10 * 60
UNNAMED_KEPT = 2 * 60
LOOKUPS = 6
"""Datasets asked for one by one, when one page of all datasets did not name them."""

PENDING_ASKED = 4
"""Slices one look at what is being built asks for: the poll must stay small beside 100 requests a minute."""


def list_slices(*, user: Person, query: ListQuery) -> Page[Slice]:
    """One page of an owner's slices, or of those that use a dataset: one call, however many rows."""
    avala, ordering = connections.avala(user), query.ordering or None
    if query.dataset:
        return avala.list_dataset_slices(query.dataset, page=query.page, limit=query.limit, ordering=ordering)
    return avala.list_slices(query.owner, page=query.page, limit=query.limit, ordering=ordering)


def get_slice(*, user: Person, owner: str, slug: str) -> Slice:
    return connections.avala(user).get_slice(owner, slug)


def list_items(*, user: Person, owner: str, slug: str, cursor: str | None = None) -> Page[Item]:
    return connections.avala(user).list_slice_items(owner, slug, cursor=cursor, limit=ITEMS)


def get_item(*, user: Person, owner: str, slug: str, item_uid: str) -> Item:
    return connections.avala(user).get_slice_item(owner, slug, item_uid)


def get_slices(*, user: Person, addresses: Sequence[tuple[str, str]]) -> tuple[list[Slice], list[tuple[str, str]]]:
    """How a few slices stand now, side by side, and the addresses that gave no answer. One that is gone is in neither.

    Where none of them gives an answer, or the key is rejected, that error is raised.
    """
    avala, requested = connections.avala(user), addresses[:PENDING_ASKED]
    answers = connections.gather([partial(avala.get_slice, owner, slug) for owner, slug in requested])
    problems = [one for one in answers if isinstance(one, UpstreamError) and not isinstance(one, NotFound)]
    rejected = [one for one in problems if isinstance(one, KeyRejected)]
    if rejected or (problems and len(problems) == len(answers)):
        raise (rejected or problems)[0]
    slices = [one for one in answers if isinstance(one, Slice)]
    return slices, [where for where, one in zip(requested, answers, strict=True) if one in problems]


def list_datasets(*, user: Person, name: str = "", cursor: str | None = None) -> Page[Dataset]:
    """Datasets to choose from, and their names remembered on the way."""
    page = connections.avala(user).list_datasets(name=name or None, cursor=cursor, limit=50)
    _remember(user, page.items)
    return page


def recipe_of(avala_slice: Slice, names: Mapping[str, str], random_count: int | None = None) -> Recipe | None:
    """The sentence of a slice that exists, or None where Avala did not say what it was made from."""
    parts = avala_slice.source_data or avala_slice.sub_slices
    return sentence(parts, names, random_count or _random_count(avala_slice)) if parts else None


def recipe_datasets(slices: Iterable[Slice]) -> tuple[str, ...]:
    """The datasets that slices draw from, each once."""
    return tuple(dict.fromkeys(uid for one in slices for uid in dataset_uids(one.source_data or one.sub_slices)))


def known_names(*, user: Person, uids: Iterable[str]) -> dict[str, str]:
    """The names of datasets as far as they are cached; sends no request."""
    scope = connections.cache_scope(user, "avala")
    keys = {_key(scope, uid): uid for uid in uids if is_uid(uid)}
    return {keys[key]: name for key, name in cache.get_many(keys).items()} if keys else {}


def names_of_places(*, user: Person, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The same for datasets by owner and slug, as items name theirs."""
    scope = connections.cache_scope(user, "avala")
    keys = {_key(scope, _place(owner, slug)): (owner, slug) for owner, slug in places}
    return {keys[key]: name for key, name in cache.get_many(keys).items()} if keys else {}


def dataset_names(*, user: Person, uids: Sequence[str]) -> dict[str, str]:
    """The names of datasets: at most one page of all datasets and a few single calls, then what is known.

    A name is a courtesy: where Avala does not give it, the dataset keeps its id and the page still stands.
    """
    names = known_names(user=user, uids=uids)
    missing = [uid for uid in uids if is_uid(uid) and uid not in names]
    if len(missing) > 1:
        names |= _names_on_first_page(user)
        missing = [uid for uid in missing if uid not in names]
    names |= _names_one_by_one(user, missing[:LOOKUPS])
    return {uid: names[uid] for uid in uids if names.get(uid)}


def _names_on_first_page(user: Person) -> dict[str, str]:
    try:
        listed = connections.avala(user).list_datasets(limit=100).items
    except UpstreamError:
        return {}
    _remember(user, listed)
    return {one.uid: one.name or "" for one in listed}


def _names_one_by_one(user: Person, uids: Sequence[str]) -> dict[str, str]:
    """Side by side; a dataset that gives no answer has no name here, and one that is refused an empty one."""
    if not uids:
        return {}
    avala, scope = connections.avala(user), connections.cache_scope(user, "avala")
    names: dict[str, str] = {}
    for uid, avala_slice in zip(
        uids, connections.gather([partial(avala.get_dataset, uid) for uid in uids]), strict=True
    ):
        if isinstance(avala_slice, Dataset) and avala_slice.name:
            _remember(user, [avala_slice])
            names[uid] = avala_slice.name
        elif isinstance(avala_slice, Dataset | Refused):
            cache.set(_key(scope, uid), "", UNNAMED_KEPT)
            names[uid] = ""
    return names


def _remember(user: Person, datasets: Iterable[Dataset]) -> None:
    named = [one for one in datasets if one.name and is_uid(one.uid)]
    scope = connections.cache_scope(user, "avala")
    keys = {_key(scope, one.uid): one.name for one in named}
    keys |= {_key(scope, _place(one.owner_name, one.slug)): one.name for one in named if one.owner_name and one.slug}
    if keys:
        cache.set_many(keys, NAMES_KEPT)


def _place(owner: str, slug: str) -> str:
    """Owner and slug are outside text: as part of a key they stand as an id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{owner}/{slug}"))


def _key(scope: str, uid: str) -> str:
    # The key's own: what one key can see says nothing about another's.
    return f"slices-dataset-{scope}-{uid}"


def is_uid(uid: str) -> bool:
    """Only a real UUID may become part of a cache key or of an address."""
    return read_uuid(uid) is not None


def _random_count(avala_slice: Slice) -> int | None:
    """Not among the documented fields of a Slice (FACTS 1.4); used where a server sends it anyway."""
    count = avala_slice.extra.get("random_selection_count")
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None
