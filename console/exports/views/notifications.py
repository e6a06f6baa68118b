"""Notifications of exports that ended, which every page polls for."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.http_types import SignedIn
from console import htmx
from console.common import polling
from console.exports import notifications, presenters


@require_POST
def notify(request: SignedIn) -> HttpResponse:
    """Exports that ended since this person was last notified, on whichever page they are."""
    here = htmx.page_address(request).partition("?")[0]
    export_requests = [
        each for each in notifications.take_notifications(user=request.user) if not each.is_shown_at(here)
    ]
    look = presenters.read_look(request.GET.get("look"))
    context = {
        "ended": export_requests,
        "delay": polling.EXPORT.seconds(look),
        "look": look + 1,
        "more": notifications.awaits_notification(request.user),
    }
    return render(request, "exports/notifications.html", context)
