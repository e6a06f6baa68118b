"""From the lines of a CSV to the rows of a plan: fields of new work items, and what is wrong with each line."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from console.common.formatting import number, plural
from console.common.parsing import INT64, read_int, text_fault
from console.items.imports import csv_cells
from console.items.imports.csv_file import CsvLine, CsvTable, NotCsv, key_of
from console.items.imports.services import NewRow
from console.items.item_fields import CLEANERS, check_metadata_name
from console.items.models import ImportRow

BATCH, PROBLEM = "batch", "problem"
METADATA = "metadata."
COLUMN_NAMES = (
    "asset_url",
    "asset_id",
    "asset_type",
    BATCH,
    *(name for name in CLEANERS if not name.startswith("asset")),
)
LONGEST_VALUE = 20_000
LONGEST_QUOTED = 60
MOST_NAMED = 10
MOST_UNKNOWN = 20

NO_TYPE = "No column is named “asset_type”. It says image or video for each line.{nearest}"
NO_ASSET_COLUMN = "No column is named “asset_url” or “asset_id”. One of them names the asset of each line.{nearest}"
NEAREST = " Is it the column “{name}”?"
TYPE_MISSING = "Enter image or video."
ASSET_MISSING = "Enter an asset_url or an asset_id."
ASSET_TWICE = "Enter an asset_url or an asset_id, not both."
TOO_MANY_CELLS = "This line has {cells}, the header names {columns}. Put a cell with a “{separator}” in it in quotes."
NO_BATCH = "This project has no batch with this id or name."
SEVERAL_BATCHES = "{count} batches have this name. Use the id of one: {ids}."
NAME_TWICE = "“{name}” is in the column “metadata” of this line too."
TOO_LONG = f"A value has up to {LONGEST_VALUE:,} characters."
NO_METADATA_NAME = "The column “{name}” needs a name after the dot."


@dataclass(frozen=True)
class CsvColumns:
    """Which place has which field; `metadata` has the names behind `metadata.` by place."""

    names: Sequence[str]
    fields: Mapping[str, int]
    metadata: Mapping[int, str]
    unknown: Sequence[str]

    @property
    def is_corrected(self) -> bool:
        """Whether it is a file of refused lines from here: its cells may have an apostrophe in front."""
        return PROBLEM in self.fields


class BatchNames:
    """The project's batches by id and by name."""

    def __init__(self, batches: Iterable[tuple[int, str | None]]) -> None:
        self.names = {batch_id: name or f"Batch {batch_id}" for batch_id, name in batches}
        self._by_name: dict[str, list[int]] = {}
        self._by_folded: dict[str, list[int]] = {}
        for batch_id, name in self.names.items():
            self._by_name.setdefault(name.strip(), []).append(batch_id)
            self._by_folded.setdefault(name.strip().casefold(), []).append(batch_id)

    def find(self, text: str) -> int:
        """By name, by a name that differs in capital letters alone, or by id. Raises ValidationError."""
        plain = text.strip()
        matches = self._by_name.get(plain) or self._by_folded.get(plain.casefold()) or []
        by_id = read_int(plain, INT64.start)
        ids = [*matches, *([by_id] if by_id in self.names and by_id not in matches else [])]
        if len(ids) > 1:
            id_list = ", ".join(str(one) for one in ids[:MOST_NAMED])
            raise ValidationError(SEVERAL_BATCHES.format(count=number(len(ids)), ids=id_list))
        if not ids:
            raise ValidationError(NO_BATCH)
        return int(ids[0] or 0)


@dataclass
class CsvPlan:
    """What a CSV would create; `plan` is for `Import.plan`."""

    rows: list[NewRow] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)


def read_columns(table: CsvTable) -> CsvColumns:
    """Raises NotCsv where no line could become a work item."""
    fields: dict[str, int] = {}
    metadata: dict[int, str] = {}
    unknown: list[str] = []
    for place, name in enumerate(table.columns):
        key = key_of(name)
        if key in COLUMN_NAMES or key == PROBLEM:
            fields[key] = place
        elif key.startswith(METADATA):
            metadata[place] = _metadata_name(name, key)
        elif name:
            unknown.append(name)
    if "asset_url" not in fields and "asset_id" not in fields:
        raise NotCsv(NO_ASSET_COLUMN.format(nearest=_nearest_column(("asset_url", "asset_id"), unknown)))
    if "asset_type" not in fields:
        raise NotCsv(NO_TYPE.format(nearest=_nearest_column(("asset_type",), unknown)))
    return CsvColumns(table.columns, fields, metadata, unknown)


