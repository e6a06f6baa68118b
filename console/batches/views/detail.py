"""One batch: its figures, name, metadata, exports and history."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from accounts.rights import Right
from console import htmx, saved_forms, write_errors
from console.audit import unresolved
from console.audit.selectors import EntryLine
from console.batches import (
    history,
    item_counts,
    order_selectors,
    page_context,
    page_parts,
    presenters,
    selectors,
    services,
)
from console.batches.forms import NameForm
from console.batches.order_diff import ordinal
from console.common.errors import ConsoleError
from console.common.metadata_form import MetadataForm
from console.common.typed_fields import hand_back
from console.exports import selectors as exports
from console.upstream.errors import Conflict, Invalid, UpstreamError
from console.upstream.response_models import Batch

Context = dict[str, Any]

METADATA_SAVED = "The metadata is saved."
METADATA_UNCHANGED = "The metadata is already like this. Nothing was sent."


@require_safe
def detail(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    try:
        board, listed = _read_batch(request, project, batch)
    except UpstreamError as problem:
        return page_context.not_answered(request, project, problem, _last_name(request, project, batch, problem))
    context = _batch_context(request, project, listed) | {
        **_rank_context(board, batch),
        "metadata": MetadataForm(metadata=listed.metadata),
    }
    context["editing"] = request.GET.get("edit", "")
    context |= page_parts.read(user=request.user, project=project, batch_id=batch)
    context["unresolved_acts"] = unresolved.of_thing(request.user, "batch", str(listed.id), back=request.path)
    if request.GET.get("count"):
        # Without script nothing is requested later, so the figures come with the page where they are wanted.
        context["counts"] = item_counts.count_items(user=request.user, project=project, batch_id=batch)
    return render(request, "batches/detail.html", context)


@require_safe
def counts(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    """Work items by status, counted in ten calls at most."""
    if not htmx.is_htmx(request):
        return redirect(f"{reverse('batches:detail', args=[project, batch])}?count=yes")
    batch_counts = item_counts.count_items(user=request.user, project=project, batch_id=batch)
    context = {"counts": batch_counts, "project_id": project, "batch_id": batch, "may_review": _may_review(request)}
    return render(request, "batches/detail.html#counts", context)


@hand_back("act_id", "name")
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    """The name in place: GET is the name, or with `edit` the field; POST saves it."""
    if request.method != "POST":
        if data := saved_forms.read_form(request):
            return render(request, "batches/edit.html", _editing(request, project, batch, "name", NameForm(data)))
        current = selectors.get_batch(user=request.user, project=project, batch_id=batch)
        context = _batch_context(request, project, current) | {"editing": request.GET.get("edit")}
        if htmx.is_htmx(request):
            return render(request, "batches/detail.html#name", context)
        return redirect(f"{reverse('batches:detail', args=[project, batch])}?edit=name")
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            services.rename_batch(
                user=request.user, project=project, batch_id=batch, request=request, **form.cleaned_data
            )
        except (Conflict, Invalid) as refusal:
            form.add_error("name", refusal.message)
        except write_errors.KINDS as error:
            return _respond_failed(request, project, batch, "name", form, error)
        else:
            return _respond_renamed(request, project, batch)
    return _respond_invalid(request, project, batch, "name", form)


@hand_back("act_id", "base", "key", "value", "kind")
@require_http_methods(["GET", "HEAD", "POST"])
def metadata(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    """The metadata as a table; `edit` makes its lines fields, POST saves what changed."""
    if request.method != "POST":
        if data := saved_forms.read_form(request):
            form = MetadataForm(data)
            return render(request, "batches/edit.html", _editing(request, project, batch, "metadata", form))
        current = selectors.get_batch(user=request.user, project=project, batch_id=batch)
        if not htmx.is_htmx(request):
            return redirect(f"{reverse('batches:detail', args=[project, batch])}?edit=metadata")
        context = _batch_context(request, project, current) | {"metadata": MetadataForm(metadata=current.metadata)}
        return render(request, "batches/detail.html#metadata", context | {"editing": request.GET.get("edit")})
    form = MetadataForm(request.POST)
    if form.is_valid():
        try:
            changed = services.change_metadata(
                user=request.user,
                project=project,
                batch_id=batch,
                base=form.base,
                metadata=form.metadata,
                act_id=form.cleaned_data["act_id"],
                request=request,
            )
            return _respond_metadata_saved(request, project, batch, METADATA_SAVED if changed else METADATA_UNCHANGED)
        except services.MetadataChanged as clash:
            form.add_error(None, _changed_sentence(clash))
        except Invalid as refusal:
            form.add_error(None, refusal.message)
        except write_errors.KINDS as error:
            return _respond_failed(request, project, batch, "metadata", form, error)
    return _respond_invalid(request, project, batch, "metadata", form)


def _read_batch(request: SignedIn, project: uuid.UUID, batch: int) -> tuple[selectors.Board, Batch]:
    board = selectors.read_board(user=request.user, project=project, partly=True)
    listed = board.batches.get(batch)
    if listed is None and board.problem is not None:
        raise board.problem
    if listed is None:
        raise Http404("This project has no such batch.")
    return board, listed


def _last_name(request: SignedIn, project: uuid.UUID, batch: int, problem: UpstreamError) -> str:
    last = selectors.last_board(user=request.user, project=project, problem=problem)
    return (last.value.names.get(batch) if last else None) or f"Batch {batch}"


def _batch_context(request: SignedIn, project: uuid.UUID, batch: Batch) -> dict[str, Any]:
    about = page_context.about(request, project)
    return about | {
        "batch": batch,
        "name": batch.name or f"Batch {batch.id}",
        "row": presenters.BatchRow(
            id=batch.id, place=0, rank=None, name=batch.name or "", number=None, tied=False, batch=batch
        ),
        "name_form": NameForm(initial={"name": batch.name}),
        "act_id": uuid.uuid4(),
        "maker": history.list_creators().get(batch.created_by or "", ""),
        "history": _list_history(request, project, batch.id),
        "batch_id": batch.id,
        "crumbs": [*about["crumbs"], ("Batches", about["index_url"])],
        "export_url": _export_url(project, batch.id),
        "may_review": _may_review(request),
        "exports_url": reverse("exports:index"),
        "held": exports.list_covering(user=request.user, project=str(project), batch=batch.id),
    }


def _list_history(request: SignedIn, project: uuid.UUID, batch: int) -> list[EntryLine]:
    by = None if request.user.can(Right.AUDIT_ALL) else request.user
    moves = order_selectors.moves_of(project=project, batch_id=batch, user=by)
    return history.list_history(user=request.user, batch_id=batch, moves=moves)


def _editing(request: SignedIn, project: uuid.UUID, batch: int, part: str, form: NameForm | MetadataForm) -> Context:
    """What the form of one part needs. CloudFactory is not asked, so that it comes back while that is silent."""
    here = reverse("batches:detail", args=[project, batch])
    return page_context.about(request, project) | {
        "batch": {"id": batch},
        "name": f"Batch {batch}",
        "batch_url": here,
        "editing": part,
        "act_id": uuid.uuid4(),
        "name_form" if part == "name" else "metadata": form,
    }


def _respond_invalid(
    request: SignedIn, project: uuid.UUID, batch: int, part: str, form: NameForm | MetadataForm
) -> HttpResponse:
    """The form as it was typed, with its errors: nothing was sent, or it was refused at a field."""
    context = _editing(request, project, batch, part, form)
    template = f"batches/detail.html#{part}" if htmx.is_htmx(request) else "batches/edit.html"
    return render(request, template, context, status=422)


def _respond_failed(
    request: SignedIn,
    project: uuid.UUID,
    batch: int,
    part: str,
    form: NameForm | MetadataForm,
    error: ConsoleError,
) -> HttpResponse:
    context = _editing(request, project, batch, part, form)
    places = {"part": f"batches/detail.html#{part}", "target": f"#batch-{part}", "back": context["batch_url"]}
    return write_errors.answer(request, error, "batches/edit.html", context, **places)


def _rank_context(board: selectors.Board, batch: int) -> dict[str, Any]:
    """The batch's rank in words, "" for a finished one, which has none."""
    rank, total = board.order.ranks.get(batch), None if board.problem else len(board.order.ranks)
    return {"rank_words": ordinal(rank) if rank else "", "of": total, "number": board.order.numbers.get(batch)}


