"""The page of one export, its part that changes, and its deletion."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import write_errors
from console.audit import selectors as audit
from console.audit import unresolved
from console.common.parsing import read_uuid
from console.exports import form_addresses, monitor, presenters, receipts, services
from console.exports.models import ExportRequest, Receipt
from console.exports.receipt_presenters import ReceiptSummary
from console.upstream.errors import NotFound, UpstreamError
from console.upstream.response_models import Export


@require_safe
def detail(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    state = monitor.read_state(user=request.user, export_id=str(export))
    row = presenters.row(state)
    here = reverse("exports:detail", args=[export])
    context = _status_context(request, row) | {
        "history": audit.history("export", str(export)),
        "unresolved_acts": unresolved.of_thing(request.user, "export", str(export), back=here),
    }
    return render(request, "exports/detail.html", context)


@require_safe
def status(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until the end, also while the vendor is silent."""
    state, error = monitor.read_state_or_last(user=request.user, export_id=str(export))
    if isinstance(error, NotFound):
        return render(request, "exports/gone.html", {"export_id": export})
    context = {"export_id": export, **presenters.next_look(request.GET.get("look"), error)}
    if state is not None:
        row = presenters.row(state)
        # What was offered while it ran, to cancel it, is another act now.
        context |= _status_context(request, row, error) | {"just_ended": "runs" in request.GET and not row.state.active}
    return render(request, "exports/detail.html#status", context)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """GET asks, as the dialog on the page does; POST deletes, or cancels what still runs."""
    act_id = read_uuid(request.POST.get("act_id"))
    try:
        if request.method != "POST":
            state = monitor.read_state(user=request.user, export_id=str(export))
            return render(request, "exports/delete.html", _delete_context(export, state) | {"act_id": uuid.uuid4()})
        if act_id is None:
            messages.warning(request, "This page has expired. Nothing was deleted; try again.")
            return redirect("exports:detail", export=export)
        services.delete(user=request.user, export_id=str(export), act_id=act_id, request=request)
        messages.success(request, "The export and its file are deleted, for everyone.")
    except NotFound:
        messages.info(request, "The export no longer exists, so nothing was deleted.")
    except write_errors.KINDS as error:
        if request.method != "POST":
            raise
        context, back = _delete_context(export, _last_known(request, export)), reverse("exports:detail", args=[export])
        return write_errors.answer(request, error, "exports/delete.html", context, back=back)
    return redirect("exports:index")


def _delete_context(export: uuid.UUID, state: Export | None) -> dict[str, Any]:
    return {
        "export_id": export,
        "name": presenters.row(state).name if state else "this export",
        "active": state is not None and presenters.row(state).state.active,
    }


def _last_known(request: SignedIn, export: uuid.UUID) -> Export | None:
    try:
        return monitor.last_known_state(user=request.user, export_id=str(export))
    except ConnectionMissing:
        return None


def _expected_receipt(export_request: ExportRequest | None) -> Receipt | None:
    """The receipt as the worker is about to ask for it, where a page was the first to see the end."""
    if export_request is None or monitor.noted_end(export_request) != "COMPLETED":
        return None
    return Receipt(
        export_id=export_request.export_id, space=export_request.space, selection_key=export_request.selection.key
    )


def _status_context(request: SignedIn, row: presenters.ExportRow, error: UpstreamError | None = None) -> dict[str, Any]:
    receipt = Receipt.objects.filter(pk=row.export.id).first() or _expected_receipt(row.export_request)
    waits = error or row.state.active or (receipt is not None and receipt.state == Receipt.State.WAITING)
    turn = presenters.next_look(request.GET.get("look"), error)
    return turn | {
        "row": row,
        "receipt": receipt,
        "summary": ReceiptSummary(receipt) if receipt and receipt.state == Receipt.State.CHECKED else None,
        "comparison": receipts.compare(receipt) if receipt else None,
        "usual": presenters.usual_duration(connections.space(request.user).id),
        "delay": turn["delay"] if waits else None,
        "query": form_addresses.selection_query(row.export_request) if row.export_request else "",
        "act_id": uuid.uuid4(),
    }
