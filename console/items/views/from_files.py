"""Work items of uploaded files."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID, upload_id: uuid.UUID) -> HttpResponse:
    """The form; the saved files become a plan."""
    raise Http404
