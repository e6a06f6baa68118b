"""The order of a project's batches: the board, saving, undoing, and the history of orders."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from accounts.rights import Right
from console import error_pages, saved_forms
from console.audit import reconciliation, record
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.batches import order_presenters, order_responses, order_services, page_context, presenters, selectors
from console.batches.concurrency import Overtaken
from console.batches.forms import OrderForm, act_id_of
from console.batches.models import OrderSnapshot
from console.batches.order import BadOrder, BadPositions, Order
from console.batches.order_diff import count
from console.batches.order_responses import Pressed
from console.batches.order_services import NothingToSave, OrderChanged, Press
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back
from console.duplicate_submissions import wait_for_result
from console.projects import services as projects
from console.upstream.errors import UpstreamError

ALREADY = "The order is already like this. Nothing was sent."
LOST = "Something of this page was lost on the way. Open it again."


@hand_back("act_id", "base", "batch", "order", "place", "note", "note_plain")
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    if request.method == "POST":
        # The table of who may open what knows pages, not methods: looking at the order is everybody's, saving is not.
        return _save(request, project) if request.user.can(Right.CHANGE) else error_pages.not_allowed(request)
    if sent := saved_forms.read_form(request):
        return order_responses.kept(Pressed(request, project, None, OrderForm.read(sent)))
    try:
        board = selectors.read_board(user=request.user, project=project)
    except UpstreamError as problem:
        return page_context.not_answered(request, project, problem, "Order of batches")
    projects.mark_used(user=request.user, project=project)
    return render(request, "batches/order.html", order_presenters.board_page(request, project, board))


@require_POST
def undo(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    found = _saved_snapshot(project, snapshot)
    pressed = Pressed(request, project, act_id_of(request.POST))
    said = f"The order is as it was before.{_not_taken_back(found)}"
    return _change(pressed, lambda press: order_services.undo_order(press, found), said=said, since=found.at)


@require_POST
def restore(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    return _restore(request, project, _saved_snapshot(project, snapshot).order_after)


@require_POST
def restore_before(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """The order that a save started from: CloudFactory had it, whatever became of the save."""
    return _restore(request, project, _snapshot(project, snapshot).order_before)


def _restore(request: SignedIn, project: uuid.UUID, order: Order) -> HttpResponse:
    pressed = Pressed(request, project, act_id_of(request.POST))
    try:
        base = order_services.open_base(project, request.POST.get("base", ""))
    except BadOrder as problem:
        return order_responses.refused(pressed, problem.message)
    return _change(
        pressed,
        lambda press: order_services.restore_order(press, order, base=base.order),
        said="The earlier order is back.",
        since=base.opened_at,
    )


@require_safe
def history(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Every order saved here, as a sentence of what it changed, and those CloudFactory had before without a save here.

    CloudFactory is asked for the project's name alone.
    """
    saved = order_services.history(project=project)
    turned = Paginator(saved, order_presenters.HISTORY_PAGE).get_page(read_page_number(request.GET.get("page")))
    snapshots = list(turned.object_list)
    older = saved.filter(pk__lt=snapshots[-1].pk).first() if snapshots else None
    context = order_presenters.about(request, project) | {
        "page": turned,
        "lines": order_presenters.lines(snapshots, older),
    }
    context["newest"] = order_services.last_saved(project=project)
    return render(request, "batches/history.html", context)


