"""Sessions in the database, with their content sealed and their id hashed.

A session can hold what must not lie in the clear: a TOTP secret while it is being set up, or the form that waits for a
password (which may carry an API key). The seal is bound to the row. The browser's cookie holds the session's key; the
database holds only a hash of it, so that a stolen database opens no session.
"""

import base64
import hashlib
import json
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import crypto
from accounts.models import Person
from console.audit.client_ip import address_of

# What the column holds: 240 bits of a SHA-256.
ROW_KEY_LENGTH = 40
NO_ADDRESS = "::"
WHY_ENDED = "why_ended"


def row_key(session_key: str) -> str:
    """The key of a session's row: a hash of what the cookie holds."""
    digest = hashlib.sha256(session_key.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:ROW_KEY_LENGTH]


def session_context(row: str) -> str:
    """What the seal of a session's content is bound to."""
    return f"session:{row}"


def content_of(session: Session) -> dict[str, Any]:
    """What a row holds; {} where its seal does not open, and then the person signs in again."""
    try:
        content = json.loads(crypto.open_sealed(session.session_data, session_context(session.session_key)))
    except (crypto.CannotOpen, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


class SessionStore(DatabaseSessions):
    """`session_key` is what the cookie holds; every row is found by its hash."""

    def load(self) -> dict[str, Any]:
        """What the session holds; of one that was ended, only why. What is saved then is a new session."""
        row = row_key(self.session_key or "")
        session = _live(row)
        if session is None:
            self._session_key = None
            session = _live(row_key(row))
        return content_of(session) if session else {}

    def exists(self, session_key: str | None) -> bool:
        return self._rows(session_key or "").exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = row_key(self._get_or_create_session_key())  # type: ignore[attr-defined]  # as in Django 5.2
        sealed = crypto.seal(json.dumps(data), session_context(row))
        return Session(session_key=row, session_data=sealed, expire_date=self.get_expiry_date())

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError only where the row is gone; a database that takes no write raises its own error."""
        if self.session_key is None:
            self.create()
            return
        content = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # as in Django 5.2
        row = self.create_model_instance(content)
        if must_create:
            _insert(row)
        elif not self._rows(self.session_key).update(session_data=row.session_data, expire_date=row.expire_date):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            self._rows(key).delete()

    def _rows(self, session_key: str) -> QuerySet[Session]:
        return Session.objects.filter(session_key=row_key(session_key))


def _live(row: str) -> Session | None:
    return Session.objects.filter(session_key=row, expire_date__gt=timezone.now()).first()


def _insert(row: Session) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise CreateError from None


def remember_sign_in(request: HttpRequest, **more: Any) -> None:
    """A line in "where you are signed in", in place of allauth's own, which would keep the session's key in the clear.

    Also connected to a changed password, which gives the session a new key.
    """
    if not request.session.session_key:
        request.session.save()
    agent = request.headers.get("User-Agent", "")[: UserSession._meta.get_field("user_agent").max_length]
    about = {"user": request.user, "ip": address_of(request) or NO_ADDRESS, "user_agent": agent}
    key = row_key(request.session.session_key or "")
    UserSession.objects.update_or_create(session_key=key, defaults=about)
    lines = UserSession.objects.filter(user=request.user)
    lines.exclude(session_key__in=Session.objects.values("session_key")).delete()


def live_sessions(person: Person) -> list[tuple[UserSession, dict[str, Any]]]:
    """Where a person is signed in, with what each session holds. Sessions of an older password are none any more."""
    lines = list(UserSession.objects.filter(user=person))
    rows = Session.objects.filter(expire_date__gt=timezone.now()).in_bulk([line.session_key for line in lines])
    contents = [(line, content_of(rows[line.session_key])) for line in lines if line.session_key in rows]
    return [(line, content) for line, content in contents if _is_of(person, content)]


def end_sessions(person: Person, *, only: int | None = None, but: str = "", why: str = "") -> int:
    """Ends a person's sessions, or `only` that line's, but for the one with the session key `but`; says how many.

    `why` is kept in a row beside each, for the sign-in page of a browser with its cookie. The session row itself is
    deleted, so that no request under way can save it again.
    """
    lines = UserSession.objects.filter(user=person).exclude(session_key=row_key(but) if but else "")
    if only is not None:
        lines = lines.filter(pk=only)
    with transaction.atomic():
        keys = list(lines.values_list("session_key", flat=True))
        rows = Session.objects.filter(session_key__in=keys)
        if why:
            Session.objects.bulk_create(_reason_row(row, why) for row in rows)
        rows.delete()
        UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _reason_row(session: Session, why: str) -> Session:
    row = row_key(session.session_key)
    sealed = crypto.seal(json.dumps({WHY_ENDED: why}), session_context(row))
    return Session(session_key=row, session_data=sealed, expire_date=session.expire_date)


def end_other_sessions(request: HttpRequest, user: Person, **more: Any) -> None:
    """After a second factor was added, removed or replaced: every other browser has to sign in again."""
    end_sessions(user, but=request.session.session_key or "")


def _is_of(person: Person, content: dict[str, Any]) -> bool:
    same_password = constant_time_compare(content.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())
    return content.get(SESSION_KEY) == str(person.pk) and same_password
