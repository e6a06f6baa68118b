"""The list of exports, its rows one by one, and the export slot above it."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import connections
from accounts.http_types import SignedIn
from console import error_pages
from console.common import polling
from console.common.parsing import read_cursor
from console.exports import monitor, presenters, selectors
from console.exports import slot as slots
from console.exports.models import ExportRequest
from console.exports.slot_presenters import SlotStatus
from console.upstream.errors import NotFound, UpstreamError
from console.upstream.response_models import Export, Page


@require_safe
def index(request: SignedIn) -> HttpResponse:
    query = request.GET
    sort = next((name for name in selectors.SORTS if name == query.get("sort")), "createdAt")
    order = "ASC" if query.get("order") == "ASC" else "DESC"
    filter_name = next((name for name in presenters.FILTERS if name == query.get("show")), "")
    context = {"sort": sort, "order": order, "show": filter_name, "filters": presenters.FILTERS.items(), "look": 1}
    listing, usage = _read_with_slot(request, filter_name, sort, order)
    context |= {"slot": SlotStatus(usage, request.user), "delay": polling.EXPORT.seconds(0)}
    if isinstance(listing, UpstreamError):
        context |= {"error": listing, "at_start": "cursor" not in query}
        return render(request, "exports/index.html", context, status=error_pages.status_of(listing))
    if isinstance(listing, Page):
        context |= {"rows": presenters.rows(listing.items), "page": listing}
        return render(request, "exports/index.html", context)
    exports, all_read = listing
    rows = presenters.filter_rows(presenters.rows(exports), filter_name, request.user.pk)
    context |= {"rows": presenters.sort_rows(rows, sort, order), "read": len(exports), "all_read": all_read}
    return render(request, "exports/index.html", context)


Listing = Page[Export] | tuple[list[Export], bool]


def _read_with_slot(
    request: SignedIn, filter_name: str, sort: str, order: str
) -> tuple[Listing | UpstreamError, slots.SlotUsage]:
    """What the list shows, and who uses the export slot: out of the same answer where that begins with the newest."""
    user = request.user
    read: Callable[[], Listing] = selectors.newest_reader(user=user) if filter_name else _page(request, sort, order)
    if filter_name or ((sort, order) == ("createdAt", "DESC") and "cursor" not in request.GET):
        (listing,) = connections.gather([slots.sharing_reader(user=user, read=read, newest=_exports_in)])
        answer = listing if isinstance(listing, UpstreamError) else _exports_in(listing)
    else:
        reads: list[Callable[[], Any]] = [read, slots.newest_reader(user=user)]
        listing, answer = connections.gather(reads)
    return listing, slots.usage_from(user=user, answer=answer)


def _exports_in(listing: Listing) -> Sequence[Export]:
    return listing.items if isinstance(listing, Page) else listing[0]


def _page(request: SignedIn, sort: str, order: str) -> Callable[[], Page[Export]]:
    """What reads one page as the vendor has it."""
    cursor = read_cursor(request.GET.get("cursor"))
    direction = "PREV" if request.GET.get("direction") == "PREV" else "NEXT"
    return selectors.page_reader(
        user=request.user, cursor=cursor, direction=direction if cursor else None, sort=sort, order=order
    )


@require_safe
def row(request: SignedIn, export: uuid.UUID) -> HttpResponse:
    """One row of the list, which asks for itself again until its export has ended."""
    state, error = monitor.read_state_or_last(user=request.user, export_id=str(export))
    if isinstance(error, NotFound):
        own = ExportRequest.objects.filter(export_id=str(export), person=request.user).first()
        return render(request, "exports/gone.html#row", {"export_id": export, "gone": state or own})
    if state is None:
        return HttpResponse(status=204)
    context = presenters.next_look(request.GET.get("look"), error) | {"row": presenters.row(state)}
    return render(request, "exports/index.html#row", context)


@require_safe
def slot(request: SignedIn) -> HttpResponse:
    """The export slot as a fragment that asks for itself again while it is in use."""
    slot = SlotStatus(slots.read_usage_or_last(user=request.user), request.user)
    turn = presenters.next_look(request.GET.get("look"), slot.usage.error)
    # A page with the form asks with `queue`, and says whether the queue is offered there.
    context = {"with_form": "queue" in request.GET, "is_queue_offered": slot.is_busy, "is_off": "off" in request.GET}
    context["is_queue_changed"] = context["with_form"] and slot.is_busy != ("busy" in request.GET)
    context |= turn | {"slot": slot, "delay": turn["delay"] if slot.is_watched else None}
    return render(request, "exports/slot.html", context)
