"""The table of work items."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedIn


@require_safe
def index(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def counts(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def pictures(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def columns(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404
