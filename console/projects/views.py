"""The projects of a space, and one project as the hub of its batches, work items and exports."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import connections
from accounts.http_types import SignedIn
from accounts.models import ApiKey, Vendor
from accounts.rights import Right
from console import error_pages, htmx
from console.projects import page_parts, presenters, selectors, services
from console.upstream.errors import Forbidden, KeyRejected, NotFound, UpstreamError


@require_safe
def index(request: SignedIn) -> HttpResponse:
    """One call, however many projects; the figures of the rows in view come after."""
    search = " ".join(request.GET.get("q", "").split())[:100]
    context: dict[str, Any] = {"search": search, "space": connections.space(request.user)}
    status = 200
    try:
        rows = selectors.list_rows(user=request.user, projects=selectors.list_projects(user=request.user))
        context |= {"rows": presenters.filter_rows(rows, search), "total": len(rows)}
    except (Forbidden, NotFound) as refusal:
        context |= {"refusal": refusal, "wrong_space": isinstance(refusal, NotFound), "key": _key(request)}
        status = error_pages.status_of(refusal)
    except UpstreamError as problem:
        if htmx.is_htmx(request) or isinstance(problem, KeyRejected):
            raise  # The list that is there stays there, or the key is what has to be mended.
        context["problem"] = problem
        if last := selectors.last_projects(user=request.user, problem=problem):
            rows = selectors.list_rows(user=request.user, projects=last.value)
            context |= {"rows": presenters.filter_rows(rows, search), "total": len(rows), "kept_at": last.at}
        status = 200 if last else error_pages.status_of(problem)
    if htmx.is_htmx(request):
        return render(request, "projects/index.html#list", context)
    return render(request, "projects/index.html", context, status=status)


@require_safe
def detail(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    listed, kept_at = selectors.project_or_last(user=request.user, project=project)
    may_change = request.user.can(Right.CHANGE) and not kept_at
    services.mark_used(user=request.user, project=project)
    context = {
        "project": listed,
        "name": listed.name or "Unnamed project",
        "kinds": presenters.kinds_in_words(listed),
        "space": selectors.space_of(user=request.user, project=project),
        "crumbs": [("Projects", reverse("projects:index"))],
        "exports_url": reverse("exports:index"),
        "export_url": f"{reverse('exports:create')}?projects={project}" if may_change else "",
        "may_change": may_change,
        "kept_at": kept_at,
    } | page_parts.read(user=request.user, project=project)
    return render(request, "projects/detail.html", context)


@require_safe
def figures(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """What is going on in one project; `large` for its own page, with the batches worked on next."""
    large = request.GET.get("size") == "large"
    context: dict[str, Any] = {"project_id": project, "may_review": request.user.can(Right.SIGNAL)}
    try:
        context["figures"] = project_figures = selectors.read_figures(user=request.user, project=project)
        if large and not project_figures.batches_at_least:
            context |= page_parts.read_figures(user=request.user, project=project)
    except UpstreamError as problem:
        context["problem"] = problem  # Said where the figures would stand: seven rows are not seven notices.
    return render(request, f"projects/{'detail' if large else 'index'}.html#figures", context)


@require_POST
def pin(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    services.pin(user=request.user, project=project, pinned=request.POST.get("pinned") == "yes")
    return htmx.redirect(request, f"{reverse('projects:index')}#project-{project}")


def _key(request: SignedIn) -> ApiKey | None:
    """Which key was refused, so that the page can name it."""
    return ApiKey.objects.filter(person=request.user, vendor=Vendor.CLOUDFACTORY).first()
