"""Sealing everything again with the newest secret, while people work.

Each row is its own short transaction that changes the row only if it still holds what was read. So a key that is
replaced meanwhile stays replaced, and a run that is cut off has lost nothing: the next one goes on with what is left.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import crypto
from accounts.adapters import mfa_context
from accounts.models import ApiKey
from accounts.sessions import session_context

SECRET_FIELDS = {"secret", "seed"}

Turns = Iterator[tuple[str, Callable[[], int]]]
"""Rows that need a new seal: each as its name and the function that gives it one."""

_OTHER_TURNS: list[Callable[[], Turns]] = []


def register(turns: Callable[[], Turns]) -> None:
    """For what other apps seal."""
    if turns not in _OTHER_TURNS:
        _OTHER_TURNS.append(turns)


@dataclass
class RotationResult:
    """How a run went, in rows."""

    sealed: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate() -> RotationResult:
    tally = RotationResult()
    for name, turn in _turns():
        try:
            tally.sealed += turn()
        except crypto.CannotOpen:
            tally.unreadable.append(name)
    return tally


def left_over() -> int:
    """How many seals still need an older secret."""
    others = sum(len(list(turns())) for turns in _OTHER_TURNS)
    return _old_keys().count() + _old_sessions().count() + len(list(_old_authenticators())) + others


def _turns() -> Turns:
    """Every row that needs a new seal, as its name and the function that gives it one. Read first, then written."""
    for key in list(_old_keys().select_related("person")):
        yield f"the {key} of {key.person.email}", partial(_reseal_key, key)
    for authenticator in list(_old_authenticators()):
        yield f"the second step of {authenticator.user}", partial(_reseal_authenticator, authenticator.pk)
    for session in list(_old_sessions()):
        yield "a session", partial(_reseal_session, session)
    for turns in _OTHER_TURNS:
        yield from list(turns())


def _reseal_key(key: ApiKey) -> int:
    fresh = crypto.seal(crypto.open_sealed(key.sealed, key.context), key.context)
    return ApiKey.objects.filter(pk=key.pk, sealed=key.sealed).update(sealed=fresh)


def _reseal_authenticator(pk: int) -> int:
    """Read again under a lock, because JSON cannot be compared in every database."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return 0
        context = mfa_context(row.user_id)
        for name in SECRET_FIELDS & row.data.keys():
            row.data[name] = crypto.seal(crypto.open_sealed(row.data[name], context), context)
        row.save(update_fields=["data"])
    return 1


def _reseal_session(session: Session) -> int:
    context = session_context(session.session_key)
    fresh = crypto.seal(crypto.open_sealed(session.session_data, context), context)
    same = Session.objects.filter(pk=session.pk, session_data=session.session_data)
    return same.update(session_data=fresh)


def _old_keys() -> QuerySet[ApiKey]:
    return ApiKey.objects.exclude(sealed__startswith=_newest())


def _old_sessions() -> QuerySet[Session]:
    live = Session.objects.filter(expire_date__gt=timezone.now())
    return live.exclude(session_data__startswith=_newest())


def _old_authenticators() -> Iterator[Authenticator]:
    """Passkeys hold no secret; of the others there are few enough to look at each."""
    for row in Authenticator.objects.select_related("user").exclude(type=Authenticator.Type.WEBAUTHN):
        if any(not crypto.is_newest(row.data[name]) for name in SECRET_FIELDS & row.data.keys()):
            yield row


def _newest() -> str:
    return f"{crypto.newest_key_id()}."
