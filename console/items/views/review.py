"""A run through the items of a filter."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedIn


@require_safe
def start(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def run(request: SignedIn, project: uuid.UUID, run: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def end(request: SignedIn, project: uuid.UUID, run: uuid.UUID) -> HttpResponse:
    raise Http404


@require_safe
def step(request: SignedIn, project: uuid.UUID, run: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def skip(request: SignedIn, project: uuid.UUID, run: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404
