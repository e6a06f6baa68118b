"""Exports: the list with the export slot, following one, deleting it."""

import math
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import error_pages, htmx, write_errors
from console.audit import selectors as audit
from console.audit import unresolved
from console.common import polling
from console.common.parsing import read_cursor, read_int, read_uuid
from console.exports import create_form, export_queue, monitor, notifications, presenters, receipts, selectors, services
from console.exports import slot as slots
from console.exports.models import ExportRequest, Receipt
from console.exports.receipt_presenters import ReceiptSummary
from console.exports.slot_presenters import SlotStatus
from console.upstream.errors import NotFound, UpstreamError
from console.upstream.response_models import Export, Page


@require_safe
def index(request: SignedIn) -> HttpResponse:
    asked = request.GET
    sort = next((name for name in selectors.SORTS if name == asked.get("sort")), "createdAt")
    order = "ASC" if asked.get("order") == "ASC" else "DESC"
    wanted = next((name for name in presenters.FILTERS if name == asked.get("show")), "")
    context = {"sort": sort, "order": order, "show": wanted, "filters": presenters.FILTERS.items(), "look": 1}
    found, usage = _read_with_lane(request, wanted, sort, order)
    context |= {"slot": SlotStatus(usage, request.user), "delay": polling.EXPORT.seconds(0)}
    if isinstance(found, UpstreamError):
        context |= {"error": found, "at_start": "cursor" not in asked}
        return render(request, "exports/index.html", context, status=error_pages.status_of(found))
    if isinstance(found, Page):
        return render(request, "exports/index.html", context | {"rows": presenters.rows(found.items), "page": found})
    exports, all_read = found
    context |= {
        "rows": presenters.sort_rows(
            presenters.filter_rows(presenters.rows(exports), wanted, request.user.pk), sort, order
        )
    }
    return render(request, "exports/index.html", context | {"read": len(exports), "all_read": all_read})


Found = Page[Export] | tuple[list[Export], bool]


def _read_with_lane(
    request: SignedIn, wanted: str, sort: str, order: str
) -> tuple[Found | UpstreamError, slots.SlotUsage]:
    """What the list shows, and who uses the export slot: out of the same answer where that begins with the newest."""
    user = request.user
    read: Callable[[], Found] = selectors.newest_reader(user=user) if wanted else _page(request, sort, order)
    if wanted or ((sort, order) == ("createdAt", "DESC") and "cursor" not in request.GET):
        (found,) = connections.gather([slots.sharing_reader(user=user, read=read, newest=_exports_in)])
        answer = found if isinstance(found, UpstreamError) else _exports_in(found)
    else:
        reads: list[Callable[[], Any]] = [read, slots.newest_reader(user=user)]
        found, answer = connections.gather(reads)
    return found, slots.usage_from(user=user, answer=answer)


def _exports_in(found: Found) -> Sequence[Export]:
    return found.items if isinstance(found, Page) else found[0]


def _page(request: SignedIn, sort: str, order: str) -> Callable[[], Page[Export]]:
    """What reads one page as the vendor has it."""
    cursor = read_cursor(request.GET.get("cursor"))
    direction = "PREV" if request.GET.get("direction") == "PREV" else "NEXT"
    return selectors.page_reader(
        user=request.user, cursor=cursor, direction=direction if cursor else None, sort=sort, order=order
    )


