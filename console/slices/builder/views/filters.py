"""Putting a filter together: fields and values seen in the metadata, others typed, or JSON behind a switch."""

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.http_types import SignedIn
from console import htmx, saved_forms
from console.common.typed_fields import hand_back
from console.slices.builder import drafts, forms, lookups, presenters, validation
from console.slices.builder.lookups import SeenFields
from console.slices.builder.parts import RecipePart
from console.slices.models import Draft

PAGE = "slices/builder/filter.html"


@dataclass(frozen=True)
class FilterInput:
    """What the form says: a filter that can be kept, or JSON that cannot be used yet."""

    filters: dict[str, Any]
    json_text: str = ""
    problem: str = ""

    def apply(self, part: RecipePart) -> RecipePart:
        return replace(
            part, filters=part.filters if self.json_text else self.filters, json_text=drafts.storable(self.json_text)
        )


class FilterChanged(Exception):
    """Another tab changed this filter meanwhile."""


@hand_back("as", "json", "was", "do", "f#", "v#", "o#", "offered#")
@require_http_methods(["GET", "HEAD", "POST"])
def part_filter(request: SignedIn, draft_id: uuid.UUID, part_id: str) -> HttpResponse:
    draft = drafts.find(request.user, draft_id)
    part = drafts.contents(draft).part(part_id)
    if part is None or not part.is_filter:
        raise Http404("No such part.")
    if draft.state != Draft.State.EDITING:
        return htmx.redirect(request, reverse("slices:draft", args=[draft_id]))
    seen_fields = lookups.read_fields(request.user, part.source)
    as_json = _as_json(request, part)
    if request.method == "POST":
        return _save(request, draft, part, seen_fields, as_json)
    if restored := saved_forms.read_form(request):
        return _page(
            request, draft, part, seen_fields, as_json, _read(restored, part, seen_fields, as_json), saved=False
        )
    return _page(request, draft, part, seen_fields, as_json)


def _save(request: SignedIn, draft: Draft, part: RecipePart, seen_fields: SeenFields, as_json: bool) -> HttpResponse:
    do, was = request.POST.get("do", ""), request.POST.get("was", "")
    if do == "theirs":
        return htmx.redirect(request, _address(draft, part, as_json))
    submitted = _read(request.POST, part, seen_fields, as_json)
    if len(submitted.json_text) > validation.LONGEST_FILTER:
        return _page(request, draft, part, seen_fields, as_json, submitted, status=422)

    def step(now: RecipePart) -> RecipePart:
        changed = _with_count(submitted.apply(now), seen_fields)
        if do != "mine" and was and _mark(now) not in (was, _mark(changed)):
            raise FilterChanged
        return changed

    try:
        draft = drafts.change_part(request.user, draft.pk, part.id, step)
    except FilterChanged:
        return _page(request, draft, part, seen_fields, as_json, submitted, status=409, clash=True)
    except (drafts.PartGone, drafts.NotEditable):
        return htmx.redirect(request, reverse("slices:draft", args=[draft.pk]))
    part = drafts.contents(draft).part(part.id) or part
    if htmx.is_htmx(request):
        return _page(request, draft, part, seen_fields, as_json, submitted)
    return _onward(request, draft, part, seen_fields, as_json, submitted, do)


def _onward(
    request: SignedIn,
    draft: Draft,
    part: RecipePart,
    seen_fields: SeenFields,
    as_json: bool,
    submitted: FilterInput,
    do: str,
) -> HttpResponse:
    """Without htmx a button says where to go; what is wrong is said first, and what was typed stays."""
    if do in ("json", "fields"):
        return htmx.redirect(request, _address(draft, part, do == "json"))
    problem = submitted.problem or validation.part_problem(part)
    if problem:
        return _page(request, draft, part, seen_fields, as_json, replace(submitted, problem=problem), status=422)
    if do == "done":
        return htmx.redirect(request, reverse("slices:draft", args=[draft.pk]) + f"#part-{part.id}")
    return htmx.redirect(request, _address(draft, part, as_json))


def _page(
    request: SignedIn,
    draft: Draft,
    part: RecipePart,
    seen_fields: SeenFields,
    as_json: bool,
    submitted: FilterInput | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """Whole, or what the filter says so far where htmx saved it."""
    now = submitted.apply(part) if submitted else part
    countable = seen_fields.rows and now.filters and not now.json_text and forms.fits_fields(now.filters)
    context = {
        "draft": draft,
        "part": part,
        "seen": seen_fields,
        "as_json": as_json,
        "fits": forms.fits_fields(part.filters),
        "rows": forms.rows_of(now.filters, seen_fields),
        "json": (submitted.json_text if submitted and submitted.json_text else presenters.filter_json(now)),
        "problem": submitted.problem if submitted else (part.json_text and validation.part_problem(part)),
        "said": presenters.PartCard(now, 1, 1, ()).filter_words,
        "matching": seen_fields.matching(now.filters) if countable else None,
        "was": _mark(part),
        "saved": submitted is not None,
        **more,
    }
    return render(request, f"{PAGE}#said" if htmx.is_htmx(request) else PAGE, context, status=status)


def _as_json(request: SignedIn, part: RecipePart) -> bool:
    requested = (request.POST if request.method == "POST" else saved_forms.read_form(request) or request.GET).get("as")
    if requested in ("json", "fields"):
        return requested == "json" or not forms.fits_fields(part.filters)
    return bool(part.json_text) or not forms.fits_fields(part.filters)


def _read(form: QueryDict, part: RecipePart, seen_fields: SeenFields, as_json: bool) -> FilterInput:
    return _read_json(form.get("json", "")) if as_json else _read_fields(form, part, seen_fields)


def _read_json(text: str) -> FilterInput:
    try:
        return FilterInput(validation.read_filter(text))
    except validation.BadFilter as problem:
        return FilterInput({}, text or " ", str(problem))


def _read_fields(form: QueryDict, part: RecipePart, seen_fields: SeenFields) -> FilterInput:
    rows = forms.RecipeFilterForm(form, seen_fields=seen_fields, before=part.filters)
    filters = rows.filters if rows.is_valid() else {}
    clean = {drafts.storable(name): _clean(value) for name, value in filters.items()}
    return FilterInput(clean, problem=validation.filter_problem(filters) if filters else "")


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return drafts.storable(value) if isinstance(value, str) else value


def _with_count(part: RecipePart, seen_fields: SeenFields) -> RecipePart:
    """With how many items it takes, where all were read and the filter is of the kind whose matches we can tell."""
    countable = seen_fields.complete and part.filters and forms.fits_fields(part.filters)
    return replace(part, matches=seen_fields.matching(part.filters) if countable else None)


def _mark(part: RecipePart) -> str:
    """The filter as a short text, to see whether it changed meanwhile."""
    text = json.dumps([list(part.filters.items()), part.json_text])
    return uuid.uuid5(uuid.NAMESPACE_OID, text).hex


def _address(draft: Draft, part: RecipePart, as_json: bool) -> str:
    return reverse("slices:part_filter", args=[draft.pk, part.id]) + ("?as=json" if as_json else "?as=fields")
