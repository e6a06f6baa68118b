"""The plan of an import: what will be created and where, what can't be, and the one button."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from console.common.formatting import number, plural
from console.items.imports.services import batch_name
from console.items.imports.slice_presenters import SlicePlan
from console.items.models import Import, ImportRow
from console.items.runs.plan_presenters import RunPlan

State, Outcome, Source = Import.State, ImportRow.Outcome, Import.Source


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
class PlannedRow:
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
class ImportPlan(RunPlan[Import]):
    """`earlier` are imports of the same CSV.

    `Import.plan` holds for every source `warnings` and `notes` (sentences) and `batches` (names by id, as text);
    what else it holds is for the template of its source.
    """

    LISTS = {"create": Outcome.NONE, "invalid": Outcome.INVALID, "present": Outcome.PRESENT}
    ICONS = {Outcome.NONE: ("circle-check", "good"), Outcome.PRESENT: ("info", "info")}
    ID = "import-plan"
    LIST_ID = "import-rows"
    NAME = "import"
    FOLDER = "items/imports"

    counts: Mapping[str, int]
    batch_counts: Mapping[int | None, int]
    earlier: Sequence[Import] = ()
    can_download: bool = True

    @property
    def is_csv(self) -> bool:
        return self.run.source == Source.CSV

    @property
    def title(self) -> str:
        name = self.run.source_name
        if self.run.source == Source.SLICE:
            return f"Send {name} to a batch" if name else "Send a slice to a batch"
        if self.run.source == Source.FILES:
            return "Create work items from files"
        return f"Import {name}" if name else "Import a CSV"

    @property
    def source_template(self) -> str:
        """What only this source has to say about its plan."""
        return f"items/imports/_plan_{self.run.source}.html"

    @property
    def slice(self) -> SlicePlan:
        """For the template of a slice."""
        return SlicePlan(self.run)

    @property
    def row_word(self) -> str:
        return {Source.CSV: "Line", Source.FILES: "File", Source.SLICE: "Item"}[Source(self.run.source)]

    @property
    def planned_count(self) -> int:
        return self.count(Outcome.NONE)

    def count(self, outcome: str) -> int:
        return self.counts.get(outcome, 0)

    @property
    def can_start(self) -> bool:
        return self.is_own and self.run.state == State.READY and self.planned_count > 0

    @property
    def button(self) -> str:
        return f"Create {plural(self.planned_count, 'work item')}"

    @property
    def warnings(self) -> list[str]:
        return [str(one) for one in self.run.plan.get("warnings", ())]

    @property
    def notes(self) -> list[str]:
        return [str(one) for one in self.run.plan.get("notes", ())]

    @cached_property
    def batches(self) -> list[PlanBatch]:
        """Where the new items go, the batch with the most first."""
        by_count = sorted(self.batch_counts.items(), key=lambda one: (-one[1], one[0] or 0))
        return [PlanBatch(self._batch_name(batch), self._batch_url(batch), count) for batch, count in by_count if count]

    @cached_property
    def listed(self) -> list[PlannedRow]:
        return [PlannedRow(row, self._batch_name(row.batch_id), self.row_word) for row in self.rows]

    @property
    def shows_problems(self) -> bool:
        return self.show == "invalid"

    @property
    def place_words(self) -> str:
        words = super().place_words
        return words.replace(" items", " lines").replace(" item", " line") if self.is_csv else words

    @property
    def start_url(self) -> str:
        return self._url("items:import_start")

    @property
    def read_again_url(self) -> str:
        """Only a slice can be read again."""
        return self._url("items:import_read_again") if self.run.source == Source.SLICE else ""

    @property
    def refused_url(self) -> str:
        has_lines = self.can_download and self.is_csv and self.count(Outcome.INVALID)
        return self._url("items:import_refused") if has_lines else ""

    @property
    def poll_url(self) -> str:
        return f"{self.url}?look={self.look + 1}"

    def words_of(self, kind: str) -> str:
        count = self.count(kind)
        are, them = ("is", "it is") if count == 1 else ("are", "they are")
        if kind == Outcome.NONE:
            return f"{plural(count, 'work item')} will be created."
        if kind == Outcome.PRESENT:
            return f"{number(count)} {are} there already, so {them} left out."
        thing = {Source.CSV: "line", Source.FILES: "file", Source.SLICE: "item"}[Source(self.run.source)]
        return f"{plural(count, thing)} can’t be imported and {are} left out."

    def _batch_name(self, batch: int | None) -> str:
        return batch_name(self.run, batch)

    def _batch_url(self, batch: int | None) -> str:
        return reverse("batches:detail", args=[self.run.project, batch]) if batch is not None else ""

    def _url(self, view: str) -> str:
        ids: list[uuid.UUID] = [self.run.project, self.run.pk]
        return reverse(view, args=ids)
