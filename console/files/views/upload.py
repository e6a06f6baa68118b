"""Uploading files from the browser: the page, its ledger, and what its script asks for."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedIn


@require_safe
def upload(request: SignedIn) -> HttpResponse:
    """Where the files go and what the limits are, then the place to drop them."""
    raise Http404


@require_safe
def detail(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """The ledger of one upload."""
    raise Http404


@require_safe
def rows(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """One page of the ledger."""
    raise Http404


@require_POST
def add(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """Adds chosen files to the ledger; those that are saved already are said to be."""
    raise Http404


@require_POST
def links(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """Links for up to ten files that are sent next (P1)."""
    raise Http404


@require_POST
def report(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """What became of files, as the browser saw it."""
    raise Http404


@require_POST
def check(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """Looks one file up whose answer was lost (P2 and a HEAD)."""
    raise Http404
