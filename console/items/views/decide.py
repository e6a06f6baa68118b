"""Decisions on one work item."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedIn


@require_safe
def decision(request: SignedIn, project: uuid.UUID, decision: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def take_back(request: SignedIn, project: uuid.UUID, decision: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def approve(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def send_back(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404


@require_POST
def signal(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    raise Http404
