"""What was typed into a form that could not be sent, kept in the session while its sender connects or replaces a key.

Only forms without secrets are kept here: batches, orders and exports. The page of the form takes it back by `?typed=`.
"""

import uuid
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

SESSION_KEY = "typed_forms"
MOST_FORMS = 3
MOST_CHARACTERS = 100_000
ONE_TIME = ("act_id", "id")


def keep(request: HttpRequest) -> str:
    """Keeps the posted form; returns the address that shows it again, or the bare one where it is too large."""
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    if sum(len(name) + len(value) for name, values in fields.items() for value in values) > MOST_CHARACTERS:
        return request.path
    token = uuid.uuid4().hex
    kept = dict(list(request.session.get(SESSION_KEY, {}).items())[1 - MOST_FORMS :])
    request.session[SESSION_KEY] = kept | {token: {"path": request.path, "fields": fields}}
    return f"{request.path}?{urlencode({'typed': token})}"


def kept(request: HttpRequest) -> QueryDict | None:
    """The form that this address names, with one-time ids of its own; None where nothing is kept for it."""
    found = request.session.get(SESSION_KEY, {}).get(request.GET.get("typed", ""))
    if not found or found["path"] != request.path:
        return None
    form = QueryDict(mutable=True)
    for name, values in found["fields"].items():
        form.setlist(name, [str(uuid.uuid4())] if name in ONE_TIME else values)
    return form
