"""Many work items from a CSV."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedIn
from console import pages, typed_forms
from console.common.typed_fields import hand_back
from console.items.breadcrumbs import item_breadcrumbs
from console.items.imports import csv_download, csv_plans
from console.items.imports.csv_forms import CsvForm, form_of
from console.items.imports.csv_guide import COLUMNS
from console.items.imports.selectors import find_import, list_imports
from console.items.imports.services import NotStarted
from console.items.models import Import
from console.projects import services as projects
from console.upstream.errors import ACCESS_REFUSALS, UpstreamError

NOT_READ = "The batches of this project couldn’t be read, so no plan was made. {message} Nothing was created."


@hand_back("text")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """The form; a file that can be read becomes a plan."""
    if request.method == "POST":
        return _create(request, project)
    typed = typed_forms.kept(request)
    text = typed.get("text", "") if typed else ""
    return _page(request, project, CsvForm(initial={"import_id": uuid.uuid4(), "text": text}))


@require_safe
def template(request: SignedIn, project: uuid.UUID) -> StreamingHttpResponse:
    """A CSV with all columns and an example."""
    return csv_download.template()


@require_safe
def refused(request: SignedIn, project: uuid.UUID, import_id: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
    """The lines that were not created, ready to be corrected."""
    import_run = find_import(user=request.user, project=project, import_id=import_id)
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
        )
    except ACCESS_REFUSALS:
        raise
    except UpstreamError as error:
        form.add_error(None, NOT_READ.format(message=error.message))
        return _page(request, project, form, pages.status_of(error))
    except NotStarted as problem:
        messages.error(request, problem.message)
        return redirect(reverse("items:import", args=[project]))
    return redirect(reverse("items:import_detail", args=[project, plan.pk]))


def _page(request: SignedIn, project: uuid.UUID, form: CsvForm, status: int = 200) -> HttpResponse:
    crumbs = item_breadcrumbs(project, projects.read_heading(user=request.user, project=project))
    context = {
        "form": form,
        "crumbs": crumbs,
        "list_url": crumbs[-1][1],
        "project_id": project,
        "columns": COLUMNS,
        "recent": list_imports(user=request.user, project=project),
        "has_chosen_file": bool(request.FILES) or form.dropped_file,
    }
    return render(request, "items/imports/csv.html", context, status=status)
