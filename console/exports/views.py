"""Exports: the list with its lane, a new one, following one, taking its file home."""

import math
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import connections
from accounts.connections import ConnectionMissing
from accounts.requests import SignedIn
from console import htmx, pages, plain_answers, write_errors
from console.audit import reading, unresolved
from console.common.parsing import read_cursor, read_int, read_page_number, read_uuid
from console.exports import composing, downloading, queue, receipts, services, shown, watching
from console.exports import lane as lanes
from console.exports.models import Plan, Receipt
from console.exports.receipt_presenters import ReceiptSummary, class_page
from console.upstream.errors import NotFound, UpstreamError
from console.upstream.types import Export


@require_safe
def index(request: SignedIn) -> HttpResponse:
    asked = request.GET
    sort = next((name for name in services.SORTS if name == asked.get("sort")), "createdAt")
    order = "ASC" if asked.get("order") == "ASC" else "DESC"
    wanted = next((name for name in shown.FILTERS if name == asked.get("show")), "")
    context = {"sort": sort, "order": order, "show": wanted, "filters": shown.FILTERS.items(), "look": 1}
    try:
        found = _matching(request, wanted, sort, order) if wanted else _page(request, sort, order)
    except UpstreamError as error:
        context |= {"error": error, "at_start": "cursor" not in asked}
        return render(request, "exports/index.html", context, status=pages.status_of(error))
    return render(request, "exports/index.html", context | found)


def _page(request: SignedIn, sort: str, order: str) -> dict[str, Any]:
    """One page as the vendor has it."""
    cursor = read_cursor(request.GET.get("cursor"))
    direction = "PREV" if request.GET.get("direction") == "PREV" else "NEXT"
    page = services.listed(
        user=request.user, cursor=cursor, direction=direction if cursor else None, sort=sort, order=order
    )
    return {"rows": shown.rows(page.items), "page": page, "delay": watching.delay(0)}


def _matching(request: SignedIn, wanted: str, sort: str, order: str) -> dict[str, Any]:
    """A filter that only the console has, over the newest exports."""
    found, all_read = services.newest(user=request.user)
    matching = shown.in_order(shown.chosen(shown.rows(found), wanted, request.user.pk), sort, order)
    return {"rows": matching, "read": len(found), "all_read": all_read, "delay": watching.delay(0)}


