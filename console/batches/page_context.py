"""What the pages of batches have in common."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from accounts.rights import Right
from console import error_pages, saved_forms
from console.projects import selectors as projects
from console.upstream.errors import UpstreamError


def about(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    """Headings and links of a page; a form that was sent comes back even where its project's name can't be read."""
    try:
        name = projects.name_of(user=request.user, project=project)
    except (UpstreamError, ConnectionMissing):
        if request.method != "POST" and not saved_forms.read_form(request):
            raise
        name = "Project"
    here = reverse("batches:index", args=[project])
    return {
        "project_id": project,
        "project_name": name,
        "index_url": here,
        "crumbs": projects.breadcrumbs(project, name),
        "may_change": request.user.can(Right.CHANGE),
        "sees_all": request.user.can(Right.AUDIT_ALL),
    }


def not_answered(request: SignedIn, project: uuid.UUID, error: UpstreamError, title: str = "") -> HttpResponse:
    """In place of a page that was asked for: under its own title, as far as that is known without CloudFactory."""
    try:
        context = about(request, project)
    except UpstreamError:
        return error_pages.upstream(request, error)
    crumbs = [*context["crumbs"], ("Batches", context["index_url"])]
    return error_pages.upstream(request, error, title=title or context["project_name"], crumbs=crumbs)
