"""Plans: made, read again, sent."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from accounts.requests import SignedIn


@require_POST
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def read_again(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def send(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404
