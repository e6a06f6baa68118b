"""The page of an import's plan, whatever its source and state, for the views that show it."""

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http_types import SignedIn
from accounts.rights import Right
from console import htmx
from console.common.parsing import read_page_number
from console.items.breadcrumbs import item_breadcrumbs
from console.items.imports.csv_plans import find_earlier
from console.items.imports.plan_presenters import ImportPlan
from console.items.models import Import, ImportRow
from console.items.runs.plan_presenters import PAGE


def render_plan(request: SignedIn, import_run: Import, status: int = 200, *, problem: str = "") -> HttpResponse:
    """`problem` says why nothing was started. A poll of a plan that is being read gets the plan alone."""
    context = plan_context(request, import_run, problem)
    if htmx.is_htmx(request) and "look" in request.GET:
        context["is_news"] = import_run.state != Import.State.READING
        return render(request, "items/runs/_plan.html", context, status=status)
    return render(request, "items/imports/plan.html", context, status=status)


def plan_context(request: SignedIn, import_run: Import, problem: str = "") -> dict[str, Any]:
    """What `items/imports/plan.html` and the templates of the sources in it show."""
    crumbs = item_breadcrumbs(import_run.project, import_run.project_name or "Project")
    plan = _plan(request, import_run, problem)
    return {"plan": plan, "project_id": import_run.project, "crumbs": crumbs, "list_url": crumbs[-1][1]}


def _plan(request: SignedIn, import_run: Import, problem: str) -> ImportPlan:
    is_reading = import_run.state == Import.State.READING
    groups = import_run.rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    counts: dict[str, int] = {} if is_reading else dict(groups)
    show, page = _list_to_show(request, counts), read_page_number(request.GET.get("page"))
    first = (page - 1) * PAGE
    new = import_run.rows.filter(outcome=ImportRow.Outcome.NONE).order_by()
    return ImportPlan(
        import_run,
        counts,
        {} if is_reading else dict(new.values_list("batch_id").annotate(count=Count("pk"))),
        rows=[] if is_reading else list(import_run.rows.filter(outcome=ImportPlan.LISTS[show])[first : first + PAGE]),
        show=show,
        page=page,
        look=read_page_number(request.GET.get("look")),
        problem=problem,
        earlier=find_earlier(import_run),
        is_own=import_run.person_id == request.user.pk and request.user.can(Right.CHANGE),
        can_download=request.user.can(Right.DOWNLOAD),
    )


def _list_to_show(request: SignedIn, counts: dict[str, int]) -> str:
    """The one that was asked for; else what can't be imported, if anything: it is what a person has to correct."""
    show = request.GET.get("show", "")
    if show in ImportPlan.LISTS:
        return show
    return "invalid" if counts.get(ImportRow.Outcome.INVALID) else "create"
