"""The results of a bulk signal as a CSV file."""

import uuid

from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.http_types import SignedIn
from console import htmx
from console.items.bulk.csv_export import describe_results, stream_results
from console.items.models import BulkSignal
from console.items.runs.result_selectors import read_filter
from console.items.runs.selectors import find_run


@require_safe
def results(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
    """Of a plan there are no results yet: it leads to its page."""
    bulk = find_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    if bulk.state in bulk.PLANNING:
        return htmx.redirect(request, bulk.get_absolute_url())
    if request.method == "HEAD":
        return describe_results(bulk, iter(()))
    filter_name = read_filter(bulk, request.GET.get("outcome", ""))
    return stream_results(user=request.user, bulk=bulk, filter_name=filter_name, request=request)
