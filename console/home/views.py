"""The first page of the day, and the two addresses a supervisor asks."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import connections
from accounts.http_types import SignedIn
from console.home import readiness, selectors
from console.projects import selectors as projects
from console.slices import home_selectors as slice_selectors
from console.upstream.errors import UpstreamError

MOST_SLICES = 4


@require_safe
def index(request: SignedIn) -> HttpResponse:
    """Everything from our own database at once; what a vendor must be asked for comes as a block of its own."""
    context = _waiting(request) | {
        "recent": selectors.list_acts(user=request.user),
        "has_avala": selectors.may_ask_avala(user=request.user),
        "may_review": selectors.may_review(user=request.user),
    }
    return render(request, "home/index.html", context)


@require_safe
def slices(request: SignedIn) -> HttpResponse:
    """A block of its own: where it fails it says so in its own place, and the rest of the page stays."""
    try:
        rows = slice_selectors.list_latest(user=request.user, most=MOST_SLICES)
    except (UpstreamError, connections.ConnectionMissing) as problem:
        return render(request, "home/slices.html", {"problem": problem})
    return render(request, "home/slices.html", {"rows": rows, "unnamed": slice_selectors.unnamed_datasets_query(rows)})


@require_safe
def review(request: SignedIn) -> HttpResponse:
    """What waits for review, and whether nothing at all waits: only this block can know that."""
    context: dict[str, Any] = _waiting(request)
    try:
        context["reviews"] = projects.waiting_for_review(user=request.user)
    except (UpstreamError, connections.ConnectionMissing) as problem:
        context["problem"] = problem
    return render(request, "home/index.html#review", context)


@require_safe
def unfinished(request: SignedIn) -> HttpResponse:
    """The states of the slices this person created recently, where not known yet."""
    try:
        context: dict[str, Any] = {"todos": selectors.unfinished_slices(user=request.user)}
    except (UpstreamError, connections.ConnectionMissing) as problem:
        context = {"problem": problem}
    return render(request, "home/index.html#unfinished", context)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """This process can do its work: JSON with each part, and 503 where one doesn't work."""
    state = readiness.state()
    return JsonResponse(state, status=503 if state["problems"] else 200)


def _waiting(request: SignedIn) -> dict[str, Any]:
    waiting = selectors.list_waiting(user=request.user)
    return {"todos": waiting.todos, "unfinished": waiting.has_unfinished_slices}
