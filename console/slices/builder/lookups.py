"""What a person can choose from: datasets, their items, fields seen in their metadata, organizations, a free name.

Everything here only reads. What is cached belongs to one key and holds no links.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.core.cache import cache

from accounts import connections
from accounts.models import Person
from console.common.parsing import read_page_number
from console.slices.builder import validation
from console.slices.builder.parts import PartSource, RecipePart
from console.upstream.errors import KeyRejected, NotFound, UpstreamError
from console.upstream.response_models import Dataset, Item, Organization, Page

FOUND_AT_ONCE = 12
TILES_AT_ONCE = 24
PAGES_LOOKED_AT, LOOKED_AT_ONCE = 3, 100
FIELDS_OFFERED, VALUES_OFFERED, LONGEST_VALUE = 40, 24, 200
CACHE_SECONDS = 5 * 60
KEPT_SHORTLY = 60
"""The builder lists datasets at every return to it; what was made a minute ago may wait for the next minute."""


@dataclass(frozen=True)
class DatasetMatches:
    """Datasets found by typing. `more` is what to ask with for the next ones."""

    datasets: tuple[Dataset, ...]
    name: str = ""
    owner: str = ""
    more: str = ""
    unclear: str = ""


@dataclass(frozen=True)
class NameCheck:
    """Whether a name may be used, in words. Advice only: Avala decides on Create (FACTS 1.4, A6)."""

    tone: str
    text: str


@dataclass(frozen=True)
class Value:
    wire: str
    """As JSON, so that 5 and "5" stay apart on their way through a form."""
    text: str
    count: int


@dataclass(frozen=True)
class Field:
    name: str
    values: tuple[Value, ...]
    more: int

    @property
    def met(self) -> int:
        return len(self.values) + self.more


@dataclass(frozen=True)
class SeenFields:
    """Fields and values met in the metadata of the newest items; `rows` is each item's own."""

    rows: tuple[Mapping[str, Sequence[Any]], ...] = ()
    complete: bool = False
    """Whether the dataset has no others."""
    failed: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        """Of the most common those with few values first: they part the items best. One that all share parts none."""
        met = Counter(name for row in self.rows for name in row)
        fields = [self._field(name) for name, _ in met.most_common(FIELDS_OFFERED)]
        return tuple(sorted(fields, key=lambda field: (self._is_shared(field), field.met)))

    def matching(self, filters: Mapping[str, Any]) -> int:
        """How many of the items looked at match: every field, and of each field any value (FACTS 4, row 21)."""
        return sum(all(_has(row, name, value) for name, value in filters.items()) for row in self.rows)

    def _is_shared(self, field: Field) -> bool:
        return field.met == 1 and field.values[0].count == len(self.rows)

    def _field(self, name: str) -> Field:
        met = Counter(json.dumps(value) for row in self.rows for value in row.get(name, ()))
        offered = sorted(met.items(), key=lambda pair: (-pair[1], pair[0]))[:VALUES_OFFERED]
        values = tuple(Value(wire, as_text(json.loads(wire)), count) for wire, count in offered)
        return Field(name, values, max(0, len(met) - VALUES_OFFERED))


def find_datasets(user: Person, *, name: str = "", owner: str = "", cursor: str = "") -> DatasetMatches:
    """Of the key's workspace by name, or all of one owner, where Avala cannot search and we do (FACTS 1.5, A8, A9)."""
    name, owner = name.strip()[:200], owner.strip()[:255]
    digest = hashlib.sha256(json.dumps([name, owner, cursor]).encode()).hexdigest()
    place = _cache_name(user, "datasets", digest)
    cached = cache.get(place)
    if isinstance(cached, DatasetMatches):
        return cached
    matches = _of_owner(user, owner, name, cursor) if owner else _of_workspace(user, name, cursor)
    # Undocumented fields can hold links.
    matches = replace(matches, datasets=tuple(replace(one, extra={}) for one in matches.datasets))
    cache.set(place, matches, KEPT_SHORTLY)
    return matches


def dataset(user: Person, uid: str) -> PartSource:
    return PartSource.of(connections.avala(user).get_dataset(uid))


def known_sources(user: Person, uids: Sequence[str]) -> dict[str, PartSource]:
    """Names for a copied recipe. One that cannot be read keeps its id: the recipe is still worth having."""
    answers = _datasets(user, list(dict.fromkeys(uids))[:FOUND_AT_ONCE])
    for answer in answers.values():
        if isinstance(answer, KeyRejected):
            raise answer
    return {uid: PartSource.of(one) if isinstance(one, Dataset) else PartSource(uid) for uid, one in answers.items()}


def missing_datasets(user: Person, parts: Sequence[RecipePart]) -> list[RecipePart]:
    """Which parts a "not found" on Create was about; it names none (FACTS 1.3)."""
    answers = _datasets(user, list(dict.fromkeys(part.source.uid for part in parts)))
    return [part for part in parts if isinstance(answers[part.source.uid], NotFound)]


