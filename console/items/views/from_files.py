"""Work items of uploaded files."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts import connections
from accounts.http_types import SignedIn
from console import htmx, saved_forms, write_errors
from console.common.typed_fields import hand_back
from console.files.selectors import SavedUpload, find_saved
from console.items.breadcrumbs import item_breadcrumbs
from console.items.imports import file_plans
from console.items.imports.batch_forms import BatchForm
from console.items.imports.services import NotStarted
from console.items.views.batch_choice import asked_batch, ids_sent, read_names, read_target

TEMPLATE = "items/from_files.html"


@hand_back("import_id", "act_id", "batch", "name")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID, upload_id: uuid.UUID) -> HttpResponse:
    """The form; the saved files become a plan."""
    upload = find_saved(user=request.user, upload_id=upload_id)
    data = request.POST if request.method == "POST" else saved_forms.read_form(request)
    form = BatchForm(data, batches={}, initial={"batch": asked_batch(request)})
    context = _about(request, project, upload) | {"form": form}
    if context["problem"]:
        return render(request, TEMPLATE, context, status=409 if request.method == "POST" else 200)
    try:
        form.batches = read_names(request, project)
        if request.method != "POST":
            return render(request, TEMPLATE, context)
        if form.is_valid() and (target := read_target(request, project, form)):
            return _planned(request, project, upload, context, target)
    except write_errors.KINDS as error:
        if request.method != "POST":
            raise
        return write_errors.answer(request, error, TEMPLATE, context | {"import_id": request.POST.get("import_id", "")})
    return render(request, TEMPLATE, context | ids_sent(form), status=422)


def _about(request: SignedIn, project: uuid.UUID, upload: SavedUpload) -> dict[str, Any]:
    """Raises NotFound where the project is not in the space of the files: their paths mean nothing anywhere else."""
    vendor_project = connections.cloudfactory(request.user).get_project(upload.space, project)
    name = vendor_project.name or "Unnamed project"
    crumbs = item_breadcrumbs(project, name)
    return {
        "project_id": project,
        "project_name": name,
        "upload": upload,
        "problem": "" if upload.saved else file_plans.NOTHING_SAVED,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "act_id": uuid.uuid4(),
        "import_id": uuid.uuid4(),
    }


def _planned(
    request: SignedIn, project: uuid.UUID, upload: SavedUpload, context: dict[str, Any], target: tuple[int, str]
) -> HttpResponse:
    form, (batch_id, batch_name) = context["form"], target
    try:
        import_run = file_plans.create_plan(
            user=request.user,
            project=project,
            import_id=form.cleaned_data["import_id"],
            upload=upload,
            batch_id=batch_id,
            batch_name=batch_name,
        )
    except NotStarted as refused:
        form.add_error("import_id", refused.message)
        return render(request, TEMPLATE, context, status=409)
    return htmx.redirect(request, import_run.get_absolute_url())
