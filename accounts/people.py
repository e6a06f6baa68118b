"""Adding people, giving roles, disabling. Disabling takes effect at once: sessions, keys and pages."""

import hashlib
import secrets
import smtplib
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.account_signals import person_disabled
from accounts.models import Invitation, Person
from accounts.rights import Role
from accounts.sessions import end_sessions
from console.audit import record
from console.common import redaction
from console.common.errors import ConsoleError


class LastAdministrator(ConsoleError):
    """No active administrator would be left."""

    message = "This is the only active administrator. Make somebody else an administrator first."


class KnownAlready(Exception):
    """There is a person with this address."""


def search_people(everybody: Iterable[Person], search: str) -> list[Person]:
    """Those whose name, email address, role or state holds every word of `search`, whatever the case."""
    words = search.casefold().split()
    return [person for person in everybody if all(word in _searchable(person) for word in words)]


def administrators() -> list[Person]:
    """Whom to ask: three at most."""
    return list(Person.objects.administrators()[:3])


def is_last_administrator(person: Person) -> bool:
    """Whether no other active administrator is left."""
    is_one = person.role == Role.ADMINISTRATOR and person.is_active
    return is_one and not Person.objects.administrators().exclude(pk=person.pk).exists()


def invite(*, by: Person, email: str, name: str, role: str, request: HttpRequest) -> tuple[Person, str]:
    """A new person who cannot sign in yet, and the token of the link with which they set their password.

    Raises KnownAlready where another press or another administrator was first.
    """
    with transaction.atomic():
        person = Person(email=email, name=name, role=role, is_active=False, invited_at=timezone.now())
        person.set_unusable_password()
        try:
            with transaction.atomic():
                person.save()
        except IntegrityError:
            raise KnownAlready from None
        token = _new_link(person, by)
        _record("person.invite", by, person, request, role=Role(role).label)
    return person, token


def renew_link(*, by: Person, person: Person, request: HttpRequest) -> str:
    """A new link, for an invitation that ran out or a forgotten password; the one before stops working."""
    with transaction.atomic():
        token = _new_link(person, by)
        _record("person.link", by, person, request)
    return token


def withdraw_link(*, by: Person, person: Person, request: HttpRequest) -> None:
    """Takes an open link back."""
    with transaction.atomic():
        Invitation.objects.filter(person=person).delete()
        _record("person.withdraw", by, person, request)


def mail_link(*, by: Person, person: Person, link: str) -> bool:
    """Sends the link where mail is set up; says whether it went out."""
    if not settings.MAIL_IS_SET_UP:
        return False
    text = (
        f"{by.name} invites you to the annotation console.\n\nSet your name and password here within 7 days:\n{link}\n"
    )
    try:
        send_mail("Your invitation to the annotation console", text, None, [person.email])
    except (smtplib.SMTPException, OSError):
        return False
    return True


def find_invitation(token: str) -> Invitation | None:
    """The open invitation behind a link, or nothing: unknown, used and expired links look the same."""
    invitation = Invitation.objects.select_related("person").filter(token_hash=_hash(token)).first()
    if invitation is None or not invitation.is_open or invitation.person.state == "disabled":
        return None
    # Only now: what a stranger puts into an address must not garble the audit, where it would stay for ever.
    redaction.remember(token)
    return invitation


@sensitive_variables("password")
def join(*, invitation: Invitation, name: str, password: str, request: HttpRequest) -> Person | None:
    """Sets name and password, once: of two who use the same link at the same time, one gets None."""
    with transaction.atomic():
        claimed = Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=timezone.now())
        if not claimed:
            return None
        person = invitation.person
        person.name, person.is_active = name, True
        person.joined_at = person.joined_at or timezone.now()
        person.set_password(password)
        # Not the role: it can have changed since the row was read.
        person.save(update_fields=["name", "is_active", "joined_at", "password"])
        record.event(
            actor=person, action="person.join", thing_kind="person", thing_id=person.pk, thing_name=person.name,
            request=request, detail={"role": Role(person.role).label},
        )  # fmt: skip
    return person


def change_role(*, by: Person, person: Person, role: str, request: HttpRequest) -> None:
    with transaction.atomic():
        before = _locked(person)
        if before.role == role:
            return
        _keep_an_administrator(before, stays=role == Role.ADMINISTRATOR)
        Person.objects.filter(pk=person.pk).update(role=role)
        _record("person.role", by, person, request, before=Role(before.role).label, after=Role(role).label)


def disable(*, by: Person, person: Person, request: HttpRequest) -> None:
    """Out at once: no session is left, and no key of theirs is opened any more, not by a job either."""
    with transaction.atomic():
        _keep_an_administrator(_locked(person), stays=False)
        Person.objects.filter(pk=person.pk).update(is_active=False)
        Invitation.objects.filter(person=person).delete()
        end_sessions(person)
        _record("person.disable", by, person, request)
        transaction.on_commit(partial(person_disabled.send, sender=Person, person=person), robust=True)


def enable(*, by: Person, person: Person, request: HttpRequest) -> None:
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(is_active=True)
        _record("person.enable", by, person, request)


def remove_factors(*, by: Person, person: Person, request: HttpRequest) -> None:
    """For a lost phone: the password alone lets them in again, until they set up a new second step."""
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        end_sessions(person)
        _record("person.factors", by, person, request)


def forget_expired_sessions() -> None:
    """Clears what no browser can use any more: the sessions, and the lines of "where you are signed in" about them."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    # A day's grace: a line may be a moment older than its session.
    lines = UserSession.objects.filter(created_at__lt=timezone.now() - timedelta(days=1))
    lines.exclude(session_key__in=Session.objects.values("session_key")).delete()


def join_link(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("accounts:join", args=[token]))


def _new_link(person: Person, by: Person) -> str:
    token = secrets.token_urlsafe(32)
    redaction.remember(token)
    fresh = {"token_hash": _hash(token), "made_by": by, "made_at": timezone.now(), "used_at": None}
    Invitation.objects.update_or_create(person=person, defaults=fresh)
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _searchable(person: Person) -> str:
    return f"{person.name} {person.email} {Role(person.role).label} {person.state}".casefold()


def _locked(person: Person) -> Person:
    """All administrators are locked with the person, so that two of them cannot demote each other at once."""
    list(Person.objects.administrators().select_for_update())
    return Person.objects.select_for_update().get(pk=person.pk)


def _keep_an_administrator(person: Person, *, stays: bool) -> None:
    if not stays and is_last_administrator(person):
        raise LastAdministrator


def _record(action: str, by: Person, person: Person, request: HttpRequest, **detail: Any) -> None:
    record.event(
        actor=by, action=action, thing_kind="person", thing_id=person.pk, thing_name=person.name or person.email,
        request=request, detail=detail,
    )  # fmt: skip
