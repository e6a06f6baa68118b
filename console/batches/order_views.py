"""The order of a project's batches: the board, saving, undoing, and the history of orders."""

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from accounts.connections import ConnectionMissing
from accounts.requests import SignedIn
from accounts.rights import Right
from console import htmx, pages
from console.audit import record, settling
from console.audit.models import DONE, FAILED, OPEN, UNKNOWN, Entry
from console.batches import order_shown, ordering, reading, shown
from console.batches.changes import difference
from console.batches.forms import OrderForm, act_id_of
from console.batches.models import OrderSnapshot
from console.batches.order import from_boxes
from console.batches.ordering import BadOrder, NothingToSave, OrderChanged, Press
from console.batches.overtaking import Overtaken
from console.projects import services as projects
from console.upstream.errors import UpstreamError

WAIT_FOR_FIRST = 5.0
"""Seconds a second press waits for the answer to the first, to show that answer."""

ALREADY = "The order is already like this. Nothing was sent."


@require_http_methods(["GET", "HEAD", "POST"])
def order(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    if request.method == "POST":
        # The table of who may open what knows pages, not methods: looking at the order is everybody's, saving is not.
        return _save(request, project) if request.user.may(Right.CHANGE) else pages.not_allowed(request)
    board = reading.read_board(user=request.user, project=project)
    projects.mark_used(user=request.user, project=project)
    return render(request, "batches/order.html", order_shown.board_page(request, project, board))


@require_POST
def undo(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    found = _saved_snapshot(project, snapshot)
    return _change(
        request,
        project,
        lambda press: ordering.undo_order(press, found),
        said="The order is as it was before.",
        since=found.at,
    )


@require_POST
def restore(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    found = _saved_snapshot(project, snapshot)
    return _change(
        request,
        project,
        lambda press: ordering.restore_order(press, found),
        said="The earlier order is back.",
        since=found.at,
    )


@require_safe
def history(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Every order saved here, as a sentence of what it changed. CloudFactory is asked for the project's name alone."""
    snapshots = ordering.history(project=project)
    entries = Entry.objects.filter(pk__in=[one.entry for one in snapshots]).prefetch_related("outcomes")
    outcomes = {entry.pk: entry.outcome for entry in entries}
    lines = [order_shown.line(one, outcomes.get(one.entry, UNKNOWN)) for one in snapshots]
    newest = next((line for line in lines if line["outcome"] == DONE), None)
    if newest:
        newest["newest"] = True
    context = order_shown.about(request, project) | {"lines": lines}
    return render(request, "batches/history.html", context)


@require_safe
def version(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """One saved order against the one before it."""
    found = _snapshot(project, snapshot)
    entry, whole = Entry.objects.filter(pk=found.entry).first(), request.GET.get("show") == "all"
    context = order_shown.about(request, project) | order_shown.line(found, entry.outcome if entry else UNKNOWN)
    context |= {
        "lines": shown.compared(found.order_before, found.order_after, found.names, whole=whole),
        "whole": whole,
        "count": len(found.after),
        "act_id": uuid.uuid4(),
    }
    context["crumbs"] = [*context["crumbs"], ("History", reverse("batches:history", args=[project]))]
    return render(request, "batches/version.html", context)


@require_POST
def check(request: SignedIn, project: uuid.UUID, entry: uuid.UUID) -> HttpResponse:
    """Looks at CloudFactory whether an order was saved that nobody knows of; only reads."""
    found = Entry.objects.filter(pk=entry, thing_kind="project", thing_id=str(project)).first()
    if found is None or not settling.can_look(found):
        raise Http404("There is nothing to check.")
    look = settling.look(found) if found.outcome in (OPEN, UNKNOWN) else None
    outcome = Entry.objects.get(pk=entry).outcome
    if outcome == DONE:
        return _saved(request, project, "The order was saved after all: this is how CloudFactory has it.")
    kind, title = _not_done(outcome, look)
    if htmx.is_htmx(request):
        # On the board: what is unsaved there stays, and can be saved once it is sure that nothing was.
        known = {"fresh": True} if outcome == FAILED else {"check_url": request.path}
        return _notice(request, {"kind": kind, "title": title, **known}, 200)
    messages.add_message(request, messages.INFO if kind == "info" else messages.WARNING, title)
    return redirect("batches:order", project)


def _not_done(outcome: str, look: settling.Look | None) -> tuple[str, str]:
    """What a look found that did not find the order saved."""
    if outcome == FAILED:
        return "warn", "The order was not saved: CloudFactory still has the one from before."
    if look is not None and look.finding == "not done":
        said = f"CloudFactory still has the order from before (look {look.looks} of {settling.LOOKS})."
        return "info", f"{said} Check again in half a minute to be sure."
    return "warn", "CloudFactory has a third order now, so this cannot be told. Open the page again to see it."


def _save(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    form = OrderForm.read(request.POST)
    try:
        proposed = _proposed(form, project)
    except BadOrder as problem:
        return _refused(request, project, form, problem.message)
    if isinstance(proposed, dict):
        return _wrong_boxes(request, project, form, proposed)
    base = ordering.open_base(project, form.base)

    def send(press: Press) -> OrderSnapshot:
        names = reading.recent_names(user=request.user, project=project)
        return ordering.save_order(press, base=base, proposed=proposed, names=names)

    return _change(request, project, send, said="The order is saved.", form=form)


def _proposed(form: OrderForm, project: uuid.UUID) -> tuple[int, ...] | dict[int, str]:
    """The order that was sent, or what is wrong with single number boxes."""
    if form.error:
        raise BadOrder(form.error)
    base = ordering.open_base(project, form.base)
    ordering.check_order(base, form.ids)
    if form.boxes is None:
        return tuple(form.ids)
    wanted, wrong = form.wanted()
    return wrong or from_boxes(form.ids, wanted)


def _change(
    request: SignedIn,
    project: uuid.UUID,
    send: Callable[[Press], OrderSnapshot],
    *,
    said: str,
    form: OrderForm | None = None,
    since: datetime | None = None,
) -> HttpResponse:
    """What saving, undoing and restoring have in common: each ending as a page or as a fragment."""
    act_id = form.act_id if form else act_id_of(request.POST)
    if act_id is None:
        return _refused(request, project, form, "Something of this page was lost on the way. Open it again.")
    press = Press(request.user, project, act_id, request, form.note if form else "")
    try:
        send(press)
    except record.AlreadyActed as first:
        return _second_press(request, project, first.entry, form, said)
    except NothingToSave:
        return _refused(request, project, form, ALREADY, kind="info", status=200)
    except BadOrder as problem:
        return _refused(request, project, form, problem.message)
    except OrderChanged as changed:
        return _conflict(request, project, changed, form, since or ordering.sealed_at(form.base if form else ""))
    except (UpstreamError, ConnectionMissing, record.NotRecorded, Overtaken) as error:
        return _failed(request, project, error, form, act_id)
    return _saved(request, project, said)


def _saved(request: SignedIn, project: uuid.UUID, said: str) -> HttpResponse:
    """The order as CloudFactory answers it now, read again; the batches beside it are those the page just showed."""
    if not htmx.is_htmx(request):
        messages.success(request, said)
        return redirect("batches:order", project)
    board = reading.read_board(user=request.user, project=project, age=reading.KEPT)
    response = render(
        request, "batches/order.html#saved", order_shown.board_page(request, project, board) | {"said": said}
    )
    return retarget(reswap(response, "outerHTML"), "#order-board")


def _second_press(
    request: SignedIn, project: uuid.UUID, entry: Entry, form: OrderForm | None, said: str
) -> HttpResponse:
    """The first result again: waits a little where the first press is still under way."""
    until = time.monotonic() + WAIT_FOR_FIRST
    while (outcome := Entry.objects.get(pk=entry.pk).outcome) == OPEN and time.monotonic() < until:
        time.sleep(0.1)
    if outcome == DONE:
        return _saved(request, project, said)
    if outcome == FAILED:
        return _refused(request, project, form, f"That was not done. {entry.result.get('error', '')}", fresh=True)
    return _unknown(request, project, entry.pk, form)


def _refused(
    request: SignedIn,
    project: uuid.UUID,
    form: OrderForm | None,
    message: str,
    *,
    kind: str = "bad",
    status: int = 422,
    fresh: bool = False,
) -> HttpResponse:
    """Nothing was sent. With script the rows stay as they are; without, the page says it above what was typed."""
    context = {"kind": kind, "title": message, "text": "" if kind == "info" else "Your order is still here, unsaved."}
    if htmx.is_htmx(request):
        return _notice(request, context | {"fresh": fresh}, status)
    return _not_saved(request, project, form, context, status)


def _failed(
    request: SignedIn, project: uuid.UUID, error: Any, form: OrderForm | None, act_id: uuid.UUID
) -> HttpResponse:
    """A vendor error. The rows, the focus and the unsaved order stay exactly as they were."""
    if error.outcome != "failed" and Entry.objects.filter(pk=act_id).exists():
        return _unknown(request, project, act_id, form, error)
    context = {
        "kind": "bad",
        "title": error.message,
        "text": "Nothing was changed. Your order is still here, unsaved.",
        "reference": getattr(error, "reference", "") or "",
        "fresh": True,
    }
    status = pages.status_of(error) if isinstance(error, UpstreamError) else getattr(error, "status", 503)
    if htmx.is_htmx(request):
        return _notice(request, context, status)
    return _not_saved(request, project, form, context, status)


def _unknown(
    request: SignedIn, project: uuid.UUID, entry: uuid.UUID, form: OrderForm | None, error: Any = None
) -> HttpResponse:
    """Sent, and nobody knows whether it was done: one button that only reads."""
    context = {
        "kind": "warn",
        "title": "We do not know whether the order was saved.",
        "text": f"{error.message} Your order is still here."
        if error
        else "No clear answer came. Your order is still here.",
        "check_url": reverse("batches:check", args=[project, entry]),
        "reference": getattr(error, "reference", "") or "",
    }
    if htmx.is_htmx(request):
        return _notice(request, context, 502)
    return _not_saved(request, project, form, context, 502)


def _notice(request: SignedIn, context: Mapping[str, Any], status: int) -> HttpResponse:
    about = {"act_id": uuid.uuid4(), **context}
    response = render(request, "batches/order.html#notice", about, status=status)
    return retarget(reswap(response, "beforeend"), "#notices")


def _not_saved(
    request: SignedIn, project: uuid.UUID, form: OrderForm | None, context: Mapping[str, Any], status: int
) -> HttpResponse:
    """Without script: what happened, and the very form again, so that nothing is lost and nobody is asked."""
    about = {
        "project_id": project,
        "form": form,
        "act_id": form.act_id if form and "check_url" in context else uuid.uuid4(),
        "order_url": reverse("batches:order", args=[project]),
        "rows": list(zip(form.ids, form.boxes or [""] * len(form.ids), strict=False)) if form else [],
    }
    return render(request, "batches/not_saved.html", about | dict(context), status=status)


def _wrong_boxes(request: SignedIn, project: uuid.UUID, form: OrderForm, wrong: Mapping[int, str]) -> HttpResponse:
    """Number boxes that hold no place: said at the box, and every box as it was typed."""
    board = reading.read_board(user=request.user, project=project)
    context = order_shown.board_page(request, project, board, base=ordering.open_base(project, form.base))
    typed = dict(zip(form.ids, form.boxes or [], strict=True))
    context["rows"] = [
        shown.replace(row, box=typed.get(row.id, row.box), errors=(wrong[row.id],) if row.id in wrong else ())
        for row in context["rows"]
    ]
    context |= {"base": form.base, "note": form.note, "wrong": len(wrong), "folded": False}
    return render(request, "batches/order.html", context, status=422)


def _conflict(
    request: SignedIn, project: uuid.UUID, changed: OrderChanged, form: OrderForm | None, since: datetime
) -> HttpResponse:
    """Yours, theirs and a merged suggestion, each to be chosen, none lost."""
    names = reading.recent_names(user=request.user, project=project)
    if changed.theirs.ranks.keys() - names.keys():
        names = reading.names_of(reading.read_batches(user=request.user, project=project))
    last = ordering.last_saved(project=project)
    choices = [
        order_shown.choice("yours", "Yours", "The order you made.", changed, changed.yours, names),
        order_shown.choice("theirs", "Theirs", "The order as it is now.", changed, changed.theirs, names),
        order_shown.choice(
            "merged",
            "Merged",
            "Theirs, with the batches you moved put where you put them.",
            changed,
            changed.merged,
            names,
        ),
    ]
    context = order_shown.about(request, project) | {
        "choices": choices,
        "base": ordering.seal_base(project, changed.theirs),
        "note": form.note if form else "",
        "who": last if last and last.at > since and last.order_after.ids == changed.theirs.ids else None,
        "added": len(changed.theirs.ranks.keys() - changed.base.ranks.keys()),
        "their_change": difference(changed.base, changed.theirs, names),
        "your_change": difference(changed.base, changed.yours, names),
    }
    if htmx.is_htmx(request):
        response = render(request, "batches/conflict.html#conflict", context, status=409)
        return retarget(reswap(response, "outerHTML"), "#order-board")
    return render(request, "batches/conflict.html", context, status=409)


def _saved_snapshot(project: uuid.UUID, snapshot: int) -> OrderSnapshot:
    """One that surely took place: an order that never was cannot be taken back or restored."""
    found = _snapshot(project, snapshot)
    entry = Entry.objects.filter(pk=found.entry).first()
    if entry is None or entry.outcome != DONE:
        raise Http404("This order was not saved.")
    return found


def _snapshot(project: uuid.UUID, snapshot: int) -> OrderSnapshot:
    if snapshot >= 2**63:
        raise Http404("No such order.")
    return get_object_or_404(OrderSnapshot, pk=snapshot, project=str(project))
