"""One import: its plan, its progress and its result."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.http_types import SignedIn
from accounts.rights import Right
from console import htmx
from console.items.breadcrumbs import item_breadcrumbs
from console.items.imports import result_presenters as presenters
from console.items.imports import services, slice_reader
from console.items.imports.selectors import count_batches
from console.items.models import Import
from console.items.runs import services as run_services
from console.items.runs.result_selectors import read_unresolved
from console.items.runs.selectors import find_own_run, find_run
from console.items.views import runs
from console.items.views.import_plan_page import render_plan

NOT_STOPPED = "Nothing of it was being created, so nothing was stopped."
NOTHING_TO_RETRY = "Nothing is left to retry. Nothing was created."
ENDING = "It is only just ending, so nothing was created now. Try again."
NOTHING_TO_CREATE = "There are no work items left to create in this plan."
OTHER_VERSION = "This plan was made again since you opened it, so nothing was created. Check it again."


@require_safe
def detail(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """The plan until it is started, then its progress and its result."""
    import_run = find_run(Import, user=request.user, project=project, run_id=import_id)
    if import_run.state in import_run.PLANNING:
        return render_plan(request, import_run)
    if htmx.is_htmx(request) and "look" in request.GET:
        # A plan that was still being read on the page that asks, and was started elsewhere since.
        return htmx.redirect(request, import_run.get_absolute_url())
    crumbs = item_breadcrumbs(project, import_run.project_name or "Project")
    context = {
        "project_id": project,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "status": runs.read_status(request, import_run),
        **_results(request, import_run),
    }
    return render(request, "items/imports/detail.html", context)


@require_POST
def start(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Creates the items of the plan that the person saw. A duplicate leads to the progress of the first."""
    import_run = find_own_run(Import, user=request.user, project=project, run_id=import_id)
    if import_run.state not in import_run.PLANNING:
        return htmx.redirect(request, import_run.get_absolute_url())
    if import_run.state == Import.State.READY and request.POST.get("version", "") != import_run.plan_version:
        return render_plan(request, import_run, 409, problem=OTHER_VERSION)
    if not services.start(user=request.user, import_run=import_run) and import_run.state in import_run.PLANNING:
        return render_plan(request, import_run, 409, problem=NOTHING_TO_CREATE)
    return htmx.redirect(request, import_run.get_absolute_url())


@require_safe
def progress(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """How far it is, from its own row; with the result once it has ended. Without htmx its page."""
    import_run = find_run(Import, user=request.user, project=project, run_id=import_id)
    return runs.render_progress(request, import_run, _results)


@require_POST
def stop(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Nothing further is created after the items in hand, or read after the page in hand."""
    import_run = find_own_run(Import, user=request.user, project=project, run_id=import_id)
    if import_run.state == Import.State.READING:
        is_stopped = slice_reader.stop(user=request.user, import_run=import_run)
    else:
        is_stopped = run_services.stop(user=request.user, run=import_run)
    return runs.answer(request, import_run, _results, "" if is_stopped else NOT_STOPPED)


@require_POST
def carry_on(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Lets a paused one go on."""
    import_run = find_own_run(Import, user=request.user, project=project, run_id=import_id)
    is_going_on = run_services.carry_on(user=request.user, run=import_run)
    return runs.answer(request, import_run, _results, "" if is_going_on else runs.NOT_CARRIED_ON)


@require_POST
def retry(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Creates what was surely not created, under the same ids."""
    import_run = find_own_run(Import, user=request.user, project=project, run_id=import_id)
    if not services.retry(user=request.user, import_run=import_run):
        is_ending = import_run.state in import_run.FINAL and services.find_retryable(import_run).exists()
        messages.info(request, ENDING if is_ending else NOTHING_TO_RETRY)
    return htmx.redirect(request, import_run.get_absolute_url())


def _results(request: SignedIn, import_run: Import) -> dict[str, Any]:
    """A page of its rows, and how many of them can be retried."""
    can_retry = import_run.state in import_run.FINAL and runs.is_own(request, import_run)
    return {
        "results": presenters.ImportResults(
            import_run,
            *runs.read_results(request, import_run),
            batches=count_batches(import_run),
            can_download=request.user.can(Right.DOWNLOAD),
        ),
        "unresolved_acts": read_unresolved(import_run, user=request.user),
        "retryable": services.find_retryable(import_run).count() if can_retry else 0,
    }
