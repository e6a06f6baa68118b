"""The list of slices, one slice with its gallery, one item."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import connections
from accounts.http_types import SignedIn
from accounts.rights import Right
from console import error_pages, htmx
from console.common import polling
from console.common.errors import ConsoleError
from console.common.parsing import read_cursor, read_int
from console.items.imports import slice_selectors
from console.slices import build_times, gallery, list_page, list_query, notifications, presenters, provenance, selectors
from console.slices.list_query import ListQuery
from console.upstream.errors import Invalid, KeyRejected, NotFound, Refused, UpstreamError
from console.upstream.response_models import Slice

VIEW = "slices.view"


def index(request: SignedIn) -> HttpResponse:
    """An owner's slices, or those that use a dataset."""
    view = _view(request)
    query = ListQuery.read(request.GET, "" if request.GET.get("owner") else connections.owner(request.user))
    context, status = _about_list(request, query) | {"view": view}, 200
    try:
        context |= list_page.listed(user=request.user, query=query)
    except UpstreamError as problem:
        # An owner that does not exist may be a 404 (FACTS 1.3), and so is a page past the end (FACTS 1.2).
        if isinstance(problem, NotFound) or (isinstance(problem, Invalid) and _OF_THE_OWNER & problem.fields.keys()):
            return _listed(request, query, context | {"refusal": problem}, 404)
        if htmx.is_htmx(request) or isinstance(problem, KeyRejected):
            raise  # The list that is there stays there, or the key is what has to be mended.
        last = list_page.last_listed(user=request.user, query=query, problem=problem)
        context, status = context | {"problem": problem} | last, 200 if last else error_pages.status_of(problem)
    return _listed(request, query, context, status)


_OF_THE_OWNER = {"owner", "owner_name", "dataset_uid"}


def _listed(request: SignedIn, query: ListQuery, context: dict[str, Any], status: int) -> HttpResponse:
    if not htmx.is_htmx(request):
        return render(request, "slices/index.html", context, status=status)
    # A refusal is an answer for the list's own place, not a notice: htmx would put a 404 into the notices.
    response = render(request, "slices/index.html#list", context | {"moved": True})
    response["HX-Push-Url"] = list_page.address(query)
    return response


def names(request: SignedIn) -> HttpResponse:
    """The names of datasets that a list did not know, put into its sentences once it stands."""
    requested = list(dict.fromkeys(uid for uid in request.GET.getlist("d") if selectors.is_uid(uid)))
    avala_slice = selectors.dataset_names(user=request.user, uids=requested[: list_page.MOST_NAMES])
    return render(request, "slices/_names.html", {"names": avala_slice.items()})


def building(request: SignedIn) -> HttpResponse:
    """How the slices of a list stand that were being built; says itself when to ask again, if at all."""
    waiting, look = list_page.read_addresses(request.GET.getlist("slice")), _look(request)
    context: dict[str, Any] = {"view": _view(request), "look": look + 1}
    try:
        context |= list_page.built(user=request.user, waiting=waiting, look=look + 1)
    except UpstreamError as error:
        if _is_final(error):
            raise
        context |= list_page.next_look(waiting, look + 1, error)
    for row in context.get("changed", []):
        notifications.forget(request.session, provenance.thing_id(row.slice))
    return render(request, "slices/index.html#building", context)


def watch(request: SignedIn) -> HttpResponse:
    """News of the slices the person waits for, on whatever page: a notice for each that is done, once."""
    waiting, look = list_page.read_addresses(notifications.addresses(request.session)), _look(request) + 1
    try:
        context = list_page.built(user=request.user, waiting=waiting, look=look)
    except (UpstreamError, connections.ConnectionMissing) as error:
        # The page did not ask for this, so it does not show that it failed; a slice's own page does.
        delay = None if _is_final(error) else list_page.later(look, error)
        return render(request, "slices/_watch.html", {"look": look, "delay": delay})
    still = {f"{owner}/{slug}" for owner, slug in context["still"]}
    for name in notifications.addresses(request.session):
        if name not in still:
            notifications.forget(request.session, name)
    return render(request, "slices/_watch.html", context | {"look": look})


def datasets(request: SignedIn) -> HttpResponse:
    """Datasets by name, each leading to the slices that use it."""
    name, cursor = " ".join(request.GET.get("name", "").split())[:100], _cursor(request)
    page = selectors.list_datasets(user=request.user, name=name, cursor=cursor or None)
    context = {"page": page, "name": name, "crumbs": [("Slices", reverse("slices:index"))]}
    for which, beyond in (("previous_url", page.previous), ("next_url", page.next)):
        context[which] = "" if beyond in {None, cursor} else f"?{urlencode({'name': name, 'cursor': beyond})}"
    template = "slices/datasets.html#found" if htmx.is_htmx(request) else "slices/datasets.html"
    return render(request, template, context)


