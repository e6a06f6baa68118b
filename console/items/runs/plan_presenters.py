"""What the plans of all kinds of runs show: how many items go into each of its lists, and a page of one list."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from console.common import polling
from console.items.runs.models import Run
from console.items.runs.progress import place_in_words

PAGE = 100

R = TypeVar("R", bound=Run)


@dataclass(frozen=True)
class PlanNumber:
    """One number of the plan with its words; `url` opens its list."""

    ident: str
    words: str
    url: str
    is_shown: bool
    icon: str
    tone: str


@dataclass(frozen=True)
class RunPlan(ABC, Generic[R]):
    """`rows` are a page of the list that `show` names; `problem` says why nothing was sent."""

    # The kind of item of each list, by the words of `?show=` in the address; the first is always shown.
    LISTS: ClassVar[Mapping[str, str]]
    # Icon and tone of the numbers that don't warn.
    ICONS: ClassVar[Mapping[str, tuple[str, str]]]
    # The ids of its element, of the list, and the start of those of the numbers; the folder of its templates.
    ID: ClassVar[str]
    LIST_ID: ClassVar[str]
    NAME: ClassVar[str]
    FOLDER: ClassVar[str]

    run: R
    rows: Sequence[Any] = field(default=(), kw_only=True)
    show: str = field(kw_only=True)
    page: int = field(default=1, kw_only=True)
    look: int = field(default=0, kw_only=True)
    problem: str = field(default="", kw_only=True)
    is_own: bool = field(default=True, kw_only=True)

    @abstractmethod
    def count(self, kind: str) -> int: ...

    @abstractmethod
    def words_of(self, kind: str) -> str:
        """How many items of that kind there are, and what becomes of them."""

    @property
    @abstractmethod
    def poll_url(self) -> str: ...

    @property
    def template(self) -> str:
        """For the state it is in."""
        state = "reading" if self.is_reading else "not_read" if self.is_not_read else "ready"
        return f"{self.FOLDER}/_plan_{state}.html"

    @property
    def is_reading(self) -> bool:
        return self.run.state == self.run.READING

    @property
    def is_not_read(self) -> bool:
        return self.run.state == self.run.NOT_READ

    @cached_property
    def numbers(self) -> list[PlanNumber]:
        """Those that are not 0, and the first always."""
        first = next(iter(self.LISTS))
        return [self._number(show) for show, kind in self.LISTS.items() if show == first or self.count(kind)]

    @property
    def sentence(self) -> str:
        """All numbers in words."""
        return " ".join(one.words for one in self.numbers)

    @property
    def shown_kind(self) -> str:
        return self.LISTS[self.show]

    @property
    def list_title(self) -> str:
        return next((one.words for one in self.numbers if one.is_shown), "")

    @property
    def place_words(self) -> str:
        total, first = self.count(self.shown_kind), (self.page - 1) * PAGE
        return place_in_words(first + 1, first + len(self.rows), total) if self.rows else ""

    @property
    def previous_url(self) -> str:
        return self._page_url(self.page - 1) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self._page_url(self.page + 1) if self.page * PAGE < self.count(self.shown_kind) else ""

    @property
    def url(self) -> str:
        return self.run.get_absolute_url()

    @property
    def version(self) -> str:
        return self.run.plan_version

    @property
    def delay(self) -> int | None:
        """Seconds until the page asks again; None where it doesn't."""
        return polling.RUN_PLAN.delay(self.look) if self.is_reading else None

    def _number(self, show: str) -> PlanNumber:
        kind = self.LISTS[show]
        icon, tone = self.ICONS.get(kind, ("triangle-alert", "warn"))
        url = f"{self.url}?show={show}#{self.LIST_ID}"
        return PlanNumber(f"{self.NAME}-{show}", self.words_of(kind), url, show == self.show, icon, tone)

    def _page_url(self, page: int) -> str:
        return f"{self.url}?show={self.show}&page={page}#{self.LIST_ID}"
