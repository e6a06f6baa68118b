"""Undoing a bulk signal."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from accounts.requests import SignedIn


@require_POST
def undo(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404
