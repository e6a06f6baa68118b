"""Decisions on one work item."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from accounts.connections import ConnectionMissing
from accounts.http_types import SignedIn
from console import htmx, saved_forms
from console.audit import record
from console.common.parsing import read_page_number
from console.common.typed_fields import hand_back
from console.items.breadcrumbs import remembered_breadcrumbs
from console.items.decisions import selectors, services
from console.items.decisions.forms import ApproveForm, DecisionForm, SendBackForm, SignalForm
from console.items.decisions.presenters import DecidePanel, unlikely_reason
from console.items.models import Decision, ReviewRun
from console.items.review.selectors import find_run
from console.items.selectors import get_item, item_name
from console.upstream.errors import UpstreamError
from console.upstream.response_models import WorkItem

FIELDS = ("act_id", "run", "choice", "reason", "comment", "assignee", "feedback")
TOO_LATE = "It is too late to take this back."


@require_safe
def decision(request: SignedIn, project: uuid.UUID, decision_id: uuid.UUID) -> HttpResponse:
    """The strip of one's own decision as it is now; without htmx the item's page."""
    decision = _get_own(request, project, decision_id)
    if not htmx.is_htmx(request):
        return htmx.redirect(request, _way_back(decision))
    return _strip(request, decision, look=read_page_number(request.GET.get("look")))


@require_POST
def take_back(request: SignedIn, project: uuid.UUID, decision_id: uuid.UUID) -> HttpResponse:
    decision = _get_own(request, project, decision_id)
    is_taken = services.take_back(user=request.user, decision=decision)
    is_taken = is_taken or decision.state == Decision.State.TAKEN_BACK
    if htmx.is_htmx(request):
        event = "item-taken-back" if is_taken else ""
        return _strip(request, decision, event=event, note="" if is_taken or decision.message else TOO_LATE)
    strip = selectors.read_strip(decision)
    messages.info(request, f"{strip.title}. {strip.text or TOO_LATE}")
    return htmx.redirect(request, _way_back(decision))


@require_POST
def approve(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return _refuse(request, project, item, None, record.IdTaken.message)
    return _decide(request, project, item, form)


@hand_back(*FIELDS)
@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    return _decide_by_form(request, project, item, "send_back", SendBackForm)


@hand_back(*FIELDS)
@require_http_methods(["GET", "HEAD", "POST"])
def signal(request: SignedIn, project: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    return _decide_by_form(request, project, item, "signal", SignalForm)


def _decide_by_form(
    request: SignedIn, project: uuid.UUID, item: uuid.UUID, kind: str, form_class: type[SendBackForm | SignalForm]
) -> HttpResponse:
    """GET shows the form on its own page, with the input that was saved when a session expired."""
    if request.method != "POST":
        saved_form = saved_forms.read_form(request)
        return _form_page(request, project, item, kind, None if saved_form is None else form_class(saved_form), 200)
    form = form_class(request.POST)
    if not form.is_valid():
        return _form_page(request, project, item, kind, form, 422)
    return _decide(request, project, item, form)


def _decide(request: SignedIn, project: uuid.UUID, item: uuid.UUID, form: DecisionForm) -> HttpResponse:
    """With htmx the decision waits and can be undone. Without script it is confirmed once, then sent."""
    arguments: dict[str, Any] = {
        "user": request.user,
        "project": project,
        "item": item,
        "choice": form.signal_choice(),
        "act_id": form.cleaned_data["act_id"],
        "run": _find_own_run(request, project, form.cleaned_data["run"]),
        "remarks": form.remarks(),
    }
    try:
        if htmx.is_htmx(request):
            decision = services.decide(**arguments)
            return _strip(request, decision, event="item-decided")
        if "sure" not in request.POST:
            return _ask(request, project, item, form)
        decision = services.decide_at_once(request=request, **arguments)
    except services.AlreadyDecided as earlier:
        return _refuse(request, project, item, earlier.decision)
    except services.InBulkSignal as conflict:
        return _refuse(request, project, item, None, conflict.under_way.sentence, conflict.under_way.url)
    except record.IdTaken as error:
        return _refuse(request, project, item, None, error.message)
    _add_message(request, decision)
    return htmx.redirect(request, _way_back(decision))


def _strip(request: SignedIn, decision: Decision, **about: Any) -> HttpResponse:
    strip = selectors.read_strip(decision, back=htmx.page_address(request), **about)
    return render(request, "items/_decision.html", {"strip": strip})


def _add_message(request: SignedIn, decision: Decision) -> None:
    strip = selectors.read_strip(decision)
    level = {"good": messages.SUCCESS, "bad": messages.ERROR, "warn": messages.WARNING}.get(strip.tone, messages.INFO)
    title = strip.unresolved.title if strip.unresolved else f"{strip.title}."
    messages.add_message(request, level, f"{title} {strip.text}".strip())


def _ask(request: SignedIn, project: uuid.UUID, item: uuid.UUID, form: DecisionForm) -> HttpResponse:
    choice = form.signal_choice()
    work_item = get_item(user=request.user, project=project, item=item)
    context = _page(request, project, item, work_item) | {
        "choice": choice,
        "unlikely_reason": unlikely_reason(work_item.status) if choice.is_unlikely(work_item.status) else "",
        "fields": [(name, form.data.get(name, "")) for name in FIELDS if form.data.get(name)],
        "remarks": form.remarks(),
        "feedback": form.remarks().feedback_texts,
    }
    return render(request, "items/confirm.html", context)


def _refuse(
    request: SignedIn,
    project: uuid.UUID,
    item: uuid.UUID,
    earlier: Decision | None,
    message: str = "",
    bulk_url: str = "",
) -> HttpResponse:
    """409: an earlier decision, or a bulk signal at `bulk_url`, comes first.

    For htmx beside the forms, and the earlier one among the strips.
    """
    strip = selectors.read_strip(earlier, back=htmx.page_address(request)) if earlier else None
    context = {"earlier": strip, "message": message, "bulk_url": bulk_url}
    if not htmx.is_htmx(request):
        back = _way_back(earlier) if earlier else reverse("items:detail", args=[project, item])
        return render(request, "items/refused.html", context | {"back_url": back}, status=409)
    response = render(request, "items/_refused.html", context | {"tray": True}, status=409)
    return retarget(reswap(response, "innerHTML"), f"#refused-{item}")


def _form_page(
    request: SignedIn, project: uuid.UUID, item: uuid.UUID, kind: str, form: DecisionForm | None, status: int
) -> HttpResponse:
    """The form with its input: for htmx in place, else on its own page."""
    work_item = WorkItem(str(item), status=request.POST.get("was_status", ""))
    if not htmx.is_htmx(request):
        try:
            work_item = get_item(user=request.user, project=project, item=item)
        except (UpstreamError, ConnectionMissing):
            if form is None:
                raise
    panel = _panel(request, project, work_item, form)
    if htmx.is_htmx(request):
        response = render(request, f"items/_{kind}_form.html", {"panel": panel, "form": form}, status=status)
        return retarget(reswap(response, "outerHTML"), f"#{kind.replace('_', '-')}-{item}")
    context = _page(request, project, item, work_item) | {"panel": panel, "kind": kind, "form": form, "is_open": True}
    return render(request, "items/decide.html", context, status=status)


def _panel(request: SignedIn, project: uuid.UUID, work_item: WorkItem, form: DecisionForm | None) -> DecidePanel:
    if form is not None:
        form.full_clean()
    run = _find_own_run(request, project, form.cleaned_data.get("run")) if form is not None else None
    return selectors.read_panel(user=request.user, project=project, item=work_item, run=run, form=form)


def _page(request: SignedIn, project: uuid.UUID, item: uuid.UUID, work_item: WorkItem) -> dict[str, Any]:
    crumbs = remembered_breadcrumbs(user=request.user, project=project)
    item_url = reverse("items:detail", args=[project, item])
    return {
        "name": item_name(work_item),
        "item_url": item_url,
        "post_url": request.path,
        "crumbs": [*crumbs, (item_name(work_item), item_url)],
    }


def _get_own(request: SignedIn, project: uuid.UUID, pk: uuid.UUID) -> Decision:
    return get_object_or_404(Decision, pk=pk, project=project, person=request.user)


def _find_own_run(request: SignedIn, project: uuid.UUID, pk: uuid.UUID | None) -> ReviewRun | None:
    return find_run(user=request.user, project=project, run=pk) if pk else None


def _way_back(decision: Decision) -> str:
    if decision.run_id:
        return reverse("items:review_run", args=[decision.project, decision.run_id])
    return reverse("items:detail", args=[decision.project, decision.item])
