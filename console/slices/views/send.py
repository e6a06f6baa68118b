"""From a slice to a batch: which project, and how far the batches are."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts import connections
from accounts.http_types import SignedIn
from console import htmx
from console.common.formatting import number
from console.common.parsing import INT64, read_int, read_uuid
from console.items.imports import slice_selectors
from console.projects import selectors as projects_service
from console.slices import presenters, selectors
from console.slices.list_query import ListQuery
from console.upstream.errors import KeyRejected, UpstreamError


@require_safe
def choose(request: SignedIn) -> HttpResponse:
    """The slices that can be sent to the batch of a project, whose page led here."""
    project, batch = read_uuid(request.GET.get("project")), read_int(request.GET.get("batch"), INT64.start)
    if project is None:
        raise Http404("Names no project.")
    target = {"project": str(project)} | ({} if batch is None else {"batch": str(batch)})
    requested = ListQuery.read(request.GET, connections.owner(request.user))
    page = selectors.list_slices(user=request.user, query=replace(requested, dataset=""))
    name = projects_service.read_heading(user=request.user, project=project)
    context = {
        "rows": [row for row in presenters.rows(page.items, {}) if row.slice.address],
        "project_id": project,
        "target": target,
        "batch_query": urlencode({"batch": batch}) if batch is not None else "",
        "wanted": requested,
        "owners": connections.owners(request.user),
        "pager_text": f"Page {number(requested.page)}",
        "previous_url": _page_url(requested, target, requested.page - 1) if requested.page > 1 else "",
        "next_url": _page_url(requested, target, requested.page + 1) if page.next else "",
        "crumbs": projects_service.breadcrumbs(project, name),
    }
    return render(request, "slices/choose.html", context)


@require_safe
def projects(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    """The projects whose batches the slice can be sent to."""
    listed = projects_service.list_projects(user=request.user)
    context = {
        "owner": owner,
        "slug": slug,
        "rows": projects_service.list_rows(user=request.user, projects=listed),
        "crumbs": [
            ("Slices", f"{reverse('slices:index')}?{urlencode({'owner': owner})}"),
            (slug, reverse("slices:detail", args=[owner, slug])),
        ],
    }
    return render(request, "slices/projects.html", context)


@require_safe
def batches(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    """How far the work items of the slice are in one batch, which the slice's page asks for once it is there."""
    project, batch_id = read_uuid(request.GET.get("project")), read_int(request.GET.get("batch"), INT64.start)
    batch = None
    if project is not None and batch_id is not None:
        batch = slice_selectors.find_batch(
            user=request.user, owner=owner, slug=slug, project=project, batch_id=batch_id
        )
    if batch is None:
        return redirect("slices:detail", owner, slug)
    context: dict[str, Any] = {"owner": owner, "slug": slug, "batch": batch}
    try:
        context["counts"] = slice_selectors.count_batch(user=request.user, owner=owner, slug=slug, batch=batch)
    except UpstreamError as problem:
        if isinstance(problem, KeyRejected) or not htmx.is_htmx(request):
            raise
        context["count_problem"] = problem
    if htmx.is_htmx(request):
        return render(request, "slices/_batch_counts.html", context)
    crumbs = [(slug, reverse("slices:detail", args=[owner, slug]))]
    return render(request, "slices/batch.html", context | {"crumbs": crumbs})


def _page_url(requested: ListQuery, target: Mapping[str, str], page: int) -> str:
    return f"{reverse('slices:choose')}?{urlencode({**target, 'owner': requested.owner, 'page': str(page)})}"
