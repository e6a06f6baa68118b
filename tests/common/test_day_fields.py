"""Days and moments as people type them; what cannot be read is said and stays as it was typed."""

from datetime import date
from typing import Any

import pytest
from django import forms

from console.common.day_fields import DayField, MomentField


class Asking(forms.Form):
    day = DayField(required=False)
    moment = MomentField(required=False)


@pytest.mark.parametrize(
    "typed", ["3 Nov 2026", "03 nov 2026", "3 November 2026", "Nov 3, 2026", "November 3, 2026", "2026-11-03"]
)
def test_a_day_is_read_in_every_spelling_that_means_one_day_alone(typed: str) -> None:
    form = Asking({"day": typed})
    assert form.is_valid()
    assert form.cleaned_data["day"] == date(2026, 11, 3)
    assert 'value="3 Nov 2026"' in str(form["day"])


@pytest.mark.parametrize("typed", ["3 Nov", "3 Nov 202", "11/03/2026", "03.11.2026", "tomorrow", "3 Nov 2026 x"])
def test_a_half_typed_day_is_said_and_stays(typed: str) -> None:
    form = Asking({"day": typed})
    assert form.errors == {"day": ["Write the day like this: 3 Nov 2026."]}
    assert f'value="{typed}"' in str(form["day"])


@pytest.mark.parametrize(
    "typed", ["31 Feb 2026", "31 April 2026", "Feb 29, 2027", "2026-02-31", "2026-11-00", "32 Dec 2026", "0 Nov 2026"]
)
def test_a_day_that_its_month_does_not_have_is_said_as_such(typed: str) -> None:
    assert Asking({"day": typed}).errors == {"day": ["This month has no such day."]}
    assert Asking({"moment": f"{typed}, 18:05"}).errors == {"moment": ["This month has no such day."]}


@pytest.mark.parametrize("typed", ["3 Nov 2026, 18:05", "3 Nov 2026 18:05", "2026-11-03T18:05", "2026-11-03 18:05:00"])
def test_a_moment_is_read_and_spelt_as_on_pages(typed: str, settings: Any) -> None:
    form = Asking({"moment": typed})
    assert form.is_valid()
    assert form.cleaned_data["moment"].isoformat() == "2026-11-03T18:05:00+00:00"
    assert 'value="3 Nov 2026, 18:05"' in str(form["moment"])


def test_a_moment_without_its_time_is_said() -> None:
    assert Asking({"moment": "3 Nov 2026"}).errors == {"moment": ["Write it like this: 3 Nov 2026, 18:00."]}


def test_an_empty_field_shows_no_day_that_looks_filled_in() -> None:
    shown = str(Asking({})["day"])
    assert " value=" not in shown
    assert 'placeholder="e.g. 3 Nov 2026"' in shown
