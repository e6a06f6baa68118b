"""Exports: the list with its lane, a new one, following one, taking its file home."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import connections
from accounts.requests import SignedIn
from console import htmx
from console.audit import reading, settling
from console.audit.models import Entry
from console.exports import composing, downloading, queue, receipts, services, shown, watching
from console.exports import contents as counting
from console.exports import lane as lanes
from console.exports.models import Plan, Receipt
from console.upstream.errors import NotFound, UpstreamError

PAGE = "exports/create.html"


@require_safe
def index(request: SignedIn) -> HttpResponse:
    asked = request.GET
    sort = next((name for name in services.SORTS if name == asked.get("sort")), "createdAt")
    order = "ASC" if asked.get("order") == "ASC" else "DESC"
    wanted = next((name for name in shown.FILTERS if name == asked.get("show")), "")
    context: dict[str, Any] = {"sort": sort, "order": order, "show": wanted, "filters": shown.FILTERS.items()}
    if wanted:
        found, all_read = services.newest(user=request.user)
        matching = shown.chosen(shown.rows(found), wanted, request.user.pk)
        context |= {"rows": matching, "read": len(found), "all_read": all_read}
    else:
        direction = "PREV" if asked.get("direction") == "PREV" else "NEXT"
        cursor = asked.get("cursor") or None
        page = services.listed(
            user=request.user, cursor=cursor, direction=direction if cursor else None, sort=sort, order=order
        )
        context |= {"rows": shown.rows(page.items), "page": page}
    return render(request, "exports/index.html", context)


@require_safe
def lane(request: SignedIn) -> HttpResponse:
    """The lane as a fragment that asks for itself again while it is in use."""
    look = _number(request.GET.get("look"))
    now = lanes.of(user=request.user)
    watched = bool(now.active or now.waiting)
    delay = watching.delay(look) if watched and look < watching.MOST_LOOKS else None
    return render(request, "exports/lane.html", {"lane": now, "delay": delay, "look": look + 1})


@require_safe
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


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn) -> HttpResponse:
    """GET prefills; POST starts now, or when the lane is free, or refuses at the field."""
    draft = composing.draft(request.user, request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        return render(request, PAGE, draft.context())
    if not draft.is_valid():
        return _again(request, draft, 422)
    if same := draft.equal_lately():
        return _again(request, draft, 409, equal=same)
    act = services.enqueue if request.POST.get("when") == "free" else services.start
    try:
        plan = act(user=request.user, wish=draft.wish(), request=request)
    except services.LaneBusy:
        return _again(request, draft.renewed(), 409, busy=lanes.of(user=request.user))
    except UpstreamError as error:
        if error.outcome == "failed":
            return _again(request, draft.renewed(), 422, refused=error)
        plan = Plan.objects.get(pk=draft.wish().id)
    return htmx.redirect(request, _address(plan))


@require_POST
def batches(request: SignedIn) -> HttpResponse:
    """The batches of the ticked projects, as the projects are ticked."""
    draft = composing.draft(request.user, request.POST)
    named = {"proposed": draft.proposed()} if draft.name_is_ours() else {}
    return render(request, f"{PAGE}#batches", draft.context() | named)


@require_POST
def contents(request: SignedIn) -> HttpResponse:
    """What will be in this file? Asked again with every change of the choice."""
    draft = composing.draft(request.user, request.POST)
    if not draft.has_choice():
        return render(request, "exports/contents.html", {"form": draft.form, "incomplete": True})
    choice = draft.form.choice()
    counts = counting.count(user=request.user, choice=choice)
    context = {
        "counts": counts,
        "batches": draft.unfinished_batches(counts),
        "ready": services.ready_with(user=request.user, choice=choice),
        "instants": draft.form.instants(),
        "sentence": choice.sentence(draft.form.names()),
    }
    return render(request, "exports/contents.html", context)


@require_safe
def plan(request: SignedIn, plan: uuid.UUID) -> HttpResponse:
    """An export that the vendor does not have yet, or of which we do not know."""
    found = services.brought_up_to_date(_own(request, plan))
    if found.export_id:
        return htmx.redirect(request, reverse("exports:detail", args=[found.export_id]))
    look = _number(request.GET.get("look"))
    context = {
        "plan": found,
        "unknown": services.is_unknown(found),
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


@require_POST
def check(request: SignedIn, plan: uuid.UUID) -> HttpResponse:
    """Looks upstream what became of an export that was sent without a clear answer. Only reads."""
    found = _own(request, plan)
    entry = Entry.objects.filter(pk=found.act_id).first()
    if entry is not None and services.is_unknown(found):
        look = settling.look(entry)
        if look.finding == "not done" and not look.settled:
            messages.info(request, "It is not there so far. One look proves nothing: look again in half a minute.")
        elif look.finding == "unsure":
            messages.warning(
                request, "We cannot tell which export it is. Look at the list, then close it in the audit."
            )
    return redirect("exports:plan", plan=plan)


@require_safe
def detail(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    found = watching.look(user=request.user, export_id=str(export))
    row = shown.row(found)
    context = _following(request, row) | {
        "history": reading.history("export", str(export)),
        "query": composing.query(row.plan) if row.plan else "",
        "act_id": uuid.uuid4(),
    }
    return render(request, "exports/detail.html", context)


@require_safe
def status(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until the end."""
    found = watching.look(user=request.user, export_id=str(export))
    return render(request, "exports/detail.html#status", _following(request, shown.row(found)))


@require_GET
def download(request: SignedIn, export: uuid.UUID) -> HttpResponseBase:
    try:
        return downloading.hand_over(user=request.user, export_id=str(export), request=request)
    except (downloading.NotReady, downloading.LinkExpired, NotFound) as error:
        known = Plan.objects.filter(export_id=str(export)).first()
        context = {"error": error, "export_id": export, "query": composing.query(known) if known else ""}
        return render(request, "exports/expired.html", context, status=410)


@require_POST
def delete(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    act_id = _uuid(request.POST.get("act_id"))
    if act_id is None:
        messages.warning(request, "This page was too old. Nothing was deleted; try again.")
        return redirect("exports:detail", export=export)
    services.delete(user=request.user, export_id=str(export), act_id=act_id, request=request)
    messages.success(request, "The export and its file are deleted, for everyone.")
    return redirect("exports:index")


def _again(request: SignedIn, draft: composing.Draft, status: int, **more: Any) -> HttpResponse:
    part = "#form" if htmx.is_htmx(request) else ""
    return render(request, f"{PAGE}{part}", draft.context() | more, status=status)


def _following(request: SignedIn, row: shown.Row) -> dict[str, Any]:
    look = _number(request.GET.get("look"))
    receipt = Receipt.objects.filter(pk=row.export.id).first()
    waits = row.state.active or (receipt is not None and receipt.state == Receipt.State.WAITING)
    return {
        "row": row,
        "receipt": receipt,
        "bars": receipts.bars(receipt) if receipt else [],
        "comparison": receipts.compared(receipt) if receipt else None,
        "usual": shown.usual(connections.space(request.user).id),
        "delay": watching.delay(look) if waits and look < watching.MOST_LOOKS else None,
        "look": look + 1,
    }


def _address(plan: Plan) -> str:
    if plan.export_id:
        return reverse("exports:detail", args=[plan.export_id])
    return reverse("exports:plan", args=[plan.pk])


def _own(request: SignedIn, pk: uuid.UUID) -> Plan:
    """Another person's plan is as if it did not exist."""
    return get_object_or_404(Plan.objects.select_related("person"), pk=pk, person=request.user)


def _number(text: str | None) -> int:
    return min(int(text), 10_000) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
