"""How far a run of any kind is, and what became of its items, in words and addresses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from console.common import polling
from console.common.formatting import number
from console.items.runs import progress
from console.items.runs.models import Run
from console.items.runs.result_selectors import ResultPage
from console.jobs import parts

OVERDUE = timedelta(seconds=90)

R = TypeVar("R", bound=Run)


@dataclass(frozen=True)
class RunStatus(ABC, Generic[R]):
    """Its progress, from its own row alone. `look` counts the times it was asked about.

    `is_own`: the reader started it and can stop it. `is_strip`: shown beside other things, with a link to its page.
    """

    # The start of the ids of its elements, and of the names of its URLs.
    NAME: ClassVar[str]
    NOTHING: ClassVar[str]

    run: R
    is_own: bool = field(kw_only=True)
    look: int = field(default=0, kw_only=True)
    is_strip: bool = field(default=False, kw_only=True)
    note: str = field(default="", kw_only=True)
    was: str = field(default="", kw_only=True)
    """The state that the page has shown so far."""
    takes_focus: bool = field(default=False, kw_only=True)
    """Whether the button that was pressed is replaced by what can be done next."""
    list_query: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """Which list of its items the page shows, as its address has it."""

    @property
    @abstractmethod
    def heading(self) -> str:
        """`Reopen 250 items`: what it is about, in any state."""

    @property
    @abstractmethod
    def title(self) -> str: ...

    @property
    @abstractmethod
    def counts(self) -> Sequence[tuple[int, str]]:
        """How many items have each outcome, with its word."""

    @property
    def state(self) -> str:
        return self.run.state

    @property
    def ident(self) -> str:
        return f"{self.NAME}-{self.run.pk}"

    @property
    def is_paused(self) -> bool:
        return self.state == self.run.PAUSED

    @property
    def is_final(self) -> bool:
        return self.state in self.run.FINAL

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be taken back."""
        return False

    @property
    def is_under_way(self) -> bool:
        return self.is_waiting or self.run.is_moving or self.is_paused

    @property
    def seconds(self) -> int:
        """Until it is sent, while it can be taken back."""
        return 0

    @property
    def text(self) -> str:
        """What came of it, or why it doesn't go on; the bar says how far it is."""
        return " ".join(filter(None, [self.note, self.summary, self.reason]))

    @property
    def summary(self) -> str:
        return self.result_words if self.is_final else ""

    @property
    def reason(self) -> str:
        """Why it doesn't go on, where the title doesn't say so."""
        return "" if self.run.message == parts.STOPPED else self.run.message

    @property
    def result_words(self) -> str:
        """`100 reopened, 7 refused, 143 not sent.`"""
        words = ", ".join(f"{number(count)} {word}" for count, word in self.counts if count)
        return f"{words or self.NOTHING}."

    @property
    def not_sent(self) -> int:
        item_kind = self.run.run_items.model
        not_sent_count: int = getattr(self.run, item_kind.COUNTS[item_kind.NOT_SENT])
        return max(0, self.planned - self.run.outcome_count + not_sent_count)

    @property
    def link_label(self) -> str:
        if self.is_final:
            return "Show the result"
        return "Show the plan" if self.state in self.run.PLANNING else "Show it"

    @property
    def tone(self) -> str:
        if self.is_under_way:
            return "warn" if self.is_paused else "info"
        if self.run.unknown_count or self.state in (*self.run.PLANNING, self.run.STOPPED):
            return "warn"
        return "bad" if self.run.refused_count or self.not_sent else "good"

    @property
    def icon(self) -> str:
        if self.is_under_way:
            return "triangle-alert" if self.is_paused else "hourglass"
        return {"good": "circle-check", "bad": "circle-x"}.get(self.tone, "triangle-alert")

    @property
    def has_bar(self) -> bool:
        return (self.run.is_moving or self.is_paused) and self.planned > 0

    @property
    def planned(self) -> int:
        return self.run.planned_count

    @property
    def finished(self) -> int:
        return progress.finished_count(self.run)

    @property
    def has_changed(self) -> bool:
        return bool(self.was) and self.was != self.state

    @property
    def bar_words(self) -> str:
        return progress.in_words(self.run)

    @property
    def announcement(self) -> str:
        """For the live region, once its state has changed."""
        return f"{self.title}. {self.text}"

    @property
    def is_unattended(self) -> bool:
        """Whether a worker should have got further by now, and none has said why it hasn't."""
        is_explained = self.run.message not in ("", self.run.STOPPING)
        since = self.expected_since
        return not is_explained and since is not None and timezone.now() - since > OVERDUE

    @property
    def expected_since(self) -> datetime | None:
        """Since when a worker is expected to do something; None while none is."""
        return (self.run.progressed_at or self.run.started_at) if self.run.is_moving else None

    @property
    def started_by(self) -> str:
        """Who can stop it, for everybody else."""
        return "" if self.is_own else self.run.person.name or self.run.person.email

    @property
    def can_take_back(self) -> bool:
        return self.is_own and self.is_waiting

    @property
    def can_stop(self) -> bool:
        return self.is_own and (self.run.is_moving or self.is_paused)

    @property
    def can_carry_on(self) -> bool:
        return self.is_own and self.is_paused

    @property
    def delay(self) -> int | None:
        """Seconds until the page asks again; None where nothing changes by itself any more."""
        delay = polling.RUN.delay(self.look)
        if not self.is_under_way or delay is None:
            return None
        return polling.PAUSED_RUN_DELAY if self.is_paused else self.seconds * self.is_waiting + delay

    @property
    def results_id(self) -> str:
        return f"{self.NAME}-results"

    @property
    def results_label(self) -> str:
        return "Show each item"

    @property
    def url(self) -> str:
        """Its own page."""
        return self.run.get_absolute_url()

    @property
    def progress_url(self) -> str:
        return self._url_of("progress", look=self.look + 1)

    @property
    def stop_url(self) -> str:
        return self._url_of("stop")

    @property
    def carry_on_url(self) -> str:
        return self._url_of("carry_on")

    @property
    def retry_url(self) -> str:
        return self._url_of("retry")

    def _url_of(self, view: str, **query: int) -> str:
        strip = {"strip": "1"} if self.is_strip else {}
        query_text = urlencode({**query, "was": self.state, **strip, **self.list_query})
        return f"{reverse(f'items:{self.NAME}_{view}', args=[self.run.project, self.run.pk])}?{query_text}"


