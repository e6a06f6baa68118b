"""From an upload to work items: which project they go to."""

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http_types import SignedIn
from console.files import selectors
from console.projects import selectors as projects_service


@require_safe
def projects(request: SignedIn, upload_id: uuid.UUID) -> HttpResponse:
    """The projects of the upload's space: its files can become work items of those alone."""
    upload = selectors.find_upload(user=request.user, upload_id=upload_id)
    listed = projects_service.list_projects(user=request.user, space=upload.space)
    context = {
        "upload": upload,
        "rows": projects_service.list_rows(user=request.user, projects=listed),
        "crumbs": [
            ("Files", reverse("files:index")),
            ("Upload files", reverse("files:upload_detail", args=[upload.pk])),
        ],
    }
    return render(request, "files/projects.html", context)
