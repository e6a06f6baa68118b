"""The batches of a project: the list, what waits for review in it, and new ones."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http_types import SignedIn
from console import error_pages, htmx, saved_forms, write_errors
from console.batches import history, item_counts, order_selectors, page_context, presenters, selectors, services
from console.batches.forms import NameForm, read_batch_ids
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back
from console.projects import services as projects
from console.upstream.errors import Conflict, Invalid, KeyRejected, NotFound, UpstreamError

PAGE_SIZE = 100


@require_safe
def index(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """All batches in the order they are worked on, a hundred rows a page."""
    context: dict[str, Any] = page_context.about(request, project) | {"form": NameForm(), "act_id": uuid.uuid4()}
    status = 200
    try:
        context |= _read_list(request, project)
    except UpstreamError as problem:
        if htmx.is_htmx(request) or isinstance(problem, KeyRejected | NotFound):
            raise  # The list that is there stays there, or there is no such list.
        context["problem"] = problem
        if last := selectors.last_board(user=request.user, project=project, problem=problem):
            context |= _list_context(request, project, last.value) | {"kept_at": last.at, "may_change": False}
        status = 200 if last else error_pages.status_of(problem)
    if htmx.is_htmx(request):
        return render(request, "batches/index.html#list", context)
    return render(request, "batches/index.html", context, status=status)


@require_safe
def waiting(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """What waits for review in the rows of a page, which asks for it once they are there."""
    if not htmx.is_htmx(request):
        return redirect("batches:index", project)
    batch_ids = read_batch_ids(request.GET)
    try:
        counts = item_counts.count_waiting(user=request.user, project=project, batch_ids=batch_ids)
    except UpstreamError as problem:
        if isinstance(problem, KeyRejected):
            raise  # That is said to the person, who has to mend it.
        return render(request, "batches/index.html#waiting", {"unknown": batch_ids})
    return render(request, "batches/index.html#waiting", {"waiting": counts, "project_id": project})


@hand_back("act_id", "name")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """A new batch: inline on the list, or on a page of its own without script."""
    form = NameForm(request.POST if request.method == "POST" else saved_forms.read_form(request))
    context = page_context.about(request, project) | {"form": form, "act_id": uuid.uuid4()}
    if request.method != "POST":
        return render(request, "batches/create.html", context)
    if form.is_valid():
        name, act_id = form.cleaned_data["name"], form.cleaned_data["act_id"]
        try:
            batch_id, name = services.create_batch(
                user=request.user, project=project, name=name, act_id=act_id, request=request
            )
            return _respond_created(request, project, batch_id, name)
        except (Conflict, Invalid) as refusal:
            form.add_error("name", refusal.message)
        except write_errors.KINDS as error:
            places = {"part": "batches/index.html#new", "target": "#batches-new", "back": context["index_url"]}
            return write_errors.answer(request, error, "batches/create.html", context, **places)
    template = "batches/index.html#new" if htmx.is_htmx(request) else "batches/create.html"
    return render(request, template, context, status=422)


def _read_list(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    projects.mark_used(user=request.user, project=project)
    age = selectors.RECENT if htmx.is_htmx(request) else 0
    return _list_context(
        request, project, selectors.read_board(user=request.user, project=project, age=age, partly=True)
    )


def _list_context(request: SignedIn, project: uuid.UUID, board: selectors.Board) -> dict[str, Any]:
    rows, search = presenters.build_rows(board), " ".join(request.GET.get("q", "").split())[:100]
    folded = presenters.can_fold(rows) and request.GET.get("finished") != "show"
    finished = sum(row.finished for row in rows)
    matches = presenters.filter_rows([row for row in rows if not folded or search or not row.finished], search)
    page = Paginator(matches, PAGE_SIZE).get_page(read_page_number(request.GET.get("page")))
    return {
        "page": page,
        "lines": _add_gaps(rows, matches, page) if folded and not search and not board.problem else page.object_list,
        "total": len(rows),
        "incomplete": board.problem,
        "unusable": board.unusable,
        "finished": finished,
        "can_fold": presenters.can_fold(rows),
        "folded": folded and not search,
        "shows_finished": request.GET.get("finished") == "show",
        "search": search,
        "ties": len(board.order.tied),
        "unordered": board.order.unordered,
        "only_default": [row.name for row in rows] == ["Default"],
        "work": _sum_work(rows),
        "previous_url": _page_url(request, page.number - 1) if page.has_previous() else "",
        "next_url": _page_url(request, page.number + 1) if page.has_next() else "",
        "pager_text": f"{page.start_index():,} to {page.end_index():,} of {len(matches):,} batches",
        "waiting_url": _waiting_url(project, [row.id for row in page if row.total and not row.finished]),
        "fold_url": _page_url(request, 1, finished="" if not folded else "show"),
        "last": order_selectors.last_saved(project=project),
        "unclear": order_selectors.unresolved_saves(project=project),
        "unresolved_acts": history.unresolved_creates(user=request.user, project=project),
    }


def _add_gaps(
    rows: list[presenters.BatchRow], matches: list[presenters.BatchRow], page: "Page[presenters.BatchRow]"
) -> list[presenters.BatchRow | presenters.Gap]:
    """The rows of a page, and in their place the finished ones that are folded away before, between and behind."""
    before = matches[page.start_index() - 2].place if page.start_index() > 1 else 0
    until = 0 if page.has_next() else len(rows)
    return presenters.add_gaps(page.object_list, after=before, until=until)


def _sum_work(rows: list[presenters.BatchRow]) -> dict[str, int]:
    total, completed = sum(row.total or 0 for row in rows), sum(row.completed for row in rows)
    return {"total": total, "completed": completed, "share": round(100 * completed / total) if total else 0}


def _page_url(request: SignedIn, page: int, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in {"page": str(page) if page > 1 else "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _waiting_url(project: uuid.UUID, batch_ids: list[int]) -> str:
    """Batches that are finished or empty have nothing that waits, so they are not asked about."""
    if not batch_ids:
        return ""
    return f"{reverse('batches:waiting', args=[project])}?{urlencode({'batch': batch_ids}, doseq=True)}"


def _respond_created(request: SignedIn, project: uuid.UUID, batch_id: str, name: str) -> HttpResponse:
    messages.success(request, f"The batch “{name}” was made. It stands at the end until you order it.")
    here = reverse("batches:index", args=[project])
    return htmx.redirect(request, f"{here}#batch-{batch_id}" if batch_id else here)
