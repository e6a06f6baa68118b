"""One new work item (P15)."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx, saved_forms, write_errors
from console.batches import selectors as batches
from console.common.typed_fields import hand_back
from console.items import create_services as services
from console.items.breadcrumbs import item_breadcrumbs
from console.items.create_form import DEFAULT, Choices, ItemMetadataForm, NewItemForm
from console.items.create_services import CreatedItem
from console.projects import selectors as projects
from console.upstream.errors import Conflict, Invalid, KeyRejected, NotFound, UpstreamError

TEMPLATE = "items/create.html"


@hand_back(
    *("act_id", "asset_url", "asset_id", "asset_type", "batch", "due_at", "due_in_days", "difficulty", "results_url"),
    *("taxonomy_version_id", "labels", "base", "key", "value", "kind"),
)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The form, for the batch that `batch` in the address names; POST creates the item."""
    data = request.POST if request.method == "POST" else saved_forms.read_form(request)
    context = _about(request, project, is_typed=data is not None)
    choices, problem = _read_batches(request, project, is_typed=data is not None)
    linked_batch = {value: value for value, _ in choices}.get(request.GET.get("batch", ""), "")
    initial = request.GET.get("batch", "") if problem else linked_batch
    form = NewItemForm(data, batches=choices, are_all=problem is None, initial={"batch": initial})
    metadata = ItemMetadataForm(data)
    context |= {"form": form, "metadata": metadata, "batch_problem": problem, "act_id": uuid.uuid4()}
    if request.method != "POST":
        return render(request, TEMPLATE, context)
    is_valid = metadata.is_valid()
    if form.is_valid() and is_valid:
        try:
            created = services.create_item(
                user=request.user,
                project=project,
                fields={**form.item_fields, "metadata": metadata.metadata},
                batch_id=form.cleaned_data["batch"],
                batch_name=form.batch_name,
                act_id=form.cleaned_data["act_id"],
                request=request,
            )
            return _created(request, project, created, form)
        except (Conflict, Invalid) as refusal:
            form.add_error(None, refusal.message)
        except write_errors.KINDS as error:
            return write_errors.answer(request, error, TEMPLATE, context, back=request.path)
    return render(request, TEMPLATE, context, status=422)


def _about(request: SignedIn, project: uuid.UUID, *, is_typed: bool) -> dict[str, Any]:
    """What was typed is shown again even where the project's name can't be read."""
    try:
        name = projects.name_of(user=request.user, project=project)
    except (UpstreamError, ConnectionMissing) as error:
        if not is_typed or isinstance(error, NotFound):
            raise
        name = "Project"
    return {
        "project_id": project,
        "project_name": name,
        "crumbs": item_breadcrumbs(project, name),
        "unresolved_acts": []
        if request.method == "POST"
        else services.unresolved_items(user=request.user, project=project, back=request.path),
    }


def _read_batches(
    request: SignedIn, project: uuid.UUID, *, is_typed: bool
) -> tuple[Choices, UpstreamError | ConnectionMissing | None]:
    """The batches except `Default`, which means none; or the error."""
    try:
        project_batches = batches.recent_batches(user=request.user, project=project)
    except (UpstreamError, ConnectionMissing) as error:
        if not is_typed and isinstance(error, ConnectionMissing | KeyRejected | NotFound):
            raise
        return [], error
    return [(str(one.id), one.name or f"Batch {one.id}") for one in project_batches if one.name != DEFAULT], None


def _created(request: SignedIn, project: uuid.UUID, created: CreatedItem, form: NewItemForm) -> HttpResponse:
    messages.success(request, f"The work item “{created.name}” was created in the batch “{form.batch_name}”.")
    if created.id:
        return htmx.redirect(request, reverse("items:detail", args=[project, created.id]))
    batch = form.cleaned_data["batch"]
    query = {"batch": batch} if batch is not None else None
    return htmx.redirect(request, reverse("items:index", args=[project], query=query))
