"""What was uploaded recently, and the ways to upload and to get files."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import SignedIn


@require_safe
def index(request: SignedIn) -> HttpResponse:
    """The person's recent uploads into the space."""
    raise Http404
