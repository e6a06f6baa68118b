"""The fields of the table's filter. `filters.ItemFilter` reads their values, because they are part of the address."""

from typing import Any

from django import forms

from console.common.day_fields import DayInput
from console.items.filter_dates import spell_end
from console.items.filters import ENDS, ItemFilter

LABELS = {
    "created_from": "Created from",
    "created_to": "Created until",
    "updated_from": "Changed from",
    "updated_to": "Changed until",
}


class ItemFilterForm(forms.Form):
    """Bound to a filter: its values as people write them, what was typed where that can't be used, with the reason."""

    ids = forms.CharField(
        label="Work item ids",
        required=False,
        widget=forms.Textarea({"rows": 4, "class": "input code", "spellcheck": "false", "autocomplete": "off"}),
        help_text="Up to 1,000 ids, separated by spaces, commas or anything else.",
    )

    def __init__(self, item_filter: ItemFilter, *, typed_ids: str = "") -> None:
        problem_texts = {problem.name: problem.text for problem in item_filter.problems}
        dates = {name: _spelled(item_filter, name) for name in ENDS}
        pasted = () if item_filter.is_selection else item_filter.ids
        super().__init__({"ids": typed_ids or "\n".join(pasted)} | dates | problem_texts)
        for name in ENDS:
            self.fields[name] = forms.CharField(label=LABELS[name], required=False, widget=DayInput({"class": "input"}))
        self.full_clean()
        for problem in item_filter.problems:
            if problem.name in self.fields:
                self.add_error(problem.name, problem.message)

    @property
    def dates(self) -> list[forms.BoundField]:
        return [self[name] for name in ENDS]


def _spelled(item_filter: ItemFilter, name: str) -> Any:
    moment = getattr(item_filter, name)
    return spell_end(moment, is_last=name.endswith("_to")) if moment else ""
