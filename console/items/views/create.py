"""One new work item (P15)."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The form, and what it creates."""
    raise Http404
