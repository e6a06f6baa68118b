"""What may be asked of the audit. Every filter stands in the address, so that a view can be sent to a colleague."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils import timezone

from console.audit import actions
from console.audit.models import DONE, FAILED, UNKNOWN, Entry, EntryQuerySet, actions_of
from console.common.day_fields import DayField, DayInput, MomentField
from console.common.fields import NoteField

DAYS = 90
CONSOLE = "console"
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)
TOO_EARLY, TOO_LATE = "Choose a day after 1999.", "Choose a day before 2100."
LEAVING = "leaving"
EVENING, TODAY, WEEK = "evening", "today", "week"
PERIODS = {EVENING: "Since yesterday 18:00", TODAY: "Today", WEEK: "Last week"}
HIDDEN = "hidden"
# What the values of a filter are called where a link names one that does not exist.
FILTER_NAMES = {
    "person": "a person",
    "group": "a kind of action",
    "outcome": "an outcome",
    "view": "a view",
    "period": "a period",
    "sign_ins": "a setting for sign-ins",
    "thing": "a thing",
}


def _sensible(moment: datetime) -> None:
    """Far years overflow as soon as a zone is added to them."""
    if not FIRST <= moment.date() <= LAST:
        raise forms.ValidationError(TOO_EARLY if moment.date() < FIRST else TOO_LATE)


def _moment(label: str, **more: Any) -> MomentField:
    return MomentField(label=label, validators=[_sensible], **more)


@dataclass(frozen=True)
class Range:
    """A stretch of time, its end not included; None is open."""

    since: datetime | None
    until: datetime | None


def _day(label: str) -> DayField:
    bounds = [MinValueValidator(FIRST, TOO_EARLY), MaxValueValidator(LAST, TOO_LATE)]
    return DayField(label=label, required=False, validators=bounds, widget=DayInput({"class": "input"}))


def _groups() -> list[tuple[str, str]]:
    return [("", "All kinds"), *actions.group_choices()]


class EntryFilterForm(forms.Form):
    view = forms.ChoiceField(choices=[("", "Everything"), (LEAVING, "Exports and downloads")], required=False)
    q = forms.CharField(label="Words", max_length=200, required=False, widget=forms.SearchInput)
    group = forms.ChoiceField(label="Kind", choices=_groups, required=False)
    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[("", "Any outcome"), (DONE, "Done"), (FAILED, "Failed"), (UNKNOWN, "Unresolved")],
        required=False,
    )
    since = _day("From")
    until = _day("To")
    period = forms.ChoiceField(choices=[("", f"Last {DAYS} days"), ("all", "From the beginning")], required=False)
    sign_ins = forms.ChoiceField(choices=[("", "With sign-ins"), (HIDDEN, "Without sign-ins")], required=False)
    thing = forms.CharField(max_length=250, required=False)

    def __init__(self, data: Any, *, reader: Any) -> None:
        super().__init__(data)
        self.reader = reader
        self.unmet: list[str] = []
        """A sentence for each filter whose value does not exist; such a filter matches no entry."""
        self.fields["person"] = forms.ChoiceField(label="Person", choices=_people(reader), required=False)
        for name in ("q", "person", "group", "outcome"):
            self.fields[name].widget.attrs["class"] = "input"
        for name in FILTER_NAMES:
            self._admit(name)
        self.fields["q"].widget.attrs |= {"placeholder": "Search words or names", "data-search": True}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return data

    def _admit(self, name: str) -> None:
        """Lets a value that does not exist stand in its field, so that the page shows what the link asked for."""
        value = str(self.data.get(name) or "")
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            if field.valid_value(value) or not value:
                return
            field.choices = [*field.choices, (value, "Unknown")]  # type: ignore[misc]
        elif not value or all(value.partition(":")):
            return
        if name == "person" and not self.reader.can("audit.all"):
            self.unmet.append("You can only see your own actions.")
        else:
            self.unmet.append(f"This link filters by {FILTER_NAMES[name]} that doesn't exist.")

    @property
    def is_default_range(self) -> bool:
        data = self.cleaned_data
        return not (data.get("since") or data.get("until") or data.get("period"))

    def range(self) -> Range:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if self.is_default_range:
            since = timezone.localdate() - timedelta(days=DAYS)
        return Range(start_of(since), start_of(until + timedelta(days=1)) if until else None)

    def entries(self, *, whenever: bool = False) -> EntryQuerySet:
        """The lines asked for; `whenever` leaves the days out, to find the nearest ones."""
        if self.unmet:
            return Entry.objects.none()
        data = self.cleaned_data
        entries = Entry.objects.grouped().saying(data.get("q", ""))
        if data.get("thing"):
            kind, _, thing_id = data["thing"].partition(":")
            entries = entries.about(kind, thing_id)
        if data.get("outcome"):
            entries = entries.standing(*((UNKNOWN, "open") if data["outcome"] == UNKNOWN else (data["outcome"],)))
        if data.get("person"):
            entries = entries.by(None if data["person"] == CONSOLE else data["person"])
        entries = self._of_actions(entries.visible_to(self.reader))
        return entries if whenever else entries.within(*_ends(self.range()))

    def _of_actions(self, entries: EntryQuerySet) -> EntryQuerySet:
        data, hidden = self.cleaned_data, set(actions.sign_ins()) if self.cleaned_data.get("sign_ins") else set()
        names = set(actions.egress()) if data.get("view") == LEAVING else None
        if data.get("group"):
            of_group = actions_of(data["group"])
            names = of_group if names is None else names & of_group
        return entries.exclude(action__in=hidden) if names is None else entries.of(names - hidden)


class HandoverForm(forms.Form):
    """Two moments in the reader's own zone, the end open; or one of PERIODS, which is what a first visit gets."""

    period = forms.ChoiceField(
        label="Period",
        choices=[("", ""), *PERIODS.items()],
        required=False,
        error_messages={"invalid_choice": "There is no such period."},
    )
    since = _moment("From", required=False)
    until = _moment("To", help_text="Leave empty for everything up to now.", required=False)

    def __init__(self, data: QueryDict) -> None:
        has_moments = data.get("since") or data.get("until")
        self.chosen = "" if has_moments else data.get("period") or EVENING
        if self.chosen not in PERIODS:
            super().__init__(data)
            return
        self._span = span_of(self.chosen)
        super().__init__(initial={"since": self._span.since, "until": self._span.until})

    def range(self) -> Range | None:
        """The time asked for, or None where it makes no sense."""
        if self.chosen in PERIODS:
            return self._span
        return Range(self.cleaned_data["since"], self.cleaned_data["until"]) if self.is_valid() else None

    @property
    def query(self) -> str:
        """The choice as an address has it."""
        if self.chosen in PERIODS:
            return urlencode({"period": self.chosen})
        return urlencode({name: self.data.get(name, "") for name in ("since", "until")})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if not since and not self.errors:
            self.add_error("since", "Choose when the note starts.")
        elif since and until and until <= since:
            self.add_error("until", "This is not after the first moment.")
        elif since and not until and since > timezone.now():
            self.add_error("since", "This moment has not come yet.")
        return data