def plan_rows(table: CsvTable, columns: CsvColumns, batches: BatchNames, default_batch: int | None = None) -> CsvPlan:
    """A row for each line, with its fields or with what is wrong with it.

    Lines that name no batch go into `default_batch`, where there is one.
    """
    reader = _LineReader(table, columns, batches, default_batch)
    rows = [reader.read(line) for line in table.lines]
    used = {row.batch_id for row in rows if row.batch_id is not None}
    warnings = [*_unknown_columns(columns), *_same_assets(rows), *_apostrophes(table, columns)]
    notes = [f"{plural(table.blank_lines, 'blank line was', 'blank lines were')} skipped."] if table.blank_lines else []
    return CsvPlan(
        rows,
        {
            "warnings": warnings,
            "notes": notes,
            "batches": {str(batch): batches.names[batch] for batch in used},
            "columns": list(table.columns),
            "default_batch": default_batch,
        },
    )


class _LineReader:
    def __init__(self, table: CsvTable, columns: CsvColumns, batches: BatchNames, default_batch: int | None) -> None:
        self.table, self.columns, self.batches, self.default_batch = table, columns, batches, default_batch
        self.cleaners = [(name, clean) for name, clean in CLEANERS.items() if name in columns.fields]

    def read(self, line: CsvLine) -> NewRow:
        cells = tuple(map(csv_cells.without_guard, line.cells)) if self.columns.is_corrected else line.cells
        errors: list[list[str]] = []
        if len(cells) > len(self.columns.names) and any(cell.strip() for cell in cells[len(self.columns.names) :]):
            errors.append(["", self._too_many(cells)])
        fields = self._fields(cells, errors)
        batch_id = self._clean(BATCH, cells, errors, self.batches.find)
        _check_whole(fields, errors)
        return NewRow(
            number=line.number,
            name=_name_of(fields, self._cell("asset_url", cells)),
            fields={} if errors else fields,
            batch_id=self.default_batch if batch_id is None else batch_id,
            errors=errors,
            cells=cells,
            outcome=ImportRow.Outcome.INVALID if errors else ImportRow.Outcome.NONE,
        )

    def _fields(self, cells: Sequence[str], errors: list[list[str]]) -> dict[str, Any]:
        fields = {}
        for name, clean in self.cleaners:
            value = self._clean(name, cells, errors, clean)
            if value is not None:
                fields[name] = value
        metadata = dict(fields.get("metadata", {}))
        for place, name in self.columns.metadata.items():
            self._add_metadata(metadata, name, place, cells, errors)
        return {**fields, "metadata": metadata} if metadata else fields

    def _add_metadata(
        self, metadata: dict[str, Any], name: str, place: int, cells: Sequence[str], errors: list[list[str]]
    ) -> None:
        value = cells[place] if place < len(cells) else ""
        if not value.strip():
            return
        if name in metadata:
            errors.append([self.columns.names[place], NAME_TWICE.format(name=name)])
        elif len(value) > LONGEST_VALUE:
            errors.append([self.columns.names[place], TOO_LONG])
        else:
            metadata[name] = value

    def _clean(self, name: str, cells: Sequence[str], errors: list[list[str]], clean: Any) -> Any:
        """The value of a cell; None where it is empty, or where it is refused and `errors` says why."""
        text = self._cell(name, cells)
        if not text.strip():
            return None
        try:
            return clean(text)
        except ValidationError as error:
            errors.append([self.columns.names[self.columns.fields[name]], " ".join(error.messages)])
            return None

    def _cell(self, name: str, cells: Sequence[str]) -> str:
        place = self.columns.fields.get(name)
        return cells[place] if place is not None and place < len(cells) else ""

    def _too_many(self, cells: Sequence[str]) -> str:
        return TOO_MANY_CELLS.format(
            cells=plural(len(cells), "cell"),
            columns=plural(len(self.columns.names), "column"),
            separator="tab" if self.table.separator == "\t" else self.table.separator,
        )


