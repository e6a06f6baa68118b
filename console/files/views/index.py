"""What was uploaded recently, and the ways to upload and to get files."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import connections
from accounts.http_types import SignedIn
from accounts.rights import Right
from console.files import presenters


@require_safe
def index(request: SignedIn) -> HttpResponse:
    """The person's recent uploads into the space."""
    space = connections.space(request.user)
    context = {
        "space": space,
        "uploads": presenters.read_recent(request.user, space),
        "can_upload": request.user.can(Right.CHANGE),
        "can_download": request.user.can(Right.DOWNLOAD),
    }
    return render(request, "files/index.html", context)
