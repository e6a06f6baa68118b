"""One import: its plan, its progress and its result."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.http_types import SignedIn
from accounts.rights import Right
from console import htmx
from console.common.parsing import read_page_number
from console.items.breadcrumbs import item_breadcrumbs
from console.items.imports import result_presenters as presenters
from console.items.imports import result_selectors as selectors
from console.items.imports import services, slice_reader
from console.items.imports.plan_page import render_plan
from console.items.imports.plan_presenters import version_of
from console.items.imports.result_presenters import ImportStatus
from console.items.imports.selectors import PLANNING, find_import, find_own_import
from console.items.models import Import

NOT_STOPPED = "Nothing of it was being created, so nothing was stopped."
NOT_CARRIED_ON = "It is no longer paused."
NOTHING_TO_RETRY = "Nothing is left to retry. Nothing was created."
ENDING = "It is only just ending, so nothing was created now. Try again."
NOTHING_TO_CREATE = "There are no work items left to create in this plan."
OTHER_VERSION = "This plan was made again since you opened it, so nothing was created. Check it again."


@require_safe
def detail(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """The plan until it is started, then its progress and its result."""
    found = find_import(user=request.user, project=project, import_id=import_id)
    if found.state in PLANNING:
        return render_plan(request, found)
    if htmx.is_htmx(request) and "look" in request.GET:
        # A plan that was still being read on the page that asks, and was started elsewhere since.
        return htmx.redirect(request, reverse("items:import_detail", args=[project, import_id]))
    crumbs = item_breadcrumbs(project, found.project_name or "Project")
    context = {
        "project_id": project,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "status": _status(request, found),
        **_results(request, found),
    }
    return render(request, "items/imports/detail.html", context)


@require_POST
def start(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Creates the items of the plan that the person saw. A duplicate leads to the progress of the first."""
    found = find_own_import(user=request.user, project=project, import_id=import_id)
    here = reverse("items:import_detail", args=[project, import_id])
    if found.state not in PLANNING:
        return htmx.redirect(request, here)
    if found.state == Import.State.READY and request.POST.get("version", "") != version_of(found):
        return render_plan(request, found, 409, problem=OTHER_VERSION)
    if not services.start(user=request.user, import_=found) and found.state in PLANNING:
        return render_plan(request, found, 409, problem=NOTHING_TO_CREATE)
    return htmx.redirect(request, here)


@require_safe
def progress(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """How far it is, from its own row; with the result once it has ended. Without htmx its page."""
    found = find_import(user=request.user, project=project, import_id=import_id)
    if not htmx.is_htmx(request) or found.state in PLANNING:
        return htmx.redirect(request, reverse("items:import_detail", args=[project, import_id]))
    return _part(request, found)


@require_POST
def stop(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Nothing further is created after the items in hand, or read after the page in hand."""
    found = find_own_import(user=request.user, project=project, import_id=import_id)
    stop_it = slice_reader.stop if found.state == Import.State.READING else services.stop
    is_stopped = stop_it(user=request.user, import_=found)
    return _after(request, found, "" if is_stopped else NOT_STOPPED)


@require_POST
def carry_on(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Lets a paused one go on."""
    found = find_own_import(user=request.user, project=project, import_id=import_id)
    goes_on = services.carry_on(user=request.user, import_=found)
    return _after(request, found, "" if goes_on else NOT_CARRIED_ON)


@require_POST
def retry(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Creates what was surely not created, under the same ids."""
    found = find_own_import(user=request.user, project=project, import_id=import_id)
    if not services.retry(user=request.user, import_=found):
        is_ending = found.state in services.FINAL and services.find_retryable(found).exists()
        messages.info(request, ENDING if is_ending else NOTHING_TO_RETRY)
    return htmx.redirect(request, reverse("items:import_detail", args=[project, import_id]))


def _after(request: SignedIn, found: Import, problem: str) -> HttpResponse:
    found.refresh_from_db()
    if htmx.is_htmx(request) and found.state not in PLANNING:
        return _part(request, found, note=problem)
    if problem:
        messages.info(request, problem)
    return htmx.redirect(request, reverse("items:import_detail", args=[found.project, found.pk]))


def _part(request: SignedIn, found: Import, *, note: str = "") -> HttpResponse:
    """The card of the progress; on its own page the results come along once it has ended or paused."""
    is_strip = "strip" in request.GET
    look, was = read_page_number(request.GET.get("look")), request.GET.get("was", "")
    takes_focus = request.method == "POST"
    status = _status(request, found, look=look, is_strip=is_strip, note=note, was=was, takes_focus=takes_focus)
    context: dict[str, Any] = {"status": status, "project_id": found.project}
    if not is_strip and (status.is_final or (status.is_paused and status.has_changed)):
        context |= {"is_swapped": True, **_results(request, found)}
    return render(request, "items/imports/_progress.html", context)


def _status(request: SignedIn, found: Import, **about: Any) -> ImportStatus:
    chosen, page = selectors.read_filter(request.GET.get("outcome", "")), read_page_number(request.GET.get("page"))
    shown = {**({"outcome": chosen} if chosen else {}), **({"page": str(page)} if page > 1 else {})}
    return ImportStatus(found, is_own=_is_own(request, found), shown=shown, **about)


def _results(request: SignedIn, found: Import) -> dict[str, Any]:
    """A page of its rows, and how many of them can be retried."""
    chosen = selectors.read_filter(request.GET.get("outcome", ""))
    counts = selectors.count_rows(found)
    page = selectors.read_page(found, chosen, read_page_number(request.GET.get("page")), counts[chosen])
    back = reverse("items:import_detail", args=[found.project, found.pk])
    can_retry = found.state in services.FINAL and _is_own(request, found)
    return {
        "results": presenters.ImportResults(
            found, counts, chosen, page, selectors.count_batches(found), request.user.can(Right.DOWNLOAD)
        ),
        "unresolved_acts": selectors.read_unresolved(found, user=request.user, back=back),
        "retryable": services.find_retryable(found).count() if can_retry else 0,
    }


def _is_own(request: SignedIn, found: Import) -> bool:
    return found.person_id == request.user.pk and request.user.can(Right.CHANGE)