def detail(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    avala_slice = selectors.get_slice(user=request.user, owner=owner, slug=slug)
    context = _about(request, avala_slice, owner=owner, slug=slug)
    if context["has_items"]:
        context |= gallery.page(user=request.user, owner=owner, slug=slug, cursor=_cursor(request))
    return render(request, "slices/detail.html", context)


def status(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    """The state of a slice that is being built; carries its own next look, and the gallery once there is one."""
    if not htmx.is_htmx(request):
        return redirect("slices:detail", owner, slug)
    look = _look(request) + 1
    try:
        avala_slice = selectors.get_slice(user=request.user, owner=owner, slug=slug)
    except UpstreamError as error:
        if _is_final(error):
            raise
        message = {"owner": owner, "slug": slug, "look": look, "error": error, "delay": list_page.later(look, error)}
        return render(request, "slices/detail.html#asking", message)
    context = _about(request, avala_slice, owner=owner, slug=slug, look=look)
    if context["has_items"]:
        context |= gallery.page(user=request.user, owner=owner, slug=slug, cursor="")
    return render(request, "slices/detail.html#status", context | {"swapped": not context["row"].state.building})


def items(request: SignedIn, owner: str, slug: str) -> HttpResponse:
    """Items of a slice from a cursor on: more of them, or the same with fresh links; `open` leads to an end of them."""
    cursor = _cursor(request)
    address = reverse("slices:detail", args=[owner, slug], query={"cursor": cursor} if cursor else None)
    if (which := request.GET.get("open")) in {"first", "last"}:
        return redirect(gallery.end_of_page(request.user, owner, slug, cursor, last=which == "last") or address)
    if not htmx.is_htmx(request):
        return redirect(address)
    context = gallery.page(user=request.user, owner=owner, slug=slug, cursor=cursor)
    if "renew" in request.GET:
        return render(request, "slices/detail.html#renewed", context)
    response = render(request, "slices/detail.html#more", context | {"owner": owner, "slug": slug, "more": True})
    if "problem" not in context:
        response["HX-Replace-Url"] = address
    return response


def item(request: SignedIn, owner: str, slug: str, item_uid: uuid.UUID) -> HttpResponse:
    """One item on a page of its own: what the viewer shows, without script."""
    cursor = _cursor(request)
    context = gallery.one(user=request.user, owner=owner, slug=slug, item_uid=str(item_uid), cursor=cursor)
    back = reverse("slices:detail", args=[owner, slug], query={"cursor": cursor} if cursor else None)
    crumbs = [("Slices", f"{reverse('slices:index')}?{urlencode({'owner': owner})}"), (slug, back)]
    return render(request, "slices/item.html", context | {"crumbs": crumbs})


def renew(request: SignedIn, owner: str, slug: str, item_uid: uuid.UUID) -> HttpResponse:
    """The picture of one item with a fresh link, or a quiet tile with the reason."""
    if not htmx.is_htmx(request):
        return redirect("slices:item", owner, slug, item_uid)
    large = request.GET.get("size") == "large"
    context = gallery.renewed(user=request.user, owner=owner, slug=slug, item_uid=str(item_uid), large=large)
    return render(request, "components/_fresh_picture.html", context)


def _about_list(request: SignedIn, query: ListQuery) -> dict[str, Any]:
    """What the page says whatever the list answers."""
    message: dict[str, Any] = {
        "wanted": query,
        "orderings": list_page.orderings(query),
        "sizes": list_query.SIZES,
        "owners": connections.owners(request.user),
        "may_create": request.user.can(Right.CHANGE),
        "here": query.query(),
        "first_page": list_page.address(query, page=1),
        "unsearched": list_page.address(query, search=""),
    }
    if query.dataset:
        avala_slice = selectors.dataset_names(user=request.user, uids=[query.dataset])
        message["dataset_name"] = avala_slice.get(query.dataset, f"dataset {query.dataset[:8]}")
    return message


def _about(request: SignedIn, avala_slice: Slice, *, owner: str, slug: str, look: int = 0) -> dict[str, Any]:
    """What the page says about a slice itself."""
    uids = selectors.recipe_datasets([avala_slice])
    names = selectors.dataset_names(user=request.user, uids=uids)
    row = presenters.row(avala_slice, names)
    message: dict[str, Any] = {
        "owner": owner,
        "slug": slug,
        "row": row,
        "slice": avala_slice,
        "look": look,
        "datasets": [(uid, names.get(uid, "")) for uid in uids],
        "loose": [clause for clause in row.recipe.clauses if clause.kind == "filters"] if row.recipe else [],
        "has_items": not row.state.building and not row.state.failed,
        "again": f"{owner}/{slug}",
        "may_create": request.user.can(Right.CHANGE),
        "can_send": request.user.can(Right.CHANGE) and not row.state.failed,
        "sent_to": slice_selectors.find_batches(user=request.user, owner=owner, slug=slug),
        "crumbs": [("Slices", f"{reverse('slices:index')}?{urlencode({'owner': owner})}")],
    }
    if row.state.building:
        notifications.follow(request.session, user=request.user, avala_slice=avala_slice, origin=row.origin)
        since = build_times.building(user=request.user, avala_slice=avala_slice)
        return message | {
            "watch": since,
            "usual": build_times.usual(user=request.user),
            "delay": polling.SLICE_BUILD.delay(look),
        }
    notifications.forget(request.session, provenance.thing_id(avala_slice))
    build_times.record_build_time(user=request.user, avala_slice=avala_slice)
    return message


def _is_final(error: ConsoleError) -> bool:
    """Whether asking again would get the same answer; being asked to wait is not final."""
    missing = isinstance(error, KeyRejected | connections.ConnectionMissing)
    return missing or (isinstance(error, Refused) and not error.retry_in)


def _view(request: SignedIn) -> str:
    """Cards or table, remembered for as long as the person is signed in."""
    requested = request.GET.get("view")
    if requested in list_query.VIEWS and requested != request.session.get(VIEW):
        request.session[VIEW] = requested
    restored = request.session.get(VIEW)
    return restored if restored in list_query.VIEWS else list_query.VIEWS[0]


def _look(request: SignedIn) -> int:
    return min(read_int(request.GET.get("look"), 0, 9_999) or 0, polling.SLICE_BUILD.most_looks)


def _cursor(request: SignedIn) -> str:
    text = request.GET.get("cursor", "")
    if text and read_cursor(text) is None:
        raise Http404("Not a place in a list.")
    return text
