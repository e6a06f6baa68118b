"""Which work items of a project are selected."""

import contextlib
import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.http_types import SignedIn
from console import htmx
from console.common.typed_fields import hand_back
from console.items import counts
from console.items.bulk import selection, selection_selectors
from console.items.bulk.selection import NotSelected, SelectionChange
from console.items.filters import ItemFilter
from console.items.views import index
from console.upstream.errors import UpstreamError


@hand_back(*selection.FIELDS, page="items:index")
@require_POST
def select(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Selects or deselects work items; htmx gets the bar, others the table again."""
    change, query = SelectionChange.read(request.POST), request.POST.get("list", "")
    item_filter, problem = ItemFilter.from_query(query, user=request.user), ""
    try:
        selection.change_selection(user=request.user, project=project, change=change, list_query=query)
    except NotSelected as refused:
        problem = refused.message
    if change.command == "all" and not problem:
        _count(request, project, item_filter)
    if not htmx.is_htmx(request):
        if problem:
            return index.answer(request, project, item_filter, unsaved=change, problem=problem)
        return htmx.redirect(request, item_filter.address(reverse("items:index", args=[project])))
    bar = selection_selectors.read_bar(
        user=request.user,
        project=project,
        item_filter=item_filter,
        page_ids=selection.read_boxes(request.POST.getlist("shown")).keys(),
        problem=problem,
        tells_selected="shown" in request.POST,
    )
    return render(request, "items/bulk/_bar.html", {"bar": bar}, status=422 if problem else 200)


def _count(request: SignedIn, project: uuid.UUID, item_filter: ItemFilter) -> None:
    """The number stands beside the choice; without one the choice is the same."""
    filters = item_filter.arguments() | {"ids": item_filter.ids}
    with contextlib.suppress(UpstreamError):
        counts.count_by_status(user=request.user, project=str(project), filters=filters)
