"""The results of a bulk signal as a CSV file."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import SignedIn


@require_safe
def results(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404