@require_safe
def row(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """One row of the list, which asks for itself again until its export has ended."""
    found, error = _followed(request, export)
    if isinstance(error, NotFound):
        own = Plan.objects.filter(export_id=str(export), person=request.user).first()
        return render(request, "exports/gone.html#row", {"export_id": export, "gone": found or own})
    if found is None:
        return HttpResponse(status=204)
    return render(request, "exports/index.html#row", _turn(request, error) | {"row": shown.row(found)})


@require_safe
def lane(request: SignedIn) -> HttpResponse:
    """The lane as a fragment that asks for itself again while it is in use."""
    error: UpstreamError | None = None
    now: lanes.Lane | None
    try:
        now = lanes.of(user=request.user)
    except UpstreamError as failed:
        now, error = lanes.last_known(user=request.user), failed
    turn = _turn(request, error)
    watched = error or (now and (now.active or now.waiting))
    return render(request, "exports/lane.html", turn | {"lane": now, "delay": turn["delay"] if watched else None})


@require_POST
def news(request: SignedIn) -> HttpResponse:
    """What ended since this person last heard of it, wherever in the console they are."""
    told = watching.news(user=request.user)
    look = _number(request.GET.get("look"))
    context = {
        "told": told,
        "delay": watching.delay(look),
        "look": look + 1,
        "more": watching.awaits_news(request.user),
    }
    return render(request, "exports/news.html", context)


@require_safe
def plan(request: SignedIn, plan: uuid.UUID) -> HttpResponse:
    """An export that the vendor does not have yet, or of which we do not know."""
    found = services.brought_up_to_date(_own(request, plan))
    if found.export_id:
        return htmx.redirect(request, reverse("exports:detail", args=[found.export_id]))
    look = _number(request.GET.get("look"))
    context = {
        "plan": found,
        "unresolved_act": services.unresolved_act(found),
        "waiting": lanes.waiting(found.space) if found.state == Plan.State.QUEUED else [],
        "delay": watching.delay(look) if found.state != Plan.State.DROPPED else None,
        "look": look + 1,
        "query": composing.query(found),
    }
    part = "#status" if htmx.is_htmx(request) else ""
    return render(request, f"exports/plan.html{part}", context)


@require_POST
def leave(request: SignedIn, plan: uuid.UUID) -> HttpResponse:
    found = _own(request, plan)
    if queue.leave(found, request=request):
        messages.success(request, f"“{found.name}” is off the queue. Nothing was started.")
    else:
        messages.warning(request, f"“{found.name}” was not waiting any more.")
    return redirect("exports:plan", plan=plan)


@require_safe
def detail(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    found = watching.look(user=request.user, export_id=str(export))
    row = shown.row(found)
    here = reverse("exports:detail", args=[export])
    context = _following(request, row) | {
        "history": reading.history("export", str(export)),
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
        row = shown.row(found)
        # What was offered while it ran, to cancel it, is another act now.
        context |= _following(request, row, error) | {"just_ended": "runs" in request.GET and not row.state.active}
    return render(request, "exports/detail.html#status", context)


@require_safe
def classes(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """All classes of a receipt, for whoever can read its export."""
    found = watching.look(user=request.user, export_id=str(export))
    receipt = get_object_or_404(Receipt, pk=str(export), state=Receipt.State.CHECKED)
    page = class_page(receipt, read_page_number(request.GET.get("page")))
    context = {
        "name": shown.row(found).name,
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
            return downloading.announced(user=request.user, export_id=str(export))
        return downloading.hand_over(user=request.user, export_id=str(export), request=request)
    except downloading.NoSuchPart as error:
        place = {} if error.total is None else {"Content-Range": f"bytes */{error.total}"}
        return plain_answers.answer(416, error.message, headers=place)
    except (downloading.NotReady, downloading.FileGone, NotFound) as error:
        known = Plan.objects.filter(export_id=str(export)).first()
        if isinstance(error, NotFound) and (known is None or known.person_id != request.user.pk):
            # Their key does not read this export, so nothing that the console remembers of it is theirs.
            return pages.not_found(request)
        runs = isinstance(error, downloading.NotReady) and error.runs
        if plain_answers.is_for_tool(request):
            return plain_answers.answer(409 if runs else 410, _without_page(request, error.message, known, runs))
        context = {"error": error, "export_id": export, "runs": runs, "query": composing.query(known) if known else ""}
        context["name"] = getattr(error, "name", "") or (known.name if known else "")
        return render(request, "exports/expired.html", context, status=409 if runs else 410)


def _without_page(request: SignedIn, message: str, known: Plan | None, runs: bool) -> str:
    """What the page about a missing file says and offers, for a tool."""
    if runs or not request.user.may("change"):
        return message
    query = f"?{composing.query(known)}" if known else ""
    return f"{message} Make it again: {request.build_absolute_uri(reverse('exports:create'))}{query}"


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """GET asks, as the dialog on the page does; POST deletes, or cancels what still runs."""
    act_id = read_uuid(request.POST.get("act_id"))
    try:
        if request.method != "POST":
            found = watching.look(user=request.user, export_id=str(export))
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
        "name": shown.row(found).name if found else "this export",
        "active": found is not None and shown.row(found).state.active,
    }


def _last_known(request: SignedIn, export: uuid.UUID) -> Export | None:
    try:
        return watching.last_known(user=request.user, export_id=str(export))
    except ConnectionMissing:
        return None


def _followed(request: SignedIn, export: uuid.UUID) -> tuple[Export | None, UpstreamError | None]:
    """An export as it is, or as it was when its vendor last answered. Deleted while one watched is no error."""
    # Asked for first: a refusal takes away what the key read before.
    known = watching.last_known(user=request.user, export_id=str(export))
    try:
        return watching.look(user=request.user, export_id=str(export)), None
    except NotFound as error:
        if known is None and not Plan.objects.filter(export_id=str(export), person=request.user).exists():
            raise
        return known, error
    except UpstreamError as error:
        if not error.is_silence:
            raise
        return known, error


def _turn(request: SignedIn, error: UpstreamError | None) -> dict[str, Any]:
    """When the page looks next: later each time, and not before the vendor wants to be asked again."""
    look = _number(request.GET.get("look"))
    delay = max(watching.delay(look), math.ceil(error.retry_in or 0) if error else 0)
    return {"look": look + 1, "delay": delay if look < watching.MOST_LOOKS else None, "error": error}


def _asked_for(plan: Plan | None) -> Receipt | None:
    """The receipt as the worker is about to ask for it, where a page was the first to see the end."""
    if plan is None or watching.seen_end(plan) != "COMPLETED":
        return None
    return Receipt(export_id=plan.export_id, space=plan.space, choice_key=plan.wanted.key)


def _following(request: SignedIn, row: shown.Row, error: UpstreamError | None = None) -> dict[str, Any]:
    receipt = Receipt.objects.filter(pk=row.export.id).first() or _asked_for(row.plan)
    waits = error or row.state.active or (receipt is not None and receipt.state == Receipt.State.WAITING)
    turn = _turn(request, error)
    return turn | {
        "row": row,
        "receipt": receipt,
        "summary": ReceiptSummary(receipt) if receipt and receipt.state == Receipt.State.CHECKED else None,
        "comparison": receipts.compared(receipt) if receipt else None,
        "usual": shown.usual(connections.space(request.user).id),
        "delay": turn["delay"] if waits else None,
        "query": composing.query(row.plan) if row.plan else "",
        "act_id": uuid.uuid4(),
    }


def _own(request: SignedIn, pk: uuid.UUID) -> Plan:
    """Another person's plan is as if it did not exist."""
    return get_object_or_404(Plan.objects.select_related("person"), pk=pk, person=request.user)


def _number(text: str | None) -> int:
    return min(read_int(text) or 0, 10_000)
