"""One import in words, once it was started, and what became of each of its rows."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from console.common.formatting import number, plural
from console.items.imports import services
from console.items.imports.result_selectors import ImportPage
from console.items.imports.selectors import PLANNING, find_under_way
from console.items.imports.services import batch_name
from console.items.models import Import, ImportRow
from console.items.runs import progress
from console.items.runs.presenters import OVERDUE, Mark, RunStatus, Tab
from console.jobs import parts

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
_TAB_WORDS: Mapping[str, str] = {
    "": "All",
    "created": "Created",
    "present": "Already there",
    "refused": "Refused",
    "unknown": "Unknown",
    "not-created": "Not created",
    "waiting": "Waiting",
    "left-out": "Left out of the plan",
}


@dataclass(frozen=True)
class ImportStatus(RunStatus):
    """The progress of an import."""

    import_run: Import

    @property
    def run(self) -> Import:
        return self.import_run

    @property
    def state(self) -> str:
        return self.import_run.state

    @property
    def ident(self) -> str:
        return f"import-{self.import_run.pk}"

    @property
    def is_paused(self) -> bool:
        return self.state == State.PAUSED

    @property
    def is_final(self) -> bool:
        return self.state in services.FINAL

    @property
    def things(self) -> str:
        return plural(self.planned, "work item")

    @property
    def heading(self) -> str:
        """`Create 250 work items`: what it is about, in any state."""
        return f"Create {self.things}"

    @property
    def origin(self) -> str:
        """`From northwind.csv`; "" where nothing has a name."""
        name = self.import_run.source_name
        words = {Source.CSV: "From", Source.FILES: "From files of", Source.SLICE: "From the slice"}
        return f"{words[Source(self.import_run.source)]} {name}" if name else ""

    @property
    def link_label(self) -> str:
        return "Show the result" if self.is_final else "Show the plan" if self.state in PLANNING else "Show it"

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
    def text(self) -> str:
        message = self.import_run.message
        said = "" if message == parts.STOPPED else message
        return " ".join(filter(None, [self.note, self.result_words if self.is_final else "", said]))

    @property
    def result_words(self) -> str:
        """`4,998 created, 2 refused.`"""
        run = self.import_run
        counted = [
            (run.created_count, "created"),
            (run.present_count, "already there"),
            (run.refused_count, "refused"),
            (run.unknown_count, "unknown"),
            (self.not_created, "not created"),
        ]
        said = ", ".join(f"{number(count)} {word}" for count, word in counted if count)
        return f"{said or 'Nothing was created'}."

    @property
    def not_created(self) -> int:
        run = self.import_run
        return max(0, run.planned_count - run.outcome_count + run.not_created_count)

    @property
    def tone(self) -> str:
        if self.is_under_way:
            return "warn" if self.is_paused else "info"
        if self.import_run.unknown_count or self.state == State.STOPPED:
            return "warn"
        return "bad" if self.import_run.refused_count or self.not_created else "good"

    @property
    def icon(self) -> str:
        if self.is_under_way:
            return "triangle-alert" if self.is_paused else "hourglass"
        return {"good": "circle-check", "bad": "circle-x"}.get(self.tone, "triangle-alert")

    @property
    def is_unattended(self) -> bool:
        """Whether a worker should have got further by now, and none has said why it hasn't."""
        run = self.import_run
        since = run.progressed_at or run.started_at
        is_said = run.message not in ("", services.STOPPING)
        return run.is_moving and not is_said and since is not None and timezone.now() - since > OVERDUE

    @property
    def started_by(self) -> str:
        """Who can stop it, for everybody else."""
        return "" if self.is_own else self.import_run.person.name or self.import_run.person.email

    @property
    def results_id(self) -> str:
        return "import-results"

    @property
    def results_label(self) -> str:
        return "Show each item"

    @property
    def progress_url(self) -> str:
        return f"{self._url('items:import_progress')}?{self.query(look=self.look + 1)}"

    @property
    def url(self) -> str:
        return self._url("items:import_detail")

    @property
    def stop_url(self) -> str:
        return f"{self._url('items:import_stop')}?{self.query()}"

    @property
    def carry_on_url(self) -> str:
        return f"{self._url('items:import_carry_on')}?{self.query()}"

    @property
    def retry_url(self) -> str:
        return f"{self._url('items:import_retry')}?{self.query()}"

    def _url(self, view: str) -> str:
        return reverse(view, args=[self.import_run.project, self.import_run.pk])


def running_imports(*, user: Person, project: uuid.UUID, batch_id: int | None = None) -> list[ImportStatus]:
    """One's own under way in this project, or into this batch, each to be shown beside other things."""
    found = find_under_way(user=user, project=project, batch_id=batch_id)
    return [ImportStatus(one, is_own=True, is_strip=True) for one in found]


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
        """Its batch; "" for a line left out whose batch nobody could find."""
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
class ImportResults:
    """A page of an import's rows."""

    import_run: Import
    counts: Mapping[str, int]
    chosen: str
    page: ImportPage
    batches: Mapping[int | None, int]
    can_download: bool = True

    @cached_property
    def rows(self) -> list[ImportedRow]:
        return [ImportedRow(self.import_run, row) for row in self.page.rows]

    @property
    def tabs(self) -> list[Tab]:
        """All, and every outcome that some row has."""
        shown = [name for name in _TAB_WORDS if not name or self.counts[name] or name == self.chosen]
        return [
            Tab(name, _TAB_WORDS[name], self.counts[name], self._address(name), name == self.chosen) for name in shown
        ]

    @cached_property
    def created_in(self) -> list[CreatedIn]:
        """The batch with the most first. Items without a batch of ours are in the table of the whole project."""
        table = reverse("items:index", args=[self.import_run.project])
        found = sorted(self.batches.items(), key=lambda one: (-one[1], one[0] or 0))[:MOST_BATCHES]
        return [
            CreatedIn(
                batch_name(self.import_run, batch),
                plural(count, "work item"),
                f"{table}?{urlencode({'batch': batch})}" if batch is not None else table,
            )
            for batch, count in found
        ]

    @property
    def other_batches(self) -> int:
        return max(0, len(self.batches) - MOST_BATCHES)

    @property
    def words(self) -> str:
        page = self.page
        return progress.place_in_words(page.first, page.last, page.total) if page.rows else ""

    @property
    def previous_url(self) -> str:
        return self._address(self.chosen, self.page.number - 1) if self.page.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self._address(self.chosen, self.page.number + 1) if self.page.has_next else ""

    @property
    def refused_url(self) -> str:
        """The lines of a CSV that were refused, or never could be imported, to be corrected."""
        is_csv = self.can_download and self.import_run.source == Source.CSV
        has_lines = is_csv and (self.counts["refused"] or self.counts["left-out"])
        return reverse("items:import_refused", args=[self.import_run.project, self.import_run.pk]) if has_lines else ""

    def _address(self, name: str, page: int = 1) -> str:
        query = {**({"outcome": name} if name else {}), **({"page": str(page)} if page > 1 else {})}
        base = reverse("items:import_detail", args=[self.import_run.project, self.import_run.pk])
        return f"{base}?{urlencode(query)}#import-results" if query else f"{base}#import-results"
