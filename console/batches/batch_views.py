"""One batch: its figures, name, metadata, exports and history."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedIn
from accounts.rights import Right
from console import htmx
from console.audit import record
from console.audit.models import DONE
from console.batches import page, reading, services, shown
from console.batches.changes import ordinal
from console.batches.forms import INT64, MetadataForm, NameForm
from console.exports import services as exports
from console.upstream.errors import Conflict, Invalid, UpstreamError
from console.upstream.types import Batch

SAVED = "The metadata is saved."
SAME = "The metadata is already like this. Nothing was sent."


@require_safe
def detail(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    try:
        board, found = _read(request, project, batch)
    except UpstreamError as problem:
        return page.not_answered(request, project, problem, _last_name(request, project, batch, problem))
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
    context = {"counts": found, "items_url": page.elsewhere("items:index", project), "batch_id": batch}
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
            form.add_error("name", page.pressed_before(first.entry))
        except Conflict as refusal:
            form.add_error("name", refusal.message)
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
            changed = services.change_metadata(
                user=request.user,
                project=project,
                batch_id=_id(batch),
                base=form.base,
                wanted=form.wanted,
                act_id=form.act_id,
                request=request,
            )
            return _metadata_saved(request, project, batch, SAVED if changed else SAME)
        except record.AlreadyActed as first:
            if first.entry.outcome == DONE:
                return _metadata_saved(request, project, batch, SAVED)
            form.error = page.pressed_before(first.entry)
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


def _read(request: SignedIn, project: uuid.UUID, batch: int) -> tuple[reading.Board, Batch]:
    board = reading.read_board(user=request.user, project=project)
    found = board.batches.get(_id(batch))
    if found is None:
        raise Http404("This project has no such batch.")
    return board, found


def _last_name(request: SignedIn, project: uuid.UUID, batch: int, problem: UpstreamError) -> str:
    last = reading.last_board(user=request.user, project=project, problem=problem)
    return (last.value.names.get(batch) if last else None) or f"Batch {batch}"


def _about_batch(request: SignedIn, project: uuid.UUID, found: Batch) -> dict[str, Any]:
    about = page.about(request, project)
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
        "items_url": page.elsewhere("items:index", project),
        "exports_url": page.elsewhere("exports:index"),
        "held": exports.holding(user=request.user, project=str(project), batch=found.id),
    }


def _whole(request: SignedIn, project: uuid.UUID, batch: int, context: dict[str, Any]) -> HttpResponse:
    """The whole page again with what was typed, where there is no script."""
    board, found = _read(request, project, batch)
    about = _place(board, batch) | {"metadata": MetadataForm.of(found.metadata)}
    return render(request, "batches/detail.html", about | context, status=422)


def _place(board: reading.Board, batch: int) -> dict[str, Any]:
    ranks = board.order.ranks
    return {"rank_words": ordinal(ranks[batch]), "of": len(ranks), "number": board.order.numbers.get(batch)}


def _renamed(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    if not htmx.is_htmx(request):
        return redirect("batches:detail", project, batch)
    found = services.get_batch(user=request.user, project=project, batch_id=batch)
    context = _about_batch(request, project, found) | {"saved": "name"}
    return render(request, "batches/detail.html#name_saved", context)


def _metadata_saved(request: SignedIn, project: uuid.UUID, batch: int, said: str) -> HttpResponse:
    if not htmx.is_htmx(request):
        messages.success(request, said)
        return redirect("batches:detail", project, batch)
    found = services.get_batch(user=request.user, project=project, batch_id=batch)
    context = _about_batch(request, project, found) | {"metadata": MetadataForm.of(found.metadata)}
    context |= {"saved": "metadata", "said": said}
    return render(request, "batches/detail.html#metadata_saved", context)


def _clash_words(clash: services.ChangedMeanwhile) -> str:
    keys = ", ".join(f"“{key}”" for key in clash.keys)
    return (
        f"Somebody changed {keys} since you opened this. Nothing was sent. "
        "Look at the value as it is now on the batch’s page; what you typed is still here."
    )


def _export_url(project: uuid.UUID, batch_id: int) -> str:
    address = page.elsewhere("exports:create")
    return f"{address}?projects={project}&batches={batch_id}" if address else ""


def _id(batch: int) -> int:
    """Batch ids have 64 bits (FACTS 2.4); a longer one is nobody's."""
    if batch >= INT64:
        raise Http404("No such batch.")
    return batch
