"""The table of work items."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http_types import SignedIn
from accounts.rights import Right
from console import error_pages, htmx, saved_forms
from console.common.typed_fields import hand_back
from console.items import columns as table_columns
from console.items import counts as item_counts
from console.items import id_lists, table_selectors
from console.items import table_presenters as presenters
from console.items.bulk import selection_selectors
from console.items.bulk.selection import SelectionChange, can_select_all
from console.items.decisions.selectors import whom_to_ask
from console.items.filter_form import ItemFilterForm
from console.items.filters import SIZES, ItemFilter
from console.items.pasted_ids import read_ids
from console.items.run_selectors import find_running
from console.items.statuses import CLIENT_REVIEW
from console.projects import selectors as projects
from console.projects import services as project_services
from console.upstream.errors import Invalid, KeyRejected, PageExpired, UpstreamError


@hand_back("ids", "list")
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """A page of the project's work items; POST takes pasted ids and leads to the address that names them."""
    if request.method == "POST":
        return _find_ids(request, project)
    saved_form = saved_forms.read_form(request)
    if saved_form is None:
        return answer(request, project, ItemFilter.read(request.GET, user=request.user))
    # Typed or ticked before signing in again: on the page it was on, and not yet saved.
    item_filter = ItemFilter.from_query(saved_form.get("list", ""), user=request.user)
    unsaved = SelectionChange.read(saved_form)
    return answer(request, project, item_filter, typed_ids=saved_form.get("ids", ""), unsaved=unsaved)


