"""How allauth behaves here: no registration, limited sign-in attempts, encrypted secrets."""

import io
import time
from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from qrcode.image.svg import SvgPathFillImage

from accounts import crypto, middleware, throttling
from accounts.account_signals import mail_ready
from accounts.allauth_internals import context, get_authentication_records, unstash_login
from accounts.sessions import NO_ADDRESS, WHY_ENDED
from console import htmx, saved_forms
from console.audit.client_ip import address_of

# The library's session rows need an address; a request through a local socket has none.
WRONG = "This email address and password do not go together."
UNREADABLE = "Your second step cannot be read any more. Ask an administrator to remove it."
# What allauth records as the method of a sign-in or confirmation; "mfa" stands for passkeys and codes.
PROOFS = {"password", "mfa"}
TOO_MANY = "Too many tries. Wait five minutes, then try again."


class ConsoleAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library is not typed
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": WRONG,
        "too_many_login_attempts": TOO_MANY,
        "incorrect_password": "That is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        return subject

    def is_safe_url(self, url: str) -> bool:
        """This very host and port, not any of ALLOWED_HOSTS."""
        return htmx.is_ours(context.request, url)

    def send_mail(self, template_prefix: str, email: str, context_values: dict[str, Any]) -> None:
        request = context.request
        common = {"request": request, "email": email, "current_site": get_current_site(request)}
        mail_ready.send(sender=type(self), message=self.render_mail(template_prefix, email, common | context_values))

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or NO_ADDRESS

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        login = credentials.get("email", "").lower()
        self._login_failed_rl_usage = throttling.consume(request, login)
        if not self._login_failed_rl_usage:
            minutes = throttling.minutes_left(request, login)
            wait = "1 minute" if minutes == 1 else f"{minutes} minutes"
            raise ValidationError(f"Too many tries. Wait {wait}, then try again.", code="too_many_login_attempts")

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        person = self.authenticate(context.request, email=user.get_username(), password=password)
        return person is not None and person.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Whether this person last signed in or confirmed with a password, code or passkey over 30 minutes ago.

        A session that was only used since then proves nothing, and neither does a time in the future.
        """
        records = get_authentication_records(context.request, context.request.user)
        times = [record["at"] for record in records if record["method"] in PROOFS]
        return not any(0 <= time.time() - at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for at in times)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """A disabled person gets the message of a wrong password, so that it does not tell who has an account."""
        user = super().authenticate(request, **credentials)
        return user if user is not None and user.is_active else None

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        middleware.note_activity(request)
        request.session.pop(WHY_ENDED, None)
        saved_forms.forget_forms_of_others(request, user.pk)
        kwargs["redirect_url"] = saved_forms.find_address(request, kwargs.get("redirect_url") or "") or None
        response: HttpResponse = super().post_login(request, user, **kwargs)
        throttling.remember_device(request, response, user.get_username())
        return response

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Saves the password alone: saving the whole row could overwrite that the person was disabled meanwhile."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponseBase:
        return redirect("account_login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:profile")


class SealedMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library is not typed
    """TOTP secrets and recovery seeds are encrypted and bound to their person: a copied row cannot be used."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code is not right, or it has been used already.",
    }

    def build_totp_svg(self, url: str) -> str:
        """With a white ground of its own: cameras cannot read a black code on a dark page."""
        picture = io.BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:  # noqa: A002 - the library's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "My passkey" if number == 1 else f"My passkey {number}"

    def encrypt(self, text: str) -> str:
        return crypto.seal(text, self._context())

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return crypto.open_sealed(encrypted_text, self._context())
        except crypto.CannotOpen:
            # Never an empty text instead: codes of an empty secret could be worked out by anybody.
            raise ValidationError(UNREADABLE) from None

    def _context(self) -> str:
        """Whose secret it is: the person at the keyboard, or the one half-way through signing in."""
        request = context.request
        if request.user.is_authenticated:
            return mfa_context(request.user.pk)
        login = unstash_login(request, peek=True)
        return mfa_context(login.user.pk if login and login.user else None)


def mfa_context(person_id: Any) -> str:
    return f"mfa:{person_id}"
