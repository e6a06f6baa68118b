"""What the list of slices was asked for: everything stands in the address, so Back, reload and sharing keep it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from console.common.parsing import read_page_number, read_uuid

SIZES = (24, 100)
"""Avala takes at most 100 a page (FACTS 1.2)."""

VIEWS = ("cards", "table")

ORDERINGS = {
    "": "As Avala lists them",
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "-created_at": "Newest first",
    "-item_count": "Most items first",
}
"""Avala does not say which names it takes (FACTS 1.2); another one in the address is passed on for Avala to judge."""


@dataclass(frozen=True)
class ListQuery:
    """One look at the list."""

    owner: str
    dataset: str = ""
    ordering: str = ""
    page: int = 1
    limit: int = SIZES[0]
    search: str = ""

    @classmethod
    def read(cls, params: Mapping[str, str], owner: str) -> "ListQuery":
        """What the address asks for. Nonsense falls back to the default: an address is no form to be corrected."""
        return cls(
            owner=_line(params, "owner", 255) or owner,
            dataset=_uuid(params.get("dataset", "")),
            ordering=_ordering(params.get("ordering", "")),
            page=read_page_number(params.get("page", "")),
            limit=next((size for size in SIZES if str(size) == params.get("limit")), SIZES[0]),
            search=_line(params, "q", 100),
        )

    def query(self) -> str:
        """The part of the address behind the `?`, without what is the default anyway."""
        fields = {
            "owner": "" if self.dataset else self.owner,
            "dataset": self.dataset,
            "ordering": self.ordering,
            "page": "" if self.page == 1 else str(self.page),
            "limit": "" if self.limit == SIZES[0] else str(self.limit),
            "q": self.search,
        }
        return urlencode({name: value for name, value in fields.items() if value})


def _line(params: Mapping[str, str], name: str, longest: int) -> str:
    text = " ".join(params.get(name, "").split())
    return text[:longest] if text.isprintable() else ""


def _uuid(text: str) -> str:
    return str(read_uuid(text) or "")


def _ordering(text: str) -> str:
    return text if re.fullmatch(r"-?[a-z][a-z0-9_]{0,39}", text) else ""
