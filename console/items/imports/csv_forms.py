"""What the form of a CSV import takes in: a file or pasted lines, read to a table."""

from typing import Any

from django import forms

from console.common import uploads
from console.common.fields import IdField
from console.common.formatting import file_size, number
from console.common.parsing import INT64, read_int
from console.items.imports import csv_file
from console.items.imports.csv_file import CsvTable, NotCsv
from console.items.imports.csv_rows import CsvColumns, read_columns

LIMITS = f"Up to {number(csv_file.MOST_LINES)} lines and {file_size(csv_file.MOST_BYTES)}."
NEITHER = "Choose a CSV file or paste its lines."
BOTH = "Choose a file or paste lines, not both. The file has to be chosen again."
CHOOSE_AGAIN = "{message} Correct the file, then choose it again."
PASTED = "pasted lines"


class PastedField(forms.CharField):
    """A text as it was typed; what is wrong with it is said where it is read."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)
        self.validators = []


class BatchField(forms.Field):
    """The id of a batch, or None."""

    def clean(self, value: Any) -> int | None:
        if not value:
            return None
        batch = read_int(value, INT64.start)
        if batch is None:
            raise forms.ValidationError("Open this page again.")
        return batch


class CsvForm(forms.Form):
    """`table` and `columns` are what was read, `source_name` where it came from."""

    import_id = IdField(error_messages={"required": "Open this page again."})
    batch_id = BatchField(required=False)
    file = forms.FileField(
        label="CSV file",
        required=False,
        allow_empty_file=True,
        help_text=LIMITS,
        widget=forms.FileInput({"class": "input", "accept": ".csv,.tsv,.txt,text/csv"}),
    )
    text = PastedField(
        label="Or paste lines",
        required=False,
        help_text="With the names of the columns as the first line, also copied out of a spreadsheet.",
        widget=forms.Textarea(
            {"class": "input code", "rows": 8, "spellcheck": "false", "autocomplete": "off", "wrap": "off"}
        ),
    )

    table: CsvTable
    columns: CsvColumns
    source_name: str

    def __init__(
        self, data: Any = None, files: Any = None, *, initial: dict[str, Any] | None = None, dropped_file: bool = False
    ) -> None:
        super().__init__(data, files, initial=initial, label_suffix="")
        self.dropped_file = dropped_file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("text") or ""
        if "file" in self.errors or "text" in self.errors:
            return cleaned
        if self.dropped_file:
            self.add_error("file", csv_file.TOO_LARGE)
        elif file is not None and text.strip():
            self.add_error("file", BOTH)
        elif file is not None:
            self._read_file(file)
        elif text.strip():
            self._read_text(text)
        else:
            self.add_error("file", NEITHER)
        return cleaned

    def _read_file(self, file: Any) -> None:
        self.source_name = file.name[:300]
        try:
            if file.size > csv_file.MOST_BYTES:
                raise NotCsv(csv_file.TOO_LARGE)
            self._take(csv_file.read_bytes(file.read()))
        except NotCsv as refused:
            self.add_error("file", CHOOSE_AGAIN.format(message=refused.message))

    def _read_text(self, text: str) -> None:
        self.source_name = PASTED
        try:
            self._take(csv_file.read_text(text))
        except NotCsv as refused:
            self.add_error("text", refused.message)

    def _take(self, table: CsvTable) -> None:
        self.columns = read_columns(table)
        self.table = table


def form_of(request: Any) -> CsvForm:
    """What was sent, also where its file was too long to be kept."""
    return CsvForm(request.POST, request.FILES, dropped_file=uploads.is_dropped(request, "file"))