def _respond_renamed(request: SignedIn, project: uuid.UUID, batch: int) -> HttpResponse:
    if not htmx.is_htmx(request):
        return redirect("batches:detail", project, batch)
    try:
        current = selectors.get_batch(user=request.user, project=project, batch_id=batch)
    except (UpstreamError, ConnectionMissing):
        # It is saved: whatever fails from here on is the page's own matter, and says so.
        return htmx.redirect(request, reverse("batches:detail", args=[project, batch]))
    context = _batch_context(request, project, current) | {"saved": "name"}
    return render(request, "batches/detail.html#name_saved", context)


def _respond_metadata_saved(request: SignedIn, project: uuid.UUID, batch: int, message: str) -> HttpResponse:
    if not htmx.is_htmx(request):
        messages.success(request, message)
        return redirect("batches:detail", project, batch)
    try:
        current = selectors.get_batch(user=request.user, project=project, batch_id=batch)
    except (UpstreamError, ConnectionMissing):
        messages.success(request, message)
        return htmx.redirect(request, reverse("batches:detail", args=[project, batch]))
    context = _batch_context(request, project, current) | {"metadata": MetadataForm(metadata=current.metadata)}
    context |= {"saved": "metadata", "said": message}
    return render(request, "batches/detail.html#metadata_saved", context)


def _changed_sentence(clash: services.MetadataChanged) -> str:
    keys = ", ".join(f"“{key}”" for key in clash.keys)
    return (
        f"Somebody changed {keys} since you opened this. Nothing was sent. "
        "Look at the value as it is now on the batch’s page; what you typed is still here."
    )


def _export_url(project: uuid.UUID, batch_id: int) -> str:
    return reverse("exports:create", query={"projects": project, "batches": batch_id})


def _may_review(request: SignedIn) -> bool:
    return request.user.can(Right.SIGNAL)
