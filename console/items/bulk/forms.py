"""What the forms of a signal to many work items take in."""

from typing import Any

from django import forms

from console.common.fields import IdField, NameField, NoteField
from console.items.bulk.actions import SEND_BACK_MANY, BulkAction, action_named
from console.items.decisions.forms import LONGEST_ASSIGNEE, LONGEST_NOTE, LONGEST_REASON, TOO_LONG

OLD_FORM = "This form can no longer be used. Open the table again. Nothing was planned or sent."
NO_ACTION = "There is no such signal. Choose one below the table. Nothing was planned or sent."
NO_REASON = {"send-back": "Say why you are sending them back.", "cancel": "Say why you are canceling them."}

REASONS = "plan-reasons"
"""The id of the list of ready-made reasons on the page."""


class PlanForm(forms.Form):
    """Which signal the selected items are meant to get."""

    action = forms.CharField(max_length=100)
    bulk_id = IdField()

    def clean_action(self) -> BulkAction:
        action = action_named(self.cleaned_data["action"])
        if action is None:
            raise forms.ValidationError(NO_ACTION)
        return action

    @property
    def problem(self) -> str:
        """Which of the two is wrong, whatever is wrong with it."""
        return NO_ACTION if "action" in self.errors else OLD_FORM


class SendForm(forms.Form):
    """What goes along with a plan when it is sent; `version` is that of the plan the person saw."""

    version = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    reason = NoteField(
        label="Reason",
        required=False,
        max_length=LONGEST_REASON,
        error_messages={"max_length": TOO_LONG},
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )
    assignee = NameField(
        label="Assignee",
        required=False,
        max_length=LONGEST_ASSIGNEE,
        error_messages={"max_length": TOO_LONG},
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "spellcheck": "false"}),
        help_text="For example the email address of the person who does the work.",
    )
    note = NoteField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea({"class": "input", "rows": 2}),
        help_text="Sent along with each work item as a comment.",
    )
    unlikely = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, action: BulkAction, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        if action is SEND_BACK_MANY:
            self.fields["reason"].widget.attrs["list"] = REASONS
        if action.needs_reason:
            field = self.fields["reason"]
            field.required, field.error_messages["required"] = True, NO_REASON.get(action.value, "Say why.")

    def to_fields(self) -> dict[str, Any]:
        """The fields of the plan as far as they are valid."""
        cleaned = getattr(self, "cleaned_data", {})
        texts = {name: cleaned[name] for name in ("reason", "assignee", "note") if name in cleaned}
        return texts | {"includes_unlikely": cleaned.get("unlikely", False)}