def _check_whole(fields: Mapping[str, Any], errors: list[list[str]]) -> None:
    """What is wrong with the line, beyond its single cells."""
    refused = {key_of(column) for column, _ in errors}
    cells = [name for name in ("asset_url", "asset_id") if name in fields or name in refused]
    if len(cells) == 2:
        errors.append(["asset_id", ASSET_TWICE])
    if not cells:
        errors.append(["asset_url", ASSET_MISSING])
    if "asset_type" not in fields and "asset_type" not in refused:
        errors.append(["asset_type", TYPE_MISSING])


def _name_of(fields: Mapping[str, Any], text: str) -> str:
    if "asset_id" in fields and "asset_url" not in fields:
        return f"Asset {fields['asset_id']}"
    return str(fields.get("asset_url") or text.strip())[:300]


def _metadata_name(name: str, key: str) -> str:
    field_name = key.removeprefix(METADATA).strip()
    if not field_name:
        raise NotCsv(NO_METADATA_NAME.format(name=name))
    if fault := text_fault(field_name):
        raise NotCsv(f"The column “{_quoted(name)}” can’t be used. {fault}")
    try:
        check_metadata_name(field_name)
    except ValidationError as error:
        raise NotCsv(f"The column “{_quoted(name)}” can’t be used. {error.messages[0]}") from None
    return field_name


def _unknown_columns(columns: CsvColumns) -> list[str]:
    warnings = [_unknown_column(name) for name in columns.unknown[:MOST_UNKNOWN]]
    rest = len(columns.unknown) - MOST_UNKNOWN
    more = f"{plural(rest, 'more column is', 'more columns are')} not known and left out."
    return [*warnings, *([more] if rest > 0 else [])]


def _unknown_column(name: str) -> str:
    key = key_of(name)
    near = difflib.get_close_matches(key, COLUMN_NAMES, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else f"To keep its values, name it “{METADATA}{_quoted(name)}”."
    return f"The column “{_quoted(name)}” is not known, so it is left out. {hint}"


def _nearest_column(names: Sequence[str], unknown: Sequence[str]) -> str:
    by_key = {key_of(name): name for name in unknown}
    near = [key for one in names for key in difflib.get_close_matches(one, by_key, n=1)]
    return NEAREST.format(name=_quoted(by_key[near[0]])) if near else ""


def _same_assets(rows: Sequence[NewRow]) -> list[str]:
    """One sentence about the lines whose asset an earlier line has too."""
    first: dict[tuple[str, Any], int] = {}
    doubles: list[str] = []
    for row in rows:
        for name in ("asset_url", "asset_id"):
            if name in row.fields:
                earlier = first.setdefault((name, row.fields[name]), row.number)
                doubles += [f"line {number(row.number)} (as line {number(earlier)})"] if earlier != row.number else []
    if not doubles:
        return []
    rest = len(doubles) - MOST_NAMED
    named = ", ".join(doubles[:MOST_NAMED]) + (f", and {number(rest)} more" if rest > 0 else "")
    have = "1 line has" if len(doubles) == 1 else f"{number(len(doubles))} lines have"
    return [f"{have} the same asset as an earlier line: {named}. Each becomes a work item of its own."]


def _apostrophes(table: CsvTable, columns: CsvColumns) -> list[str]:
    """Where a file of refused lines lost the column that says so, apostrophes in front would be kept."""
    if columns.is_corrected:
        return []
    lines = [line.number for line in table.lines if any(map(csv_cells.is_guarded, line.cells))]
    if not lines:
        return []
    have = f"Line {number(lines[0])} has" if len(lines) == 1 else f"{number(len(lines))} lines have"
    where = "" if len(lines) == 1 else f", the first is line {number(lines[0])}"
    return [f"{have} a cell with an apostrophe before “=”, “+”, “-” or “@”{where}. It is kept as it is."]


def _quoted(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…"
