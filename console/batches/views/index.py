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
from console.batches import order_services, presenters, selectors, services
from console.batches import page_context as page
from console.batches.forms import NameForm, batch_ids_of
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back
from console.projects import services as projects
from console.upstream.errors import Conflict, Invalid, KeyRejected, NotFound, UpstreamError

PAGE_SIZE = 100


@require_safe
def index(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """All batches in the order they are worked on, a hundred rows a page."""
    context: dict[str, Any] = page.about(request, project) | {"form": NameForm(), "act_id": uuid.uuid4()}
    status = 200
    try:
        context |= _listed(request, project)
    except UpstreamError as problem:
        if htmx.is_htmx(request) or isinstance(problem, KeyRejected | NotFound):
            raise  # The list that is there stays there, or there is no such list.
        context["problem"] = problem
        if last := selectors.last_board(user=request.user, project=project, problem=problem):
            context |= _shown(request, project, last.value) | {"kept_at": last.at, "may_change": False}
        status = 200 if last else error_pages.status_of(problem)
    if htmx.is_htmx(request):
        return render(request, "batches/index.html#list", context)
    return render(request, "batches/index.html", context, status=status)


@require_safe
def waiting(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """What waits for review in the rows of a page, which asks for it once they are there."""
    if not htmx.is_htmx(request):
        return redirect("batches:index", project)
    batch_ids = batch_ids_of(request.GET)
    try:
        found = services.waiting(user=request.user, project=project, batch_ids=batch_ids)
    except UpstreamError as problem:
        if isinstance(problem, KeyRejected):
            raise  # That is said to the person, who has to mend it.
        return render(request, "batches/index.html#waiting", {"unknown": batch_ids})
    return render(request, "batches/index.html#waiting", {"waiting": found, "project_id": project})


@hand_back("act_id", "name")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """A new batch: inline on the list, or on a page of its own without script."""
    sent = request.POST if request.method == "POST" else saved_forms.read_form(request)
    form = NameForm(sent)
    context = page.about(request, project) | {"form": form, "act_id": uuid.uuid4()}
    if request.method != "POST":
        return render(request, "batches/create.html", context)
    if form.is_valid():
        name, act_id = form.cleaned_data["name"], form.cleaned_data["act_id"]
        try:
            batch_id, name = services.create_batch(
                user=request.user, project=project, name=name, act_id=act_id, request=request
            )
            return _made(request, project, batch_id, name)
        except (Conflict, Invalid) as refusal:
            form.add_error("name", refusal.message)
        except write_errors.KINDS as error:
            places = {"part": "batches/index.html#new", "target": "#batches-new", "back": context["index_url"]}
            return write_errors.answer(request, error, "batches/create.html", context, **places)
    template = "batches/index.html#new" if htmx.is_htmx(request) else "batches/create.html"
    return render(request, template, context, status=422)


def _listed(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    projects.mark_used(user=request.user, project=project)
    age = selectors.RECENT if htmx.is_htmx(request) else 0
    return _shown(request, project, selectors.read_board(user=request.user, project=project, age=age, partly=True))


def _shown(request: SignedIn, project: uuid.UUID, board: selectors.Board) -> dict[str, Any]:
    found, search = presenters.rows(board), " ".join(request.GET.get("q", "").split())[:100]
    folded = presenters.folds(found) and request.GET.get("finished") != "show"
    finished = sum(row.finished for row in found)
    chosen = presenters.matching([row for row in found if not folded or search or not row.finished], search)
    turned = Paginator(chosen, PAGE_SIZE).get_page(read_page_number(request.GET.get("page")))
    return {
        "page": turned,
        "lines": _lines(found, chosen, turned) if folded and not search and not board.problem else turned.object_list,
        "total": len(found),
        "incomplete": board.problem,
        "unusable": board.unusable,
        "finished": finished,
        "can_fold": presenters.folds(found),
        "folded": folded and not search,
        "shows_finished": request.GET.get("finished") == "show",
        "search": search,
        "ties": len(board.order.tied),
        "unordered": board.order.unordered,
        "only_default": [row.name for row in found] == ["Default"],
        "work": _work(found),
        "previous_url": _turned(request, turned.number - 1) if turned.has_previous() else "",
        "next_url": _turned(request, turned.number + 1) if turned.has_next() else "",
        "pager_text": f"{turned.start_index():,} to {turned.end_index():,} of {len(chosen):,} batches",
        "waiting_url": _waiting_url(project, [row.id for row in turned if row.total and not row.finished]),
        "fold_url": _turned(request, 1, finished="" if not folded else "show"),
        "last": order_services.last_saved(project=project),
        "unclear": order_services.unclear(project=project),
        "unresolved_acts": services.unresolved_creates(user=request.user, project=project),
    }


def _lines(
    found: list[presenters.Row], chosen: list[presenters.Row], turned: "Page[presenters.Row]"
) -> list[presenters.Row | presenters.Gap]:
    """The rows of a page, and in their place the finished ones that are folded away before, between and behind."""
    before = chosen[turned.start_index() - 2].place if turned.start_index() > 1 else 0
    until = 0 if turned.has_next() else len(found)
    return presenters.with_gaps(turned.object_list, after=before, until=until)


def _work(found: list[presenters.Row]) -> dict[str, int]:
    total, completed = sum(row.total or 0 for row in found), sum(row.completed for row in found)
    return {"total": total, "completed": completed, "share": round(100 * completed / total) if total else 0}


def _turned(request: SignedIn, page: int, **changes: str) -> str:
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


def _made(request: SignedIn, project: uuid.UUID, batch_id: str, name: str) -> HttpResponse:
    messages.success(request, f"The batch “{name}” was made. It stands at the end until you order it.")
    here = reverse("batches:index", args=[project])
    return htmx.redirect(request, f"{here}#batch-{batch_id}" if batch_id else here)
