"""Many work items from a CSV."""

import uuid

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http_types import SignedIn
from console import error_pages, saved_forms
from console.batches import selectors
from console.common.parsing import INT64, read_int
from console.common.typed_fields import hand_back
from console.items.breadcrumbs import item_breadcrumbs
from console.items.imports import csv_download, csv_plans
from console.items.imports.csv_forms import CsvForm, form_of
from console.items.imports.csv_guide import COLUMNS
from console.items.imports.selectors import list_imports
from console.items.imports.services import NotStarted
from console.items.models import Import
from console.items.runs.selectors import find_run
from console.projects import selectors as projects
from console.upstream.errors import ACCESS_REFUSALS, UpstreamError

NOT_READ = "The batches of this project couldn’t be read. {message} Nothing was created."


@hand_back("text", "batch_id")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The form; a file that can be read becomes a plan."""
    if request.method == "POST":
        return _create(request, project)
    form = saved_forms.read_form(request) or {"batch_id": request.GET.get("batch")}
    text, batch = form.get("text", ""), form.get("batch_id")
    initial = {"import_id": uuid.uuid4(), "text": text, "batch_id": read_int(batch, INT64.start)}
    return _page(request, project, CsvForm(initial=initial))


@require_safe
def template(request: SignedIn, project: uuid.UUID) -> StreamingHttpResponse:
    """A CSV with all columns and an example."""
    return csv_download.template()


@require_safe
def refused(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
    """The lines that were not created, ready to be corrected."""
    import_run = find_run(Import, user=request.user, project=project, run_id=import_id)
    if import_run.source != Import.Source.CSV:
        raise Http404
    return csv_download.refused(user=request.user, import_run=import_run, request=request)


def _create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    form = form_of(request)
    if not form.is_valid():
        return _page(request, project, form, 422)
    try:
        plan = csv_plans.create_plan(
            user=request.user,
            project=project,
            import_id=form.cleaned_data["import_id"],
            table=form.table,
            columns=form.columns,
            source_name=form.source_name,
            default_batch=form.cleaned_data["batch_id"],
        )
    except ACCESS_REFUSALS:
        raise
    except UpstreamError as error:
        form.add_error(None, NOT_READ.format(message=error.message))
        return _page(request, project, form, error_pages.status_of(error))
    except NotStarted as problem:
        form.add_error(None, problem.message)
        return _page(request, project, form, 409)
    return redirect(plan.get_absolute_url())


def _page(request: SignedIn, project: uuid.UUID, form: CsvForm, status: int = 200) -> HttpResponse:
    crumbs = item_breadcrumbs(project, projects.read_heading(user=request.user, project=project))
    context = {
        "form": form,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "project_id": project,
        "columns": COLUMNS,
        "sources": [form["file"], form["text"]],
        "recent": list_imports(user=request.user, project=project),
        "offered_batch": _offered_batch(request, project, form),
        "has_chosen_file": bool(request.FILES) or form.dropped_file,
    }
    return render(request, "items/imports/csv.html", context, status=status)


def _offered_batch(request: SignedIn, project: uuid.UUID, form: CsvForm) -> tuple[int, str] | None:
    """The batch that the page was opened for, with its name as far as that is remembered."""
    batch = read_int(request.GET.get("batch"), INT64.start)
    if batch is None:
        batch = read_int(str(form["batch_id"].value() or ""), INT64.start)
    if batch is None:
        return None
    names = selectors.remembered_names(user=request.user, project=project) or {}
    return batch, names.get(batch) or f"Batch {batch}"