@require_safe
def row(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """One row of the list, which asks for itself again until its export has ended."""
    found, error = _followed(request, export)
    if isinstance(error, NotFound):
        own = ExportRequest.objects.filter(export_id=str(export), person=request.user).first()
        return render(request, "exports/gone.html#row", {"export_id": export, "gone": found or own})
    if found is None:
        return HttpResponse(status=204)
    return render(request, "exports/index.html#row", _turn(request, error) | {"row": presenters.row(found)})


@require_safe
def slot(request: SignedIn) -> HttpResponse:
    """The export slot as a fragment that asks for itself again while it is in use."""
    slot = SlotStatus(slots.read_usage_or_last(user=request.user), request.user)
    turn = _turn(request, slot.usage.error)
    # A page with the form asks with `queue`, and says whether the queue is offered there.
    context = {"with_form": "queue" in request.GET, "is_queue_offered": slot.is_busy, "is_off": "off" in request.GET}
    context["is_queue_changed"] = context["with_form"] and slot.is_busy != ("busy" in request.GET)
    return render(
        request,
        "exports/slot.html",
        turn | context | {"slot": slot, "delay": turn["delay"] if slot.is_watched else None},
    )


@require_POST
def news(request: SignedIn) -> HttpResponse:
    """What ended since this person last heard of it, wherever in the console they are."""
    here = htmx.page_address(request).partition("?")[0]
    told = [
        export_request
        for export_request in notifications.take_notifications(user=request.user)
        if not export_request.is_shown_at(here)
    ]
    look = _number(request.GET.get("look"))
    context = {
        "told": told,
        "delay": polling.EXPORT.seconds(look),
        "look": look + 1,
        "more": notifications.awaits_notification(request.user),
    }
    return render(request, "exports/news.html", context)


@require_safe
def plan(request: SignedIn, plan: uuid.UUID) -> HttpResponse:
    """An export that the vendor does not have yet, or of which we do not know."""
    found = services.follow_audit(_own(request, plan))
    if found.export_id:
        return htmx.redirect(request, reverse("exports:detail", args=[found.export_id]))
    look = _number(request.GET.get("look"))
    context = {
        "plan": found,
        "unresolved_act": services.unresolved_act(found),
        "slot": _slot_of(found) if found.state == ExportRequest.State.QUEUED else None,
        "delay": polling.EXPORT.seconds(look) if found.state != ExportRequest.State.DROPPED else None,
        "look": look + 1,
        "query": create_form.selection_query(found),
    }
    part = "#status" if htmx.is_htmx(request) else ""
    return render(request, f"exports/plan.html{part}", context)


def _slot_of(export_request: ExportRequest) -> SlotStatus:
    """The export slot as the person who waits for it sees it; without a key only the queue is known."""
    try:
        if connections.space(export_request.person).id == export_request.space:
            return SlotStatus(
                slots.read_usage_or_last(user=export_request.person), export_request.person, export_request
            )
    except ConnectionMissing:
        pass
    return SlotStatus(
        slots.unknown_usage(user=export_request.person, space=export_request.space),
        export_request.person,
        export_request,
    )


@require_POST
def leave(request: SignedIn, plan: uuid.UUID) -> HttpResponse:
    found = _own(request, plan)
    if not export_queue.leave_queue(found, request=request):
        messages.warning(request, f"“{found.name}” was not waiting any more.")
    return redirect("exports:plan", plan=plan)


@require_safe
def detail(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    found = monitor.read_state(user=request.user, export_id=str(export))
    row = presenters.row(found)
    here = reverse("exports:detail", args=[export])
    context = _following(request, row) | {
        "history": audit.history("export", str(export)),
        "unresolved_acts": unresolved.of_thing(request.user, "export", str(export), back=here),
    }
    return render(request, "exports/detail.html", context)


@require_safe
def status(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until the end, also while the vendor is silent."""
    found, error = _followed(request, export)
    if isinstance(error, NotFound):
        return render(request, "exports/gone.html", {"export_id": export})
    context = {"export_id": export, **_turn(request, error)}
    if found is not None:
        row = presenters.row(found)
        # What was offered while it ran, to cancel it, is another act now.
        context |= _following(request, row, error) | {"just_ended": "runs" in request.GET and not row.state.active}
    return render(request, "exports/detail.html#status", context)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """GET asks, as the dialog on the page does; POST deletes, or cancels what still runs."""
    act_id = read_uuid(request.POST.get("act_id"))
    try:
        if request.method != "POST":
            found = monitor.read_state(user=request.user, export_id=str(export))
            return render(request, "exports/delete.html", _to_delete(export, found) | {"act_id": uuid.uuid4()})
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
        context, back = _to_delete(export, _last_known(request, export)), reverse("exports:detail", args=[export])
        return write_errors.answer(request, error, "exports/delete.html", context, back=back)
    return redirect("exports:index")


def _to_delete(export: uuid.UUID, found: Export | None) -> dict[str, Any]:
    return {
        "export_id": export,
        "name": presenters.row(found).name if found else "this export",
        "active": found is not None and presenters.row(found).state.active,
    }


def _last_known(request: SignedIn, export: uuid.UUID) -> Export | None:
    try:
        return monitor.last_known_state(user=request.user, export_id=str(export))
    except ConnectionMissing:
        return None


def _followed(request: SignedIn, export: uuid.UUID) -> tuple[Export | None, UpstreamError | None]:
    """An export as it is, or as it was when its vendor last answered. Deleted while one watched is no error."""
    # Asked for first: a refusal takes away what the key read before.
    known = monitor.last_known_state(user=request.user, export_id=str(export))
    try:
        return monitor.read_state(user=request.user, export_id=str(export)), None
    except NotFound as error:
        if known is None and not ExportRequest.objects.filter(export_id=str(export), person=request.user).exists():
            raise
        return known, error
    except UpstreamError as error:
        if not error.is_silence:
            raise
        return known, error


def _turn(request: SignedIn, error: UpstreamError | None) -> dict[str, Any]:
    """When the page looks next: later each time, and not before the vendor wants to be asked again."""
    look = _number(request.GET.get("look"))
    delay = polling.EXPORT.delay(look)
    if delay is not None and error is not None:
        delay = max(delay, math.ceil(error.retry_in or 0))
    return {"look": look + 1, "delay": delay, "error": error}


def _asked_for(export_request: ExportRequest | None) -> Receipt | None:
    """The receipt as the worker is about to ask for it, where a page was the first to see the end."""
    if export_request is None or monitor.noted_end(export_request) != "COMPLETED":
        return None
    return Receipt(
        export_id=export_request.export_id, space=export_request.space, selection_key=export_request.selection.key
    )


def _following(request: SignedIn, row: presenters.ExportRow, error: UpstreamError | None = None) -> dict[str, Any]:
    receipt = Receipt.objects.filter(pk=row.export.id).first() or _asked_for(row.export_request)
    waits = error or row.state.active or (receipt is not None and receipt.state == Receipt.State.WAITING)
    turn = _turn(request, error)
    return turn | {
        "row": row,
        "receipt": receipt,
        "summary": ReceiptSummary(receipt) if receipt and receipt.state == Receipt.State.CHECKED else None,
        "comparison": receipts.compare(receipt) if receipt else None,
        "usual": presenters.usual_duration(connections.space(request.user).id),
        "delay": turn["delay"] if waits else None,
        "query": create_form.selection_query(row.export_request) if row.export_request else "",
        "act_id": uuid.uuid4(),
    }


def _own(request: SignedIn, pk: uuid.UUID) -> ExportRequest:
    """Another person's request is as if it did not exist."""
    return get_object_or_404(ExportRequest.objects.select_related("person"), pk=pk, person=request.user)


def _number(text: str | None) -> int:
    return min(read_int(text) or 0, 10_000)
