"""Sign-ins and changes of passwords and second factors, written into the audit as they happen."""

import contextlib
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.auth import signals as auth_signals
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest

from accounts.models import Person
from console.audit import record

FACTORS = {"totp": "authenticator app", "webauthn": "passkey or security key", "recovery_codes": "recovery codes"}


def connect() -> None:
    account_signals.user_logged_in.connect(_signed_in, dispatch_uid="audit")
    auth_signals.user_logged_out.connect(_signed_out, dispatch_uid="audit")
    auth_signals.user_login_failed.connect(_refused, dispatch_uid="audit")
    mfa_signals.authentication_failed.connect(_code_refused, dispatch_uid="audit")
    account_signals.password_changed.connect(_password_changed, dispatch_uid="audit")
    account_signals.password_reset.connect(_password_changed, dispatch_uid="audit")
    mfa_signals.authenticator_added.connect(_factor_added, dispatch_uid="audit")
    mfa_signals.authenticator_reset.connect(_factor_renewed, dispatch_uid="audit")
    mfa_signals.authenticator_removed.connect(_factor_removed, dispatch_uid="audit")


def refused(request: HttpRequest, view_name: str) -> None:
    """A page that a person is not allowed to open, once a minute, so that repeated tries do not fill the audit."""
    person = request.user
    if not person.is_authenticated or not cache.add(f"refused:{person.pk}:{view_name}", True, 60):
        return
    # The refusal stands whether or not it could be recorded, and the failure is in the log.
    with contextlib.suppress(record.NotRecorded):
        record.event(
            actor=person, action="page.refused", thing_kind="page", thing_id=view_name, thing_name=request.path[:200],
            request=request, outcome="failed",
        )  # fmt: skip


def passkey_refused(request: HttpRequest, user: Person | None) -> None:
    """Whose it was is known only where a password was right before it."""
    record.event(
        actor=user, action="session.refused", thing_kind="person", thing_name=user.email if user else "",
        request=request, outcome="failed", detail={"reason": "wrong passkey"},
    )  # fmt: skip


def _signed_in(request: HttpRequest, user: Person, **more: Any) -> None:
    """An unrecorded sign-in does not stand: with the page that says so (503), Django saves no session."""
    record.event(actor=user, action="session.sign_in", request=request)


def _signed_out(request: HttpRequest, user: Person | None, **more: Any) -> None:
    """A sign-out succeeds even if it cannot be recorded; the failure is in the log."""
    if user is not None:
        with contextlib.suppress(record.NotRecorded):
            record.event(actor=user, action="session.sign_out", request=request)


def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any) -> None:
    """What was typed as a name is kept only if it reads like one: people type passwords there by mistake."""
    name = str(credentials.get("email", ""))
    person = Person.objects.filter(email=name.lower()).first()
    record.event(
        actor=person, action="session.refused", thing_kind="person", request=request, outcome="failed",
        thing_name=name if person or _reads_like_an_address(name) else "",
        detail={"reason": "wrong password" if person else "unknown email address"},
    )  # fmt: skip


def _code_refused(request: HttpRequest, user: Person, **more: Any) -> None:
    record.event(
        actor=user, action="session.refused", thing_kind="person", thing_name=user.email, request=request,
        outcome="failed", detail={"reason": "wrong code"},
    )  # fmt: skip


def _password_changed(request: HttpRequest, user: Person, **more: Any) -> None:
    record.event(actor=user, action="password.change", request=request)


def _factor_added(request: HttpRequest, user: Person, authenticator: Any, **more: Any) -> None:
    name = FACTORS.get(authenticator.type, authenticator.type)
    record.event(actor=user, action="factor.add", thing_kind="factor", thing_name=name, request=request)


def _factor_renewed(request: HttpRequest, user: Person, authenticator: Any, **more: Any) -> None:
    name = FACTORS.get(authenticator.type, authenticator.type)
    record.event(actor=user, action="factor.renew", thing_kind="factor", thing_name=name, request=request)


def _factor_removed(request: HttpRequest, user: Person, authenticator: Any, **more: Any) -> None:
    name = FACTORS.get(authenticator.type, authenticator.type)
    record.event(actor=user, action="factor.remove", thing_kind="factor", thing_name=name, request=request)


def _reads_like_an_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
