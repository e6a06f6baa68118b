"""One import in words, once it was started, and what became of each of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from console.common.formatting import number, plural
from console.items.imports.services import batch_name
from console.items.models import Import, ImportRow
from console.items.runs.presenters import Mark, RunResults, RunStatus

State, Outcome, Source = Import.State, ImportRow.Outcome, Import.Source
MOST_BATCHES = 20
_MARKS: Mapping[str, Mark] = {
    Outcome.CREATED: Mark("Created", "good", "circle-check"),
    Outcome.PRESENT: Mark("Already there", "info", "info"),
    Outcome.REFUSED: Mark("Refused", "bad", "circle-x"),
    Outcome.UNKNOWN: Mark("Unknown", "warn", "circle-question-mark"),
    Outcome.NOT_CREATED: Mark("Not created", "quiet", "ban"),
    Outcome.SENDING: Mark("Being created", "info", "hourglass"),
    Outcome.NONE: Mark("Waiting", "quiet", "hourglass"),
    Outcome.INVALID: Mark("Left out", "quiet", "ban"),
}


@dataclass(frozen=True)
class ImportStatus(RunStatus[Import]):
    """The progress of an import."""

    NAME = "import"
    NOTHING = "Nothing was created"

    @property
    def things(self) -> str:
        return plural(self.planned, "work item")

    @property
    def heading(self) -> str:
        return f"Create {self.things}"

    @property
    def origin(self) -> str:
        """`From northwind.csv`; "" where nothing has a name."""
        name = self.run.source_name
        words = {Source.CSV: "From", Source.FILES: "From files of", Source.SLICE: "From the slice"}
        return f"{words[Source(self.run.source)]} {name}" if name else ""

    @property
    def title(self) -> str:
        words = {
            State.CREATING: "Creating {}",
            State.PAUSED: "Paused: creating {}",
            State.STOPPED: "Stopped: creating {}",
            State.ENDED: "Finished: creating {}",
        }
        return words.get(State(self.state), "Not started: creating {}").format(self.things)

    @property
    def counts(self) -> list[tuple[int, str]]:
        return [
            (self.run.created_count, "created"),
            (self.run.present_count, "already there"),
            (self.run.refused_count, "refused"),
            (self.run.unknown_count, "unknown"),
            (self.not_sent, "not created"),
        ]


@dataclass(frozen=True)
class ImportedRow:
    """One row: where it comes from, its batch, and what became of it."""

    import_run: Import
    row: ImportRow

    @property
    def number(self) -> str:
        word = {Source.CSV: "Line", Source.FILES: "File", Source.SLICE: "Item"}[Source(self.import_run.source)]
        return f"{word} {number(self.row.number)}"

    @property
    def name(self) -> str:
        return self.row.name or self.number

    @property
    def url(self) -> str:
        """Its item's page; "" where its item isn't known."""
        return reverse("items:detail", args=[self.import_run.project, self.row.item]) if self.row.item else ""

    @property
    def batch(self) -> str:
        """Its batch; "" for a line left out whose batch is not known."""
        if self.row.batch_id is None and self.row.outcome == Outcome.INVALID:
            return ""
        return batch_name(self.import_run, self.row.batch_id)

    @property
    def mark(self) -> Mark:
        return _MARKS.get(self.row.outcome, _MARKS[Outcome.UNKNOWN])

    @property
    def message(self) -> str:
        """What was said about it, and of a line that can't be imported what is wrong with each of its columns."""
        problems = [f"{column}: {words}" if column else str(words) for column, words in self.row.errors]
        return " ".join([*problems, self.row.message]).strip()


@dataclass(frozen=True)
class CreatedIn:
    """A batch that items were created in, with the table of its items."""

    name: str
    count: str
    url: str


@dataclass(frozen=True)
class ImportResults(RunResults[Import]):
    """A page of an import's rows, and the batches that its items were created in."""

    TABS = {
        "": "All",
        "created": "Created",
        "present": "Already there",
        "refused": "Refused",
        "unknown": "Unknown",
        "not-created": "Not created",
        "waiting": "Waiting",
        "left-out": "Left out of the plan",
    }
    ID = "import-results"

    batches: Mapping[int | None, int]
    can_download: bool = True

    @cached_property
    def rows(self) -> list[ImportedRow]:
        return [ImportedRow(self.run, row) for row in self.page.items]

    @cached_property
    def created_in(self) -> list[CreatedIn]:
        """The batch with the most first. Items without a batch of ours are in the table of the whole project."""
        table = reverse("items:index", args=[self.run.project])
        largest = sorted(self.batches.items(), key=lambda one: (-one[1], one[0] or 0))[:MOST_BATCHES]
        return [
            CreatedIn(
                batch_name(self.run, batch),
                plural(count, "work item"),
                f"{table}?{urlencode({'batch': batch})}" if batch is not None else table,
            )
            for batch, count in largest
        ]

    @property
    def other_batches(self) -> int:
        return max(0, len(self.batches) - MOST_BATCHES)

    @property
    def refused_url(self) -> str:
        """The lines of a CSV that were refused, or never could be imported, to be corrected."""
        is_csv = self.can_download and self.run.source == Source.CSV
        has_lines = is_csv and (self.counts["refused"] or self.counts["left-out"])
        return reverse("items:import_refused", args=[self.run.project, self.run.pk]) if has_lines else ""
