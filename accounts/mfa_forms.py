"""The library's forms of the second step, with what they leave open closed: codes used twice, and JSON that bites."""

import json
from collections.abc import Callable
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts import audit_signals
from accounts.allauth_internals import context, normalize_user_code
from accounts.models import Person

NOT_ACCEPTED = "This passkey or key was not accepted. Try again, or go another way."
# What the library's reader raises at an answer of another shape than a browser's.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
TOO_MANY = "too_many_login_attempts"


class CodeForm(AuthenticateForm):  # type: ignore[misc]  # the library is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.pop("placeholder")
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}

    def clean_code(self) -> str:
        return _once(self, super().clean_code)


class ConfirmCodeForm(ReauthenticateForm):  # type: ignore[misc]  # the library is not typed
    def clean_code(self) -> str:
        return _once(self, super().clean_code)


class CarefulForm(forms.Form):
    """What the forms with a browser's answer have in common: it comes as JSON, in a hidden field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = forms.JSONField(widget=forms.HiddenInput, decoder=CarefulDecoder)

    def get_context(self) -> dict[str, Any]:
        """Django would name the hidden field in front of what is wrong with its content."""
        wrong = [*self.non_field_errors(), *self.errors.get("credential", ())]
        return super().get_context() | {
            "errors": self.error_class(wrong, error_class="nonfield", renderer=self.renderer)
        }


class AnswerForm(CarefulForm):
    user: Person | None

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the library's form that comes next
        except (ValidationError, *UNREADABLE) as refusal:
            if getattr(refusal, "code", "") == TOO_MANY:
                raise  # not even looked at, and says how long to wait
            audit_signals.passkey_refused(context.request, self.user)
            raise ValidationError(NOT_ACCEPTED) from None


class PasskeyForm(AnswerForm, AuthenticateWebAuthnForm):  # type: ignore[misc]  # the library is not typed
    pass


class SignInPasskeyForm(AnswerForm, LoginWebAuthnForm):  # type: ignore[misc]  # the library is not typed
    pass


class ConfirmPasskeyForm(AnswerForm, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # the library is not typed
    pass


class NewPasskeyForm(CarefulForm, AddWebAuthnForm):  # type: ignore[misc]  # the library is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "For yourself, so that you know which one it is."
        self.fields["passwordless"].label = "Use it instead of the password"
        self.fields["passwordless"].help_text = "It then asks for your finger, face or PIN each time you sign in."

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean() or {}
        except UNREADABLE:
            raise ValidationError(NOT_ACCEPTED) from None


class CarefulDecoder(json.JSONDecoder):
    """Too deep and numbers without end are unreadable like any other text; the form's field expects this error only."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except (RecursionError, ValueError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from None


def _once(form: BaseAuthenticateForm, check: Callable[[], str]) -> str:
    """A code of the app opens once, for as long as it would be taken.

    The library remembers it for the period it is shown in, but takes it in the period before and after as well.
    """
    spent = f"second-step-spent:{form.user.pk}:{normalize_user_code(form.cleaned_data['code'])}"
    if cache.get(spent):
        form.cleaned_data["code"] = ""  # refused, counted and recorded like any wrong one
    code = check()
    if form.authenticator.type == Authenticator.Type.TOTP:
        cache.set(spent, True, app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1))
    return code
