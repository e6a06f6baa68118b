"""What the pages of uploads show."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.connections import Space
from accounts.models import Person
from console.common.formatting import file_size, number, plural
from console.files import failure_reasons, ledger, reconcile, selectors
from console.files.models import Upload, UploadFile
from console.files.selectors import PAGE, Totals
from console.files.upload_origins import upload_origins

State = UploadFile.State
TONES = {
    State.WAITING: "quiet",
    State.SENDING: "info",
    State.SAVED: "good",
    State.FAILED: "bad",
    State.UNKNOWN: "warn",
}
CHECKING = "checking"
NO_TOTALS = Totals({}, {})


@dataclass(frozen=True)
class StateWord:
    """How the page's script shows a file: as the ledger does, and while the file is looked up."""

    name: str
    word: str
    tone: str

    @property
    def moves(self) -> bool:
        return self.name in {State.SENDING, CHECKING}


STATE_WORDS = (
    *(StateWord(state, State(state).label, TONES[State(state)]) for state in State.values),
    StateWord(CHECKING, "Checking", "info"),
)


@dataclass(frozen=True)
class FileRow:
    file: UploadFile

    @property
    def is_interrupted(self) -> bool:
        """Its browser said nothing for so long that it is no longer sending."""
        return self.file.state == State.SENDING and self.file.updated_at < timezone.now() - reconcile.SILENT_FOR

    @property
    def tone(self) -> str:
        return "warn" if self.is_interrupted else TONES[State(self.file.state)]

    @property
    def state_words(self) -> str:
        return "Interrupted" if self.is_interrupted else State(self.file.state).label

    @property
    def size(self) -> str:
        return file_size(self.file.size)


@dataclass(frozen=True)
class StateTab:
    name: str
    word: str
    count: int
    address: str
    is_current: bool


@dataclass(frozen=True)
class FileRows:
    """A page of the ledger: all rows, or those of one state."""

    upload_id: uuid.UUID
    totals: Totals
    chosen: str
    number: int
    rows: Sequence[FileRow]

    @property
    def tabs(self) -> list[StateTab]:
        """All, and every state that some file has."""
        names = ["", *(state for state in State.values if self.totals.count(state) or state == self.chosen)]
        return [
            StateTab(
                name, State(name).label if name else "All", self._count(name), self.address(name), name == self.chosen
            )
            for name in names
        ]

    @property
    def words(self) -> str:
        first = (self.number - 1) * PAGE + 1
        last, count = first + len(self.rows) - 1, plural(self._count(self.chosen), "file")
        return f"{number(first)} to {number(last)} of {count}" if self.rows else ""

    @property
    def previous_url(self) -> str:
        return self.address(self.chosen, self.number - 1) if self.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self.address(self.chosen, self.number + 1) if self.number * PAGE < self._count(self.chosen) else ""

    def address(self, state: str, page: int = 1) -> str:
        query = {**({"state": state} if state else {}), **({"page": str(page)} if page > 1 else {})}
        base = reverse("files:upload_detail", args=[self.upload_id])
        return f"{base}?{urlencode(query)}" if query else base

    def _count(self, state: str) -> int:
        return self.totals.count(state) if state else self.totals.all_files


@dataclass(frozen=True)
class UploadPage:
    """Where the files go, what can be uploaded, and how far it is."""

    id: uuid.UUID
    space: str
    space_name: str
    person: Person
    totals: Totals = NO_TOTALS
    is_new: bool = True
    created_at: datetime | None = None
    first_name: str = ""

    @classmethod
    def new(cls, person: Person, space: Space) -> "UploadPage":
        return cls(uuid.uuid4(), space.id, space.name, person)

    @classmethod
    def of(cls, person: Person, upload: Upload) -> "UploadPage":
        totals = selectors.count_files(upload)
        return cls(upload.pk, upload.space, upload.space_name or upload.space, person, totals, is_new=False)

    @property
    def problem(self) -> str:
        """Why nothing can be uploaded, said before anything is chosen; "" where it can."""
        return "" if upload_origins() else failure_reasons.not_set_up(self.person)

    @property
    def states(self) -> Sequence[StateWord]:
        return STATE_WORDS

    @property
    def most_files(self) -> int:
        return ledger.MOST_FILES

    @cached_property
    def saved(self) -> int:
        return self.totals.count(State.SAVED)

    @property
    def unfinished(self) -> int:
        return self.totals.all_files - self.saved

    @property
    def summary(self) -> str:
        """`22 of 25 files saved (3 failed)`."""
        others = (
            (State.FAILED, "failed"),
            (State.WAITING, "waiting"),
            (State.SENDING, "uploading"),
            (State.UNKNOWN, "unknown"),
        )
        counts = [(self.totals.count(state), word) for state, word in others]
        words = ", ".join(f"{number(count)} {word}" for count, word in counts if count)
        brackets = f" ({words})" if words else ""
        return f"{number(self.saved)} of {plural(self.totals.all_files, 'file')} saved{brackets}"

    @property
    def summary_on_return(self) -> str:
        """What the page says when it is opened again: nothing moves any more, whatever state the rows are left in."""
        words = f"{number(self.saved)} of {plural(self.totals.all_files, 'file')} saved."
        others = "the other one" if self.unfinished == 1 else f"the other {number(self.unfinished)}"
        return f"{words} This browser no longer has {others}."

    @property
    def names(self) -> str:
        """`coin-1.jpg and 24 more`, by which a person knows it among others."""
        more = self.totals.all_files - 1
        return f"{self.first_name} and {number(more)} more" if self.first_name and more > 0 else self.first_name

    @property
    def size_words(self) -> str:
        return file_size(sum(self.totals.bytes.values()))


def read_rows(upload: Upload, state: str, page: int) -> FileRows:
    state_shown = state if state in State.values else ""
    totals = selectors.count_files(upload)
    rows = selectors.read_page(upload, state_shown, page)
    return FileRows(upload.pk, totals, state_shown, page, [FileRow(row) for row in rows])


def read_recent(person: Person, space: Space) -> list[UploadPage]:
    """The person's recent uploads to the space."""
    return [
        UploadPage(upload.pk, upload.space, space.name, person, totals, False, upload.created_at, first_name)
        for upload, totals, first_name in selectors.read_recent(user=person, space=space.id)
    ]
