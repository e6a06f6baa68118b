"""The forms of a decision."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from console.common.fields import IdField, NameField, NoteField
from console.common.parsing import NotJson, read_json
from console.items.signals import APPROVE, SEND_BACK, Remarks, SignalChoice, other_named

LONGEST_REASON = 1000
LONGEST_NOTE = 4000
LONGEST_ASSIGNEE = 254
LONGEST_FEEDBACK = 20_000

TOO_LONG = "At most %(limit_value)d characters; this has %(show_value)d."


class DecisionForm(forms.Form):
    """`run` is the review run that the decision belongs to."""

    act_id = IdField(error_messages={"required": "Open this page again."})
    run = IdField(required=False)

    def signal_choice(self) -> SignalChoice:
        raise NotImplementedError

    def remarks(self) -> Remarks:
        return Remarks()


class ApproveForm(DecisionForm):
    def signal_choice(self) -> SignalChoice:
        return APPROVE


class ExpertForm(DecisionForm):
    """A signal with what an expert can add to it."""

    assignee = NameField(
        label="Assignee", required=False, max_length=LONGEST_ASSIGNEE, error_messages={"max_length": TOO_LONG}
    )
    feedback = forms.CharField(
        label="Feedback as JSON",
        required=False,
        max_length=LONGEST_FEEDBACK,
        error_messages={"max_length": TOO_LONG},
    )

    def clean_feedback(self) -> Mapping[str, Any] | None:
        text = self.cleaned_data["feedback"]
        if not text:
            return None
        try:
            value = read_json(text, exact=True)
        except NotJson:
            raise forms.ValidationError("This is not valid JSON.") from None
        if not isinstance(value, dict):
            raise forms.ValidationError('Enter a JSON object, for example {"comment": "text"}.')
        return value

    def remarks(self) -> Remarks:
        cleaned = self.cleaned_data
        return Remarks(cleaned["reason"], cleaned["assignee"], cleaned["feedback"])


class SignalForm(ExpertForm):
    """Every signal but approve and send back."""

    choice = forms.CharField(error_messages={"required": "Choose a signal."})
    reason = NoteField(
        label="Reason", required=False, max_length=LONGEST_REASON, error_messages={"max_length": TOO_LONG}
    )

    def clean_choice(self) -> SignalChoice:
        choice = other_named(self.cleaned_data["choice"])
        if choice is None:
            raise forms.ValidationError("Choose one of the signals.")
        return choice

    def signal_choice(self) -> SignalChoice:
        return cast(SignalChoice, self.cleaned_data["choice"])


class SendBackForm(ExpertForm):
    """Sending back needs a reason; the note goes along as the comment of the feedback."""

    reason = NoteField(
        label="Reason",
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why you are sending it back.", "max_length": TOO_LONG},
    )
    comment = NoteField(label="Note", required=False, max_length=LONGEST_NOTE, error_messages={"max_length": TOO_LONG})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        feedback, comment = cleaned.get("feedback"), cleaned.get("comment")
        if comment and feedback and "comment" in feedback:
            self.add_error("feedback", "This has a comment already. Leave out the note or that comment.")
        elif comment:
            cleaned["feedback"] = {**(feedback or {}), "comment": comment}
        return cleaned

    def signal_choice(self) -> SignalChoice:
        return SEND_BACK
