"""The file of an export: handed over, and all classes that its receipt counts."""

import uuid

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http_types import SignedIn
from console import error_pages, plain_text_responses
from console.common.parsing import read_page_number
from console.exports import download as downloading
from console.exports import form_addresses, monitor, presenters
from console.exports.models import ExportRequest, Receipt
from console.exports.receipt_presenters import ReceiptSummary, class_page
from console.upstream.download_ranges import NoSuchPart
from console.upstream.errors import NotFound


@require_safe
def classes(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """All classes of a receipt, for a person who can read its export."""
    state = monitor.read_state(user=request.user, export_id=str(export))
    receipt = get_object_or_404(Receipt, pk=str(export), state=Receipt.State.CHECKED)
    page = class_page(receipt, read_page_number(request.GET.get("page")))
    context = {
        "name": presenters.row(state).name,
        "receipt": receipt,
        "summary": ReceiptSummary(receipt),
        "page": page,
        "range": f"{page.start_index():,} to {page.end_index():,} of {page.paginator.count:,}",
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "exports/classes.html", context)


@require_safe
def download(request: SignedIn, export: uuid.UUID) -> HttpResponseBase:
    try:
        if request.method == "HEAD":
            return downloading.head_response(user=request.user, export_id=str(export))
        return downloading.open_download(user=request.user, export_id=str(export), request=request)
    except NoSuchPart as error:
        place = {} if error.total is None else {"Content-Range": f"bytes */{error.total}"}
        return plain_text_responses.answer(416, error.message, headers=place)
    except (downloading.NotReady, downloading.FileGone, NotFound) as error:
        own = ExportRequest.objects.filter(export_id=str(export)).first()
        if isinstance(error, NotFound) and (own is None or own.person_id != request.user.pk):
            # Their key does not read this export, so nothing that the console remembers of it is theirs.
            return error_pages.not_found(request)
        runs = isinstance(error, downloading.NotReady) and error.runs
        if plain_text_responses.is_for_tool(request):
            return plain_text_responses.answer(409 if runs else 410, _without_page(request, error.message, own, runs))
        context = {
            "error": error,
            "export_id": export,
            "runs": runs,
            "query": form_addresses.selection_query(own) if own else "",
        }
        context["name"] = own.name if own else ""
        if not isinstance(error, NotFound) and error.name:
            context["name"] = error.name
        return render(request, "exports/expired.html", context, status=409 if runs else 410)


def _without_page(request: SignedIn, message: str, own: ExportRequest | None, runs: bool) -> str:
    """What the page about a missing file says and offers, for a tool."""
    if runs or not request.user.can("change"):
        return message
    query = f"?{form_addresses.selection_query(own)}" if own else ""
    return f"{message} Make it again: {request.build_absolute_uri(reverse('exports:create'))}{query}"
