"""What many items share while they are sent a part at a time, in words: a bulk signal and an import."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from console.common import polling
from console.items.runs import progress
from console.items.runs.models import Run

OVERDUE = timedelta(seconds=90)


@dataclass(frozen=True)
class RunStatus(ABC):
    """Its progress, from its own row alone. `look` counts the times it was asked about.

    `is_own`: the reader started it and can stop it. `is_strip`: shown beside other things, with a link to its page.
    """

    is_own: bool = field(kw_only=True)
    look: int = field(default=0, kw_only=True)
    is_strip: bool = field(default=False, kw_only=True)
    note: str = field(default="", kw_only=True)
    was: str = field(default="", kw_only=True)
    """The state that the page has shown so far."""
    takes_focus: bool = field(default=False, kw_only=True)
    """Whether the button that was pressed is replaced by what can be done next."""
    shown: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """Which list of its items the page shows, as its address has it."""

    @property
    @abstractmethod
    def run(self) -> Run: ...

    @property
    @abstractmethod
    def state(self) -> str: ...

    @property
    @abstractmethod
    def ident(self) -> str: ...

    @property
    @abstractmethod
    def is_paused(self) -> bool: ...

    @property
    @abstractmethod
    def is_final(self) -> bool: ...

    @property
    @abstractmethod
    def title(self) -> str: ...

    @property
    @abstractmethod
    def text(self) -> str:
        """What came of it, or why it doesn't go on; the bar says how far it is."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Its own page."""

    @property
    def seconds(self) -> int:
        """Until it is sent, while it can be taken back."""
        return 0

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be taken back."""
        return False

    @property
    def is_under_way(self) -> bool:
        return self.is_waiting or self.run.is_moving or self.is_paused

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

    def query(self, **about: int) -> str:
        strip = {"strip": "1"} if self.is_strip else {}
        return urlencode({**about, "was": self.state, **strip, **self.shown})


@dataclass(frozen=True)
class Mark:
    """An outcome in words; `tone` chooses a colour, never the only sign."""

    word: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Tab:
    """A filter of the result; `value` is "" for all items."""

    value: str
    word: str
    count: int
    address: str
    is_current: bool
