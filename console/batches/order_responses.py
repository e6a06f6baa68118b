"""How a press on an order ends, as a page or as a fragment: saved, refused, failed, unknown, changed by a colleague."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import reswap, retarget

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx, write_errors
from console.audit import unresolved
from console.batches import order_presenters, order_services, presenters, selectors
from console.batches.concurrency import Overtaken
from console.batches.forms import OrderForm
from console.batches.order import BadOrder, Order
from console.batches.order_diff import difference
from console.batches.order_services import OrderChanged
from console.common.errors import ConsoleError
from console.upstream.errors import UpstreamError


@dataclass(frozen=True)
class Pressed:
    """What was pressed, by whom, and the order that was sent along, if one was: undoing and restoring send none."""

    request: SignedIn
    project: uuid.UUID
    act_id: uuid.UUID | None
    form: OrderForm | None = None

    @property
    def kept(self) -> str:
        """What became of the order on the page."""
        return "Your order is still here, unsaved." if self.form else ""


def saved(pressed: Pressed, said: str) -> HttpResponse:
    """The order as CloudFactory answers it now, read again; the batches beside it are those the page just showed."""
    request, project = pressed.request, pressed.project
    if not htmx.is_htmx(request):
        messages.success(request, said)
        return redirect("batches:order", project)
    try:
        board = selectors.read_board(user=request.user, project=project, age=selectors.KEPT)
    except (UpstreamError, ConnectionMissing):
        # It is saved: that the board can't be read now is for its own page to say.
        messages.success(request, said)
        return htmx.redirect(request, reverse("batches:order", args=[project]))
    context = order_presenters.board_page(request, project, board) | {"said": said}
    response = render(request, "batches/order.html#saved", context)
    return retarget(reswap(response, "outerHTML"), "#order-board")


def kept(pressed: Pressed) -> HttpResponse:
    """The board with an order that could not be saved before a key was connected or its sender signed in again."""
    request, form = pressed.request, pressed.form or OrderForm.read(pressed.request.POST)
    try:
        board = selectors.read_board(user=request.user, project=pressed.project)
        base = order_services.open_base(pressed.project, form.base).order
    except (UpstreamError, ConnectionMissing, BadOrder):
        text = {"title": "Your order isn't saved yet.", "text": "Everything is as you entered it."}
        return _not_saved(pressed, text, 200)
    context = order_presenters.board_page(request, pressed.project, board, base=base)
    typed = form.texts(base)
    context["rows"] = [presenters.replace(row, box=typed.get(row.id, row.box)) for row in context["rows"]]
    context |= {"base": form.base, "note": form.note, "folded": False}
    # With script the rows stand where they were dragged; without, the boxes say where.
    context["typed_order"] = "" if form.boxes else ",".join(map(str, form.ids))
    return render(request, "batches/order.html", context)


def refused(pressed: Pressed, message: str, *, kind: str = "bad", status: int = 422) -> HttpResponse:
    """Nothing was sent. With script the rows stay as they are; without, the page says it above what was typed."""
    context = {"kind": kind, "title": message, "text": "" if kind == "info" else pressed.kept}
    return _told(pressed, context, status)


def failed(pressed: Pressed, error: ConsoleError) -> HttpResponse:
    """A vendor error. The rows, the focus and the unsaved order stay exactly as they were."""
    board_url = reverse("batches:order", args=[pressed.project])
    if found := unresolved.of_error(error, back=board_url):
        return _unknown(pressed, found, write_errors.status_of(error))
    context = {
        "kind": "bad",
        "title": error.message,
        "text": f"Nothing was changed. {pressed.kept}".strip(),
        "reference": error.reference or "",
        "used": pressed.act_id,
        "wait": write_errors.wait_of(error),
        **write_errors.keys(pressed.request, error, back="" if pressed.form else board_url),
    }
    status = error.status if isinstance(error, Overtaken) else write_errors.status_of(error)
    return _told(pressed, context, status)


def looked(pressed: Pressed, kind: str, title: str, **context: Any) -> HttpResponse:
    """What a look at CloudFactory found. On the board, what is unsaved there stays."""
    request = pressed.request
    if htmx.is_htmx(request):
        return _notice(pressed, {"kind": kind, "title": title, **context}, 200)
    messages.add_message(request, messages.INFO if kind == "info" else messages.WARNING, title)
    return redirect("batches:order", pressed.project)


def wrong_boxes(pressed: Pressed, form: OrderForm, base: Order, wrong: Mapping[int, str]) -> HttpResponse:
    """Positions that no order can fulfil: said at the box, and every box as it was typed."""
    request, project = pressed.request, pressed.project
    try:
        board = selectors.read_board(user=request.user, project=project)
    except (UpstreamError, ConnectionMissing):
        return refused(pressed, "; ".join(f"Batch {batch_id}: {text}" for batch_id, text in wrong.items()))
    context = order_presenters.board_page(request, project, board, base=base)
    typed = form.texts(base)
    context["rows"] = [
        presenters.replace(row, box=typed.get(row.id, row.box), errors=(wrong[row.id],) if row.id in wrong else ())
        for row in context["rows"]
    ]
    context |= {"base": form.base, "note": form.note, "wrong": len(wrong), "folded": False}
    return render(request, "batches/order.html", context, status=422)


def conflict(pressed: Pressed, changed: OrderChanged, since: datetime) -> HttpResponse:
    """Yours, theirs and a merged suggestion, each to be chosen, none lost."""
    request, project = pressed.request, pressed.project
    names = _names(pressed, changed)
    last = order_services.last_saved(project=project)
    context = order_presenters.about(request, project) | {
        "choices": order_presenters.choices(changed, names),
        "base": order_services.seal_base(project, changed.theirs),
        "note": pressed.form.note if pressed.form else "",
        "who": last if last and last.at > since and last.order_after.ids == changed.theirs.ids else None,
        "added": len(set(changed.theirs.ids).difference(changed.base.ids)),
        "their_change": difference(changed.base, changed.theirs, names),
        "your_change": difference(changed.base, changed.yours, names),
    }
    if htmx.is_htmx(request):
        response = render(request, "batches/conflict.html#conflict", context, status=409)
        return retarget(reswap(response, "outerHTML"), "#order-board")
    return render(request, "batches/conflict.html", context, status=409)


def _names(pressed: Pressed, changed: OrderChanged) -> dict[int, str]:
    """The batches' names as far as they can be read: without them the orders still have to be shown."""
    request, project = pressed.request, pressed.project
    try:
        names = selectors.recent_names(user=request.user, project=project)
        if set(changed.theirs.ids).difference(names):
            names = selectors.names_of(selectors.read_batches(user=request.user, project=project))
    except (UpstreamError, ConnectionMissing):
        return {}
    return names


