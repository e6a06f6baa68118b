"""The order of a project's batches: the board, saving, undoing, and the history of orders."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from accounts.rights import Right
from console import error_pages, saved_forms
from console.audit import reconciliation, record
from console.audit.models import DONE, FAILED, UNKNOWN, Entry
from console.batches import (
    order_presenters,
    order_responses,
    order_selectors,
    order_services,
    page_context,
    presenters,
    selectors,
)
from console.batches.concurrency import Overtaken
from console.batches.forms import BadOrder, BadPositions, OrderForm, PageOrder, read_act_id, read_page_order
from console.batches.models import OrderSnapshot
from console.batches.order import Order
from console.batches.order_diff import count_in_words
from console.batches.order_services import NothingToSave, OrderCommand, OrderConflict
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back
from console.duplicate_submissions import wait_for_result
from console.projects import services as projects
from console.upstream.errors import UpstreamError

NO_CHANGE = "The order is already like this. Nothing was sent."


@hand_back("act_id", "base", "batch", "order", "place", "note", "note_plain")
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    if request.method == "POST":
        # The access table knows pages, not methods: everybody can look at the order, not everybody can save it.
        return _save(request, project) if request.user.can(Right.CHANGE) else error_pages.not_allowed(request)
    if data := saved_forms.read_form(request):
        form = OrderForm.read(data, project)
        return order_responses.respond_unsaved(OrderCommand(request, project, None, form=form), form)
    try:
        board = selectors.read_board(user=request.user, project=project)
    except UpstreamError as problem:
        return page_context.not_answered(request, project, problem, "Order of batches")
    projects.mark_used(user=request.user, project=project)
    return render(request, "batches/order.html", order_presenters.board_page(request, project, board))


def _save(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    form = OrderForm.read(request.POST, project)
    command = OrderCommand(request, project, form.act_id, form=form)
    if form.error:
        return order_responses.respond_refused(command, form.error)
    base = command.page_order.order
    try:
        proposed = form.read_order(base)
    except BadOrder as problem:
        return order_responses.respond_refused(command, problem.message)
    except BadPositions as problem:
        return order_responses.respond_bad_positions(command, form, base, problem.messages)
    return _run(command, partial(order_services.save_order, proposed=proposed), "The order is saved.")


@require_POST
def undo(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    saved_order = order_selectors.get_done_snapshot(project=project, number=snapshot)
    base = PageOrder(saved_order.order_after, saved_order.at)
    command = OrderCommand(request, project, read_act_id(request.POST), base)
    message = f"The order is as it was before.{_numbers_that_stay(saved_order)}"
    return _run(command, partial(order_services.undo_order, snapshot=saved_order), message)


@require_POST
def restore(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    earlier = order_selectors.get_done_snapshot(project=project, number=snapshot).order_after
    return _restore(request, project, earlier)


@require_POST
def restore_before(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """The order that a save started from: CloudFactory had it, whatever became of the save."""
    earlier = order_selectors.get_snapshot(project=project, number=snapshot).order_before
    return _restore(request, project, earlier)


def _restore(request: SignedIn, project: uuid.UUID, earlier: Order) -> HttpResponse:
    command = OrderCommand(request, project, read_act_id(request.POST))
    try:
        command = replace(command, base=read_page_order(project, request.POST.get("base", "")))
    except BadOrder as problem:
        return order_responses.respond_refused(command, problem.message)
    return _run(command, partial(order_services.restore_order, order=earlier), "The earlier order is back.")


def _run(command: OrderCommand, change: Callable[[OrderCommand], OrderSnapshot], message: str) -> HttpResponse:
    """What saving, undoing and restoring have in common: each outcome as a page or as a fragment."""
    try:
        try:
            change(command)
        except record.AlreadyActed as duplicate:
            wait_for_result(duplicate.entry, {"Overtaken": Overtaken})
    except NothingToSave:
        return order_responses.respond_refused(command, NO_CHANGE, kind="info", status=200)
    except BadOrder as problem:
        return order_responses.respond_refused(command, problem.message)
    except OrderConflict as changed:
        return order_responses.respond_conflict(command, changed)
    except (UpstreamError, ConnectionMissing, record.NotRecorded, Overtaken) as error:
        return order_responses.respond_failed(command, error)
    return order_responses.respond_saved(command, message)


def _numbers_that_stay(snapshot: OrderSnapshot) -> str:
    """What undoing leaves: a number cannot be taken away from a batch again, only changed."""
    names = [snapshot.names[place.batch_id] for place in snapshot.order_before.places if place.number is None]
    if not names:
        return ""
    who = names[0] if len(names) == 1 else count_in_words(len(names)).capitalize()
    return f" {who} {'has' if len(names) == 1 else 'have'} a number now, which CloudFactory cannot take away."


@require_safe
def history(request: SignedIn, project: uuid.UUID) -> HttpResponse:
    """Every order saved here, as a sentence of what it changed, and those CloudFactory had before without a save here.

    CloudFactory is asked for the project's name alone.
    """
    all_snapshots = order_selectors.list_snapshots(project=project)
    paginator = Paginator(all_snapshots, order_presenters.HISTORY_PAGE)
    page = paginator.get_page(read_page_number(request.GET.get("page")))
    snapshots = list(page.object_list)
    older = all_snapshots.filter(pk__lt=snapshots[-1].pk).first() if snapshots else None
    context = order_presenters.page_header(request, project) | {
        "page": page,
        "lines": order_presenters.build_lines(snapshots, older),
    }
    context["newest"] = order_selectors.last_saved(project=project)
    return render(request, "batches/history.html", context)


@require_safe
def version(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """One saved order against the one before it, and what restoring it would do."""
    saved_order = order_selectors.get_snapshot(project=project, number=snapshot)
    entry, whole = Entry.objects.filter(pk=saved_order.entry).first(), request.GET.get("show") == "all"
    line = order_presenters.build_line(saved_order, entry.outcome if entry else UNKNOWN)
    context = order_presenters.page_header(request, project) | line
    before, after, names = saved_order.order_before, saved_order.order_after, saved_order.names
    if context["may_change"] and context["outcome"] == DONE:
        restore_url = reverse("batches:restore", args=[project, saved_order.pk])
        context |= order_presenters.restore_context(request, project, after, names, restore_url)
    context |= {
        "lines": presenters.compare_orders(before, after, names, whole=whole),
        "whole": whole,
        "count": len(saved_order.after),
    }
    context["crumbs"] = [*context["crumbs"], ("History", reverse("batches:history", args=[project]))]
    return render(request, "batches/version.html", context)


@require_safe
def before(request: SignedIn, project: uuid.UUID, snapshot: int) -> HttpResponse:
    """CloudFactory's order that a save started from, and what restoring it would do."""
    saved_order = order_selectors.get_snapshot(project=project, number=snapshot)
    order, names = saved_order.order_before, saved_order.names
    context = order_presenters.page_header(request, project)
    if context["may_change"]:
        restore_url = reverse("batches:restore_before", args=[project, saved_order.pk])
        context |= order_presenters.restore_context(request, project, order, names, restore_url)
    context |= {
        "snapshot": saved_order,
        "before": True,
        "lines": presenters.compare_orders(order, order, names, whole=True),
        "count": len(saved_order.before),
    }
    context["crumbs"] = [*context["crumbs"], ("History", reverse("batches:history", args=[project]))]
    return render(request, "batches/version.html", context)


