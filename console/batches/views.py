"""The batches of a project, and one batch: name, figures, metadata, history."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedIn
from accounts.rights import Right
from console import htmx, pages
from console.audit import record
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.batches import ordering, reading, services, shown
from console.batches.changes import ordinal
from console.batches.forms import INT64, MetadataForm, NameForm
from console.projects import services as projects
from console.upstream.errors import Conflict, Invalid, KeyRejected, NotFound, UpstreamError
from console.upstream.types import Batch

PAGE_SIZE = 100
TAKEN = "This project already has a batch with this name."
PRESSED = "This was sent a moment ago and is still under way. Look again in a moment."
UNCLEAR = "We do not know whether this was done. Look at the batch before you send it again."


@require_safe
def index(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """All batches in the order they are worked on, a hundred rows a page."""
    context: dict[str, Any] = _about(request, project) | {"form": NameForm(), "act_id": uuid.uuid4()}
    status = 200
    try:
        context |= _listed(request, project)
    except UpstreamError as problem:
        if htmx.is_htmx(request) or isinstance(problem, KeyRejected | NotFound):
            raise  # The list that is there stays there, or there is no such list.
        context, status = context | {"problem": problem}, pages.status_of(problem)
    if htmx.is_htmx(request):
        return render(request, "batches/index.html#list", context)
    return render(request, "batches/index.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """A new batch: inline on the list, or on a page of its own without script."""
    form = NameForm(request.POST or None)
    context = _about(request, project) | {"form": form, "act_id": uuid.uuid4()}
    if request.method != "POST":
        return render(request, "batches/create.html", context)
    if form.is_valid():
        name, act_id = form.cleaned_data["name"], form.cleaned_data["act_id"]
        try:
            batch_id, name = services.create_batch(
                user=request.user, project=project, name=name, act_id=act_id, request=request
            )
            return _made(request, project, batch_id, name)
        except record.AlreadyActed as first:
            if first.entry.outcome == DONE:
                return _made(request, project, first.entry.result_id, first.entry.thing_name)
            form.add_error("name", _pressed(first.entry))
        except Conflict:
            form.add_error("name", TAKEN)
        except Invalid as refusal:
            form.add_error("name", " ".join(refusal.fields.get("name", [])) or refusal.message)
    template = "batches/index.html#new" if htmx.is_htmx(request) else "batches/create.html"
    return render(request, template, context, status=422)


@require_safe
def detail(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    board, found = _read(request, project, batch)
    context = _about_batch(request, project, found) | {
        **_place(board, batch),
        "metadata": MetadataForm.of(found.metadata),
    }
    context["editing"] = request.GET.get("edit", "")
    if request.GET.get("count"):
        # Without script nothing is asked for later, so the figures come with the page where they are wanted.
        context["counts"] = services.count_items(user=request.user, project=project, batch_id=batch)
    return render(request, "batches/detail.html", context)


@require_safe
def counts(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    """Work items by status, counted in ten calls at most."""
    if not htmx.is_htmx(request):
        return redirect(f"{reverse('batches:detail', args=[project, batch])}?count=yes")
    found = services.count_items(user=request.user, project=project, batch_id=_id(batch))
    context = {"counts": found, "items_url": _elsewhere("items:index", project), "batch_id": batch}
    return render(request, "batches/detail.html#counts", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    """The name in place: GET is the name, or with `edit` the field; POST saves it."""
    if request.method != "POST":
        found = services.get_batch(user=request.user, project=project, batch_id=_id(batch))
        context = _about_batch(request, project, found) | {"editing": request.GET.get("edit")}
        if htmx.is_htmx(request):
            return render(request, "batches/detail.html#name", context)
        return redirect(f"{reverse('batches:detail', args=[project, batch])}?edit=name")
    form = NameForm(request.POST)
    found = services.get_batch(user=request.user, project=project, batch_id=_id(batch))
    if form.is_valid():
        try:
            services.rename_batch(user=request.user, project=project, batch=found, request=request, **form.cleaned_data)
            return _renamed(request, project, batch)
        except record.AlreadyActed as first:
            if first.entry.outcome == DONE:
                return _renamed(request, project, batch)
            form.add_error("name", _pressed(first.entry))
        except Conflict:
            form.add_error("name", TAKEN)
        except Invalid as refusal:
            form.add_error("name", " ".join(refusal.fields.get("name", [])) or refusal.message)
    context = _about_batch(request, project, found) | {"name_form": form, "editing": "name"}
    if htmx.is_htmx(request):
        return render(request, "batches/detail.html#name", context, status=422)
    return _whole(request, project, batch, context)


@require_http_methods(["GET", "HEAD", "POST"])
def metadata(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    """The metadata as a table; `edit` makes its lines fields, POST saves what changed."""
    if request.method != "POST":
        found = services.get_batch(user=request.user, project=project, batch_id=_id(batch))
        if not htmx.is_htmx(request):
            return redirect(f"{reverse('batches:detail', args=[project, batch])}?edit=metadata")
        context = _about_batch(request, project, found) | {"metadata": MetadataForm.of(found.metadata)}
        return render(request, "batches/detail.html#metadata", context | {"editing": request.GET.get("edit")})
    form = MetadataForm.read(request.POST)
    if form.is_valid() and form.act_id is not None:
        try:
            services.change_metadata(
                user=request.user,
                project=project,
                batch_id=_id(batch),
                base=form.base,
                wanted=form.wanted,
                act_id=form.act_id,
                request=request,
            )
            return _metadata_saved(request, project, batch)
        except record.AlreadyActed as first:
            if first.entry.outcome == DONE:
                return _metadata_saved(request, project, batch)
            form.error = _pressed(first.entry)
        except services.ChangedMeanwhile as clash:
            form.error = _clash_words(clash)
        except Invalid as refusal:
            form.error = refusal.message
    form.act_id = uuid.uuid4()
    found = services.get_batch(user=request.user, project=project, batch_id=_id(batch))
    context = _about_batch(request, project, found) | {"metadata": form, "editing": "metadata"}
    if htmx.is_htmx(request):
        return render(request, "batches/detail.html#metadata", context, status=422)
    return _whole(request, project, batch, context)


def _about(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    name = projects.name_of(user=request.user, project=project)
    here = reverse("batches:index", args=[project])
    return {
        "project_id": project,
        "project_name": name,
        "index_url": here,
        "crumbs": [("Projects", reverse("projects:index")), (name, reverse("projects:detail", args=[project]))],
        "may_change": request.user.may(Right.CHANGE),
    }


def _listed(request: SignedIn, project: uuid.UUID) -> dict[str, Any]:
    projects.mark_used(user=request.user, project=project)
    board = reading.read_board(user=request.user, project=project, age=reading.RECENT if htmx.is_htmx(request) else 0)
    found, search = shown.rows(board), " ".join(request.GET.get("q", "").split())[:100]
    folded = shown.folds(found) and request.GET.get("finished") != "show"
    finished = sum(row.finished for row in found)
    chosen = shown.matching([row for row in found if not folded or search or not row.finished], search)
    page = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "total": len(found),
        "finished": finished,
        "can_fold": shown.folds(found),
        "folded": folded and not search,
        "search": search,
        "ties": len(board.order.tied),
        "unordered": board.order.unordered,
        "only_default": [row.name for row in found] == ["Default"],
        "work": _work(found),
        "previous_url": _turned(request, page.number - 1) if page.has_previous() else "",
        "next_url": _turned(request, page.number + 1) if page.has_next() else "",
        "pager_text": f"{page.start_index():,} to {page.end_index():,} of {len(chosen):,} batches",
        "fold_url": _turned(request, 1, finished="" if not folded else "show"),
        "last": ordering.last_saved(project=project),
        "unclear": ordering.unclear(project=project),
    }


def _work(found: list[shown.Row]) -> dict[str, int]:
    total, completed = sum(row.total or 0 for row in found), sum(row.completed for row in found)
    return {"total": total, "completed": completed, "share": round(100 * completed / total) if total else 0}


def _turned(request: SignedIn, page: int, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in {"page": str(page) if page > 1 else "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _read(request: SignedIn, project: uuid.UUID, batch: int) -> tuple[reading.Board, Batch]:
    board = reading.read_board(user=request.user, project=project)
    found = board.batches.get(_id(batch))
    if found is None:
        raise Http404("This project has no such batch.")
    return board, found


def _about_batch(request: SignedIn, project: uuid.UUID, found: Batch) -> dict[str, Any]:
    about = _about(request, project)
    return about | {
        "batch": found,
        "name": found.name or f"Batch {found.id}",
        "row": shown.Row(found.id, 0, found.name or "", None, False, found),
        "name_form": NameForm(initial={"name": found.name}),
        "act_id": uuid.uuid4(),
        "maker": services.makers().get(found.created_by or "", ""),
        "history": services.history(user=request.user, batch_id=found.id),
        "sees_all": request.user.may(Right.AUDIT_ALL),
        "batch_id": found.id,
        "crumbs": [*about["crumbs"], ("Batches", about["index_url"])],
        "export_url": _export_url(project, found.id),
        "items_url": _elsewhere("items:index", project),
        "exports_url": _elsewhere("exports:index"),
    }


def _whole(request: SignedIn, project: uuid.UUID, batch: int, context: dict[str, Any]) -> HttpResponse:
    """The whole page again with what was typed, where there is no script."""
    board, found = _read(request, project, batch)
    about = _place(board, batch) | {"metadata": MetadataForm.of(found.metadata)}
    return render(request, "batches/detail.html", about | context, status=422)


def _place(board: reading.Board, batch: int) -> dict[str, Any]:
    ranks = board.order.ranks
    return {"rank_words": ordinal(ranks[batch]), "of": len(ranks), "number": board.order.numbers.get(batch)}


def _made(request: SignedIn, project: uuid.UUID, batch_id: str, name: str) -> HttpResponse:
    messages.success(request, f"The batch “{name}” was made. It stands at the end until you order it.")
    here = reverse("batches:index", args=[project])
    return htmx.redirect(request, f"{here}#batch-{batch_id}" if batch_id else here)


def _renamed(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    if not htmx.is_htmx(request):
        return redirect("batches:detail", project, batch)
    found = services.get_batch(user=request.user, project=project, batch_id=batch)
    context = _about_batch(request, project, found) | {"saved": "name"}
    return render(request, "batches/detail.html#name_saved", context)


def _metadata_saved(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    if not htmx.is_htmx(request):
        return redirect("batches:detail", project, batch)
    found = services.get_batch(user=request.user, project=project, batch_id=batch)
    context = _about_batch(request, project, found) | {"metadata": MetadataForm.of(found.metadata), "saved": "metadata"}
    return render(request, "batches/detail.html#metadata_saved", context)


def _pressed(entry: Entry) -> str:
    """A second press of a form whose first press did not simply succeed."""
    if entry.outcome == FAILED:
        return f"The last try was not done: {entry.result.get('error', 'it was refused')} You can send it again now."
    return UNCLEAR if entry.outcome == UNKNOWN else PRESSED


def _clash_words(clash: services.ChangedMeanwhile) -> str:
    keys = ", ".join(f"“{key}”" for key in clash.keys)
    return (
        f"Somebody changed {keys} since you opened this. Nothing was sent. "
        "Look at the value as it is now on the batch’s page; what you typed is still here."
    )


def _export_url(project: uuid.UUID, batch_id: int) -> str:
    address = _elsewhere("exports:create")
    return f"{address}?projects={project}&batches={batch_id}" if address else ""


def _elsewhere(view: str, *args: object) -> str:
    """Another app's page, where this console has it."""
    try:
        return reverse(view, args=args)
    except NoReverseMatch:
        return ""


def _id(batch: int) -> int:
    """Batch ids have 64 bits (FACTS 2.4); a longer one is nobody's."""
    if batch >= INT64:
        raise Http404("No such batch.")
    return batch
