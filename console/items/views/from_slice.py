"""Work items of the items of a slice."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import connections
from accounts.http_types import SignedIn
from console import htmx, saved_forms, write_errors
from console.common.typed_fields import hand_back
from console.items.breadcrumbs import remembered_breadcrumbs
from console.items.imports import slice_reader
from console.items.imports.batch_forms import BatchForm
from console.items.imports.services import NotStarted
from console.items.models import Import
from console.items.runs.selectors import find_own_run
from console.items.views.batch_choice import asked_batch, ids_sent, read_names, read_target
from console.projects import selectors as projects
from console.upstream.response_models import MOST_ADDRESS

TEMPLATE = "items/from_slice.html"


@hand_back("import_id", "act_id", "batch", "name")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID, owner: str, slug: str) -> HttpResponse:
    """The form; the slice and the batch are read for a plan."""
    data = request.POST if request.method == "POST" else saved_forms.read_form(request)
    if len(f"{owner}/{slug}") > MOST_ADDRESS:
        raise Http404("No slice has an address of this length.")
    context = _about(request, project, owner, slug)
    form = BatchForm(data, batches={}, initial={"batch": asked_batch(request)})
    context |= {"form": form, "act_id": uuid.uuid4(), "import_id": uuid.uuid4()}
    try:
        avala_slice = connections.avala(request.user).get_slice(owner, slug)
        form.batches = read_names(request, project)
        context |= {"slice": avala_slice, "problem": slice_reader.why_not(avala_slice)}
        if request.method != "POST" or context["problem"]:
            return render(request, TEMPLATE, context, status=422 if request.method == "POST" else 200)
        if form.is_valid() and (target := read_target(request, project, form)):
            # As Avala itself writes it: the address can spell the same slice in another way.
            address = avala_slice.address or (owner, slug)
            return _planned(request, context, address, avala_slice.name or slug, target)
    except write_errors.KINDS as error:
        if request.method != "POST":
            raise
        return write_errors.answer(request, error, TEMPLATE, context | {"import_id": request.POST.get("import_id", "")})
    return render(request, TEMPLATE, context | ids_sent(form), status=422)


@require_POST
def read_again(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse:
    """Reads the slice and the batch once more."""
    import_run = find_own_run(Import, user=request.user, project=project, run_id=import_id)
    slice_reader.read_again(user=request.user, import_run=import_run)
    return htmx.redirect(request, import_run.get_absolute_url())


def _about(request: SignedIn, project: uuid.UUID, owner: str, slug: str) -> dict[str, Any]:
    crumbs = remembered_breadcrumbs(user=request.user, project=project)
    return {
        "project_id": project,
        "project_name": projects.read_heading(user=request.user, project=project),
        "owner": owner,
        "slug": slug,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
    }


def _planned(
    request: SignedIn, context: dict[str, Any], address: tuple[str, str], name: str, target: tuple[int, str]
) -> HttpResponse:
    form, project, (owner, slug), (batch_id, batch_name) = context["form"], context["project_id"], address, target
    try:
        import_run = slice_reader.create_plan(
            user=request.user,
            project=project,
            project_name=context["project_name"],
            import_id=form.cleaned_data["import_id"],
            owner=owner,
            slug=slug,
            name=name,
            batch_id=batch_id,
            batch_name=batch_name,
        )
    except NotStarted as refused:
        form.add_error("import_id", refused.message)
        return render(request, TEMPLATE, context, status=409)
    return htmx.redirect(request, import_run.get_absolute_url())
