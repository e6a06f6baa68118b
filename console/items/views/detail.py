"""One work item: its picture, its labels, its facts."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import SignedIn


@require_safe
def detail(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def labels(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def download(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def renew(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404
