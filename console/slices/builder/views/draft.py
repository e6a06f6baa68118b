"""The builder's page: starting, keeping, searching, creating. Its parts are changed in `parts.py`."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from accounts.models import Person
from console import htmx, saved_forms, write_errors
from console.common.errors import ConsoleError
from console.common.parsing import read_uuid
from console.common.typed_fields import hand_back
from console.slices.builder import drafts, lookups, presenters, services
from console.slices.builder.forms import SliceForm
from console.slices.builder.parts import DETAIL_NAMES
from console.slices.builder.services import Incomplete, Standing
from console.slices.models import Draft
from console.upstream.errors import Conflict, Invalid, KeyRejected, NotFound, UpstreamError
from console.upstream.response_models import Slice

PAGE = "slices/create.html"
SAVED_FIELDS = ("act", *DETAIL_NAMES, *(f"was_{name}" for name in DETAIL_NAMES))


@hand_back("from", "resume")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn) -> HttpResponse:
    """GET leads to the draft last worked on, or asks; POST starts a draft: empty, with a slice's recipe (`from`), or,
    with `resume`, the one last worked on if there is one."""
    if request.method == "POST":
        return _to_draft(request, _started(request.user, request.POST))
    source = (saved_forms.read_form(request) or request.GET).get("from", "")
    if source:
        _owner_and_slug(source)
    elif own_draft := drafts.last_worked_on(request.user):
        return _to_draft(request, own_draft)
    return render(request, "slices/start.html", {"source": source})


def _started(user: Person, form_data: QueryDict) -> Draft:
    if source := form_data.get("from", ""):
        contents = services.copy_recipe(user, *_owner_and_slug(source))
        return drafts.start(user, contents, source=source)
    return drafts.resume_or_start(user) if "resume" in form_data else drafts.start(user)


def _owner_and_slug(source: str) -> tuple[str, str]:
    owner, _, slug = source.partition("/")
    if (address := Slice("", owner_name=owner, slug=slug).address) is None:
        raise Http404("No such slice.")
    return address


@hand_back(*SAVED_FIELDS)
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    """The builder; a POST creates the slice. A draft that was sent shows how that stands."""
    own_draft = drafts.find(request.user, draft_id)
    if own_draft.state != Draft.State.EDITING:
        if request.method == "POST":
            return _first_result(request, own_draft, read_uuid(request.POST.get("act")) or own_draft.act_id)
        standing = services.standing(own_draft)
        if standing.state != "editing":
            return _show_standing(request, own_draft, standing)
        own_draft = drafts.find(request.user, draft_id)
    if request.method == "POST":
        return _create(request, own_draft)
    if restored := saved_forms.read_form(request):
        details = SliceForm(restored).over(drafts.contents(own_draft).details)
        return _page(request, own_draft, details=details, is_unsaved=True)
    return _page(request, own_draft, **_asked_for(request, own_draft))


@hand_back(*SAVED_FIELDS, page="slices:draft")
@require_POST
def draft_save(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    """Keeps what is typed, as one types and by the button."""
    form = SliceForm(request.POST)
    if problems := form.problems:
        own_draft = drafts.find(request.user, draft_id)
        return _show_saved(request, own_draft, form, 422, unsaved=problems.fields)
    take = request.POST.get("take")
    try:
        if take == "theirs":
            return _to_draft(request, drafts.find(request.user, draft_id))
        own_draft, clashes = drafts.save_details(
            request.user, draft_id, form.detail_values, form.base, force=take == "mine"
        )
    except drafts.NotEditable as refused:
        # A last bit of typing that arrives while the slice is being created must not take the page away.
        return HttpResponse(status=204) if htmx.is_htmx(request) else _to_draft(request, refused.draft)
    if clashes:
        return _show_saved(request, own_draft, form, 409, clashes=clashes)
    if htmx.is_htmx(request):
        return _show_saved(request, own_draft, form, 200)
    show = request.POST.get("show", "")
    return _to_draft(request, own_draft, f"?show={show}" if show in ("name", "organizations") else "")


@require_POST
def draft_discard(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    own_draft = drafts.find(request.user, draft_id)
    if drafts.discard(request.user, draft_id):
        messages.success(request, f"The draft “{own_draft}” was thrown away.")
    else:
        messages.info(request, f"“{own_draft}” was sent already, so there is nothing to throw away.")
    return htmx.redirect(request, reverse("slices:create"))


@require_POST
def draft_again(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    """Back to the builder with a slice that was not found, to create it once more. Nothing is sent by this."""
    own_draft = drafts.find(request.user, draft_id)
    if not services.send_again(own_draft):
        messages.info(request, "This slice is still being checked, so it can't be sent again yet.")
    return _to_draft(request, own_draft)


@require_GET
def draft_name(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    """Whether the name is free; advice while typing."""
    drafts.find(request.user, draft_id)
    verdict = lookups.name_verdict(request.user, request.GET.get("name", ""))
    return render(request, f"{PAGE}#verdict", {"verdict": verdict})


@require_GET
def draft_organizations(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    own_draft = drafts.find(request.user, draft_id)
    return render(request, f"{PAGE}#organization", presenters.builder(own_draft, **_organizations(request)))


@require_GET
def draft_datasets(request: SignedIn, draft_id: uuid.UUID) -> HttpResponse:
    """Datasets found by typing: the list alone for htmx, the whole page without script."""
    own_draft = drafts.find(request.user, draft_id)
    params = {name: request.GET.get(name, "") for name in ("q", "owner", "cursor")}
    nothing, problem = lookups.DatasetMatches((), params["q"], params["owner"]), None
    try:
        results = lookups.find_datasets(request.user, name=params["q"], owner=params["owner"], cursor=params["cursor"])
    except NotFound:
        results = nothing
    except (UpstreamError, ConnectionMissing) as error:
        # Said where the list would stand: a page that waits for it for ever says nothing.
        results, problem = nothing, error
    context = {
        "found": results,
        "problem": problem,
        "asks_for_key": isinstance(problem, KeyRejected | ConnectionMissing),
    }
    if htmx.is_htmx(request):
        return render(request, f"{PAGE}#datasets", {"draft": own_draft, **context})
    return _page(request, own_draft, **context)


# Creating


def _create(request: SignedIn, own_draft: Draft) -> HttpResponse:
    form = SliceForm(request.POST)
    details = form.over(drafts.contents(own_draft).details)
    if problems := form.problems:
        return _page(request, own_draft, 422, details=details, problems=problems)
    act_id = form.act_id
    try:
        if services.was_pressed(request.user, act_id):
            return _first_result(request, own_draft, act_id)
        own_draft, clashes = drafts.save_details(request.user, own_draft.pk, form.detail_values, form.base)
        if clashes:
            return _page(request, own_draft, 409, details=details, clashes=clashes)
        # Looked at last: the first press may have failed meanwhile, and the draft's new id is for another press.
        if services.was_pressed(request.user, act_id):
            return _first_result(request, own_draft, act_id)
        if act_id != own_draft.act_id:
            return _page(request, own_draft, 409, details=details, pressed_again=True)
        standing = services.create_slice(user=request.user, draft=own_draft, request=request)
    except drafts.NotEditable as refused:
        return _first_result(request, refused.draft, act_id)
    except Incomplete as refused:
        return _page(request, own_draft, 422, details=details, problems=refused.problems)
    except write_errors.KINDS as error:
        return _not_created(request, own_draft, error)
    return _to_slice(request, standing) if standing.state == "created" else _to_draft(request, own_draft)


def _first_result(request: SignedIn, own_draft: Draft, act_id: uuid.UUID | None) -> HttpResponse:
    """Another press of the same page is answered as the first one was."""
    if act_id is None:
        return _to_draft(request, own_draft)
    try:
        standing = services.first_result(request.user, own_draft, act_id)
    except write_errors.KINDS as error:
        return _not_created(request, own_draft, error)
    return _to_slice(request, standing) if standing.state == "created" else _to_draft(request, own_draft)


def _not_created(request: SignedIn, own_draft: Draft, error: ConsoleError) -> HttpResponse:
    """Not known how it ended: the draft's page says so. Surely not done: this page, ready for another press."""
    fresh = drafts.find(request.user, own_draft.pk)
    if error.outcome == "unknown":
        return _to_draft(request, fresh)
    # What is wrong with a field or a part stands there, as with one that never was sent.
    status = 422 if isinstance(error, Conflict | Invalid | NotFound) else write_errors.status_of(error)
    here = reverse("slices:draft", args=[fresh.pk])
    failed = None if fresh.failure else write_errors.describe(request, error, back=here, form=here)
    response = _page(request, fresh, status, write_error=failed)
    return retarget(reswap(response, "outerHTML"), "#builder") if htmx.is_htmx(request) else response


