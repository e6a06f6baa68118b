"""What became of downloads: all of a file, a part of it, nothing, or only its link handed out.

One place for every page, sentence and sheet. A part is no download, but parts of the same file that together make the
whole are one, whether somebody resumed or a tool took several parts at once. `download_recorder`
writes the rows. Asks no database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from console.common.formatting import file_size, join_with_and, plural

Detail = Mapping[str, Any]
RESUMED = re.compile(r"bytes=([0-9]{1,18})-.*")


class State(Enum):
    COMPLETE = "complete"
    PART = "part"
    NOTHING = "nothing"
    LINK = "link"
    RUNNING = "running"
    UNKNOWN = "unknown"


VERBS = {State.PART: "downloaded part of", State.LINK: "was given a link to", State.NOTHING: "received nothing of"}


@dataclass(frozen=True)
class Transfer:
    """One download as its entry has it: `size` bytes from `first` on, of a file of `total` bytes where that is known.

    `version` is the same for parts of the same file.
    """

    state: State
    size: int = 0
    first: int = 0
    total: int | None = None
    version: str = ""
    broke_off: bool = False

    @property
    def amount(self) -> str:
        """`983 kB of 3.0 MB`, `all but 1 byte of 3.0 MB`, or only as much as is known."""
        if self.total is None:
            return file_size(self.size) if self.size else ""
        size, total = file_size(self.size), file_size(self.total)
        is_rounded_up = size == total and self.size < self.total
        return f"all but {plural(self.total - self.size, 'byte')} of {total}" if is_rounded_up else f"{size} of {total}"


def transfer(detail: Detail, outcome: str = "done") -> Transfer:
    """From an entry's whole detail. Older rows say where a part began in `from` alone, and no size of its file.

    Rows of today have a `version`, and the size of every whole file.
    """
    if outcome != "done":
        return Transfer({"failed": State.NOTHING, "open": State.RUNNING}.get(outcome, State.UNKNOWN))
    if detail.get("redirected"):
        return Transfer(State.LINK)
    first, size, total = _count(detail, "first"), _count(detail, "bytes"), _count(detail, "of")
    if first is None and (resumed := RESUMED.fullmatch(str(detail.get("from") or ""))):
        first, total = int(resumed[1]), None
    broke_off = bool(detail.get("interrupted"))
    version = str(detail.get("version") or "")
    has_all = size is None or (size >= total if total is not None else not version)
    is_whole = has_all and not (broke_off or first)
    state = State.COMPLETE if is_whole else State.NOTHING if size == 0 else State.PART
    return Transfer(state, size or 0, first or 0, total, version, broke_off)


def verb(detail: Detail) -> str:
    """What a person did who was handed a file, or a part or a link of it."""
    return VERBS.get(transfer(detail).state, "downloaded")


def brackets(detail: Detail) -> str:
    """` (3.0 MB)`, ` (983 kB of 3.0 MB, then it broke off)`, ` (resumed, 2.0 MB of 3.0 MB)`."""
    one = transfer(detail)
    if one.state == State.COMPLETE:
        return f" ({file_size(one.size)})" if "bytes" in detail else ""
    notes = ["resumed" if one.first else "", one.amount, "then it broke off" if one.broke_off and one.size else ""]
    text = ", ".join(filter(None, notes))
    return f" ({text})" if text and one.state != State.LINK else ""


@dataclass
class Parts:
    """What a person has of one file, as the first byte of each part and the one behind its last."""

    total: int | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)
    most: int = 0
    """So many different bytes they can be: parts can overlap."""

    def add(self, one: Transfer) -> None:
        self.spans.append((one.first, one.first + one.size))
        self.most += one.size
        self.total = max((total for total in (self.total, one.total) if total is not None), default=None)

    def count(self) -> int:
        """How many different bytes they are. Joins the parts, so that thousands of a tool are sorted but once."""
        joined: list[tuple[int, int]] = []
        for first, end in sorted(self.spans):
            if joined and first <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((first, end))
        self.spans, self.most = joined, sum(end - first for first, end in joined)
        return self.most

    def is_whole(self) -> bool:
        return self.total is not None and self.most >= self.total and self.count() == self.total


@dataclass
class Share:
    """What one person has of one export."""

    name: str
    email: str = ""
    complete: int = 0
    links: int = 0
    states: set[State] = field(default_factory=set)
    parts: dict[str, Parts] = field(default_factory=dict)

    def add(self, one: Transfer) -> None:
        """Parts count once they make the whole; what is taken after that begins anew."""
        self.states.add(one.state)
        self.complete += one.state == State.COMPLETE
        self.links += one.state == State.LINK
        if one.state == State.PART:
            parts = self.parts.setdefault(one.version, Parts())
            parts.add(one)
            if parts.is_whole():
                self.complete += 1
                del self.parts[one.version]

    @property
    def partial(self) -> str:
        """`983 kB of 3.0 MB`: how much there is of the newest file that is not whole, or nothing."""
        if not self.parts:
            return ""
        newest = self.parts[list(self.parts)[-1]]
        return Transfer(State.PART, newest.count(), total=newest.total).amount

    @property
    def has_file(self) -> bool:
        """Whether they have the whole file, or can have it by a link that was handed out or a download under way."""
        return bool(self.complete or self.links or State.RUNNING in self.states)


@dataclass
class Downloads:
    """Who has how much of one export, in the order of their first download."""

    shares: dict[object, Share] = field(default_factory=dict)

    def add(self, person: object, name: str, email: str, one: Transfer) -> None:
        share = self.shares.setdefault(person, Share(name))
        share.name, share.email = name, email
        share.add(one)

    def of(self, person: object) -> Share:
        return self.shares.get(person) or Share("")

    @property
    def sentence(self) -> str:
        """`Downloaded by Maria twice and by Tom once. Partly downloaded by Bob (983 kB of 3.0 MB).`"""
        shares = [(self._display_name(one), one) for one in self.shares.values()]
        parts = [name + _in_brackets(one.partial) for name, one in shares if one.parts]
        running = [name for name, one in shares if State.RUNNING in one.states]
        unknown = [name for name, one in shares if State.UNKNOWN in one.states]
        sentences = (
            ("Downloaded by {}.", "by", [f"{name} {_times(one.complete)}" for name, one in shares if one.complete]),
            ("Partly downloaded by {}.", "by", parts),
            ("Link given to {}.", "to", [f"{name} {_times(one.links)}" for name, one in shares if one.links]),
            ("Being downloaded by {}.", "by", running),
            ("How much {} downloaded is unknown.", "", unknown),
        )
        return " ".join(
            sentence.format(_join_people(people, before)) for sentence, before, people in sentences if people
        )

    def _display_name(self, share: Share) -> str:
        """Adds the email address where two people have the same name."""
        namesakes = [one for one in self.shares.values() if one.name == share.name]
        return share.name + _in_brackets(share.email if len(namesakes) > 1 else "")


def _count(detail: Detail, name: str) -> int | None:
    value = detail.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _join_people(people: list[str], before: str) -> str:
    return join_with_and([people[0], *(f"{before} {name}".strip() for name in people[1:])])
