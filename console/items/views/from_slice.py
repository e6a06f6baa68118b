"""Work items of the items of a slice."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID, owner: str, slug: str) -> HttpResponse:
    """The form; the slice and the batch are read for a plan."""
    raise Http404


@require_POST
def read_again(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Reads the slice and the batch once more."""
    raise Http404
