"""Plans of signals to many work items: made, read again, sent."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.http_types import SignedIn
from console import htmx
from console.common.typed_fields import hand_back
from console.items.bulk import plans, selection
from console.items.bulk.actions import BulkAction, action_named
from console.items.bulk.forms import PlanForm, SendForm
from console.items.bulk.selection import NotSelected, SelectionChange
from console.items.filters import ItemFilter
from console.items.models import BulkSignal
from console.items.runs.selectors import find_own_run, find_run
from console.items.views import index
from console.items.views.plan_page import plan_context, render_plan

State = BulkSignal.State
FIELDS = ("reason", "assignee", "note", "unlikely")


@hand_back(*selection.FIELDS, page="items:index")
@require_POST
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """A plan for what is selected, with what the form ticks beside it; what is wrong is said above the table."""
    query, change = request.POST.get("list", ""), SelectionChange.read(request.POST)
    item_filter = ItemFilter.from_query(query, user=request.user)
    form = PlanForm(request.POST)
    try:
        if not form.is_valid():
            raise plans.NotPlanned(form.problem)
        selection.change_selection(user=request.user, project=project, change=change, list_query=query)
        bulk = plans.create_plan(
            user=request.user,
            project=project,
            action=form.cleaned_data["action"],
            bulk_id=form.cleaned_data["bulk_id"],
            list_query=item_filter.query(),
        )
    except NotSelected as refused:
        return index.answer(request, project, item_filter, unsaved=change, problem=refused.message)
    except plans.NotPlanned as problem:
        messages.error(request, problem.message)
        return htmx.redirect(request, item_filter.address(reverse("items:index", args=[project])))
    return htmx.redirect(request, bulk.get_absolute_url())


@require_safe
def plan(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """A plan that is being read, as it is now; without htmx its page."""
    bulk = find_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    if not htmx.is_htmx(request) or bulk.state not in bulk.PLANNING:
        return htmx.redirect(request, bulk.get_absolute_url())
    context = plan_context(request, bulk) | {"is_news": bulk.state != State.READING}
    return render(request, "items/runs/_plan.html", context)


@hand_back(*FIELDS, page="items:bulk")
@require_POST
def read_again(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """Has the plan read once more, with what was typed so far."""
    bulk = find_own_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    form = SendForm(request.POST, action=_action_of(bulk))
    form.full_clean()
    takes_changed = "takes_changed" in request.POST
    try:
        plans.read_again(user=request.user, bulk=bulk, fields=form.to_fields(), takes_changed=takes_changed)
    except plans.PlanNotSent as problem:
        messages.error(request, problem.message)
    return htmx.redirect(request, bulk.get_absolute_url())


@hand_back(*FIELDS, page="items:bulk")
@require_POST
def send(request: SignedIn, project: uuid.UUID, bulk_id: uuid.UUID) -> HttpResponse:
    """The press of the plan's button. What is wrong is said beside it, and nothing is sent."""
    bulk = find_own_run(BulkSignal, user=request.user, project=project, run_id=bulk_id)
    form = SendForm(request.POST, action=_action_of(bulk))
    if bulk.state == State.READY and not form.is_valid():
        return render_plan(request, bulk, form, 422)
    try:
        form.full_clean()
        plans.press(user=request.user, bulk=bulk, version=form.cleaned_data.get("version", ""), **form.to_fields())
    except plans.PlanNotSent as problem:
        bulk.refresh_from_db()
        if bulk.state == State.READY:
            return render_plan(request, bulk, form, 409, problem=problem.message)
        messages.info(request, problem.message)
    return htmx.redirect(request, bulk.get_absolute_url())


def _action_of(bulk: BulkSignal) -> BulkAction:
    action = action_named(bulk.action)
    if action is None:
        raise Http404
    return action
