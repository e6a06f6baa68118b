"""Which work items of a project a page shows. All of it is in the address, so Back, reload and sharing keep it.

status         the vendor's value; without it all of them
batch          repeated: ids of up to 100 batches
ids            ids of up to 1,000 work items, with anything between them; or a stored list of ids, or a selection
created_from   a day or moment, as people write it or in UTC; also created_to, updated_from, updated_to
zone           the zone that such days and moments were typed in; not part of the filter
order          oldest (the default), or newest
cursor, page   a place in the list, and `prev` for the page before it; with `ids`, how many ids come before
size           rows of a page
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from accounts.models import Person
from console.common.parsing import INT64, read_cursor, read_int
from console.items import id_lists
from console.items.filter_dates import read_end, write_end, zone_named
from console.items.pasted_ids import PastedIds, read_ids
from console.items.statuses import STATUSES

SIZES = (10, 25, 50, 100)
DEFAULT_SIZE = 25
MOST_BATCHES = 100
IDS_A_CALL = 100
"""P16 takes at most so many ids and batches, and answers with at most so many items (FACTS 2.2, 3)."""
OLDEST, NEWEST = "oldest", "newest"
ENDS = ("created_from", "created_to", "updated_from", "updated_to")
_VALUES = frozenset(status.value for status in STATUSES)


@dataclass(frozen=True)
class Problem:
    """A part of the address that can't be used, as it was typed, and a sentence about it."""

    name: str
    text: str
    message: str


@dataclass(frozen=True)
class ItemFilter:
    """One view of a project's work items. Without `cursor` it is the first page; `is_back` asks for the page before."""

    status: str = ""
    batches: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    order: str = OLDEST
    cursor: str = ""
    is_back: bool = False
    size: int = DEFAULT_SIZE
    id_list: str = field(default="", compare=False)
    """The key under which the ids are stored, where they are too many for an address."""
    pasted: PastedIds = field(default=PastedIds(), compare=False)
    """What was left out of the pasted ids, shown once."""
    problems: tuple[Problem, ...] = field(default=(), compare=False)
    """While there are any, no request is sent: its answer would not match the filter."""

    @classmethod
    def read(cls, data: QueryDict, *, user: Person) -> "ItemFilter":
        """The filter in the address. Never raises: what can't be used is left out and added to `problems`.

        Stored ids are read only if they belong to one of the person's spaces.
        """
        problems: list[Problem] = []
        id_list = id_lists.read_key(data.get("ids", ""))
        pasted = _ids(data, id_list, user, problems)
        cursor = _cursor(data.get("cursor", ""), pasted.ids, problems)
        return cls(
            status=_status(data.get("status", ""), problems),
            batches=_batches(data.getlist("batch"), problems),
            ids=pasted.ids,
            **_ends(data, problems),
            order=NEWEST if data.get("order") == NEWEST else OLDEST,
            cursor=cursor,
            is_back=bool(cursor) and not pasted.ids and data.get("page") == "prev",
            size=next((size for size in SIZES if str(size) == data.get("size")), DEFAULT_SIZE),
            id_list=id_list,
            pasted=pasted,
            problems=tuple(problems),
        )

    @classmethod
    def from_query(cls, text: str, *, user: Person) -> "ItemFilter":
        """The filter of a `query()` that was carried along; the whole list for one that is too long to be ours."""
        try:
            return cls.read(QueryDict(text), user=user)
        except SuspiciousOperation:
            return cls()

    def query(self) -> str:
        """The part of the address behind the `?`, without what is the default anyway; "" for the whole list."""
        return urlencode(self.pairs(), safe=",:")

    def address(self, base: str) -> str:
        """The address of a page with this filter."""
        query = self.query()
        return f"{base}?{query}" if query else base

    def pairs(self) -> list[tuple[str, str]]:
        """The names and values of the address, for fields of a form."""
        ends = {name: getattr(self, name) for name in ENDS}
        pairs = [
            ("status", self.status),
            *(("batch", str(batch)) for batch in self.batches),
            ("ids", (self.id_list or ",".join(self.ids)) if self.ids else ""),
            *((name, write_end(moment)) for name, moment in ends.items() if moment),
            ("order", "" if self.order == OLDEST else self.order),
            ("size", "" if self.size == DEFAULT_SIZE else str(self.size)),
            ("cursor", self.cursor),
            ("page", "prev" if self.is_back else ""),
        ]
        return [pair for pair in pairs if pair[1]]

    def arguments(self) -> dict[str, Any]:
        """The filter as keyword arguments of `list_work_items`, without the place in the list.

        Of more than 100 ids those of this page alone; `parts()` has them all.
        """
        return {
            "ids": self.ids[self.offset : self.offset + IDS_A_CALL],
            "batch_ids": self.batches,
            "status": self.status or None,
            **{name: getattr(self, name) for name in ENDS},
        }

    def place(self) -> dict[str, Any]:
        """The page as keyword arguments of `list_work_items`: `cursor`, `direction`, `limit`.

        The newest items first are the last page without a cursor, a guess (FACTS 2.2), walked backwards.
        """
        if self.ids:
            return {"cursor": None, "direction": None, "limit": IDS_A_CALL}
        is_forward = self.is_newest_first == self.is_back
        direction = "NEXT" if is_forward else "PREV"
        has_direction = self.cursor or self.is_newest_first
        return {"cursor": self.cursor or None, "direction": direction if has_direction else None, "limit": self.size}

    def parts(self) -> "tuple[ItemFilter, ...]":
        """First pages that together hold everything: one, or one for each 100 ids."""
        first = self.first_page()
        offsets = range(0, len(self.ids), IDS_A_CALL) if self.ids else ()
        return tuple(replace(first, cursor=str(offset or "")) for offset in offsets) or (first,)

    def first_page(self) -> "ItemFilter":
        return replace(self, cursor="", is_back=False)

    def changed(self, **changes: Any) -> "ItemFilter":
        """The first page of another filter."""
        return replace(self.first_page(), **changes)

    @property
    def offset(self) -> int:
        """How many of the pasted ids come before this page."""
        return (read_int(self.cursor, 0, len(self.ids)) or 0) if self.ids else 0

    @property
    def is_newest_first(self) -> bool:
        """Pasted ids keep the order of the paste."""
        return self.order == NEWEST and not self.ids

    @property
    def is_narrowed(self) -> bool:
        """Whether something is left out of the list."""
        return bool(self.status or self.batches or self.ids or any(getattr(self, name) for name in ENDS))

    @property
    def is_selection(self) -> bool:
        """Whether the ids are those that the person selected, and not pasted ones."""
        return bool(self.ids) and id_lists.is_selection(self.id_list)

    @property
    def has_other_filters(self) -> bool:
        """Whether more than ids narrows the list."""
        return replace(self, ids=()).is_narrowed

    def with_problem(self, name: str, text: str, message: str) -> "ItemFilter":
        return replace(self, problems=(*self.problems, Problem(name, text, message)))

    def problem(self, name: str) -> Problem | None:
        return next((one for one in self.problems if one.name == name), None)


