"""The page of a plan, whatever state it is in, for the views that show it."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http_types import SignedIn
from accounts.rights import Right
from console import saved_forms
from console.common.parsing import read_page_number
from console.items.breadcrumbs import item_breadcrumbs
from console.items.bulk.actions import BulkAction, action_named
from console.items.bulk.forms import SendForm
from console.items.bulk.plan_presenters import Counts, PlannedItem, SignalPlan
from console.items.bulk.selectors import count_plan
from console.items.filters import ItemFilter
from console.items.models import BulkItem, BulkSignal
from console.items.runs.plan_presenters import PAGE


def render_plan(
    request: SignedIn, bulk: BulkSignal, form: SendForm | None = None, status: int = 200, *, problem: str = ""
) -> HttpResponse:
    """`form` is what was typed and refused, `problem` why nothing was sent."""
    return render(request, "items/bulk/plan.html", plan_context(request, bulk, form, problem), status=status)


def plan_context(
    request: SignedIn, bulk: BulkSignal, form: SendForm | None = None, problem: str = ""
) -> dict[str, Any]:
    item_filter = ItemFilter.from_query(bulk.list_query, user=request.user)
    crumbs = item_breadcrumbs(bulk.project, bulk.project_name or "Project", item_filter)
    plan = _plan(request, bulk, form, problem)
    return {
        "plan": plan,
        "project_id": bulk.project,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "form": plan.form,
    }


def _plan(request: SignedIn, bulk: BulkSignal, form: SendForm | None, problem: str) -> SignalPlan:
    action = action_named(bulk.action)
    if action is None:
        raise Http404
    counts = count_plan(bulk)
    is_own = bulk.person_id == request.user.pk and request.user.can(Right.SIGNAL)
    show, page = _shown_list(request, bulk, counts), read_page_number(request.GET.get("page"))
    return SignalPlan(
        bulk,
        action,
        counts,
        rows=[] if bulk.state == BulkSignal.State.READING else _rows(bulk, SignalPlan.LISTS[show], page),
        show=show,
        page=page,
        look=read_page_number(request.GET.get("look")),
        form=form or (_form(request, bulk, action) if is_own else None),
        problem=problem,
        is_own=is_own,
    )


def _shown_list(request: SignedIn, bulk: BulkSignal, counts: Counts) -> str:
    """The one that was asked for; else of a second plan what has changed, if anything, of a first what will be sent."""
    show = request.GET.get("show", "")
    if show in SignalPlan.LISTS:
        return show
    has_changed = bulk.is_pressed and any(kind == BulkItem.Kind.CHANGED for kind, _ in counts)
    return str(BulkItem.Kind.CHANGED if has_changed else BulkItem.Kind.LIKELY)


def _rows(bulk: BulkSignal, kind: str, page: int) -> list[PlannedItem]:
    first = (page - 1) * PAGE
    return [PlannedItem(row, bulk.project) for row in bulk.items.filter(kind=kind)[first : first + PAGE]]


def _form(request: SignedIn, bulk: BulkSignal, action: BulkAction) -> SendForm:
    """With what was typed before a session ended, or before the plan was read once more."""
    saved_form = saved_forms.read_form(request)
    if saved_form is not None:
        return SendForm(saved_form, action=action)
    stored_fields = {"reason": bulk.reason, "assignee": bulk.assignee, "note": bulk.note}
    return SendForm(action=action, initial=stored_fields | {"unlikely": bulk.includes_unlikely})
