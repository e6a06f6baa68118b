"""The form for ground-truth labels: a text or a file."""

from typing import Any

from django import forms

from console.common.fields import IdField, NameField
from console.common.parsing import clean
from console.items.labels.label_input import MOST_BYTES, BadLabels, LabelInput, read_labels

LONGEST_PICTURE = 1000
BOTH = "Use the text or the file, not both: remove one of them."
TOO_LARGE = f"This is more than {MOST_BYTES // 1024**2} MiB, which is the most that labels can be."


class GroundTruthForm(forms.Form):
    """`text` is what was typed, or in the file, for the page to show it again. Once valid, `given` are the labels."""

    act_id = IdField(error_messages={"required": "Open this page again."})
    picture = NameField(required=False, max_length=LONGEST_PICTURE)
    label_input: LabelInput

    def __init__(self, *arguments: Any, file_name: str = "", is_dropped: bool = False, **options: Any) -> None:
        """`is_dropped`: the uploaded file was too large and was discarded (console.common.uploads)."""
        super().__init__(*arguments, **options)
        self._file_name = file_name
        self._is_dropped = is_dropped
        self.text = ""
        self.is_from_file = False

    @property
    def picture_text(self) -> str:
        return str(self.data.get("picture", ""))

    @property
    def label_errors(self) -> list[str]:
        return [str(error) for error in self.errors.get("labels", [])]

    def clean(self) -> None:
        try:
            source = self._read_source()
            self.label_input = read_labels(
                source, file_name=self._file_name, picture=self.cleaned_data.get("picture", "")
            )
        except BadLabels as bad:
            # By hand, because the form has no such field.
            self._errors = self.errors
            self.errors["labels"] = self.error_class([str(bad)])

    def _read_source(self) -> str | bytes:
        file = self.files.get("file")
        self.text = str(self.data.get("labels") or "")
        if self._is_dropped:
            raise BadLabels(TOO_LARGE)
        if file is None:
            return self.text
        if self.text.strip():
            raise BadLabels(BOTH)
        body = _bytes_of(file)
        self.text, self.is_from_file = clean(body.decode("utf-8-sig", errors="replace")), True
        return body


def _bytes_of(file: Any) -> bytes:
    size = file.size or 0
    if size > MOST_BYTES:
        raise BadLabels(f"This is {size / 1024**2:,.1f} MiB. Labels can be 10 MiB at most.")
    return bytes(file.read())
