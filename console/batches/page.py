"""What the pages of batches have in common."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from accounts.requests import SignedIn
from accounts.rights import Right
from console import pages
from console.audit.models import FAILED, UNKNOWN, Entry
from console.projects import services as projects
from console.upstream.errors import UpstreamError

PRESSED = "This was sent a moment ago and is still under way. Look again in a moment."
UNCLEAR = "We do not know whether this was done. Look at the batch before you send it again."


def about(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    name = projects.name_of(user=request.user, project=project)
    here = reverse("batches:index", args=[project])
    return {
        "project_id": project,
        "project_name": name,
        "index_url": here,
        "crumbs": [("Projects", reverse("projects:index")), (name, reverse("projects:detail", args=[project]))],
        "may_change": request.user.may(Right.CHANGE),
    }


def not_answered(request: SignedIn, project: uuid.UUID, error: UpstreamError, title: str = "") -> HttpResponse:
    """In place of a page that was asked for: under its own title, as far as that is known without CloudFactory."""
    try:
        said = about(request, project)
    except UpstreamError:
        return pages.upstream(request, error)
    crumbs = [*said["crumbs"], ("Batches", said["index_url"])]
    return pages.upstream(request, error, title=title or said["project_name"], crumbs=crumbs)


def pressed_before(entry: Entry) -> str:
    """A second press of a form whose first press did not simply succeed."""
    if entry.outcome == FAILED:
        return f"The last try was not done: {entry.result.get('error', 'it was refused')} You can send it again now."
    return UNCLEAR if entry.outcome == UNKNOWN else PRESSED


def elsewhere(view: str, *args: object) -> str:
    """Another app's page, where this console has it."""
    try:
        return reverse(view, args=args)
    except NoReverseMatch:
        return ""
