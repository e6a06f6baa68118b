"""Why a file was not uploaded, in words for the person: whom to ask, or what to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.http_types import SignedIn
from accounts.models import Person
from accounts.people import administrators
from accounts.rights import Right
from console.common.formatting import plural
from console.files.models import UploadFile
from console.files.upload_origins import upload_origins

State = UploadFile.State

SILENCE = "The file store did not answer."
SENTENCES = {
    "silence": SILENCE,
    "changed": "The file was changed after it was chosen. Choose it again.",
    "gone": "The file can't be read any more. It may have been moved, renamed or deleted. Choose it again.",
    "stopped": "Stopped.",
}
BY_STATUS = {
    400: "The file store refused it (400).",
    403: "The file store refused the link (403).",
    411: "The file store did not take it without its size (411).",
    413: "The file store refused it: it is too large (413).",
}


MOST_MESSAGE = 500
MOST_HOST = 200


@dataclass(frozen=True)
class Reported:
    """What the browser says about one file; `message` is made from its reason."""

    state: str
    message: str = ""


def read_reported(reported: Any, request: SignedIn) -> Reported | None:
    """None for what is no report."""
    if not isinstance(reported, Mapping) or reported.get("state") not in State.values:
        return None
    state, reason = str(reported["state"]), str(reported.get("reason") or "")
    if reason == "refused-origin":
        return Reported(state, origin_refused(request)[:MOST_MESSAGE])
    if reason == "status":
        return Reported(state, _status_words(reported.get("status")))
    return Reported(state, SENTENCES.get(reason, ""))


def origin_refused(request: SignedIn) -> str:
    """The store did not let this console's pages send to it."""
    if not request.user.can(Right.PEOPLE):
        return f"The file store doesn't accept uploads from this console. {ask_administrator()}"
    first, others = next(iter(upload_origins()), ""), len(upload_origins()) - 1
    store = f"{first} or {plural(others, 'other')}" if others > 0 else first or "none is set"
    return (
        f"The file store ({store}) doesn't allow uploads from {request.scheme}://"
        f"{request.get_host()}. Its CORS rules need this origin in Access-Control-Allow-Origin, the method PUT and "
        "the header Content-Type. The console allows the hosts in its setting UPLOAD_ORIGINS."
    )


def not_set_up(person: Person) -> str:
    """No host may be uploaded to."""
    if not person.can(Right.PEOPLE):
        return f"Uploading is not set up in this console. {ask_administrator()}"
    return (
        "Uploading is not set up: the setting UPLOAD_ORIGINS is empty. "
        "It takes the hosts of the file store, such as https://store.example.com."
    )


def other_store(person: Person, origin: str) -> str:
    """CloudFactory's links lead to a host that the setting does not name."""
    if not person.can(Right.PEOPLE):
        return f"CloudFactory's links lead to a file store that this console doesn't know. {ask_administrator()}"
    return f"CloudFactory's links lead to {origin[:MOST_HOST]}, which the setting UPLOAD_ORIGINS doesn't name."


def ask_administrator() -> str:
    names = [person.name or person.email for person in administrators()]
    return f"Ask {' or '.join(names)}." if names else "Ask an administrator."


def _status_words(status: Any) -> str:
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status < 600:
        return "The file store refused it."
    if status in BY_STATUS:
        return BY_STATUS[status]
    return f"The file store had a problem ({status})." if status >= 500 else f"The file store refused it ({status})."
