"""What was typed into a form that could not be sent, kept in the session while its sender connects or replaces a key.

Only fields that the form's view names as harmless are kept. The page of the form takes them back by `?typed=`.
"""

import uuid
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from console.common.typed_fields import ONE_TIME, typed_fields

SESSION_KEY = "typed_forms"
MOST_FORMS = 3
MOST_CHARACTERS = 100_000


def keep(request: HttpRequest) -> str:
    """Keeps the posted form; returns the address that shows it again, or the bare one where it is too large."""
    fields: dict[str, list[str]] = {}
    for name, value in typed_fields(request):
        fields.setdefault(name, []).append(value)
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
