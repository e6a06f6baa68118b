"""Which work items of a project are selected."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from accounts.requests import SignedIn


@require_POST
def select(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404
