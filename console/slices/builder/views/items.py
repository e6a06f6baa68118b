"""Choosing items in a gallery. The choice is kept in the draft, so it survives paging, reloads and closed tabs."""

import uuid
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.http_types import SignedIn
from console import htmx, saved_forms
from console.common.parsing import read_cursor
from console.common.typed_fields import hand_back
from console.slices.builder import drafts, lookups
from console.slices.builder.forms import ItemsForm, TooManyItems
from console.slices.builder.parts import RecipePart
from console.slices.models import Draft

PAGE = "slices/builder/items.html"
FORM_UNREADABLE = "This form could not be read. Open the page again."


@hand_back("cursor", "next", "previous", "shown", "item", "do", "on", "off")
@require_http_methods(["GET", "HEAD", "POST"])
def part_items(request: SignedIn, draft_id: uuid.UUID, part_id: str) -> HttpResponse:
    """The dataset's items with those chosen ticked; a POST changes the choice."""
    draft = drafts.find(request.user, draft_id)
    part = drafts.contents(draft).part(part_id)
    if part is None or not part.is_chosen:
        raise Http404("No such part.")
    if draft.state != Draft.State.EDITING:
        return htmx.redirect(request, reverse("slices:draft", args=[draft_id]))
    if request.method == "POST":
        return _pick(request, draft, part)
    picked, more = _picked_before(request, part)
    return _page(request, draft, picked, **more)


def _picked_before(request: SignedIn, part: RecipePart) -> tuple[RecipePart, dict[str, object]]:
    """A choice that came back after signing in: on the page, and not yet in the draft."""
    restored = saved_forms.read_form(request)
    if restored is None:
        return part, {}
    form = ItemsForm(restored)
    if not form.is_valid():
        return part, {}
    try:
        picked = form.apply(part)
    except TooManyItems as refused:
        return part, {"problem": refused.message}
    added, removed = set(picked.items) - set(part.items), set(part.items) - set(picked.items)
    return picked, {"unsaved_on": sorted(added), "unsaved_off": sorted(removed)}


def _pick(request: SignedIn, draft: Draft, part: RecipePart) -> HttpResponse:
    form = ItemsForm(request.POST)
    if not form.is_valid():
        return _show_count(request, draft, part, FORM_UNREADABLE, 422)
    try:
        draft = drafts.change_part(request.user, draft.pk, part.id, form.apply)
    except TooManyItems as refused:
        return _show_count(request, draft, part, refused.message, 422)
    except (drafts.PartGone, drafts.NotEditable):
        return htmx.redirect(request, reverse("slices:draft", args=[draft.pk]))
    part = drafts.contents(draft).part(part.id) or part
    do = request.POST.get("do", "")
    if htmx.is_htmx(request):
        return _show_count(request, draft, part)
    if do == "done":
        return htmx.redirect(request, reverse("slices:draft", args=[draft.pk]) + f"#part-{part.id}")
    there = {"next": "next", "previous": "previous"}.get(do, "cursor")
    return htmx.redirect(request, _address(draft, part, request.POST.get(there, "")))


def _page(request: SignedIn, draft: Draft, part: RecipePart, **more: object) -> HttpResponse:
    """Whole, or the next tiles alone where htmx asks for more of them."""
    cursor = read_cursor((saved_forms.read_form(request) or request.GET).get("cursor")) or ""
    page = lookups.items(request.user, part.source, cursor) if part.source.can_be_opened else None
    context = {
        "draft": draft,
        "part": part,
        "page": page,
        "chosen": frozenset(part.items),
        "cursor": cursor,
        "next_url": _address(draft, part, page.next) if page and page.next else "",
        "unclear": page.unclear if page else "",
        "renew_url": _address(draft, part, cursor),
        **more,
    }
    return render(request, f"{PAGE}#more" if htmx.is_htmx(request) else PAGE, context)


def _show_count(
    request: SignedIn, draft: Draft, part: RecipePart, problem: str = "", status: int = 200
) -> HttpResponse:
    if htmx.is_htmx(request):
        return render(request, f"{PAGE}#count", {"part": part, "problem": problem, "saved": True}, status=status)
    response = _page(request, draft, part, problem=problem)
    response.status_code = status
    return response


def _address(draft: Draft, part: RecipePart, cursor: str | None) -> str:
    query = f"?{urlencode({'cursor': cursor})}" if cursor else ""
    return reverse("slices:part_items", args=[draft.pk, part.id]) + query