@require_safe
def version(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """One saved order against the one before it, and what restoring it would do."""
    found = _snapshot(project, snapshot)
    entry, whole = Entry.objects.filter(pk=found.entry).first(), request.GET.get("show") == "all"
    context = order_presenters.about(request, project) | order_presenters.line(
        found, entry.outcome if entry else UNKNOWN
    )
    if context["may_change"] and context["outcome"] == DONE:
        restore_url = reverse("batches:restore", args=[project, found.pk])
        context |= order_presenters.restoring(request, project, found.order_after, found.names, restore_url)
    context |= {
        "lines": presenters.compared(found.order_before, found.order_after, found.names, whole=whole),
        "whole": whole,
        "count": len(found.after),
    }
    context["crumbs"] = [*context["crumbs"], ("History", reverse("batches:history", args=[project]))]
    return render(request, "batches/version.html", context)


@require_safe
def before(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """CloudFactory's order that a save started from, and what restoring it would do."""
    found = _snapshot(project, snapshot)
    order, names = found.order_before, found.names
    context = order_presenters.about(request, project)
    if context["may_change"]:
        restore_url = reverse("batches:restore_before", args=[project, found.pk])
        context |= order_presenters.restoring(request, project, order, names, restore_url)
    context |= {
        "snapshot": found,
        "before": True,
        "lines": presenters.compared(order, order, names, whole=True),
        "count": len(found.before),
    }
    context["crumbs"] = [*context["crumbs"], ("History", reverse("batches:history", args=[project]))]
    return render(request, "batches/version.html", context)


@require_POST
def check(request: SignedIn, project: uuid.UUID, entry: uuid.UUID) -> HttpResponse:
    """Looks at CloudFactory whether an order was saved that nobody knows of; only reads."""
    found = Entry.objects.filter(pk=entry, thing_kind="project", thing_id=str(project)).first()
    if found is None or not reconciliation.can_look(found):
        raise Http404("There is nothing to check.")
    state = reconciliation.check(found)
    pressed = Pressed(request, project, entry)
    if state.status == DONE:
        return order_responses.saved(pressed, "The order was saved after all: this is how CloudFactory has it.")
    kind, title = _not_done(state)
    # What is unsaved can be saved once nothing was found for long enough, or somebody closed the entry.
    known = {"used": entry} if state.status == FAILED or state.can_send_again else {"check_url": request.path}
    return order_responses.looked(pressed, kind, title, **known)


def _not_done(state: reconciliation.Reconciliation) -> tuple[str, str]:
    """What a check says that did not find the order saved."""
    if state.status == FAILED:
        return "warn", "The order was not saved."
    if state.finding == "unsure":
        return (
            "warn",
            "The order has changed again, so we can't tell whether yours was saved. Reload the page to see it.",
        )
    return ("warn" if state.can_send_again else "info"), state.message


def _save(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    form = OrderForm.read(request.POST)
    pressed = Pressed(request, project, form.act_id, form)
    if form.error:
        return order_responses.refused(pressed, form.error)
    try:
        base = order_services.open_base(project, form.base)
        proposed = form.read_order(base.order)
    except BadOrder as problem:
        return order_responses.refused(pressed, problem.message)
    except BadPositions as problem:
        return order_responses.wrong_boxes(pressed, form, base.order, problem.messages)

    def send(press: Press) -> OrderSnapshot:
        names = selectors.recent_names(user=request.user, project=project)
        return order_services.save_order(press, base=base.order, proposed=proposed, names=names)

    return _change(pressed, send, said="The order is saved.", since=base.opened_at)


def _change(pressed: Pressed, send: Callable[[Press], OrderSnapshot], *, said: str, since: datetime) -> HttpResponse:
    """What saving, undoing and restoring have in common: each ending as a page or as a fragment."""
    if pressed.act_id is None:
        return order_responses.refused(pressed, LOST)
    note = pressed.form.note if pressed.form else ""
    press = Press(pressed.request.user, pressed.project, pressed.act_id, pressed.request, note)
    try:
        _send_once(send, press)
    except NothingToSave:
        return order_responses.refused(pressed, ALREADY, kind="info", status=200)
    except BadOrder as problem:
        return order_responses.refused(pressed, problem.message)
    except OrderChanged as changed:
        return order_responses.conflict(pressed, changed, since)
    except (UpstreamError, ConnectionMissing, record.NotRecorded, Overtaken) as error:
        return order_responses.failed(pressed, error)
    return order_responses.saved(pressed, said)


def _send_once(send: Callable[[Press], OrderSnapshot], press: Press) -> None:
    """A duplicate gets the first result."""
    try:
        send(press)
    except record.AlreadyActed as first:
        wait_for_result(first.entry, {"Overtaken": Overtaken})


def _not_taken_back(snapshot: OrderSnapshot) -> str:
    """What undoing leaves: a number cannot be taken away from a batch again, only changed."""
    names = [snapshot.names[place.batch_id] for place in snapshot.order_before.places if place.number is None]
    if not names:
        return ""
    who = names[0] if len(names) == 1 else count(len(names)).capitalize()
    return f" {who} {'has' if len(names) == 1 else 'have'} a number now, which CloudFactory cannot take away."


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