def _show_standing(request: SignedIn, own_draft: Draft, standing: Standing) -> HttpResponse:
    if standing.state == "created":
        return _to_slice(request, standing)
    still_sending = standing.state == "sending"
    if htmx.is_htmx(request) and not still_sending:
        return _to_draft(request, own_draft)
    if not still_sending:
        act = services.unresolved_act(own_draft)
        return render(request, "slices/builder/unknown.html", {"draft": own_draft, "unresolved": act})
    name = "slices/builder/sending.html"
    return render(request, f"{name}#sending" if htmx.is_htmx(request) else name, {"draft": own_draft})


# Answers


def _page(request: SignedIn, own_draft: Draft, status: int = 200, /, **more: Any) -> HttpResponse:
    """The whole page, or what stands in its middle where htmx sent the form."""
    context = presenters.builder(own_draft, others=_others(request, own_draft), **more)
    template = f"{PAGE}#builder" if htmx.is_htmx(request) else PAGE
    return render(request, template, context, status=status)


def _show_saved(request: SignedIn, own_draft: Draft, form: SliceForm, status: int, **more: Any) -> HttpResponse:
    if not htmx.is_htmx(request):
        return _page(request, own_draft, status, details=form.over(drafts.contents(own_draft).details), **more)
    context = presenters.builder(own_draft, saved_at=timezone.now(), **more)
    response = render(request, f"{PAGE}#saved_answer", context, status=status)
    # Enter in a field sends the form by the same address, and its answer belongs there too.
    return retarget(reswap(response, "outerHTML"), "#builder-saved")


def _to_draft(request: SignedIn, own_draft: Draft, tail: str = "") -> HttpResponse:
    return htmx.redirect(request, reverse("slices:draft", args=[own_draft.pk]) + tail)


def _to_slice(request: SignedIn, standing: Standing) -> HttpResponse:
    address = Slice("", owner_name=standing.owner_name, slug=standing.slug).address
    return htmx.redirect(request, reverse("slices:detail", args=address) if address else reverse("slices:index"))


def _others(request: SignedIn, own_draft: Draft) -> list[Draft]:
    return [one for one in drafts.unfinished(request.user) if one.pk != own_draft.pk]


def _asked_for(request: SignedIn, own_draft: Draft) -> dict[str, Any]:
    """Without script two things are asked for by a button instead of by themselves."""
    if request.GET.get("show") == "name":
        return {"verdict": lookups.name_verdict(request.user, drafts.contents(own_draft).details.name)}
    return _organizations(request) if request.GET.get("show") == "organizations" else {}


def _organizations(request: SignedIn) -> dict[str, Any]:
    try:
        return {"organizations": lookups.organizations(request.user), "organizations_asked": True}
    except (UpstreamError, ConnectionMissing):
        return {"organizations_failed": True, "organizations_asked": True}