def _unknown(pressed: Pressed, found: unresolved.Unresolved, status: int) -> HttpResponse:
    """Sent, and nobody knows whether it was done: one button that only reads."""
    check_url = reverse("batches:check", args=[pressed.project, found.entry.pk])
    context = {
        "kind": "warn",
        "title": found.title,
        "text": "Your order is still here." if pressed.form else "",
        "check_url": check_url,
        "unresolved": found,
    }
    return _told(pressed, context, status)


def _told(pressed: Pressed, context: Mapping[str, Any], status: int) -> HttpResponse:
    if htmx.is_htmx(pressed.request):
        return _notice(pressed, context, status)
    return _not_saved(pressed, context, status)


def _notice(pressed: Pressed, context: Mapping[str, Any], status: int) -> HttpResponse:
    """Beside what stands there. `used`: the one-time id of a press that surely did nothing; its form gets a new one."""
    response = render(
        pressed.request, "batches/order.html#notice", {"fresh_id": uuid.uuid4(), **context}, status=status
    )
    return retarget(reswap(response, "beforeend"), "#notices")


def _not_saved(pressed: Pressed, context: Mapping[str, Any], status: int) -> HttpResponse:
    """Without script: what happened, and the very form again, so that nothing is lost and nobody is asked."""
    form = pressed.form
    about = {
        "project_id": pressed.project,
        "form": form,
        "act_id": pressed.act_id if form and "check_url" in context else uuid.uuid4(),
        "order_url": reverse("batches:order", args=[pressed.project]),
    }
    return render(pressed.request, "batches/not_saved.html", about | dict(context), status=status)