def _datasets(user: Person, uids: Sequence[str]) -> dict[str, Dataset | UpstreamError]:
    """Each dataset or why it could not be read, side by side."""
    api = connections.avala(user)
    return dict(zip(uids, connections.gather([partial(api.get_dataset, uid) for uid in uids]), strict=True))


def items(user: Person, source: PartSource, cursor: str = "") -> Page[Item]:
    return connections.avala(user).list_dataset_items(
        source.owner, source.slug, cursor=cursor or None, limit=TILES_AT_ONCE
    )


def read_fields(user: Person, source: PartSource) -> SeenFields:
    """What the newest items say of themselves. Failing costs the offers, not the page."""
    if not source.can_be_opened:
        return SeenFields(failed=True)
    place = _cache_name(user, "metadata-read", source.uid)
    if (cached := cache.get(place)) is None:
        try:
            cached = _read_metadata(user, source)
        except KeyRejected:
            raise
        except UpstreamError:
            return SeenFields(failed=True)
        cache.set(place, cached, CACHE_SECONDS)
    rows, complete = cached
    return SeenFields(tuple(rows), complete)


def organizations(user: Person) -> tuple[Organization, ...]:
    place = _cache_name(user, "organizations")
    if (cached := cache.get(place)) is None:
        cached = [one.to_wire() for one in connections.avala(user).list_organizations(limit=100).items]
        cache.set(place, cached, CACHE_SECONDS)
    return tuple(Organization(one.get("uid"), one.get("name"), one.get("slug"), raw=one) for one in cached)


def name_verdict(user: Person, name: str) -> NameCheck:
    """A6 where the name could be sent at all; a failing check is no reason to stop anybody."""
    if not name.strip():
        return NameCheck("quiet", "1 to 100 characters.")
    if problem := validation.name_problem(name):
        return NameCheck("bad", problem)
    try:
        validity = connections.avala(user).validate_slice_name(name.strip())
    except (KeyRejected, connections.ConnectionMissing) as missing:
        return NameCheck("bad", f"The name could not be checked. {missing.message}")
    except UpstreamError:
        return NameCheck("quiet", "The name could not be checked just now. You can still create the slice.")
    if validity.is_valid is None:
        return NameCheck("quiet", validity.message or "Avala did not say whether the name is free.")
    if validity.is_valid:
        return NameCheck("good", "This name is free.")
    # Avala's own words name the key's user (FACTS 1.4, A6), not the slice in the way.
    return NameCheck("bad", f"A slice called “{name.strip()}” exists already.")


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _of_workspace(user: Person, name: str, cursor: str) -> DatasetMatches:
    page = connections.avala(user).list_datasets(name=name or None, cursor=cursor or None, limit=FOUND_AT_ONCE)
    return DatasetMatches(page.items, name, more=page.next or "", unclear=page.unclear)


def _of_owner(user: Person, owner: str, name: str, cursor: str) -> DatasetMatches:
    number = read_page_number(cursor)
    page = connections.avala(user).list_owner_datasets(owner, page=number, limit=100)
    searched = name.casefold()
    met = tuple(one for one in page.items if searched in (one.name or one.slug or "").casefold())
    return DatasetMatches(met, name, owner, more=page.next or "", unclear=page.unclear)


def _read_metadata(user: Person, source: PartSource) -> tuple[list[dict[str, list[Any]]], bool]:
    """The newest items' own, and whether that was all of them."""
    api, cursor, rows = connections.avala(user), None, []
    for _ in range(PAGES_LOOKED_AT):
        page = api.list_dataset_items(source.owner, source.slug, cursor=cursor, limit=LOOKED_AT_ONCE)
        rows += [_plain(item.metadata) for item in page.items]
        if not page.next:
            return rows, page.is_last
        if page.next == cursor:
            break
        cursor = page.next
    return rows, False


def _plain(metadata: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Short values only, each field's as a list; addresses may be signed links and are left out."""
    rows = {}
    for name, value in metadata.items():
        values = [one for one in (value if isinstance(value, list) else [value]) if _offerable(one)]
        if values and len(name) <= LONGEST_VALUE:
            rows[name] = values
    return rows


def _offerable(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_VALUE and "://" not in value
    return isinstance(value, bool | int | float)


def _has(row: Mapping[str, Sequence[Any]], name: str, filter_value: Any) -> bool:
    accepted = {json.dumps(one) for one in (filter_value if isinstance(filter_value, list) else [filter_value])}
    return any(json.dumps(value) in accepted for value in row.get(name, ()))


def _cache_name(user: Person, *parts: str) -> str:
    return ":".join(("builder", connections.cache_scope(user, "avala"), *parts))
