"""One import: its plan, its progress and its result."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedIn
from console.items.imports.plan_page import render_plan
from console.items.imports.selectors import PLANNING, find_import


@require_safe
def detail(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """The plan until it is started, then its progress and its result."""
    found = find_import(user=request.user, project=project, import_id=import_id)
    if found.state not in PLANNING:
        raise Http404
    return render_plan(request, found)


@require_POST
def start(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Creates the items of the plan."""
    raise Http404


@require_safe
def progress(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """How far it is, from its own row."""
    raise Http404


@require_POST
def stop(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Nothing further is created after the items in hand."""
    raise Http404


@require_POST
def carry_on(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Lets a paused one go on."""
    raise Http404


@require_POST
def retry(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Creates what was surely not created."""
    raise Http404
