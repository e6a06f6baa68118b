"""The plan of an import: what will be created and where, what can't be, and the one button."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from console.common import polling
from console.common.formatting import number, plural
from console.items.imports.services import batch_name
from console.items.imports.slice_presenters import SlicePlan
from console.items.models import Import, ImportRow
from console.items.runs.progress import place_in_words

State, Outcome, Source = Import.State, ImportRow.Outcome, Import.Source
PAGE = 100
LISTS: Mapping[str, str] = {"create": Outcome.NONE, "invalid": Outcome.INVALID, "present": Outcome.PRESENT}
"""The words of `?show=` in the address."""
LOOKS: Mapping[str, tuple[str, str]] = {
    Outcome.NONE: ("circle-check", "good"),
    Outcome.INVALID: ("triangle-alert", "warn"),
    Outcome.PRESENT: ("info", "info"),
}
"""Icon and tone of each number."""


@dataclass(frozen=True)
class PlanNumber:
    """One number of the plan with its words; `url` opens its list."""

    show: str
    words: str
    url: str
    is_shown: bool
    icon: str
    tone: str


@dataclass(frozen=True)
class PlanBatch:
    """A batch that new items go into; `url` is "" where its id is not known."""

    name: str
    url: str
    count: int

    @property
    def words(self) -> str:
        return plural(self.count, "item")


@dataclass(frozen=True)
class PlanRow:
    """One row of the list."""

    row: ImportRow
    batch: str
    word: str

    @property
    def problems(self) -> list[str]:
        """`line 7, difficulty: Enter …`; a message about the whole row has no column."""
        place = self.heading.lower()
        return [f"{place}{f', {column}' if column else ''}: {message}" for column, message in self.row.errors]

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def heading(self) -> str:
        return f"{self.word} {number(self.row.number)}"


@dataclass(frozen=True)
class ImportPlan:
    """`rows` are a page of the list that `show` names; `problem` says why nothing was started; `earlier` are imports of
    the same CSV.

    `Import.plan` holds for every source `warnings` and `notes` (sentences) and `batches` (names by id, as text);
    what else it holds is for the template of its source.
    """

    import_run: Import
    counts: Mapping[str, int]
    batch_counts: Mapping[int | None, int]
    rows: Sequence[ImportRow] = ()
    show: str = "create"
    page: int = 1
    look: int = 0
    problem: str = ""
    earlier: Sequence[Import] = ()
    is_own: bool = True
    can_download: bool = True

    @property
    def is_csv(self) -> bool:
        return self.import_run.source == Source.CSV

    @property
    def is_reading(self) -> bool:
        return self.import_run.state == State.READING

    @property
    def is_not_read(self) -> bool:
        return self.import_run.state == State.NOT_READ

    @property
    def title(self) -> str:
        name = self.import_run.source_name
        if self.import_run.source == Source.SLICE:
            return f"Send {name} to a batch" if name else "Send a slice to a batch"
        if self.import_run.source == Source.FILES:
            return "Create work items from files"
        return f"Import {name}" if name else "Import a CSV"

    @property
    def source_template(self) -> str:
        """What only this source has to say about its plan."""
        return f"items/imports/_plan_{self.import_run.source}.html"

    @property
    def slice(self) -> SlicePlan:
        """For the template of a slice."""
        return SlicePlan(self.import_run)

    @property
    def row_word(self) -> str:
        return {Source.CSV: "Line", Source.FILES: "File", Source.SLICE: "Item"}[Source(self.import_run.source)]

    @property
    def planned_count(self) -> int:
        return self.count(Outcome.NONE)

    def count(self, outcome: str) -> int:
        return self.counts.get(outcome, 0)

    @property
    def can_start(self) -> bool:
        return self.is_own and self.import_run.state == State.READY and self.planned_count > 0

    @property
    def button(self) -> str:
        return f"Create {plural(self.planned_count, 'work item')}"

    @property
    def warnings(self) -> list[str]:
        return [str(one) for one in self.import_run.plan.get("warnings", ())]

    @property
    def notes(self) -> list[str]:
        return [str(one) for one in self.import_run.plan.get("notes", ())]

    @cached_property
    def numbers(self) -> list[PlanNumber]:
        """Those that are not 0, and what will be created always."""
        return [self._number(show) for show in LISTS if show == "create" or self.count(LISTS[show])]

    @property
    def sentence(self) -> str:
        return " ".join(one.words for one in self.numbers)

    @cached_property
    def batches(self) -> list[PlanBatch]:
        """Where the new items go, the batch with the most first."""
        found = sorted(self.batch_counts.items(), key=lambda one: (-one[1], one[0] or 0))
        return [PlanBatch(self._batch_name(batch), self._batch_url(batch), count) for batch, count in found if count]

    @cached_property
    def listed(self) -> list[PlanRow]:
        return [PlanRow(row, self._batch_name(row.batch_id), self.row_word) for row in self.rows]

    @property
    def list_title(self) -> str:
        return next((one.words for one in self.numbers if one.is_shown), "")

    @property
    def shows_problems(self) -> bool:
        return self.show == "invalid"

    @property
    def place_words(self) -> str:
        total, first = self.count(LISTS[self.show]), (self.page - 1) * PAGE
        words = place_in_words(first + 1, first + len(self.rows), total) if self.rows else ""
        return words.replace(" items", " lines").replace(" item", " line") if self.is_csv else words

    @property
    def previous_url(self) -> str:
        return self._page_url(self.page - 1) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self._page_url(self.page + 1) if self.page * PAGE < self.count(LISTS[self.show]) else ""

    @property
    def url(self) -> str:
        return self._url("items:import_detail")

    @property
    def start_url(self) -> str:
        return self._url("items:import_start")

    @property
    def read_again_url(self) -> str:
        """Only a slice can be read again."""
        return self._url("items:import_read_again") if self.import_run.source == Source.SLICE else ""

    @property
    def refused_url(self) -> str:
        has_lines = self.can_download and self.is_csv and self.count(Outcome.INVALID)
        return self._url("items:import_refused") if has_lines else ""

    @property
    def version(self) -> str:
        return version_of(self.import_run)

    @property
    def poll_url(self) -> str:
        return f"{self.url}?look={self.look + 1}"

    @property
    def delay(self) -> int | None:
        """Seconds until the page asks again; None where it doesn't."""
        return polling.IMPORT_PLAN.delay(self.look) if self.is_reading else None

    def _number(self, show: str) -> PlanNumber:
        icon, tone = LOOKS[LISTS[show]]
        url = f"{self.url}?show={show}#import-rows"
        return PlanNumber(show, self._words(show, self.count(LISTS[show])), url, show == self.show, icon, tone)

    def _words(self, show: str, count: int) -> str:
        are, them = ("is", "it is") if count == 1 else ("are", "they are")
        if show == "create":
            return f"{plural(count, 'work item')} will be created."
        if show == "present":
            return f"{number(count)} {are} there already, so {them} left out."
        thing = {Source.CSV: "line", Source.FILES: "file", Source.SLICE: "item"}[Source(self.import_run.source)]
        return f"{plural(count, thing)} can’t be imported and {are} left out."

    def _batch_name(self, batch: int | None) -> str:
        return batch_name(self.import_run, batch)

    def _batch_url(self, batch: int | None) -> str:
        return reverse("batches:detail", args=[self.import_run.project, batch]) if batch is not None else ""

    def _page_url(self, page: int) -> str:
        return f"{self.url}?show={self.show}&page={page}#import-rows"

    def _url(self, view: str) -> str:
        ids: list[uuid.UUID] = [self.import_run.project, self.import_run.pk]
        return reverse(view, args=ids)


def version_of(import_run: Import) -> str:
    """Names one reading of the plan, so that an old form is told from the present one."""
    return import_run.read_at.isoformat() if import_run.read_at else ""
