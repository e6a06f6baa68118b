"""What a person chooses for an export. The vendor's bounds stop here, at the field, before any call."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from console.common.day_fields import DayField
from console.common.fields import IdField, NameField
from console.exports.selection import ALL, MOST_BATCHES, MOST_PROJECTS, ExportSelection
from console.upstream.response_models import Batch, Project

LONGEST_NAME = 255
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
NO_PROJECT = "Select at least one project, or “All projects”."
ALL_AND_SOME = "Select either “All projects” or single projects, not both."
SPANS = (("created", "Created"), ("updated", "Changed"))
Batches = Mapping[str, Sequence[Batch]]


class _Day(DayField):
    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False)

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError("Choose a day between 2000 and 2100.")


class ExportForm(forms.Form):
    """`projects` and `batches` offer what the person's own key has just read; anything else is refused."""

    id = IdField()
    name = NameField(
        label="Name",
        strip=True,
        widget=forms.TextInput(attrs={"maxlength": LONGEST_NAME, "autocomplete": "off", "data-follows": "id_proposed"}),
        help_text="1 to 255 characters. The file gets this name.",
    )
    projects = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, error_messages={"required": NO_PROJECT})
    batches = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    created_from, created_to = _Day("Created from"), _Day("Created until")
    updated_from, updated_to = _Day("Changed from"), _Day("Changed until")
    again = forms.BooleanField(required=False, widget=forms.HiddenInput)
    # The name the page proposed last: one that the person has not changed follows the selection.
    proposed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, projects: Sequence[Project], batches: Batches, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_projects = {project.id: project for project in projects}
        self.known_batches = {str(batch.id): batch for listed in batches.values() for batch in listed}
        self._offer("projects", [(ALL, "All projects"), *((project.id, project.name) for project in projects)])
        self._offer("batches", [(key, batch.name) for key, batch in self.known_batches.items()])
        self.fields["projects"].error_messages["invalid_choice"] = "A chosen project is not in this space any more."
        self.fields["batches"].error_messages["invalid_choice"] = "A chosen batch is not in a chosen project any more."

    def _offer(self, name: str, choices: list[tuple[str, str | None]]) -> None:
        field = cast(forms.MultipleChoiceField, self.fields[name])
        field.choices = choices

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if len(name) > LONGEST_NAME:
            raise ValidationError(f"At most {LONGEST_NAME} characters; this has {len(name):,}.")
        return name

    def clean_projects(self) -> list[str]:
        keys = _at_most(self.cleaned_data["projects"], MOST_PROJECTS, "projects")
        if ALL in keys and len(keys) > 1:
            raise ValidationError(ALL_AND_SOME)
        return keys

    def clean_batches(self) -> list[str]:
        return _at_most(self.cleaned_data["batches"], MOST_BATCHES, "batches")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, word in SPANS:
            start, end = cleaned.get(f"{name}_from"), cleaned.get(f"{name}_to")
            if start and end and end < start:
                self.add_error(f"{name}_to", f"{word} until must not be before {word.lower()} from.")
        return cleaned

    def selection(self) -> ExportSelection:
        cleaned = self.cleaned_data
        spans = {
            f"{name}_{end}": instant(cleaned.get(f"{name}_{end}"), end) for name, _ in SPANS for end in ("from", "to")
        }
        return ExportSelection(tuple(self._single_projects()), tuple(map(int, cleaned.get("batches", ()))), **spans)

    def names(self) -> dict[str, list[str]]:
        """The names behind the ids, for sentences that outlive them."""
        cleaned = self.cleaned_data
        return {
            "projects": [self.known_projects[key].name or key for key in self._single_projects()],
            "batches": [self.known_batches[key].name or key for key in cleaned.get("batches", ())],
        }

    def _single_projects(self) -> list[str]:
        return [key for key in self.cleaned_data.get("projects", ()) if key != ALL]

    def instants(self) -> list[tuple[str, datetime]]:
        """What the days mean as moments, to be shown beside them."""
        selection = self.selection()
        words = {"from": "from the start of", "to": "until the end of"}
        return [
            (f"{word} {words[end]}", value)
            for name, word in SPANS
            for end in ("from", "to")
            if (value := getattr(selection, f"{name}_{end}"))
        ]


def _at_most(keys: list[str], most: int, what: str) -> list[str]:
    if len(keys) > most:
        raise ValidationError(f"At most {most} {what} go into one export; {len(keys)} are chosen.")
    return list(dict.fromkeys(keys))


def read_day(text: str | None) -> date | None:
    """A day as a field for days takes it, or None."""
    try:
        return cast(date | None, _Day("").clean(text))
    except ValidationError:
        return None


def instant(day: date | None, end: str) -> datetime | None:
    """The first moment of a day in the person's zone, or its last: both ends are included (FACTS 2.7)."""
    if day is None:
        return None
    zone = timezone.get_current_timezone()
    if end == "from":
        return datetime.combine(day, time.min, zone)
    # Counted back in UTC: where clocks go back at midnight, the day has its last hour twice.
    next_day = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    return (next_day - timedelta(milliseconds=1)).astimezone(zone)
