"""One bulk signal after its plan: its progress, its result, stop, carry on, retry."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from accounts.rights import Right
from console import htmx
from console.common import polling
from console.common.parsing import read_page_number, read_uuid
from console.items.breadcrumbs import item_breadcrumbs
from console.items.bulk import notifications as bulk_news
from console.items.bulk import result_presenters as presenters
from console.items.bulk import result_selectors as selectors
from console.items.bulk import retries, selection, services
from console.items.bulk import undo as undoing
from console.items.bulk.plans import NotPlanned
from console.items.bulk.result_presenters import SignalStatus
from console.items.bulk.selectors import PLANNING, find_bulk, find_own_bulk
from console.items.filters import ItemFilter
from console.items.imports import notifications as import_news
from console.items.imports.result_presenters import ImportStatus
from console.items.models import BulkSignal
from console.items.runs.presenters import RunStatus
from console.items.views.plan_page import render_plan
from console.upstream.errors import UpstreamError

NOT_STOPPED = "Nothing of it was being sent, so nothing was stopped."
NOT_CARRIED_ON = "It is no longer paused."
NOTHING_SELECTED = "No items have this outcome, so the selection is as it was."
OLD_FORM = "This form can no longer be used. Nothing was sent. Try again."


@require_safe
def bulk(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """The plan until it is sent, then its progress and its result."""
    found = find_bulk(user=request.user, project=project, bulk_id=bulk_id)
    if found.state in PLANNING:
        return render_plan(request, found)
    status = _status(request, found)
    item_filter = ItemFilter.from_query(found.list_query, user=request.user)
    crumbs = item_breadcrumbs(project, found.project_name or "Project", item_filter)
    context = {
        "project_id": project,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "status": status,
        **_results(request, found),
    }
    return render(request, "items/bulk/result.html", context)


@require_safe
def progress(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """How far it is, from its own row; with the result once it has ended. Without htmx its page."""
    found = find_bulk(user=request.user, project=project, bulk_id=bulk_id)
    if not htmx.is_htmx(request) or found.state in PLANNING:
        return htmx.redirect(request, reverse("items:bulk", args=[project, bulk_id]))
    return _part(request, found)


@require_POST
def stop(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """Also takes it back, while it still waits."""
    found = find_own_bulk(user=request.user, project=project, bulk_id=bulk_id)
    is_stopped = services.stop(user=request.user, bulk=found)
    return _after(request, found, "" if is_stopped else NOT_STOPPED)


@require_POST
def carry_on(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    found = find_own_bulk(user=request.user, project=project, bulk_id=bulk_id)
    goes_on = services.carry_on(user=request.user, bulk=found)
    return _after(request, found, "" if goes_on else NOT_CARRIED_ON)


@require_POST
def retry(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """A plan of its own for what was surely not done."""
    found = find_own_bulk(user=request.user, project=project, bulk_id=bulk_id)
    new_id = read_uuid(request.POST.get("new_id"))
    here = reverse("items:bulk", args=[project, bulk_id])
    if new_id is None:
        messages.error(request, OLD_FORM)
        return htmx.redirect(request, here)
    try:
        plan = retries.plan_retry(user=request.user, bulk=found, action=presenters.action_of(found), bulk_id=new_id)
    except (NotPlanned, UpstreamError, ConnectionMissing) as error:
        messages.error(request, error.message)
        return htmx.redirect(request, here)
    return htmx.redirect(request, reverse("items:bulk", args=[project, plan.pk]))


@require_POST
def select(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """Selects the items of one outcome, in the table it was started from, for whatever comes next."""
    found = find_bulk(user=request.user, project=project, bulk_id=bulk_id)
    items = selectors.read_statuses(found, selectors.read_filter(request.POST.get("outcome", "")))
    if not items:
        messages.info(request, NOTHING_SELECTED)
        return htmx.redirect(request, reverse("items:bulk", args=[project, bulk_id]))
    try:
        selection.select_only(user=request.user, project=project, items=items)
    except (selection.NotSelected, UpstreamError, ConnectionMissing) as error:
        messages.error(request, error.message)
        return htmx.redirect(request, reverse("items:bulk", args=[project, bulk_id]))
    item_filter = ItemFilter.from_query(found.list_query, user=request.user)
    return htmx.redirect(request, item_filter.address(reverse("items:index", args=[project])))


@require_POST
def news(request: SignedIn) -> HttpResponse:
    """What ended or paused since this person last heard of it, wherever in the console they are."""
    look = read_page_number(request.GET.get("look"))
    here = htmx.page_address(request).partition("?")[0]
    told: list[RunStatus] = [SignalStatus(one, is_own=True) for one in bulk_news.take_news(user=request.user)]
    told += [ImportStatus(one, is_own=True) for one in import_news.take_news(user=request.user)]
    context = {
        "told": [status for status in told if status.url != here],
        "delay": polling.NEWS.seconds(look - 1),
        "look": look + 1,
        "more": bulk_news.awaits_news(request.user) or import_news.awaits_news(request.user),
    }
    return render(request, "items/bulk/news.html", context)


def _after(request: SignedIn, found: BulkSignal, problem: str) -> HttpResponse:
    found.refresh_from_db()
    if htmx.is_htmx(request):
        return _part(request, found, note=problem)
    if problem:
        messages.info(request, problem)
    return htmx.redirect(request, reverse("items:bulk", args=[found.project, found.pk]))


def _part(request: SignedIn, found: BulkSignal, *, note: str = "") -> HttpResponse:
    """The card of the progress; on its own page the results come along once it has ended or paused."""
    is_strip = "strip" in request.GET
    look, was = read_page_number(request.GET.get("look")), request.GET.get("was", "")
    takes_focus = request.method == "POST"
    status = _status(request, found, look=look, is_strip=is_strip, note=note, was=was, takes_focus=takes_focus)
    context: dict[str, Any] = {"status": status, "project_id": found.project}
    if not is_strip and (status.is_final or (status.is_paused and status.has_changed)):
        context |= {"is_swapped": True, **_results(request, found)}
    return render(request, "items/bulk/_progress.html", context)


def _status(request: SignedIn, found: BulkSignal, **about: Any) -> SignalStatus:
    is_own = found.person_id == request.user.pk and request.user.can(Right.SIGNAL)
    chosen, page = selectors.read_filter(request.GET.get("outcome", "")), read_page_number(request.GET.get("page"))
    shown = {**({"outcome": chosen} if chosen else {}), **({"page": str(page)} if page > 1 else {})}
    return SignalStatus(found, is_own=is_own, shown=shown, **about)


def _results(request: SignedIn, found: BulkSignal) -> dict[str, Any]:
    """A page of its items, what can be done about those that were not done, and what followed."""
    chosen = selectors.read_filter(request.GET.get("outcome", ""))
    counts = selectors.count_items(found)
    page = selectors.read_page(found, chosen, read_page_number(request.GET.get("page")), counts[chosen])
    is_own = found.person_id == request.user.pk and request.user.can(Right.SIGNAL)
    back = reverse("items:bulk", args=[found.project, found.pk])
    return {
        "sequels": [_status(request, one) for one in found.sequels.select_related("person").order_by("created_at")],
        "results": presenters.ResultList(found, counts, chosen, page),
        "unresolved_acts": selectors.read_unresolved(found, user=request.user, back=back),
        "retryable": retries.find_retryable(found).count() if is_own else 0,
        "new_id": uuid.uuid4(),
        "can_select": request.user.can(Right.SIGNAL),
        "undo": undoing.read_offer(found) if is_own else None,
    }
