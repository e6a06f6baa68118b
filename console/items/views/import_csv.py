"""Many work items from a CSV."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The form; a file that can be read becomes a plan."""
    raise Http404


@require_safe
def template(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """A CSV with all columns and an example."""
    raise Http404


@require_safe
def refused(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """The lines that were not created, ready to be corrected."""
    raise Http404
