"""Ground-truth labels of one work item (P17)."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
def ground_truth(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """The form; what was typed is checked."""
    raise Http404


@require_safe
def preview(request: SignedIn, project: uuid.UUID, item: uuid.UUID, insert_id: uuid.UUID) -> HttpResponse:
    """The labels as they will be sent, drawn on the picture."""
    raise Http404


@require_POST
def send(request: SignedIn, project: uuid.UUID, item: uuid.UUID, insert_id: uuid.UUID) -> HttpResponse:
    """Sends the checked labels, once."""
    raise Http404
