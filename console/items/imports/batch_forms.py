"""Which batch new work items go to: one that is there, or a new one."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.common.fields import IdField, NameField
from console.common.parsing import INT64, read_int

NEW = "new"
MOST_NAME = 255
OPEN_AGAIN = "Open this page again."


class BatchForm(forms.Form):
    """`batches` are the names of the project's batches, by id. Cleaned, `batch` is an id, or None for a new one."""

    import_id = IdField(error_messages={"required": OPEN_AGAIN})
    act_id = IdField(error_messages={"required": OPEN_AGAIN})
    batch = forms.CharField(max_length=20, error_messages={"required": "Choose a batch, or a new one."})
    name = NameField(
        required=False,
        max_length=MOST_NAME,
        error_messages={"max_length": f"A name has at most {MOST_NAME} characters; this one has %(show_value)d."},
    )

    def __init__(self, data: Any = None, *, batches: Mapping[int, str], **options: Any) -> None:
        super().__init__(data, **options)
        self.batches = batches

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """Value, words and whether it is chosen."""
        selected = self["batch"].value() or NEW
        options = [(NEW, "A new batch", False), *((str(one), name, False) for one, name in self.batches.items())]
        return [(value, words, value == selected) for value, words, _ in options]

    def clean_batch(self) -> int | None:
        text = self.cleaned_data["batch"]
        if text == NEW:
            return None
        batch = read_int(text, INT64.start)
        if batch is None or batch not in self.batches:
            raise ValidationError("This project has no such batch. Choose another one.")
        return batch

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        is_new = "batch" in cleaned and cleaned["batch"] is None
        if is_new and "name" in cleaned and not cleaned["name"]:
            self.add_error("name", "Give the new batch a name.")
        if cleaned.get("batch") is not None and cleaned.get("name"):
            self.add_error("name", "This name is for a new batch. Choose “A new batch” above, or clear the name.")
        return cleaned
