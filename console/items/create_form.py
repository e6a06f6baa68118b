"""The form for a new work item (P15). Empty fields are not sent."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from console.common.day_fields import DayInput
from console.common.fields import IdField
from console.common.metadata_form import MetadataForm
from console.common.parsing import INT64, read_int
from console.items import item_fields
from console.items.filter_dates import read_end
from console.upstream.cloudfactory_requests import ASSET_TYPES, MOST_DUE

DEFAULT = "Default"
"""Every project has a batch of this name, which takes what names no batch (FACTS 2.6, 2.9)."""
MOST_LABELS = 500_000
"""Characters: what a form of this console can bring along with its other fields."""
DAY = 24 * 3600
MOST_DAYS = MOST_DUE // DAY

BATCH = "Choose a batch of this project."
DAYS = f"Enter a whole number of days from 1 to {MOST_DAYS}."
PASSED = "This time has passed. Choose a later one."
TOO_FAR = f"CloudFactory takes at most {MOST_DAYS} days from now."
ONE_DUE = "Enter a date or a number of days, not both."
LABELS_TOO_LONG = f"At most {MOST_LABELS:,} characters here. Create the item without labels, then add them on its page."

Choices = Sequence[tuple[str, str]]
PLAIN = {"class": "input", "autocomplete": "off", "spellcheck": "false"}


def _text(label: str, help_text: str = "", **attrs: str) -> forms.CharField:
    return forms.CharField(label=label, required=False, help_text=help_text, widget=forms.TextInput(PLAIN | attrs))


class EitherField(forms.CharField):
    """Needed unless another field is filled in, which the form checks."""

    def validate(self, value: Any) -> None:
        forms.Field(required=False).validate(value)


class NewItemForm(forms.Form):
    """Texts become the fields of `NewWorkItem` by the rules of `item_fields`. `batches` are values and names."""

    use_required_attribute = False

    asset_url = EitherField(
        label="Asset address",
        help_text="An https or s3 address, or a path inside the space. Leave it empty if you enter an asset id.",
        widget=forms.TextInput(PLAIN),
    )
    asset_id = EitherField(
        label="Or asset id",
        help_text="The number of an asset that CloudFactory already has.",
        widget=forms.TextInput({**PLAIN, "inputmode": "numeric"}),
    )
    asset_type = forms.ChoiceField(
        label="Asset type",
        choices=[(name, name.capitalize()) for name in ASSET_TYPES],
        initial=ASSET_TYPES[0],
        widget=forms.Select({"class": "input"}),
        error_messages={"required": item_fields.ASSET_TYPE, "invalid_choice": item_fields.ASSET_TYPE},
    )
    batch = forms.CharField(label="Batch", required=False, widget=forms.Select({"class": "input"}))
    due_at = forms.CharField(
        label="Due date",
        required=False,
        widget=DayInput({"class": "input"}),
        help_text=f"A day, or a day and a time, up to {MOST_DAYS} days from now.",
    )
    due_in_days = _text("Or due in days", f"A whole number from 1 to {MOST_DAYS}.", inputmode="numeric")
    difficulty = _text("Difficulty", "A whole number from 0 to 100.", inputmode="numeric")
    results_url = _text("Results address", "An address that starts with https://.", inputmode="url")
    taxonomy_version_id = _text(
        "Taxonomy version", "The id of the version, such as 3f2b8c1e-5d47-4a90-9c6e-1b7f0d2a8e54."
    )
    labels = forms.CharField(
        label="Labels as JSON",
        required=False,
        strip=False,
        help_text="Labels you already have (ground truth): a list of objects.",
        widget=forms.Textarea({"class": "input input-code", "rows": "3", "spellcheck": "false"}),
    )
    act_id = IdField(error_messages={"required": "Open this page again."})

    def __init__(self, *args: Any, batches: Choices, are_all: bool, **options: Any) -> None:
        """`are_all`: the project has no other batches."""
        super().__init__(*args, **options)
        self._batches = {"": DEFAULT, **dict(batches)}
        batch = str(self["batch"].value() or "")
        if not are_all and read_int(batch, INT64.start) is not None:
            self._batches.setdefault(batch, f"Batch {batch}")
        cast(forms.Select, self.fields["batch"].widget).choices = list(self._batches.items())

    def clean(self) -> dict[str, Any]:
        for name, clean in item_fields.CLEANERS.items():
            if name in self.fields and str(self.cleaned_data.get(name) or "").strip():
                self._take(name, clean)
        self._check_asset()
        return self.cleaned_data

    def clean_batch(self) -> int | None:
        text = self.cleaned_data["batch"]
        if text not in self._batches:
            raise ValidationError(BATCH)
        return int(text) if text else None

    def clean_labels(self) -> str:
        text: str = self.cleaned_data["labels"]
        if len(text) > MOST_LABELS:
            raise ValidationError(LABELS_TOO_LONG)
        return text

    def clean_due_in_days(self) -> int | None:
        text = self.cleaned_data["due_in_days"]
        days = read_int(text, 1, MOST_DAYS)
        if text and days is None:
            raise ValidationError(DAYS)
        return days and days * DAY

    def clean_due_at(self) -> int | None:
        """Seconds from now, since that is what is sent."""
        text = self.cleaned_data["due_at"]
        if not text:
            return None
        if self.data.get("due_in_days", "").strip():
            raise ValidationError(ONE_DUE)
        try:
            moment = read_end(text, is_last=True, zone=timezone.get_current_timezone())
        except ValueError as error:
            raise ValidationError(str(error)) from None
        seconds = math.ceil((moment - timezone.now()) / timedelta(seconds=1))
        if not 1 <= seconds <= MOST_DUE:
            raise ValidationError(PASSED if seconds < 1 else TOO_FAR)
        return seconds

    @property
    def batch_name(self) -> str:
        return self._batches[self.data.get("batch", "")]

    @property
    def item_fields(self) -> dict[str, Any]:
        """Those of `NewWorkItem` that were filled in, without the batch and the metadata."""
        cleaned = self.cleaned_data
        values = {name: cleaned.get(name) for name in item_fields.CLEANERS}
        due = cleaned["due_at"] or cleaned["due_in_days"]
        return {name: value for name, value in {**values, "due_in_seconds": due}.items() if value not in (None, "")}

    def _take(self, name: str, clean: Callable[[str], Any]) -> None:
        try:
            self.cleaned_data[name] = clean(self.cleaned_data[name])
        except ValidationError as error:
            self.add_error(name, error)

    def _check_asset(self) -> None:
        names = [name for name in ("asset_url", "asset_id") if self.data.get(name, "").strip()]
        if not names:
            self.add_error("asset_url", item_fields.NO_ASSET)
        elif len(names) == 2:
            self.add_error("asset_id", item_fields.ONE_ASSET)


class ItemMetadataForm(MetadataForm):
    """The lines of a work item's metadata, among which the console's own id can't be typed."""

    def check_key(self, key: str) -> None:
        item_fields.check_metadata_name(key)
