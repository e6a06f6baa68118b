"""From a slice to a batch: which project, and how far the batches are."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import SignedIn


@require_safe
def projects(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    """The projects whose batches the slice can be sent to."""
    raise Http404


@require_safe
def batches(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    """How far the work items of the slice are, batch by batch."""
    raise Http404