@require_safe
def counts(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The counts of all status tabs."""
    item_filter = ItemFilter.read(request.GET, user=request.user)
    if item_filter.problems:
        return render(request, "items/_counts.html")
    filters = item_filter.arguments() | {"ids": item_filter.ids}
    context: dict[str, Any] = {"tabs": presenters.tabs(item_filter, "")}
    try:
        status_counts = item_counts.count_by_status(user=request.user, project=str(project), filters=filters)
    except KeyRejected:
        raise
    except UpstreamError as problem:
        return render(request, "items/_counts.html", context | {"problem": problem})
    figures = {status.status.value: status.count for status in status_counts.by_status} | {"": status_counts.total}
    context["figures"] = [(tab, figures.get(tab.value, item_counts.Count(0))) for tab in context["tabs"]]
    if request.user.can(Right.SIGNAL):
        if can_select_all(item_filter):
            context["matching"] = figures.get(item_filter.status, item_counts.Count(0))
        context["review"] = status_counts.of(item_filter.status or CLIENT_REVIEW.value)
    return render(request, "items/_counts.html", context | {"problem": status_counts.problem})


@require_safe
def pictures(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The pictures of a page, with links for the moment; each finds its row."""
    item_filter = ItemFilter.read(request.GET, user=request.user)
    signed = (
        {}
        if item_filter.problems
        else table_selectors.sign_page(user=request.user, project=project, item_filter=item_filter)
    )
    reasons = {picture.reason for picture in signed.values()}
    context = {
        "pictures": signed.items(),
        "renew_page": request.get_full_path(),
        # One sentence above the table replaces a note in every row.
        "problem": reasons.pop() if len(signed) > 1 and len(reasons) == 1 and "" not in reasons else "",
    }
    return render(request, "items/_pictures.html", context)


@require_POST
def columns(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Remembers which columns the person wants, or whether they want pictures."""
    if "pictures" in request.POST:
        table_columns.show_pictures(user=request.user, is_shown=request.POST["pictures"] == "show")
    else:
        table_columns.choose_columns(user=request.user, columns=request.POST.getlist("column"))
    back = ItemFilter.from_query(request.POST.get("list", ""), user=request.user)
    return htmx.redirect(request, back.address(reverse("items:index", args=[project])))


def _find_ids(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    before = ItemFilter.from_query(request.POST.get("list", ""), user=request.user).changed(ids=(), id_list="")
    pasted = read_ids(request.POST.get("ids", ""))
    if pasted.problem:
        return answer(request, project, before.with_problem("ids", request.POST["ids"], pasted.problem))
    if pasted.notes:
        messages.info(request, " ".join(pasted.notes))
    space = projects.space_of(user=request.user, project=project).id
    key = id_lists.store_ids(pasted.ids, space=space)
    item_filter = before.changed(ids=pasted.ids, id_list=key)
    return htmx.redirect(request, item_filter.address(reverse("items:index", args=[project])))


def answer(
    request: SignedIn,
    project: uuid.UUID,
    item_filter: ItemFilter,
    *,
    typed_ids: str = "",
    unsaved: SelectionChange | None = None,
    problem: str = "",
) -> HttpResponse:
    """The page of the table. `unsaved` are boxes that were ticked and not selected, `problem` is why not."""
    context = _about(request, project, item_filter, typed_ids)
    context |= {} if item_filter.problems else _table_context(request, project, item_filter, context)
    context |= _choices_context(item_filter, context)
    if "page" in context and context["may_signal"]:
        context |= _selection_context(request, project, item_filter, context, unsaved, problem)
    return _rendered(request, item_filter, context, is_refused=bool(problem))


def _rendered(request: SignedIn, item_filter: ItemFilter, context: dict[str, Any], *, is_refused: bool) -> HttpResponse:
    problem = context.get("problem")
    status = 422 if item_filter.problems or is_refused else error_pages.status_of(problem) if problem else 200
    if not htmx.is_htmx(request):
        return render(request, "items/index.html", context, status=status)
    if problem:
        raise problem
    response = render(request, "items/index.html#page", context, status=status)
    if not item_filter.problems:
        response["HX-Push-Url"] = item_filter.address(context["base"])
    return response


def _about(request: SignedIn, project: uuid.UUID, item_filter: ItemFilter, typed_ids: str) -> dict[str, Any]:
    """The part of the context that needs no answer of CloudFactory."""
    name = projects.read_heading(user=request.user, project=project)
    base = reverse("items:index", args=[project])
    columns = table_columns.columns_of(request.user)
    return {
        "project_id": project,
        "project_name": name,
        "crumbs": projects.breadcrumbs(project, name),
        "base": base,
        "item_filter": item_filter,
        "query": item_filter.query(),
        "first_page": item_filter.first_page().address(base),
        "oldest_first": item_filter.changed(order="oldest").address(base),
        "form": ItemFilterForm(item_filter, typed_ids=typed_ids),
        "opens_ids": bool(
            (item_filter.ids and not item_filter.is_selection) or typed_ids or item_filter.problem("ids")
        ),
        "tabs": presenters.tabs(item_filter, base),
        "sizes": SIZES,
        "columns": columns,
        "all_columns": table_columns.COLUMNS.items(),
        "heads": table_columns.heads(columns),
        "may_change": request.user.can(Right.CHANGE),
        "may_signal": request.user.can(Right.SIGNAL),
        "whom_to_ask": "" if request.user.can(Right.SIGNAL) else whom_to_ask(),
        "review_status": item_filter.status or CLIENT_REVIEW.value,
        "running": find_running(user=request.user, project=project),
        "notes": () if item_filter.problems else item_filter.pasted.notes,
    }


def _table_context(
    request: SignedIn, project: uuid.UUID, item_filter: ItemFilter, about: dict[str, Any]
) -> dict[str, Any]:
    wants_pictures = table_columns.PICTURE in about["columns"]
    try:
        page = table_selectors.read_page(user=request.user, project=project, item_filter=item_filter)
    except KeyRejected:
        raise
    except UpstreamError as problem:
        # Without a cursor the last page is a guess (FACTS 2.2), which CloudFactory can refuse.
        is_guess = item_filter.is_newest_first and not item_filter.cursor and isinstance(problem, Invalid)
        return {"problem": problem, "is_lost": isinstance(problem, PageExpired), "is_guess": is_guess}
    project_services.mark_used(user=request.user, project=project)
    # Pictures of the space are loaded later by script; without script they are included if requested.
    signs_now, base, pictures = "pictures" in request.GET, about["base"], {}
    if wants_pictures:
        pictures = table_selectors.pictures_at_hand(user=request.user, project=project, page=page, signs_now=signs_now)
    rows = presenters.rows(page, project=project, item_filter=item_filter, pictures=pictures)
    return {
        "page": page,
        "rows": rows,
        "waits_for_pictures": wants_pictures and presenters.waits_for_pictures(rows),
        "batch_names": page.batch_names,
        "place_words": presenters.place_words(page, item_filter),
        "previous_url": page.previous.address(base) if page.previous else "",
        "next_url": page.next.address(base) if page.next else "",
    }


def _selection_context(
    request: SignedIn,
    project: uuid.UUID,
    item_filter: ItemFilter,
    context: dict[str, Any],
    unsaved: SelectionChange | None,
    problem: str,
) -> dict[str, Any]:
    """The bar, and each row with whether its box is ticked."""
    bar = selection_selectors.read_bar(
        user=request.user,
        project=project,
        item_filter=item_filter,
        page_ids=[row.item_id for row in context["rows"] if row.item_id],
        batch_names=context["batch_names"],
        unsaved=unsaved,
        problem=problem,
    )
    ticked = {row.item_id for row in context["rows"] if bar.is_ticked(row)}
    return {"bar": bar, "ticked": ticked}


def _choices_context(item_filter: ItemFilter, context: dict[str, Any]) -> dict[str, Any]:
    names = context.get("batch_names", {})
    return {
        "chips": presenters.chips(item_filter, context["base"], names),
        "batches": presenters.batch_choices(item_filter, names),
        "hidden": item_filter.first_page().pairs(),
    }