def _status(text: str, problems: list[Problem]) -> str:
    if text and text not in _VALUES:
        problems.append(Problem("status", text, f"There is no status “{text[:60]}”. Choose one above."))
        return ""
    return text


def _batches(texts: list[str], problems: list[Problem]) -> tuple[int, ...]:
    texts = [text for text in texts if text]
    numbers = {text: read_int(text, INT64.start) for text in texts}
    wrong = next((text for text, number in numbers.items() if number is None), None)
    if wrong is not None:
        problems.append(Problem("batch", wrong, f"There is no batch “{wrong[:60]}”."))
    batches = tuple(dict.fromkeys(number for number in numbers.values() if number is not None))
    if len(batches) > MOST_BATCHES:
        problems.append(Problem("batch", "", f"Choose up to {MOST_BATCHES} batches; these are {len(batches):,}."))
    return batches[:MOST_BATCHES]


def _ids(data: QueryDict, id_list: str, user: Person, problems: list[Problem]) -> PastedIds:
    if id_list:
        stored_ids = id_lists.stored_ids(id_list, user=user)
        if not stored_ids:
            problems.append(Problem("ids", "", id_lists.missing_words(id_list)))
        return PastedIds(stored_ids)
    text = "\n".join(data.getlist("ids"))
    pasted = read_ids(text)
    if pasted.problem:
        problems.append(Problem("ids", text, pasted.problem))
    return pasted


def _cursor(text: str, ids: tuple[str, ...], problems: list[Problem]) -> str:
    if not text:
        return ""
    if ids:
        offset = read_int(text, 0, len(ids) - 1)
        is_page = offset is not None and offset % IDS_A_CALL == 0
        cursor = str(offset or "") if is_page else None
    else:
        cursor = read_cursor(text)
    if cursor is None:
        problems.append(Problem("cursor", text, "This page of the list doesn’t exist."))
    return cursor or ""


def _ends(data: QueryDict, problems: list[Problem]) -> dict[str, Any]:
    zone, ends = zone_named(data.get("zone", "")), dict[str, Any]()
    for name in ENDS:
        text = data.get(name, "").strip()
        try:
            ends[name] = read_end(text, is_last=name.endswith("_to"), zone=zone) if text else None
        except ValueError as error:
            problems.append(Problem(name, text, str(error)))
    for name, word in (("created", "Created"), ("updated", "Changed")):
        start, end = ends.get(f"{name}_from"), ends.get(f"{name}_to")
        if start and end and end < start:
            end_text = data.get(f"{name}_to", "").strip()
            message = f"“{word} until” is before “{word} from”."
            problems.append(Problem(f"{name}_to", end_text, message))
            ends[f"{name}_to"] = None
    return ends
