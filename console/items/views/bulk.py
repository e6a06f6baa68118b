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
from console.common.parsing import read_uuid
from console.items.breadcrumbs import item_breadcrumbs
from console.items.bulk import result_presenters as presenters
from console.items.bulk import retries, selection, services
from console.items.bulk import undo as undoing
from console.items.bulk.plans import NotPlanned
from console.items.bulk.selectors import read_statuses
from console.items.filters import ItemFilter
from console.items.models import BulkSignal
from console.items.runs.result_selectors import read_filter, read_unresolved
from console.items.runs.selectors import find_own_run, find_run
from console.items.views import runs
from console.items.views.plan_page import render_plan
from console.upstream.errors import UpstreamError

NOT_STOPPED = "Nothing of it was being sent, so nothing was stopped."
NOTHING_SELECTED = "No items have this outcome, so the selection is as it was."
OLD_FORM = "This form can no longer be used. Nothing was sent. Try again."


@require_safe
def bulk(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """The plan until it is sent, then its progress and its result."""
    signal = find_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    if signal.state in signal.PLANNING:
        return render_plan(request, signal)
    item_filter = ItemFilter.from_query(signal.list_query, user=request.user)
    crumbs = item_breadcrumbs(project, signal.project_name or "Project", item_filter)
    context = {
        "project_id": project,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "status": runs.read_status(request, signal),
        **_results(request, signal),
    }
    return render(request, "items/bulk/result.html", context)


@require_safe
def progress(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """How far it is, from its own row; with the result once it has ended. Without htmx its page."""
    signal = find_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    return runs.render_progress(request, signal, _results)


@require_POST
def stop(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """Also takes it back, while it still waits."""
    signal = find_own_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    is_stopped = services.stop(user=request.user, bulk=signal)
    return runs.answer(request, signal, _results, "" if is_stopped else NOT_STOPPED)


@require_POST
def carry_on(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    signal = find_own_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    is_going_on = services.carry_on(user=request.user, bulk=signal)
    return runs.answer(request, signal, _results, "" if is_going_on else runs.NOT_CARRIED_ON)


@require_POST
def retry(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """A plan of its own for what was surely not done."""
    signal = find_own_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    new_id = read_uuid(request.POST.get("new_id"))
    if new_id is None:
        messages.error(request, OLD_FORM)
        return htmx.redirect(request, signal.get_absolute_url())
    try:
        plan = retries.plan_retry(user=request.user, bulk=signal, action=presenters.action_of(signal), bulk_id=new_id)
    except (NotPlanned, UpstreamError, ConnectionMissing) as error:
        messages.error(request, error.message)
        return htmx.redirect(request, signal.get_absolute_url())
    return htmx.redirect(request, plan.get_absolute_url())


@require_POST
def select(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """Selects the items of one outcome, in the table it was started from, for what comes next."""
    signal = find_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    items = read_statuses(signal, read_filter(signal, request.POST.get("outcome", "")))
    if not items:
        messages.info(request, NOTHING_SELECTED)
        return htmx.redirect(request, signal.get_absolute_url())
    try:
        selection.select_only(user=request.user, project=project, items=items)
    except (selection.NotSelected, UpstreamError, ConnectionMissing) as error:
        messages.error(request, error.message)
        return htmx.redirect(request, signal.get_absolute_url())
    item_filter = ItemFilter.from_query(signal.list_query, user=request.user)
    return htmx.redirect(request, item_filter.address(reverse("items:index", args=[project])))


def _results(request: SignedIn, signal: BulkSignal) -> dict[str, Any]:
    """A page of its items, what can be done about those that were not done, and what followed."""
    is_own = runs.is_own(request, signal)
    sequels = signal.sequels.select_related("person").order_by("created_at")
    return {
        "sequels": [runs.read_status(request, sequel) for sequel in sequels],
        "results": presenters.SignalResults(signal, *runs.read_results(request, signal)),
        "unresolved_acts": read_unresolved(signal, user=request.user),
        "retryable": retries.find_retryable(signal).count() if is_own else 0,
        "new_id": uuid.uuid4(),
        "can_select": request.user.can(Right.SIGNAL),
        "undo": undoing.read_offer(signal) if is_own else None,
    }