class CloseForm(forms.Form):
    """What a person found out about an act that the console cannot look up."""

    outcome = forms.ChoiceField(
        label="What happened",
        choices=[(DONE, "It was done"), (FAILED, "It was not done")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    note = NoteField(
        label="How you know",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the audit with your name.",
        error_messages={"required": "Write how you found out."},
    )


def span_of(period: str) -> Range:
    """What one of PERIODS means now, by the reader's clock. Weeks begin on Monday."""
    today = timezone.localdate()
    if period == EVENING:
        return Range(_at(today - timedelta(days=1), time(18)), None)
    if period == TODAY:
        return Range(_at(today), None)
    monday = today - timedelta(days=today.weekday())
    return Range(_at(monday - timedelta(days=7)), _at(monday))


def start_of(day: date | None) -> datetime | None:
    return _at(day) if day else None


def _at(day: date, clock: time = time.min) -> datetime:
    return datetime.combine(day, clock, timezone.get_current_timezone())


def _ends(chosen_range: Range) -> tuple[datetime | None, datetime | None]:
    return chosen_range.since, chosen_range.until


def _people(reader: Any) -> list[tuple[str, str]]:
    if not reader.can("audit.all"):
        return [("", "You"), (str(reader.pk), "You")]
    people = get_user_model().objects.order_by("name", "email").values_list("pk", "name", "email")
    return [("", "Everybody"), *((str(pk), name or email) for pk, name, email in people), (CONSOLE, "The console")]
