"""What was typed into a form that could not be sent, kept in the session until its sender can send it.

That is after connecting or replacing a key, or after signing in again. Only fields that the form's view names as
harmless are kept. The page of the form takes them back by `?typed=`; nothing is ever sent by itself.
"""

import logging
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from console import htmx
from console.common import database
from console.common.typed_fields import ONE_TIME, form_page, saves_form, typed_fields

log = logging.getLogger(__name__)

SESSION_KEY = "typed_forms"
MOST_FORMS = 3
MOST_CHARACTERS = 250_000


def save_form(request: HttpRequest, *, owner: str = "") -> str:
    """Keeps the posted form; returns the address that shows it again, or the bare one where it can't be kept.

    `owner` is the primary key of the only person who can have it back; without one, the person who is signed in.
    """
    owner = owner or str(request.user.pk or "")
    fields: dict[str, list[str]] = {}
    for name, value in typed_fields(request):
        fields.setdefault(name, []).append(value)
    page = form_page(request)
    if sum(len(name) + sum(map(len, values)) for name, values in fields.items()) > MOST_CHARACTERS:
        return page
    token = uuid.uuid4().hex
    form = {"path": page, "fields": fields, "owner": owner, "came_from": htmx.page_address(request)}
    recent = dict(list(request.session.get(SESSION_KEY, {}).items())[1 - MOST_FORMS :])
    request.session[SESSION_KEY] = recent | {token: form}
    return _address(token, form) if _is_saved(request) else page


def read_form(request: HttpRequest) -> QueryDict | None:
    """The form that this address names, with one-time ids of its own; None where nothing is kept for it."""
    saved_form = request.session.get(SESSION_KEY, {}).get(request.GET.get("typed", ""))
    if not saved_form or saved_form["path"] != request.path or not _is_of(saved_form, request.user.pk):
        return None
    form = QueryDict(mutable=True)
    for name, values in saved_form["fields"].items():
        form.setlist(name, [str(uuid.uuid4())] if name in ONE_TIME else values)
    return form


def has_form(request: HttpRequest) -> bool:
    """Whether a form waits in the session of somebody who is not signed in."""
    return not request.user.is_authenticated and bool(request.session.get(SESSION_KEY))


def forget_forms_of_others(request: HttpRequest, person_id: Any) -> None:
    """After a sign-in: forgets the forms that were another person's."""
    forms = request.session.get(SESSION_KEY, {})
    own = {token: form for token, form in forms.items() if _is_of(form, person_id)}
    if len(own) < len(forms):
        request.session[SESSION_KEY] = own


def find_address(request: HttpRequest, address: str) -> str:
    """Where the newest kept form is shown, if `address` is the page it was typed on or is empty; else `address`."""
    for token, form in reversed(request.session.get(SESSION_KEY, {}).items()):
        if not address or urlsplit(address).path in (form["path"], urlsplit(form["came_from"]).path):
            return address if "typed=" in address else _address(token, form)
    return address


def forget_sent_form(request: HttpRequest, response: HttpResponseBase) -> None:
    """Forgets what was kept of a form that has now been taken in, so that a reload shows what it became."""
    forms = request.session.get(SESSION_KEY)
    if not forms or not request.user.is_authenticated or response.status_code >= 400 or not saves_form(request):
        return
    page = form_page(request)
    request.session[SESSION_KEY] = {token: form for token, form in forms.items() if form["path"] != page}


def _is_of(form: dict[str, Any], person_id: Any) -> bool:
    return form["owner"] in ("", str(person_id))


def _address(token: str, form: dict[str, Any]) -> str:
    return f"{form['path']}?{urlencode({'typed': token})}"


def _is_saved(request: HttpRequest) -> bool:
    """Saves the session now: an answer that promises to keep the form must not be sent where it could not be."""
    try:
        with transaction.atomic():
            request.session.save()
    except (UpdateError, *database.FAILURES) as error:
        log.warning("A form could not be kept: %s", error)
        return False
    return True
