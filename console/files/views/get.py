"""Files by their paths: which exist, how large they are, one or all to download (P2)."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
def get(request: SignedIn) -> HttpResponse:
    """The form to paste paths into."""
    raise Http404


@require_safe
def path_list(request: SignedIn, list_id: uuid.UUID) -> HttpResponse:
    """The paths of one list."""
    raise Http404


@require_POST
def sizes(request: SignedIn, list_id: uuid.UUID) -> HttpResponse:
    """Which of these exist, and how large they are."""
    raise Http404


@require_safe
def download(request: SignedIn, list_id: uuid.UUID, number: int) -> HttpResponse:
    """One of the files."""
    raise Http404


@require_safe
def zip_all(request: SignedIn, list_id: uuid.UUID) -> HttpResponse:
    """All of the files as one zip."""
    raise Http404
