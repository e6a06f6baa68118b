"""A list of paths as its page shows it: how many files exist, and a page of a hundred with what was found at each."""

import uuid
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.urls import reverse

from console.common.formatting import file_size, number, plural
from console.files.file_names import saved_name
from console.files.models import PathList
from console.files.original_names import read_names
from console.files.path_checks import UNSETTLED, PathCheck, State, read_checks

PAGE_SIZE = 100
ALL, OPEN = "", "open"
TONES = {State.EXISTS: "good", State.MISSING: "bad", State.NO_RIGHT: "bad", State.UNKNOWN: "warn"}
# What each tab shows, in their order.
TABS: dict[str, tuple[str, tuple[State, ...]]] = {
    ALL: ("All", tuple(State)),
    State.EXISTS.value: ("Exist", (State.EXISTS,)),
    State.MISSING.value: ("Not there", (State.MISSING,)),
    State.NO_RIGHT.value: ("No access", (State.NO_RIGHT,)),
    OPEN: ("Not known", UNSETTLED),
}


def read_state(text: str | None) -> str:
    """The tab that the address names; "" for all."""
    return text if text in TABS else ALL


@dataclass(frozen=True)
class PathRow:
    number: int
    path: str
    found: PathCheck
    list_id: uuid.UUID
    original: str = ""
    """The file's name on the disk that it was uploaded from by this console."""

    @property
    def tone(self) -> str:
        return TONES.get(self.found.state, "quiet")

    @property
    def size(self) -> str:
        if self.found.state != State.EXISTS:
            return ""
        return "Unknown" if self.found.size is None else file_size(self.found.size)

    @property
    def name(self) -> str:
        """For the label of its link: a path can be very long."""
        return saved_name(self.original or self.path)

    @property
    def url(self) -> str:
        """Where the file can be downloaded; "" where there is surely none for this person."""
        can_exist = self.found.state not in (State.MISSING, State.NO_RIGHT)
        return reverse("files:download", args=[self.list_id, self.number]) if can_exist else ""


@dataclass(frozen=True)
class PathTab:
    word: str
    count: int
    address: str
    is_current: bool


class PathListPage:
    """One page of the rows behind one tab."""

    def __init__(self, path_list: PathList, show: str = ALL, page_number: int = 1) -> None:
        self.path_list, self.show = path_list, show
        self.found = read_checks(path_list)
        self.counts = Counter(one.state for one in self.found)
        rows = [row for row in self._rows() if row.found.state in TABS[show][1]]
        self.page: Page[PathRow] = Paginator(rows, PAGE_SIZE).get_page(page_number)

    @property
    def rows(self) -> list[PathRow]:
        """Those of the page, with the names of files that were uploaded here."""
        names = read_names(space=self.path_list.space, paths=[row.path for row in self.page])
        return [replace(row, original=names.get(row.path, "")) for row in self.page]

    def _rows(self) -> list[PathRow]:
        paths = enumerate(zip(self.path_list.paths, self.found, strict=True), start=1)
        return [PathRow(place, path, check, self.path_list.pk) for place, (path, check) in paths]

    @property
    def tabs(self) -> list[PathTab]:
        here = reverse("files:list", args=[self.path_list.pk])
        counts = [(show, word, sum(self.counts[state] for state in states)) for show, (word, states) in TABS.items()]
        return [
            PathTab(word, count, f"{here}?show={show}" if show else here, show == self.show)
            for show, word, count in counts
            if count or not show or show == self.show
        ]

    @property
    def summary(self) -> str:
        """`980 files: 960 exist (3.2 GB), 20 are not there.`"""
        sizes = [one.size for one in self.found if one.size is not None]
        total = f" ({file_size(sum(sizes))})" if sizes else ""
        exist, missing = self.counts[State.EXISTS], self.counts[State.MISSING]
        parts = [
            f"{number(exist)} {'exists' if exist == 1 else 'exist'}{total}" if exist else "",
            f"{number(missing)} {'is' if missing == 1 else 'are'} not there" if missing else "",
            f"{number(self.counts[State.NO_RIGHT])} can’t be accessed" if self.counts[State.NO_RIGHT] else "",
            f"{number(self.open_count)} not known yet" if self.open_count else "",
        ]
        return f"{plural(len(self.found), 'file')}: {', '.join(filter(None, parts))}."

    @property
    def open_count(self) -> int:
        return sum(self.counts[state] for state in UNSETTLED)

    @property
    def check_label(self) -> str:
        """On the button that checks what is not known yet, or everything again."""
        if not self.open_count:
            return "Check again"
        return f"Check {plural(self.open_count, 'file')}"

    @property
    def can_zip(self) -> bool:
        return bool(self.counts[State.EXISTS] or self.open_count)

    @property
    def zip_label(self) -> str:
        exist = self.counts[State.EXISTS]
        return f"Download {plural(exist, 'file')} as zip" if exist and not self.open_count else "Download all as zip"

    @property
    def duplicates(self) -> str:
        count = self.path_list.duplicates
        if not count:
            return ""
        return f"{plural(count, 'duplicate')} {'was' if count == 1 else 'were'} left out."

    @cached_property
    def error_title(self) -> str:
        count = self.path_list.error_count
        return f"{plural(count, 'line')} {'is not a path' if count == 1 else 'are not paths'} in this space"

    @property
    def unnamed_errors(self) -> int:
        return self.path_list.error_count - len(self.path_list.errors)

    @property
    def words(self) -> str:
        page = self.page
        first, last, total = (number(one) for one in (page.start_index(), page.end_index(), page.paginator.count))
        return f"{first} to {last} of {total}"

    @property
    def previous_url(self) -> str:
        return self._address(self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        return self._address(self.page.next_page_number()) if self.page.has_next() else ""

    def _address(self, page_number: int) -> str:
        query = {"show": self.show, "page": page_number} if self.show else {"page": page_number}
        return f"{reverse('files:list', args=[self.path_list.pk])}?{urlencode(query)}"