@require_POST
def check(request: SignedIn, project: uuid.UUID, entry: uuid.UUID) -> HttpResponse:
    """Looks at CloudFactory for the outcome of a save that is unknown; only reads."""
    save = Entry.objects.filter(pk=entry, thing_kind="project", thing_id=str(project)).first()
    if save is None or not reconciliation.can_look(save):
        raise Http404("There is nothing to check.")
    state = reconciliation.check(save)
    command = OrderCommand(request, project, entry)
    if state.status == DONE:
        message = "The order was saved after all: this is how CloudFactory has it."
        return order_responses.respond_saved(command, message)
    kind, title = _not_saved_words(state)
    # What is unsaved can be saved once nothing was found for long enough, or somebody closed the entry.
    can_save = state.status == FAILED or state.can_send_again
    context = {"used": entry} if can_save else {"check_url": request.path}
    return order_responses.respond_checked(command, kind, title, **context)


def _not_saved_words(state: reconciliation.Reconciliation) -> tuple[str, str]:
    """The notice's kind and title after a check that did not find the order saved."""
    if state.status == FAILED:
        return "warn", "The order was not saved."
    if state.finding == "unsure":
        return (
            "warn",
            "The order has changed again, so we can't tell whether yours was saved. Reload the page to see it.",
        )
    return ("warn" if state.can_send_again else "info"), state.message
