"""Parts added, moved, made of another kind, removed and brought back: each a plain form with an address of its own."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.http_types import SignedIn
from console import htmx
from console.slices.builder import drafts, lookups, parts, presenters
from console.slices.builder.forms import PartForm, PartKindForm
from console.slices.models import Draft

CHANGED = "slices/create.html#changed"
ALREADY_REMOVED = "This part was removed already, perhaps in another tab. This is how the draft stands now."
FULL = f"A slice made here has at most {parts.MOST_PARTS} parts."


@require_POST
def part_add(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    """Adds a part; items and filters are chosen on a page of their own right away."""
    drafts.find(request.user, draft_id)
    form = PartForm(request.POST)
    if not form.is_valid():
        raise Http404("No such dataset.")
    kind = form.cleaned_data["kind"]
    part = parts.new_part(kind, lookups.dataset(request.user, form.cleaned_data["dataset"]))
    answer = _changed(
        request, draft_id, part.id, lambda: drafts.add_part(request.user, draft_id, part), " added as part"
    )
    return _chosen_there(request, draft_id, part.id, kind, answer)


@require_POST
def part_move(request: SignedIn, draft_id: uuid.UUID, part_id: str) -> HttpResponse:
    step = {"up": -1, "down": 1}.get(request.POST.get("direction", ""), 0)
    return _changed(request, draft_id, part_id, lambda: drafts.move_part(request.user, draft_id, part_id, step))


@require_POST
def part_kind(request: SignedIn, draft_id: uuid.UUID, part_id: str) -> HttpResponse:
    """Makes a part of another kind; what was chosen before is kept for the way back."""
    form = PartKindForm(request.POST)
    if not form.is_valid():
        raise Http404("No such kind.")
    kind = form.cleaned_data["kind"]

    def change() -> Draft:
        return drafts.change_part(request.user, draft_id, part_id, lambda part: parts.of_kind(part, kind))

    answer = _changed(request, draft_id, part_id, change)
    return _chosen_there(request, draft_id, part_id, kind, answer)


@require_POST
def part_remove(request: SignedIn, draft_id: uuid.UUID, part_id: str) -> HttpResponse:
    try:
        own_draft = drafts.remove_part(request.user, draft_id, part_id)
    except drafts.PartGone:
        return _answer(request, drafts.find(request.user, draft_id), ALREADY_REMOVED)
    except drafts.NotEditable as refused:
        return htmx.redirect(request, reverse("slices:draft", args=[refused.draft.pk]))
    removed = drafts.contents(own_draft).removed
    return _answer(request, own_draft, f"{removed.source.label if removed else 'The part'} removed.", just_removed=True)


@require_POST
def part_restore(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    removed = drafts.contents(drafts.find(request.user, draft_id)).removed
    part_id = removed.id if removed else ""
    return _changed(request, draft_id, part_id, lambda: drafts.restore_part(request.user, draft_id), " is back as part")


def _changed(
    request: SignedIn, draft_id: uuid.UUID, part_id: str, change: Callable[[], Draft], ending: str = ", now"
) -> HttpResponse:
    """Makes the change and says where the part stands; what another tab did meanwhile is said instead."""
    try:
        own_draft = change()
    except drafts.PartGone:
        return _answer(request, drafts.find(request.user, draft_id), ALREADY_REMOVED)
    except drafts.TooManyParts:
        return _answer(request, drafts.find(request.user, draft_id), FULL)
    except drafts.NotEditable as refused:
        return htmx.redirect(request, reverse("slices:draft", args=[refused.draft.pk]))
    contents = drafts.contents(own_draft)
    part = contents.part(part_id)
    if part is None:
        return _answer(request, own_draft, ALREADY_REMOVED)
    place = contents.position(part_id) + 1
    return _answer(request, own_draft, f"{part.source.label}{ending} {place} of {len(contents.parts)}.", part_id)


def _answer(request: SignedIn, own_draft: Draft, message: str, part_id: str = "", **more: Any) -> HttpResponse:
    """The parts and the sentence for htmx, else back to the page."""
    if htmx.is_htmx(request):
        return render(request, CHANGED, presenters.builder(own_draft, said=message, **more))
    messages.info(request, message)
    tail = f"#part-{part_id}" if part_id else "#parts"
    return htmx.redirect(request, reverse("slices:draft", args=[own_draft.pk]) + tail)


def _chosen_there(
    request: SignedIn, draft_id: uuid.UUID, part_id: str, kind: str, otherwise: HttpResponse
) -> HttpResponse:
    """Where items or a filter are chosen; what is taken whole, or is not there, needs no page."""
    there = {parts.CHOSEN_ITEMS: "slices:part_items", parts.FILTER: "slices:part_filter"}.get(kind)
    part = drafts.contents(drafts.find(request.user, draft_id)).part(part_id)
    if there is None or part is None or part.kind != kind:
        return otherwise
    return htmx.redirect(request, reverse(there, args=[draft_id, part_id]))