@dataclass(frozen=True)
class Mark:
    """An outcome in words; `tone` chooses a colour, never the only sign."""

    word: str
    tone: str
    icon: str


@dataclass(frozen=True)
class OutcomeTab:
    """A filter of the result; `value` is "" for all items."""

    value: str
    word: str
    count: int
    address: str
    is_current: bool


@dataclass(frozen=True)
class RunResults(Generic[R]):
    """A page of a run's items, of the filter that the address names. `counts` are those of all filters."""

    # The words of the tabs in their order; "" is all items.
    TABS: ClassVar[Mapping[str, str]]
    ID: ClassVar[str]

    run: R
    counts: Mapping[str, int]
    filter_name: str
    page: ResultPage

    @property
    def tabs(self) -> list[OutcomeTab]:
        """All, and every outcome that some item has."""
        names = [name for name in self.TABS if not name or self.counts[name] or name == self.filter_name]
        return [
            OutcomeTab(name, self.TABS[name], self.counts[name], self._address(name), name == self.filter_name)
            for name in names
        ]

    @property
    def words(self) -> str:
        page = self.page
        return progress.place_in_words(page.first, page.last, page.total) if page.items else ""

    @property
    def previous_url(self) -> str:
        return self._address(self.filter_name, self.page.number - 1) if self.page.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self._address(self.filter_name, self.page.number + 1) if self.page.has_next else ""

    def _address(self, name: str, page: int = 1) -> str:
        query = {**({"outcome": name} if name else {}), **({"page": str(page)} if page > 1 else {})}
        return f"{self.run.get_absolute_url()}{f'?{urlencode(query)}' if query else ''}#{self.ID}"
