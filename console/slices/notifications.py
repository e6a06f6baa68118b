"""Slices a person has created and waits for: shown once when they are done, wherever in the console the person is then.

Kept in the session, which every page reads anyway. A slice is followed from when its page first shows it being built.
"""

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import Person
from console.slices.provenance import Origin, thing_id
from console.upstream.response_models import Slice

FOLLOWED = "slices_followed"
MOST = 8


def follow(session: SessionBase, *, user: Person, avala_slice: Slice, origin: Origin | None) -> None:
    """Only what the person created here: other people's slices are not shown on every page."""
    name = thing_id(avala_slice)
    followed = addresses(session)
    if name and origin is not None and origin.actor_id == user.pk and name not in followed:
        session[FOLLOWED] = [*followed, name][-MOST:]


def forget(session: SessionBase, name: str) -> None:
    """The person knows how it ended, or there is nothing left to ask for."""
    followed = addresses(session)
    if name in followed:
        session[FOLLOWED] = [one for one in followed if one != name]


def addresses(session: SessionBase) -> list[str]:
    followed = session.get(FOLLOWED)
    return [str(one) for one in followed] if isinstance(followed, list) else []
