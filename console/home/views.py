"""The first page of the day, and the two addresses a supervisor asks."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import connections
from accounts.http_types import SignedIn
from console.home import readiness, services
from console.upstream.errors import UpstreamError


@require_safe
def index(request: SignedIn) -> HttpResponse:
    """Everything from our own database at once; what a vendor must be asked for comes as a block of its own."""
    context = _waiting(request) | {
        "recent": services.recent(user=request.user),
        "has_avala": services.may_ask_avala(user=request.user),
        "may_review": services.may_review(user=request.user),
    }
    return render(request, "home/index.html", context)


@require_safe
def slices(request: SignedIn) -> HttpResponse:
    """A block of its own: where it fails it says so in its own place, and the rest of the page stands."""
    try:
        rows = services.latest_slices(user=request.user)
    except (UpstreamError, connections.ConnectionMissing) as problem:
        return render(request, "home/slices.html", {"problem": problem})
    return render(request, "home/slices.html", {"rows": rows, "unnamed": services.unnamed_datasets(rows)})


@require_safe
def review(request: SignedIn) -> HttpResponse:
    """What waits for review, and whether nothing at all waits: only this block can know that."""
    context: dict[str, Any] = _waiting(request)
    try:
        context["reviews"] = services.reviews(user=request.user)
    except (UpstreamError, connections.ConnectionMissing) as problem:
        context["problem"] = problem
    return render(request, "home/index.html#review", context)


@require_safe
def unfinished(request: SignedIn) -> HttpResponse:
    """What became of the slices this person created recently, as far as that is not known yet."""
    try:
        context: dict[str, Any] = {"todos": services.unfinished_slices(user=request.user)}
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
    found = readiness.state()
    return JsonResponse(found, status=503 if found["problems"] else 200)


def _waiting(request: SignedIn) -> dict[str, Any]:
    waiting = services.waiting(user=request.user)
    return {"todos": waiting.todos, "unfinished": waiting.has_unfinished_slices}
