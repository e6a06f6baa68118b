"""Addresses of the audit page: every filter and every place in the list stands in one."""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from console.audit.forms import HIDDEN, LEAVING
from console.audit.models import UNKNOWN
from console.audit.selectors import EntryPage
from console.common.parsing import read_int


def index(request: HttpRequest, **changes: Any) -> str:
    query = _current_query(request)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return reverse("audit:index") + (f"?{query.urlencode()}" if query else "")


def query(request: HttpRequest) -> str:
    return _current_query(request).urlencode()


def _current_query(request: HttpRequest) -> QueryDict:
    """The filters of the address without the place in the list and without what is empty."""
    query = QueryDict(mutable=True)
    for name in request.GET:
        if request.GET[name] and name not in {"before", "after"}:
            query.setlist(name, request.GET.getlist(name)[-1:])
    return query


def cursor(request: HttpRequest, name: str) -> int | None:
    return read_int(request.GET.get(name))


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Ready views; the other filters stay."""
    leaving, unknown = request.GET.get("view") == LEAVING, request.GET.get("outcome") == UNKNOWN
    return [
        {"label": "Everything", "url": index(request, view=None, outcome=None), "on": not leaving and not unknown},
        {"label": "Exports and downloads", "url": index(request, view=LEAVING, outcome=None), "on": leaving},
        {"label": "Unresolved", "url": index(request, view=None, outcome=UNKNOWN), "on": unknown and not leaving},
    ]


def sign_ins(request: HttpRequest) -> dict[str, str]:
    """The link that hides sign-ins, or shows them again; the other filters stay."""
    if request.GET.get("sign_ins") == HIDDEN:
        return {"label": "Show sign-ins", "url": index(request, sign_ins=None)}
    return {"label": "Hide sign-ins", "url": index(request, sign_ins=HIDDEN)}


def ways(request: HttpRequest, page: EntryPage) -> dict[str, str]:
    newer = index(request, after=page.newer) if page.newer is not None else ""
    older = index(request, before=page.older) if page.older is not None else ""
    return {"newer": newer, "older": older}


def unseen(request: HttpRequest) -> list[tuple[str, str]]:
    """Filters without a field of their own, which the form must carry along."""
    return [(name, request.GET[name]) for name in ("view", "thing", "period", "sign_ins") if request.GET.get(name)]
