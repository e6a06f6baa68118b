"""How a change of an order ends, as a page or a fragment: saved, refused, failed, unknown, changed by a colleague."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import reswap, retarget

from accounts.connections import ConnectionMissing
from console import htmx, write_errors
from console.audit import unresolved
from console.batches import order_presenters, order_selectors, selectors
from console.batches.concurrency import Overtaken
from console.batches.forms import OrderForm, sign_page_order
from console.batches.order import Order
from console.batches.order_diff import difference
from console.batches.order_services import OrderCommand, OrderConflict
from console.common.errors import ConsoleError
from console.upstream.errors import UpstreamError


def respond_saved(command: OrderCommand, message: str) -> HttpResponse:
    """The order as CloudFactory answers it now, read again; the batches beside it are those the page just showed."""
    request, project = command.request, command.project
    if not htmx.is_htmx(request):
        messages.success(request, message)
        return redirect("batches:order", project)
    try:
        board = selectors.read_board(user=request.user, project=project, age=selectors.HOUR)
    except (UpstreamError, ConnectionMissing):
        # It is saved: that the board can't be read now is for its own page to say.
        messages.success(request, message)
        return htmx.redirect(request, reverse("batches:order", args=[project]))
    context = order_presenters.board_page(request, project, board) | {"said": message}
    response = render(request, "batches/order.html#saved", context)
    return retarget(reswap(response, "outerHTML"), "#order-board")


def respond_unsaved(command: OrderCommand, form: OrderForm) -> HttpResponse:
    """The board with an order that could not be saved before a key was connected or its sender signed in again."""
    request, project = command.request, command.project
    unreadable = {"title": "Your order isn't saved yet.", "text": "Everything is as you entered it."}
    if form.page_order is None:
        return _not_saved(command, unreadable, 200)
    try:
        board = selectors.read_board(user=request.user, project=project)
    except (UpstreamError, ConnectionMissing):
        return _not_saved(command, unreadable, 200)
    context = _board_as_typed(command, form, board, form.page_order.order, {})
    # With script the rows are where they were dragged to; without, the boxes say where.
    context["typed_order"] = "" if form.boxes else ",".join(map(str, form.ids))
    return render(request, "batches/order.html", context)


def respond_refused(command: OrderCommand, message: str, *, kind: str = "bad", status: int = 422) -> HttpResponse:
    """Nothing was sent. With script the rows stay as they are; without, the page says it above what was typed."""
    context = {"kind": kind, "title": message, "text": "" if kind == "info" else _unsaved_sentence(command)}
    return _respond_notice(command, context, status)


def respond_failed(command: OrderCommand, error: ConsoleError) -> HttpResponse:
    """A vendor error. The rows, the focus and the unsaved order stay exactly as they were."""
    board_url = reverse("batches:order", args=[command.project])
    if act := unresolved.of_error(error, back=board_url):
        context: dict[str, Any] = {
            "kind": "warn",
            "title": act.title,
            "text": "Your order is still here." if command.form else "",
            "check_url": reverse("batches:check", args=[command.project, act.entry.pk]),
            "unresolved": act,
        }
        return _respond_notice(command, context, write_errors.status_of(error))
    context = {
        "kind": "bad",
        "title": error.message,
        "text": f"Nothing was changed. {_unsaved_sentence(command)}".strip(),
        "reference": error.reference or "",
        "used": command.act_id,
        "wait": write_errors.wait_of(error),
        **write_errors.keys(command.request, error, back="" if command.form else board_url),
    }
    status = error.status if isinstance(error, Overtaken) else write_errors.status_of(error)
    return _respond_notice(command, context, status or 409)


def respond_checked(command: OrderCommand, kind: str, title: str, **context: Any) -> HttpResponse:
    """What a look at CloudFactory found. On the board, what is unsaved there stays."""
    request = command.request
    if htmx.is_htmx(request):
        return _notice(command, {"kind": kind, "title": title, **context}, 200)
    messages.add_message(request, messages.INFO if kind == "info" else messages.WARNING, title)
    return redirect("batches:order", command.project)


def respond_bad_positions(
    command: OrderCommand, form: OrderForm, base: Order, errors: Mapping[int, str]
) -> HttpResponse:
    """Positions that no order can fulfil: said at the box, and every box as it was typed."""
    request, project = command.request, command.project
    try:
        board = selectors.read_board(user=request.user, project=project)
    except (UpstreamError, ConnectionMissing):
        return respond_refused(command, "; ".join(f"Batch {batch_id}: {text}" for batch_id, text in errors.items()))
    context = _board_as_typed(command, form, board, base, errors) | {"wrong": len(errors)}
    return render(request, "batches/order.html", context, status=422)


def respond_conflict(command: OrderCommand, changed: OrderConflict) -> HttpResponse:
    """Yours, theirs and a merged suggestion, each to be chosen, none lost."""
    request, project = command.request, command.project
    names, opened_at = _names(command, changed), command.page_order.opened_at
    last = order_selectors.last_saved(project=project)
    is_theirs = last is not None and last.at > opened_at and last.order_after.ids == changed.theirs.ids
    context = order_presenters.page_header(request, project) | {
        "choices": order_presenters.build_choices(changed, names),
        "base": sign_page_order(project, changed.theirs),
        "note": command.form.note if command.form else "",
        "who": last if is_theirs else None,
        "added": len(set(changed.theirs.ids).difference(changed.base.ids)),
        "their_change": difference(changed.base, changed.theirs, names),
        "your_change": difference(changed.base, changed.yours, names),
    }
    if htmx.is_htmx(request):
        response = render(request, "batches/conflict.html#conflict", context, status=409)
        return retarget(reswap(response, "outerHTML"), "#order-board")
    return render(request, "batches/conflict.html", context, status=409)


def _board_as_typed(
    command: OrderCommand, form: OrderForm, board: selectors.Board, base: Order, errors: Mapping[int, str]
) -> dict[str, Any]:
    context = order_presenters.board_page(command.request, command.project, board, base=base)
    texts = form.texts(base)
    rows = [
        replace(row, box=texts.get(row.id, row.box), errors=(errors[row.id],) if row.id in errors else ())
        for row in context["rows"]
    ]
    return context | {"rows": rows, "base": form.base, "note": form.note, "folded": False}


def _names(command: OrderCommand, changed: OrderConflict) -> dict[int, str]:
    """The batches' names as far as they can be read: without them the orders still have to be shown."""
    user, project = command.user, command.project
    try:
        names = selectors.recent_names(user=user, project=project)
        if set(changed.theirs.ids).difference(names):
            names = selectors.names_of(selectors.read_batches(user=user, project=project))
    except (UpstreamError, ConnectionMissing):
        return {}
    return names


def _unsaved_sentence(command: OrderCommand) -> str:
    return "Your order is still here, unsaved." if command.form else ""


def _respond_notice(command: OrderCommand, context: Mapping[str, Any], status: int) -> HttpResponse:
    if htmx.is_htmx(command.request):
        return _notice(command, context, status)
    return _not_saved(command, context, status)


def _notice(command: OrderCommand, context: Mapping[str, Any], status: int) -> HttpResponse:
    """`used`: the one-time id of a command that surely did nothing; its form gets a new one."""
    context = {"fresh_id": uuid.uuid4(), **context}
    response = render(command.request, "batches/order.html#notice", context, status=status)
    return retarget(reswap(response, "beforeend"), "#notices")


def _not_saved(command: OrderCommand, context: Mapping[str, Any], status: int) -> HttpResponse:
    """Without script: what happened, and the same form again, so that nothing is lost."""
    form = command.form
    page = {
        "project_id": command.project,
        "form": form,
        "act_id": command.act_id if form and "check_url" in context else uuid.uuid4(),
        "order_url": reverse("batches:order", args=[command.project]),
    }
    return render(command.request, "batches/not_saved.html", page | dict(context), status=status)
