"""What runs in the background: everything for administrators, and for everybody what they started."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.http_types import SignedIn
from console import htmx
from console.common.parsing import read_page_number
from console.jobs import presenters, selectors, services
from console.jobs.models import Operation
from console.jobs.presenters import OwnJobs


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    jobs = selectors.overview()
    groups = {name: presenters.rows(jobs[name]) for name in ("running", "paused", "waiting", "failed", "finished")}
    return render(request, "jobs/index.html", {"overdue": jobs["overdue"], **groups})


@require_safe
def mine(request: SignedIn) -> HttpResponse:
    """The person's own jobs; asked by htmx, the lists alone, which ask again by themselves."""
    look = read_page_number(request.GET.get("look"))
    jobs = OwnJobs(
        presenters.rows(selectors.own_unfinished(user=request.user)),
        presenters.rows(selectors.own_finished(user=request.user)),
        look,
    )
    template = "jobs/_own.html" if htmx.is_htmx(request) else "jobs/mine.html"
    return render(request, template, {"jobs": jobs})


@require_POST
def stop(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    operation = get_object_or_404(Operation, pk=pk, person=request.user)
    if services.stop_own(user=request.user, operation=operation):
        messages.success(request, "It stops after the current part. Nothing more is started.")
    else:
        messages.warning(request, "It has already ended, or can't be stopped.")
    return redirect("jobs:mine")


@require_POST
def carry_on(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    operation = get_object_or_404(Operation, pk=pk, person=request.user)
    if services.carry_on_own(user=request.user, operation=operation):
        messages.success(request, "It is running again.")
    else:
        messages.warning(request, "It is no longer paused.")
    return redirect("jobs:mine")


@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    operation = get_object_or_404(Operation, pk=pk)
    if services.retry(operation=operation):
        messages.success(request, "It will be tried again now.")
    else:
        messages.warning(request, "It has not failed any more, or was queued again since: nothing to try again.")
    return redirect("jobs:index")
