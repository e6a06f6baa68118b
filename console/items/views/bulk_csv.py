"""The results of a bulk signal as a CSV file."""

import uuid

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http_types import SignedIn
from console import htmx
from console.items.bulk.csv_export import describe_results, stream_results
from console.items.bulk.result_selectors import read_filter
from console.items.bulk.selectors import PLANNING, find_bulk


@require_safe
def results(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
    """Of a plan there are no results yet: it leads to its page."""
    bulk = find_bulk(user=request.user, project=project, bulk_id=bulk_id)
    if bulk.state in PLANNING:
        return htmx.redirect(request, reverse("items:bulk", args=[project, bulk_id]))
    if request.method == "HEAD":
        return describe_results(bulk, iter(()))
    chosen = read_filter(request.GET.get("outcome", ""))
    return stream_results(user=request.user, bulk=bulk, chosen=chosen, request=request)
