"""One bulk signal: its page, its progress, stop, carry on, retry."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedIn


@require_safe
def bulk(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def progress(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def stop(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def carry_on(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def retry(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    raise Http404
