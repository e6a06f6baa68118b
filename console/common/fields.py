"""Form fields for what people type: names, notes and one-time ids, read by the rules of `parsing`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator

from console.common.parsing import read_uuid, text_fault


class NameField(forms.CharField):
    """One line with something to see in it: no control characters, not only blanks or zero-width characters."""

    has_lines = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # One message for all control characters, NUL among them.
        self.validators = [check for check in self.validators if not isinstance(check, ProhibitNullCharactersValidator)]

    def validate(self, value: Any) -> None:
        super().validate(value)
        if fault := text_fault(str(value or ""), lines=self.has_lines):
            raise ValidationError(fault, code="text")


class NoteField(NameField):
    """A text in which line breaks and tabs are fine."""

    has_lines = True


class IdField(forms.CharField):
    """A UUID in its plain spelling, hidden by default; cleaned to a `UUID`, or None if empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": forms.HiddenInput, **options})

    def clean(self, value: Any) -> UUID | None:
        text = super().clean(value)
        if not text:
            return None
        uuid = read_uuid(text)
        if uuid is None:
            raise ValidationError("Open this page again.", code="invalid")
        return uuid
