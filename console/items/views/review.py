"""A run through the items of a filter: one after the other, with a decision on each."""

import uuid
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http_types import SignedIn
from console import error_pages, htmx
from console.batches import selectors as batches
from console.common.parsing import read_page_number
from console.items.breadcrumbs import item_breadcrumbs
from console.items.decisions import selectors as decision_selectors
from console.items.filters import ItemFilter
from console.items.models import ReviewRun
from console.items.pictures import sign_pictures
from console.items.review import presenters, selectors, services
from console.items.review.summary import summary_of
from console.projects import selectors as projects
from console.projects import services as project_services
from console.upstream.errors import KeyRejected, UpstreamError
from console.upstream.response_models import WorkItem


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """What a run would go through, and its start."""
    item_filter = ItemFilter.read(request.POST if request.method == "POST" else request.GET, user=request.user)
    if item_filter.problems:
        status = 422 if request.method == "POST" else 200
        return render(
            request, "items/review_start.html", _about(request, project) | {"filter": item_filter}, status=status
        )
    if request.method == "POST":
        project_services.mark_used(user=request.user, project=project)
        list_query = request.POST.get("list")
        list_filter = item_filter if list_query is None else ItemFilter.from_query(list_query, user=request.user)
        new_run = services.start_run(
            user=request.user, project=project, item_filter=item_filter, list_filter=list_filter
        )
        place = reverse("items:review_run", args=[project, new_run.pk]) if new_run else _start_url(project, item_filter)
        return htmx.redirect(request, place)
    context, status = _about(request, project), 200
    try:
        page = services.read_run_page(user=request.user, project=project, item_filter=item_filter.first_page())
        names = _batch_names(request, project) if item_filter.batches else {}
        context["start"] = presenters.RunStart(project, item_filter, names, page)
    except KeyRejected:
        raise
    except UpstreamError as problem:
        context["problem"], status = problem, error_pages.status_of(problem)
    return render(request, "items/review_start.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: SignedIn, project: uuid.UUID, run_id: uuid.UUID) -> HttpResponse:
    """The first item that waits for a decision; a POST appends the next page of items, or the skipped ones again.

    The page's script asks here for the items `after` one, and for what became of those from one on (`check`).
    """
    run = _get_run(request, project, run_id)
    if request.method == "POST" and request.POST.get("skipped") == "again":
        services.reopen_skipped(run=run)
    elif request.method == "POST":
        services.append_next_page(user=request.user, run=run)
    if fragment := _fragment(request, run):
        return fragment
    if request.method == "POST":
        return htmx.redirect(request, reverse("items:review_run", args=[project, run_id]))
    try:
        upcoming = selectors.find_next(user=request.user, run=run)
    except KeyRejected:
        raise
    except UpstreamError as problem:
        return _silent(request, run, problem)
    if upcoming.items:
        return _step(request, run, upcoming)
    if run.next_cursor:
        return render(request, "items/review_more.html", _about(request, project) | {"run": run})
    return htmx.redirect(request, reverse("items:review_end", args=[project, run_id]))


@require_safe
def step(request: SignedIn, project: uuid.UUID, run_id: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """One item of the run, decided or not, with the open ones behind it."""
    run = _get_run(request, project, run_id)
    here = next((one for one in selectors.run_items(run) if one.id == str(item)), None)
    if here is None:
        raise Http404
    try:
        upcoming = selectors.read_from(user=request.user, run=run, item=here)
    except KeyRejected:
        raise
    except UpstreamError as problem:
        return _silent(request, run, problem, item=here)
    return _step(request, run, upcoming)


@require_POST
def skip(request: SignedIn, project: uuid.UUID, run_id: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    """Skips the item without a decision and continues."""
    run = _get_run(request, project, run_id)
    if str(item) not in {one.id for one in selectors.run_items(run)}:
        raise Http404
    services.skip(run=run, item=str(item))
    if htmx.is_htmx(request):
        return HttpResponse(status=204)
    return htmx.redirect(request, reverse("items:review_run", args=[project, run_id]))


@require_safe
def end(request: SignedIn, project: uuid.UUID, run_id: uuid.UUID) -> HttpResponse:
    """The results of the items, also before all of them are decided."""
    run = _get_run(request, project, run_id)
    context = _about(request, project) | {
        "run": run,
        "list_url": _list_url(run),
        "strips": decision_selectors.read_tray(user=request.user, project=project),
    }
    open_items = selectors.open_items(run)
    passed_over: list[presenters.PassedOverItem] = []
    try:
        changed = selectors.read_upcoming(user=request.user, run=run, items=open_items).passed_over
        passed_over = presenters.passed_over_of(run, changed)
    except KeyRejected:
        raise
    except UpstreamError as problem:
        context["problem"] = problem
    passed_ids = {one.id for one in passed_over}
    skipped = [one for one in selectors.run_items(run) if one.id in run.skipped]
    decisions = selectors.newest_decisions(run)
    context["summary"] = summary_of(
        run,
        list(decisions.values()),
        skipped=[one for one in skipped if one.id not in decisions],
        passed_over=[one for one in passed_over if one.id not in decisions],
        open_items=[one for one in open_items if one.id not in passed_ids],
    )
    context["look"] = read_page_number(request.GET.get("look"))
    part = "#summary" if htmx.is_htmx(request) else ""
    return render(request, f"items/review_end.html{part}", context)


def _get_run(request: SignedIn, project: uuid.UUID, run_id: uuid.UUID) -> ReviewRun:
    run = selectors.find_run(user=request.user, project=project, run=run_id)
    if run is None:
        raise Http404
    return run


def _step(request: SignedIn, run: ReviewRun, upcoming: selectors.UpcomingItems) -> HttpResponse:
    chunk = _chunk(request, run, upcoming, upcoming.items)
    here = chunk.steps[0]
    context = _about(request, run.project) | {
        "run": run,
        "step": here,
        "chunk": replace(chunk, steps=chunk.steps[1:]),
        "passed_over": presenters.passed_over_before(run, here.id, upcoming.passed_over),
        "end_url": reverse("items:review_end", args=[run.project, run.pk]),
        "strips": decision_selectors.read_tray(user=request.user, project=run.project),
    }
    return render(request, "items/review.html", context)


def _chunk(
    request: SignedIn, run: ReviewRun, upcoming: selectors.UpcomingItems, items: tuple[WorkItem, ...]
) -> presenters.Chunk:
    """The steps of these items, and how the script gets what comes behind them."""
    steps = presenters.steps_of(
        run,
        items,
        pictures=sign_pictures(user=request.user, project=run.project, items=items),
        batch_names=_batch_names(request, run.project),
        panels=decision_selectors.read_panels(user=request.user, run=run, items=items),
        decisions=selectors.newest_decisions(run),
    )
    is_more = bool(items) and bool(selectors.open_items(run, after=items[-1].id))
    behind: presenters.Behind = "read" if is_more else "take" if run.next_cursor else "end"
    return presenters.Chunk(steps, presenters.passed_over_of(run, upcoming.passed_over), behind)


def _fragment(request: SignedIn, run: ReviewRun) -> HttpResponse | None:
    """What the page's script asks for, None where it is the browser that asks."""
    if not htmx.is_htmx(request):
        return None
    if "check" in request.GET:
        return _checked(request, run, request.GET["check"])
    after = request.GET.get("after", request.POST.get("after"))
    if not after:
        return None
    upcoming = selectors.find_next(user=request.user, run=run, after=after)
    return render(request, "items/_chunk.html", {"chunk": _chunk(request, run, upcoming, upcoming.items)})


def _checked(request: SignedIn, run: ReviewRun, item: str) -> HttpResponse:
    """The open items from this one on that have changed since."""
    upcoming = selectors.check_from(user=request.user, run=run, item=item)
    passed_over = presenters.passed_over_of(run, upcoming.passed_over)
    return render(request, "items/_chunk.html", {"chunk": presenters.Chunk([], passed_over, "")})


def _batch_names(request: SignedIn, project: uuid.UUID) -> dict[int, str]:
    """The names of the project's batches; none where they can't be read."""
    try:
        return batches.names_reader(user=request.user, project=project)()
    except KeyRejected:
        raise
    except UpstreamError:
        return {}


def _silent(
    request: SignedIn, run: ReviewRun, problem: UpstreamError, item: selectors.ReviewItem | None = None
) -> HttpResponse:
    """Shows the error in place of the item. Earlier decisions are not affected."""
    progress = presenters.progress_of(run, item.id) if item else None
    context = _about(request, run.project) | {"run": run, "problem": problem, "item": item, "progress": progress}
    return render(request, "items/review_silent.html", context, status=error_pages.status_of(problem))


def _about(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    name = projects.read_heading(user=request.user, project=project)
    return {
        "project_id": project,
        "project_name": name,
        "crumbs": item_breadcrumbs(project, name),
    }


def _list_url(run: ReviewRun) -> str:
    return reverse("items:index", args=[run.project]) + (f"?{run.list_query}" if run.list_query else "")


def _start_url(project: uuid.UUID, item_filter: ItemFilter) -> str:
    return item_filter.address(reverse("items:review", args=[project]))
