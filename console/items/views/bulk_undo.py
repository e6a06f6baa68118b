"""Undoing a bulk signal."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx
from console.items.bulk import undo as undoing
from console.items.bulk.plans import NotPlanned
from console.items.models import BulkSignal
from console.items.runs.selectors import find_own_run
from console.upstream.errors import UpstreamError


@require_POST
def undo(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """A plan of its own for the inverse signal; nothing is sent before that is pressed."""
    bulk = find_own_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    try:
        page = undoing.plan_undo(user=request.user, bulk=bulk).get_absolute_url()
    except (NotPlanned, UpstreamError, ConnectionMissing) as error:
        messages.error(request, error.message)
        page = bulk.get_absolute_url()
    return htmx.redirect(request, page)
