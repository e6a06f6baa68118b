"""An export that is queued or being sent: its page, and taking it off the queue."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx
from console.common import polling
from console.exports import export_queue, form_addresses, presenters, services
from console.exports import slot as slots
from console.exports.models import ExportRequest
from console.exports.slot_presenters import SlotStatus


@require_safe
def detail(request: SignedIn, export_request: uuid.UUID) -> HttpResponse:
    """An export that CloudFactory does not have yet, or whose start is not clear."""
    own = services.follow_audit(_own(request, export_request))
    if own.export_id:
        return htmx.redirect(request, reverse("exports:detail", args=[own.export_id]))
    look = presenters.read_look(request.GET.get("look"))
    context = {
        "export_request": own,
        "unresolved_act": services.unresolved_act(own),
        "slot": _slot_of(own) if own.state == ExportRequest.State.QUEUED else None,
        "delay": polling.EXPORT.seconds(look) if own.state != ExportRequest.State.DROPPED else None,
        "look": look + 1,
        "query": form_addresses.selection_query(own),
    }
    part = "#status" if htmx.is_htmx(request) else ""
    return render(request, f"exports/request.html{part}", context)


@require_POST
def leave(request: SignedIn, export_request: uuid.UUID) -> HttpResponse:
    own = _own(request, export_request)
    if not export_queue.leave_queue(own, request=request):
        messages.warning(request, f"“{own.name}” was not waiting any more.")
    return redirect("exports:request", export_request=export_request)


def _slot_of(export_request: ExportRequest) -> SlotStatus:
    """The export slot as the person who waits for it sees it; without a key only the queue is known."""
    user, space = export_request.person, export_request.space
    try:
        if connections.space(user).id == space:
            return SlotStatus(slots.read_usage_or_last(user=user), user, export_request)
    except ConnectionMissing:
        pass
    return SlotStatus(slots.unknown_usage(user=user, space=space), user, export_request)


def _own(request: SignedIn, pk: uuid.UUID) -> ExportRequest:
    """Another person's request is as if it did not exist."""
    return get_object_or_404(ExportRequest.objects.select_related("person"), pk=pk, person=request.user)
